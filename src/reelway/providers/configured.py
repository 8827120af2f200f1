"""Which providers this server has: the tables [providers.NAME] of the settings file, checked before it starts.

A module with a `Settings` class is a kind of provider that needs a table, and may have several under different names.
One without is always there under its own name.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from reelway.errors import ConfigError
from reelway.providers import registry
from reelway.providers.base import Configured, ProviderSettings

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
# What is said about the key besides `key` itself, and which module serves; everything else is the module's.
_OURS: Final[Mapping[str, str]] = {
    "provider": "the kind of provider; default: the table's own name",
    "key_env": "environment variable that holds the key",
    "key_file": "file that holds the key",
}


def configure(tables: Mapping[str, Mapping[str, Any]], environ: Mapping[str, str]) -> dict[str, Configured]:
    """Every provider of this server by name; raises ConfigError naming the table, the key and what is allowed."""
    made = {}
    for name in registry.names():
        module = registry.find(name)
        if settings_of(name) is None:
            made[name] = Configured(name=name, module=module, settings=None, facts=module.FACTS)
    for name, table in tables.items():
        if name in made:
            raise ConfigError(f"[providers.{name}]: {name} is always there and takes no table")
        made[name] = _configured(name, table, environ)
    return made


def settings_of(kind: str) -> type[ProviderSettings] | None:
    """What a table of that kind of provider may say; None for one that takes no table."""
    return getattr(registry.find(kind), "Settings", None)


def describe() -> list[dict[str, str]]:
    """Every key of every kind of table, for `reelway settings`."""
    described = []
    for kind in registry.names():
        settings = settings_of(kind)
        if settings is None:
            continue
        rows = [(key, "", meaning) for key, meaning in _OURS.items()]
        for key, field in settings.model_fields.items():
            default = "needed" if field.is_required() else "" if field.default is None else str(field.default)
            rows.append((key, default, field.description or ""))
        described += [{"provider": kind, "key": key, "default": d, "meaning": m} for key, d, m in rows]
    return described


def _configured(name: str, table: Mapping[str, Any], environ: Mapping[str, str]) -> Configured:
    where = f"[providers.{name}]"
    if _NAME.fullmatch(name) is None:
        raise ConfigError(f"{where}: a name is of a-z, 0-9, - and _, at most 40 of them")
    kind = table.get("provider", name)
    kinds = [k for k in registry.names() if settings_of(k) is not None]
    if kind not in kinds:
        near = get_close_matches(str(kind), kinds, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(kinds)}"
        raise ConfigError(f'{where}: no kind of provider {kind!r}; add provider = "…"; {hint}')
    module, settings = registry.find(kind), settings_of(kind)
    assert settings is not None
    given = {k: v for k, v in table.items() if k not in _OURS} | _key(where, table, environ)
    try:
        checked = settings(**given)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(where, e, settings) for e in error.errors(include_input=False))) from None
    return Configured(name=name, module=module, settings=checked, facts=replace(module.FACTS, **checked.facts()))


def _key(where: str, table: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """The key from wherever it is kept. No message quotes it."""
    said = [k for k in ("key", "key_env", "key_file") if k in table]
    if len(said) > 1:
        raise ConfigError(f"{where}: {' and '.join(said)} are given; one of them is enough")
    if said == ["key_env"]:
        variable = str(table["key_env"])
        key, source = environ.get(variable, "").strip(), f"the environment variable {variable}"
    elif said == ["key_file"]:
        path = Path(str(table["key_file"]))
        try:
            key, source = path.read_text().strip(), f"the file {path}"
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{where} key_file: cannot read {path}: {error}") from error
    else:
        return {}
    if not key:
        raise ConfigError(f"{where} {said[0]}: {source} is missing or empty; put the key there")
    return {"key": key}


def _explain(where: str, error: Any, settings: type[ProviderSettings]) -> str:
    key = ".".join(str(part) for part in error["loc"])
    allowed = (*_OURS, *settings.model_fields)
    if error["type"] == "extra_forbidden":
        near = get_close_matches(key, allowed, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(allowed)}"
        return f"{where}: there is no key {key!r}; {hint}"
    message = error["msg"].removeprefix("Value error, ")
    return f"{where} {key}: {message[:1].lower()}{message[1:]}" if key else f"{where}: {message}"
