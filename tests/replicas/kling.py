"""Kling's two APIs as kling.ai/document-api describes them (copy of 2026-09-20).

Facts and sources: docs/providers/kling.md.
"""

import base64
import binascii
import hashlib
import hmac
import io
import itertools
import json
import re
import time
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from PIL import Image, UnidentifiedImageError
from standardwebhooks.webhooks import Webhook

from replicas.replica import KEY, Job, Replica, Trouble

ACCESS_KEY = "AK-replica-access"
SECRET_KEY = "SK-replica-secret-0123456789"
WEBHOOK_SECRET = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="  # of Kling's own example

_LONG = tuple(range(3, 16))
# model -> (products, settings, durations, resolutions, prompt's length)
_MODELS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[int, ...], tuple[str, ...], int]] = {
    "kling-3.0": (
        ("text-to-video", "image-to-video"),
        ("audio", "multi_shot"),
        _LONG,
        ("720p", "1080p", "4k"),
        3072,
    ),
    "kling-3.0-turbo": (("text-to-video", "image-to-video"), (), _LONG, ("720p", "1080p"), 3072),
    "kling-3.0-omni": (("omni-video",), ("audio", "multi_shot"), _LONG, ("720p", "1080p", "4k"), 3072),
    "kling-o1": (("omni-video",), ("audio",), tuple(range(3, 11)), ("720p", "1080p"), 2500),
    "kling-2.6": (("text-to-video", "image-to-video"), ("audio",), (5, 10), ("720p", "1080p"), 2500),
    "kling-2.5-turbo": (("text-to-video", "image-to-video"), (), (5, 10), ("720p", "1080p"), 2500),
}
_LEGACY_MODELS = ("kling-v3", "kling-v2-6", "kling-v2-5-turbo", "kling-v2-1", "kling-v1-6")
_RATIOS = ("16:9", "9:16", "1:1")
_HTTP = {
    **dict.fromkeys((1000, 1001, 1002, 1003, 1004), 401),
    **dict.fromkeys((1100, 1101, 1102, 1302, 1303, 1304), 429),
    1103: 403,
    **dict.fromkeys((1200, 1201, 1300, 1301), 400),
    **dict.fromkeys((1202, 1203), 404),
    5000: 500,
    5001: 503,
    5002: 504,
}


class _Refused(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Kling(Replica):
    """One account: the API key opens both APIs, a signed pair of keys only the legacy one."""

    def __init__(self) -> None:
        super().__init__()
        self.slots: int | None = None  # jobs at a time
        self.charge_type = "cash"
        self.currency = "USD"
        self.expired = False  # results are cleared after 30 days
        self.hides_new_jobs = False  # by their external id, for a while
        self._ids = itertools.count(893605946402811985)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/{product:text-to-video|image-to-video|omni-video}/{model}", self._guarded(self._create)),
            web.get("/tasks", self._guarded(self._tasks)),
            web.post("/tasks", self._guarded(self._list)),
            web.post("/v1/videos/{kind:text2video|image2video}", self._guarded(self._create_legacy)),
            web.get("/v1/videos/{kind:text2video|image2video}", self._guarded(self._list_legacy)),
            web.get("/v1/videos/{kind:text2video|image2video}/{id}", self._guarded(self._task_legacy)),
            web.get("/kcdn/{name}", self._result),
        ]

    def creates(self, request: web.Request) -> bool:
        return request.method == "POST" and request.path != "/tasks"

    def refusal(self, trouble: Trouble) -> web.Response:
        match trouble:
            case Trouble.REFUSED:
                return self.error(1301, "Trigger the platform's content security policy")
            case Trouble.REJECTED:
                return self.error(1201, "settings.duration value '2' is invalid")
            case Trouble.CREDENTIALS:  # whatever is wrong with the key, the text is this one
                return self.error(1002, f"Authentication error. The current API does not support AK/SK; {self.key}")
            case Trouble.FUNDS:
                return self.error(1102, "Account balance not enough")
            case Trouble.THROTTLED:
                made = self.error(1303, "parallel task over resource pack limit")
                made.headers["Retry-After"] = "7"
                return made
            case Trouble.MODEL_GONE:
                return self.error(1203, "The requested resource does not exist: model")
        raise AssertionError(trouble)

    def error(self, code: int, message: str, *, status: int | None = None) -> web.Response:
        """An error has no `data`."""
        body = {"code": code, "message": message, "request_id": "9984d27b-a408-4073-ae28-17ca6a13622d"}
        return web.json_response(body, status=status or _HTTP[code])

    def fail(self, message: str) -> None:
        """Every job has ended so."""
        for job in self.jobs.values():
            job.state, job.about["message"] = "failed", message

    def callback(self, job_id: str) -> tuple[dict[str, str], bytes]:
        """The job as that API shows it, signed as an account with a Webhook Secret has it."""
        job = self.jobs[job_id]
        shown = self._shown_legacy(job) if "model_name" in job.asked else self._shown(job)
        body, id_, now_s = json.dumps(shown), "8674665223082153551", int(time.time())
        signature = Webhook(WEBHOOK_SECRET).sign(id_, datetime.fromtimestamp(now_s, UTC), body)
        headers = {"webhook-id": id_, "webhook-timestamp": str(now_s), "webhook-signature": signature}
        return headers, body.encode()

    def _guarded(self, handler: Any) -> Any:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                self._sign_in(request)
                answer: web.StreamResponse = await handler(request)
            except _Refused as refused:
                return self.error(refused.code, refused.message)
            return answer

        return guarded

    def _sign_in(self, request: web.Request) -> None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if not token:
            raise _Refused(1001, "Authorization is empty")
        if kind == "Bearer" and token == self.key:
            return
        if kind != "Bearer" or token.count(".") != 2 or not request.path.startswith("/v1/"):
            raise _Refused(1002, "Authentication error. The current API does not support AK/SK")
        head, payload, signature = token.split(".")
        made = hmac.new(SECRET_KEY.encode(), f"{head}.{payload}".encode(), hashlib.sha256).digest()
        claims = json.loads(_unpadded(payload))
        if json.loads(_unpadded(head)) != {"alg": "HS256", "typ": "JWT"} or _unpadded(signature) != made:
            raise _Refused(1002, "Authorization is invalid")
        if claims["iss"] != ACCESS_KEY or self.key != KEY:  # whoever has another key is another account
            raise _Refused(1002, "access key not found")
        if claims["nbf"] > time.time():
            raise _Refused(1003, "Authorization is not yet valid")
        if claims["exp"] < time.time():
            raise _Refused(1004, "Authorization has expired")

    # -- the new API ---------------------------------------------------------------------------

    async def _create(self, request: web.Request) -> web.Response:
        product, model = request.match_info["product"], request.match_info["model"]
        if model not in _MODELS or product not in _MODELS[model][0]:
            raise _Refused(1203, f"model {model} does not exist")
        asked = await _json(request)
        self._check(product, model, asked)
        options = asked.get("options", {})
        job = self._made(asked | {"model": model}, options)
        return self._answer(self._shown(job, brief=True))

    def _check(self, product: str, model: str, asked: dict[str, Any]) -> None:
        _, extra, durations, resolutions, prompt_chars = _MODELS[model]
        roles: list[str] = []
        if product == "text-to-video":
            _only(asked, ("prompt", "settings", "options"), "body")
            prompt = asked.get("prompt")
        else:
            _only(asked, ("contents", "settings", "options"), "body")
            contents = asked.get("contents") or []
            roles = [item["type"] for item in contents]
            prompt = next((item["text"] for item in contents if item["type"] == "prompt"), None)
            for item in contents:
                if item["type"] in ("first_frame", "last_frame"):
                    _check_picture(item["url"])
            if "last_frame" in roles and "first_frame" not in roles:
                raise _Refused(1201, "last_frame only is not supported")
            if product == "image-to-video" and "first_frame" not in roles:
                raise _Refused(1201, "first_frame is required")
            if model == "kling-3.0-turbo" and "last_frame" in roles:
                raise _Refused(1201, "contents[].type last_frame is not supported")
        if (product == "text-to-video" or prompt is not None) and not 1 <= len(prompt or "") <= prompt_chars:
            raise _Refused(1201, f"prompt: 1 to {prompt_chars} characters")
        settings = asked.get("settings", {})
        with_ratio = () if product == "image-to-video" else ("aspect_ratio",)
        _only(settings, ("resolution", "duration", *with_ratio, *extra), "settings")
        if type(settings.get("duration", 5)) is not int or settings.get("duration", 5) not in durations:
            raise _Refused(1201, f"settings.duration value {settings['duration']!r} is invalid")
        if settings.get("resolution", "720p") not in resolutions:
            raise _Refused(1201, f"settings.resolution value {settings['resolution']!r} is invalid")
        if settings.get("aspect_ratio", "16:9") not in _RATIOS:
            raise _Refused(1201, f"settings.aspect_ratio value {settings['aspect_ratio']!r} is invalid")
        if product == "omni-video" and "first_frame" not in roles and "aspect_ratio" not in settings:
            raise _Refused(1201, "settings.aspect_ratio is required")
        if type(settings.get("multi_shot", True)) is not bool:
            raise _Refused(1201, "settings.multi_shot is a boolean")
        sound = settings.get("audio", "off")
        if sound not in (("off", "original") if model == "kling-o1" else ("off", "native")):
            raise _Refused(1201, f"settings.audio value {sound!r} is invalid")
        small = settings.get("resolution", "720p") == "720p"
        if small and (model == "kling-2.6" and sound == "native"):
            raise _Refused(1201, "only 1080P is supported with native audio")
        if small and "last_frame" in roles and model in ("kling-2.6", "kling-2.5-turbo"):
            raise _Refused(1201, "only 1080P is supported with first and last frames")

    async def _tasks(self, request: web.Request) -> web.Response:
        query = request.query
        if ("task_ids" in query) == ("external_task_ids" in query):
            raise _Refused(1201, "either task_ids or external_task_ids")
        if "task_ids" in query:
            found = [self.jobs[id] for id in query["task_ids"].split(",") if id in self.jobs]
        else:
            wanted = query["external_task_ids"].split(",")
            found = [job for job in self.jobs.values() if job.about["external_id"] in wanted]
            found = [] if self.hides_new_jobs else found
        for job in found:
            job.looks += "task_ids" in query
        return self._answer([self._shown(job) for job in found])

    async def _list(self, request: web.Request) -> web.Response:
        limit = (await _json(request)).get("limit", 100)
        if not 1 <= limit <= 500:
            raise _Refused(1201, "limit: at most 500")
        shown = [self._shown(job) for job in reversed(self.jobs.values())]
        result = {"result": shown[:limit], "count": len(shown[:limit]), "next_cursor": "", "has_more": False}
        return self._answer(result)

    def _shown(self, job: Job, *, brief: bool = False) -> dict[str, Any]:
        state = self._state(job, done="succeeded")
        shown: dict[str, Any] = {
            "id": job.id,
            "status": state,
            "message": job.about.get("message", ""),
            "create_time": job.about["created_at"],
            "update_time": int(time.time() * 1000),
            "external_id": job.about["external_id"],
        }
        if brief:
            del shown["message"]
        elif state == "succeeded":
            settings = job.asked.get("settings", {})
            seconds = settings.get("duration", 5)
            video = {
                "type": "video",
                "id": job.id[::-1],
                "url": self._url(job),
                "watermark_url": "",
                "duration": f"{seconds}.04",
            }
            shown["outputs"] = [video]
            shown["billing"] = [self._bill(seconds, settings.get("audio", "off") == "native")]
        return shown

    def _bill(self, seconds: int, sound: bool) -> dict[str, str]:
        units = seconds * (0.9 if sound else 0.6)
        if self.charge_type == "unit":
            return {"charge_type": "unit", "amount": f"{units:.2f}", "package_type": "video"}
        amount = f"{units * 0.14:.2f}"
        return {
            "charge_type": "cash",
            "cash_type": "balance",
            "amount": amount,
            "currency": self.currency,
            "list_price": amount,
        }

    # -- the legacy API ------------------------------------------------------------------------

    async def _create_legacy(self, request: web.Request) -> web.Response:
        asked = await _json(request)
        if asked.get("model_name", "kling-v1") not in _LEGACY_MODELS:
            raise _Refused(1203, f"model {asked.get('model_name')} does not exist")
        duration, mode = asked.get("duration", "5"), asked.get("mode", "std")
        if not isinstance(duration, str) or not duration.isdigit():
            raise _Refused(1201, f"duration value {duration!r} is invalid")
        if mode not in ("std", "pro", "4k"):
            raise _Refused(1201, f"mode value {mode!r} is invalid")
        if asked.get("sound", "off") not in ("on", "off"):
            raise _Refused(1201, "sound is on or off")
        if request.match_info["kind"] == "image2video":
            for name in ("image", "image_tail"):
                if name in asked:
                    _check_picture(asked[name])
            if "image" not in asked:
                raise _Refused(1201, "image is required")
        elif not asked.get("prompt"):
            raise _Refused(1201, "prompt is required")
        job = self._made(asked, asked)
        return self._answer(self._shown_legacy(job, brief=True))

    async def _task_legacy(self, request: web.Request) -> web.Response:
        """Either kind's path knows the jobs of both, by either id."""
        wanted = request.match_info["id"]
        job = self.jobs.get(wanted)
        if job is None and not self.hides_new_jobs:
            job = next((j for j in self.jobs.values() if j.about["external_id"] == wanted), None)
        if job is None:
            raise _Refused(1203, "task not found")
        job.looks += 1
        return self._answer(self._shown_legacy(job))

    async def _list_legacy(self, request: web.Request) -> web.Response:
        return self._answer([self._shown_legacy(job) for job in reversed(self.jobs.values())])

    def _shown_legacy(self, job: Job, *, brief: bool = False) -> dict[str, Any]:
        state = self._state(job, done="succeed")
        shown: dict[str, Any] = {
            "task_id": job.id,
            "task_status": state,
            "task_info": {"external_task_id": job.about["external_id"]},
            "created_at": job.about["created_at"],
            "updated_at": int(time.time() * 1000),
        }
        if brief:
            return shown
        shown |= {"task_status_msg": job.about.get("message", ""), "task_result": {}}
        if state == "succeed":
            duration = job.asked.get("duration", "5")
            shown["task_result"] = {"videos": [{"id": job.id[::-1], "url": self._url(job), "duration": duration}]}
            shown["final_unit_deduction"] = f"{int(duration) * 0.6:g}"
        return shown

    # -- both ----------------------------------------------------------------------------------

    def _made(self, asked: dict[str, Any], options: dict[str, Any]) -> Job:
        external_id = options.get("external_task_id")
        if external_id and any(job.about["external_id"] == external_id for job in self.jobs.values()):
            raise _Refused(1201, "external_task_id already exists")
        running = [job for job in self.jobs.values() if not self._ended(job)]
        if self.slots is not None and len(running) >= self.slots:
            raise _Refused(1303, "parallel task over resource pack limit")
        about = {"external_id": external_id or "", "created_at": int(time.time() * 1000)}
        job = Job(id=str(next(self._ids)), asked=asked, about=about)
        self.jobs[job.id] = job
        if "callback_url" in options:
            self.callback_urls[job.id] = options["callback_url"]
        return job

    def _ended(self, job: Job) -> bool:
        return self._state(job, done="succeeded") in ("succeeded", "failed")

    def _state(self, job: Job, *, done: str) -> str:
        if job.state is not None:
            return job.state
        if job.looks >= self.looks:
            return done
        return "submitted" if job.looks == 0 else "processing"

    def _answer(self, data: Any) -> web.Response:
        return web.json_response({"code": 0, "message": "SUCCEED", "request_id": "8b6b9d0c", "data": data})

    def _url(self, job: Job) -> str:
        host = f"{self.files_url}/kcdn" if self.elsewhere else f"{self.url}/kcdn"
        return f"{host}/{job.id}.mp4?x-kcdn-pid=112452&signature=5f2c"

    async def _result(self, request: web.Request) -> web.StreamResponse:
        if self.expired:
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>")
        return await self.send_clip(request)


async def _json(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read())
    except ValueError:
        raise _Refused(1200, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise _Refused(1200, "the body is not an object")
    return body


def _only(asked: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    if unknown := sorted(asked.keys() - set(known)):
        raise _Refused(1201, f"{where}: unknown {', '.join(unknown)}")


def _check_picture(text: str) -> None:
    """A URL, or base64 without the start of a data URL."""
    if text.startswith(("http://", "https://")):
        return
    try:
        picture = Image.open(io.BytesIO(base64.b64decode(text, validate=True)))
    except (binascii.Error, UnidentifiedImageError):
        raise _Refused(1201, "File is not in a valid base64 format") from None
    if picture.format not in ("PNG", "JPEG") or min(picture.size) < 300:
        raise _Refused(1201, "Image pixel is invalid")
    if not 1 / 2.5 <= picture.width / picture.height <= 2.5:
        raise _Refused(1201, "Image aspect ratio is invalid")


def _unpadded(text: str) -> bytes:
    if re.fullmatch(r"[\w-]+", text, re.ASCII) is None:
        raise _Refused(1002, "Authorization is invalid")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
