"""multipart/form-data bodies, written by aiohttp's own writer. Nothing here opens a connection."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from aiohttp import MultipartWriter
from aiohttp.payload import BytesIOPayload, Payload, StringPayload


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file of a form."""

    name: str
    media_type: str
    data: bytes


async def encode(fields: Mapping[str, str | Upload]) -> tuple[bytes, str]:
    """The body and its Content-Type."""
    writer = MultipartWriter("form-data")
    for name, value in fields.items():
        if isinstance(value, Upload):
            part: Payload = BytesIOPayload(BytesIO(value.data), content_type=value.media_type)
            part.set_content_disposition("form-data", name=name, filename=value.name)
        else:
            part = StringPayload(value)
            part.set_content_disposition("form-data", name=name)
        writer.append_payload(part)
    return await writer.as_bytes(), writer.content_type
