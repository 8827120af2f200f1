"""Puts the document together: what FastAPI knows of its own routes, and what our endpoints say of themselves."""

from collections.abc import Iterable
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from reelway.api.surface.describe import ERRORS, FILE_TYPES, Answer, Body, Endpoint, Json, Operation, parameter

_ANY_TIME: Final = (401, 403, 429, 503)
_REF: Final = "#/components/schemas/{model}"

DESCRIPTION: Final = """
* Programs written with the `openai` SDKs: point `base_url` at `/v1`.
* Programs written for ModelsLab: point them at `/api`.
* What neither dialect can say is under `/v1` too: quotes, cancel, live events, account, keys, webhooks.

A key that starts with `rw_test_` never reaches a paid provider. Start a prompt with `refuse:`, `fail:`, `slow 3`,
`throttle once` or `lost answer` to try that path. Whoever serves a clip is named in `served_by`; a clip that is a
preview and not the named model's picture says so in `preview`.
""".strip()

TAGS: Final = (
    ("videos", "Create, watch and fetch videos: the OpenAI Videos API, with what Reelway adds"),
    ("models", "What can be asked for, what it costs, who serves it"),
    ("account", "Balances, transfers, quotes and keys"),
    ("webhooks", "Registered endpoints and the log of what was sent to them"),
    ("files", "Finished files at unguessable addresses"),
    ("health", "For monitors"),
)

_SECURITY_SCHEMES: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "`Authorization: Bearer rw_live_…`"},
    "header_key": {"type": "apiKey", "in": "header", "name": "key", "description": "Header `key`, as ModelsLab has it"},
    "x_api_key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "Header `X-API-Key`"},
    "query_key": {
        "type": "apiKey",
        "in": "query",
        "name": "key",
        "description": "`?key=`, for players and EventSource, which cannot send headers. ModelsLab's paths also take"
        " `key` as a field of the JSON body, before all others.",
    },
}


class ErrorDetail(BaseModel):
    """Why a request failed."""

    model_config = ConfigDict(extra="allow")

    message: str = Field(description="Names the value and the way out")
    type: str = Field(description="invalid_request_error, authentication_error, rate_limit_error, server_error, …")
    param: str | None = Field(description="The field at fault")
    code: str = Field(description="For programs; never renamed")


class ErrorBody(BaseModel):
    """The body of every failed request under /v1."""

    error: ErrorDetail


def document(app: FastAPI) -> Json:
    """OpenAPI 3.1 of everything `app` serves."""
    made: Json = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        summary=app.summary,
        description=DESCRIPTION,
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        servers=[{"url": "/", "description": "this server"}],
    )
    endpoints = [c.original_route for c in iter_route_contexts(app.routes) if isinstance(c.original_route, Endpoint)]
    components = made.setdefault("components", {})
    components["securitySchemes"] = components.get("securitySchemes", {}) | _SECURITY_SCHEMES
    components["schemas"] = components.get("schemas", {}) | _schemas(endpoints)
    for endpoint in endpoints:
        made["paths"].setdefault(endpoint.path_format, {})[endpoint.method.lower()] = _operation(endpoint.operation)
    _secure(made["paths"])
    _share(made["paths"], components["schemas"])
    made["paths"]["/files/{name}"] = {"get": _operation(_FILE)}
    named = {tag for tag, _ in TAGS}
    used = {tag for path in made["paths"].values() for operation in path.values() for tag in operation.get("tags", ())}
    made["tags"] = [{"name": n, "description": d} for n, d in TAGS] + [{"name": n} for n in sorted(used - named)]
    made["paths"] = dict(sorted(made["paths"].items()))
    components["schemas"] = dict(sorted(components["schemas"].items()))
    return made


def _secure(paths: Json) -> None:
    """ModelsLab's paths take the key in the body as well, which no scheme can say: hence the empty alternative."""
    for path, operations in paths.items():
        if path.startswith("/api/"):
            for operation in operations.values():
                operation["security"] = [*({name: []} for name in _SECURITY_SCHEMES), {}]


def _share(node: Any, schemas: Json) -> None:
    """A model that is spelled out at every use becomes one component."""
    children: Iterable[Any] = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        _share(child, schemas)
    inline = node.get("schema") if isinstance(node, dict) else None
    if isinstance(inline, dict) and "title" in inline and "properties" in inline:
        name = inline["title"]
        if schemas.setdefault(name, inline) == inline:
            node["schema"] = {"$ref": _REF.format(model=name)}


def _schemas(endpoints: Iterable[Endpoint]) -> Json:
    models: dict[type[BaseModel], None] = {ErrorBody: None}
    for endpoint in endpoints:
        body = endpoint.operation.body
        found = [answer.model for answer in endpoint.operation.answers.values()]
        found += [body.model, body.multipart] if body else []
        models |= dict.fromkeys(m for m in found if m is not None)
    _, defined = models_json_schema([(m, "validation") for m in models], ref_template=_REF)
    definitions: Json = defined.get("$defs", {})
    return definitions


def _operation(operation: Operation) -> Json:
    errors = sorted({*operation.errors, *(() if operation.public else _ANY_TIME)})
    made: Json = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "responses": {str(status): _answer(answer) for status, answer in operation.answers.items()}
        | {str(status): _error(status) for status in errors},
        "security": [] if operation.public else [{name: []} for name in _SECURITY_SCHEMES],
    }
    if operation.description:
        made["description"] = operation.description
    if operation.parameters:
        made["parameters"] = list(operation.parameters)
    if operation.body is not None:
        made["requestBody"] = _body(operation.body)
    return made


def _body(body: Body) -> Json:
    examples = {name: {"value": value} for name, value in body.examples.items()}
    content: Json = {"application/json": {"schema": _ref(body.model)} | ({"examples": examples} if examples else {})}
    if body.multipart is not None:
        content["multipart/form-data"] = {"schema": _ref(body.multipart)}
    return {"required": body.required, "content": content}


def _answer(answer: Answer) -> Json:
    made: Json = {"description": answer.description}
    if answer.model is not None:
        made["content"] = {"application/json": {"schema": _ref(answer.model)}}
        if answer.example is not None:
            made["content"]["application/json"]["example"] = answer.example
    elif answer.media_types:
        made["content"] = {media_type: {"schema": _bytes(media_type)} for media_type in answer.media_types}
    if answer.headers:
        made["headers"] = {name: {"schema": {"type": "string"}} for name in answer.headers}
    return made


def _bytes(media_type: str) -> Json:
    return {"type": "string"} if media_type.startswith("text/") else {}


def _error(status: int) -> Json:
    made: Json = {"description": ERRORS[status], "content": {"application/json": {"schema": _ref(ErrorBody)}}}
    if status in (429, 503):
        made["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}
    return made


def _ref(model: type[BaseModel]) -> dict[str, Any]:
    return {"$ref": _REF.format(model=model.__name__)}


_FILE: Final = Operation(
    id="get_file",
    tag="files",
    summary="A finished file",
    description="The address is the secret: no key. Range, If-None-Match and HEAD work.",
    parameters=(
        parameter(
            "name", "path", "TOKEN.mp4, .gif, .jpg (poster), .webp (thumbnail), -sheet.jpg, or a pass like -depth.mkv"
        ),
    ),
    answers={
        200: Answer(description="The file", media_types=FILE_TYPES, headers=("ETag", "Accept-Ranges")),
        206: Answer(description="The part that Range asked for", media_types=FILE_TYPES, headers=("Content-Range",)),
        304: Answer(description="Not modified"),
    },
    errors=(404,),
    public=True,
)
