"""MiniMax's video API V2 as platform.minimax.io describes it.

Facts and sources: docs/providers/minimax.md.
"""

import base64
import binascii
import io
import itertools
import json
import time
from typing import Any

from aiohttp import web
from PIL import Image, UnidentifiedImageError

from replicas.replica import Job, Replica, Trouble

_MODELS = {"MiniMax-H3": (("768P", "2K"), 4), "MiniMax-H3-Max": (("480P", "768P"), 5)}
_FIELDS = {"model", "content", "resolution", "duration", "ratio", "callback_url", "aigc_watermark", "extra"}
_RATIOS = ("adaptive", "21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
_FRAMES = {"first_frame", "last_frame"}
_REFERENCES = {"reference_image", "reference_video", "reference_audio"}
_TYPES = {
    400: "bad_request_error",
    401: "authorized_error",
    402: "insufficient_balance_error",
    422: "unprocessable_entity_error",
    429: "rate_limit_error",
    500: "server_error",
    529: "overloaded_error",
}


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class MiniMax(Replica):
    """One account."""

    def __init__(self) -> None:
        super().__init__()
        self.expired = False  # a result's URL lives for a while; the next look gives another
        self._ids = itertools.count(424010985738629)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v2/video_generation", self._guarded(self._create)),
            web.get("/v2/query/video_generation", self._guarded(self._list)),
            web.get("/v2/query/video_generation/{id}", self._guarded(self._query)),
            web.delete("/v2/video_generation/{id}", self._guarded(self._delete)),
            web.get("/inference_output/{name}", self._result),
        ]

    def creates(self, request: web.Request) -> bool:
        return request.method == "POST"

    def refusal(self, trouble: Trouble) -> web.Response:
        match trouble:
            case Trouble.REFUSED:
                return self.error(422, "video description contains sensitive content (1026)")
            case Trouble.REJECTED:
                return self.error(400, "invalid params, duration must be between 4 and 15 (2013)")
            case Trouble.CREDENTIALS:
                return self.error(401, f"login fail: {self.key} is no key (1004)")
            case Trouble.FUNDS:
                return self.error(402, "insufficient balance (1008)")
            case Trouble.THROTTLED:
                made = self.error(429, "rate limit, please retry later (1002)")
                made.headers["Retry-After"] = "7"
                return made
            case Trouble.MODEL_GONE:
                return self.error(400, "invalid params, unsupported model: MiniMax-H3 (2013)")
        raise AssertionError(trouble)

    def error(self, status: int, message: str) -> web.Response:
        """The status is the real one; the platform's own code ends the message."""
        detail = {"type": _TYPES[status], "message": message, "http_code": str(status)}
        body = {"type": "error", "error": detail, "request_id": "021785229015510a2c883cf675b9804d"}
        return web.json_response(body, status=status)

    def fail(self, code: str, message: str) -> None:
        """Every job has ended so."""
        for job in self.jobs.values():
            job.state, job.about["error"] = "failed", {"code": code, "message": message}

    def callback(self, job_id: str) -> tuple[dict[str, str], bytes]:
        """As the query answers; nothing is signed."""
        return {}, json.dumps({"task": self._shown(self.jobs[job_id])}).encode()

    def _guarded(self, handler: Any) -> Any:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if request.headers.get("Authorization") != f"Bearer {self.key}":
                message = "login fail: Please carry the API secret key in the 'Authorization' field (1004)"
                return self.error(401, message)
            try:
                answer: web.StreamResponse = await handler(request)
            except _Refused as refused:
                return self.error(refused.status, refused.message)
            return answer

        return guarded

    async def _create(self, request: web.Request) -> web.Response:
        try:
            asked = json.loads(await request.read())
        except ValueError:
            raise _Refused(400, "invalid params (2013)") from None
        self._check(asked)
        job = Job(id=str(next(self._ids)), asked=asked, about={"created_at": int(time.time())})
        self.jobs[job.id] = job
        if "callback_url" in asked:
            self.callback_urls[job.id] = asked["callback_url"]
        return web.json_response({"task_id": job.id})

    def _check(self, asked: dict[str, Any]) -> None:
        if asked.get("model") not in _MODELS:
            _invalid(f"unsupported model: {asked.get('model')}")
        if unknown := sorted(asked.keys() - _FIELDS):
            _invalid(f"unknown {', '.join(unknown)}")
        resolutions, shortest = _MODELS[asked["model"]]
        if asked.get("resolution") not in resolutions:
            _invalid("resolution")
        duration = asked.get("duration")
        if type(duration) is not int or not shortest <= duration <= 15:
            _invalid("duration")
        content = asked.get("content") or []
        words = [item.get("text", "") for item in content if item["type"] == "text"]
        if len(words) != 1 or not words[0].strip() or len(words[0]) > 7000:
            _invalid("content must include a non-empty text item (prompt is required)")
        roles = [item.get("role", "first_frame") for item in content if item["type"] != "text"]
        if set(roles) & _FRAMES and set(roles) & _REFERENCES:
            _invalid("frames and references cannot be mixed")
        if len([role for role in roles if role in _FRAMES]) != len(set(roles) & _FRAMES):
            _invalid("one first and one last frame")
        for item in content:
            if item["type"] == "image_url":
                _check_picture(item["image_url"]["url"])
        ratio = asked.get("ratio", "adaptive")
        if ratio not in _RATIOS or (not roles and ratio == "adaptive"):
            _invalid("ratio")
        if "extra" in asked and asked["model"] != "MiniMax-H3-Max":
            _invalid("extra")

    async def _query(self, request: web.Request) -> web.Response:
        job = self._known(request)
        job.looks += 1
        return web.json_response({"task": self._shown(job)})

    async def _list(self, request: web.Request) -> web.Response:
        """No task says what was asked for in words, so nobody finds an order by it."""
        page, size = int(request.query.get("page_num", 1)), int(request.query.get("page_size", 20))
        shown = [self._shown(job) for job in reversed(self.jobs.values())]
        wanted = request.query.getall("filter.task_ids", [])
        shown = [task for task in shown if not wanted or task["id"] in wanted]
        return web.json_response({"items": shown[(page - 1) * size : page * size], "total": len(shown)})

    async def _delete(self, request: web.Request) -> web.Response:
        """A waiting job is cancelled; of one that has ended the record goes, and the clip with it."""
        job = self._known(request)
        match self._state(job):
            case "queued":
                job.state = action = "cancelled"
            case "succeeded" | "failed":
                action = "deleted"
                del self.jobs[job.id]
            case state:
                raise _Refused(400, f"invalid params, task status {state} does not support this operation (2013)")
        return web.json_response({"task_id": job.id, "action": action, "status": action})

    def _known(self, request: web.Request) -> Job:
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            raise _Refused(500, "record not found (1000)")
        return job

    def _state(self, job: Job) -> str:
        if job.state is not None:
            return job.state
        return "succeeded" if job.looks >= self.looks else "running" if job.looks else "queued"

    def _shown(self, job: Job) -> dict[str, Any]:
        asked, state = job.asked, self._state(job)
        shown: dict[str, Any] = {
            "id": job.id,
            "model": asked["model"],
            "status": state,
            "created_at": job.about["created_at"],
            "updated_at": int(time.time()),
            "resolution": asked["resolution"],
            "duration": asked["duration"],
            "usage": {},
            "ratio": asked.get("ratio", "adaptive"),
            "task_type": "generation",
            "modality": "video",
        }
        if "error" in job.about:
            shown["error"] = job.about["error"]
        if state == "succeeded":
            host = self.files_url if self.elsewhere else self.url
            seconds = asked["duration"]
            pictures = len([item for item in asked["content"] if item["type"] == "image_url"])
            shown["content"] = {"url": f"{host}/inference_output/{job.id}.mp4?Expires={job.looks}"}
            shown["usage"] = {"total_seconds": seconds, "input_seconds": 0, "output_seconds": seconds}
            shown["usage"] |= {"input_image_count": pictures, "total_tokens": 54000 * seconds}
        return shown

    async def _result(self, request: web.Request) -> web.StreamResponse:
        if self.expired:
            return web.Response(status=403, text="Request has expired")
        return await self.send_clip(request)


def _invalid(what: str) -> None:
    raise _Refused(400, f"invalid params, {what} (2013)")


def _check_picture(url: str) -> None:
    if url.startswith(("http://", "https://", "mm_file://")):
        return
    start, comma, data = url.partition(",")
    if not start.startswith("data:image/") or not start.endswith(";base64") or not comma:
        _invalid("image_url")
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(data, validate=True)))
    except (binascii.Error, UnidentifiedImageError):
        raise _Refused(400, "invalid params, image_url (2013)") from None
    if not 256 <= min(picture.size) <= max(picture.size) <= 5760 or not 0.4 <= picture.width / picture.height <= 2.5:
        _invalid("image size")
