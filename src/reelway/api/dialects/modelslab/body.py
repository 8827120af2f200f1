"""From bytes to fields: JSON whatever the content type says, forms and uploads for those who send them."""

from typing import Any, Final

from starlette.requests import Request

from reelway.api.body import parse_object
from reelway.api.dialects.modelslab.fields import Fields
from reelway.api.forms import Items, Upload, fingerprint, form_kind, read_form

_BOM: Final = b"\xef\xbb\xbf"
_LISTS: Final = frozenset({"init_image", "init_video", "passes"})


async def parse_fields(request: Request, raw: bytes) -> tuple[Fields, bytes]:
    """The fields of a body (none of an empty one) and what makes two requests the same.

    Raises InvalidRequest for what is neither JSON nor a form.
    """
    text = raw.removeprefix(_BOM).strip()
    if not text:
        return Fields({}), b""
    if form_kind(request, text) is not None:
        items = await read_form(request, raw)
        return Fields(_gathered(items)), fingerprint(items)
    return Fields(parse_object(text)), raw


def _gathered(items: Items) -> dict[str, Any]:
    """A repeated name of _LISTS (also written init_image[]) becomes a list; of anything else the last one counts."""
    values: dict[str, Any] = {}
    for written, sent in items:
        value = sent.data if isinstance(sent, Upload) else sent
        name = written.strip().removesuffix("[]")
        if name in _LISTS and name in values:
            earlier = values[name]
            values[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            values[name] = value
    return values
