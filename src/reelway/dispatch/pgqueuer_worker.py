"""A worker on PgQueuer's table: it claims through PgQueuer's run loop, calls the handlers and says that it lives."""

import asyncio
import contextlib
from collections.abc import Coroutine, Mapping
from datetime import timedelta
from typing import Any, Final

import structlog
from pgqueuer.core.buffers import HeartbeatBuffer, JobStatusLogBuffer
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.models import Job
from pgqueuer.domain.types import Channel

from reelway.dispatch.base import Done, Handler, Later, Topic
from reelway.dispatch.pgqueuer_claims import Places, claims
from reelway.dispatch.pgqueuer_line import LOST, PATIENCE_S, Line, notice
from reelway.dispatch.pgqueuer_returns import Returns
from reelway.dispatch.pgqueuer_sql import BEAT, GIVE_UP, SETTINGS, TIDY
from reelway.errors import Overloaded

_log = structlog.get_logger(__name__)

_AFTER_BUG_S: Final = 30.0  # a handler that raised is called again, but not at once
_POLL_S: Final = 1.0  # notices are hints, and one may be lost
_TIDY_EVERY_S: Final = 60.0
_RESTART_S: Final = 1.0
_BATCH: Final = 8  # PgQueuer sizes buffers with it that we leave empty


class Manager(QueueManager):
    """PgQueuer's run loop without its task and its writes for every job.

    A worker's heartbeats are one statement, and a row is given back together with others.
    """

    async def _dispatch(
        self, job: Job, jbuff: JobStatusLogBuffer, hbuff: HeartbeatBuffer, heartbeat_timeout: timedelta
    ) -> None:
        await self.entrypoint_registry[job.entrypoint].execute(job, self.get_context(job.id))


class Worker:
    """One start of the dispatch, until its stop."""

    def __init__(
        self,
        line: Line,
        handlers: Mapping[Topic, Handler],
        places: Places,
        lost_s: float,
    ) -> None:
        self._line = line
        self._handlers = handlers
        self._places = places
        self._lost_s = lost_s
        self._manager = Manager(claims(line, places), channel=Channel(SETTINGS.channel))
        self._returns = Returns(line, places, self._manager.queue_manager_id)
        for lane in places.lanes.values():
            self._manager.entrypoint(lane.name, on_failure="hold", accepts_context=False)(self._work)
        self._running: asyncio.Task[None] | None = None
        self._helping: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Claim, beat, give back and tidy up until `stop`."""
        self._running = asyncio.create_task(self._run(), name="dispatch run")
        self._helping = [
            _forever(self._returns.run(), "dispatch returns"),
            _forever(self._beat(), "dispatch beat"),
            _forever(self._tidy(), "dispatch tidy"),
        ]

    def drain(self) -> None:
        """Claim nothing more."""
        self._manager.shutdown.set()

    async def stop(self, patience_s: float) -> None:
        """What runs on for `patience_s` is interrupted; every row that is still ours is anybody's at once."""
        tasks = [held.task for held in self._places.held.values() if held.task is not None]
        if tasks and patience_s:
            await asyncio.wait(tasks, timeout=patience_s)
        for task in tasks:
            task.cancel()
        assert self._running is not None
        await asyncio.wait([self._running], timeout=PATIENCE_S)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._returns.written(), PATIENCE_S)
        for task in (self._running, *self._helping):
            task.cancel()
        await asyncio.gather(self._running, *self._helping, return_exceptions=True)
        await self._line.hang_up()
        try:
            await self._line.execute(GIVE_UP, self._manager.queue_manager_id, SETTINGS.channel, notice())
        except LOST as error:
            _log.warning("dispatch_cannot_give_up", error=str(error) or type(error).__name__, after_s=self._lost_s)

    async def _run(self) -> None:
        while not self._manager.shutdown.is_set():
            try:
                await self._manager.run(
                    dequeue_timeout=timedelta(seconds=_POLL_S),
                    batch_size=_BATCH,
                    heartbeat_timeout=timedelta(seconds=self._lost_s),
                    log_aggregation_interval=timedelta(0),
                )
            except Exception:  # noqa: BLE001  whatever it is, the work must go on
                _log.exception("dispatch_run_failed")
                await asyncio.sleep(_RESTART_S)

    async def _work(self, job: Job) -> None:
        """PgQueuer's entrypoint for every lane."""
        held = self._places.held[job.id]
        held.task = asyncio.current_task()
        topic = self._places.lanes[held.lane].topic
        lane: str | None = None
        delay_s: float | None = 0.0  # when it is interrupted: for others, at once
        try:
            if not self._manager.shutdown.is_set():
                match await self._handlers[topic](held.subject):
                    case Done():
                        delay_s = None
                    case Later(after_s, lane):
                        delay_s = max(after_s, 0.0)
        except Overloaded as error:  # the disk is full or the queue is: the rows say where to go on
            delay_s = error.retry_after_s
        except Exception:  # noqa: BLE001  a bug in one job must not stop the others
            _log.exception("handler_failed", topic=topic, subject=held.subject)
            delay_s = _AFTER_BUG_S
        finally:
            self._returns.put(held, delay_s, lane)

    async def _beat(self) -> None:
        """Say that we live, for exactly those rows that are worked on here."""
        while True:
            wait_s = self._lost_s / 4
            rows = [held.id for held in self._places.held.values() if held.task is not None]
            if rows:
                try:
                    await self._line.execute(BEAT, self._manager.queue_manager_id, rows)
                except LOST as error:
                    _log.warning("dispatch_cannot_beat", error=str(error) or type(error).__name__)
                    wait_s = min(wait_s, _RESTART_S)
            await asyncio.sleep(wait_s)

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(_TIDY_EVERY_S)
            with contextlib.suppress(*LOST):
                await self._line.execute(TIDY)


def _forever(work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
    return asyncio.create_task(work, name=name)
