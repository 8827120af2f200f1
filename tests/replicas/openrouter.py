"""OpenRouter's /api/v1/videos, as its openrouter 1.3.84 package and a copy of GET /videos/models have it.

Facts and sources: docs/providers/openrouter.md.
"""

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from replicas.replica import KEY, Job, Replica, Trouble

PATH = "/api/v1/videos"
_DAY_S = 24 * 3600
# Of the list of 2026-10-09.
MODELS: dict[str, dict[str, Any]] = {
    "bytedance/seedance-2.5": {
        "canonical_slug": "bytedance/seedance-2.5-20260807",
        "supported_durations": list(range(4, 31)),
        "supported_resolutions": ["480p", "720p"],
        "supported_aspect_ratios": ["16:9", "4:3", "1:1", "3:4", "9:16", "21:9"],
        "supported_sizes": ["854x480", "752x560", "640x640", "1280x720", "1112x834", "960x960"],
        "supported_frame_images": ["first_frame", "last_frame"],
        "generate_audio": True,
        "seed": True,
        "allowed_passthrough_parameters": ["watermark", "req_key", "output_format"],
        "pricing_skus": {"video_tokens": "0.0000107"},
    },
    "kwaivgi/kling-v3.0-std": {
        "canonical_slug": "kwaivgi/kling-v3.0-std-20260429",
        "supported_durations": list(range(3, 16)),
        "supported_resolutions": ["720p"],
        "supported_aspect_ratios": ["16:9", "9:16", "1:1"],
        "supported_sizes": ["1280x720", "720x1280", "720x720"],
        "supported_frame_images": ["first_frame", "last_frame"],
        "generate_audio": True,
        "seed": False,
        "allowed_passthrough_parameters": ["negative_prompt", "cfg_scale"],
        "pricing_skus": {"duration_seconds": "0.084", "duration_seconds_with_audio": "0.126"},
    },
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

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(PATH, self._create),
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
        return web.json_response(self._shown(job, request), status=202)

    async def _models(self, request: web.Request) -> web.Response:
        about = {"created": 1780000000, "upscale_factor": None, "creativity": None, "description": ""}
        return web.json_response({"data": [{"id": id, "name": id} | about | model for id, model in MODELS.items()]})

    async def _get(self, request: web.Request) -> web.Response:
        try:
            job = self._find(request)
        except _Refused as refused:
            return error(refused.status, refused.message)
        job.looks += 1
        return web.json_response(self._shown(job, request))

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

    def _shown(self, job: Job, request: web.Request) -> dict[str, Any]:
        state = self._state(job)
        shown: dict[str, Any] = {"id": job.id, "polling_url": f"{PATH}/{job.id}", "status": state}
        if state == "completed":
            shown["generation_id"] = job.id
            shown["unsigned_urls"] = [f"{request.scheme}://{request.host}{PATH}/{job.id}/content?index=0"]
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
        value, allowed = asked.get(name), model[f"supported_{name}s"]
        if value is not None and value not in allowed:
            raise _Refused(400, f"Unsupported {name} {value!r}. Supported values: {', '.join(map(str, allowed))}")
    if "size" in asked and ("resolution" in asked or "aspect_ratio" in asked):
        raise _Refused(400, "Use size or resolution and aspect_ratio, not both")
    if "seed" in asked and not model["seed"]:
        raise _Refused(400, "seed is not supported by this model")
    for frame in frames:
        if frame.get("frame_type") not in model["supported_frame_images"]:
            raise _Refused(400, "Invalid option: expected one of first_frame|last_frame")
        if not frame["image_url"]["url"].startswith(("https://", "data:image/")):
            raise _Refused(400, "frame_images: the URL must be https")


def error(status: int, message: str, metadata: dict[str, Any] | None = None) -> web.Response:
    """As every error of OpenRouter looks."""
    body: dict[str, Any] = {"code": status, "message": message}
    return web.json_response({"error": body | ({"metadata": metadata} if metadata else {})}, status=status)
