"""What is taken of another host's answer: what was asked for, and never more than so many bytes.

Raises OutboundError, with `sent` as it must be once there is an answer.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import aiohttp
from multidict import CIMultiDictProxy

from reelway.errors import OutboundError

READ_BYTES: Final = 64 * 1024


def require_success(host: str, response: aiohttp.ClientResponse) -> None:
    """Raise `bad_status` unless it is 2xx."""
    if not 200 <= response.status < 300:
        raise OutboundError("bad_status", f"{host} answered {response.status}", sent=True, status=response.status)


def refuse_announced(host: str, response: aiohttp.ClientResponse, size_bytes_max: int) -> None:
    """Raise `too_large` when the answer itself says so."""
    if response.content_length is not None and response.content_length > size_bytes_max:
        raise too_large(host, size_bytes_max)


async def whole_body(host: str, response: aiohttp.ClientResponse, size_bytes_max: int, *, cut: bool = False) -> bytes:
    """The body, counted after decompression (which aiohttp does a piece at a time, so a bomb stays small)."""
    if not cut:
        refuse_announced(host, response, size_bytes_max)
    body = bytearray()
    while chunk := await response.content.read(READ_BYTES):
        body += chunk
        if len(body) > size_bytes_max:
            if not cut:
                raise too_large(host, size_bytes_max)
            del body[size_bytes_max:]
            break
    return bytes(body)


def too_large(host: str, size_bytes_max: int) -> OutboundError:
    """It sends more than is taken."""
    return OutboundError("too_large", f"{host} sends more than {size_bytes_max} bytes", sent=True)


def media_type(response: aiohttp.ClientResponse) -> str:
    """The server's word, in lower case, without parameters."""
    given = response.headers.get("Content-Type", "application/octet-stream")
    return given.split(";", 1)[0].strip().lower()


def lower(headers: CIMultiDictProxy[str]) -> Mapping[str, str]:
    """Names in lower case; a repeated header is joined with ", "."""
    return MappingProxyType({name.lower(): ", ".join(headers.getall(name)) for name in headers})
