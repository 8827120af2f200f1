"""What the API document says about each route: request and answer schemas with examples that work as they stand."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel

from reelway.api.dialects.modelslab.samples import CLIP_DATA_URI, PICTURE_DATA_URI
from reelway.api.dialects.modelslab.schemas import (
    Assets,
    Fetch,
    Fetched,
    ImageToVideoV6,
    ImageToVideoV7,
    Problem,
    Submitted,
    TextToVideoV6,
    TextToVideoV7,
    VideoToVideoV7,
)

TAG: Final = "ModelsLab"
_TINY: Final = {"model_id": "previz", "width": 128, "height": 72, "num_frames": 8, "fps": 8}
_HOST: Final = "http://localhost:8080"

REQUESTS: Final[dict[str, tuple[type[BaseModel], dict[str, Any]]]] = {
    "modelslab_text_to_video": (
        TextToVideoV7,
        {"model_id": "previz", "prompt": "a red kite over the sea", "width": 128, "height": 72, "duration": 1},
    ),
    "modelslab_image_to_video": (
        ImageToVideoV7,
        _TINY | {"prompt": "slow push in", "init_image": PICTURE_DATA_URI},
    ),
    "modelslab_video_to_video": (VideoToVideoV7, _TINY | {"prompt": "at night", "init_video": CLIP_DATA_URI}),
    "modelslab_v6_text2video": (TextToVideoV6, _TINY | {"prompt": "a red kite over the sea", "seed": 7}),
    "modelslab_v6_img2video": (ImageToVideoV6, _TINY | {"prompt": "it turns", "init_image": PICTURE_DATA_URI}),
    "modelslab_v6_text2video_ultra": (TextToVideoV6, _TINY | {"prompt": "rain on a harbour", "portrait": False}),
    "modelslab_v6_img2video_ultra": (ImageToVideoV6, _TINY | {"prompt": "waves", "init_image": PICTURE_DATA_URI}),
}

_SUBMITTED: Final = {
    "status": "processing",
    "tip": "Your video is processing in background, you can get this video using fetch API",
    "eta": 6,
    "message": "Try to fetch request after seconds estimated",
    "fetch_result": f"{_HOST}/api/v7/video-fusion/fetch/147",
    "id": 147,
    "output": [],
    "meta": {"prompt": "a red kite over the sea", "model_id": "previz", "width": 128, "height": 72, "seed": 3644269522},
    "future_links": [f"{_HOST}/files/mK2v8.mp4"],
    "track_id": None,
    "price": "0.00",
    "balance": "10.00",
    "served_by": "previz",
    "preview": True,
    "preview_notice": "This is a preview drawn by Reelway's built-in engine on this server.",
}
_FETCHED: Final = {
    "status": "success",
    "id": 147,
    "output": [f"{_HOST}/files/mK2v8.mp4"],
    "proxy_links": [f"{_HOST}/files/mK2v8.mp4"],
    "generationTime": 4.49,
    "track_id": None,
    "meta": {"prompt": "a red kite over the sea", "model_id": "previz", "width": 128, "height": 72, "seed": 3644269522},
    "served_by": "previz",
    "preview": True,
    "price": "0.00",
}
_MISTAKES: Final[dict[int, tuple[str, str, str]]] = {
    400: ("The request cannot be fulfilled; `message` names the field", "prompt is required", "prompt_required"),
    401: ("No key, or a bad one", "Invalid API key", "invalid_api_key"),
    402: (
        "The price is more than what is left; nothing was written",
        "Insufficient credits. Please add more credits to continue.",
        "insufficient_credits",
    ),
    403: ("The key may not do this", "this key may not generate; its scopes are read", "forbidden"),
    404: ("No such thing", "Model not found: nope", "not_found"),
    409: (
        "The Idempotency-Key was used with another request",
        "this Idempotency-Key was used with another request in the last 24 hours; use a new one",
        "conflict",
    ),
    410: ("The model is retired and nobody serves it; `successor` does", "sora-2 is retired", "model_gone"),
    413: ("The body is too large", "the body has more than 33554432 bytes; send large files as URLs", "too_large"),
    429: (
        "Too many requests, or too many videos in flight",
        "Rate limit exceeded. Maximum 100 queued requests allowed.",
        "rate_limited",
    ),
    503: (
        "Busy or stopping; nothing was written",
        "Service temporarily unavailable. Please try again later.",
        "overloaded",
    ),
}
_SIGNED_IN: Final = (400, 401, 403, 413, 429, 503)
_CREATES: Final = (400, 401, 402, 403, 409, 410, 413, 429, 503)


def create_document(name: str) -> dict[str, Any]:
    """For `add_api_route`: the body of that create path and its answers."""
    model, example = REQUESTS[name]
    idempotency = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "the same key and body get the same answer for 24 hours",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    }
    extra = {"requestBody": _request_body(model, example, required=True), "parameters": [idempotency]}
    return {"openapi_extra": extra, "responses": answers(_SUBMITTED, _CREATES, Submitted)}


def fetch_document(method: str) -> dict[str, Any]:
    """The fetch paths."""
    extra: dict[str, Any] = {"parameters": [path_id("147")]}
    if method == "POST":
        extra["requestBody"] = _request_body(Fetch, {}, required=False)
    return {"openapi_extra": extra, "responses": answers(_FETCHED, _SIGNED_IN, Fetched)}


def unserved_document(body: dict[str, Any]) -> dict[str, Any]:
    """A path of ModelsLab's that answers 400 and says what is served."""
    return {
        "openapi_extra": {"requestBody": _request_body(Fetch, body, required=False)},
        "responses": {400: _problem(400), 401: _problem(401), 413: _problem(413), 429: _problem(429)},
    }


def form_document(example: dict[str, Any], *, assets: bool = False) -> dict[str, Any]:
    """A POST that needs no more than a key (and, for assets, a page)."""
    body = _request_body(Assets if assets else Fetch, {"type": "video", "page": 1} if assets else {}, required=False)
    return {"openapi_extra": {"requestBody": body}, "responses": answers(example, _SIGNED_IN)}


def query_document(example: dict[str, Any], names: Sequence[str] = (), *, id: str | None = None) -> dict[str, Any]:
    """A GET with optional query parameters, or with an id in its path."""
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in names
    ]
    if id is not None:
        parameters.append(path_id(id))
    wrong = (*_SIGNED_IN, 404) if id is not None else _SIGNED_IN
    return {"openapi_extra": {"parameters": parameters}, "responses": answers(example, wrong)}


def path_id(example: str) -> dict[str, Any]:
    """The `{id}` of a path."""
    return {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}, "example": example}


def answers(example: Any, wrong: Sequence[int], model: type[BaseModel] | None = None) -> dict[int | str, Any]:
    """The 200 with its example, and the errors it may come to."""
    schema = model.model_json_schema() if model else {"type": "object"}
    good = {"description": "OK", "content": {"application/json": {"schema": schema, "example": example}}}
    problems: dict[int | str, Any] = {status: _problem(status) for status in sorted(wrong)}
    return {200: good, **problems}


def _problem(status: int) -> dict[str, Any]:
    description, message, code = _MISTAKES[status]
    example: dict[str, Any] = {"status": "error", "message": message, "code": code}
    if status in (429, 503):
        example["retry_after"] = 30
    content = {"schema": Problem.model_json_schema(), "example": example}
    return {"description": description, "content": {"application/json": content}}


def _request_body(model: type[BaseModel], example: dict[str, Any], *, required: bool) -> dict[str, Any]:
    content = {"schema": model.model_json_schema(), "example": example}
    return {"required": required, "content": {"application/json": content}}
