"""Kind of provider to module: built-ins by file name, others by entry point; and the providers of one process.

A third-party package adds `[project.entry-points."reelway.providers"] name = "their.module"`.
Nothing here is edited when a provider is added.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules
from typing import cast

import reelway.providers
from reelway.errors import ConfigError
from reelway.kit.metrics import Metrics
from reelway.kit.tracing import Tracing
from reelway.providers.base import Configured, Context, Facts, Module, Provider
from reelway.providers.watched import WatchedProvider

_NOT_PROVIDERS = frozenset({"base", "configured", "registry", "rendering", "secrets", "stored", "watched", "wire"})


@cache
def names() -> tuple[str, ...]:
    """Every kind of provider that can be loaded, sorted."""
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

    def __init__(
        self,
        configured: Mapping[str, Configured],
        context_for: Callable[[Configured, "Providers"], Context],
        metrics: Metrics,
        tracing: Tracing,
    ) -> None:
        self._configured = configured
        self._context_for = context_for
        self._metrics = metrics
        self._tracing = tracing
        self._made: dict[str, Provider] = {}
        self._watched: dict[str, Provider] = {}

    def names(self) -> tuple[str, ...]:
        """Those that can be asked, sorted."""
        return tuple(sorted(self._configured))

    def get(self, name: str) -> Provider:
        """The provider of that name, its calls counted; raises ConfigError."""
        if name not in self._watched:
            self._watched[name] = WatchedProvider(name, self.plain(name), self._metrics, self._tracing)
        return self._watched[name]

    def plain(self, name: str) -> Provider:
        """The adapter itself, for another that hands on to it; raises ConfigError."""
        if name not in self._made:
            one = self._one(name)
            self._made[name] = one.module.build(self._context_for(one, self))
        return self._made[name]

    def facts(self, name: str) -> Facts:
        """Its facts; raises ConfigError."""
        return self._one(name).facts

    def kind(self, name: str) -> str:
        """The adapter's name; raises ConfigError."""
        return self._one(name).kind

    def previews(self, name: str) -> bool:
        """Whether it makes previews; one that was taken out has left none that could be mistaken for such."""
        return name in self._configured and self._configured[name].facts.previews

    async def aclose(self) -> None:
        """Close those that were made."""
        for provider in self._made.values():
            await provider.aclose()

    def _one(self, name: str) -> Configured:
        if name not in self._configured:
            raise ConfigError(f"no provider {name!r}; there are {', '.join(self.names())}; add [providers.{name}]")
        return self._configured[name]
