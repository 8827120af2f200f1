"""Finished files at unguessable URLs: Range, ETag, HEAD, correct types; no key, because the URL is the secret."""

from collections.abc import AsyncIterator
from datetime import UTC
from email.utils import format_datetime
from pathlib import PurePosixPath
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from reelway.api.problems import openai_shape, respond
from reelway.api.ranges import Unsatisfiable, range_of
from reelway.api.services import Services
from reelway.domain.files import SUFFIXES
from reelway.errors import NotFound
from reelway.generations.finish import file_key
from reelway.storage.base import StoredFile
from reelway.storage.chunks import close

_HEADERS: Final = {
    "cache-control": "private, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'",
    "cross-origin-resource-policy": "cross-origin",
    "access-control-allow-origin": "*",
    "accept-ranges": "bytes",
}
# Long for a player that is paused and goes on; the bucket's own answer says what the file is.
_PRESIGNED_S: Final = 6 * 3600
_REDIRECT_HEADERS: Final = {
    # No longer than a machine's role, which may be about to change its key, is sure to keep it.
    "cache-control": "private, max-age=240",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "cross-origin",
    "access-control-allow-origin": "*",
}


def routes(services: Services) -> list[Route]:
    """`GET|HEAD /files/{name}`."""

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        token, suffix = split_name(name)
        response = await serve(services, request, file_key(token, suffix)) if token else None
        return response or respond(request, NotFound("no such file, or its video was deleted"), openai_shape)

    return [Route("/files/{name}", file, methods=["GET", "HEAD"], name="file")]


def split_name(name: str) -> tuple[str, str]:
    """`TOKEN-sheet.jpg` -> (`TOKEN`, `-sheet.jpg`); two empty strings when it is none of ours."""
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        token = name.removesuffix(suffix)
        if token != name and token.isascii() and token.isalnum():
            return token, suffix
    return "", ""


async def serve(
    services: Services, request: Request, key: str, *, extra: dict[str, str] | None = None
) -> Response | None:
    """The file of that storage key, as the Range asks, or where the bucket has it; None when there is none."""
    extra = extra or {}
    stored = await services.storage.open(key)
    if stored is None:
        return None
    headers = _HEADERS | {"etag": f'"{stored.etag.strip(chr(34))}"'} | extra
    if _known(request, headers["etag"]):
        return Response(status_code=304, headers=headers)
    if services.settings.files == "redirect":
        url = await services.storage.presigned(
            key,
            expires_s=_PRESIGNED_S,
            method="HEAD" if request.method == "HEAD" else "GET",
            disposition=extra.get("content-disposition"),
        )
        if url is not None:
            return Response(status_code=302, headers=_REDIRECT_HEADERS | extra | {"location": url})
    path = services.storage.local_path(key)
    if path is not None:
        return FileResponse(path, headers=headers, media_type=stored.media_type, stat_result=path.stat())
    return await _stream(services, request, stored, headers)


async def _stream(services: Services, request: Request, stored: StoredFile, headers: dict[str, str]) -> Response:
    """What FileResponse does for a path; several ranges get the whole file."""
    headers = headers | {"last-modified": format_datetime(stored.modified_at.astimezone(UTC), usegmt=True)}
    start, end, status = 0, stored.size_bytes, 200
    if request.method == "GET" and request.headers.get("if-range", headers["etag"]) in (
        headers["etag"],
        headers["last-modified"],
    ):
        try:
            asked = range_of(request.headers.get("range", ""), stored.size_bytes)
        except Unsatisfiable:
            return Response(status_code=416, headers=headers | {"content-range": f"bytes */{stored.size_bytes}"})
        if asked is not None:
            (start, end), status = asked, 206
            headers["content-range"] = f"bytes {start}-{end - 1}/{stored.size_bytes}"
    headers["content-length"] = str(end - start)
    if request.method == "HEAD" or start == end:
        return Response(status_code=status, headers=headers, media_type=stored.media_type)
    chunks = aiter(services.storage.read(stored.key, start, end if status == 206 else None))
    first = await anext(chunks, b"")  # before the status is sent: what fails here is a 404 or 503, no torn answer
    return StreamingResponse(_all(first, chunks), status, headers, stored.media_type)


async def _all(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        yield first
        async for chunk in rest:
            yield chunk
    finally:
        await close(rest)


def _known(request: Request, etag: str) -> bool:
    asked = request.headers.get("if-none-match", "")
    return bool(asked) and (asked.strip() == "*" or etag in [e.strip().removeprefix("W/") for e in asked.split(",")])


def display_name(id: str, suffix: str) -> str:
    """For Content-Disposition: `video_….mp4`."""
    return str(PurePosixPath(id).name) + suffix
