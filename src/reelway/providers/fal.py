"""fal's queue: one transport to many models, which differ only in the names of their inputs (`_MODELS`).

Facts and their sources are in docs/providers/fal.md. There is no state for a failure: a job that failed is COMPLETED,
and its status carries an error, or asking for its result is answered with 4xx or 5xx.
"""

from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from math import ceil
from typing import Any, Final
from urllib.parse import quote, urlsplit

from pydantic import Field, SecretStr

from reelway.domain.generation import ClipSpec, Control, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.outbound import Reply
from reelway.kit.signatures import fresh
from reelway.providers.base import (
    BaseUrl,
    Callback,
    CancelOutcome,
    CannotTell,
    Context,
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
    Stopped,
    Waiting,
    read_field,
)
from reelway.providers.wire import (
    Kept,
    Origin,
    brief,
    check_frames,
    data_url,
    json_or_none,
    named_ratio,
    named_size,
    origin,
    read_control,
    read_frame,
    read_json,
    rejected,
    whole_seconds,
)

# More than the account may run at once wait there, IN_QUEUE.
FACTS = Facts(in_flight_max=20, poll_first_s=3.0, poll_most_s=15.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """What the endpoints below one name take."""

    sizes: Mapping[str, int]
    size_field: str | None = "resolution"  # None: the size is a part of the endpoint's name
    seconds_text: bool = True  # "5"; 5 is refused
    first_frame: str = "image_url"
    last_frame: str = "end_image_url"
    audio: bool = True  # takes `generate_audio`; else there is no choice
    negative_prompt: bool = False
    follows: Mapping[Control, str] = field(default_factory=dict)  # control videos, and the endpoint for each kind


_SEEDANCE: Final = _Model(sizes={"480p": 480, "720p": 720, "1080p": 1080})
# By the route's `upstream_model`; the endpoint is that name, the size if it goes there, and text- or image-to-video.
_MODELS: Final[Mapping[str, _Model]] = {
    "bytedance/seedance-2.5": _SEEDANCE,
    "bytedance/seedance-2.0": _SEEDANCE,
    "bytedance/seedance-2.0/fast": _SEEDANCE,
    "bytedance/seedance-2.0/mini": _SEEDANCE,
    "fal-ai/kling-video/v3": _Model(
        sizes={"standard": 720, "pro": 1080}, size_field=None, first_frame="start_image_url", negative_prompt=True
    ),
    "minimax/h3": _Model(
        sizes={"480P": 480, "768P": 768, "2K": 1440, "4K": 2160},
        seconds_text=False,
        audio=False,
    ),
    "fal-ai/wan-vace-14b": _Model(
        sizes={"480p": 480, "720p": 720},
        first_frame="first_frame_url",
        last_frame="last_frame_url",
        negative_prompt=True,
        follows={Control.DEPTH: "depth", Control.POSE: "pose"},
    ),
}
_VACE_RATIOS: Final = ("16:9", "1:1", "9:16")
_VACE_STEP: Final = 4  # it makes a multiple of this plus 1
# A clip is public to who knows its address, so it shall not stay longer than it takes us to fetch it.
_HEADERS: Final = {"X-Fal-Object-Lifecycle-Preference": '{"expiration_duration_seconds": 86400}'}
_REFUSED: Final = "content_policy_violation"
_NOT_OURS: Final = frozenset({"downstream_service_error", "no_media_generated"})
_QUEUE_URL: Final = "https://queue.fal.run"
_PLATFORM_URL: Final = "https://api.fal.ai/v1"
_KEYS_KEPT_S: Final = 24 * 3600  # as long as fal allows
_KEYS_YOUNG_S: Final = 60


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "fal"`."""

    key: SecretStr = Field(description="the key itself; key_env or key_file keep it out of this file")
    base_url: BaseUrl = Field(_QUEUE_URL, description="another address of the same queue")
    platform_url: BaseUrl | None = Field(
        None, description=f"fal's Platform API, to check the account by; beside fal's own queue {_PLATFORM_URL}"
    )
    webhook_keys_url: BaseUrl = Field(
        "https://rest.fal.ai/.well-known/jwks.json", description="another address of the keys that sign its webhooks"
    )


def build(context: Context) -> "Fal":
    """Make the provider; no I/O here."""
    settings: Settings = context.settings
    headers, timeout_s = {"Authorization": f"Key {settings.key.get_secret_value()}"}, settings.timeout_s
    queue = origin(context, settings.base_url, headers=headers, classify=_classify, timeout_s=timeout_s)
    # The key of somebody's queue before fal's is nothing for fal itself.
    platform_url = settings.platform_url or (_PLATFORM_URL if settings.base_url == _QUEUE_URL else None)
    platform = None
    if platform_url is not None:
        platform = origin(context, platform_url, headers=headers, classify=_by_status, timeout_s=timeout_s)
    keys = origin(context, settings.webhook_keys_url, headers={}, classify=_by_status, timeout_s=timeout_s)
    return Fal(queue, platform, keys, context.inputs, urlsplit(settings.base_url).path)


class Fal(Provider):
    """One account there."""

    def __init__(self, server: Origin, platform: Origin | None, keys: Origin, inputs: Inputs, base_path: str) -> None:
        self._server = server
        self._platform = platform
        self._keys = Kept(lambda: keys.ask("GET", ""), keep_s=_KEYS_KEPT_S)
        self._inputs = inputs
        self._base_path = base_path

    async def submit(self, order: Order) -> Handle:
        """POST /{endpoint}: there is no idempotency key, and no external id."""
        endpoint, fields = _fields(order)
        files = await self._files(order)
        told_to = "" if order.callback_url is None else f"?fal_webhook={quote(order.callback_url, safe='')}"
        reply = await self._server.send("POST", f"/{endpoint}{told_to}", json=fields | files, headers=_HEADERS)
        if reply.status == 404:
            raise ProviderError(ProviderFault.MODEL_GONE, f"no such model there: {_said(reply) or endpoint}")
        self._server.check(reply)
        job = read_json(reply)
        left_out = ["negative_prompt"] if order.spec.negative_prompt and "negative_prompt" not in fields else []
        told = {name: value for name, value in fields.items() if name not in ("prompt", "negative_prompt")}
        return {
            "status": self._path(job, "status_url"),
            "result": self._path(job, "response_url"),
            "cancel": self._path(job, "cancel_url"),
            "effective": {"model": endpoint} | told,
            "left_out": left_out,
        }

    async def poll(self, handle: Handle) -> Progress:
        """GET the status, then the result."""
        job = await self._server.ask("GET", handle["status"])
        match read_field(job, "status", str):
            case "IN_QUEUE":
                return Waiting(started=False)
            case "IN_PROGRESS":
                return Waiting(started=True)
            case "COMPLETED":
                return await self._ended(handle, job)
            case other:
                raise ProviderError(ProviderFault.UNREADABLE, f"unknown state {brief(other)!r}")

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """PUT /cancel: what waits is taken out; what runs is only told, and its model may go on, and be paid."""
        reply = await self._server.send("PUT", handle["cancel"])
        if reply.status == 400:
            return NotStopped("it had ended already")
        self._server.check(reply)
        status = await self._server.send("GET", handle["status"])
        if status.status == 404:
            return Stopped()
        self._server.check(status)
        job = read_json(status)
        if read_field(job, "status", str) == "COMPLETED" and job.get("error"):
            return Stopped()
        return NotStopped("fal was asked to stop it, but a running model may go on")

    async def find(self, order: Order) -> FindOutcome:
        """Nobody can be asked by our key."""
        return CannotTell()

    async def discard(self, handle: Handle) -> None:
        """It expires there; see _HEADERS."""

    async def aclose(self) -> None:
        """Nothing runs here."""

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """GET /models/pricing of the Platform API; the balance is told to an administrator's key alone."""
        if self._platform is None:
            return CannotTell()
        model = _MODELS.get(upstream_model)
        size = "" if model is None or model.size_field else f"/{next(iter(model.sizes))}"
        product = next(iter(model.follows.values()), "text-to-video") if model else "text-to-video"
        endpoint = f"{upstream_model}{size}/{product}"
        reply = await self._platform.send("GET", f"/models/pricing?endpoint_id={quote(endpoint, safe='')}")
        if reply.status == 404:
            raise ProviderError(ProviderFault.MODEL_GONE, f"no such model there: {endpoint}")
        self._platform.check(reply)
        for price in read_field(read_json(reply), "prices", list):
            if isinstance(price, dict) and price.get("endpoint_id") == endpoint:
                return Serves(brief(f"{price.get('unit_price')} {price.get('currency')} for each {price.get('unit')}"))
        return Serves(f"the key is good; fal lists no price of {endpoint}")

    async def genuine(self, callback: Callback) -> bool:
        """Ed25519 over id, user, time and digest of the body, by any of the keys that fal publishes."""
        id_, user, sent_at, signature = (
            callback.headers.get(f"x-fal-webhook-{name}", "")
            for name in ("request-id", "user-id", "timestamp", "signature")
        )
        if not fresh(sent_at, callback.now_ms):
            return False
        signed = "\n".join((id_, user, sent_at, sha256(callback.body).hexdigest())).encode()
        for young_s in (None, _KEYS_YOUNG_S):  # they change; a key that we do not know may be new
            keys = await self._keys.get(callback.now_ms, no_older_than_s=young_s)
            if _signed_by(keys, signature, signed):
                return True
        return False

    def _path(self, job: Any, name: str) -> str:
        """Where fal says the job is, but at our base URL: nobody else gets the key.

        It cannot be put together from the endpoint's name, of which these leave out a part.
        """
        url: str = read_field(job, name, str)
        path = urlsplit(url).path.removeprefix(self._base_path)
        if not path.startswith("/"):
            raise ProviderError(ProviderFault.UNREADABLE, f"field {name!r} is not the URL of a job")
        return path

    async def _ended(self, handle: Handle, job: Any) -> Progress:
        reply = await self._server.send("GET", handle["result"])
        failed = _failed(job, reply)
        if failed is not None:
            return failed
        self._server.check(reply)
        made = read_json(reply)
        effective = dict(handle["effective"])
        if isinstance(made, dict) and isinstance(made.get("seed"), int):
            effective["seed"] = made["seed"]
        meta = {"effective": effective, "left_out": handle["left_out"]}
        place = read_field(read_field(made, "video", dict), "url", str)
        return self._server.done(place, meta={name: value for name, value in meta.items() if value})

    async def _files(self, order: Order) -> dict[str, str]:
        model, spec = _model(order), order.spec
        files = {}
        for asset in spec.assets:
            if asset.role is Role.CONTROL_VIDEO:
                video = await read_control(self._inputs, asset, spec, _vace_frames(spec))
                files["video_url"] = data_url(video, "video/mp4")
                continue
            data = await read_frame(self._inputs, asset, spec)
            name = model.first_frame if asset.role is Role.FIRST_FRAME else model.last_frame
            files[name] = data_url(data)
        return files


def _model(order: Order) -> _Model:
    if order.upstream_model not in _MODELS:
        raise rejected(f"no inputs are known of {order.upstream_model!r}; there are {', '.join(_MODELS)}")
    return _MODELS[order.upstream_model]


def _fields(order: Order) -> tuple[str, dict[str, Any]]:
    """The endpoint, and its inputs but for the files; raises REJECTED, and nothing was sent."""
    model, spec = _model(order), order.spec
    if model.follows:
        return _following(order, model)
    check_frames(spec)
    seconds, size = whole_seconds(spec), named_size(spec, model.sizes)
    fields: dict[str, Any] = {"prompt": spec.prompt, "duration": str(seconds) if model.seconds_text else seconds}
    if model.size_field is not None:
        fields[model.size_field] = size
    if not spec.assets:  # a picture decides it
        fields["aspect_ratio"] = named_ratio(spec)
    if model.audio:
        fields["generate_audio"] = spec.audio
    if model.negative_prompt and spec.negative_prompt:
        fields["negative_prompt"] = spec.negative_prompt
    place = "" if model.size_field else f"/{size}"
    return f"{order.upstream_model}{place}/{'image' if spec.assets else 'text'}-to-video", fields


def _following(order: Order, model: _Model) -> tuple[str, dict[str, Any]]:
    """The same of a model that follows a control video, and counts in frames."""
    spec = order.spec
    if spec.control is None or spec.control not in model.follows:
        raise rejected(f"only clips that follow a video of {' or '.join(model.follows)} are made there")
    check_frames(replace(spec, assets=tuple(a for a in spec.assets if a.role is not Role.CONTROL_VIDEO)))
    fields: dict[str, Any] = {
        "prompt": spec.prompt,
        "num_frames": _vace_frames(spec),
        "frames_per_second": spec.fps,
        "match_input_num_frames": False,
        "match_input_frames_per_second": False,
        "resolution": named_size(spec, model.sizes),
        "aspect_ratio": named_ratio(spec, _VACE_RATIOS),
        "preprocess": False,  # else it looks for depth in a picture of depth
        "enable_prompt_expansion": False,
    }
    if spec.negative_prompt:
        fields["negative_prompt"] = spec.negative_prompt
    return f"{order.upstream_model}/{model.follows[spec.control]}", fields


def _vace_frames(spec: ClipSpec) -> int:
    return ceil((spec.frames - 1) / _VACE_STEP) * _VACE_STEP + 1


def _signed_by(keys: Any, signature: str, signed: bytes) -> bool:
    """Whether one of a JSON Web Key Set made that signature."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    for key in read_field(keys, "keys", list):
        try:
            public = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(read_field(key, "x", str) + "=="))
            public.verify(bytes.fromhex(signature), signed)
        except (InvalidSignature, ValueError, ProviderError):  # of another kind, or no signature at all
            continue
        return True
    return False


def _failed(job: Any, reply: Reply) -> Failed | None:
    """Why there is no clip; None if there is one, or if the answer is about our asking and not about the job."""
    error, types = job.get("error"), _types(reply) | {str(job.get("error_type", ""))} - {""}
    message = brief(_said(reply) or error or f"the provider answered HTTP {reply.status}")
    if _REFUSED in types:
        return Failed(fault=ProviderFault.REFUSED, message=message)
    if reply.status in (400, 413, 422) and not types & _NOT_OURS:
        return Failed(fault=ProviderFault.REJECTED, message=message)
    if error or (types and (reply.status >= 500 or reply.status in (400, 422))):
        return Failed(fault=ProviderFault.UNAVAILABLE, message=message)
    return None


def _by_status(reply: Reply) -> None:
    """The status says all."""


def _classify(reply: Reply) -> ProviderError | None:
    """What only the body tells; the status decides the rest."""
    if reply.status < 400:
        return None
    said = _said(reply) or f"the provider answered HTTP {reply.status}"
    if _REFUSED in _types(reply):
        return ProviderError(ProviderFault.REFUSED, said)
    if reply.status == 403 and "balance" in said.lower():
        return ProviderError(ProviderFault.FUNDS, said)
    if reply.status in (400, 413, 422):
        return rejected(said)
    if reply.status == 503 and "x-fal-request-id" in reply.headers:
        return ProviderError(ProviderFault.UNAVAILABLE, said)  # it came through to the queue: a job may be there
    return None


def _types(reply: Reply) -> set[str]:
    """A model's errors are {"detail": [{"loc", "msg", "type"}]}, fal's own {"detail": text, "error_type"}."""
    if reply.status < 400:
        return set()
    body = json_or_none(reply)
    body = body if isinstance(body, dict) else {}
    types = {body.get("error_type"), reply.headers.get("x-fal-error-type")}
    types |= {error.get("type") for error in _details(body)}
    return {type_ for type_ in types if isinstance(type_, str) and type_}


def _said(reply: Reply) -> str:
    body = json_or_none(reply)
    if reply.status < 400 or not isinstance(body, dict):
        return ""
    if isinstance(body.get("detail"), str):
        return brief(body["detail"])
    return brief("; ".join(str(error.get("msg", "")) for error in _details(body)))


def _details(body: dict[str, Any]) -> list[dict[str, Any]]:
    detail = body.get("detail")
    return [error for error in detail if isinstance(error, dict)] if isinstance(detail, list) else []
