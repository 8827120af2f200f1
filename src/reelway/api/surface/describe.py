"""A plain Starlette route that carries its own description: nothing is parsed or validated between it and us."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]
Json: TypeAlias = dict[str, Any]

ERRORS: Final = {
    400: "The request cannot be served as it is; `param` and `code` say why",
    401: "No API key, or one that is not good",
    402: "The credits do not suffice; nothing was written",
    403: "The key's scopes do not allow this",
    404: "No such thing, or not yours",
    409: "Its state, or an Idempotency-Key used before, does not allow this",
    410: "The model is retired; `successor` names the way on",
    413: "The body is too large",
    429: "Too many requests or generations in flight; `Retry-After` says when",
    503: "Not now; nothing was written; `Retry-After` says when",
}

FILE_TYPES: Final = (
    "video/mp4",
    "image/gif",
    "image/jpeg",
    "image/webp",
    "video/x-matroska",
    "application/json",
    "model/gltf+json",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a request carries: a model, and named examples that a test sends to a real server."""

    model: type[BaseModel]
    examples: Mapping[str, Json]
    multipart: type[BaseModel] | None = None
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What comes back: a JSON model, or bytes of some media type."""

    description: str
    model: type[BaseModel] | None = None
    media_types: tuple[str, ...] = ()
    example: Any = None
    headers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Everything the document says about one endpoint."""

    id: str
    tag: str
    summary: str
    answers: Mapping[int, Answer]
    description: str = ""
    parameters: tuple[Json, ...] = ()
    body: Body | None = None
    errors: tuple[int, ...] = (400, 404)  # besides 401, 403, 429 and 503, which any may give
    public: bool = field(default=False)  # needs no key


class Endpoint(Route):
    """`Endpoint("GET", "/v1/videos/{id}", handler, OPERATION)`; a GET answers HEAD too."""

    def __init__(self, method: str, path: str, handler: Handler, operation: Operation) -> None:
        super().__init__(path, handler, methods=[method], name=operation.id)
        self.method = method
        self.operation = operation

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Leaves the route in the scope, for the metrics."""
        match, child = super().matches(scope)
        if match is not Match.NONE:
            child["route"] = self
        return match, child


def parameter(
    name: str,
    where: Literal["path", "query", "header"],
    description: str,
    schema: Json | None = None,
    example: Any = None,
) -> Json:
    """One parameter; those in the path are required."""
    made: Json = {"name": name, "in": where, "description": description, "schema": schema or {"type": "string"}}
    if where == "path":
        made["required"] = True
    if example is not None:
        made["example"] = example
    return made
