"""queued -> submitting -> running: an order is sent once; when its answer is lost, the provider is asked."""

from typing import Final, TypeAlias

import structlog

from reelway.db.script import Script
from reelway.dispatch.base import Later, Outcome
from reelway.domain.events import EventType
from reelway.domain.generation import Generation
from reelway.domain.states import State
from reelway.errors import Conflict, ProviderError, ProviderFault, StorageError
from reelway.events import store as events
from reelway.generations import rates, store
from reelway.generations.callbacks import CallbackUrls
from reelway.generations.failover import Failover
from reelway.generations.inputs import InputStore
from reelway.generations.tools import Tools
from reelway.providers.base import Absent, CannotTell, Found, Handle, NotStopped, Order, Stopped
from reelway.routing import budgets

_log = structlog.get_logger(__name__)

# An answer that proves that no job was made, and that the next try there would fare no better.
_ELSEWHERE: Final = frozenset({ProviderFault.CREDENTIALS, ProviderFault.FUNDS, ProviderFault.MODEL_GONE})

Begun: TypeAlias = tuple[Generation, Handle]


class Submitter:
    """From the row to a job at the provider."""

    def __init__(self, tools: Tools, inputs: InputStore, failover: Failover, callback_urls: CallbackUrls) -> None:
        self._tools = tools
        self._inputs = inputs
        self._failover = failover
        self._callback_urls = callback_urls

    async def submit(self, g: Generation) -> Begun | Outcome:
        """From queued to running, or back to queued, or ended, or unknown."""
        not_ready = await self._make_ready(g)
        if not_ready is not None:
            return not_ready
        health = self._tools.health
        closed_s = await health.wait_s(g.provider, g.upstream_model)
        if closed_s:
            return await self._failover.circuit_open(g, closed_s)
        if not await self._may_submit(g):
            return Later(0)
        try:
            g, number, key = await self._tools.db.write(self._begin_attempt(g))
        except ProviderError as error:
            return await self._failover.budget_spent(g, error)
        self._tools.live.changed(g.id)
        provider = self._tools.providers.get(g.provider)
        try:
            handle = await provider.submit(self._order(g, key))
        except ProviderError as error:
            await health.failed(g.provider, g.upstream_model, error)
            return await self._not_accepted(g, number, error)
        await health.worked(g.provider, g.upstream_model)
        try:
            return await self._accepted(g, number, handle), handle
        except Conflict:
            await self._abandon(g, handle)
            raise

    async def reconcile(self, g: Generation) -> Begun | Outcome:
        """After a lost answer or a crash while submitting: ask the provider, never send blindly."""
        attempts = await self._tools.db.read(store.attempts(g.id))
        last = attempts[-1]
        try:
            order = self._order(g, store.order_key(g, attempts))
            found = await self._tools.providers.get(g.provider).find(order)
        except ProviderError as error:
            _log.warning("reconcile_failed", generation=g.id, provider=g.provider, error=error.message)
            found = CannotTell()
        match found:
            case Found(handle):
                return await self._accepted(g, last.number, handle), handle
            case Absent():
                absent = ProviderError(ProviderFault.UNAVAILABLE, "the provider has no such job", no_job=True)
                return await self._failover.not_taken(g, last.number, absent, outcome="absent")
            case CannotTell():
                return await self._hold_unknown(g, last)

    async def _make_ready(self, g: Generation) -> Outcome | None:
        """What is to be made of its inputs first; None when all is there, else the end, or another time."""
        if self._tools.providers.facts(g.provider).previews:  # they follow no control video
            return None
        try:
            await self._inputs.make_ready(g.spec)
        except ProviderError as error:
            return await self._tools.ending.fail(g, error.code, error.message)
        except StorageError as error:
            _log.warning("inputs_not_ready", generation=g.id, error=error.message)
            return Later(self._tools.policy.retry_most_s)
        return None

    async def _may_submit(self, g: Generation) -> bool:
        """Wait for the account's rate, still queued; False when this worker is to stop."""
        clock = self._tools.clock
        per_minute = self._tools.providers.facts(g.provider).submits_per_minute
        while per_minute is not None:
            now_ms = clock.now_ms()
            taken = await self._tools.db.write(rates.reserve(g.provider, per_minute, now_ms))
            ends_s = clock.monotonic_s() + (taken.at_ms - now_ms) / 1000
            while (left_s := ends_s - clock.monotonic_s()) > 0:
                if self._tools.dispatch.draining:
                    return False
                await self._tools.live.wait(g.id, left_s)
            if isinstance(taken, rates.Reserved):
                break
        return True

    def _begin_attempt(self, g: Generation) -> Script[tuple[Generation, int, str]]:
        """Written before the call; raises ProviderError when a budget is spent."""
        now = self._tools.clock.now_ms()
        facts = self._tools.providers.facts(g.provider)
        yield from budgets.take(g.provider, facts, g.expected_cost_microusd, now)
        moved = yield from store.move(g, State.SUBMITTING, started_at=g.started_at or now)
        number = yield from store.start_attempt(moved, now)
        yield from events.record(g.id, EventType.SUBMITTING, {"attempt": number, "served_by": g.provider}, now)
        earlier = [] if number == 1 else (yield from store.attempts(g.id))
        return moved, number, store.order_key(g, earlier)

    def _order(self, g: Generation, key: str) -> Order:
        callback_url = self._callback_urls.url(g.provider, g.id)
        return Order(key=key, spec=g.spec, upstream_model=g.upstream_model, callback_url=callback_url)

    async def _accepted(self, g: Generation, number: int, handle: Handle) -> Generation:
        def script() -> Script[Generation]:
            now = self._tools.clock.now_ms()
            yield from store.end_attempt(g, number, "accepted", now, handle=handle)
            moved = yield from store.move(g, State.RUNNING)
            yield from events.record(g.id, EventType.RUNNING, {"served_by": g.provider}, now)
            return moved

        moved = await self._tools.db.write(script())
        self._tools.live.changed(g.id)
        waited_s = max(self._tools.clock.now_ms() - g.created_at, 0) / 1000
        self._tools.metrics.start_seconds.labels(g.provider).observe(waited_s)
        return moved

    async def _not_accepted(self, g: Generation, number: int, error: ProviderError) -> Begun | Outcome:
        """No job for certain, or an end for certain; else nobody knows, and the provider is asked."""
        if error.no_job or error.fault in _ELSEWHERE:
            return await self._failover.not_taken(g, number, error, outcome="rejected")
        outcome = "rejected" if error.final else "unknown"
        await self._tools.db.write(store.fail_attempt(g, number, outcome, error, self._tools.clock.now_ms()))
        if error.final:
            return await self._tools.ending.fail(g, error.code, error.message)
        return await self.reconcile(g)

    async def _abandon(self, g: Generation, handle: Handle) -> None:
        """The provider took it while the row changed: if it has ended, nobody will follow this job, so stop it."""
        row = await self._tools.db.read(store.by_id(g.id))
        if row is None or not row.ended:
            return  # another worker has it, under the same key
        try:
            outcome = await self._tools.providers.get(g.provider).cancel(handle)
        except ProviderError as error:
            outcome = NotStopped(error.message)
        stopped = isinstance(outcome, Stopped)
        _log.warning("accepted_too_late", generation=g.id, provider=g.provider, stopped=stopped)

    async def _hold_unknown(self, g: Generation, last: store.Attempt) -> Outcome:
        """The provider cannot tell: keep the money held, tell the owner once, expire by policy."""
        now = self._tools.clock.now_ms()
        history = await self._tools.db.read(events.events_after(g.id, 0))
        if not any(e.type is EventType.UNKNOWN for e in history):
            await self._tools.db.write(self._note_unknown(g, last))
            self._tools.live.changed(g.id)
        policy = self._tools.policy
        if now - last.started_at > policy.unknown_age_max_s * 1000:
            message = "the provider's answer was lost and it never said whether it has the job; credits are returned"
            return await self._tools.ending.end(g, State.EXPIRED, error_code="outcome_unknown", error_message=message)
        ends_at = last.started_at + int(policy.unknown_age_max_s * 1000) + 1
        return Later(min(policy.retry_most_s, max(ends_at - now, 100) / 1000))

    def _note_unknown(self, g: Generation, last: store.Attempt) -> Script[None]:
        now = self._tools.clock.now_ms()
        yield from store.fence(g)
        if last.outcome == "started":
            message = "the server stopped before the answer came"
            yield from store.end_attempt(g, last.number, "unknown", now, message=message)
        yield from events.record(g.id, EventType.UNKNOWN, {"attempt": last.number}, now)
