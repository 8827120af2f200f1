"""Errors in ModelsLab's words: `{"status": "error", "message": …}` and what a program can act on beside it."""

from typing import Any, Final

from reelway.errors import (
    Gone,
    InvalidRequest,
    ModelNotFound,
    Overloaded,
    RateLimited,
    ReelwayError,
    StorageError,
    Unauthenticated,
)

_KEY_TIP: Final = (
    'Send it as "key" in the JSON body, as "Authorization: Bearer KEY", as a header "key" or "X-API-Key", or as ?key='
)
_LIST_TIP: Final = "GET /api/v7/models lists what is served"
_UNAVAILABLE: Final = "Service temporarily unavailable. Please try again later."


def problem(error: ReelwayError) -> dict[str, Any]:
    """The body of a failed request; `message` is always a string, and ModelsLab's own where it documents one."""
    body: dict[str, Any] = {"status": "error", "message": error.message, "code": error.code}
    match error:
        case Unauthenticated():
            body |= {"message": "API key required" if error.missing else "Invalid API key", "tip": _KEY_TIP}
        case ModelNotFound():
            body |= {"message": f"Model not found: {error.model}", "nearest": list(error.nearest)}
            body |= {"tip": f"Did you mean {' or '.join(error.nearest)}?" if error.nearest else _LIST_TIP}
        case Gone():
            body |= {"successor": error.successor}
        case RateLimited():
            body |= {"retry_after": error.retry_after_s}
        case Overloaded():
            body |= {"message": _UNAVAILABLE, "tip": error.message, "retry_after": error.retry_after_s}
        case StorageError():
            body |= {"message": _UNAVAILABLE, "tip": error.message}
        case InvalidRequest(code="invalid_json" | "invalid_form"):
            body |= {"message": "Invalid API Request", "tip": error.message}
        case InvalidRequest(param=str()):
            body |= {"param": error.param}
    return body
