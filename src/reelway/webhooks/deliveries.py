"""The delivery log: one row for each message to each receiver, every attempt under it, and sending again."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from reelway.db.script import Row, Script, Value, sql, tell
from reelway.dispatch.base import DELIVERIES, Dispatch, Entry, Topic
from reelway.domain.generation import WorkspaceId
from reelway.errors import Conflict, InvalidRequest, NotFound
from reelway.kit.ids import new_id
from reelway.webhooks.endpoints import Endpoint, endpoint_of_delivery

PAGE_MAX: Final = 1000

_COLUMNS: Final = (
    "id, workspace_id, generation_id, endpoint_id, url, event_id, event_type, body, state, attempts, next_at,"
    " created_at, ended_at"
)


class DeliveryState(StrEnum):
    """Where a delivery is; the last two are for ever (a resend is a new row)."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One row; instants are milliseconds since 1970 UTC."""

    id: str  # dlv_…
    workspace_id: WorkspaceId
    generation_id: str
    endpoint_id: str | None  # None: the request's own webhook field
    url: str
    event_id: str  # the webhook-id header: the same over attempts, endpoints, resends and replays
    event_type: str
    body: str  # sent as it is here, byte for byte
    state: DeliveryState
    attempts: int
    next_at: int | None  # None once it has ended
    created_at: int
    ended_at: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAttempt:
    """One request: either it has a `status`, or `error` says why there is none. Both when it was not 2xx."""

    number: int
    at: int
    took_ms: int
    status: int | None
    error: str | None
    response: str | None  # its first KiB

    @property
    def ok(self) -> bool:
        """Whether the receiver took it."""
        return self.error is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What goes to one receiver."""

    workspace_id: WorkspaceId
    generation_id: str
    endpoint_id: str | None
    url: str
    event_id: str
    event_type: str
    body: str


def add_delivery(dispatch: Dispatch, message: Message, now_ms: int) -> Script[str]:
    """Write it down and enqueue it, due now; `dispatch.wake` the id returned after the commit."""
    delivery_id = new_id("dlv", now_ms)
    yield tell(
        "INSERT INTO deliveries (id, workspace_id, generation_id, endpoint_id, url, event_id, event_type,"
        " body, state, next_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9, $9)",
        delivery_id,
        message.workspace_id,
        message.generation_id,
        message.endpoint_id,
        message.url,
        message.event_id,
        message.event_type,
        message.body,
        now_ms,
    )
    yield from dispatch.enqueue(
        Entry(
            topic=Topic.DELIVERY,
            subject=delivery_id,
            lane=DELIVERIES.name,
            owner=message.workspace_id,
            due_at=now_ms,
        )
    )
    return delivery_id


def delivery_by_id(delivery_id: str) -> Script[Delivery | None]:
    """Whoever owns it: for the deliverer only."""
    rows = yield sql(f"SELECT {_COLUMNS} FROM deliveries WHERE id = $1", delivery_id)
    return _delivery(rows[0]) if rows else None


def list_deliveries(
    workspace_id: WorkspaceId,
    *,
    generation_id: str | None = None,
    endpoint_id: str | None = None,
    state: DeliveryState | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Script[list[Delivery]]:
    """Newest first, older than the id `after`; ask for one more than you show to learn if there are more."""
    if not 1 <= limit <= PAGE_MAX:
        raise InvalidRequest(f"limit {limit} is not possible; 1 to {PAGE_MAX} is", param="limit")
    conditions, args = ["workspace_id = $1"], list[Value]([workspace_id])
    for condition, value in (
        ("generation_id =", generation_id),
        ("endpoint_id =", endpoint_id),
        ("state =", state),
        ("id <", after),
    ):
        if value is not None:
            args.append(value)
            conditions.append(f"{condition} ${len(args)}")
    args.append(limit)
    rows = yield sql(
        f"SELECT {_COLUMNS} FROM deliveries WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ${len(args)}",
        *args,
    )
    return [_delivery(row) for row in rows]


def get_delivery(workspace_id: WorkspaceId, delivery_id: str) -> Script[tuple[Delivery, list[DeliveryAttempt]]]:
    """With its attempts, in order. Raises NotFound, also for other people's."""
    delivery = yield from _of_workspace(workspace_id, delivery_id)
    rows = yield sql(
        "SELECT number, at, took_ms, status, error, response FROM delivery_attempts"
        " WHERE delivery_id = $1 ORDER BY number",
        delivery_id,
    )
    attempts = [
        DeliveryAttempt(number=r[0], at=r[1], took_ms=r[2], status=r[3], error=r[4], response=r[5]) for r in rows
    ]
    return delivery, attempts


def resend(dispatch: Dispatch, workspace_id: WorkspaceId, delivery_id: str, now_ms: int) -> Script[Delivery]:
    """The same event and body once more, as a new delivery to where its endpoint is now; wake its id.

    A new row, because dispatch may be about to forget the old one. Raises NotFound; Conflict when the
    endpoint is disabled or deleted, or when the delivery still waits for its next attempt.
    """
    old = yield from _of_workspace(workspace_id, delivery_id)
    if old.state is DeliveryState.PENDING:
        raise Conflict(f"delivery {old.id} has not ended: it is sent again at its next_at without being told")
    url = old.url
    if old.endpoint_id is not None:
        endpoint = yield from endpoint_of_delivery(old.endpoint_id)
        if endpoint is None:
            raise Conflict(f"the endpoint {old.endpoint_id} of this delivery was deleted")
        require_enabled(endpoint)
        url = endpoint.url
    message = Message(
        workspace_id=old.workspace_id,
        generation_id=old.generation_id,
        endpoint_id=old.endpoint_id,
        url=url,
        event_id=old.event_id,
        event_type=old.event_type,
        body=old.body,
    )
    new = yield from add_delivery(dispatch, message, now_ms)
    return (yield from _of_workspace(workspace_id, new))


def require_enabled(endpoint: Endpoint) -> None:
    """Raises Conflict saying why it is disabled."""
    if not endpoint.enabled:
        raise Conflict(f"endpoint {endpoint.id} is disabled ({endpoint.disabled_reason}); enable it first")


# -- what came of an attempt -----------------------------------------------------------------


def postpone(delivery: Delivery, next_at: int) -> Script[None]:
    """Another due time, nothing tried."""
    yield tell(
        "UPDATE deliveries SET next_at = $3 WHERE id = $1 AND attempts = $2 AND state = 'pending'",
        delivery.id,
        delivery.attempts,
        next_at,
    )


def add_attempt(
    delivery: Delivery,
    attempt: DeliveryAttempt,
    state: DeliveryState,
    url: str,
    next_at: int | None,
    now_ms: int,
) -> Script[None]:
    """Record it; raises Conflict when another worker recorded this attempt meanwhile."""
    rows = yield sql(
        "UPDATE deliveries SET state = $3, attempts = $4, url = $5, next_at = $6, ended_at = $7"
        " WHERE id = $1 AND attempts = $2 AND state = 'pending' RETURNING 1",
        delivery.id,
        delivery.attempts,
        state,
        attempt.number,
        url,
        next_at,
        None if state is DeliveryState.PENDING else now_ms,
    )
    if not rows:
        raise Conflict(f"delivery {delivery.id} changed meanwhile")
    yield tell(
        "INSERT INTO delivery_attempts (delivery_id, number, at, took_ms, status, error, response)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        delivery.id,
        attempt.number,
        attempt.at,
        attempt.took_ms,
        attempt.status,
        attempt.error,
        attempt.response,
    )


def _of_workspace(workspace_id: WorkspaceId, delivery_id: str) -> Script[Delivery]:
    rows = yield sql(
        f"SELECT {_COLUMNS} FROM deliveries WHERE id = $1 AND workspace_id = $2",
        delivery_id,
        workspace_id,
    )
    if not rows:
        raise NotFound(f"no webhook delivery {delivery_id[:100]!r}")
    return _delivery(rows[0])


def _delivery(row: Row) -> Delivery:
    return Delivery(
        id=row[0],
        workspace_id=WorkspaceId(row[1]),
        generation_id=row[2],
        endpoint_id=row[3],
        url=row[4],
        event_id=row[5],
        event_type=row[6],
        body=row[7],
        state=DeliveryState(row[8]),
        attempts=row[9],
        next_at=row[10],
        created_at=row[11],
        ended_at=row[12],
    )
