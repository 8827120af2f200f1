"""The secrets in a table of settings: which they are, where they may be kept, and the table without them.

Every field of type SecretStr is one. Beside `key` there are `key_env`, an environment variable, and `key_file`.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from reelway.errors import ConfigError

_SOURCES: Final = {"_env": "environment variable that holds the {}", "_file": "file that holds the {}"}
_HINT_FROM_CHARS: Final = 16


def is_secret(field: FieldInfo) -> bool:
    """Whether the value of that field is one."""
    return SecretStr in _types(field.annotation)


def table_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that is a table of its own; None for any other."""
    return next((t for t in _types(field.annotation) if issubclass(t, BaseModel)), None)


def other_sources(name: str) -> dict[str, str]:
    """What may be said in place of a secret, with its meaning."""
    return {name + end: meaning.format(name.replace("_", " ")) for end, meaning in _SOURCES.items()}


def paths(model: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    """Where the secrets of such a table are: (key,), or (table, key) for one in a table of its own."""
    for name, field in model.model_fields.items():
        if is_secret(field):
            yield (name,)
        elif (inner := table_of(field)) is not None:
            yield from ((name, *path) for path in paths(inner))


def resolve(where: str, model: type[BaseModel], table: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The table with its secrets read from wherever they are kept; raises ConfigError, which quotes none."""
    given = dict(table)
    for name, field in model.model_fields.items():
        inner = table_of(field)
        if is_secret(field):
            _read(where, name, given, environ)
        elif inner is not None and isinstance(given.get(name), Mapping):
            given[name] = resolve(f"{where} {name}", inner, given[name], environ)
    return given


def take_out(model: type[BaseModel], table: dict[str, Any]) -> dict[str, str]:
    """The secrets of a resolved table by their paths, like `key`; they are no longer in it."""
    taken = {}
    for path in paths(model):
        at: Any = table
        for name in path[:-1]:
            at = at.get(name, {})
        if path[-1] in at:
            secret = at.pop(path[-1])
            taken[".".join(path)] = secret.get_secret_value() if isinstance(secret, SecretStr) else str(secret)
    return taken


def put_back(table: dict[str, Any], taken: Mapping[str, str]) -> None:
    """What `take_out` took, where it was."""
    for path, secret in taken.items():
        *parents, last = path.split(".")
        at = table
        for name in parents:
            at = at.setdefault(name, {})
        at[last] = SecretStr(secret)


def values(settings: BaseModel) -> dict[str, str]:
    """The secrets of checked settings by their paths."""
    found = {}
    for path in paths(type(settings)):
        at: Any = settings
        for name in path:
            at = getattr(at, name, None)
        if at is not None:
            found[".".join(path)] = at.get_secret_value()
    return found


def hint(secret: str) -> str:
    """How it ends, to tell one from another; a short one could be guessed from that, a document ends as all do."""
    return f"…{secret[-4:]}" if len(secret) >= _HINT_FROM_CHARS and secret[-4:].isalnum() else "…"


def _read(where: str, name: str, table: dict[str, Any], environ: Mapping[str, str]) -> None:
    """Put the secret itself in the place of what says where it is."""
    said = [key for key in (name, *other_sources(name)) if key in table]
    if len(said) > 1:
        raise ConfigError(f"{where}: {' and '.join(said)} are given; one of them is enough")
    if not said:
        return
    secret = table.pop(said[0])
    source = "it"
    match said[0].removeprefix(name):
        case "_env":
            source = f"the environment variable {secret}"
            secret = environ.get(str(secret), "").strip()
        case "_file":
            source = f"the file {secret}"
            try:
                secret = Path(str(secret)).read_text().strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"{where} {said[0]}: cannot read {secret}: {error}") from error
    if isinstance(secret, str) and not secret.strip():
        raise ConfigError(f"{where} {said[0]}: {source} is missing or empty; put the secret there")
    table[name] = secret


def _types(annotation: Any) -> list[type]:
    """What a value may be: the members of a union, without their annotations; nothing for what is in brackets."""
    if get_origin(annotation) is Annotated:
        return _types(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [found for member in get_args(annotation) for found in _types(member)]
    return [annotation] if isinstance(annotation, type) and get_origin(annotation) is None else []
