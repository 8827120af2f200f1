"""fal's queue as fal-client 1.0.3 and fal.ai's own pages know it. Facts and sources: docs/providers/fal.md."""

import base64
import hashlib
import io
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

import av
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from replicas.replica import KEY, Job, Replica, Trouble

_RATIOS = ("auto", "21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
_COMMON = {"prompt", "duration", "end_user_id"}


@dataclass(frozen=True)
class _Endpoint:
    """One model's inputs."""

    seconds: tuple[Any, ...]
    takes: frozenset[str]
    resolutions: tuple[str, ...] = ()
    picture: str | None = None  # the field that must be there
    video: str | None = None  # likewise


def _texts(first: int, last: int) -> tuple[str, ...]:
    return tuple(str(n) for n in range(first, last + 1))


_SEEDANCE = frozenset({"resolution", "aspect_ratio", "generate_audio"})
_KLING = frozenset({"aspect_ratio", "generate_audio", "negative_prompt", "cfg_scale", "shot_type"})
_FRAMES = frozenset({"end_image_url", "seed"})
_VACE = frozenset(
    {
        "negative_prompt",
        "match_input_num_frames",
        "num_frames",
        "match_input_frames_per_second",
        "frames_per_second",
        "seed",
        "resolution",
        "aspect_ratio",
        "ref_image_urls",
        "first_frame_url",
        "last_frame_url",
        "preprocess",
        "enable_prompt_expansion",
    }
)
_VACE_SIZES = ("auto", "240p", "360p", "480p", "580p", "720p")
_H3 = ("480P", "768P", "2K", "4K")


def _seedance_2(name: str, *resolutions: str) -> dict[str, _Endpoint]:
    place, seconds = f"bytedance/seedance-2.0{name}", ("auto", *_texts(4, 15))
    return {
        f"{place}/text-to-video": _Endpoint(seconds, _SEEDANCE, resolutions),
        f"{place}/image-to-video": _Endpoint(seconds, _SEEDANCE | _FRAMES, resolutions, "image_url"),
    }


_ENDPOINTS = {
    "bytedance/seedance-2.5/text-to-video": _Endpoint(("auto", *_texts(4, 30)), _SEEDANCE, ("480p", "720p")),
    "bytedance/seedance-2.5/image-to-video": _Endpoint(
        ("auto", *_texts(4, 30)), _SEEDANCE | _FRAMES, ("480p", "720p"), "image_url"
    ),
    **_seedance_2("", "480p", "720p", "1080p"),
    **_seedance_2("/fast", "480p", "720p"),
    **_seedance_2("/mini", "480p", "720p"),
    "fal-ai/kling-video/v3/standard/text-to-video": _Endpoint(_texts(3, 15), _KLING),
    "fal-ai/kling-video/v3/pro/text-to-video": _Endpoint(_texts(3, 15), _KLING),
    "fal-ai/kling-video/v3/standard/image-to-video": _Endpoint(
        _texts(3, 15), _KLING | {"end_image_url"}, (), "start_image_url"
    ),
    "fal-ai/kling-video/v3/pro/image-to-video": _Endpoint(
        _texts(3, 15), _KLING | {"end_image_url"}, (), "start_image_url"
    ),
    "minimax/h3/text-to-video": _Endpoint(tuple(range(5, 16)), frozenset({"resolution", "aspect_ratio"}), _H3),
    "minimax/h3/image-to-video": _Endpoint(
        tuple(range(5, 16)), frozenset({"resolution", "end_image_url"}), _H3, "image_url"
    ),
    **{
        f"fal-ai/wan-vace-14b/{kind}": _Endpoint((), _VACE, _VACE_SIZES, video="video_url")
        for kind in ("depth", "pose")
    },
}


class FalQueue(Replica):
    """queue.fal.run."""

    def __init__(self, *, key: str | None = KEY) -> None:
        super().__init__(key=key)
        self.error: dict[str, Any] | None = None  # what a status says of a job that failed
        self.result: tuple[int, Any, dict[str, str]] | None = None  # what the result then answers
        self.refuses_after_the_job: int | None = None  # status of the answer to a create that made its job
        self.told_to_stop: set[str] = set()
        self.prefix = ""  # of a proxy before it; its URLs stay fal's own
        self.signing_key = Ed25519PrivateKey.generate()  # of webhooks; it may be changed
        self.keys_asked = 0
        self.unpriced: set[str] = set()

    def routes(self) -> list[web.RouteDef]:
        jobs = r"/{app:[^/]+/[^/]+}/requests/{id}"
        routes = [
            web.get(f"{jobs}/status", self._status),
            web.put(f"{jobs}/cancel", self._cancel),
            web.get(jobs, self._result),
            web.get("/files/{name}", self.send_clip),
            web.get("/platform/v1/models/pricing", self._price),
            web.get("/.well-known/jwks.json", self._signing_keys),
            web.post("/{endpoint:.+}", self._create),
        ]
        proxied = [web.RouteDef(r.method, f"/proxy{r.path}", r.handler, r.kwargs) for r in routes]
        return [*proxied, *routes]

    def creates(self, request: web.Request) -> bool:
        return request.method == "POST"

    def refusal(self, trouble: Trouble) -> web.Response:
        match trouble:
            case Trouble.REFUSED:
                message = "The content could not be processed because it contained material flagged by a checker."
                return _invalid(["body", "prompt"], message, "content_policy_violation")
            case Trouble.REJECTED:
                return _invalid(["body", "duration"], "Input should be '5' or '10'", "literal_error")
            case Trouble.CREDENTIALS:
                return _answer({"detail": f"Invalid key {self.key}: Cannot access application. Authentication"}, 401)
            case Trouble.FUNDS:
                detail = "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."
                return _answer({"detail": detail}, 403)
            case Trouble.THROTTLED:
                made = _answer({"detail": "Reached concurrent requests limit"}, 429)
                made.headers["Retry-After"] = "7"
                return made
            case Trouble.MODEL_GONE:
                return _answer({"detail": "Application 'seedance-1.0' not found"}, 404)
        raise AssertionError(trouble)

    def _stranger(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == f"Key {self.key}":
            return None
        return _answer({"detail": "Cannot access application. Authentication is required."}, 401)

    async def _create(self, request: web.Request) -> web.Response:
        if refused := self._stranger(request):
            return refused
        name = request.match_info["endpoint"]
        if name not in _ENDPOINTS:
            return _answer({"detail": f"Application '{name}' not found"}, 404)
        asked = await request.json()
        if wrong := _wrong(asked, _ENDPOINTS[name]):
            return _invalid(["body", wrong[0]], wrong[1], "value_error")
        id_ = secrets.token_hex(16)
        self.jobs[id_] = Job(id=id_, asked=asked, about={"endpoint": name})
        if "fal_webhook" in request.query:
            self.callback_urls[id_] = request.query["fal_webhook"]
        if self.refuses_after_the_job is not None:
            return _answer({"detail": "upstream"}, self.refuses_after_the_job)
        # Of bytedance/seedance-2.0/mini/text-to-video only the first two parts are in a job's address.
        place = f"{self.url}/{'/'.join(name.split('/')[:2])}/requests/{id_}"
        told = {"request_id": id_, "response_url": place, "status_url": f"{place}/status"}
        return _answer({"status": "IN_QUEUE", "queue_position": 0, **told, "cancel_url": f"{place}/cancel"})

    def callback(self, job_id: str) -> tuple[dict[str, str], bytes]:
        """A request that came to its end."""
        told = {"request_id": job_id, "gateway_request_id": job_id, "status": "OK", "payload": self._made(job_id)}
        body = json.dumps(told).encode()
        user, sent_at = "github|123", str(int(time.time()))
        signed = "\n".join((job_id, user, sent_at, hashlib.sha256(body).hexdigest()))
        values = (job_id, user, sent_at, self.signing_key.sign(signed.encode()).hex())
        names = ("Request-Id", "User-Id", "Timestamp", "Signature")
        return {f"X-Fal-Webhook-{name}": value for name, value in zip(names, values, strict=True)}, body

    async def _signing_keys(self, request: web.Request) -> web.Response:
        self.keys_asked += 1
        raw = self.signing_key.public_key().public_bytes_raw()
        key = {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw).decode().rstrip("="), "kid": "1"}
        other = {"kty": "RSA", "n": "AQAB", "e": "AQAB"}
        return web.json_response({"keys": [other, key]})

    async def _price(self, request: web.Request) -> web.Response:
        """Of the Platform API: another host, other errors."""
        if request.headers.get("Authorization") != f"Key {self.key}":
            error = {"type": "authorization_error", "message": "Authentication required"}
            return web.json_response({"error": error}, status=401)
        id_ = request.query["endpoint_id"]
        if id_ not in _ENDPOINTS:
            return web.json_response({"error": {"type": "not_found", "message": "Resource not found"}}, status=404)
        price = {"endpoint_id": id_, "unit_price": 0.084, "unit": "second", "currency": "USD"}
        prices = [] if id_ in self.unpriced else [price]
        return web.json_response({"prices": prices, "next_cursor": None, "has_more": False})

    def _find(self, request: web.Request) -> Job | None:
        job = self.jobs.get(request.match_info["id"])
        if job is None or job.stopped:
            return None
        app = "/".join(job.about["endpoint"].split("/")[:2])
        return job if app == request.match_info["app"] else None

    def _state(self, job: Job) -> str:
        if job.state is not None:
            return job.state
        if job.looks >= self.looks:
            return "COMPLETED"
        return "IN_QUEUE" if job.looks == 0 else "IN_PROGRESS"

    async def _status(self, request: web.Request) -> web.Response:
        if refused := self._stranger(request):
            return refused
        job = self._find(request)
        if job is None:
            return _answer({"detail": "Request not found"}, 404)
        state = self._state(job)
        job.looks += 1
        told: dict[str, Any] = {"status": state, "request_id": job.id, "logs": None}
        if state == "IN_QUEUE":
            return _answer(told | {"queue_position": 2}, 202)
        if state == "COMPLETED":
            return _answer(told | {"metrics": {"inference_time": 12.5}} | (self.error or {}))
        return _answer(told, 202)

    async def _result(self, request: web.Request) -> web.Response:
        if refused := self._stranger(request):
            return refused
        job = self._find(request)
        if job is None:
            return _answer({"detail": "Request not found"}, 404)
        if self._state(job) != "COMPLETED":
            return _answer({"detail": "Request is still in progress"}, 400)
        if self.result is not None:
            status, body, headers = self.result
            made = _answer(body, status) if isinstance(body, dict) else web.Response(text=body, status=status)
            made.headers.update(headers)
            return made
        return _answer(self._made(job.id))

    def _made(self, id_: str) -> dict[str, Any]:
        host = f"{self.files_url}/files" if self.elsewhere else f"{self.url}/files"
        video = {"url": f"{host}/{id_}.mp4", "content_type": "video/mp4", "file_name": "out.mp4", "file_size": 1}
        return {"video": video, "seed": 4711}

    async def _cancel(self, request: web.Request) -> web.Response:
        if refused := self._stranger(request):
            return refused
        job = self._find(request)
        if job is None:
            return _answer({"status": "NOT_FOUND"}, 404)
        match self._state(job):
            case "COMPLETED":
                return _answer({"status": "ALREADY_COMPLETED"}, 400)
            case "IN_QUEUE":
                job.stopped = True
            case _:  # the runner is told; the model goes on
                self.told_to_stop.add(job.id)
        return _answer({"status": "CANCELLATION_REQUESTED"}, 202)


def _answer(body: dict[str, Any], status: int = 200) -> web.Response:
    return web.json_response(body, status=status, headers={"x-fal-request-id": secrets.token_hex(8)})


def _invalid(where: list[str], message: str, type_: str) -> web.Response:
    return _answer({"detail": [{"loc": where, "msg": message, "type": type_, "input": None}]}, 422)


def _wrong(asked: dict[str, Any], endpoint: _Endpoint) -> tuple[str, str] | None:
    """The first field that the model's schema does not allow. Unknown ones are an error here, to see them."""
    allowed = _COMMON | endpoint.takes | {name for name in (endpoint.picture, endpoint.video) if name}
    if endpoint.video:
        allowed -= {"duration"}  # it counts in frames
    if unknown := asked.keys() - allowed:
        return sorted(unknown)[0], "Extra inputs are not permitted"
    if not isinstance(asked.get("prompt"), str) or not asked["prompt"]:
        return "prompt", "Field required"
    if "duration" in asked and (asked["duration"] not in endpoint.seconds or isinstance(asked["duration"], bool)):
        return "duration", f"Input should be one of {endpoint.seconds}"
    if "resolution" in asked and asked["resolution"] not in endpoint.resolutions:
        return "resolution", f"Input should be one of {endpoint.resolutions}"
    if "aspect_ratio" in asked and asked["aspect_ratio"] not in _RATIOS:
        return "aspect_ratio", f"Input should be one of {_RATIOS}"
    if endpoint.picture and endpoint.picture not in asked:
        return endpoint.picture, "Field required"
    if not 81 <= asked.get("num_frames", 81) <= 241 or asked.get("num_frames", 81) % 4 != 1:
        return "num_frames", "Input should be 81 to 241"
    if endpoint.video and not _is_video(asked.get(endpoint.video), asked):
        return endpoint.video, "Could not load the video"
    for name, value in asked.items():
        if name.endswith(("image_url", "frame_url")) and not _is_picture(value):
            return name, "Could not load the image"
    return None


def _is_video(value: Any, asked: dict[str, Any]) -> bool:
    """An MP4 with a frame for each that is asked for."""
    if not isinstance(value, str) or not value.startswith("data:video/mp4;base64,"):
        return False
    with av.open(io.BytesIO(base64.b64decode(value.partition(",")[2], validate=True))) as container:
        return sum(1 for _ in container.decode(video=0)) == asked["num_frames"]


def _is_picture(value: Any) -> bool:
    if not isinstance(value, str) or not value.startswith("data:image/"):
        return isinstance(value, str) and value.startswith("https://")
    Image.open(io.BytesIO(base64.b64decode(value.partition(",")[2], validate=True))).verify()
    return True
