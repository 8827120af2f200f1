"""Forms as lists of fields, the same for every dialect; and what makes two of them the same request."""

import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final, TypeAlias

import orjson
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request

from reelway.errors import InvalidRequest

_FIELDS_MAX: Final = 200
_FILES_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in a form."""

    data: bytes
    media_type: str


Items: TypeAlias = list[tuple[str, str | Upload]]


def form_kind(request: Request, body: bytes) -> str | None:
    """`multipart`, `urlencoded`, or None for everything else, by the content type.

    A JSON object is one whatever the type says: `curl -d '{…}'` calls it a form.
    """
    if body[:64].lstrip().startswith(b"{"):
        return None
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return {"multipart/form-data": "multipart", "application/x-www-form-urlencoded": "urlencoded"}.get(media_type)


async def read_form(request: Request, body: bytes) -> Items:
    """Fields in the order they came; raises InvalidRequest (`invalid_form`) for what is no form."""
    headers = Headers({"content-type": request.headers["content-type"]})
    parser: MultiPartParser | FormParser
    if form_kind(request, body) == "multipart":
        parser = MultiPartParser(
            headers, _stream(body), max_files=_FILES_MAX, max_fields=_FIELDS_MAX, max_part_size=len(body) + 1
        )
    else:
        parser = FormParser(headers, _stream(body), max_fields=_FIELDS_MAX, max_part_size=len(body) + 1)
    try:
        form = await parser.parse()
    except (MultiPartException, ValueError, LookupError) as error:
        told = getattr(error, "message", None) or str(error)
        raise InvalidRequest(f"the form cannot be read: {told}", code="invalid_form") from None
    items: Items = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            items.append((_whole(name), Upload(await value.read(), (value.content_type or "").lower())))
        else:
            items.append((_whole(name), _whole(value)))
    await form.close()
    return items


def fingerprint(items: Items) -> bytes:
    """Equal for equal fields. Not the raw body: the boundary in it is random, and two equal requests would differ."""
    return orjson.dumps(
        [
            [name, value.media_type, hashlib.sha256(value.data).hexdigest()]
            if isinstance(value, Upload)
            else [name, value]
            for name, value in items
        ]
    )


def _whole(text: str) -> str:
    """A part may name a charset (utf-7, raw_unicode_escape) that makes half characters, which no JSON can carry."""
    return text.encode("utf-8", "replace").decode()


async def _stream(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body
    yield b""
