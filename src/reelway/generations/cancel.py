"""Cancel and delete. Whoever changes the row first wins; a worker that has the job is asked, not overruled."""

from typing import Final

from reelway.accounts.keys import Caller, Scope
from reelway.db.base import Database
from reelway.db.script import Script
from reelway.dispatch.base import Dispatch, Topic
from reelway.domain.events import EventType
from reelway.domain.files import suffixes_of
from reelway.domain.generation import Generation
from reelway.domain.states import State
from reelway.errors import Conflict
from reelway.events import store as events
from reelway.events.live import Live
from reelway.generations import store
from reelway.generations.ending import Ending
from reelway.generations.finish import file_key
from reelway.kit.clock import Clock
from reelway.storage.base import Storage

_ANSWER_S: Final = 5.0  # how long a cancel waits to tell what really happened


class Canceller:
    """Ends what the caller no longer wants."""

    def __init__(
        self,
        *,
        db: Database,
        dispatch: Dispatch,
        live: Live,
        ending: Ending,
        storage: Storage,
        clock: Clock,
    ) -> None:
        self._db = db
        self._dispatch = dispatch
        self._live = live
        self._ending = ending
        self._storage = storage
        self._clock = clock

    async def cancel(self, caller: Caller, g: Generation) -> Generation:
        """The generation as it is now: cancelled, or still on its way there (`cancel_requested`).

        Raises Conflict when it has ended otherwise, or the provider cannot stop it. Cancelling again is fine.
        """
        caller.require(Scope.GENERATE)
        if g.state is State.QUEUED:
            try:
                return await self._cancel_queued(g)
            except Conflict:  # a worker was quicker
                g = await self._reload(g)
        if not g.ended:
            g = await self._ask_worker(g)
        if g.ended and g.state is not State.CANCELLED:
            raise Conflict(f"{g.id} is {g.state} already; it cannot be cancelled any more")
        return g

    async def delete(self, caller: Caller, g: Generation) -> None:
        """Files and listing go, the ledger stays. Raises Conflict for one that has not ended."""
        caller.require(Scope.GENERATE)
        if not g.ended:
            raise Conflict(f"{g.id} is {g.state}; cancel it first, only what has ended can be deleted")

        def script() -> Script[None]:
            now = self._clock.now_ms()
            if (yield from store.mark_deleted(g, now)):
                yield from events.record(g.id, EventType.DELETED, {}, now)

        # First: a bucket that fails half-way is asked again by the next DELETE.
        for suffix in suffixes_of(g.spec.passes):
            await self._storage.delete(file_key(g.token, suffix))
        await self._db.write(script())

    async def _cancel_queued(self, g: Generation) -> Generation:
        message = "cancelled before it started"
        script = self._ending.script(g, State.CANCELLED, error_code="cancelled", error_message=message)
        ended = await self._db.write(script)
        self._dispatch.wake(Topic.GENERATION, g.id)
        await self._ending.tell(ended)
        return ended.generation

    async def _ask_worker(self, g: Generation) -> Generation:
        if g.state is State.STORING:
            raise Conflict(f"{g.id} is made already and being stored; it cannot be cancelled any more")

        def script() -> Script[None]:
            if (yield from store.request_cancel(g)):
                yield from events.record(g.id, EventType.CANCEL_REQUESTED, {}, self._clock.now_ms())

        await self._db.write(script())
        self._live.changed(g.id)
        self._dispatch.wake(Topic.GENERATION, g.id)
        patience_ends_s = self._clock.monotonic_s() + _ANSWER_S
        while (left_s := patience_ends_s - self._clock.monotonic_s()) > 0:
            now = await self._reload(g)
            if now.ended:
                return now
            if not now.cancel_requested:
                raise Conflict(f"{g.id} is running at {g.provider}, which cannot stop it")
            await self._live.wait(g.id, min(left_s, 0.5))
        return await self._reload(g)

    async def _reload(self, g: Generation) -> Generation:
        found = await self._db.read(store.by_id(g.id))
        return g if found is None else found
