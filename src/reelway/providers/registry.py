"""Provider name to module: built-ins by file name, others by entry point.

A third-party package adds `[project.entry-points."reelway.providers"] name = "their.module"`.
Nothing here is edited when a provider is added.
"""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import cast

import reelway.providers
from reelway.errors import ConfigError
from reelway.providers.base import Context, Facts, Module, Provider

_NOT_PROVIDERS = frozenset({"base", "registry"})


@cache
def names() -> tuple[str, ...]:
    """Every provider that can be loaded, sorted."""
    built_in = {m.name for m in iter_modules(reelway.providers.__path__)} - _NOT_PROVIDERS
    plugged_in = {e.name for e in entry_points(group="reelway.providers")}
    return tuple(sorted(built_in | plugged_in))


@cache
def find(name: str) -> Module:
    """The module; imported on first use, so an unused provider costs nothing. Raises ConfigError."""
    for entry in entry_points(group="reelway.providers", name=name):
        return cast(Module, entry.load())
    if name not in names():
        raise ConfigError(f"no provider {name!r}; there are {', '.join(names())}")
    return cast(Module, import_module(f"reelway.providers.{name}"))


class Providers:
    """The providers of one process, each made on first use."""

    def __init__(self, context_for: Callable[[str, "Providers"], Context]) -> None:
        self._context_for = context_for
        self._made: dict[str, Provider] = {}

    def get(self, name: str) -> Provider:
        """The provider of that name; raises ConfigError."""
        if name not in self._made:
            self._made[name] = find(name).build(self._context_for(name, self))
        return self._made[name]

    def facts(self, name: str) -> Facts:
        """Its facts; raises ConfigError."""
        return find(name).FACTS

    async def aclose(self) -> None:
        """Close those that were made."""
        for provider in self._made.values():
            await provider.aclose()
