"""Runway: its own models and those it resells. Facts and their sources are in docs/providers/runway.md.

One endpoint for each kind of input, one body for each model; what differs between models is one `_Model` each, below.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil, isfinite
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from pydantic import Field, SecretStr

from reelway.domain.generation import Asset, ClipSpec, Mode, Role
from reelway.errors import OutboundError, ProviderError, ProviderFault
from reelway.kit import multipart
from reelway.kit.multipart import Upload
from reelway.kit.outbound import Outbound, Reply
from reelway.media.picture import fill
from reelway.media.worker import run_media
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
    ProbeOutcome,
    Progress,
    Provider,
    ProviderSettings,
    Serves,
    Stopped,
    Waiting,
    read_field,
    read_id,
)
from reelway.providers.wire import (
    Origin,
    bearer_origin,
    brief,
    check_source,
    json_or_none,
    named_ratio,
    named_size,
    read_input,
    read_json,
    rejected,
    whole_seconds,
)

# A task may be looked at every 5 seconds. More than the account may run at a time wait there, as THROTTLED.
FACTS = Facts(in_flight_max=10, poll_first_s=5.0, poll_most_s=15.0)

_VERSION: Final = {"X-Runway-Version": "2024-11-06"}  # the only one; sent by itself, for `Origin` hides what it holds
_CREDIT_MICROUSD: Final = 10_000
_DATA_URI_CHARS_MAX: Final = 5 * 1024 * 1024
_EFFECTIVE: Final = ("model", "ratio", "resolution", "duration", "audio", "seed", "mode")
_SIDES: Final = {"480p": 480, "720p": 720, "768p": 768, "1080p": 1080, "2k": 1440, "4k": 2160}

_Size: TypeAlias = Callable[[ClipSpec], dict[str, str]]
"""How a model wants to hear which size the clip has."""


def _pixels(spec: ClipSpec) -> dict[str, str]:
    return {"ratio": f"{spec.width}:{spec.height}"}


def _of_the_input(spec: ClipSpec) -> dict[str, str]:
    return {}


def _auto(*tiers: str) -> _Size:
    return lambda spec: {"ratio": f"auto_{_tier(spec, tiers)}"}


def _tier_only(*tiers: str) -> _Size:
    return lambda spec: {"resolution": _tier(spec, tiers)}


def _named(*tiers: str) -> _Size:
    return lambda spec: {"ratio": named_ratio(spec), "resolution": _tier(spec, tiers)}


def _tier(spec: ClipSpec, tiers: tuple[str, ...]) -> str:
    return named_size(spec, {tier: _SIDES[tier] for tier in tiers})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """How one model differs. A size for each kind of input; None: it does not take that kind."""

    text: _Size | None = None
    image: _Size | None = None
    video: _Size | None = None
    takes: frozenset[str] = frozenset()  # of seed, audio and negativePrompt
    video_field: str = "videoUri"
    video_extra: Mapping[str, str] = field(default_factory=dict)
    video_timed: bool = False  # else the clip is as long as the source
    video_audio: bool = True  # audio, if it is taken, is said with a source too


_SOUND: Final = frozenset({"audio"})
_SEED: Final = frozenset({"seed"})
_ALL: Final = frozenset({"audio", "negativePrompt", "seed"})
_VEO: Final = _Model(text=_pixels, image=_pixels, takes=_ALL)
_KLING_3: Final = _Model(text=_pixels, image=_pixels, takes=_SOUND)
_KLING_O3: Final = _Model(
    text=_pixels, image=_pixels, video=_of_the_input, takes=_SOUND, video_field="promptVideo", video_audio=False
)
_SEEDANCE: Final = _Model(
    text=_pixels, image=_pixels, video=_pixels, takes=_SOUND | _SEED, video_field="promptVideo", video_timed=True
)
_WAN_3: Final = _Model(text=_pixels, image=_auto("480p", "720p", "1080p"), takes=_SOUND)
_MODELS: Final[Mapping[str, _Model]] = {
    "gen4.5": _Model(text=_pixels, image=_pixels, takes=_SEED),
    "gen4_turbo": _Model(image=_pixels, takes=_SEED),
    "aleph2": _Model(video=_of_the_input, takes=_SEED),
    "veo3.1": _VEO,
    "veo3.1_fast": _VEO,
    "kling2.5_turbo_pro": _Model(text=_pixels, image=_of_the_input),
    "kling3.0_standard": _KLING_3,
    "kling3.0_pro": _KLING_3,
    "kling3.0_4k": _KLING_3,
    "klingO3_standard": _KLING_O3,
    "klingO3_pro": _KLING_O3,
    "klingO3_4k": _KLING_O3,
    "kling_4": _Model(text=_pixels, image=_auto("720p", "1080p"), video=_auto("720p", "1080p")),
    "seedance2": _SEEDANCE,
    "seedance2_fast": _SEEDANCE,
    "seedance2_mini": _SEEDANCE,
    "seedance2_5": _Model(
        text=_pixels,
        image=_pixels,
        video=_of_the_input,
        takes=_SOUND | _SEED,
        video_field="promptVideo",
        video_extra={"mode": "edit", "duration": "auto"},
    ),
    "hailuo3": _Model(
        text=_named("768p", "2k"),
        image=_named("768p", "2k"),
        video=_named("768p", "2k"),
        video_field="promptVideo",
        video_timed=True,
    ),
    "h3_max": _Model(text=_tier_only("480p", "768p"), image=_tier_only("480p", "768p"), takes=_SEED),
    "wan3": _WAN_3,
    "wan3_prime": _WAN_3,
    "happyhorse_1_0": _Model(text=_pixels, image=_tier_only("720p", "1080p")),
    "grok_imagine_1_5": _Model(text=_named("480p", "720p", "1080p"), image=_tier_only("480p", "720p", "1080p")),
    "grok_imagine_1_5_lite": _Model(text=_pixels, image=_auto("480p", "720p", "1080p")),
    "gemini_omni_flash": _Model(text=_pixels, image=_pixels, video=_of_the_input),
    "gemini_omni_flash_1.1": _Model(text=_pixels, image=_pixels, video=_of_the_input, video_extra={"mode": "edit"}),
}
# What an operator's catalogue may name before this table does; what it does not take, Runway refuses.
_NEWER: Final = _Model(text=_pixels, image=_pixels, video=_of_the_input)
# Three models there are one model in three sizes: a route names the family.
_BY_SIZE: Final = frozenset({"kling3.0", "klingO3"})
_BY_SIZE_SIDES: Final = {"standard": 720, "pro": 1080, "4k": 2160}


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "runway"`."""

    key: SecretStr = Field(description="the key itself; key_env or key_file keep it out of this file")
    base_url: BaseUrl = Field("https://api.dev.runwayml.com", description="another address of the same API")


def build(context: Context) -> "Runway":
    """Make the provider; no I/O here."""
    settings: Settings = context.settings
    uploads = context.trusting(settings.base_url)
    return Runway(bearer_origin(context, _classify), uploads, context.inputs, settings.timeout_s)


class Runway(Provider):
    """One account there."""

    def __init__(self, server: Origin, uploads: Outbound, inputs: Inputs, timeout_s: float) -> None:
        self._server = server
        self._uploads = uploads
        self._inputs = inputs
        self._timeout_s = timeout_s

    async def submit(self, order: Order) -> Handle:
        """POST /v1/text_to_video, /image_to_video or /video_to_video. There is no idempotency key."""
        spec, name = order.spec, _name(order)
        model = _MODELS.get(name, _NEWER)
        fields = {"model": name} | _fields(model, name, spec)
        body = fields | await self._files(model, name, spec)
        path = f"/v1/{spec.mode.replace('-', '_')}"
        id_ = read_id(await self._server.ask("POST", path, json=body, headers=_VERSION))
        left_out = ["negative_prompt"] if spec.negative_prompt and "negativePrompt" not in model.takes else []
        return {"id": id_, "sent": {k: fields[k] for k in _EFFECTIVE if k in fields}, "left_out": left_out}

    async def poll(self, handle: Handle) -> Progress:
        """GET /v1/tasks/{id}. The URLs of the output expire in 24 to 48 hours; each answer has fresh ones."""
        task = await self._server.ask("GET", _path(handle), headers=_VERSION)
        match read_field(task, "status", str):
            case "PENDING" | "THROTTLED":  # throttled: behind other tasks of the same account
                return Waiting(started=False)
            case "RUNNING":
                return Waiting(started=True, fraction_done=_fraction(task.get("progress")))
            case "SUCCEEDED":
                output = read_field(task, "output", list)
                if not output or not isinstance(output[0], str):
                    raise ProviderError(ProviderFault.UNREADABLE, "the task succeeded without an output")
                meta = {"effective": handle["sent"], "left_out": handle["left_out"]}
                return self._server.done(
                    output[0], cost_microusd=_cost_microusd(task), meta={k: v for k, v in meta.items() if v}
                )
            case "FAILED":
                message = brief(task.get("failure") or "Runway gives no reason")
                return Failed(fault=_fault_of(task.get("failureCode")), message=message)
            case "CANCELLED":
                return Failed(fault=ProviderFault.UNAVAILABLE, message="the task was cancelled at Runway")
            case other:
                raise ProviderError(ProviderFault.UNREADABLE, f"unknown state {brief(other)!r}")

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """DELETE /v1/tasks/{id}: stops a task, but throws a finished one away, so that is looked at before.

        What runs is not refunded. The state may change in between, and a deleted task cannot be asked.
        """
        reply = await self._server.send("GET", _path(handle), headers=_VERSION)
        if reply.status == 404:
            return Stopped(refunded=False)  # an earlier DELETE whose answer was lost; nobody can say what it cost
        self._server.check(reply)
        state = read_field(read_json(reply), "status", str)
        if state not in ("PENDING", "THROTTLED", "RUNNING"):
            return NotStopped("the task has ended already")
        reply = await self._server.send("DELETE", _path(handle), headers=_VERSION)
        if reply.status != 404:
            self._server.check(reply)
        return Stopped(refunded=state != "RUNNING")

    async def find(self, order: Order) -> FindOutcome:
        """No external id, and no list of tasks."""
        return CannotTell()

    async def discard(self, handle: Handle) -> None:
        """Nothing of it is on this machine."""

    async def aclose(self) -> None:
        """Nothing runs here."""

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """GET /v1/organization: the credits, and the model's limits. That none are named proves nothing of a model."""
        account = await self._server.ask("GET", "/v1/organization", headers=_VERSION)
        left = read_field(account, "creditBalance", int)
        if left <= 0:
            raise ProviderError(ProviderFault.FUNDS, "no credits are left at Runway")
        limits = read_field(read_field(account, "tier", dict), "models", dict).get(upstream_model)
        at_a_time = limits.get("maxConcurrentGenerations") if isinstance(limits, dict) else None
        return Serves(f"{left} credits left" + (f", {at_a_time} tasks at a time" if at_a_time is not None else ""))

    async def _files(self, model: _Model, name: str, spec: ClipSpec) -> dict[str, Any]:
        frames, fields = [], {}
        for asset in spec.assets:
            data = await read_input(self._inputs, asset)
            match asset.role:
                case Role.SOURCE_VIDEO if spec.mode is Mode.VIDEO_TO_VIDEO:
                    if not model.video_timed:
                        await check_source(data, spec)
                    fields[model.video_field] = await self._uri(asset, data)
                case Role.FIRST_FRAME | Role.LAST_FRAME if spec.mode is Mode.IMAGE_TO_VIDEO:
                    data = await run_media(fill, data, spec.width, spec.height)  # some clips have the picture's shape
                    position = asset.role.removesuffix("_frame")
                    frames.append({"uri": await self._uri(asset, data), "position": position})
                case role:
                    raise rejected(f"{name} takes no {role.replace('_', ' ')} for {spec.mode}")
        return fields | ({"promptImage": frames} if frames else {})

    async def _uri(self, asset: Asset, data: bytes) -> str:
        """A data URI, or what is too large for one as a temporary upload."""
        prefix = f"data:{asset.media_type};base64,"
        if len(prefix) + 4 * ceil(len(data) / 3) < _DATA_URI_CHARS_MAX:
            return prefix + b64encode(data).decode()
        with _before_the_task():
            return await self._upload(asset, data)

    async def _upload(self, asset: Asset, data: bytes) -> str:
        """POST /v1/uploads tells where the file goes; that place is another host, and our key is not for it."""
        name = f"{asset.role}.{asset.media_type.rpartition('/')[2]}"
        asked = {"filename": name, "type": "ephemeral"}
        place = await self._server.ask("POST", "/v1/uploads", json=asked, headers=_VERSION)
        url: str = read_field(place, "uploadUrl", str)
        uri: str = read_field(place, "runwayUri", str)
        fields: dict[str, str | Upload] = {str(k): str(v) for k, v in read_field(place, "fields", dict).items()}
        fields["file"] = Upload(name=name, media_type=asset.media_type, data=data)
        body, content_type = await multipart.encode(fields)
        headers = {"Content-Type": content_type}
        try:
            reply = await self._uploads.send("POST", url, body=body, headers=headers, timeout_s=self._timeout_s)
        except OutboundError as error:
            raise ProviderError(ProviderFault.UNAVAILABLE, f"the upload failed: {error.message}") from error
        if not 200 <= reply.status < 300:
            raise ProviderError(ProviderFault.UNAVAILABLE, f"the upload was answered with HTTP {reply.status}")
        return uri


def _name(order: Order) -> str:
    if order.upstream_model not in _BY_SIZE:
        return order.upstream_model
    return f"{order.upstream_model}_{named_size(order.spec, _BY_SIZE_SIDES)}"


def _fields(model: _Model, name: str, spec: ClipSpec) -> dict[str, Any]:
    """All of a body but the files; raises REJECTED for what the model cannot take."""
    sizes = {Mode.TEXT_TO_VIDEO: model.text, Mode.IMAGE_TO_VIDEO: model.image, Mode.VIDEO_TO_VIDEO: model.video}
    size = sizes[spec.mode]
    if size is None:
        raise rejected(f"{name} makes no {spec.mode} at Runway")
    fields: dict[str, Any] = dict(size(spec))
    if spec.prompt:
        fields["promptText"] = spec.prompt
    if spec.mode is not Mode.VIDEO_TO_VIDEO or model.video_timed:
        fields["duration"] = whole_seconds(spec)
    said = {"seed": spec.seed, "audio": spec.audio, "negativePrompt": spec.negative_prompt}
    if spec.mode is Mode.VIDEO_TO_VIDEO:
        fields |= model.video_extra
        said = said if model.video_audio else {"seed": spec.seed}
    return fields | {k: v for k, v in said.items() if k in model.takes and v != ""}


@contextmanager
def _before_the_task() -> Iterator[None]:
    """Whatever goes wrong in here, no task was made."""
    try:
        yield
    except ProviderError as error:
        raise ProviderError(error.fault, error.message, retry_after_s=error.retry_after_s, no_job=True) from error


def _path(handle: Handle) -> str:
    return f"/v1/tasks/{quote(handle['id'], safe='')}"


def _fraction(progress: Any) -> float | None:
    if isinstance(progress, bool) or not isinstance(progress, int | float) or not isfinite(progress):
        return None
    return min(max(float(progress), 0.0), 1.0)


def _cost_microusd(task: dict[str, Any]) -> int | None:
    cost = task.get("cost")
    credits_ = cost.get("credits") if isinstance(cost, dict) else None
    if isinstance(credits_, bool) or not isinstance(credits_, int | float) or not isfinite(credits_):
        return None
    return round(credits_ * _CREDIT_MICROUSD)


def _fault_of(code: Any) -> ProviderFault:
    """The codes are an open set of dotted names; no code is an error of theirs."""
    parts = code.split(".") if isinstance(code, str) else []
    if "SAFETY" in parts:  # SAFETY.INPUT.TEXT, SAFETY.OUTPUT.VIDEO, INPUT_PREPROCESSING.SAFETY.THIRD_PARTY
        return ProviderFault.REFUSED
    if parts[:2] in (["ASSET", "INVALID"], ["THIRD_PARTY", "INPUT_VALIDATION"]):
        return ProviderFault.REJECTED
    return ProviderFault.UNAVAILABLE


def _classify(reply: Reply) -> ProviderError | None:
    """What only the body tells; the status decides the rest."""
    said = _said(reply)
    message = said or f"the provider answered HTTP {reply.status}"
    if reply.status == 400 and "enough credits" in said.lower():
        return ProviderError(ProviderFault.FUNDS, message)
    if reply.status == 403 and "not available" in said.lower():  # "Model variant gen4_aleph is not available"
        return ProviderError(ProviderFault.MODEL_GONE, message)
    if reply.status in (400, 413, 422):
        return rejected(message)
    return None


def _said(reply: Reply) -> str:
    """{"error": text, "issues": [{"path": […], "message": text}]}"""
    body = json_or_none(reply)
    if not isinstance(body, dict) or not isinstance(body.get("error"), str):
        return ""
    issues = body.get("issues")
    first = issues[0] if isinstance(issues, list) and issues and isinstance(issues[0], dict) else {}
    path = first.get("path")
    where = ".".join(str(part) for part in path) if isinstance(path, list) else ""
    return brief(": ".join(str(part) for part in (body["error"], where, first.get("message")) if part))
