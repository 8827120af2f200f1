"""/v1/webhook_deliveries: what was sent where, what came back, and sending it again."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reelway.api.dialects.native.account import listed
from reelway.api.dialects.native.endpoints import keeper
from reelway.api.dialects.openai.videos import page_limit
from reelway.api.headers import allowance_headers
from reelway.api.problems import json_response
from reelway.api.services import Services
from reelway.dispatch.base import Topic
from reelway.errors import InvalidRequest
from reelway.webhooks import deliveries as rows
from reelway.webhooks.deliveries import Delivery, DeliveryAttempt, DeliveryState


class Deliveries:
    """The delivery log of the caller's workspace."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def page(self, request: Request) -> Response:
        """Newest first; `?video_id=`, `?endpoint_id=` and `?state=` narrow it down."""
        caller = await keeper(self._services, request)
        limit, query = page_limit(request), request.query_params
        found = await self._services.db.scan(
            rows.list_deliveries(
                caller.workspace_id,
                generation_id=query.get("video_id") or None,
                endpoint_id=query.get("endpoint_id") or None,
                state=_state(query.get("state")),
                after=query.get("after") or None,
                limit=limit + 1,
            )
        )
        return json_response(listed([shown(d) for d in found], limit), headers=allowance_headers(request))

    async def retrieve(self, request: Request) -> Response:
        """With its body and every attempt."""
        caller = await keeper(self._services, request)
        found, attempts = await self._services.db.read(
            rows.get_delivery(caller.workspace_id, request.path_params["id"])
        )
        body = shown(found) | {"body": found.body, "attempt_log": [_attempt(a) for a in attempts]}
        return json_response(body, headers=allowance_headers(request))

    async def resend(self, request: Request) -> Response:
        """The same event and body once more, as a new delivery."""
        caller = await keeper(self._services, request)
        services = self._services
        sent = await services.db.write(
            rows.resend(services.dispatch, caller.workspace_id, request.path_params["id"], services.clock.now_ms())
        )
        services.dispatch.wake(Topic.DELIVERY, sent.id)
        return json_response(shown(sent), status=202, headers=allowance_headers(request))


def shown(delivery: Delivery) -> dict[str, Any]:
    """One line of the log."""
    return {
        "id": delivery.id,
        "object": "webhook_delivery",
        "video_id": delivery.generation_id,
        "endpoint_id": delivery.endpoint_id,
        "url": delivery.url,
        "event_id": delivery.event_id,
        "event_type": delivery.event_type,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "next_at": None if delivery.next_at is None else delivery.next_at // 1000,
        "created_at": delivery.created_at // 1000,
        "ended_at": None if delivery.ended_at is None else delivery.ended_at // 1000,
    }


def _attempt(attempt: DeliveryAttempt) -> dict[str, Any]:
    return {
        "number": attempt.number,
        "at": attempt.at // 1000,
        "took_ms": attempt.took_ms,
        "status": attempt.status,
        "error": attempt.error,
        "response": attempt.response,
    }


def _state(said: str | None) -> DeliveryState | None:
    if not said:
        return None
    try:
        return DeliveryState(said)
    except ValueError:
        raise InvalidRequest(f"state is one of {', '.join(DeliveryState)}, not {said[:40]!r}", param="state") from None
