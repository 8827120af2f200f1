"""OpenRouter: many vendors' models through one key. Facts and their sources are in docs/providers/openrouter.md.

Read on 2026-11-22: openrouter 1.3.84, openrouter.ai/docs/api_reference/videos, a copy of GET /videos/models.
"""

import hmac
import re
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote

from pydantic import Field, SecretStr

from reelway.domain.generation import Asset, ClipSpec
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.outbound import Reply
from reelway.kit.signatures import fresh, same
from reelway.providers.base import (
    BaseUrl,
    Callback,
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
    ProbeOutcome,
    Progress,
    Provider,
    ProviderSettings,
    Serves,
    Waiting,
    read_field,
    read_id,
)
from reelway.providers.wire import (
    Origin,
    bearer_origin,
    brief,
    check_frames,
    data_url,
    error_of,
    named_ratio,
    named_size,
    read_frame,
    read_json,
    rejected,
    whole_seconds,
)

FACTS = Facts(in_flight_max=8, poll_first_s=10.0, poll_most_s=30.0)

_SIDES: Final = {"480p": 480, "720p": 720, "768p": 768, "1080p": 1080, "2K": 1440, "4K": 2160}
# Whose models say `seed: true` in the list of 2026-10-09; the others may refuse one.
_SEEDED: Final = ("alibaba/", "bytedance/", "google/", "heygen/", "runway/")
# Which say `generate_audio: true`; the others have no such switch.
_SWITCHED: Final = re.compile(
    r"alibaba/wan-.*|black-forest-labs/flux-3.*|bytedance/.*|google/.*|kwaivgi/.*|minimax/hailuo-3"
)
# OpenRouter passes its vendors' words on and has no code of its own for these.
_REFUSED: Final = re.compile(
    r"sensitive ?content|sensitive information|content.?policy|moderation|flagged|real person|safety", re.IGNORECASE
)
_GONE: Final = re.compile(
    r"no endpoints found|not a valid model|model\b.*\b(?:not found|does not exist)", re.IGNORECASE
)
_FUNDS: Final = re.compile(r"key limit exceeded|insufficient credits", re.IGNORECASE)
_MODELS_BYTES_MAX: Final = 4 << 20


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "openrouter"`."""

    key: SecretStr = Field(description="the key itself; key_env or key_file keep it out of this file")
    base_url: BaseUrl = Field("https://openrouter.ai/api/v1", description="another address of the same API")
    webhook_secret: SecretStr | None = Field(
        None, min_length=1, description="the webhook signing secret of its workspace; without it webhooks are not used"
    )


def build(context: Context) -> "OpenRouter":
    """Make the provider; no I/O here."""
    settings: Settings = context.settings
    secret = None if settings.webhook_secret is None else settings.webhook_secret.get_secret_value().encode()
    return OpenRouter(bearer_origin(context, _classify), context.inputs, secret)


class OpenRouter(Provider):
    """One account."""

    def __init__(self, server: Origin, inputs: Inputs, webhook_secret: bytes | None) -> None:
        self._server = server
        self._inputs = inputs
        self._webhook_secret = webhook_secret

    async def submit(self, order: Order) -> Handle:
        """POST /videos. `session_id` shows our key in its log; nothing finds a job by it."""
        job = await self._job(order)
        reply = await self._server.send("POST", "/videos", json=job)
        if reply.status == 404:
            raise ProviderError(ProviderFault.MODEL_GONE, _said(reply) or "no such model there: HTTP 404")
        self._server.check(reply)
        id_ = read_id(read_json(reply))
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

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """GET /key, what is left of its limit, and GET /videos/models; the credits are told to another kind of key."""
        key = read_field(await self._server.ask("GET", "/key"), "data", dict)
        budget = key.get("effective_budget")
        left_usd = budget.get("remaining_usd") if isinstance(budget, dict) else key.get("limit_remaining")
        if isinstance(left_usd, int | float) and left_usd <= 0:
            raise ProviderError(ProviderFault.FUNDS, "the key is at its limit at OpenRouter")
        models = read_field(
            await self._server.ask("GET", "/videos/models", answer_bytes_max=_MODELS_BYTES_MAX), "data", list
        )
        if not any(isinstance(model, dict) and model.get("id") == upstream_model for model in models):
            raise ProviderError(ProviderFault.MODEL_GONE, f"OpenRouter lists no {upstream_model}")
        return Serves("" if left_usd is None else f"{left_usd} USD left of the key's limit")

    async def genuine(self, callback: Callback) -> bool:
        """`X-OpenRouter-Signature: t=<seconds>,v1=<hex>`, over time, a comma and the body."""
        if self._webhook_secret is None:
            return False
        signature = callback.headers.get("x-openrouter-signature", "")
        parts = dict(part.partition("=")[::2] for part in signature.split(","))
        sent_at = parts.get("t", "")
        if not fresh(sent_at, callback.now_ms):
            return False
        expected = hmac.new(self._webhook_secret, f"{sent_at},".encode() + callback.body, sha256).hexdigest()
        return same(expected, parts.get("v1", ""))

    async def _job(self, order: Order) -> dict[str, Any]:
        spec = order.spec
        check_frames(spec)
        job: dict[str, Any] = {
            "model": order.upstream_model,
            "resolution": named_size(spec, _SIDES),
            "aspect_ratio": named_ratio(spec),
            "duration": whole_seconds(spec),
            "session_id": order.key,
        }
        if spec.prompt.strip():
            job["prompt"] = spec.prompt
        if not spec.audio and _SWITCHED.fullmatch(order.upstream_model):
            job["generate_audio"] = False  # left out, it is whatever the model can
        if order.upstream_model.startswith(_SEEDED):
            job["seed"] = spec.seed
        if self._webhook_secret and order.callback_url and order.callback_url.startswith("https://"):
            job["callback_url"] = order.callback_url  # every other is refused
        if spec.assets:
            job["frame_images"] = [await self._frame(spec, asset) for asset in spec.assets]
        return job

    async def _frame(self, spec: ClipSpec, asset: Asset) -> dict[str, Any]:
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
    raw = str(error_of(reply).get("metadata") or "")
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
            return ProviderError(ProviderFault.REFUSED, said) if _REFUSED.search(said + raw) else rejected(said)
    return None


def _said(reply: Reply) -> str:
    return brief(error_of(reply).get("message") or "")
