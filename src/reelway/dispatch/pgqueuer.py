"""`Dispatch` on PgQueuer: any number of workers on one PostgreSQL.

PgQueuer claims rows, keeps a lane's limit over all workers, waits for what is due later and takes over what a dead
worker left. Ours are the turns of the owners, the worker's own places and how a row is given back (docs/adr/0010).
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import structlog

from reelway.db.script import Script, sql, tell
from reelway.dispatch.base import Backlog, Entry, Handler, Lane, Topic
from reelway.dispatch.pgqueuer_claims import Places
from reelway.dispatch.pgqueuer_line import LOST, PATIENCE_S, Line, Pool, notice, open_pool
from reelway.dispatch.pgqueuer_sql import BACKLOG, ENQUEUE, ENQUEUED, REROUTE, SETTINGS, WAKE
from reelway.dispatch.pgqueuer_worker import Worker
from reelway.kit.clock import Clock

_log = structlog.get_logger(__name__)

_WAKE_PAUSE_S: Final = 0.05  # between two statements that wake


class PgQueuerDispatch:
    """See Dispatch. A process that only answers requests enqueues and wakes, and never starts."""

    def __init__(self, url: str, clock: Clock, *, in_flight_max: int, lost_s: float) -> None:
        self._url = url
        self._clock = clock
        self._in_flight_max = in_flight_max
        self._lost_s = lost_s
        self._pool: Pool | None = None
        self._opening = asyncio.Lock()
        self._woken: set[str] = set()
        self._waking: asyncio.Task[None] | None = None
        self._worker: Worker | None = None
        self._stopped = False
        self.draining = False

    def enqueue(self, entry: Entry) -> Script[None]:
        """See Dispatch. In time until it is due, not at an instant: the server's clock may be another."""
        wait_ms = max(entry.due_at - self._clock.now_ms(), 0)
        name = _name(entry.topic, entry.subject)
        yield tell(ENQUEUE, entry.lane, entry.owner, name, entry.subject, float(wait_ms))

    def reroute(self, topic: Topic, subject: str, lane: str) -> Script[None]:
        """See Dispatch. The row is this worker's until it is given back, and then waits in its new lane."""
        yield tell(REROUTE, _name(topic, subject), lane)

    def missing(self, topic: Topic, subjects: Sequence[str]) -> Script[list[str]]:
        """See Dispatch."""
        if not subjects:
            return []
        places = ", ".join(f"${number}" for number in range(1, len(subjects) + 1))
        rows = yield sql(f"{ENQUEUED}({places})", *(_name(topic, subject) for subject in subjects))
        enqueued = {name for (name,) in rows}
        return [subject for subject in subjects if _name(topic, subject) not in enqueued]

    def backlog(self) -> Script[list[Backlog]]:
        """See Dispatch."""
        rows = yield sql(BACKLOG)
        return [
            Backlog(lane=lane, waiting=waiting, running=running, oldest_s=max(oldest_s, 0.0))
            for lane, waiting, running, oldest_s in rows
        ]

    def wake(self, topic: Topic, subject: str) -> None:
        """See Dispatch. Many in one statement: a notice takes a lock of the whole server at commit."""
        if self._stopped:
            return
        self._woken.add(_name(topic, subject))
        if self._waking is None:
            self._waking = asyncio.create_task(self._wake(), name="dispatch wake")

    async def start(self, handlers: Mapping[Topic, Handler], lanes: Iterable[Lane]) -> None:
        """See Dispatch. Lanes that are not named are left to other workers."""
        lanes = [lane for lane in lanes if lane.topic in handlers]
        line = Line(self._url, await self._open())
        self._worker = Worker(line, handlers, Places(lanes, self._in_flight_max), self._lost_s)
        self._worker.start()

    def drain(self) -> None:
        """See Dispatch."""
        self.draining = True
        if self._worker is not None:
            self._worker.drain()

    async def stop(self, patience_s: float = 0.0) -> None:
        """See Dispatch."""
        self.drain()
        if self._worker is not None:
            await self._worker.stop(patience_s)
        self._stopped = True
        waking = self._waking
        if waking is not None:
            await asyncio.wait([waking], timeout=PATIENCE_S)
            waking.cancel()
        if self._pool is not None:
            self._pool.terminate()  # nothing is under way

    async def _open(self) -> Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await open_pool(self._url)
            return self._pool

    async def _wake(self) -> None:
        try:
            while self._woken:
                names, self._woken = self._woken, set()
                pool = await self._open()
                await pool.execute(WAKE, list(names), SETTINGS.channel, notice())
                await asyncio.sleep(_WAKE_PAUSE_S)
        except LOST as error:  # only a hint: workers look by themselves
            _log.warning("dispatch_cannot_wake", error=str(error) or type(error).__name__)
        finally:
            self._waking = None


def _name(topic: Topic, subject: str) -> str:
    return f"{topic}:{subject}"
