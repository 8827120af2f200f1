"""What the document says about this dialect's endpoints."""

from typing import Any, Final

from reelway.api.dialects.openai import schemas
from reelway.api.surface.describe import FILE_TYPES, Answer, Body, Operation, parameter
from reelway.domain.passes import Pass

_WHO: Final = ("reelway-served-by", "reelway-preview", "reelway-price-usd")
TINY: Final = {"model": "previz", "prompt": "a red kite over the sea", "size": "128x72", "seconds": "1"}
VIDEO_ID: Final = parameter("id", "path", "`video_…`")
IDEMPOTENCY_KEY: Final = parameter(
    "Idempotency-Key",
    "header",
    "The same key and request within 24 hours get the first answer again, and make and cost nothing",
    {"type": "string", "minLength": 1, "maxLength": 255},
)
EXAMPLE: Final[dict[str, Any]] = {
    "id": "video_01kbmpz0a1b2c3d4e5f6g7h8j9",
    "object": "video",
    "model": "sora-2-pro",
    "status": "completed",
    "progress": 100,
    "created_at": 1795392000,
    "completed_at": 1795392021,
    "expires_at": None,
    "prompt": "a lighthouse at dusk, slow dolly in",
    "size": "1280x720",
    "seconds": "4",
    "remixed_from_video_id": None,
    "error": None,
    "number": 17,
    "url": "http://localhost:8080/files/4fZk9w….mp4",
    "thumbnail_url": "http://localhost:8080/files/4fZk9w….webp",
    "spritesheet_url": "http://localhost:8080/files/4fZk9w…-sheet.jpg",
    "early_picture_url": None,
    "passes": {},
    "served_by": "previz",
    "preview": True,
    "preview_notice": "A stylised preview, rendered by Reelway's own engine in place of sora-2-pro:"
    " not that model's picture.",
    "purse": "live",
    "price_usd": "0.00",
    "charged_usd": "0.00",
    "progress_source": None,
    "fps": 24,
    "frames": 96,
    "seed": 1234567,
    "audio": True,
    "track_id": "scene-12",
    "cancel_requested": False,
    "meta": {},
}


def limit(most: int, default: int) -> dict[str, Any]:
    """`?limit=`."""
    return parameter(
        "limit", "query", "Most per page", {"type": "integer", "minimum": 1, "maximum": most, "default": default}
    )


CREATE: Final = Operation(
    id="create_video",
    tag="videos",
    summary="Create a video",
    description="The price is held at once and charged when the clip is stored; every other end gives it back."
    " A size or length the model cannot make is refused before anything is held."
    " `openai-poll-after-ms` says when to look again.",
    parameters=(IDEMPOTENCY_KEY,),
    body=Body(
        model=schemas.CreateVideo,
        multipart=schemas.CreateVideoForm,
        examples={
            "preview": TINY,
            "sora": {"model": "sora-2", "prompt": "refuse: this example is not rendered", "seconds": "4"},
            "everything": TINY
            | {
                "seconds": 1,
                "negative_prompt": "rain",
                "seed": 7,
                "fps": 12,
                "track_id": "scene-12",
                "webhook_url": "https://example.com/hook",
            },
        },
    ),
    answers={
        200: Answer(
            description="Accepted",
            model=schemas.Video,
            example=EXAMPLE
            | {"status": "queued", "progress": 0, "completed_at": None, "url": None, "charged_usd": None}
            | {"thumbnail_url": None, "spritesheet_url": None},
            headers=(*_WHO, "openai-poll-after-ms", "idempotent-replayed"),
        )
    },
    errors=(400, 402, 409, 410, 413),
)

RETRIEVE: Final = Operation(
    id="retrieve_video",
    tag="videos",
    summary="How far a video is",
    parameters=(VIDEO_ID,),
    answers={
        200: Answer(
            description="As it is now",
            model=schemas.Video,
            example=EXAMPLE,
            headers=(*_WHO, "openai-poll-after-ms"),
        )
    },
    errors=(404,),
)

LIST: Final = Operation(
    id="list_videos",
    tag="videos",
    summary="List videos",
    parameters=(
        parameter("after", "query", "The id that the page before ended with"),
        limit(100, 20),
        parameter("order", "query", "By creation", {"type": "string", "enum": ["asc", "desc"], "default": "desc"}),
    ),
    answers={200: Answer(description="A page", model=schemas.VideoList)},
    errors=(400,),
)

DELETE: Final = Operation(
    id="delete_video",
    tag="videos",
    summary="Delete a video",
    description="Only one that has ended; cancel others first. Its files go with it.",
    parameters=(VIDEO_ID,),
    answers={200: Answer(description="It is gone", model=schemas.VideoDeleted)},
    errors=(404, 409),
)

CONTENT: Final = Operation(
    id="download_video",
    tag="videos",
    summary="Download a finished video, its pictures or its passes",
    description="Range, If-None-Match and HEAD work. The clip is the provider's own file, byte for byte.",
    parameters=(
        VIDEO_ID,
        parameter(
            "variant",
            "query",
            "Which file",
            {"type": "string", "enum": ["video", "thumbnail", "spritesheet", *Pass], "default": "video"},
        ),
    ),
    answers={
        200: Answer(
            description="The file",
            media_types=FILE_TYPES,
            headers=("ETag", "Accept-Ranges"),
        ),
        206: Answer(description="The part that Range asked for", media_types=FILE_TYPES, headers=("Content-Range",)),
        304: Answer(description="Not modified"),
    },
)

_ACCEPTED: Final = {200: Answer(description="Accepted", model=schemas.Video, headers=(*_WHO, "openai-poll-after-ms"))}
REMIX: Final = Operation(
    id="remix_video",
    tag="videos",
    summary="Change a finished video by words",
    description="Only models that make video-to-video can. Model, size and length are the source's unless said.",
    parameters=(VIDEO_ID, IDEMPOTENCY_KEY),
    body=Body(model=schemas.RemixVideo, examples={"night": {"prompt": "at night, in the rain"}}),
    answers=_ACCEPTED,
    errors=(400, 402, 404, 409, 410, 413),
)
EDIT: Final = Operation(
    id="edit_video",
    tag="videos",
    summary="Change a finished video, or an uploaded one",
    description="As remix, with the source in `video`: `{id}` in JSON, or a file in a form; a file goes to the model"
    " previz unless another is named.",
    parameters=(IDEMPOTENCY_KEY,),
    body=Body(model=schemas.EditVideo, multipart=schemas.EditVideoForm, examples={}),
    answers=_ACCEPTED,
    errors=(400, 402, 404, 409, 410, 413),
)

MODELS: Final = Operation(
    id="list_models",
    tag="models",
    summary="List what is served",
    answers={200: Answer(description="All models with a route today", model=schemas.ModelList)},
    errors=(),
)

MODEL: Final = Operation(
    id="retrieve_model",
    tag="models",
    summary="One model: what it makes, what that costs, who serves it",
    parameters=(parameter("id", "path", "Id or alias, in any case", example="sora-2-pro"),),
    answers={200: Answer(description="The model", model=schemas.Model)},
    errors=(404,),
)
