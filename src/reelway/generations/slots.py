"""How many jobs a provider has at a time: first come, first served."""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Slots:
    """Counts per provider. A job that is already running there takes a slot even when none is free."""

    def __init__(self) -> None:
        self._taken: defaultdict[str, int] = defaultdict(int)
        self._waiting: defaultdict[str, deque[asyncio.Future[None]]] = defaultdict(deque)

    @asynccontextmanager
    async def hold(self, provider: str, most: int, *, running_already: bool = False) -> AsyncIterator[None]:
        """Wait for a slot, and give it back at the end."""
        if not running_already:
            await self._wait(provider, most)
        self._taken[provider] += 1
        try:
            yield
        finally:
            self._taken[provider] -= 1
            self._wake(provider, most)

    async def _wait(self, provider: str, most: int) -> None:
        queue = self._waiting[provider]
        if self._taken[provider] < most and not queue:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(future)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self._taken[provider] -= 1  # the slot was handed to us already: pass it on
                self._wake(provider, most)
            raise
        finally:
            if future in queue:
                queue.remove(future)
        self._taken[provider] -= 1  # handed over: `hold` counts it again without a gap

    def _wake(self, provider: str, most: int) -> None:
        queue = self._waiting[provider]
        while queue and self._taken[provider] < most:
            future = queue.popleft()
            if not future.done():
                self._taken[provider] += 1
                future.set_result(None)
