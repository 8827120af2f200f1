"""/v1/webhook_endpoints: register, change, rotate the secret, replay."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reelway.accounts.keys import Caller, Scope
from reelway.api.auth import find_key, sign_in
from reelway.api.dialects.native.bodies import read_model
from reelway.api.dialects.native.schemas import CreateEndpoint, Replay, Rotate, UpdateEndpoint
from reelway.api.dialects.openai.video import Renderer
from reelway.api.headers import allowance_headers
from reelway.api.problems import json_response
from reelway.api.services import Services
from reelway.dispatch.base import Topic
from reelway.generations import store
from reelway.webhooks import endpoints as rows
from reelway.webhooks.announce import Announcer
from reelway.webhooks.endpoints import Endpoint


class Endpoints:
    """The webhook endpoints of the caller's workspace."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._announcer = Announcer(services.dispatch, previews=Renderer(services).preview)

    async def page(self, request: Request) -> Response:
        """All, oldest first."""
        caller = await keeper(self._services, request)
        found = await self._services.db.read(rows.list_endpoints(caller.workspace_id))
        body = {"object": "list", "data": [shown(e) for e in found]}
        return json_response(body, headers=allowance_headers(request))

    async def create(self, request: Request) -> Response:
        """The answer holds the secret."""
        caller = await keeper(self._services, request)
        asked = await read_model(request, CreateEndpoint)
        made = await self._services.db.write(
            rows.create_endpoint(caller.workspace_id, asked.url, asked.event_types, asked.description, self._now())
        )
        return self._with_secret(request, made, status=201)

    async def retrieve(self, request: Request) -> Response:
        """One."""
        caller = await keeper(self._services, request)
        found = await self._services.db.read(rows.get_endpoint(caller.workspace_id, request.path_params["id"]))
        return json_response(shown(found), headers=allowance_headers(request))

    async def update(self, request: Request) -> Response:
        """Only what is sent changes; `enabled: true` forgives what failed."""
        caller = await keeper(self._services, request)
        asked = await read_model(request, UpdateEndpoint)
        changed = await self._services.db.write(
            rows.update_endpoint(
                caller.workspace_id,
                request.path_params["id"],
                self._now(),
                url=asked.url,
                event_types=asked.event_types,
                description=asked.description,
                enabled=asked.enabled,
            )
        )
        return json_response(shown(changed), headers=allowance_headers(request))

    async def delete(self, request: Request) -> Response:
        """Nothing is sent to it any more; its log stays."""
        caller = await keeper(self._services, request)
        id = request.path_params["id"]
        await self._services.db.write(rows.delete_endpoint(caller.workspace_id, id, self._now()))
        body = {"id": id, "object": "webhook_endpoint.deleted", "deleted": True}
        return json_response(body, headers=allowance_headers(request))

    async def rotate(self, request: Request) -> Response:
        """A new secret; the old one signs too until `previous_secret_until`."""
        caller = await keeper(self._services, request)
        asked = await read_model(request, Rotate)
        rotated = await self._services.db.write(
            rows.rotate_secret(
                caller.workspace_id, request.path_params["id"], self._now(), overlap_ms=asked.overlap_s * 1000
            )
        )
        return self._with_secret(request, rotated)

    async def replay(self, request: Request) -> Response:
        """Everything it wants that ended since then, once more."""
        caller = await keeper(self._services, request)
        asked = await read_model(request, Replay)
        done = await self._services.db.write(
            self._announcer.replay(
                caller.workspace_id, request.path_params["id"], asked.since * 1000, self._now(), load=store.by_id
            )
        )
        for delivery_id in done.delivery_ids:
            self._services.dispatch.wake(Topic.DELIVERY, delivery_id)
        body = {
            "object": "webhook_replay",
            "deliveries": len(done.delivery_ids),
            "delivery_ids": done.delivery_ids,
            "next_since": None if done.next_since_ms is None else done.next_since_ms // 1000,
        }
        return json_response(body, status=202, headers=allowance_headers(request))

    def _now(self) -> int:
        return self._services.clock.now_ms()

    def _with_secret(self, request: Request, endpoint: Endpoint, status: int = 200) -> Response:
        body = shown(endpoint) | {"secret": endpoint.secret(self._services.operator_secret)}
        return json_response(body, status=status, headers=allowance_headers(request))


async def keeper(services: Services, request: Request) -> Caller:
    """A caller that may manage webhooks."""
    caller = await sign_in(services, request, find_key(request))
    caller.require(Scope.WEBHOOKS)
    return caller


def shown(endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint without its secret."""
    return {
        "id": endpoint.id,
        "object": "webhook_endpoint",
        "url": endpoint.url,
        "event_types": endpoint.event_types,
        "description": endpoint.description,
        "enabled": endpoint.enabled,
        "disabled_reason": endpoint.disabled_reason,
        "disabled_at": _s(endpoint.disabled_at),
        "failing_since": _s(endpoint.failing_since),
        "previous_secret_until": _s(endpoint.previous_secret_until),
        "created_at": _s(endpoint.created_at),
    }


def _s(at_ms: int | None) -> int | None:
    return None if at_ms is None else at_ms // 1000
