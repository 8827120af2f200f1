"""Create, retrieve, list and delete; the first two are the hot paths."""

from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from reelway.accounts.keys import Caller
from reelway.api.auth import find_key, sign_in
from reelway.api.dialects.openai.accept import Acceptor
from reelway.api.dialects.openai.form import read_fields
from reelway.api.dialects.openai.submission import canonical, own_names, understand
from reelway.api.dialects.openai.video import Renderer
from reelway.api.headers import allowance_headers
from reelway.api.problems import json_response
from reelway.api.services import Services
from reelway.errors import InvalidRequest
from reelway.generations import store
from reelway.generations.queries import PAGE_MAX

_PAGE_DEFAULT: Final = 20


class Videos:
    """`/v1/videos`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._renderer = Renderer(services)
        self._acceptor = Acceptor(services)

    async def create(self, request: Request) -> Response:
        """POST /v1/videos: accepted, priced and held, or refused with nothing written."""
        caller = await sign_in(self._services, request, find_key(request))
        sent = await read_fields(request, self._services.settings.body_bytes_max)
        with own_names():
            values = canonical(sent.values)
            asked = understand(values, self._services.catalogue)
            return await self._acceptor.accept(request, caller, asked, values, sent.request_hash)

    async def retrieve(self, request: Request) -> Response:
        """GET /v1/videos/{id}."""
        caller = await sign_in(self._services, request, find_key(request))
        g = await self._services.queries.get(caller, request.path_params["id"])
        return self._renderer.respond(request, g)

    async def page(self, request: Request) -> Response:
        """GET /v1/videos?after=&limit=&order=."""
        caller = await sign_in(self._services, request, find_key(request))
        order = request.query_params.get("order", "desc")
        if order not in ("asc", "desc"):
            raise InvalidRequest(
                f"Invalid value: '{order[:40]}'. Supported values are: 'asc' and 'desc'.", param="order"
            )
        after = request.query_params.get("after") or None
        if after is not None:
            await self._check_cursor(caller, after)
        limit = page_limit(request)
        found, more = await self._services.queries.page(caller, after=after, limit=limit, newest_first=order == "desc")
        body = {
            "object": "list",
            "data": [self._renderer.video(g) for g in found],
            "first_id": found[0].id if found else None,
            "last_id": found[-1].id if found else None,
            "has_more": more,
        }
        return Response(orjson.dumps(body), headers=allowance_headers(request), media_type="application/json")

    async def delete(self, request: Request) -> Response:
        """DELETE /v1/videos/{id}: files and listing go, the ledger stays."""
        caller = await sign_in(self._services, request, find_key(request))
        g = await self._services.queries.get(caller, request.path_params["id"])
        await self._services.canceller.delete(caller, g)
        body = {"id": g.id, "object": "video.deleted", "deleted": True}
        return json_response(body, headers=allowance_headers(request))

    async def _check_cursor(self, caller: Caller, after: str) -> None:
        """It was this workspace's; one deleted since is still a place in the list, for who deletes page by page."""
        g = await self._services.db.read(store.by_id(after))
        if g is None or g.workspace_id != caller.workspace_id:
            raise InvalidRequest(f"no video {after[:80]!r} to list after", param="after", code="invalid_cursor")


def page_limit(request: Request, most: int = PAGE_MAX, default: int = _PAGE_DEFAULT) -> int:
    """`?limit=`, 1 to `most`."""
    said = request.query_params.get("limit")
    if said is None or said == "":
        return default
    if not (said.isascii() and said.isdigit() and len(said) <= 9 and 1 <= int(said) <= most):
        raise InvalidRequest(f"limit is an integer from 1 to {most}, not {said[:40]!r}", param="limit")
    return int(said)
