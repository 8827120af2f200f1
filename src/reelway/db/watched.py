"""A database whose writes are timed, whose refusals are counted and whose queue shows; both drivers the same."""

from collections.abc import Awaitable
from time import perf_counter
from typing import TypeVar

from reelway.db.base import Database
from reelway.db.script import Script
from reelway.errors import Overloaded
from reelway.kit.metrics import Metrics

T = TypeVar("T")


class WatchedDatabase:
    """See Database. `most` is how many scripts the inner one runs at a time; the others wait."""

    def __init__(self, inner: Database, metrics: Metrics, *, most: int) -> None:
        self._inner = inner
        self._metrics = metrics
        self._under_way = 0
        metrics.database_in_use.set_function(lambda: min(self._under_way, most))
        metrics.database_waiting.set_function(lambda: max(self._under_way - most, 0))

    async def write(self, script: Script[T]) -> T:
        """See Database."""
        started_s = perf_counter()
        try:
            return await self._counted(self._inner.write(script))
        finally:
            self._metrics.database_write_seconds.observe(perf_counter() - started_s)

    async def read(self, script: Script[T]) -> T:
        """See Database. Not timed: it takes hardly longer than the timing would."""
        return await self._counted(self._inner.read(script))

    async def scan(self, script: Script[T]) -> T:
        """See Database."""
        return await self._counted(self._inner.scan(script))

    async def aclose(self) -> None:
        """See Database."""
        await self._inner.aclose()

    async def _counted(self, running: Awaitable[T]) -> T:
        self._under_way += 1
        try:
            return await running
        except Overloaded:
            self._metrics.database_refused.inc()
            raise
        finally:
            self._under_way -= 1
