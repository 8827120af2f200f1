"""The sweep: now and then, look for what nobody works on, and end what waited too long.

A subject is enqueued in the transaction that makes it necessary, so none should ever be missing. One that is (a
restored backup, a row deleted by hand) would be waited for until the end of time, with its money held.
"""

from typing import Final

import structlog

from reelway.db.base import Database
from reelway.db.script import Script, sql
from reelway.dispatch.base import DELIVERIES, Dispatch, Entry, Topic, generation_lane
from reelway.domain.states import State
from reelway.errors import Conflict
from reelway.generations import store
from reelway.generations.ending import Ended, Ending
from reelway.kit.clock import Clock

_log = structlog.get_logger(__name__)

_PAGE: Final = 500  # subjects of each kind that one sweep looks at
_YOUNG_MS: Final = 60_000  # what is younger is on its way


class Sweeper:
    """Every process may sweep; what two find together is done once."""

    def __init__(
        self,
        *,
        db: Database,
        dispatch: Dispatch,
        ending: Ending,
        clock: Clock,
        job_age_max_s: float,
    ) -> None:
        self._db = db
        self._dispatch = dispatch
        self._ending = ending
        self._clock = clock
        self._job_age_max_s = job_age_max_s
        self._after = dict.fromkeys(Topic, "")  # how far the last sweep came

    async def sweep(self) -> None:
        """One round; a few milliseconds when all is well."""
        await self._expire()
        for topic in Topic:
            await self._enqueue_missing(topic)

    async def _expire(self) -> None:
        before_ms = self._clock.now_ms() - int(self._job_age_max_s * 1000)
        for generation_id in await self._db.scan(_queued_before(before_ms)):
            try:
                ended = await self._db.write(self._end(generation_id))
            except Conflict:  # a worker was quicker
                continue
            if ended is None:
                continue
            _log.info("generation_expired", generation=generation_id, provider=ended.generation.provider)
            self._dispatch.wake(Topic.GENERATION, generation_id)
            await self._ending.tell(ended)

    def _end(self, generation_id: str) -> Script[Ended | None]:
        g = yield from store.by_id(generation_id)
        if g is None or g.state is not State.QUEUED:
            return None
        message = f"not started within {self._job_age_max_s:g} s; credits are returned"
        return (yield from self._ending.script(g, State.EXPIRED, error_code="expired", error_message=message))

    async def _enqueue_missing(self, topic: Topic) -> None:
        entries = await self._db.scan(_UNFINISHED[topic](self._after[topic], self._clock.now_ms() - _YOUNG_MS))
        self._after[topic] = entries[-1].subject if len(entries) == _PAGE else ""
        missing = set(await self._db.scan(self._dispatch.missing(topic, [entry.subject for entry in entries])))
        for entry in entries:
            if entry.subject in missing:
                await self._db.write(self._dispatch.enqueue(entry))
                _log.warning("found_unattended", topic=topic, subject=entry.subject)
                self._dispatch.wake(topic, entry.subject)


def _queued_before(created_ms: int) -> Script[list[str]]:
    rows = yield sql(
        "SELECT id FROM generations WHERE ended_at IS NULL AND state = $1 AND created_at < $2 ORDER BY id LIMIT $3",
        State.QUEUED,
        created_ms,
        _PAGE,
    )
    return [generation_id for (generation_id,) in rows]


def _generations(after: str, created_ms: int) -> Script[list[Entry]]:
    rows = yield sql(
        "SELECT id, provider, workspace_id, created_at FROM generations"
        " WHERE ended_at IS NULL AND id > $1 AND created_at < $2 ORDER BY id LIMIT $3",
        after,
        created_ms,
        _PAGE,
    )
    return [
        Entry(topic=Topic.GENERATION, subject=id_, lane=generation_lane(provider), owner=owner, due_at=due_at)
        for id_, provider, owner, due_at in rows
    ]


def _deliveries(after: str, created_ms: int) -> Script[list[Entry]]:
    rows = yield sql(
        "SELECT id, workspace_id, COALESCE(next_at, created_at) FROM deliveries"
        " WHERE state = 'pending' AND id > $1 AND created_at < $2 ORDER BY id LIMIT $3",
        after,
        created_ms,
        _PAGE,
    )
    return [
        Entry(topic=Topic.DELIVERY, subject=id_, lane=DELIVERIES.name, owner=owner, due_at=due_at)
        for id_, owner, due_at in rows
    ]


_UNFINISHED: Final = {Topic.GENERATION: _generations, Topic.DELIVERY: _deliveries}
