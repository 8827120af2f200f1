"""A generation's history, written in the transaction that made it true."""

from typing import Any

from reelway.db.script import Script, from_json, sql, tell, to_json
from reelway.domain.events import Event, EventType
from reelway.domain.generation import GenerationId


def record(generation_id: GenerationId, type: EventType, data: dict[str, Any], now_ms: int) -> Script[None]:
    """Append. The transaction has changed the generation's row before: that lock keeps the numbers apart."""
    yield tell(
        "INSERT INTO events (generation_id, number, type, at, data)"
        " SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4 FROM events WHERE generation_id = $1",
        generation_id,
        type,
        now_ms,
        to_json(data),
    )


def record_first(generation_id: GenerationId, type: EventType, data: dict[str, Any], now_ms: int) -> Script[None]:
    """The first event of a new generation; spares the look for the last number."""
    yield tell(
        "INSERT INTO events (generation_id, number, type, at, data) VALUES ($1, 1, $2, $3, $4)",
        generation_id,
        type,
        now_ms,
        to_json(data),
    )


def traceparent(generation_id: str) -> Script[str | None]:
    """The trace that its create request belongs to; None when it was not traced."""
    rows = yield sql("SELECT data FROM events WHERE generation_id = $1 AND number = 1", generation_id)
    parent: str | None = from_json(rows[0][0]).get("traceparent") if rows else None
    return parent


def events_after(generation_id: GenerationId, number: int) -> Script[list[Event]]:
    """What happened after event `number` (0: everything), in order."""
    rows = yield sql(
        "SELECT number, type, at, data FROM events WHERE generation_id = $1 AND number > $2 ORDER BY number",
        generation_id,
        number,
    )
    return [
        Event(generation_id=generation_id, number=n, type=EventType(t), at=at, data=from_json(data))
        for n, t, at, data in rows
    ]
