"""What every ModelsLab route does first: read the body, find the key, let it in."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from reelway.accounts.keys import Caller
from reelway.api.auth import find_key, sign_in
from reelway.api.body import read_body
from reelway.api.dialects.modelslab.body import parse_fields
from reelway.api.dialects.modelslab.fields import Fields
from reelway.api.headers import allowance_headers
from reelway.api.problems import json_response
from reelway.api.services import Services
from reelway.errors import InvalidRequest

Endpoint: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of somebody we know."""

    caller: Caller
    fields: Fields
    fingerprint: bytes  # equal for equal requests


async def receive(services: Services, request: Request) -> Asked:
    """Raises Unauthenticated, RateLimited, TooLarge, or InvalidRequest for a body that cannot be read."""
    raw = await read_body(request, services.settings.body_bytes_max)
    try:
        fields, fingerprint = await parse_fields(request, raw)
        fields.text("key")
    except InvalidRequest:
        # A broken body hides a key that was in it: one who sent none elsewhere is told of the body.
        if (key := find_key(request)) is not None:
            await sign_in(services, request, key)
        raise
    caller = await sign_in(services, request, find_key(request, fields.values))
    return Asked(caller=caller, fields=fields, fingerprint=fingerprint)


def answer(request: Request, body: Any, headers: dict[str, str] | None = None) -> Response:
    """200 with the caller's allowance in the headers."""
    return json_response(body, headers=allowance_headers(request) | (headers or {}))
