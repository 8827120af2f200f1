"""Finished files at unguessable URLs: Range, ETag, HEAD, correct types; no key, because the URL is the secret."""

from pathlib import PurePosixPath
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from reelway.api.problems import openai_shape, respond
from reelway.api.services import Services
from reelway.errors import NotFound
from reelway.generations.finish import file_key
from reelway.storage.base import media_type_of

SUFFIXES: Final = (".mp4", ".gif", ".jpg", ".webp", "-sheet.jpg")
_HEADERS: Final = {
    "cache-control": "private, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; media-src 'self'; img-src 'self'; style-src 'unsafe-inline'",
    "cross-origin-resource-policy": "cross-origin",
    "access-control-allow-origin": "*",
    "accept-ranges": "bytes",
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
    """The file of that storage key, as the Range asks; None when there is none."""
    stored = await services.storage.open(key)
    if stored is None:
        return None
    headers = _HEADERS | {"etag": f'"{stored.etag.strip(chr(34))}"'} | (extra or {})
    if _known(request, headers["etag"]):
        return Response(status_code=304, headers=headers)
    media_type = media_type_of(key)
    path = services.storage.local_path(key)
    if path is not None:
        return FileResponse(path, headers=headers, media_type=media_type, stat_result=path.stat())
    headers["content-length"] = str(stored.size_bytes)
    return StreamingResponse(services.storage.read(key), headers=headers, media_type=media_type)


def _known(request: Request, etag: str) -> bool:
    asked = request.headers.get("if-none-match", "")
    return bool(asked) and (asked.strip() == "*" or etag in [e.strip().removeprefix("W/") for e in asked.split(",")])


def display_name(id: str, suffix: str) -> str:
    """For Content-Disposition: `video_….mp4`."""
    return str(PurePosixPath(id).name) + suffix
