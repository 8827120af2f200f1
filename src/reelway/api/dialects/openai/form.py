"""The fields of a request body, JSON or form; the official SDK always sends multipart."""

from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request

from reelway.accounts.idempotency import request_hash
from reelway.api.body import parse_object, read_body
from reelway.api.forms import fingerprint, form_kind, read_form
from reelway.errors import InvalidRequest

_LISTS: Final = frozenset({"passes", "passes[]"})  # said once for each; the brackets are the SDK's


@dataclass(frozen=True, slots=True)
class Fields:
    """What was sent, by name, and what makes two requests the same."""

    values: dict[str, Any]
    request_hash: str


async def read_fields(request: Request, bytes_max: int) -> Fields:
    """Raises InvalidRequest or TooLarge."""
    body = await read_body(request, bytes_max)
    if form_kind(request, body) is None:
        return Fields(parse_object(body), request_hash(request.url.path, body))
    # Forms have no null: an empty field was not said.
    items = [(name, value) for name, value in await read_form(request, body) if value != ""]
    return Fields(_nested(items), request_hash(request.url.path, fingerprint(items)))


def _nested(sent: list[tuple[str, Any]]) -> dict[str, Any]:
    """`input_reference[image_url]` is how the SDK's form says `{"input_reference": {"image_url": …}}`."""
    values: dict[str, Any] = {}
    for name, value in sent:
        if name in _LISTS:
            values.setdefault(name.removesuffix("[]"), []).append(value)
            continue
        outer, bracket, inner = name.partition("[")
        if bracket and inner.endswith("]") and inner[:-1]:
            held = values.setdefault(outer, {})
            if not isinstance(held, dict) or inner[:-1] in held:
                raise InvalidRequest(f"the form says {outer[:80]} twice", param=outer[:80], code="invalid_form")
            held[inner[:-1]] = value
        elif name in values:
            raise InvalidRequest(f"the form says {name[:80]} twice", param=name[:80], code="invalid_form")
        else:
            values[name] = value
    return values
