"""From a Generation to ModelsLab's envelopes: the answer to a submit, and the four answers to a fetch."""

from math import ceil
from typing import Any, Final

from reelway.domain.generation import Generation
from reelway.domain.money import usd
from reelway.domain.states import State
from reelway.events.live import Progress
from reelway.webhooks.payloads import modelslab_meta, modelslab_payload

FETCH_PATHS: Final = {"v7": "/api/v7/video-fusion/fetch/", "v6": "/api/v6/video/fetch/"}

_SUBMIT_TIP: Final = "Your video is processing in background, you can get this video using fetch API"
_SUBMIT_MESSAGE: Final = "Try to fetch request after seconds estimated"
_FETCH_TIP: Final = "Fetch again when eta seconds have passed, or send a webhook URL with the request and be told"
_FAILED_TIP: Final = "Nothing was charged for it"
_UNKNOWN_TIP: Final = "Check the id, and that the key belongs to the workspace that created the video"
_NO_MESSAGE: Final = {
    State.FAILED: "Failed, Try Again",
    State.CANCELLED: "The generation was cancelled",
    State.EXPIRED: "The generation took too long and expired",
}
_PREVIEW_S_PER_CLIP_S: Final = 6  # what previz takes on two cores
_HOSTED_S: Final = 60
_ETA_S_MAX: Final = 3600


def preview_notice(g: Generation) -> str:
    """Said with every preview: it must never pass for the model's own picture."""
    drawn = "This is a preview drawn by Reelway's built-in engine on this server"
    return f"{drawn}." if g.model == "previz" else f"{drawn}, not a picture by {g.model}."


def submitted(g: Generation, *, preview: bool, available_microusd: int, now_ms: int) -> dict[str, Any]:
    """The answer to a create; `available_microusd` is what is left after the hold."""
    body = {
        "status": "processing",
        "tip": _SUBMIT_TIP,
        "eta": eta_s(g, preview=preview, now_ms=now_ms),
        "message": _SUBMIT_MESSAGE,
        "fetch_result": f"{g.base_url}{FETCH_PATHS[g.family]}{g.number}",
        "id": g.number,
        "output": [],
        "meta": modelslab_meta(g),
        "future_links": [g.clip_url],
        "track_id": g.track_id,
        "price": usd(g.price_microusd),
        "balance": usd(available_microusd),
    }
    return body | _provenance(g, preview=preview)


def fetched(g: Generation, *, preview: bool, progress: Progress | None, now_ms: int) -> dict[str, Any]:
    """The answer to a fetch of one's own generation; no `future_links`, or the CLI downloads everything twice."""
    if not g.ended:
        return _processing(g, preview=preview, progress=progress, now_ms=now_ms)
    if g.state is State.SUCCEEDED:
        return modelslab_payload(g, preview=preview) | _provenance(g, preview=preview)
    return {
        "status": "failed",
        "id": g.number,
        "message": g.error_message or _NO_MESSAGE[g.state],
        "output": "",
        "tip": f"{usd(g.charged_microusd)} USD were charged for it" if g.charged_microusd else _FAILED_TIP,
        "code": g.error_code or str(g.state),
        "track_id": g.track_id,
    }


def unknown() -> dict[str, Any]:
    """The answer to a fetch of nothing, or of somebody else's: the same to the byte."""
    return {"status": "failed", "id": "", "message": "Request not found", "output": "", "tip": _UNKNOWN_TIP}


def eta_s(g: Generation, *, preview: bool, now_ms: int) -> int:
    """Seconds until it is probably done: from its progress where there is one, else from what such clips take."""
    if g.progress and g.progress >= 0.05 and g.started_at:
        left_s = (now_ms - g.started_at) / 1000 * (1 - g.progress) / g.progress
    else:
        whole_s = float(g.spec.duration_s) * _PREVIEW_S_PER_CLIP_S if preview else _HOSTED_S
        left_s = whole_s - (now_ms - g.created_at) / 1000
    return min(max(ceil(left_s), 1), _ETA_S_MAX)


def _processing(g: Generation, *, preview: bool, progress: Progress | None, now_ms: int) -> dict[str, Any]:
    body: dict[str, Any] = {
        "status": "processing",
        "id": g.number,
        "message": "try again later.",
        "output": "",
        "tip": _FETCH_TIP,
        "eta": eta_s(g, preview=preview, now_ms=now_ms),
        "state": g.state,
        "track_id": g.track_id,
    }
    if g.early_picture_url is not None:
        body["early_picture_url"] = g.early_picture_url
    if progress is not None:
        body |= {"progress": round(progress.fraction * 100), "progress_source": progress.source}
    return body | _provenance(g, preview=preview)


def _provenance(g: Generation, *, preview: bool) -> dict[str, Any]:
    said: dict[str, Any] = {"served_by": g.provider, "preview": preview}
    return said | {"preview_notice": preview_notice(g)} if preview else said
