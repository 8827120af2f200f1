"""Reading generations: every question is scoped to the workspace that asks."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final

from reelway.accounts.keys import Caller, Scope
from reelway.db.base import Database
from reelway.domain.events import Event
from reelway.domain.generation import Generation, GenerationId
from reelway.errors import NotFound
from reelway.events import store as events
from reelway.events.live import Live, Progress
from reelway.generations import store

PAGE_MAX: Final = 100
_LOOK_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class EarlyPicture:
    """There is a first look at the clip, at that address until it ends."""

    url: str


class Queries:
    """Reads rows and joins them with what is going on right now."""

    def __init__(self, db: Database, live: Live) -> None:
        self._db = db
        self._live = live

    async def get(self, caller: Caller, generation_id: str) -> Generation:
        """By `video_…` id; raises NotFound, also for somebody else's."""
        caller.require(Scope.READ)
        found = await self._db.read(store.of_workspace(caller.workspace_id, generation_id))
        if found is None:
            raise NotFound(f"no video {generation_id[:80]!r}")
        return self._with_progress(found)

    async def get_by_number(self, caller: Caller, number: int) -> Generation | None:
        """By ModelsLab's integer; None when absent or somebody else's."""
        caller.require(Scope.READ)
        if not 0 < number < 2**53:
            return None
        found = await self._db.read(store.of_workspace_by_number(caller.workspace_id, number))
        return None if found is None else self._with_progress(found)

    async def page(
        self, caller: Caller, *, after: str | None, limit: int, newest_first: bool
    ) -> tuple[list[Generation], bool]:
        """Up to `limit` (1 to 100) past the id `after`, and whether there are more."""
        caller.require(Scope.READ)
        script = store.page(caller.workspace_id, after, min(limit, PAGE_MAX) + 1, newest_first=newest_first)
        found = await self._db.read(script)
        return [self._with_progress(g) for g in found[:limit]], len(found) > limit

    async def clips(self, caller: Caller, *, page: int, per_page: int) -> tuple[list[Generation], int]:
        """One numbered page (from 1) of finished clips, newest first, and how many there are in all."""
        caller.require(Scope.READ)
        per_page = min(per_page, PAGE_MAX)
        return await self._db.read(store.succeeded(caller.workspace_id, per_page, (page - 1) * per_page))

    async def in_flight(self, caller: Caller) -> int:
        """Unfinished generations of the caller's workspace."""
        return await self._db.read(store.count_in_flight(caller.workspace_id))

    def progress(self, g: Generation) -> Progress | None:
        """The provider's own latest figure; None when it said nothing, or it has ended."""
        return None if g.ended else self._live.progress(g.id)

    async def follow(
        self, generation_id: GenerationId, after: int, *, ping_s: float
    ) -> AsyncIterator[Event | Progress | EarlyPicture | None]:
        """Events after number `after`, progress and an early picture as they come; None when nothing did for `ping_s`.

        Ends after the event that ended the generation.
        """
        shown: Progress | None = None
        pictured = False
        silent_s = 0.0
        while True:
            for event in await self._db.read(events.events_after(generation_id, after)):
                after = event.number
                yield event
            g = await self._db.read(store.by_id(generation_id))
            if g is None or g.ended:
                for event in await self._db.read(events.events_after(generation_id, after)):
                    yield event
                return
            if g.early_picture_url is not None and not pictured:
                pictured = True
                yield EarlyPicture(g.early_picture_url)
            progress = self._live.progress(generation_id)
            if progress is not None and progress != shown:
                shown = progress
                yield progress
            # Look again every second whatever happens: a wake-up while we were handing out is not lost.
            if await self._live.wait(generation_id, min(_LOOK_S, ping_s)):
                silent_s = 0.0
                continue
            silent_s += min(_LOOK_S, ping_s)
            if silent_s >= ping_s:
                silent_s = 0.0
                yield None

    def _with_progress(self, g: Generation) -> Generation:
        progress = self.progress(g)
        return g if progress is None else replace(g, progress=progress.fraction)
