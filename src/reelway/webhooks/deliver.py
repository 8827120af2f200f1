"""Send what is due, write down what came of it, and try again by the schedule: at least once, with one id.

A crash between the answer and its record means one more send, with the same webhook-id.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

import structlog

from reelway.db.base import Database
from reelway.db.script import Script
from reelway.dispatch.base import Done, Later, Outcome
from reelway.errors import Conflict, OutboundError
from reelway.events.store import traceparent
from reelway.kit.clock import Clock
from reelway.kit.metrics import Metrics
from reelway.kit.outbound import Outbound
from reelway.kit.tracing import Tracing
from reelway.webhooks.deliveries import (
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    add_attempt,
    delivery_by_id,
    postpone,
)
from reelway.webhooks.endpoints import Endpoint, disable, endpoint_of_delivery, note_failure, note_success
from reelway.webhooks.signing import sign

USER_AGENT: Final = "Reelway-Webhooks/1"
RESPONSE_BYTES_KEPT: Final = 1024
SENDS_MAX: Final = 64  # at a time, so that waiting for a connection never eats a receiver's time
SENDS_PER_WORKSPACE_MAX: Final = 8  # so that one slow receiver delays its owner only

_GONE: Final = 410
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A delivery and the endpoint it goes to, if it goes to one that still exists."""

    delivery: Delivery
    endpoint: Endpoint | None

    @property
    def url(self) -> str:
        """Where the endpoint is now, not where it was when the event happened."""
        return self.delivery.url if self.endpoint is None else self.endpoint.url

    @property
    def undeliverable(self) -> str | None:
        """Why it is not to be sent at all."""
        if self.delivery.endpoint_id is None:
            return None
        if self.endpoint is None:
            return "the endpoint was deleted"
        return None if self.endpoint.enabled else f"the endpoint is disabled: {self.endpoint.disabled_reason}"


class Deliverer:
    """Handler of Topic.DELIVERY.

    `schedule_s` are the seconds before each attempt, counted from the one before; its length is the number of
    attempts. The first attempt is due when the delivery is written.
    """

    def __init__(
        self,
        db: Database,
        outbound: Outbound,
        clock: Clock,
        *,
        operator_secret: bytes,
        schedule_s: Sequence[float],
        timeout_s: float,
        disable_after_s: float,
        metrics: Metrics,
        tracing: Tracing,
    ) -> None:
        self._db = db
        self._outbound = outbound
        self._clock = clock
        self._operator_secret = operator_secret
        self._schedule_ms = tuple(round(s * 1000) for s in schedule_s) or (0,)
        self._timeout_s = timeout_s
        self._disable_after_ms = round(disable_after_s * 1000)
        self._metrics = metrics
        self._tracing = tracing
        self._sends = asyncio.Semaphore(SENDS_MAX)
        self._lanes: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def deliver(self, delivery_id: str) -> Outcome:
        """Send it if it is due; Done once it has ended."""
        delivery = await self._db.read(delivery_by_id(delivery_id))
        if delivery is None or delivery.next_at is None:
            return Done()
        structlog.contextvars.bind_contextvars(generation=delivery.generation_id, delivery=delivery_id)
        wait_ms = delivery.next_at - self._clock.now_ms()
        if wait_ms > 0:
            return await self._wait(delivery, wait_ms)
        async with self._place(delivery.workspace_id):
            return await self._attempt(delivery_id)

    async def _wait(self, delivery: Delivery, wait_ms: int) -> Outcome:
        """Until it is due; no longer than its step when the clock was set back in between."""
        step_ms = self._schedule_ms[min(delivery.attempts, len(self._schedule_ms) - 1)]
        if wait_ms > step_ms:
            wait_ms = step_ms
            await self._db.write(postpone(delivery, self._clock.now_ms() + wait_ms))
        return Later(wait_ms / 1000)

    @asynccontextmanager
    async def _place(self, workspace_id: str) -> AsyncIterator[None]:
        lane = self._lanes.get(workspace_id)
        if lane is None:
            lane = self._lanes[workspace_id] = asyncio.Semaphore(SENDS_PER_WORKSPACE_MAX)
        async with lane, self._sends:
            yield

    async def _attempt(self, delivery_id: str) -> Outcome:
        parcel = await self._db.read(_parcel(delivery_id))  # again: it may have waited for its place
        if parcel is None or parcel.delivery.next_at is None:
            return Done()
        if parcel.undeliverable is not None:
            attempt = self._unsent(parcel.delivery, parcel.undeliverable)
            return await self._conclude(parcel, attempt, final=True)
        parent = await self._db.read(traceparent(parcel.delivery.generation_id)) if self._tracing.on else None
        about = {"reelway.generation": parcel.delivery.generation_id, "reelway.delivery": delivery_id}
        with self._tracing.span("webhook", about, kind="client", parent=parent) as span:
            attempt, final = await self._send(parcel)
            span.note({"reelway.attempt": attempt.number, "reelway.outcome": _outcome(attempt)})
        return await self._conclude(parcel, attempt, final=final)

    async def _conclude(self, parcel: _Parcel, attempt: DeliveryAttempt, *, final: bool) -> Outcome:
        self._metrics.webhook_attempts.labels(_outcome(attempt)).inc()
        now_ms = self._clock.now_ms()
        next_at = None if attempt.ok or final else self._next_at(attempt.number, now_ms)
        try:
            disabled = await self._db.write(self._record(parcel, attempt, now_ms, next_at))
        except Conflict:  # another worker took us for dead and was quicker: the row says how it went on
            return Later(0)
        if next_at is None:
            state = DeliveryState.DELIVERED if attempt.ok else DeliveryState.FAILED
            self._metrics.webhook_deliveries_ended.labels(state).inc()
        if attempt.ok:
            self._metrics.webhook_seconds.observe(max(now_ms - parcel.delivery.created_at, 0) / 1000)
        if disabled is not None:
            self._metrics.webhook_endpoints_disabled.inc()
            _log.warning(
                "webhook_endpoint_disabled",
                endpoint_id=parcel.delivery.endpoint_id,
                workspace_id=parcel.delivery.workspace_id,
                reason=disabled,
            )
        return Done() if next_at is None else Later((next_at - now_ms) / 1000)

    async def _send(self, parcel: _Parcel) -> tuple[DeliveryAttempt, bool]:
        """One request; the second value says that no other can go better."""
        at, started_s = self._clock.now_ms(), self._clock.monotonic_s()
        body = parcel.delivery.body.encode()
        status: int | None = None
        error: str | None = None
        response: str | None = None
        final = False
        try:
            reply = await self._outbound.send(
                "POST",
                parcel.url,
                body=body,
                headers=self._headers(parcel, at, body),
                timeout_s=self._timeout_s,
                response_bytes_max=RESPONSE_BYTES_KEPT,
                cut_long_response=True,
            )
        except OutboundError as failure:
            error, final = f"{failure.reason}: {failure.message}", failure.reason == "bad_url"
        else:
            status, final = reply.status, reply.status == _GONE
            response = reply.body.decode(errors="replace").replace("\0", "\ufffd")
            error = _complaint(status)
        attempt = DeliveryAttempt(
            number=parcel.delivery.attempts + 1,
            at=at,
            took_ms=round((self._clock.monotonic_s() - started_s) * 1000),
            status=status,
            error=error,
            response=response,
        )
        return attempt, final

    def _headers(self, parcel: _Parcel, now_ms: int, body: bytes) -> dict[str, str]:
        """Standard Webhooks; no signature where there is no secret: the request's own `webhook` field."""
        event_id, timestamp_s = parcel.delivery.event_id, now_ms // 1000
        headers = {
            "Content-Type": "application/json",
            "User-Agent": USER_AGENT,
            "webhook-id": event_id,
            "webhook-timestamp": str(timestamp_s),
        }
        if parcel.endpoint is not None:
            secrets = parcel.endpoint.secrets(self._operator_secret, now_ms)
            headers["webhook-signature"] = sign(secrets, event_id, timestamp_s, body)
        if (here := self._tracing.here()) is not None:
            headers["traceparent"] = here
        return headers

    def _next_at(self, attempts: int, now_ms: int) -> int | None:
        """When to try again after `attempts` attempts; None when the schedule is used up."""
        return now_ms + self._schedule_ms[attempts] if attempts < len(self._schedule_ms) else None

    def _unsent(self, delivery: Delivery, why: str) -> DeliveryAttempt:
        return DeliveryAttempt(
            number=delivery.attempts + 1,
            at=self._clock.now_ms(),
            took_ms=0,
            status=None,
            error=f"not_sent: {why}",
            response=None,
        )

    def _record(
        self, parcel: _Parcel, attempt: DeliveryAttempt, now_ms: int, next_at: int | None
    ) -> Script[str | None]:
        """Attempt, delivery and the endpoint's health, together; returns why it got disabled, or None."""
        state = DeliveryState.PENDING
        if next_at is None:
            state = DeliveryState.DELIVERED if attempt.ok else DeliveryState.FAILED
        yield from add_attempt(parcel.delivery, attempt, state, parcel.url, next_at, now_ms)
        if parcel.endpoint is None or parcel.undeliverable is not None:
            return None
        if attempt.ok:
            yield from note_success(parcel.endpoint.id)
            return None
        if attempt.status == _GONE:
            return (yield from disable(parcel.endpoint.id, "the receiver answered 410 Gone", now_ms))
        return (yield from note_failure(parcel.endpoint.id, now_ms, self._disable_after_ms))


def _parcel(delivery_id: str) -> Script[_Parcel | None]:
    delivery = yield from delivery_by_id(delivery_id)
    if delivery is None:
        return None
    if delivery.endpoint_id is None:
        return _Parcel(delivery, None)
    return _Parcel(delivery, (yield from endpoint_of_delivery(delivery.endpoint_id)))


def _complaint(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"answered {status}: redirects are not followed"
    return f"answered {status}"


def _outcome(attempt: DeliveryAttempt) -> str:
    """ok, 3xx, 4xx, ...; without an answer the reason why there is none."""
    if attempt.status is None:
        return (attempt.error or "").partition(":")[0]
    return "ok" if attempt.ok else f"{attempt.status // 100}xx"
