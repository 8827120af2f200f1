"""Turns: start-time fair queueing, so that an owner with ten thousand subjects does not starve one with three.

Each subject is stamped with a turn when it joins: one after its owner's last, or one after the turn that is being
served now, whichever is later. The lowest turn goes next. An owner alone takes every turn; two owners alternate.
"""

import heapq
from asyncio import CancelledError, Future, get_running_loop
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from time import monotonic

_KEPT_MAX = 10_000


class Turns:
    """The places of one lane, in one process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.taken = 0
        self._serving = 0
        self._last: dict[str, int] = {}  # by owner
        self._waiting: list[tuple[int, int, float, Future[None]]] = []  # turn, order, since when (monotonic), whom
        self._joined = count()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return sum(not future.done() for *_, future in list(self._waiting))

    @property
    def oldest_s(self) -> float:
        """How long the first of them has waited."""
        joined_s = [since_s for *_, since_s, future in list(self._waiting) if not future.done()]
        return monotonic() - min(joined_s) if joined_s else 0.0

    @asynccontextmanager
    async def place(self, owner: str) -> AsyncIterator[None]:
        """Wait for a turn, and give the place back at the end."""
        turn = max(self._last.get(owner, 0), self._serving) + 1
        self._last[owner] = turn
        await self._wait(turn)
        try:
            yield
        finally:
            self._give_back()

    async def _wait(self, turn: int) -> None:
        if self.taken < self._most and not self._waiting:
            self._begin(turn)
            return
        future: Future[None] = get_running_loop().create_future()
        heapq.heappush(self._waiting, (turn, next(self._joined), monotonic(), future))
        try:
            await future
        except CancelledError:
            if future.done() and not future.cancelled():
                self._give_back()  # the place was ours already: pass it on
            raise

    def _begin(self, turn: int) -> None:
        self.taken += 1
        self._serving = max(self._serving, turn)
        if len(self._last) > _KEPT_MAX:  # whoever is not ahead of the others need not be remembered
            self._last = {owner: last for owner, last in self._last.items() if last > self._serving}

    def _give_back(self) -> None:
        self.taken -= 1
        while self._waiting and self.taken < self._most:
            turn, _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                self._begin(turn)
                future.set_result(None)
