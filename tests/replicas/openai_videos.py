"""/v1/videos as OpenAI, SGLang-Diffusion 0.5.23, vLLM-Omni 0.30.0 and LiteLLM's proxy 1.109.1 serve it.

Facts and sources: docs/providers/openai-compatible.md.
"""

import base64
import io
import json
import re
import secrets
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField
from PIL import Image

from replicas.replica import KEY, Job, Replica, Trouble

_OPENAI_SIZES = ("720x1280", "1280x720", "1024x1792", "1792x1024", "1920x1080", "1080x1920")
_OPENAI_SECONDS = ("4", "8", "12", "16", "20")
# Text there names a file of the server's own disk.
_VLLM_CONTROLS = ("edge", "blur", "depth", "seg", "wsm")  # of Cosmos3; other models take none
_SGLANG_PATHS = ("input_reference", "video_reference", "video_path", "output_path", "perf_dump_path")


@dataclass(frozen=True)
class _Invalid(Exception):
    message: str
    param: str | None = None
    code: str | None = None
    status: int = 400


class OpenAIVideos(Replica):
    """One server; `profile` says whose."""

    def __init__(self, profile: str = "openai", *, key: str | None = KEY) -> None:
        super().__init__(key=None if profile == "sglang" else key)  # SGLang has no authentication at all
        self.profile = profile
        self.models = ["m", "sora-2"]  # an engine has one
        self.paths_opened: list[str] = []  # of the server's own disk, on a client's word
        self.gpu_busy: set[str] = set()
        self.conflict: str | None = None  # what vLLM-Omni's DELETE says, if not done

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/v1/models", self._models),
            web.post("/v1/videos", self._create),
            web.get("/v1/videos", self._list),
            web.get("/v1/videos/{id}", self._retrieve),
            web.delete("/v1/videos/{id}", self._delete),
            web.get("/v1/videos/{id}/content", self._content),
        ]

    def creates(self, request: web.Request) -> bool:
        return request.method == "POST"

    def refusal(self, trouble: Trouble) -> web.Response:
        match trouble:
            case Trouble.REFUSED:
                return self._error(400, "Your request was blocked by our moderation system.", "moderation_blocked")
            case Trouble.REJECTED:
                return self._error(
                    400, "Invalid value: '3'. Supported values are: '4', '8', and '12'.", "invalid_value"
                )
            case Trouble.CREDENTIALS:
                return self._error(401, f"Incorrect API key provided: {self.key}.", "invalid_api_key")
            case Trouble.FUNDS:
                message = "You exceeded your current quota, please check your plan and billing details."
                return self._error(429, message, "insufficient_quota", "insufficient_quota")
            case Trouble.THROTTLED:
                made = self._error(429, "Rate limit reached.", "rate_limit_exceeded", "requests")
                made.headers["Retry-After"] = "7"
                return made
            case Trouble.MODEL_GONE:
                return self._error(404, "The model `sora-2` does not exist.", "model_not_found")
        raise AssertionError(trouble)

    def _error(
        self, status: int, message: str, code: str | None = None, type: str = "invalid_request_error"
    ) -> web.Response:
        if self.profile == "sglang":
            return web.json_response({"detail": message}, status=status)
        if self.profile == "litellm":  # the status as text, unless the upstream gave a code of its own
            code = code or str(status)
        return web.json_response(
            {"error": {"message": message, "type": type, "param": None, "code": code}}, status=status
        )

    def _signed_in(self, request: web.Request) -> bool:
        return self.key is None or request.headers.get("Authorization") == f"Bearer {self.key}"

    async def _models(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return self._error(401, "Incorrect API key provided.", "invalid_api_key")
        engine = self.profile in ("sglang", "vllm_omni")
        shown = [{"id": id_, "object": "model", "created": 1780000000, "owned_by": "them"} for id_ in self.models]
        return web.json_response({"object": "list", "data": shown[:1] if engine else shown})

    async def _create(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return self._error(401, "Incorrect API key provided.", "invalid_api_key")
        try:
            asked = await self._asked(request)
            self._check(asked)
        except _Invalid as error:
            if self.profile in ("sglang", "vllm_omni"):
                return web.json_response({"detail": error.message}, status=422)
            about = {"type": "invalid_request_error", "param": error.param, "code": error.code}
            return web.json_response({"error": {"message": error.message} | about}, status=error.status)
        prefix = "video_gen_" if self.profile == "vllm_omni" else "video_"
        job = Job(id=prefix + secrets.token_hex(16), asked=asked, about={"created_at": int(time.time())})
        self.jobs[job.id] = job
        self.gpu_busy.add(job.id)
        return web.json_response(self._shown(job, by="create"))

    async def _asked(self, request: web.Request) -> dict[str, Any]:
        if request.content_type == "multipart/form-data":
            asked: dict[str, Any] = {}
            for name, value in (await request.post()).items():
                asked[name] = value.file.read() if isinstance(value, FileField) else value
            return asked
        if self.profile == "vllm_omni":
            raise _Invalid("Field required: body.prompt")  # its fields are all Form(): it never looks at JSON
        try:
            body = json.loads(await request.read())
        except ValueError:
            raise _Invalid("We could not parse the JSON body of your request.") from None
        if not isinstance(body, dict):
            raise _Invalid("The body must be an object.")
        return body

    def _check(self, asked: dict[str, Any]) -> None:
        prompt = asked.get("prompt")
        if not isinstance(prompt, str) or not 1 <= len(prompt) <= 32_000:
            raise _Invalid("Missing required parameter: 'prompt'.", "prompt", "missing_required_parameter")
        match self.profile:
            case "sglang":
                self.paths_opened += [str(asked[n]) for n in _SGLANG_PATHS if isinstance(asked.get(n), str)]
                for name in ("seconds", "fps", "num_frames", "seed"):
                    if name in asked and re.fullmatch(r"-?\d+", str(asked[name])) is None:
                        raise _Invalid(f"{name}: Input should be a valid integer")
            case "vllm_omni":
                if re.fullmatch(r"[1-9]\d*", asked.get("seconds", "4")) is None:
                    raise _Invalid("seconds: String should match pattern '^[1-9]\\d*$'")
                if re.fullmatch(r"\d+x\d+", asked.get("size", "1x1")) is None:
                    raise _Invalid("size: String should match pattern '^\\d+x\\d+$'")
                self._check_control(asked)
            case _:
                self._check_as_openai(asked)

    def _check_control(self, asked: dict[str, Any]) -> None:
        video, kind = asked.get("control_reference"), asked.get("control_type")
        if video is None and kind is not None:
            raise _Invalid("control_type requires a control_reference upload.")
        if video is None:
            return
        if not kind:
            raise _Invalid("control_reference requires control_type.")
        if kind not in _VLLM_CONTROLS:
            raise _Invalid(f"Control upload type '{kind}' is not supported by this model.")
        if not isinstance(video, bytes) or not video:
            raise _Invalid("control_reference must not be empty.")

    def _check_as_openai(self, asked: dict[str, Any]) -> None:
        seconds, size = asked.get("seconds", "4"), asked.get("size", "720x1280")
        if seconds not in _OPENAI_SECONDS:
            raise _Invalid(f"Invalid value: {seconds!r}.", "seconds", "invalid_value")
        if size not in _OPENAI_SIZES:
            raise _Invalid(f"Invalid value: {size!r}.", "size", "invalid_value")
        reference = asked.get("input_reference")
        if isinstance(reference, str):
            message = "Invalid type for 'input_reference': expected a file, but got a string instead."
            raise _Invalid(message, "input_reference", "invalid_type")
        if isinstance(reference, dict) and len(reference.keys() & {"image_url", "file_id"}) != 1:
            raise _Invalid("Give exactly one of image_url and file_id.", "input_reference", "invalid_value")
        if isinstance(reference, bytes):
            width, height = Image.open(io.BytesIO(reference)).size
            if f"{width}x{height}" != size:
                raise _Invalid("Inpaint image must match the requested width and height", "input_reference")

    def _state(self, job: Job) -> str:
        if job.state is not None:
            return job.state
        if job.looks >= self.looks:
            self.gpu_busy.discard(job.id)
            return "completed"
        return "queued" if job.looks == 0 or self.profile == "sglang" else "in_progress"

    def _shown(self, job: Job, *, by: str) -> dict[str, Any]:
        state, asked = self._state(job), job.asked
        done = state == "completed"
        shown: dict[str, Any] = {
            "id": job.id,
            "object": "video",
            "model": asked.get("model", "sora-2"),
            "status": state,
            "progress": 100 if done else 0 if self.profile == "vllm_omni" else min(max(job.looks - 1, 0) * 30, 99),
            "created_at": job.about["created_at"],
            "completed_at": int(time.time()) if done else None,
            "expires_at": int(time.time()) + 3600 if done else None,
            "prompt": asked["prompt"],
            "size": asked.get("size", "720x1280"),
            "seconds": str(asked.get("seconds", "4")),
            "remixed_from_video_id": None,
            "error": job.about.get("error"),
        }
        if self.profile == "sglang":
            url = f"{self.files_url}/{job.id}.mp4" if done and self.elsewhere else None
            shown |= {"url": url, "file_path": None if url else f"/outputs/{job.id}.mp4", "inference_time_s": 12.5}
            shown |= {"quality": "standard", "num_outputs": 1}
        if self.profile == "vllm_omni":
            shown |= {"fps": int(asked.get("fps", 24)), "num_frames": int(asked.get("num_frames", 96))}
            shown |= {"inference_time_s": 12.5, "media_type": "video/mp4"}
        if self.profile == "litellm":
            shown["id"] = _wrapped(job.id, by)
        return shown

    def _find(self, request: web.Request) -> Job | None:
        id_ = request.match_info["id"]
        return self.jobs.get(_unwrapped(id_) if self.profile == "litellm" else id_)

    def _missing(self, request: web.Request) -> web.Response:
        if self.profile == "sglang":
            return web.json_response({"detail": "Video not found"}, status=404)
        return self._error(404, f"Video with id '{request.match_info['id']}' not found.")

    async def _retrieve(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return self._error(401, "Incorrect API key provided.", "invalid_api_key")
        job = self._find(request)
        if job is None:
            return self._missing(request)
        job.looks += 1
        shown = self._shown(job, by="retrieve")
        error = shown["error"]
        failed = self.profile == "vllm_omni" and shown["status"] == "failed"
        return web.json_response(shown, status=int(error["code"]) if failed and error else 200)

    async def _list(self, request: web.Request) -> web.Response:
        shown = [self._shown(job, by="list") for job in self.jobs.values()]
        ids = [job["id"] for job in shown] or [None]
        return web.json_response(
            {"object": "list", "data": shown, "first_id": ids[0], "last_id": ids[-1], "has_more": False}
        )

    async def _delete(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return self._error(401, "Incorrect API key provided.", "invalid_api_key")
        job = self._find(request)
        if job is None:
            return self._missing(request)
        if self.profile == "sglang":  # the GPU works on
            del self.jobs[job.id]
            return web.json_response(self._shown(job, by="delete") | {"status": "deleted"})
        if self.profile == "vllm_omni":
            if self.conflict is not None:
                return web.json_response({"detail": self.conflict}, status=409)
            self.gpu_busy.discard(job.id)
        elif self._state(job) not in ("completed", "failed"):
            return self._error(400, "Only completed or failed videos can be deleted.")
        del self.jobs[job.id]
        return web.json_response({"id": request.match_info["id"], "object": "video.deleted", "deleted": True})

    async def _content(self, request: web.Request) -> web.StreamResponse:
        if not self._signed_in(request):
            return self._error(401, "Incorrect API key provided.", "invalid_api_key")
        job = self._find(request)
        if job is None:
            return self._missing(request)
        state = self._state(job)
        if self.profile == "sglang":
            if self.elsewhere and state == "completed":
                url = f"{self.files_url}/{job.id}.mp4"
                detail = f"Video has been uploaded to cloud storage. Please use the cloud URL: {url}"
                return web.json_response({"detail": detail}, status=400)
            if state != "completed":
                return web.json_response({"detail": "Generation is still in-progress"}, status=404)
        if self.profile == "vllm_omni" and state == "failed":
            return web.json_response({"detail": "Video generation failed"}, status=422)
        if state != "completed":
            return self._error(404, "Video is not ready yet, use GET /v1/videos/{video_id} to check status.")
        if self.elsewhere:
            raise web.HTTPFound(f"{self.files_url}/{job.id}.mp4")
        return await self.send_clip(request)

    def fail(self, message: str, code: str | int | None) -> None:
        """Every job has ended so."""
        for job in self.jobs.values():
            job.state = "failed"
            error = {"message": message} if self.profile == "sglang" else {"code": code, "message": message}
            job.about["error"] = error
            self.gpu_busy.discard(job.id)


def _wrapped(id_: str, by: str) -> str:
    """LiteLLM puts what it needs to know into the id, and says it otherwise each time."""
    inside = f"litellm:custom_llm_provider:openai;model_id:{by};video_id:{id_}"
    return "video_" + base64.b64encode(inside.encode()).decode()


def _unwrapped(id_: str) -> str:
    try:
        inside = base64.b64decode(id_.removeprefix("video_"), validate=True).decode()
    except ValueError:
        return id_
    return inside.rpartition("video_id:")[2]
