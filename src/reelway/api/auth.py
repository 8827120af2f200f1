"""Who is calling: the key, wherever the client put it, and its allowance."""

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request

from reelway.accounts.keys import Caller, authenticate
from reelway.accounts.limits import Allowance
from reelway.api.services import Services

_KEY_CHARS_MAX: Final = 512


def find_key(request: Request, body: Mapping[str, Any] | None = None) -> str | None:
    """Body `key`, `Authorization: Bearer`, header `key`, `X-API-Key`, `?key=`: the first one that is there."""
    in_body = body.get("key") if body else None
    if isinstance(in_body, str) and in_body.strip():
        return in_body.strip()
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    for name in ("key", "x-api-key"):
        if value := request.headers.get(name, "").strip():
            return value
    return request.query_params.get("key", "").strip() or None


async def sign_in(services: Services, request: Request, key: str | None) -> Caller:
    """The caller; raises Unauthenticated or RateLimited. Leaves the allowance on the request for the headers."""
    if key is not None and len(key) > _KEY_CHARS_MAX:
        key = key[:_KEY_CHARS_MAX]
    caller = await services.db.read(authenticate(key))
    allowance: Allowance = services.rate_limit.take(caller.key_id, services.clock.monotonic_s())
    request.state.allowance = allowance
    services.keys_used[caller.key_id] = services.clock.now_ms()
    return caller
