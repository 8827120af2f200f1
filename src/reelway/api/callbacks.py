"""Where providers call to say that something happened at their end. A call wakes who follows the job, nothing more.

Its URL cannot be guessed, the provider's signature is checked over the raw body where there is one, and the same call
again is passed over.
"""

from collections import OrderedDict
from hashlib import sha256
from typing import Any, Final

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from reelway.api.body import read_body
from reelway.api.services import Services
from reelway.domain.generation import GenerationId
from reelway.errors import NotFound, Unauthenticated
from reelway.generations.callbacks import PATH, signs
from reelway.providers.base import Callback

_log = structlog.get_logger(__name__)
_BODY_BYTES_MAX: Final = 1 << 20
_REMEMBERED_MAX: Final = 4096


def routes(services: Services) -> list[BaseRoute]:
    """`POST /callbacks/…`; not in the document, as only providers call it."""
    return [Route(f"{PATH}/{{provider}}/{{id}}/{{token}}", Callbacks(services).take, methods=["POST"])]


class Callbacks:
    """One per process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    async def take(self, request: Request) -> Response:
        """204 for one that is genuine, also when there is nothing left to wake."""
        provider, id_ = request.path_params["provider"], GenerationId(request.path_params["id"])
        if not signs(self._services.operator_secret, provider, id_, request.path_params["token"]):
            raise NotFound("no such callback")
        body = await read_body(request, _BODY_BYTES_MAX)
        if provider not in self._services.providers.names():
            raise NotFound(f"no provider {provider}")
        if (challenge := _challenge(body)) is not None:
            return JSONResponse({"challenge": challenge})
        seen = sha256(f"{provider}/{id_}/".encode() + body).digest()
        if seen in self._seen:
            return Response(status_code=204)
        base = self._services.settings.public_url or str(request.base_url)
        callback = Callback(
            url=base.rstrip("/") + request.url.path,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
            now_ms=self._services.clock.now_ms(),
        )
        if not await self._services.providers.get(provider).genuine(callback):
            _log.warning("callback_not_genuine", provider=provider, generation=id_)
            raise Unauthenticated("the signature of this callback is missing, wrong or old")
        self._seen[seen] = None
        if len(self._seen) > _REMEMBERED_MAX:
            self._seen.popitem(last=False)
        self._services.live.changed(id_)
        return Response(status_code=204)


def _challenge(body: bytes) -> str | int | None:
    """What MiniMax wants to be told back within 3 seconds, else it never calls; None in a call about a job."""
    try:
        said: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    challenge = said.get("challenge") if isinstance(said, dict) else None
    return challenge if isinstance(challenge, str | int) else None
