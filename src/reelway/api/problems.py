"""Errors on the wire: every ReelwayError has a status and a code; each dialect has its own body for them."""

import json
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import orjson
import structlog
from starlette.requests import Request
from starlette.responses import Response

from reelway.api.headers import allowance_headers
from reelway.errors import InvalidRequest, Overloaded, RateLimited, ReelwayError, Unauthenticated

_log = structlog.get_logger(__name__)

Render: TypeAlias = Callable[[ReelwayError], dict[str, Any]]
"""An error as the JSON body of one dialect."""


def respond(request: Request, error: ReelwayError, render: Render) -> Response:
    """The response to a failed request, with the headers that tell when to try again."""
    headers = allowance_headers(request)
    if isinstance(error, RateLimited | Overloaded):
        headers["retry-after"] = str(error.retry_after_s)
    if isinstance(error, RateLimited):
        headers["x-ratelimit-remaining"] = "0"
        headers["x-ratelimit-reset"] = str(error.retry_after_s)
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    return json_response(render(error), status=error.http_status, headers=headers)


def unexpected(request: Request, error: Exception, render: Render) -> Response:
    """A bug: the stack trace goes to the log, a request id to the caller."""
    _log.error("bug", path=request.url.path, method=request.method, exc_info=error)
    message = "Internal server error. Please try again."
    return json_response(render(ReelwayError(message)), status=500, headers={})


def openai_shape(error: ReelwayError) -> dict[str, Any]:
    """`{"error": {"message", "type", "param", "code"}}`, for /v1 and everything native."""
    types: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    kind = types.get(error.http_status, "server_error" if error.http_status >= 500 else "invalid_request_error")
    body: dict[str, Any] = {
        "message": error.message,
        "type": kind,
        "param": error.param if isinstance(error, InvalidRequest) else None,
        "code": error.code,
    }
    if successor := getattr(error, "successor", None):
        body["successor"] = successor
    return {"error": body}


def json_response(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON, encoded once."""
    try:
        encoded = orjson.dumps(body)
    except TypeError:  # half a surrogate pair of the caller's, quoted in a message: escape it
        encoded = json.dumps(body).encode()
    return Response(encoded, status_code=status, headers=headers, media_type="application/json")
