"""The table of a provider, from the words of a command line; its secrets are read, and never spoken there."""

import getpass
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from reelway.errors import ConfigError
from reelway.providers import configured, secrets
from reelway.providers.base import Configured


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A provider that can be kept."""

    one: Configured
    plain: dict[str, Any]
    secrets: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySource:
    """Where the key is; at most one of them."""

    env: str | None
    file: Path | None
    stdin: bool


def table_of(name: str, kind: str | None, key: KeySource, pairs: Iterable[str]) -> Given:
    """Checked as one of the settings file is; raises ConfigError."""
    where = f"provider {name}"
    table = _parsed(pairs)
    kind = configured.kind_of(name, {"provider": kind or name}, where)
    model = configured.settings_of(kind)
    assert model is not None
    _refuse_spoken(model, table)
    table = secrets.resolve(where, model, table | _key(key, where), os.environ)
    one = configured.make(name, {"provider": kind, **table}, os.environ, where=where)
    taken = secrets.take_out(model, table)
    return Given(one=one, plain=table, secrets=taken)


def _parsed(pairs: Iterable[str]) -> dict[str, Any]:
    """`a=1` and `b.c=2` as a table; lists and tables are JSON."""
    table: dict[str, Any] = {}
    for text in pairs:
        path, equals, value = text.partition("=")
        if not equals or not path:
            raise ConfigError(f"--set {path} says no value; write --set NAME=VALUE")
        *parents, last = path.split(".")
        at = table
        for name in parents:
            at = at.setdefault(name, {})
            if not isinstance(at, dict):
                raise ConfigError(f"--set {path}: {name} has a value already; give one of them")
        at[last] = _value(path, value)
    return table


def _value(path: str, text: str) -> Any:
    if not text.startswith(("{", "[")):
        return text  # what it means is for the table's own model to say
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigError(f"--set {path} is not JSON ({error}); lists and tables are") from None


def _refuse_spoken(model: type[BaseModel], table: Mapping[str, Any]) -> None:
    """A secret on the command line is seen by everybody on the machine, and stays in the shell's history."""
    for path in secrets.paths(model):
        at: Any = table
        for name in path:
            at = at.get(name) if isinstance(at, Mapping) else None
        if at is not None:
            name = ".".join(path)
            others = "--key-env, --key-file or --key-stdin" if name == "key" else f"--set {name}_env=VAR or {name}_file"
            raise ConfigError(f"--set {name} would show a secret to everybody on this machine; give it by {others}")


def _key(source: KeySource, where: str) -> dict[str, str]:
    options = {"--key-env": source.env, "--key-file": source.file, "--key-stdin": source.stdin or None}
    said = [option for option, value in options.items() if value is not None]
    if len(said) > 1:
        raise ConfigError(f"{' and '.join(said)} are given; one of them is enough")
    if source.env is not None:
        return {"key_env": source.env}
    if source.file is not None:
        return {"key_file": str(source.file)}
    if not source.stdin:
        return {}
    key = getpass.getpass(f"key of {where}: ") if sys.stdin.isatty() else sys.stdin.read()
    return {"key": key.strip()}
