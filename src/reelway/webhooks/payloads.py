"""What a webhook says about a generation: pure functions of the row, one per wire."""

import hashlib
from datetime import UTC, datetime
from typing import Any, Final

from reelway.domain.events import EventType
from reelway.domain.files import pass_suffix
from reelway.domain.generation import Generation
from reelway.domain.money import usd
from reelway.domain.passes import FILES
from reelway.domain.states import State

EVENT_NAMES: Final = {
    EventType.SUCCEEDED: "video.completed",
    EventType.FAILED: "video.failed",
    EventType.CANCELLED: "video.cancelled",
    EventType.EXPIRED: "video.expired",
}
EVENT_OF_STATE: Final = {
    State.SUCCEEDED: EventType.SUCCEEDED,
    State.FAILED: EventType.FAILED,
    State.CANCELLED: EventType.CANCELLED,
    State.EXPIRED: EventType.EXPIRED,
}

_ECHO_CHARS_MAX: Final = 2048  # an input sent as base64 is not sent back
_WITHOUT_MESSAGE: Final = {
    State.FAILED: "Failed, Try Again",
    State.CANCELLED: "The generation was cancelled",
    State.EXPIRED: "The generation took too long and expired",
}


def event_id_of(generation_id: str, event: EventType) -> str:
    """The same for every endpoint, attempt, resend and replay, so that receivers can drop doubles."""
    return "evt_" + hashlib.sha256(f"{generation_id}:{event}".encode()).hexdigest()[:32]


def event_payload(g: Generation, event: EventType, event_id: str, *, preview: bool) -> dict[str, Any]:
    """The body for registered endpoints: OpenAI's envelope; `data.id` is what `GET /v1/videos/{id}` takes.

    `preview` says whether `g.provider` makes previews instead of the named model's picture.
    """
    ended_at = _ended_at(g)
    name = EVENT_NAMES[event]
    succeeded = event is EventType.SUCCEEDED
    return {
        "type": name,
        "timestamp": _iso(ended_at),
        "id": event_id,
        "object": "event",
        "created_at": ended_at // 1000,
        "data": {
            "id": g.id,
            "number": g.number,
            "object": "video",
            "status": name.partition(".")[2],
            "model": g.model,
            "served_by": g.provider,
            "preview": preview,
            "purse": g.purse,
            "url": g.clip_url if succeeded else None,
            "passes": passes_payload(g),
            "size": g.spec.size,
            "seconds": f"{float(g.spec.duration_s):g}",
            "price_usd": usd(g.price_microusd),
            "charged_usd": None if g.charged_microusd is None else usd(g.charged_microusd),
            "track_id": g.track_id,
            "error": None if succeeded else _error(g),
            "created_at": g.created_at // 1000,
            "completed_at": ended_at // 1000,
        },
    }


def modelslab_payload(g: Generation, *, preview: bool) -> dict[str, Any]:
    """The body ModelsLab documents for its `webhook` field (docs/webhooks, read 2026-11), and who served it.

    `id` is the integer that its fetch paths take; `track_id` keeps the JSON type it was sent with.
    """
    ended_at = _ended_at(g)
    if g.state is not State.SUCCEEDED:
        return {
            "status": "failed",
            "id": g.number,
            "message": _message(g),
            "track_id": g.track_id,
        }
    passes = passes_payload(g)
    return {
        "status": "success",
        "id": g.number,
        "output": [g.clip_url],
        "proxy_links": [g.clip_url],
        "generationTime": round((ended_at - (g.started_at or g.created_at)) / 1000, 2),
        "track_id": g.track_id,
        "meta": modelslab_meta(g),
        "served_by": g.provider,
        "preview": preview,
        "price": usd(g.price_microusd),
    } | ({"passes": passes} if passes else {})


def passes_payload(g: Generation) -> dict[str, dict[str, Any]]:
    """Where what lies beside the clip is: each pass, and the JSON that says how to read it or says the same."""
    there = {} if g.output is None else {file.name: file for file in g.output.passes}
    shown = {}
    for one, (name, *rest) in FILES.items():
        if (file := there.get(name)) is not None:
            shown[str(one)] = {
                "url": g.file_url(pass_suffix(name)),
                "content_type": file.media_type,
                "size_bytes": file.size_bytes,
                "meta_url": g.file_url(pass_suffix(rest[0])) if rest else None,
            }
    return shown


def modelslab_meta(g: Generation) -> dict[str, Any]:
    """The caller's own parameters, with what became of them; never the API key, never a whole picture."""
    echo = {name: _shortened(value) for name, value in g.echo.items() if name != "key"}
    spec = g.spec
    effective = {
        "prompt": spec.prompt,
        "negative_prompt": spec.negative_prompt,
        "model_id": g.model,
        "width": spec.width,
        "height": spec.height,
        "fps": spec.fps,
        "num_frames": spec.frames,
        "seed": spec.seed,
        "output_type": spec.output_type,
        "track_id": g.track_id,
        "webhook": g.webhook_url,
    }
    return echo | effective


def _shortened(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _ECHO_CHARS_MAX:
        return f"{value[:64]}… ({len(value)} characters)"
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    return value


def _error(g: Generation) -> dict[str, str]:
    return {"code": g.error_code or g.state, "message": _message(g)}


def _message(g: Generation) -> str:
    return g.error_message or _WITHOUT_MESSAGE[g.state]


def _ended_at(g: Generation) -> int:
    if g.ended_at is None or not g.ended:
        raise ValueError(f"generation {g.id} is {g.state}: only what has ended is announced")
    return g.ended_at


def _iso(at_ms: int) -> str:
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
