"""OpenRouter's /api/v1/videos, as its openrouter 1.3.84 package and a copy of GET /videos/models have it.

Facts and sources: docs/providers/openrouter.md.
"""

import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from replicas.replica import KEY, Job, Replica, Trouble

PATH = "/api/v1/videos"
WEBHOOK_SECRET = "a secret of the workspace"
_DAY_S = 24 * 3600
_SIX = ["16:9", "4:3", "1:1", "3:4", "9:16", "21:9"]
_SEEDANCE_2 = ["1:1", "3:4", "9:16", "4:3", "16:9", "21:9", "9:21"]
_FRAMES = ("first_frame", "last_frame")


def _listed(
    version: str,
    durations: list[int],
    resolutions: list[str],
    ratios: list[str],
    *,
    sizes: list[str] | None = None,
    frames: tuple[str, ...] = _FRAMES,
    audio: bool = True,
    seed: bool = True,
    **skus: str,
) -> dict[str, Any]:
    return {
        "canonical_slug": version,
        "supported_durations": durations,
        "supported_resolutions": resolutions,
        "supported_aspect_ratios": ratios,
        "supported_sizes": sizes,
        "supported_frame_images": list(frames),
        "generate_audio": audio,
        "seed": seed,
        "allowed_passthrough_parameters": [],
        "pricing_skus": skus,
    }


def _seconds(first: int, last: int) -> list[int]:
    return list(range(first, last + 1))


# Of the list of 2026-10-09.
_KLING: dict[str, Any] = {"sizes": ["1280x720", "720x1280", "720x720"], "seed": False}
MODELS: dict[str, dict[str, Any]] = {
    "bytedance/seedance-2.5": _listed(
        "bytedance/seedance-2.5-20260807",
        _seconds(4, 30),
        ["480p", "720p"],
        _SIX,
        sizes=["854x480", "752x560", "640x640", "1280x720", "1112x834", "960x960"],
        video_tokens="0.0000107",
    ),
    "bytedance/seedance-2.0": _listed(
        "bytedance/seedance-2.0-20260414",
        _seconds(4, 15),
        ["480p", "720p", "1080p", "4K"],
        _SEEDANCE_2,
        video_tokens="0.000007",
        video_tokens_4k="0.000004",
        video_tokens_1080p="0.0000077",
    ),
    "bytedance/seedance-2.0-fast": _listed(
        "bytedance/seedance-2.0-fast-20260414",
        _seconds(4, 15),
        ["480p", "720p"],
        _SEEDANCE_2,
        video_tokens="0.0000042",
    ),
    "bytedance/seedance-2.0-mini": _listed(
        "bytedance/seedance-2.0-mini-20260811",
        _seconds(4, 15),
        ["480p", "720p"],
        _SEEDANCE_2,
        video_tokens="0.0000035",
    ),
    "kwaivgi/kling-v3.0-std": _listed(
        "kwaivgi/kling-v3.0-std-20260429",
        _seconds(3, 15),
        ["720p"],
        ["16:9", "9:16", "1:1"],
        **_KLING,
        duration_seconds="0.084",
        duration_seconds_with_audio="0.126",
    ),
    "kwaivgi/kling-v3.0-pro": _listed(
        "kwaivgi/kling-v3.0-pro-20260429",
        _seconds(3, 15),
        ["720p"],
        ["16:9", "9:16", "1:1"],
        **_KLING,
        duration_seconds="0.112",
        duration_seconds_with_audio="0.168",
    ),
    "minimax/hailuo-3": _listed(
        "minimax/hailuo-03-20260730", _seconds(5, 15), ["2K"], _SIX, seed=False, duration_seconds="0.13"
    ),
    "google/veo-3.1": _listed(
        "google/veo-3.1-20260320",
        [4, 6, 8],
        ["720p", "1080p", "4K"],
        ["16:9", "9:16"],
        duration_seconds_with_audio="0.40",
        duration_seconds_without_audio="0.20",
    ),
    "google/veo-3.1-fast": _listed(
        "google/veo-3.1-fast-20260320",
        [4, 6, 8],
        ["720p", "1080p", "4K"],
        ["16:9", "9:16"],
        duration_seconds_with_audio="0.12",
        duration_seconds_without_audio="0.10",
    ),
    "google/veo-3.1-lite": _listed(
        "google/veo-3.1-lite-20260331",
        [4, 6, 8],
        ["720p", "1080p"],
        ["16:9", "9:16"],
        duration_seconds_with_audio="0.08",
        duration_seconds_without_audio="0.05",
    ),
    "runway/gen-4.5": _listed(
        "runway/gen-4.5-20260729",
        _seconds(2, 10),
        ["720p"],
        ["16:9", "9:16"],
        sizes=["1280x720", "720x1280"],
        frames=("first_frame",),
        audio=False,
        cents_per_second_output="12",
    ),
}


@dataclass(frozen=True)
class _Refused(Exception):
    status: int
    message: str
    metadata: dict[str, Any] = field(default_factory=dict)


class OpenRouter(Replica):
    """One account."""

    def __init__(self, *, key: str | None = KEY) -> None:
        super().__init__(key=key)
        self.cost: float | None = 1.155  # USD
        self.expired = False  # the outputs are gone
        self.key_left_usd: float | None = None  # of its limit; None: it has none

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(PATH, self._create),
            web.get("/api/v1/key", self._key),
            web.get(PATH + "/models", self._models),
            web.get(PATH + "/{id}", self._get),
            web.get(PATH + "/{id}/content", self._content),
        ]

    def creates(self, request: web.Request) -> bool:
        return request.method == "POST"

    def refusal(self, trouble: Trouble) -> web.Response:
        match trouble:
            case Trouble.REFUSED:
                reasons = {"reasons": ["violence"], "flagged_input": "a red…", "provider_name": "Seed"}
                return error(403, "Your input was flagged", reasons)
            case Trouble.REJECTED:
                return error(400, "Unsupported resolution '1080p'. Supported values: 480p, 720p")
            case Trouble.CREDENTIALS:
                return error(401, f"No auth credentials found for {self.key}")
            case Trouble.FUNDS:
                return error(402, "Insufficient credits. Add more using https://openrouter.ai/settings/credits")
            case Trouble.THROTTLED:
                made = error(429, "Rate limit exceeded")
                made.headers["Retry-After"] = "7"
                return made
            case Trouble.MODEL_GONE:
                return error(404, "No endpoints found for openai/sora-2-pro.")
        raise AssertionError(trouble)

    def fail(self, message: str | None, state: str = "failed") -> None:
        """Every job has ended so."""
        for job in self.jobs.values():
            job.state, job.about["error"] = state, message

    async def _create(self, request: web.Request) -> web.Response:
        try:
            self._signed_in(request)
            asked = json.loads(await request.read())
            _check(asked)
        except _Refused as refused:
            return error(refused.status, refused.message, refused.metadata)
        job = Job(id=f"gen-vid-{int(time.time())}-{secrets.token_hex(10)}", asked=asked)
        self.jobs[job.id] = job
        if "callback_url" in asked:
            self.callback_urls[job.id] = asked["callback_url"]
        return web.json_response(self._shown(job), status=202)

    def callback(self, job_id: str) -> tuple[dict[str, str], bytes]:
        """Beside the signature comes X-OpenRouter-Idempotency-Key, which is not signed."""
        job = self._shown(self.jobs[job_id])
        event = {"type": f"video.generation.{job['status']}", "created_at": int(time.time()), "data": job}
        body, sent_at = json.dumps(event).encode(), int(time.time())
        signature = hmac.new(WEBHOOK_SECRET.encode(), f"{sent_at},".encode() + body, hashlib.sha256).hexdigest()
        return {"X-OpenRouter-Signature": f"t={sent_at},v1={signature}"}, body

    async def _key(self, request: web.Request) -> web.Response:
        """As GetCurrentKeyData of the openrouter package has it."""
        try:
            self._signed_in(request)
        except _Refused as refused:
            return error(refused.status, refused.message)
        left = self.key_left_usd
        budget = {
            "budget_id": None,
            "guardrail_id": None,
            "include_byok": False,
            "limit_usd": 10.0,
            "remaining_usd": left,
            "reset_interval": None,
            "resets_at": None,
            "scope": "key_limit",
            "spend_usd": 10.0 - (left or 0.0),
        }
        told: dict[str, Any] = {
            "allowed_data_regions": ["global"],
            "budgets": [] if left is None else [budget],
            "creator_user_id": None,
            "effective_budget": None if left is None else budget,
            "free_model_daily_requests": {"limit": 50, "remaining": 50, "used": 0},
            "include_byok_in_limit": False,
            "is_free_tier": False,
            "is_management_key": False,
            "is_provisioning_key": False,
            "label": "sk-or-v1-0e6...1c96",
            "limit": None if left is None else 10.0,
            "limit_remaining": left,
            "limit_reset": None,
            "organization_id": None,
            "rate_limit": {"interval": "10s", "note": "deprecated", "requests": -1},
            "workspace_id": None,
        }
        periods = ("", "_daily", "_weekly", "_monthly")
        told |= {f"{kind}{period}": 0.0 for kind in ("usage", "byok_usage") for period in periods}
        return web.json_response({"data": told})

    async def _models(self, request: web.Request) -> web.Response:
        about = {"created": 1780000000, "upscale_factor": None, "creativity": None, "description": ""}
        return web.json_response({"data": [{"id": id, "name": id} | about | model for id, model in MODELS.items()]})

    async def _get(self, request: web.Request) -> web.Response:
        try:
            job = self._find(request)
        except _Refused as refused:
            return error(refused.status, refused.message)
        job.looks += 1
        return web.json_response(self._shown(job))

    async def _content(self, request: web.Request) -> web.StreamResponse:
        try:
            job = self._find(request)
            if self._state(job) != "completed":
                raise _Refused(409, "Video generation is not completed")
            if self.expired:
                raise _Refused(410, "The video is no longer available")
        except _Refused as refused:
            return error(refused.status, refused.message)
        return await self.send_clip(request)

    def _signed_in(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            raise _Refused(401, "User not found.")

    def _find(self, request: web.Request) -> Job:
        self._signed_in(request)
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            raise _Refused(404, "Job not found")
        return job

    def _state(self, job: Job) -> str:
        if job.state is not None:
            return job.state
        return "completed" if job.looks >= self.looks else "in_progress" if job.looks else "pending"

    def _shown(self, job: Job) -> dict[str, Any]:
        state = self._state(job)
        shown: dict[str, Any] = {"id": job.id, "polling_url": f"{PATH}/{job.id}", "status": state}
        if state == "completed":
            shown["generation_id"] = job.id
            shown["unsigned_urls"] = [f"{self.url}{PATH}/{job.id}/content?index=0"]
            shown["usage"] = {"cost": self.cost, "is_byok": False}
            if self.elsewhere:
                shown["urls"] = [f"{self.files_url}/{job.id}.mp4?X-Amz-Signature={secrets.token_hex(8)}"]
                shown["expires_at"] = int(time.time()) + _DAY_S
        elif state not in ("pending", "in_progress") and job.about.get("error"):
            shown["error"] = job.about["error"]
        return shown


def _check(asked: dict[str, Any]) -> None:
    model = MODELS.get(asked["model"])
    if model is None:
        raise _Refused(404, f"No endpoints found for {asked['model']}.")
    frames = asked.get("frame_images", [])
    if not asked.get("prompt") and not frames:
        raise _Refused(400, "prompt is required")
    for name in ("duration", "resolution", "aspect_ratio", "size"):
        value, allowed = asked.get(name), model[f"supported_{name}s"] or ()
        if value is not None and value not in allowed:
            raise _Refused(400, f"Unsupported {name} {value!r}. Supported values: {', '.join(map(str, allowed))}")
    if "size" in asked and ("resolution" in asked or "aspect_ratio" in asked):
        raise _Refused(400, "Use size or resolution and aspect_ratio, not both")
    for name in ("seed", "generate_audio"):
        if name in asked and not model[name]:
            raise _Refused(400, f"{name} is not supported by this model")
    if not asked.get("callback_url", "https://").startswith("https://"):
        raise _Refused(400, "callback_url must be HTTPS")
    for frame in frames:
        if frame.get("frame_type") not in model["supported_frame_images"]:
            raise _Refused(400, "Invalid option: expected one of first_frame|last_frame")
        if not frame["image_url"]["url"].startswith(("https://", "data:image/")):
            raise _Refused(400, "frame_images: the URL must be https")


def error(status: int, message: str, metadata: dict[str, Any] | None = None) -> web.Response:
    """As every error of OpenRouter looks."""
    body: dict[str, Any] = {"code": status, "message": message}
    return web.json_response({"error": body | ({"metadata": metadata} if metadata else {})}, status=status)
