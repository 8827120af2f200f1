"""What this worker has claimed, and how it claims more: never more than it has places for."""

import asyncio
import dataclasses
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

import structlog
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries, lost_capacity_slot_race
from pgqueuer.domain.models import Job, TracebackRecord
from pgqueuer.domain.types import JOB_STATUS, JobId, QueueEntrypoint, QueueManagerId
from pgqueuer.ports.repository import EntrypointExecutionParameter

from reelway.dispatch.base import Lane
from reelway.dispatch.pgqueuer_line import LOST, Line
from reelway.dispatch.pgqueuer_sql import NEXT_DUE, SERVING, SETTINGS, TURN_MAX

_log = structlog.get_logger(__name__)

_BATCH: Final = 64  # rows a statement; more would keep other lanes waiting
_RACES_MAX: Final = 8  # lost to other workers, one after the other
_PAUSE_S: Final = 0.05  # between two looks: what comes meanwhile is claimed together
_AWAY_S: Final = 0.5  # between two looks at a server that is away


@dataclasses.dataclass(slots=True, eq=False)
class Held:
    """One claim: this row is ours until it is given back."""

    id: int
    attempts: int
    lane: str
    owner: str
    subject: str
    task: asyncio.Task[None] | None = None
    returning: bool = False  # its handler has ended


class Places:
    """What runs here, and where there is room for more."""

    def __init__(self, lanes: Iterable[Lane], in_flight_max: int) -> None:
        self.lanes = {lane.name: lane for lane in lanes}
        self.held: dict[int, Held] = {}
        self._in_flight_max = in_flight_max
        self._counts: Counter[str] = Counter()
        self._shared = 0  # those in lanes of all workers together

    def room(self) -> Iterator[tuple[Lane, int]]:
        """Lanes with free places, in any order, and how many: in a lane of its own, or among all that it follows."""
        for lane in random.sample(list(self.lanes.values()), len(self.lanes)):
            free = lane.most - self._counts[lane.name] if lane.per_worker else self._in_flight_max - self._shared
            if free > 0:
                yield lane, free

    def add(self, held: Held) -> None:
        """It is ours."""
        self.held[held.id] = held
        self._count(held, 1)

    def remove(self, held: Held) -> None:
        """It is not ours any more."""
        if self.held.get(held.id) is held:
            del self.held[held.id]
        self._count(held, -1)

    def _count(self, held: Held, change: int) -> None:
        self._counts[held.lane] += change
        if not self.lanes[held.lane].per_worker:
            self._shared += change


@dataclasses.dataclass
class Claims(Queries):
    """PgQueuer's repository: one lane a statement, and a server that is away is no error.

    PgQueuer's run loop would wait for every running job before it could start again after an error.
    """

    line: Line = dataclasses.field(kw_only=True)
    places: Places = dataclasses.field(kw_only=True)
    looked_s: float = 0.0  # of the loop's clock: when the last look ended

    async def dequeue(
        self,
        batch_size: int,
        entrypoints: dict[QueueEntrypoint, EntrypointExecutionParameter],
        queue_manager_id: QueueManagerId,
        global_concurrency_limit: int | None,
        heartbeat_timeout: timedelta,
    ) -> list[Job]:
        """Claim in every lane that has room here; our counts stand for `batch_size` and the worker's limit."""
        pause_s = self.looked_s + _PAUSE_S - asyncio.get_running_loop().time()
        if pause_s > 0:
            await asyncio.sleep(pause_s)
        self.line.looked()
        claimed: list[Job] = []
        try:
            for lane, free in self.places.room():
                query = self.qbq.build_dequeue_query(
                    batch_size=min(free, _BATCH),
                    entrypoints=[QueueEntrypoint(lane.name)],
                    concurrency_limits=[0 if lane.per_worker else lane.most],
                    queue_manager_id=queue_manager_id,
                    global_concurrency_limit=None,
                    heartbeat_timeout=heartbeat_timeout,
                )
                claimed += self._keep(await self._claim(query.sql, query.args))
            if claimed:
                await self._serve(claimed)
        except LOST as error:
            _log.warning("dispatch_cannot_claim", error=str(error) or type(error).__name__)
            await asyncio.sleep(_AWAY_S)
        self.looked_s = asyncio.get_running_loop().time()
        return claimed

    async def eligible_queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        """What a dequeue has left is for others, or waits for a place; a place that is given back nudges."""
        return 0

    async def queued_work(self, entrypoints: list[QueueEntrypoint]) -> int:
        """See `eligible_queued_work`."""
        return 0

    async def next_deferred_eta(self, entrypoints: list[QueueEntrypoint]) -> timedelta | None:
        """When the next row is due in a lane that has room."""
        try:
            rows = await self.driver.fetch(NEXT_DUE, [lane.name for lane, _ in self.places.room()])
        except LOST:
            return None
        (eta,) = rows[0].values()
        return eta if isinstance(eta, timedelta) else None

    # Rows are given back by `Returns`, and heartbeats are the worker's, whatever PgQueuer says of a job.

    async def log_jobs(self, job_status: list[tuple[Job, JOB_STATUS, TracebackRecord | None]]) -> None:
        """Changes nothing."""

    async def retry_job(self, job: Job, delay: timedelta, traceback_record: TracebackRecord | None) -> None:
        """Changes nothing."""

    async def update_heartbeat(self, job_ids: list[JobId]) -> None:
        """Changes nothing."""

    async def _claim(self, text: str, args: tuple[object, ...]) -> list[Job]:
        slots = f"{SETTINGS.queue_table}_picked_slot_idx"
        for _ in range(_RACES_MAX):
            try:
                return [Job.model_validate(row) for row in await self.driver.fetch(text, *args)]
            except LOST as error:
                if not lost_capacity_slot_race(error, slots):
                    raise
        return []

    def _keep(self, jobs: list[Job]) -> list[Job]:
        """Write down what is ours; a row that is being worked on here was only late with its heartbeat."""
        kept = []
        for job in jobs:
            before = self.places.held.get(job.id)
            if before is not None and before.task is None:
                self.places.remove(before)  # its claim never came to us
            elif before is not None and not before.returning:
                continue
            self.places.add(_held(job))
            kept.append(job)
        return kept

    async def _serve(self, jobs: list[Job]) -> None:
        turns: dict[str, int] = {}
        for job in jobs:
            turns[job.entrypoint] = max(turns.get(job.entrypoint, 0), TURN_MAX - job.priority)
        await self.driver.execute(SERVING, sorted(turns), [turns[lane] for lane in sorted(turns)])


def claims(line: Line, places: Places) -> Claims:
    """The repository of one worker."""
    return Claims(
        line,
        QueryBuilderEnvironment(SETTINGS),
        QueryQueueBuilder(SETTINGS),
        QuerySchedulerBuilder(SETTINGS),
        line=line,
        places=places,
    )


def _held(job: Job) -> Held:
    headers = job.headers or {}
    return Held(
        id=job.id,
        attempts=job.attempts,
        lane=job.entrypoint,
        owner=str(headers.get("owner", "")),
        subject=(job.payload or b"").decode(),
    )
