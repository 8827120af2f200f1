"""The heart: take one generation from where its row says it is to its end.

Every step writes what it is about to do before it does it, and what came of it after; a crash in between is
found again by the row and the attempt. Reads like docs/architecture.md, section "The life of a generation".
"""

from typing import Final

import structlog

from reelway.dispatch.base import Done, Later, Outcome
from reelway.domain.generation import Generation
from reelway.domain.states import State
from reelway.errors import Conflict
from reelway.events import store as events
from reelway.generations import store
from reelway.generations.follow import Follower
from reelway.generations.submit import Begun, Submitter
from reelway.generations.tools import Tools
from reelway.kit import logs

_log = structlog.get_logger(__name__)

_TAKEN_OVER_S: Final = 5.0  # when to look again at a job that somebody else changed under us


class Advancer:
    """The handler of Topic.GENERATION."""

    def __init__(self, tools: Tools, submitter: Submitter, follower: Follower) -> None:
        self._db = tools.db
        self._metrics = tools.metrics
        self._tracing = tools.tracing
        self._submitter = submitter
        self._follower = follower

    async def advance(self, generation_id: str) -> Outcome:
        """Go on from the row; returns when it has ended, or when there is nothing to do for a while."""
        g = await self._db.write(store.claim(generation_id))
        if g is None:
            return Done()
        structlog.contextvars.bind_contextvars(generation=g.id)
        logs.hide(g.spec.prompt, g.spec.negative_prompt, g.token)
        if not self._tracing.on:
            return await self._advance(g)
        parent = await self._db.read(events.traceparent(g.id))
        about = {"reelway.generation": g.id, "reelway.provider": g.provider, "reelway.model": g.model}
        if g.state is State.QUEUED and g.epoch == 1:
            self._tracing.begin("queue", about, since_ms=g.created_at, parent=parent).end()
        with self._tracing.span("advance", about | {"reelway.epoch": g.epoch}, kind="consumer", parent=parent):
            return await self._advance(g)

    async def _advance(self, g: Generation) -> Outcome:
        try:
            match g.state:
                case State.QUEUED:
                    begun = await self._submitter.submit(g)
                case State.SUBMITTING:
                    begun = await self._submitter.reconcile(g)
                case _:
                    begun = await self._begun(g)
            if isinstance(begun, Done | Later):
                return begun
            return await self._follower.follow(*begun)
        except Conflict as error:
            # Cancelled meanwhile, or taken over by another worker: the row says what is true. One that has not
            # ended is never let go of, whoever has it now.
            self._metrics.takeovers.labels(g.provider).inc()
            _log.info("generation_taken_over", generation=g.id, reason=error.message)
            row = await self._db.read(store.by_id(g.id))
            return Done() if row is None or row.ended else Later(_TAKEN_OVER_S)

    async def _begun(self, g: Generation) -> Begun:
        """Its newest attempt is at the provider: running or storing."""
        attempts = await self._db.read(store.attempts(g.id))
        handle = attempts[-1].handle
        if handle is None:
            raise Conflict(f"{g.id} is {g.state} without a handle")
        return g, handle
