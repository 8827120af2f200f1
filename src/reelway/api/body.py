"""Reading request bodies: capped, and JSON that no parser of ours chokes on."""

from typing import Any

import orjson
from starlette.requests import Request

from reelway.errors import InvalidRequest, TooLarge


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The whole body; raises TooLarge before it is read when the client announces more, else as soon as it is more."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > bytes_max:
        raise _too_large(bytes_max)
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > bytes_max:
            raise _too_large(bytes_max)
        chunks.append(chunk)
    return b"".join(chunks)


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object (NaN and Infinity are not JSON); raises InvalidRequest saying where it breaks."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(
            f"the body is not JSON: {error}; send Content-Type: application/json and one JSON object",
            code="invalid_json",
        ) from None
    if not isinstance(parsed, dict):
        raise InvalidRequest(f"the body is a JSON {type(parsed).__name__}; send one JSON object", code="invalid_json")
    return parsed


def _too_large(bytes_max: int) -> TooLarge:
    return TooLarge(f"the body has more than {bytes_max} bytes; send large files as URLs")
