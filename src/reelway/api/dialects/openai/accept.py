"""From understood fields to the answer of a create, whichever path they came by."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from reelway.accounts.keys import Caller
from reelway.api.dialects.openai import fields
from reelway.api.dialects.openai.video import Renderer
from reelway.api.headers import BALANCE, allowance_headers
from reelway.api.services import Services
from reelway.api.urls import base_url
from reelway.domain.generation import Dialect, GenerationRequest
from reelway.domain.money import usd
from reelway.generations.create import Submission

REPLAYED: Final = "idempotent-replayed"


class Acceptor:
    """Creates, or repeats what it answered to the same request before."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._renderer = Renderer(services)

    async def accept(
        self,
        request: Request,
        caller: Caller,
        asked: GenerationRequest,
        values: Mapping[str, Any],
        request_hash: str,
        *,
        echo: dict[str, Any] | None = None,
    ) -> Response:
        """The video object; everything that is wrong is raised, and then nothing was written."""
        submission = Submission(
            request=asked,
            dialect=Dialect.OPENAI,
            family="v1",
            echo=echo or {},
            base_url=base_url(self._services, request),
            webhook_url=fields.text(values, "webhook_url", 2048),
            track_id=fields.track_id(values),
            idempotency_key=request.headers.get("idempotency-key"),
            request_hash=request_hash,
        )
        created = await self._services.creator.create(caller, submission, self._renderer.created)
        if created.generation is None:
            headers = {REPLAYED: "true"} | allowance_headers(request)
            return Response(created.body, headers=headers, media_type="application/json")
        response = self._renderer.respond(request, created.generation, body=created.body)
        response.headers[BALANCE] = usd(created.available_microusd)
        return response
