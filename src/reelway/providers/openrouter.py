"""OpenRouter: many vendors' models through one key. Facts and their sources are in docs/providers/openrouter.md.

Read on 2026-11-22: openrouter 1.3.84, openrouter.ai/docs/api_reference/videos, a copy of GET /videos/models.
"""

import re
from fractions import Fraction
from typing import Any, Final
from urllib.parse import quote

from pydantic import Field, SecretStr

from reelway.domain.generation import Asset, ClipSpec, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.outbound import Reply
from reelway.providers.base import (
    BaseUrl,
    CancelOutcome,
    CannotTell,
    Context,
    Done,
    Facts,
    Failed,
    FindOutcome,
    Handle,
    Inputs,
    NotStopped,
    Order,
    Progress,
    ProviderSettings,
    Waiting,
    read_field,
)
from reelway.providers.wire import Origin, brief, data_url, json_or_none, origin, read_frame, read_json

FACTS = Facts(in_flight_max=8, poll_first_s=10.0, poll_most_s=30.0)

_RATIOS: Final = ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9", "9:21")
_TIERS: Final = {
    "480p": 854 * 480,
    "720p": 1280 * 720,
    "768p": 1366 * 768,
    "1080p": 1920 * 1080,
    "2K": 2560 * 1440,
    "4K": 3840 * 2160,
}
_SHORT_SIDES: Final = {480: "480p", 720: "720p", 768: "768p", 1080: "1080p", 1440: "2K", 2160: "4K"}
# Whose models say `seed: true` in the list of 2026-10-09; the others may refuse one.
_SEEDED: Final = ("alibaba/", "bytedance/", "google/", "heygen/", "runway/")
_FRAMES: Final = (Role.FIRST_FRAME, Role.LAST_FRAME)
# OpenRouter passes its vendors' words on and has no code of its own for these.
_REFUSED: Final = re.compile(
    r"sensitive ?content|sensitive information|content.?policy|moderation|flagged|real person|safety", re.IGNORECASE
)
_GONE: Final = re.compile(
    r"no endpoints found|not a valid model|model\b.*\b(?:not found|does not exist)", re.IGNORECASE
)
_FUNDS: Final = re.compile(r"key limit exceeded|insufficient credits", re.IGNORECASE)


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "openrouter"`."""

    key: SecretStr = Field(description="the key itself; key_env or key_file keep it out of this file")
    base_url: BaseUrl = Field("https://openrouter.ai/api/v1", description="another address of the same API")


def build(context: Context) -> "OpenRouter":
    """Make the provider; no I/O here."""
    settings: Settings = context.settings
    headers = {"Authorization": f"Bearer {settings.key.get_secret_value()}"}
    server = origin(context, settings.base_url, headers=headers, classify=_classify, timeout_s=settings.timeout_s)
    return OpenRouter(server, context.inputs)


class OpenRouter:
    """One account."""

    def __init__(self, server: Origin, inputs: Inputs) -> None:
        self._server = server
        self._inputs = inputs

    async def submit(self, order: Order) -> Handle:
        """POST /videos. `session_id` shows our key in its log; nothing finds a job by it."""
        job = await self._job(order)
        reply = await self._server.send("POST", "/videos", json=job)
        if reply.status == 404:
            raise ProviderError(ProviderFault.MODEL_GONE, _said(reply) or "no such model there: HTTP 404")
        self._server.check(reply)
        id_ = read_field(read_json(reply), "id", str)
        if not id_:
            raise ProviderError(ProviderFault.UNREADABLE, "the id of the new job is empty")
        return {"id": id_, "left_out": ["negative_prompt"] if order.spec.negative_prompt else []}

    async def poll(self, handle: Handle) -> Progress:
        """GET /videos/{id}, whatever polling_url says: our key goes nowhere else."""
        job = await self._server.ask("GET", _path(handle))
        match read_field(job, "status", str):
            case "pending":
                return Waiting(started=False)
            case "in_progress":
                return Waiting(started=True)
            case "completed":
                return self._done(job, handle)
            case "failed" | "dead":  # the second is known to OpenRouter's own ai-sdk-provider
                return _failed(job.get("error"), "OpenRouter gives no reason")
            case "cancelled":
                return _failed(job.get("error"), "the job was cancelled at OpenRouter")
            case "expired":
                return _failed(job.get("error"), "the job expired at OpenRouter")
            case other:
                raise ProviderError(ProviderFault.UNREADABLE, f"unknown state {brief(other)!r}")

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """Not offered."""
        return NotStopped("OpenRouter cannot stop a job")

    async def find(self, order: Order) -> FindOutcome:
        """No idempotency key, and no list of jobs."""
        return CannotTell()

    async def discard(self, handle: Handle) -> None:
        """Nothing of it is on this machine."""

    async def aclose(self) -> None:
        """Nothing runs here."""

    async def _job(self, order: Order) -> dict[str, Any]:
        spec = order.spec
        if spec.duration_s.denominator != 1:
            message = f"OpenRouter takes whole seconds; {float(spec.duration_s):g} s is not possible"
            raise ProviderError(ProviderFault.REJECTED, message)
        job: dict[str, Any] = {
            "model": order.upstream_model,
            "resolution": _resolution(spec),
            "aspect_ratio": _ratio(spec),
            "duration": int(spec.duration_s),
            "session_id": order.key,
        }
        if spec.prompt.strip():
            job["prompt"] = spec.prompt
        if not spec.audio:
            job["generate_audio"] = False  # left out, it is whatever the model can
        if order.upstream_model.startswith(_SEEDED):
            job["seed"] = spec.seed
        if spec.assets:
            job["frame_images"] = [await self._frame(spec, asset) for asset in spec.assets]
        return job

    async def _frame(self, spec: ClipSpec, asset: Asset) -> dict[str, Any]:
        if asset.role not in _FRAMES:
            raise ProviderError(ProviderFault.REJECTED, f"OpenRouter is given no {asset.role.replace('_', ' ')}")
        url = data_url(await read_frame(self._inputs, asset, spec))
        return {"type": "image_url", "image_url": {"url": url}, "frame_type": str(asset.role)}

    def _done(self, job: dict[str, Any], handle: Handle) -> Done:
        """From its bucket by a signed URL if there is one, else from the API, which wants the key."""
        urls = job.get("urls")
        first = urls[0] if isinstance(urls, list) and urls else None
        signed = first if isinstance(first, str) and first.startswith(("https://", "http://")) else None
        told = job.get("usage")
        usage: dict[str, Any] = told if isinstance(told, dict) else {}
        meta = {
            "generation_id": job.get("generation_id"),
            "own_key_there": usage.get("is_byok") is True,  # then the vendor bills too, and the cost is a fee
            "left_out": handle["left_out"],
        }
        return self._server.done(
            signed or f"{_path(handle)}/content?index=0",
            cost_microusd=_microusd(usage.get("cost")),
            meta={name: value for name, value in meta.items() if value},
        )


def _path(handle: Handle) -> str:
    return f"/videos/{quote(handle['id'], safe='')}"


def _resolution(spec: ClipSpec) -> str:
    """Vendors count either pixels (a square of 720p is 960x960) or the shorter side (720x720)."""
    pixels = spec.width * spec.height
    for name, whole in _TIERS.items():
        if abs(pixels - whole) <= whole * 0.08:
            return name
    if (side := min(spec.width, spec.height)) in _SHORT_SIDES:
        return _SHORT_SIDES[side]
    raise ProviderError(ProviderFault.REJECTED, f"OpenRouter has no name for the resolution of {spec.size}")


def _ratio(spec: ClipSpec) -> str:
    asked = Fraction(spec.width, spec.height)
    for name in _RATIOS:
        ratio = Fraction(name.replace(":", "/"))
        if abs(asked - ratio) <= ratio / 40:
            return name
    raise ProviderError(ProviderFault.REJECTED, f"OpenRouter has no name for the ratio of {spec.size}")


def _microusd(usd: Any) -> int | None:
    """Micro-dollars of an amount that was told; nothing is not zero."""
    if isinstance(usd, bool) or not isinstance(usd, int | float) or usd <= 0:
        return None
    return round(usd * 1_000_000) or None


def _failed(error: Any, otherwise: str) -> Failed:
    message = brief(error) if isinstance(error, str) and error.strip() else otherwise
    refused = _REFUSED.search(message)
    return Failed(fault=ProviderFault.REFUSED if refused else ProviderFault.UNAVAILABLE, message=message)


def _classify(reply: Reply) -> ProviderError | None:
    """A refusal is told by its words alone, and 403 is also a key at its limit."""
    said = _said(reply) or f"OpenRouter answered HTTP {reply.status}"
    raw = str(_error(reply).get("metadata") or "")
    match reply.status:
        case 408 | 499:
            return ProviderError(ProviderFault.UNAVAILABLE, said)
        case 403 if _FUNDS.search(said):
            return ProviderError(ProviderFault.FUNDS, said)
        case 403 if "flagged_input" in raw or _REFUSED.search(said):
            return ProviderError(ProviderFault.REFUSED, said)
        case 400 if _GONE.search(said):
            return ProviderError(ProviderFault.MODEL_GONE, said)
        case 400 | 413 | 422:
            refused = _REFUSED.search(said + raw)
            return ProviderError(ProviderFault.REFUSED if refused else ProviderFault.REJECTED, said)
    return None


def _error(reply: Reply) -> dict[str, Any]:
    body = json_or_none(reply)
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _said(reply: Reply) -> str:
    return brief(_error(reply).get("message") or "")
