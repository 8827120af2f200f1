"""Google's Interactions API as it makes clips: /v1beta/interactions and /v1beta/files, also as /v1.

Facts and sources: docs/providers/gemini-omni.md.
"""

import base64
import binascii
import io
import json
import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from replicas.replica import KEY, Job, Replica, Trouble

_FIELDS = {
    "model",
    "input",
    "background",
    "store",
    "previous_interaction_id",
    "generation_config",
    "response_format",
    "webhook_config",
}
_TASKS = ("text_to_video", "image_to_video", "reference_to_video", "edit", "extend", "upscale")
_TOKENS_PER_S = {"360p": 1931, "720p": 5792, "1080p": 8688, "4k": 17376}
_FILE_STATES = ("PROCESSING", "ACTIVE", "FAILED")
_UNDER_WAY = ("queued", "in_progress", "requires_continuation")


@dataclass(frozen=True)
class _Invalid(Exception):
    message: str


class GeminiOmni(Replica):
    """One API key."""

    def __init__(self, *, key: str = KEY) -> None:
        super().__init__(key=key)
        self.models = {"gemini-omni-1.1-flash": 10, "gemini-omni-1.2-flash": 15}  # and the longest clip of each
        self.hidden_looks = 0  # of a job under way: so many are answered 403
        self.lost = False  # jobs are made, and can never be looked at again
        self.no_cancel = False  # the documented cancel answers 403, as it did to others
        self.says = ""  # words of the model instead of a clip
        self.errors: list[dict[str, str]] = []  # on jobs that failed
        self.signing_keys = [Ed25519PrivateKey.generate() for _ in range(3)]  # the last one signs

    def routes(self) -> list[web.RouteDef]:
        v = "/{version:v1|v1beta}"  # the SDK says v1 since 3.0
        return [
            web.get("/.well-known/jwks.json", self._jwks),
            web.get(f"{v}/models/{{id}}", self._model),
            web.post(f"{v}/interactions", self._create),
            web.get(f"{v}/interactions/{{id}}", self._retrieve),
            web.delete(f"{v}/interactions/{{id}}", self._delete),
            web.post(f"{v}/interactions/{{id}}/cancel", self._cancel),
            web.get(f"{v}/files/{{id:[a-z0-9]+}}:download", self._download),
            web.get(f"{v}/files/{{id:[a-z0-9]+}}", self._file_about),
        ]

    def creates(self, request: web.Request) -> bool:
        return request.method == "POST" and request.path.endswith("/interactions")

    def refusal(self, trouble: Trouble) -> web.Response:
        match trouble:
            case Trouble.REFUSED:
                return _error(400, "invalid_request", "The prompt was blocked: it violates our safety policies.")
            case Trouble.REJECTED:
                return _error(400, "invalid_request", "Invalid input at 'response_format'.")
            case Trouble.CREDENTIALS:
                return _bad_key()
            case Trouble.FUNDS:
                message = "You exceeded your current quota. Quota exceeded for metric: free_tier_requests, limit: 0"
                return _google_error(429, "RESOURCE_EXHAUSTED", message)
            case Trouble.THROTTLED:
                message = "You exceeded your current quota, please check your plan and billing details."
                return _google_error(
                    429,
                    "RESOURCE_EXHAUSTED",
                    message,
                    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"},
                )
            case Trouble.MODEL_GONE:
                return _error(404, "not_found", "Requested entity was not found.")
        raise AssertionError(trouble)

    def _signed_in(self, request: web.Request) -> bool:
        return request.headers.get("x-goog-api-key") == self.key

    async def _create(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return _bad_key()
        try:
            asked = json.loads(await request.read())
            self._check(asked)
        except _Invalid as error:
            return _error(400, "invalid_request", error.message)
        if asked["model"] not in self.models:
            return _error(404, "not_found", "Requested entity was not found.")
        background = bool(asked.get("background"))
        job = Job(
            id="v1_" + secrets.token_hex(12),
            asked=asked,
            about={"file": secrets.token_hex(6), "background": background},
        )
        self.jobs[job.id] = job
        if "webhook_config" in asked:
            (self.callback_urls[job.id],) = asked["webhook_config"]["uris"]
        shown = self._shown(job)
        return web.json_response(shown | {"steps": [s for s in shown["steps"] if s["type"] != "user_input"]})

    def _check(self, asked: dict[str, Any]) -> None:
        if unknown := asked.keys() - _FIELDS:
            raise _Invalid(f"Unknown parameter: {', '.join(sorted(unknown))}")
        if not isinstance(asked.get("model"), str):
            raise _Invalid("model is required")
        _check_input(asked.get("input"))
        clip = asked.get("response_format", {})
        _one_of("response_format.type", clip.get("type"), ("video",))
        _one_of("response_format.aspect_ratio", clip.get("aspect_ratio", "16:9"), ("16:9", "9:16"))
        _one_of("response_format.resolution", clip.get("resolution", "720p"), tuple(_TOKENS_PER_S))
        _one_of("response_format.delivery", clip.get("delivery", "inline"), ("inline", "uri"))
        length = re.fullmatch(r"(\d+)s", clip.get("duration", "8s"))
        if length is None or not 3 <= int(length[1]) <= self.models.get(asked["model"], 10):
            raise _Invalid("Invalid input at 'response_format'")
        task = asked.get("generation_config", {}).get("video_config", {}).get("task")
        if task is not None:
            _one_of("generation_config.video_config.task", task, _TASKS)
            if "previous_interaction_id" in asked:
                raise _Invalid("previous_interaction_id is not allowed when video task is set.")
        if asked.get("background") and asked.get("store") is False:
            raise _Invalid("background requires store.")

        if "webhook_config" in asked and not asked.get("background"):
            raise _Invalid("webhook_config requires background.")

    def callback(self, job_id: str) -> tuple[dict[str, str], bytes]:
        """As others saw it come: Standard Webhooks with an asymmetric signature, and no name of its key."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = json.dumps({"type": "interaction.completed", "version": "v1", "timestamp": now, "data": {"id": job_id}})
        id_, sent_at = f"msg_{secrets.token_hex(8)}", str(int(time.time()))
        signature = self.signing_keys[-1].sign(f"{id_}.{sent_at}.{body}".encode())
        headers = {
            "Webhook-Id": id_,
            "Webhook-Timestamp": sent_at,
            "Webhook-Signature": f"v1a,{base64.b64encode(signature).decode()}",
        }
        return headers, body.encode()

    async def _jwks(self, request: web.Request) -> web.Response:
        def jwk(key: Ed25519PrivateKey) -> dict[str, str]:
            x = base64.urlsafe_b64encode(key.public_key().public_bytes_raw()).decode().rstrip("=")
            return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "x": x}

        return web.json_response({"keys": [jwk(key) for key in self.signing_keys]})

    async def _model(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return _bad_key()
        id_ = request.match_info["id"]
        if id_ not in self.models:
            return _google_error(404, "NOT_FOUND", f"Model {id_} is not found for API version v1beta.")
        return web.json_response({"name": f"models/{id_}", "displayName": "Gemini Omni Flash", "version": "1"})

    def _state(self, job: Job) -> str:
        """Of the interaction."""
        if not job.about["background"]:
            return "completed" if not self.errors else "failed"
        if job.state in _FILE_STATES:
            return "completed"
        if job.state is not None:
            return job.state
        return "completed" if job.looks >= self.looks else "in_progress"

    def _file_state(self, job: Job) -> str:
        if job.state is not None and (job.state in _FILE_STATES or not job.about["background"]):
            return job.state
        return "ACTIVE" if job.about["background"] or job.looks >= self.looks else "PROCESSING"

    def _shown(self, job: Job) -> dict[str, Any]:
        state, now = self._state(job), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        shown: dict[str, Any] = {
            "id": job.id,
            "object": "interaction",
            "model": job.asked["model"],
            "status": state,
            "created": now,
            "updated": now,
            "steps": [{"type": "user_input", "content": _contents(job.asked["input"])}],
        }
        if state == "failed":
            shown["errors"] = self.errors
        if state == "completed":
            clip = job.asked["response_format"]
            tokens = _TOKENS_PER_S[clip.get("resolution", "720p")] * int(clip.get("duration", "8s")[:-1])
            shown["steps"] += [
                {"type": "thought", "signature": ""},
                {"type": "model_output", "content": self._made(job)},
            ]
            shown["usage"] = {
                "total_input_tokens": 12,
                "total_output_tokens": tokens,
                "output_tokens_by_modality": [{"modality": "video", "tokens": tokens}],
            }
        return shown

    def _made(self, job: Job) -> list[dict[str, Any]]:
        if self.says:
            return [{"type": "text", "text": self.says}]
        made: dict[str, Any] = {"type": "video", "mime_type": "video/mp4"}
        if job.asked["response_format"].get("delivery") == "uri":
            return [made | {"uri": f"{self.url}/v1beta/files/{job.about['file']}:download?alt=media"}]
        return [made | {"data": base64.b64encode(self.clip).decode()}]

    async def _retrieve(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return _bad_key()
        if not request.match_info["id"].startswith("v1_"):
            return _error(400, "invalid_request", f"Invalid interaction name: interactions/{request.match_info['id']}")
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            return _error(404, "not_found", "Requested entity was not found.")
        if self.lost:
            return _error(400, "invalid_request", "Request contains an invalid argument.")
        job.looks += 1
        if self.hidden_looks and self._state(job) in _UNDER_WAY:
            self.hidden_looks -= 1
            return _not_now()
        return web.json_response(self._shown(job))

    async def _delete(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return _bad_key()
        if self.jobs.pop(request.match_info["id"], None) is None:
            return _error(404, "not_found", "Requested entity was not found.")
        return web.json_response({})

    async def _cancel(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return _bad_key()
        if self.no_cancel:
            return _not_now()
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            return _error(404, "not_found", "Requested entity was not found.")
        if self._state(job) not in _UNDER_WAY:
            return _error(400, "invalid_request", "The interaction is not running.")
        job.state, job.stopped = "cancelled", True
        return web.json_response(self._shown(job))

    def _job_of_file(self, request: web.Request) -> Job | None:
        return next((j for j in self.jobs.values() if j.about["file"] == request.match_info["id"]), None)

    async def _file_about(self, request: web.Request) -> web.Response:
        if not self._signed_in(request):
            return _bad_key()
        job = self._job_of_file(request)
        if job is None:
            return _no_file(request)
        if not job.about["background"]:
            job.looks += 1
        name, state = f"files/{job.about['file']}", self._file_state(job)
        shown = {"name": name, "mimeType": "video/mp4", "source": "GENERATED", "state": state}
        if state == "FAILED":
            shown |= {"error": {"code": 13, "message": "The file could not be processed."}}
        return web.json_response(shown | {"uri": f"{self.url}/v1beta/{name}", "sizeBytes": str(len(self.clip))})

    async def _download(self, request: web.Request) -> web.StreamResponse:
        job = self._job_of_file(request)
        if not self._signed_in(request) or job is None or self._file_state(job) != "ACTIVE":
            return _no_file(request)
        if request.query.get("alt") != "media":
            return _google_error(400, "INVALID_ARGUMENT", "alt=media is required.")
        if self.elsewhere:
            raise web.HTTPFound(f"{self.files_url}/{job.about['file']}.mp4")
        return await self.send_clip(request)


def _check_input(given: Any) -> None:
    for part in _contents(given):
        match part.get("type"):
            case "text":
                if not part.get("text"):
                    raise _Invalid("Invalid input at 'input'")
            case "image":
                try:
                    Image.open(io.BytesIO(base64.b64decode(part["data"], validate=True))).load()
                except (KeyError, binascii.Error, OSError):
                    raise _Invalid("Unable to process input image.") from None
                if part.get("mime_type") not in ("image/png", "image/jpeg", "image/webp"):
                    raise _Invalid("Unsupported MIME type.")
            case _:
                raise _Invalid("Invalid input at 'input'")


def _contents(given: Any) -> list[dict[str, Any]]:
    if isinstance(given, str) and given:
        return [{"type": "text", "text": given}]
    if not isinstance(given, list) or not given:
        raise _Invalid("input is required")
    # Contents, or turns with contents in them, as the SDK sends them.
    parts: list[dict[str, Any]] = []
    for part in given:
        parts += part["content"] if part.get("type") == "user_input" else [part]
    return parts


def _one_of(name: str, value: Any, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        values = ", ".join(repr(a) for a in allowed)
        raise _Invalid(f"The value {value!r} is not supported for {name!r}. Supported values: {values}.")


def _error(status: int, code: str, message: str) -> web.Response:
    """As the Interactions API says it."""
    return web.json_response({"error": {"message": message, "code": code}}, status=status)


def _google_error(status: int, name: str, message: str, *details: dict[str, Any]) -> web.Response:
    """As what stands before every Google API says it."""
    error = {"code": status, "message": message, "status": name, "details": list(details)}
    return web.json_response({"error": error}, status=status)


def _bad_key() -> web.Response:
    info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    return _google_error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", info)


def _not_now() -> web.Response:
    message = "There was a problem processing your request. You will not be charged."
    return _error(403, "permission_denied", message)


def _no_file(request: web.Request) -> web.Response:
    message = f"You do not have permission to access the File {request.match_info['id']} or it may not exist."
    return _google_error(403, "PERMISSION_DENIED", message)
