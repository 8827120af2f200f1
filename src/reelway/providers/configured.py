"""Which providers this server has: the tables [providers.NAME] of the settings file and those it keeps, all checked.

A module with a `Settings` class is a kind of provider that needs a table, and may have several under different names.
One without is always there under its own name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from reelway.errors import ConfigError
from reelway.providers import registry, secrets
from reelway.providers.base import Configured, ProviderSettings

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_KIND: Final = "provider"  # the only key that is not the module's own
_EVERY: Final = "(every)"


def configure(
    tables: Mapping[str, Mapping[str, Any]],
    environ: Mapping[str, str],
    stored: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> dict[str, Configured]:
    """Every provider of this server by name; raises ConfigError naming the table, the key and what is allowed."""
    for name in tables.keys() & stored.keys():
        raise ConfigError(
            f"provider {name} is in the settings file and in the database; take [providers.{name}] out of the file, or"
            f" run `reelway providers remove {name}`"
        )
    made = {}
    for name in registry.names():
        module = registry.find(name)
        if settings_of(name) is None:
            made[name] = Configured(name=name, kind=name, module=module, settings=None, facts=module.FACTS)
    made |= {name: make(name, table, environ) for name, table in tables.items()}
    for name, table in stored.items():
        try:
            made[name] = make(name, table, environ, where=f"the stored provider {name}")
        except ConfigError as error:
            way_out = f"`reelway providers add {name} --replace` mends it, `reelway providers remove {name}` drops it"
            raise ConfigError(f"{error.message}; {way_out}") from None
    return made


def make(name: str, table: Mapping[str, Any], environ: Mapping[str, str], *, where: str = "") -> Configured:
    """The provider that one table makes; raises ConfigError. `where` says whose table it is, in place of the file's."""
    where = where or f"[providers.{name}]"
    kind = kind_of(name, table, where)
    module, settings = registry.find(kind), settings_of(kind)
    assert settings is not None
    given = secrets.resolve(where, settings, {k: v for k, v in table.items() if k != _KIND}, environ)
    try:
        checked = settings(**given)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(where, e, settings) for e in error.errors(include_input=False))) from None
    facts = replace(module.FACTS, **checked.facts())
    return Configured(name=name, kind=kind, module=module, settings=checked, facts=facts)


def secrets_of(providers: Iterable[Configured]) -> list[str]:
    """All of them, for who must keep them out of something."""
    return [s for one in providers if one.settings is not None for s in secrets.values(one.settings).values()]


def kind_of(name: str, table: Mapping[str, Any], where: str) -> str:
    """The kind that a table says, or its name does; raises ConfigError when either cannot be."""
    if _NAME.fullmatch(name) is None:
        raise ConfigError(f"{where}: a name is of a-z, 0-9, - and _, at most 40 of them")
    if name in registry.names() and settings_of(name) is None:
        raise ConfigError(f"{where}: {name} is always there and takes no table")
    kind = table.get(_KIND, name)
    if kind not in kinds():
        near = get_close_matches(str(kind), kinds(), n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(kinds())}"
        raise ConfigError(f'{where}: no kind of provider {kind!r}; add provider = "…"; {hint}')
    return str(kind)


def kinds() -> list[str]:
    """Those that a table can make."""
    return [kind for kind in registry.names() if settings_of(kind) is not None]


def settings_of(kind: str) -> type[ProviderSettings] | None:
    """What a table of that kind of provider may say; None for one that takes no table."""
    return getattr(registry.find(kind), "Settings", None)


def describe() -> list[dict[str, str]]:
    """Every key of every kind of table, for `reelway settings`; what every kind has is said once."""
    common = dict(_described(ProviderSettings))
    rows = [
        {"provider": _EVERY, "key": _KIND, "default": "", "meaning": "the kind of provider; default: the table's name"},
        *({"provider": _EVERY, "key": key, **said} for key, said in common.items()),
    ]
    for kind in kinds():
        settings = settings_of(kind)
        assert settings is not None
        own = ((key, said) for key, said in _described(settings) if said != common.get(key))
        rows += [{"provider": kind, "key": key, **said} for key, said in own]
    return rows


def _described(settings: type[BaseModel]) -> Iterator[tuple[str, dict[str, str]]]:
    for key, field in settings.model_fields.items():
        default = "needed" if field.is_required() else "" if field.default is None else str(field.default)
        yield key, {"default": default, "meaning": field.description or ""}
        if secrets.is_secret(field):
            yield from ((name, {"default": "", "meaning": says}) for name, says in secrets.other_sources(key).items())
        elif (inner := secrets.table_of(field)) is not None:
            yield from ((f"{key}.{name}", said) for name, said in _described(inner))


def _explain(where: str, error: Any, settings: type[ProviderSettings]) -> str:
    key = ".".join(str(part) for part in error["loc"])
    allowed = (_KIND, *(key for key, _ in _described(settings)))
    if error["type"] == "extra_forbidden":
        near = get_close_matches(key, allowed, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(allowed)}"
        return f"{where}: there is no key {key!r}; {hint}"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "missing" and (field := settings.model_fields.get(key)) and secrets.is_secret(field):
        message += f"; give {', '.join(secrets.other_sources(key))} or {key}"
    return f"{where} {key}: {message[:1].lower()}{message[1:]}" if key else f"{where}: {message}"
