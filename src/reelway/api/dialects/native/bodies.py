"""Small JSON bodies, checked by a model; all that is wrong becomes a 400 with the field's name."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from reelway.api.body import parse_object, read_body
from reelway.errors import InvalidRequest

M = TypeVar("M", bound=BaseModel)
_BYTES_MAX = 64 << 10


async def read_model(request: Request, model: type[M]) -> M:
    """The body as `model`; an empty body is `{}`. Raises InvalidRequest or TooLarge."""
    body = await read_body(request, _BYTES_MAX)
    values = parse_object(body) if body.strip() else {}
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])[:120]
        raise InvalidRequest(f"{where}: {first['msg']}", param=where) from None
