"""A generation as OpenAI's video object: all thirteen documented keys, then what only we can say."""

from math import floor
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response

from reelway.api.headers import POLL_AFTER, allowance_headers, generation_headers
from reelway.api.services import Services
from reelway.domain.files import CONTACT_SHEET, THUMBNAIL
from reelway.domain.generation import Dialect, Generation
from reelway.domain.money import usd
from reelway.domain.states import State
from reelway.errors import ConfigError
from reelway.webhooks.payloads import passes_payload

POLL_AFTER_MS: Final = "1000"

_STATUS: Final = {
    State.QUEUED: "queued",
    State.SUBMITTING: "in_progress",
    State.RUNNING: "in_progress",
    State.STORING: "in_progress",
    State.SUCCEEDED: "completed",
    State.FAILED: "failed",
    State.CANCELLED: "failed",
    State.EXPIRED: "failed",
}
_WITHOUT_MESSAGE: Final = {
    State.FAILED: "The generation failed.",
    State.CANCELLED: "The generation was cancelled.",
    State.EXPIRED: "The generation took too long and expired.",
}


class Renderer:
    """Turns generations into video objects and responses; one per process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._previews: dict[str, bool] = {}

    def preview(self, provider: str) -> bool:
        """Whether that provider makes previews instead of the named model's picture."""
        known = self._previews.get(provider)
        if known is None:
            try:
                known = self._services.providers.facts(provider).previews
            except ConfigError:  # a plug-in that was taken out; its old clips stay
                known = False
            self._previews[provider] = known
        return known

    def video(self, g: Generation) -> dict[str, Any]:
        """The object, ready for JSON."""
        shown = None if g.progress is None else self._services.queries.progress(g)
        return video_object(g, preview=self.preview(g.provider), progress_source=shown.source if shown else None)

    def encoded(self, g: Generation) -> bytes:
        """The object as JSON."""
        return orjson.dumps(self.video(g))

    def created(self, g: Generation, available_microusd: int) -> bytes:
        """The object as JSON, with what is left for the next one."""
        return orjson.dumps(self.video(g) | {"balance_usd": usd(available_microusd)})

    def respond(self, request: Request, g: Generation, *, body: bytes | None = None, status: int = 200) -> Response:
        """The answer about one video, with the headers that say when to look again and who serves it."""
        headers = generation_headers(g, preview=self.preview(g.provider)) | allowance_headers(request)
        if not g.ended:
            headers[POLL_AFTER] = POLL_AFTER_MS
        content = self.encoded(g) if body is None else body
        return Response(content, status_code=status, headers=headers, media_type="application/json")


def video_object(g: Generation, *, preview: bool, progress_source: str | None) -> dict[str, Any]:
    """`progress` is the provider's own figure or 0, never a guess; 100 means completed."""
    done = g.state is State.SUCCEEDED
    return {
        "id": g.id,
        "object": "video",
        "model": g.model,
        "status": _STATUS[g.state],
        "progress": percent(g),
        "created_at": g.created_at // 1000,
        "completed_at": None if g.ended_at is None else g.ended_at // 1000,
        "expires_at": None,  # kept until deleted
        "prompt": g.spec.prompt,
        "size": g.spec.size if g.output is None else f"{g.output.width}x{g.output.height}",
        "seconds": seconds(g),
        "remixed_from_video_id": g.echo.get("remixed_from_video_id") if g.dialect is Dialect.OPENAI else None,
        "error": error_of(g),
        # -- ours ------------------------------------------------------------------------------
        "number": g.number,
        "url": g.clip_url if done else None,
        "thumbnail_url": g.file_url(THUMBNAIL) if done else None,
        "spritesheet_url": g.file_url(CONTACT_SHEET) if done else None,
        "early_picture_url": g.early_picture_url,
        "passes": passes_payload(g),
        "served_by": g.provider,
        "upstream_model": g.upstream_model,
        "preview": preview,
        "preview_notice": _notice(g) if preview else None,
        "purse": g.purse,
        "price_usd": usd(g.price_microusd),
        "charged_usd": None if g.charged_microusd is None else usd(g.charged_microusd),
        "balance_usd": None,  # told by the answer to create
        "progress_source": progress_source,
        "fps": g.spec.fps,
        "frames": g.spec.frames,
        "seed": g.spec.seed,
        "audio": g.spec.audio,
        "track_id": g.track_id,
        "cancel_requested": g.cancel_requested,
        "meta": g.meta,
    }


def percent(g: Generation) -> int:
    """0 to 99 while it is made, 100 when it is completed; 0 when the provider says nothing."""
    if g.state is State.SUCCEEDED:
        return 100
    if g.progress is None or g.ended:
        return 0
    return min(max(floor(g.progress * 100), 0), 99)


def seconds(g: Generation) -> str:
    """Of the clip that was asked for, or that was made instead: "5", "2.5"."""
    asked = float(g.spec.duration_s)
    if g.output is not None and abs(g.output.duration_s - asked) > asked / 20:
        return f"{g.output.duration_s:g}"
    return f"{asked:g}"


def error_of(g: Generation) -> dict[str, str] | None:
    """Why there is no clip; None while there may still be one."""
    if not g.ended or g.state is State.SUCCEEDED:
        return None
    return {"code": g.error_code or g.state, "message": g.error_message or _WITHOUT_MESSAGE[g.state]}


def _notice(g: Generation) -> str:
    if g.model == "previz":
        return "A stylised preview, rendered by Reelway's own engine."
    return f"A stylised preview, rendered by Reelway's own engine in place of {g.model}: not that model's picture."
