"""fal's queue: one transport to many models, which differ only in the names of their inputs (`_MODELS`).

Facts and their sources are in docs/providers/fal.md. There is no state for a failure: a job that failed is COMPLETED,
and its status carries an error, or asking for its result is answered with 4xx or 5xx.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from reelway.domain.generation import ClipSpec, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.outbound import Reply
from reelway.providers.base import (
    BaseUrl,
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
    Progress,
    ProviderSettings,
    Stopped,
    Waiting,
    read_field,
)
from reelway.providers.wire import Origin, brief, data_url, json_or_none, origin, read_frame, read_json

# More than the account may run at once wait there, IN_QUEUE.
FACTS = Facts(in_flight_max=20, poll_first_s=3.0, poll_most_s=15.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tier:
    """One size: these models keep the number of pixels over all ratios."""

    pixels: int
    path: str = ""  # a part of the endpoint's name that says the size
    resolution: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """What the endpoints below one name take."""

    tiers: tuple[_Tier, ...]
    ratios: tuple[str, ...]  # of text to video; else the picture decides
    seconds: range
    seconds_text: bool  # "5"; 5 is refused
    first_frame: str
    last_frame: str
    audio: bool  # takes `generate_audio`; else there is no choice
    negative_prompt: bool = False


_480P: Final = _Tier(pixels=854 * 480, resolution="480p")
_720P: Final = _Tier(pixels=1280 * 720, resolution="720p")
_1080P: Final = _Tier(pixels=1920 * 1080, resolution="1080p")


def _seedance(seconds_most: int, *tiers: _Tier) -> _Model:
    return _Model(
        tiers=tiers,
        ratios=("16:9", "9:16", "1:1", "4:3", "3:4", "21:9"),
        seconds=range(4, seconds_most + 1),
        seconds_text=True,
        first_frame="image_url",
        last_frame="end_image_url",
        audio=True,
    )


# By the route's `upstream_model`; the endpoint is that name, the tier's path, and text-to-video or image-to-video.
_MODELS: Final[Mapping[str, _Model]] = {
    "bytedance/seedance-2.5": _seedance(30, _480P, _720P),
    "bytedance/seedance-2.0": _seedance(15, _480P, _720P, _1080P),
    "bytedance/seedance-2.0/fast": _seedance(15, _480P, _720P),
    "bytedance/seedance-2.0/mini": _seedance(15, _480P, _720P),
    "fal-ai/kling-video/v3": _Model(
        tiers=(_Tier(pixels=1280 * 720, path="/standard"), _Tier(pixels=1920 * 1080, path="/pro")),
        ratios=("16:9", "9:16", "1:1"),
        seconds=range(3, 16),
        seconds_text=True,
        first_frame="start_image_url",
        last_frame="end_image_url",
        audio=True,
        negative_prompt=True,
    ),
    "minimax/h3": _Model(
        tiers=(
            _Tier(pixels=854 * 480, resolution="480P"),
            _Tier(pixels=1366 * 768, resolution="768P"),
            _Tier(pixels=2560 * 1440, resolution="2K"),
            _Tier(pixels=3840 * 2160, resolution="4K"),
        ),
        ratios=("16:9", "9:16", "1:1", "4:3", "3:4", "21:9"),
        seconds=range(5, 16),
        seconds_text=False,
        first_frame="image_url",
        last_frame="end_image_url",
        audio=False,
    ),
}
_PIXELS_OFF: Final = 1.2
_RATIO_OFF: Final = 0.03
# A clip is public to who knows its address, so it shall not stay longer than it takes us to fetch it.
_HEADERS: Final = {"X-Fal-Object-Lifecycle-Preference": '{"expiration_duration_seconds": 86400}'}
_REFUSED: Final = "content_policy_violation"
_NOT_OURS: Final = frozenset({"downstream_service_error", "no_media_generated"})


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "fal"`."""

    key: SecretStr = Field(description="the key itself; key_env or key_file keep it out of this file")
    base_url: BaseUrl = Field("https://queue.fal.run", description="another address of the same queue")


def build(context: Context) -> "Fal":
    """Make the provider; no I/O here."""
    settings: Settings = context.settings
    headers = {"Authorization": f"Key {settings.key.get_secret_value()}"}
    server = origin(context, settings.base_url, headers=headers, classify=_classify, timeout_s=settings.timeout_s)
    return Fal(server, context.inputs, urlsplit(settings.base_url).path)


class Fal:
    """One account there."""

    def __init__(self, server: Origin, inputs: Inputs, base_path: str) -> None:
        self._server = server
        self._inputs = inputs
        self._base_path = base_path

    async def submit(self, order: Order) -> Handle:
        """POST /{endpoint}: there is no idempotency key, and no external id."""
        endpoint, fields = _fields(order)
        pictures = await self._pictures(order)
        reply = await self._server.send("POST", f"/{endpoint}", json=fields | pictures, headers=_HEADERS)
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

    async def _pictures(self, order: Order) -> dict[str, str]:
        model, spec = _model(order), order.spec
        pictures = {}
        for asset in spec.assets:
            data = await read_frame(self._inputs, asset, spec)
            name = model.first_frame if asset.role is Role.FIRST_FRAME else model.last_frame
            pictures[name] = data_url(data)
        return pictures


def _model(order: Order) -> _Model:
    if order.upstream_model not in _MODELS:
        raise _rejected(f"no inputs are known of {order.upstream_model!r}; there are {', '.join(_MODELS)}")
    return _MODELS[order.upstream_model]


def _fields(order: Order) -> tuple[str, dict[str, Any]]:
    """The endpoint, and its inputs but for the pictures; raises REJECTED, and nothing was sent."""
    model, spec = _model(order), order.spec
    roles = {asset.role for asset in spec.assets}
    if others := roles - {Role.FIRST_FRAME, Role.LAST_FRAME}:
        raise _rejected(f"this model takes no {', '.join(sorted(others)).replace('_', ' ')}")
    if Role.LAST_FRAME in roles and Role.FIRST_FRAME not in roles:
        raise _rejected("this model takes no last frame without a first")
    tier = _tier(spec, model)
    seconds = spec.duration_s
    if seconds not in model.seconds:
        allowed = f"{model.seconds[0]} to {model.seconds[-1]} whole seconds"
        raise _rejected(f"this model makes clips of {allowed}; {float(seconds):g} s is not possible")
    fields: dict[str, Any] = {"prompt": spec.prompt}
    fields["duration"] = str(seconds) if model.seconds_text else int(seconds)
    if tier.resolution is not None:
        fields["resolution"] = tier.resolution
    if not roles:
        fields["aspect_ratio"] = _ratio(spec, model)
    if model.audio:
        fields["generate_audio"] = spec.audio
    if model.negative_prompt and spec.negative_prompt:
        fields["negative_prompt"] = spec.negative_prompt
    kind = "image-to-video" if roles else "text-to-video"
    return f"{order.upstream_model}{tier.path}/{kind}", fields


def _tier(spec: ClipSpec, model: _Model) -> _Tier:
    pixels = spec.width * spec.height
    for tier in model.tiers:
        if 1 / _PIXELS_OFF < pixels / tier.pixels < _PIXELS_OFF:
            return tier
    raise _rejected(f"this model does not make {spec.size}")


def _ratio(spec: ClipSpec, model: _Model) -> str:
    for ratio in model.ratios:
        width, height = map(int, ratio.split(":"))
        if abs(spec.width * height / (spec.height * width) - 1) < _RATIO_OFF:
            return ratio
    raise _rejected(f"this model makes {', '.join(model.ratios)}; {spec.size} is none of them")


def _rejected(message: str) -> ProviderError:
    return ProviderError(ProviderFault.REJECTED, message)


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
        return ProviderError(ProviderFault.REJECTED, said)
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
