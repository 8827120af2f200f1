"""Luma's Agents API (2026-04-01) and its older Dream Machine API.

Facts and sources: docs/providers/luma.md.
"""

import base64
import binascii
import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from replicas.replica import KEY, Job, Replica, Trouble

_TYPES = {
    "ray-3.2": ("video", "video_edit", "video_reframe"),
    "uni-1": ("image", "image_edit"),
    "uni-1-max": ("image", "image_edit"),
}
_RATIOS = ("16:9", "1:1", "21:9", "3:4", "4:3", "9:16")
_REFERENCE = ("url", "data", "generation_id", "file_id")


@dataclass(frozen=True)
class _Invalid(Exception):
    detail: Any
    status: int = 400


class Luma(Replica):
    """One API; `profile` says which: agents or dream_machine."""

    def __init__(self, profile: str = "agents", *, key: str | None = KEY) -> None:
        super().__init__(key=key)
        self.profile = profile
        self.base = "/v1" if profile == "agents" else "/dream-machine/v1"
        self.credit_cents = 1250.0  # of Dream Machine
        self._signatures: set[str] = set()  # of presigned URLs that have not expired

    def routes(self) -> list[web.RouteDef]:
        routes = [
            web.get(f"{self.base}/generations/{{id}}", self._retrieve),
            web.get("/bucket/{name}", self._object),
        ]
        if self.profile == "agents":
            return [*routes, web.post(f"{self.base}/generations", self._create)]
        return [
            *routes,
            web.post(f"{self.base}/generations/video", self._create),
            web.get(f"{self.base}/generations", self._list),
            web.delete(f"{self.base}/generations/{{id}}", self._delete),
            web.get(f"{self.base}/credits", self._credits),
        ]

    def creates(self, request: web.Request) -> bool:
        return request.method == "POST"

    def refusal(self, trouble: Trouble) -> web.Response:
        match trouble:
            case Trouble.REFUSED:
                return self._detail("prompt not allowed because advanced moderation failed", 400)
            case Trouble.REJECTED:
                return self._detail("Prompt must be between 1 and 6000 characters", 400)
            case Trouble.CREDENTIALS:
                return self._detail(f"Invalid API key {self.key}", 401)
            case Trouble.FUNDS if self.profile == "agents":
                return self._detail("Insufficient credits. Please add credits to continue.", 402)
            case Trouble.FUNDS:
                return self._detail("Insufficient credits", 400)
            case Trouble.THROTTLED:
                made = self._detail("Too many concurrent jobs", 429)
                made.headers["Retry-After"] = "7"
                return made
            case Trouble.MODEL_GONE:
                return self._detail("Unknown model: ray-3.0", 400)
        raise AssertionError(trouble)

    def callback(self, job_id: str) -> tuple[dict[str, str], bytes]:
        """Of Dream Machine: the generation as GET shows it; nothing is signed."""
        return {}, json.dumps(self._shown(self.jobs[job_id])).encode()

    def fail(self, reason: str | None, code: str | None = None) -> None:
        """Every generation has ended so."""
        for job in self.jobs.values():
            job.state = "failed"
            job.about |= {"failure_reason": reason, "failure_code": code}

    def expire(self) -> None:
        """An hour has passed."""
        self._signatures.clear()

    def _detail(self, detail: Any, status: int) -> web.Response:
        return self._answer({"detail": detail}, status=status)

    def _answer(self, body: Any, *, status: int = 200) -> web.Response:
        headers = {"X-Request-Id": str(uuid.uuid4())}
        if self.profile == "agents":
            headers["X-API-Version"] = "2026-04-01"
        return web.json_response(body, status=status, headers=headers)

    def _signed_in(self, request: web.Request) -> bool:
        return request.headers.get("Authorization") == f"Bearer {self.key}"

    async def _create(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return self._detail("Missing or invalid API key", 401)
        try:
            asked = json.loads(await request.read())
            (self._check_agents if self.profile == "agents" else self._check_dream_machine)(asked)
        except ValueError:
            return self._detail("The body is not JSON", 400)
        except _Invalid as error:
            return self._detail(error.detail, error.status)
        job = Job(id=str(uuid.uuid4()), asked=asked, about={"created_at": _now()})
        self.jobs[job.id] = job
        if "callback_url" in asked:
            self.callback_urls[job.id] = asked["callback_url"]
        return self._answer(self._shown(job), status=201)

    def _check_agents(self, asked: dict[str, Any]) -> None:
        model, kind = asked.get("model", "uni-1"), asked.get("type", "image")
        if model not in _TYPES:
            raise _Invalid(f"Unknown model: {model}")
        if "callback_url" in asked:
            raise _Invalid("callback_url: Extra inputs are not permitted", 422)
        if kind not in _TYPES[model]:
            raise _Invalid(f"Type '{kind}' is not supported for model '{model}'")
        if not 1 <= len(asked.get("prompt", "")) <= 6000:
            raise _Invalid("Prompt must be between 1 and 6000 characters")
        ratio = asked.get("aspect_ratio")
        if ratio is not None and ratio not in _RATIOS:
            raise _Invalid(f"Invalid aspect_ratio '{ratio}'. Valid: {', '.join(_RATIOS)}")
        video = asked.get("video") or {}
        if video.get("resolution", "720p") not in ("360p", "540p", "720p", "1080p"):
            raise _Invalid(f"Invalid video.resolution '{video['resolution']}'")
        if kind == "video":
            self._check_video(asked, video)
        elif kind.startswith("video_"):
            if asked.get("source") is None:
                raise _Invalid(f"source is required for type '{kind}'")
            _check_reference("source", asked["source"])
            if "duration" in video or (kind == "video_edit" and ratio is not None):
                raise _Invalid("the output follows the source")

    def _check_video(self, asked: dict[str, Any], video: dict[str, Any]) -> None:
        if "source" in asked or "edit" in video:
            raise _Invalid("source and video.edit are only valid for type 'video_edit'")
        if video.get("duration", "5s") not in ("5s", "10s"):
            raise _Invalid(f"Invalid video.duration '{video['duration']}'. Valid: 10s, 5s")
        named = [name for name in ("start_frame", "end_frame") if name in video]
        keyframes, indexes = video.get("keyframes", []), video.get("keyframe_indexes", [])
        if named and (keyframes or video.get("duration") == "10s"):
            raise _Invalid("video.start_frame and video.end_frame need duration 5s and no keyframes")
        if len(keyframes) != len(indexes):
            raise _Invalid("video.keyframe_indexes must match video.keyframes in length")
        last = 24 * int(video.get("duration", "5s").removesuffix("s"))
        if len(set(indexes)) != len(indexes) or any(not 0 <= index <= last for index in indexes):
            raise _Invalid("video.keyframe_indexes must be unique positions of the clip")
        for name in named:
            _check_reference(f"video.{name}", video[name])
        for number, keyframe in enumerate(keyframes):
            _check_reference(f"video.keyframes[{number}]", keyframe)

    def _check_dream_machine(self, asked: dict[str, Any]) -> None:
        if asked.get("model") not in ("ray-2", "ray-flash-2"):
            allowed = "Input should be 'ray-2' or 'ray-flash-2'"
            raise _Invalid([{"type": "literal_error", "loc": ["body", "model"], "msg": allowed}], 422)
        if len(asked.get("prompt", "")) < 3:
            raise _Invalid("prompt is too short, minimum length is 3")
        if asked.get("resolution", "720p") not in ("540p", "720p", "1080p", "4k"):
            raise _Invalid("Invalid resolution")
        if asked.get("duration", "5s") not in ("5s", "9s"):
            raise _Invalid("Invalid duration")
        if asked.get("aspect_ratio", "16:9") not in (*_RATIOS, "9:21"):
            raise _Invalid("Invalid aspect ratio")

    def _state(self, job: Job) -> str:
        if job.state is not None:
            return job.state
        if job.looks >= self.looks:
            return "completed"
        return "queued" if job.looks <= 1 else "processing" if self.profile == "agents" else "dreaming"

    def _shown(self, job: Job) -> dict[str, Any]:
        state, asked = self._state(job), job.asked
        url = self._presigned(job) if state == "completed" else None
        shown: dict[str, Any] = {
            "id": job.id,
            "state": state,
            "model": asked.get("model"),
            "created_at": job.about["created_at"],
            "failure_reason": job.about.get("failure_reason"),
        }
        if self.profile == "agents":
            output = [{"type": "video", "url": url}] if url else []
            return shown | {
                "type": asked.get("type", "image"),
                "output": output,
                "failure_code": job.about.get("failure_code"),
            }
        assets = {"video": url, "image": None, "progress_video": None} if url else None
        return shown | {"generation_type": "video", "assets": assets, "request": asked}

    def _presigned(self, job: Job) -> str:
        signature = secrets.token_hex(16)
        self._signatures.add(signature)
        base = self.files_url if self.elsewhere else self.url
        return f"{base}/bucket/{job.id}.mp4?X-Amz-Expires=3600&X-Amz-Signature={signature}"

    async def _object(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("X-Amz-Signature") not in self._signatures:
            return web.Response(text="<Error><Message>Request has expired</Message></Error>", status=403)
        return await self.send_clip(request)

    async def _retrieve(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return self._detail("Missing or invalid API key", 401)
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            return self._detail("Generation not found", 404)
        job.looks += 1
        return self._answer(self._shown(job))

    async def _list(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return self._detail("Missing or invalid API key", 401)
        limit, offset = int(request.query.get("limit", 100)), int(request.query.get("offset", 0))
        newest = list(reversed(self.jobs.values()))
        shown = [self._shown(job) for job in newest[offset : offset + limit]]
        page = {"has_more": offset + limit < len(newest), "count": len(shown), "limit": limit, "offset": offset}
        return self._answer({"generations": shown} | page)

    async def _credits(self, request: web.Request) -> web.Response:
        """In US cents."""
        if not self._signed_in(request):
            return self._detail("Missing or invalid API key", 401)
        return self._answer({"credit_balance": self.credit_cents})

    async def _delete(self, request: web.Request) -> web.Response:
        """Of the record; what is being made is made, and billed."""
        if not self._signed_in(request):
            return self._detail("Missing or invalid API key", 401)
        if self.jobs.pop(request.match_info["id"], None) is None:
            return self._detail("Generation not found", 404)
        return web.Response(status=204)


def _check_reference(where: str, reference: dict[str, Any]) -> None:
    if len([name for name in _REFERENCE if reference.get(name)]) != 1:
        raise _Invalid(f"{where}: provide exactly one of {', '.join(_REFERENCE)}")
    if "data" in reference:
        if not reference.get("media_type"):
            raise _Invalid(f"{where}: 'media_type' is required with 'data'")
        try:
            base64.b64decode(reference["data"], validate=True)
        except binascii.Error:
            raise _Invalid(f"{where}: invalid base64 data", 422) from None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
