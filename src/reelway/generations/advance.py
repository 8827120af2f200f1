"""The heart: take one generation from where its row says it is to its end.

Every step writes what it is about to do before it does it, and what came of it after; a crash in between is
found again by the row and the attempt. Reads like docs/architecture.md, section "The life of a generation".
"""

import random
from dataclasses import dataclass
from typing import Final, NoReturn

import structlog

from reelway.db.base import Database
from reelway.db.script import Script, Value
from reelway.dispatch.base import Dispatch, Done, Later, Outcome, Topic, generation_lane
from reelway.domain.events import EventType
from reelway.domain.generation import Generation
from reelway.domain.states import State
from reelway.errors import Conflict, ProviderError, ProviderFault
from reelway.events import store as events
from reelway.events.live import Live, Progress
from reelway.generations import rates, store
from reelway.generations.callbacks import CallbackUrls
from reelway.generations.ending import count_end, end
from reelway.generations.finish import Finisher, NotAClip
from reelway.generations.inputs import InputStore
from reelway.kit import logs
from reelway.kit.backoff import backoff_s
from reelway.kit.clock import Clock
from reelway.kit.metrics import Metrics
from reelway.kit.tracing import Span, Tracing
from reelway.providers import base as providers
from reelway.providers.base import Absent, CannotTell, Found, Handle, NotStopped, Order, Stopped
from reelway.providers.registry import Providers
from reelway.routing import budgets
from reelway.routing.health import Health
from reelway.routing.router import Plan, Router
from reelway.webhooks.announce import Announcer

_log = structlog.get_logger(__name__)

_FINAL_FAULTS: Final = frozenset(
    {
        ProviderFault.REFUSED,
        ProviderFault.REJECTED,
        ProviderFault.CREDENTIALS,
        ProviderFault.FUNDS,
        ProviderFault.MODEL_GONE,
    }
)
# An answer that proves that no job was made, and that the next try there would fare no better.
_ELSEWHERE: Final = frozenset({ProviderFault.CREDENTIALS, ProviderFault.FUNDS, ProviderFault.MODEL_GONE})
_HEED_EVERY_S: Final = 2.0  # who cancels wakes who follows; that may be missed, so look now and then
_TAKEN_OVER_S: Final = 5.0  # when to look again at a job that somebody else changed under us
_BAD_LOOKS_MAX: Final = 8  # unreadable or not-found answers in a row before the job is given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The operator's limits; seconds."""

    job_age_max_s: float
    unknown_age_max_s: float
    submit_attempts_max: int
    retry_first_s: float
    retry_most_s: float


@dataclass(slots=True)
class _Watch:
    """Following one job at the provider: one span for all its looks."""

    span: Span
    looks: int = 0
    ready_s: float | None = None  # monotonic: the look that found the clip

    def over(self) -> None:
        self.span.end({"reelway.looks": self.looks})


class _Ended(Exception):
    """The generation reached a final state."""


class Advancer:
    """The handler of Topic.GENERATION."""

    def __init__(
        self,
        *,
        db: Database,
        providers: Providers,
        finisher: Finisher,
        inputs: InputStore,
        dispatch: Dispatch,
        live: Live,
        announcer: Announcer,
        clock: Clock,
        policy: Policy,
        rng: random.Random,
        metrics: Metrics,
        tracing: Tracing,
        callback_urls: CallbackUrls,
        router: Router,
        health: Health,
    ) -> None:
        self._db = db
        self._providers = providers
        self._finisher = finisher
        self._inputs = inputs
        self._dispatch = dispatch
        self._live = live
        self._announcer = announcer
        self._clock = clock
        self._policy = policy
        self._rng = rng
        self._metrics = metrics
        self._tracing = tracing
        self._callback_urls = callback_urls
        self._router = router
        self._health = health

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
                    begun = await self._submit(g)
                case State.SUBMITTING:
                    begun = await self._reconcile(g)
                case _:
                    begun = g, await self._handle(g)
            if isinstance(begun, Later):
                return begun
            watch = _Watch(self._tracing.begin("follow"))
            try:
                return await self._follow(*begun, watch)
            finally:
                watch.over()
        except _Ended:
            pass
        except Conflict as error:
            # Cancelled meanwhile, or taken over by another worker: the row says what is true. One that has not
            # ended is never let go of, whoever has it now.
            self._metrics.takeovers.labels(g.provider).inc()
            _log.info("generation_taken_over", generation=g.id, reason=error.message)
            row = await self._db.read(store.by_id(g.id))
            if row is not None and not row.ended:
                return Later(_TAKEN_OVER_S)
        return Done()

    # -- submitting --------------------------------------------------------------------------

    async def _submit(self, g: Generation) -> tuple[Generation, Handle] | Later:
        """queued -> submitting -> running, or back to queued, or ended, or unknown."""
        closed_s = await self._health.wait_s(g.provider, g.upstream_model)
        if closed_s:
            return await self._wait_or_move(g, closed_s)
        if not await self._may_submit(g):
            return Later(0)
        try:
            g, number, key = await self._db.write(self._begin_attempt(g))
        except ProviderError as error:  # its budget is spent
            return await self._move_or_fail(g, error)
        self._live.changed(g.id)
        provider = self._providers.get(g.provider)
        try:
            handle = await provider.submit(self._order(g, key))
        except ProviderError as error:
            await self._health.failed(g.provider, g.upstream_model, error)
            if error.no_job or error.fault in _ELSEWHERE:
                return await self._try_again(g, number, error)
            if error.fault in _FINAL_FAULTS:
                await self._db.write(self._end_attempt(g, number, "rejected", error))
                await self._fail(g, error.code, error.message)
            await self._db.write(self._end_attempt(g, number, "unknown", error))
            return await self._reconcile(g)
        await self._health.worked(g.provider, g.upstream_model)
        try:
            return await self._accepted(g, number, handle), handle
        except Conflict:
            await self._abandon(g, handle)
            raise

    async def _may_submit(self, g: Generation) -> bool:
        """Wait for the account's rate, still queued; False when this worker is to stop."""
        per_minute = self._providers.facts(g.provider).submits_per_minute
        while per_minute is not None:
            now_ms = self._clock.now_ms()
            taken = await self._db.write(rates.reserve(g.provider, per_minute, now_ms))
            ends_s = self._clock.monotonic_s() + (taken.at_ms - now_ms) / 1000
            while (left_s := ends_s - self._clock.monotonic_s()) > 0:
                if self._dispatch.draining:
                    return False
                await self._live.wait(g.id, left_s)
            if isinstance(taken, rates.Reserved):
                break
        return True

    async def _reconcile(self, g: Generation) -> tuple[Generation, Handle] | Later:
        """After a lost answer or a crash while submitting: ask the provider, never send blindly."""
        attempts = await self._db.read(store.attempts(g.id))
        last = attempts[-1]
        try:
            order = self._order(g, store.order_key(g, attempts))
            found = await self._providers.get(g.provider).find(order)
        except ProviderError as error:
            _log.warning("reconcile_failed", generation=g.id, provider=g.provider, error=error.message)
            found = CannotTell()
        match found:
            case Found(handle):
                return await self._accepted(g, last.number, handle), handle
            case Absent():
                absent = ProviderError(ProviderFault.UNAVAILABLE, "the provider has no such job", no_job=True)
                return await self._try_again(g, last.number, absent, outcome="absent")
            case CannotTell():
                return await self._hold_unknown(g, last)

    async def _accepted(self, g: Generation, number: int, handle: Handle) -> Generation:
        def script() -> Script[Generation]:
            now = self._clock.now_ms()
            yield from store.end_attempt(g, number, "accepted", now, handle=handle)
            moved = yield from store.move(g, State.RUNNING)
            yield from events.record(g.id, EventType.RUNNING, {"served_by": g.provider}, now)
            return moved

        moved = await self._db.write(script())
        self._live.changed(g.id)
        self._metrics.start_seconds.labels(g.provider).observe(max(self._clock.now_ms() - g.created_at, 0) / 1000)
        return moved

    async def _abandon(self, g: Generation, handle: Handle) -> None:
        """The provider took it while the row changed: if it has ended, nobody will follow this job, so stop it."""
        row = await self._db.read(store.by_id(g.id))
        if row is None or not row.ended:
            return  # another worker has it, under the same key
        try:
            outcome = await self._providers.get(g.provider).cancel(handle)
        except ProviderError as error:
            outcome = NotStopped(error.message)
        stopped = isinstance(outcome, Stopped)
        _log.warning("accepted_too_late", generation=g.id, provider=g.provider, stopped=stopped)

    async def _try_again(self, g: Generation, number: int, error: ProviderError, *, outcome: str = "rejected") -> Later:
        """It is proven that no job was made: to another upstream at once, else back to the queue, after a while."""
        gave_up = number >= self._policy.submit_attempts_max
        plan = None if gave_up else await self._elsewhere(g)
        if plan is not None:
            await self._db.write(self._move(g, plan, error, number, outcome))
            self._live.changed(g.id)
            return Later(0, lane=generation_lane(plan.provider))
        if gave_up or error.fault in _FINAL_FAULTS:
            await self._db.write(self._end_attempt(g, number, "rejected", error))
            await self._fail(g, error.code, error.message + (f"; gave up after {number} attempts" if gave_up else ""))
        wait_s = error.retry_after_s
        if wait_s is None:
            first_s, most_s = self._policy.retry_first_s, self._policy.retry_most_s
            wait_s = backoff_s(number - 1, first_s=first_s, most_s=most_s, rng=self._rng)

        def script() -> Script[None]:
            now = self._clock.now_ms()
            yield from self._end_attempt(g, number, outcome, error)
            yield from self._give_back_budget(g)
            yield from store.move(g, State.QUEUED)
            data = {"fault": error.fault, "message": error.message, "again_in_s": round(wait_s, 3)}
            yield from events.record(g.id, EventType.RETRYING, data, now)

        await self._db.write(script())
        self._live.changed(g.id)
        return Later(wait_s)

    async def _wait_or_move(self, g: Generation, closed_s: float) -> Later:
        """Its upstream is found failing: to another one, else wait until that is tried again."""
        plan = await self._elsewhere(g)
        if plan is None:
            return Later(min(closed_s, self._policy.retry_most_s))
        circuit = self._health.circuit(g.provider, g.upstream_model)
        message = "it is found failing" if circuit is None else circuit.message
        error = ProviderError(ProviderFault.UNAVAILABLE, message, no_job=True)
        await self._db.write(self._move(g, plan, error))
        self._live.changed(g.id)
        return Later(0, lane=generation_lane(plan.provider))

    async def _move_or_fail(self, g: Generation, error: ProviderError) -> Later:
        """Nothing was sent: to another upstream, else the end."""
        plan = await self._elsewhere(g)
        if plan is None:
            await self._fail(g, error.code, error.message)
        await self._db.write(self._move(g, plan, error))
        self._live.changed(g.id)
        return Later(0, lane=generation_lane(plan.provider))

    async def _elsewhere(self, g: Generation) -> Plan | None:
        """Another upstream for it that was not tried yet, or None."""
        attempts = await self._db.read(store.attempts(g.id))
        tried = {(a.provider, a.upstream_model) for a in attempts} | {(g.provider, g.upstream_model)}
        return self._router.next(g, tried)

    def _move(
        self, g: Generation, plan: Plan, error: ProviderError, number: int | None = None, outcome: str = "rejected"
    ) -> Script[None]:
        """The row, its place in the queue and its history go on at another upstream."""
        now = self._clock.now_ms()
        if number is not None:
            yield from self._end_attempt(g, number, outcome, error)
            yield from self._give_back_budget(g)
            g = yield from store.move(g, State.QUEUED)
        yield from store.reroute(g, plan.provider, plan.upstream_model, plan.expected_cost_microusd)
        yield from self._dispatch.reroute(Topic.GENERATION, g.id, generation_lane(plan.provider))
        data = {"from": g.provider, "to": plan.provider, "fault": error.fault, "message": error.message}
        yield from events.record(g.id, EventType.REROUTED, data, now)

    def _give_back_budget(self, g: Generation) -> Script[None]:
        facts = self._providers.facts(g.provider)
        yield from budgets.correct(g.provider, facts, -g.expected_cost_microusd, self._clock.now_ms())

    async def _hold_unknown(self, g: Generation, last: store.Attempt) -> Later:
        """The provider cannot tell: keep the money held, tell the owner once, expire by policy."""
        now = self._clock.now_ms()
        history = await self._db.read(events.events_after(g.id, 0))
        if not any(e.type is EventType.UNKNOWN for e in history):
            await self._db.write(self._note_unknown(g, last))
            self._live.changed(g.id)
        if now - last.started_at > self._policy.unknown_age_max_s * 1000:
            message = "the provider's answer was lost and it never said whether it has the job; credits are returned"
            await self._end(g, State.EXPIRED, "outcome_unknown", message)
        ends_at = last.started_at + int(self._policy.unknown_age_max_s * 1000) + 1
        return Later(min(self._policy.retry_most_s, max(ends_at - now, 100) / 1000))

    def _note_unknown(self, g: Generation, last: store.Attempt) -> Script[None]:
        now = self._clock.now_ms()
        yield from store.fence(g)
        if last.outcome == "started":
            yield from store.end_attempt(
                g, last.number, "unknown", now, message="the server stopped before the answer came"
            )
        yield from events.record(g.id, EventType.UNKNOWN, {"attempt": last.number}, now)

    # -- following ---------------------------------------------------------------------------

    async def _follow(self, g: Generation, handle: Handle, watch: _Watch) -> Later:
        """Look until it is done; raises _Ended. Returns when this worker is to stop: another one goes on."""
        facts = self._providers.facts(g.provider)
        provider = self._providers.get(g.provider)
        age_s = max(self._clock.now_ms() - g.created_at, 0) / 1000
        deadline_s = self._clock.monotonic_s() + max(self._policy.job_age_max_s - age_s, 0)
        wait_s, bad_looks, not_there = facts.poll_first_s, 0, 0
        told, heeded_s = g.cancel_requested, self._clock.monotonic_s()
        while not self._dispatch.draining:
            if g.state is State.RUNNING and (told or self._clock.monotonic_s() - heeded_s > _HEED_EVERY_S):
                await self._heed_cancel(g, handle)
                heeded_s = self._clock.monotonic_s()
            if self._clock.monotonic_s() > deadline_s:
                await self._expire(g, handle)
            watch.looks += 1
            try:
                progress = await provider.poll(handle)
                bad_looks = 0
            except ProviderError as error:
                progress = self._bad_look(g, error, bad_looks)
                bad_looks += error.fault is not ProviderFault.UNAVAILABLE
            match progress:
                case providers.Waiting(fraction_done=fraction, look_again_s=again_s):
                    if fraction is not None:
                        self._live.progressed(g.id, Progress(min(max(fraction, 0.0), 1.0), g.provider))
                    told = await self._live.wait(g.id, again_s or wait_s)
                    wait_s = min(wait_s * 1.3, facts.poll_most_s)
                case providers.Failed(fault=fault, message=message):
                    await self._health.failed(g.provider, g.upstream_model, ProviderError(fault, message))
                    await provider.discard(handle)
                    await self._fail(g, f"provider_{fault}", message)
                case providers.Done() as done:
                    watch.over()
                    if watch.ready_s is None:
                        watch.ready_s = self._clock.monotonic_s()
                    g, fault = await self._store(g, handle, done, deadline_s, watch.ready_s)
                    not_there += fault is ProviderFault.NOT_FOUND
                    if not_there > _BAD_LOOKS_MAX:
                        await provider.discard(handle)
                        await self._fail(g, "clip_gone", "the provider says it is done, but its file is not there")
                    pause_s = backoff_s(
                        not_there, first_s=self._policy.retry_first_s, most_s=self._policy.retry_most_s, rng=self._rng
                    )
                    await self._live.wait(g.id, pause_s)
        return Later(0)

    def _bad_look(self, g: Generation, error: ProviderError, bad_looks: int) -> providers.Progress:
        """An answer that says nothing about the job: look again, but not for ever."""
        _log.warning("poll_failed", generation=g.id, provider=g.provider, fault=error.fault, error=error.message)
        if error.fault in _FINAL_FAULTS or bad_looks >= _BAD_LOOKS_MAX:
            return providers.Failed(fault=error.fault, message=error.message)
        wait_s = backoff_s(bad_looks, first_s=0.5, most_s=self._policy.retry_most_s, rng=self._rng)
        return providers.Waiting(started=True, look_again_s=error.retry_after_s or wait_s)

    async def _heed_cancel(self, g: Generation, handle: Handle) -> None:
        if not await self._db.read(store.cancel_requested(g.id)):
            return
        try:
            outcome = await self._providers.get(g.provider).cancel(handle)
        except ProviderError as error:
            outcome = NotStopped(error.message)
        match outcome:
            case Stopped(refunded=refunded):
                charge = 0 if refunded else g.price_microusd
                message = "cancelled" if refunded else "cancelled; the provider gives no refund for a running job"
                await self._end(g, State.CANCELLED, "cancelled", message, charge_microusd=charge)
            case NotStopped(message):
                _log.info("cancel_impossible", generation=g.id, reason=message)
                await self._db.write(store.forget_cancel(g))
                self._live.changed(g.id)

    async def _expire(self, g: Generation, handle: Handle) -> None:
        try:
            await self._providers.get(g.provider).cancel(handle)
        except ProviderError as error:
            _log.warning("cancel_failed", generation=g.id, error=error.message)
        limit = f"{self._policy.job_age_max_s:g} s"
        await self._end(g, State.EXPIRED, "expired", f"not finished within {limit}; credits are returned")

    # -- storing and ending ------------------------------------------------------------------

    async def _store(
        self, g: Generation, handle: Handle, done: providers.Done, deadline_s: float, ready_s: float
    ) -> tuple[Generation, ProviderFault]:
        """running -> storing -> succeeded; raises _Ended. Returns why the bytes could not be had: look again."""
        if g.state is State.RUNNING:
            g = await self._db.write(self._begin_storing(g))
            self._live.changed(g.id)
        try:
            with self._tracing.span("store"):
                finished = await self._finisher.store(g, done, retry_until_s=deadline_s)
        except NotAClip as error:
            await self._providers.get(g.provider).discard(handle)
            await self._fail(g, "unreadable_clip", error.message)
        except ProviderError as error:
            self._metrics.provider_errors.labels(g.provider, "download", error.fault).inc()
            _log.warning("download_failed", generation=g.id, provider=g.provider, error=error.message)
            return g, error.fault
        columns = store.finished_columns(finished.output, finished.meta, done.cost_microusd)
        await self._finish(g, State.SUCCEEDED, finished.charge_microusd, columns)
        if g.started_at is not None:
            self._health.took(g.provider, g.upstream_model, max(self._clock.now_ms() - g.started_at, 0) / 1000)
        self._metrics.settle_seconds.labels(g.provider).observe(self._clock.monotonic_s() - ready_s)
        await self._providers.get(g.provider).discard(handle)
        raise _Ended

    async def _fail(self, g: Generation, code: str, message: str) -> NoReturn:
        await self._end(g, State.FAILED, code, message)

    async def _end(self, g: Generation, state: State, code: str, message: str, *, charge_microusd: int = 0) -> NoReturn:
        """End without a clip; raises _Ended."""
        columns: dict[str, Value] = {"error_code": code, "error_message": message[:2000]}
        await self._finish(g, state, charge_microusd, columns)
        raise _Ended

    async def _finish(self, g: Generation, state: State, charge_microusd: int, columns: dict[str, Value]) -> None:
        now = self._clock.now_ms()

        def script() -> Script[tuple[Generation, list[str]]]:
            if g.state is not State.QUEUED:  # its budget was taken with the submit
                cost = columns.get("cost_microusd")
                if cost is None:
                    cost = g.expected_cost_microusd if state is State.SUCCEEDED or charge_microusd else 0
                assert isinstance(cost, int)
                facts = self._providers.facts(g.provider)
                yield from budgets.correct(g.provider, facts, cost - g.expected_cost_microusd, now)
            return (yield from end(g, state, self._announcer, now, charge_microusd=charge_microusd, **columns))

        with self._tracing.span("settle", {"reelway.state": state}):
            ended, deliveries = await self._db.write(script())
        count_end(self._metrics, ended)
        _log.info(
            "generation_ended",
            generation=g.id,
            state=state,
            served_by=g.provider,
            charged_microusd=charge_microusd,
            error=ended.error_code,
            took_s=round((now - g.created_at) / 1000, 2),
        )
        self._live.ended(g.id)
        for delivery in deliveries:
            self._dispatch.wake(Topic.DELIVERY, delivery)
        await self._inputs.drop(g.spec.assets)

    # -- small scripts -----------------------------------------------------------------------

    def _begin_attempt(self, g: Generation) -> Script[tuple[Generation, int, str]]:
        now = self._clock.now_ms()
        yield from budgets.take(g.provider, self._providers.facts(g.provider), g.expected_cost_microusd, now)
        moved = yield from store.move(g, State.SUBMITTING, started_at=g.started_at or now)
        number = yield from store.start_attempt(moved, now)
        yield from events.record(g.id, EventType.SUBMITTING, {"attempt": number, "served_by": g.provider}, now)
        earlier = [] if number == 1 else (yield from store.attempts(g.id))
        return moved, number, store.order_key(g, earlier)

    def _begin_storing(self, g: Generation) -> Script[Generation]:
        moved = yield from store.move(g, State.STORING)
        yield from events.record(g.id, EventType.STORING, {}, self._clock.now_ms())
        return moved

    def _end_attempt(self, g: Generation, number: int, outcome: str, error: ProviderError) -> Script[None]:
        yield from store.fence(g)
        yield from store.end_attempt(g, number, outcome, self._clock.now_ms(), fault=error.fault, message=error.message)

    async def _handle(self, g: Generation) -> Handle:
        attempts = await self._db.read(store.attempts(g.id))
        handle = attempts[-1].handle
        if handle is None:
            raise Conflict(f"{g.id} is {g.state} without a handle")
        return handle

    def _order(self, g: Generation, key: str) -> Order:
        callback_url = self._callback_urls.url(g.provider, g.id)
        return Order(key=key, spec=g.spec, upstream_model=g.upstream_model, callback_url=callback_url)
