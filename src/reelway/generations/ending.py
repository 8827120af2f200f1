"""The one way a generation ends: state, money, history and announcements in one transaction."""

from reelway.db.script import Script, Value
from reelway.domain.events import EventType
from reelway.domain.generation import Generation
from reelway.domain.states import State
from reelway.events import store as events
from reelway.generations import store
from reelway.kit.metrics import Metrics
from reelway.ledger import ledger
from reelway.webhooks.announce import Announcer

_EVENT = {
    State.SUCCEEDED: EventType.SUCCEEDED,
    State.FAILED: EventType.FAILED,
    State.CANCELLED: EventType.CANCELLED,
    State.EXPIRED: EventType.EXPIRED,
}


def end(
    g: Generation,
    state: State,
    announcer: Announcer,
    now_ms: int,
    *,
    charge_microusd: int = 0,
    **columns: Value,
) -> Script[tuple[Generation, list[str]]]:
    """End `g`; raises Conflict when somebody else changed it first. Returns it and the deliveries to wake.

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
    return ended, deliveries


def count_end(metrics: Metrics, g: Generation) -> None:
    """After the commit: whoever ended it counts it."""
    took_s = max((g.ended_at or g.created_at) - g.created_at, 0) / 1000
    metrics.ended.labels(g.state, g.provider, g.model).inc()
    metrics.generation_seconds.labels(g.provider, g.state).observe(took_s)
    metrics.charged_microusd.labels(g.purse, g.provider).inc(g.charged_microusd or 0)
