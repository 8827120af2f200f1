"""BytePlus ModelArk's video tasks, as byteplus-python-sdk-v2 3.0.63 and people's notes of live calls have them.

Facts and sources: docs/providers/ark.md.
"""

import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from replicas.replica import KEY, Job, Replica, Trouble

PATH = "/api/v3/contents/generations/tasks"
_SIDES = {
    "480p": {"16:9": (864, 496), "4:3": (752, 560), "1:1": (640, 640), "3:4": (560, 752), "9:16": (496, 864)},
    "720p": {"16:9": (1280, 720), "4:3": (1112, 834), "1:1": (960, 960), "3:4": (834, 1112), "9:16": (720, 1280)},
    "1080p": {"16:9": (1920, 1080), "4:3": (1664, 1248), "1:1": (1440, 1440), "9:16": (1080, 1920)},
}
_OLD_ONLY = ("seed", "frames", "camera_fixed", "draft")  # what models before 2.0 take
_ROLES = ("first_frame", "last_frame")


@dataclass(frozen=True)
class _Refused(Exception):
    status: int
    code: str
    message: str


class Ark(Replica):
    """One account with one project."""

    def __init__(self, *, key: str | None = KEY) -> None:
        super().__init__(key=key)
        self.expired = False  # a day has gone by: the files of all tasks are deleted

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(PATH, self._create),
            web.get(PATH, self._list),
            web.get(PATH + "/{id}", self._get),
            web.delete(PATH + "/{id}", self._delete),
            web.get("/bucket/{name}", self._file_here),
        ]

    def creates(self, request: web.Request) -> bool:
        return request.method == "POST"

    def refusal(self, trouble: Trouble) -> web.Response:
        match trouble:
            case Trouble.REFUSED:
                message = "The request failed because the input text may contain sensitive information."
                return _error(400, "InputTextSensitiveContentDetected", message)
            case Trouble.REJECTED:
                message = "the parameter duration specified in the request is not valid for model dreamina-seedance-2-5"
                return _error(400, "InvalidParameter", message)
            case Trouble.CREDENTIALS:
                return _error(401, "AuthenticationError", f"The API key {self.key} in the request is invalid.")
            case Trouble.FUNDS:
                message = "The request failed because your account has an overdue balance."
                return _error(403, "AccountOverdueError", message)
            case Trouble.THROTTLED:
                code = "RateLimitExceeded.EndpointRPMExceeded"
                made = _error(429, code, "The Requests Per Minute (RPM) limit of the associated endpoint is exceeded.")
                made.headers["Retry-After"] = "7"
                return made
            case Trouble.MODEL_GONE:
                message = "The model or endpoint m does not exist or you do not have access to it."
                return _error(404, "InvalidEndpointOrModel.NotFound", message)
        raise AssertionError(trouble)

    def fail(self, code: str, message: str) -> None:
        """Every task has ended so."""
        for job in self.jobs.values():
            job.state, job.about["error"] = "failed", {"code": code, "message": message}

    def callback(self, job_id: str) -> tuple[dict[str, str], bytes]:
        """The task as GET shows it; nothing is signed."""
        return {}, json.dumps(self._shown(self.jobs[job_id])).encode()

    def _signed_in(self, request: web.Request) -> None:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            raise _Refused(401, "AuthenticationError", "The API key in the request is missing or invalid.")

    async def _create(self, request: web.Request) -> web.Response:
        try:
            self._signed_in(request)
            # The vendor's client sends null for what is not given.
            asked = {name: value for name, value in json.loads(await request.read()).items() if value is not None}
            _check(asked)
        except _Refused as error:
            return _error(error.status, error.code, error.message)
        stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime())
        job = Job(id=f"cgt-{stamp}-{secrets.token_hex(3)[:5]}", asked=asked, about={"created_at": int(time.time())})
        self.jobs[job.id] = job
        if "callback_url" in asked:
            self.callback_urls[job.id] = asked["callback_url"]
        return web.json_response({"id": job.id})

    async def _get(self, request: web.Request) -> web.Response:
        job = self._find(request)
        if isinstance(job, web.Response):
            return job
        job.looks += 1
        return web.json_response(self._shown(job))

    async def _list(self, request: web.Request) -> web.Response:
        try:
            self._signed_in(request)
        except _Refused as error:
            return _error(error.status, error.code, error.message)
        ids, state = request.query.getall("filter.task_ids", []), request.query.get("filter.status")
        shown = [self._shown(job) for job in self.jobs.values() if not ids or job.id in ids]
        shown = [task for task in shown if state in (None, task["status"])]
        size, page = int(request.query.get("page_size", 10)), int(request.query.get("page_num", 1))
        return web.json_response({"total": len(shown), "items": shown[(page - 1) * size : page * size]})

    async def _delete(self, request: web.Request) -> web.Response:
        """Cancels what waits, erases what has ended, and refuses what runs."""
        job = self._find(request)
        if isinstance(job, web.Response):
            return job
        match self._state(job):
            case "running":
                message = f"Cannot delete task `{job.id}` because it is currently running."
                return _error(409, "InvalidAction.RunningTaskDeletion", message)
            case "queued":
                job.state, job.stopped = "cancelled", True
            case _:
                del self.jobs[job.id]
        return web.json_response({})

    def _find(self, request: web.Request) -> Job | web.Response:
        try:
            self._signed_in(request)
        except _Refused as error:
            return _error(error.status, error.code, error.message)
        job = self.jobs.get(request.match_info["id"])
        return job or _error(404, "ResourceNotFound", "The specified task is not found.")

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
            "service_tier": "default",
            "execution_expires_after": 172800,
            "generate_audio": asked.get("generate_audio", True),
            "draft": False,
            "priority": 0,
        }
        if state == "failed":
            shown["error"] = job.about.get("error", {"code": "InternalServiceError", "message": "An internal error."})
        if state == "succeeded":
            host = self.files_url if self.elsewhere else f"{self.url}/bucket"
            signed = f"X-Tos-Date={int(time.time())}&X-Tos-Expires=86400&X-Tos-Signature={secrets.token_hex(8)}"
            shown["content"] = {"video_url": f"{host}/{job.id}.mp4?{signed}"}
            shown |= _made(asked)
        return shown

    async def _file_here(self, request: web.Request) -> web.StreamResponse:
        if self.expired or "X-Tos-Signature" not in request.query:
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>", content_type="text/xml")
        return await self.send_clip(request)


def _made(asked: dict[str, Any]) -> dict[str, Any]:
    resolution, ratio = asked.get("resolution", "720p"), asked.get("ratio", "16:9")
    seconds = asked.get("duration", 5)
    width, height = _SIDES[resolution].get(ratio, (1280, 720))
    tokens = width * height * (24 * seconds + 1) // 1024  # a frame more than asked is made and billed
    return {
        "resolution": resolution,
        "ratio": ratio,
        "duration": seconds,
        "framespersecond": 24,
        "seed": asked.get("seed", 99588),
        "output_format": "mp4",
        "usage": {"completion_tokens": tokens, "total_tokens": tokens},
    }


def _check(asked: dict[str, Any]) -> None:
    model, content = asked.get("model"), asked.get("content")
    if not model or not content:
        raise _Refused(400, "MissingParameter", "The request failed because it is missing model or content.")
    images = [part for part in content if part["type"] == "image_url"]
    roles = [part.get("role") for part in images]
    for part in content:
        if part["type"] not in ("text", "image_url", "video_url", "audio_url"):
            raise _invalid("content[0].type")
        if part["type"] == "text" and not part["text"]:
            raise _invalid("content[0].text")
    for image in images:
        url = image["image_url"]["url"] if isinstance(image["image_url"], dict) else ""
        if not url.startswith(("https://", "data:image/", "asset://")):
            raise _invalid("content[1].image_url", "resource download failed.")
    if len(images) > 1 and (None in roles or len(set(roles)) != len(roles)):
        raise _invalid("content", "role must be specified for image contents.")
    if set(roles) - {*_ROLES, None, "reference_image"}:
        raise _invalid("content", "invalid role specified for image content.")
    if asked.get("ratio") not in (None, "adaptive") and set(roles) & set(_ROLES):
        raise _invalid("ratio", "For first-frame generation, the output ratio follows the first-frame image.")
    if "seedance-2-" in model and (named := [name for name in _OLD_ONLY if name in asked]):
        raise _invalid(named[0])
    longest = 30 if "seedance-2-5" in model else 15
    if asked.get("duration", 5) != -1 and not 4 <= asked.get("duration", 5) <= longest:
        raise _invalid("duration")
    if asked.get("resolution", "720p") not in _SIDES:
        raise _invalid("resolution")


def _invalid(name: str, why: str = "") -> _Refused:
    message = f"The parameter `{name}` specified in the request is not valid: {why}"
    return _Refused(400, "InvalidParameter", message)


def _error(status: int, code: str, message: str) -> web.Response:
    message = f"{message} Request id: 021788253659696"
    kind = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound", 429: "TooManyRequests"}
    body = {"code": code, "message": message, "param": "", "type": kind.get(status, "Conflict")}
    return web.json_response({"error": body}, status=status)
