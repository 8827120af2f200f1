"""The one way a generation ends: state, money, history and announcements in one transaction; then all who wait hear."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from reelway.db.base import Database
from reelway.db.script import Script, Value
from reelway.dispatch.base import Dispatch, Done, Topic
from reelway.domain.events import EventType
from reelway.domain.generation import Generation
from reelway.domain.states import State
from reelway.events import store as events
from reelway.events.live import Live
from reelway.generations import store
from reelway.generations.early import EarlyPictures
from reelway.generations.inputs import InputStore
from reelway.kit.clock import Clock
from reelway.kit.metrics import Metrics
from reelway.kit.tracing import Tracing
from reelway.ledger import ledger
from reelway.providers.base import Facts
from reelway.routing import budgets
from reelway.webhooks.announce import Announcer

_log = structlog.get_logger(__name__)

_EVENT: Final = {
    State.SUCCEEDED: EventType.SUCCEEDED,
    State.FAILED: EventType.FAILED,
    State.CANCELLED: EventType.CANCELLED,
    State.EXPIRED: EventType.EXPIRED,
}


@dataclass(frozen=True, slots=True)
class Ended:
    """A generation that a transaction has ended, and the deliveries that are to tell of it."""

    generation: Generation
    deliveries: list[str]


def end(
    g: Generation,
    state: State,
    announcer: Announcer,
    now_ms: int,
    *,
    charge_microusd: int = 0,
    **columns: Value,
) -> Script[Ended]:
    """End `g`; raises Conflict when somebody else changed it first.

    A charge of 0 of a hold above 0 releases it; everything else settles, also 0 of 0.
    """
    ended = yield from store.move(g, state, ended_at=now_ms, charged_microusd=charge_microusd, **columns)
    if charge_microusd or (state is State.SUCCEEDED and not g.price_microusd):
        yield from ledger.settle(g.id, charge_microusd, now_ms)
    else:
        yield from ledger.release(g.id, now_ms)
    data = {"charged_microusd": charge_microusd, "error": ended.error_code}
    yield from events.record(g.id, _EVENT[state], data, now_ms)
    deliveries = yield from announcer.announce(ended, _EVENT[state], now_ms)
    return Ended(ended, deliveries)


class Ending:
    """For whoever decides that it is over: the worker that has it, its caller, the sweep."""

    def __init__(
        self,
        *,
        db: Database,
        dispatch: Dispatch,
        live: Live,
        announcer: Announcer,
        inputs: InputStore,
        early_pictures: EarlyPictures,
        clock: Clock,
        metrics: Metrics,
        tracing: Tracing,
        facts: Callable[[str], Facts],
    ) -> None:
        self._db = db
        self._dispatch = dispatch
        self._live = live
        self._announcer = announcer
        self._inputs = inputs
        self._early_pictures = early_pictures
        self._clock = clock
        self._metrics = metrics
        self._tracing = tracing
        self._facts = facts

    async def fail(self, g: Generation, code: str, message: str) -> Done:
        """By the worker that has it: there will be no clip, and the credits are returned."""
        return await self.end(g, State.FAILED, error_code=code, error_message=message[:2000])

    async def end(self, g: Generation, state: State, *, charge_microusd: int = 0, **columns: Value) -> Done:
        """By the worker that has it; raises Conflict when somebody else changed it first."""
        with self._tracing.span("settle", {"reelway.state": state}):
            ended = await self._db.write(self.script(g, state, charge_microusd=charge_microusd, **columns))
        _log.info(
            "generation_ended",
            generation=g.id,
            state=state,
            served_by=g.provider,
            charged_microusd=charge_microusd,
            error=ended.generation.error_code,
            took_s=round(_took_s(ended.generation), 2),
        )
        await self.tell(ended)
        return Done()

    def script(self, g: Generation, state: State, *, charge_microusd: int = 0, **columns: Value) -> Script[Ended]:
        """The end, and its budget set right, as part of the caller's transaction; `tell` comes after the commit."""
        now = self._clock.now_ms()
        if g.state is not State.QUEUED:  # its budget was taken with the submit
            cost = columns.get("cost_microusd")
            if cost is None:
                cost = g.expected_cost_microusd if state is State.SUCCEEDED or charge_microusd else 0
            assert isinstance(cost, int)
            yield from budgets.correct(g.provider, self._facts(g.provider), cost - g.expected_cost_microusd, now)
        return (yield from end(g, state, self._announcer, now, charge_microusd=charge_microusd, **columns))

    async def tell(self, ended: Ended) -> None:
        """After the commit: it is counted, whoever waits hears of it, and what only served the making goes."""
        g = ended.generation
        self._metrics.ended.labels(g.state, g.provider, g.model).inc()
        self._metrics.generation_seconds.labels(g.provider, g.state).observe(_took_s(g))
        self._metrics.charged_microusd.labels(g.purse, g.provider).inc(g.charged_microusd or 0)
        self._live.ended(g.id)
        for delivery in ended.deliveries:
            self._dispatch.wake(Topic.DELIVERY, delivery)
        await self._inputs.drop(g.spec.assets)
        if g.early_picture:
            await self._early_pictures.drop(g)


def _took_s(g: Generation) -> float:
    return max((g.ended_at or g.created_at) - g.created_at, 0) / 1000
