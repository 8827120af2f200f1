"""Giving rows back: many in one statement, again and again until the server took it, and only what is still ours."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from reelway.dispatch.pgqueuer_claims import Held, Places
from reelway.dispatch.pgqueuer_line import LOST, Line
from reelway.dispatch.pgqueuer_sql import AGAIN, DONE

_log = structlog.get_logger(__name__)

_BATCH_MAX: Final = 500
_GATHER_S: Final = 0.02  # those that end together are given back together
_RETRY_S: Final = 0.5
_TURN_S: Final = 0.001  # who waits, however short, takes a new turn


class Returns:
    """What handlers have finished with. While one statement is under way, the next one's rows gather."""

    def __init__(self, line: Line, places: Places, worker: UUID) -> None:
        self._line = line
        self._places = places
        self._worker = worker
        self._done: list[Held] = []
        self._again: list[tuple[Held, float, str]] = []
        self._waiting = asyncio.Event()
        self._written = asyncio.Event()
        self._written.set()

    def put(self, held: Held, delay_s: float | None, lane: str | None = None) -> None:
        """It may be had again in `delay_s`, by whoever has a place then; None: it is done for good.

        In another `lane` it takes a new turn.
        """
        held.returning = True
        if delay_s is None:
            self._done.append(held)
        else:
            self._again.append((held, delay_s if lane is None else max(delay_s, _TURN_S), lane or held.lane))
        self._written.clear()
        self._waiting.set()

    async def written(self) -> None:
        """Wait until nothing waits to be written."""
        await self._written.wait()

    async def run(self) -> None:
        """Write for ever."""
        while True:
            await self._waiting.wait()
            await asyncio.sleep(_GATHER_S)
            self._waiting.clear()
            while self._done or self._again:
                done, self._done = self._done[:_BATCH_MAX], self._done[_BATCH_MAX:]
                again, self._again = self._again[:_BATCH_MAX], self._again[_BATCH_MAX:]
                if done:
                    await self._until_written(DONE, *_columns(done))
                if again:
                    again.sort(key=lambda one: (one[2], one[0].owner))
                    rows = [held for held, _, _ in again]
                    await self._until_written(
                        AGAIN,
                        *_columns(rows),
                        [timedelta(seconds=delay_s) for _, delay_s, _ in again],
                        [lane for _, _, lane in again],
                        [held.owner for held in rows],
                    )
                for held in (*done, *(held for held, _, _ in again)):
                    self._places.remove(held)
                self._line.nudge()  # there are free places
            self._written.set()

    async def _until_written(self, text: str, *args: object) -> None:
        while True:
            try:
                await self._line.execute(text, self._worker, *args)
            except LOST as error:
                _log.warning("dispatch_cannot_give_back", error=str(error) or type(error).__name__)
                await asyncio.sleep(_RETRY_S)
            else:
                return


def _columns(rows: Sequence[Held]) -> tuple[list[int], list[int]]:
    return [held.id for held in rows], [held.attempts for held in rows]
