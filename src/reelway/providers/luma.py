"""Luma: the Agents API (Ray 3.2), and as a setting the older Dream Machine API (Ray 2).

Facts and their sources are in docs/providers/luma.md. What differs between the two is one `_Api` each, below.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from math import sqrt
from numbers import Real
from typing import Any, Final, Literal
from urllib.parse import quote
from uuid import UUID

from pydantic import Field, SecretStr

from reelway.domain.generation import Asset, ClipSpec, Mode, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.outbound import Reply
from reelway.media.probe import UnreadableClip, probe
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
    Waiting,
    read_field,
    read_id,
)
from reelway.providers.wire import (
    Origin,
    brief,
    json_or_none,
    named_ratio,
    origin,
    read_frame,
    read_input,
    rejected,
    whole_seconds,
)

# What an account may do unless Luma grants more: 10 jobs at a time, 30 requests a minute.
FACTS = Facts(in_flight_max=10, submits_per_minute=30, poll_first_s=5.0, poll_most_s=15.0)

_FPS: Final = 24  # of the grid that keyframes are pinned in
_SOURCE_BYTES_MAX: Final = 50 * 1024 * 1024
_SOURCE_TOLERANCE_S: Final = Fraction(1, 10)  # an edit is billed in blocks of 5 s
_EFFECTIVE: Final = ("model", "type", "aspect_ratio", "resolution", "duration")
_FAULTS: Final = {
    "content_moderated": ProviderFault.REFUSED,
    "budget_exhausted": ProviderFault.FUNDS,
    "image_too_large": ProviderFault.REJECTED,
    "unsupported_format": ProviderFault.REJECTED,
    "corrupt_input": ProviderFault.REJECTED,
    "invalid_request": ProviderFault.REJECTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Api:
    """How one of the two differs."""

    base_url: str
    models: tuple[str, ...]
    create: str
    probe: str  # what an account may ask for without an order
    working: str  # the state between queued and the end
    modes: frozenset[Mode]
    ratios: tuple[str, ...]
    tiers: tuple[int, ...]  # shorter side at 16:9
    place: Callable[[dict[str, Any]], Any]  # where a finished job names its clip


_APIS: Final = {
    "agents": _Api(
        base_url="https://agents.lumalabs.ai/v1",
        models=("ray-3.2",),
        create="/generations",
        probe=f"/generations/{UUID(int=0)}",
        working="processing",
        modes=frozenset(Mode),
        ratios=("16:9", "9:16", "1:1", "4:3", "3:4", "21:9"),
        tiers=(360, 540, 720, 1080),
        place=lambda job: next((o.get("url") for o in _outputs(job) if o.get("type") == "video"), None),
    ),
    "dream_machine": _Api(
        base_url="https://api.lumalabs.ai/dream-machine/v1",
        models=("ray-2", "ray-flash-2"),
        create="/generations/video",
        probe="/credits",
        working="dreaming",
        modes=frozenset({Mode.TEXT_TO_VIDEO}),  # pictures and videos are taken as public URLs alone
        ratios=("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "9:21"),
        tiers=(540, 720, 1080, 2160),
        place=lambda job: job["assets"].get("video") if isinstance(job.get("assets"), dict) else None,
    ),
}


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "luma"`."""

    key: SecretStr = Field(description="the key itself; key_env or key_file keep it out of this file")
    api: Literal["agents", "dream_machine"] = Field("agents", description="agents or dream_machine: each has its keys")
    base_url: BaseUrl | None = Field(None, description="another address of the same API")


def build(context: Context) -> "Luma":
    """Make the provider; no I/O here."""
    settings: Settings = context.settings
    api = _APIS[settings.api]
    headers = {"Authorization": f"Bearer {settings.key.get_secret_value()}"}
    base_url = settings.base_url or api.base_url
    server = origin(context, base_url, headers=headers, classify=_classify, timeout_s=settings.timeout_s)
    return Luma(server, context.inputs, api)


class Luma(Provider):
    """One account there."""

    def __init__(self, server: Origin, inputs: Inputs, api: _Api) -> None:
        self._server = server
        self._inputs = inputs
        self._api = api

    async def submit(self, order: Order) -> Handle:
        """POST /generations, or /generations/video. There is no idempotency key."""
        spec = order.spec
        self._check_model(order.upstream_model)
        if spec.mode not in self._api.modes:
            raise rejected(f"this API of Luma makes no {spec.mode} of our files")
        options = self._options(spec)
        if self._api is _APIS["agents"]:
            body = await self._agents(order, options)
        else:
            _only(spec)
            body = {"model": order.upstream_model, "generation_type": "video", "prompt": spec.prompt} | options
            if order.callback_url is not None:
                body["callback_url"] = order.callback_url  # called without a signature
        id_ = read_id(await self._server.ask("POST", self._api.create, json=body))
        said = body | options
        left_out = ["negative_prompt"] if spec.negative_prompt else []
        return {"id": id_, "sent": {k: said[k] for k in _EFFECTIVE if k in said}, "left_out": left_out}

    async def poll(self, handle: Handle) -> Progress:
        """GET /generations/{id}. The clip's URL expires in an hour; each answer has a fresh one."""
        job = await self._server.ask("GET", f"/generations/{quote(handle['id'], safe='')}")
        match read_field(job, "state", str):
            case "queued":
                return Waiting(started=False)
            case state if state == self._api.working:
                return Waiting(started=True)
            case "completed":
                place = self._api.place(job)
                if not isinstance(place, str):
                    raise ProviderError(ProviderFault.UNREADABLE, "the generation is completed without a video")
                meta = {"effective": handle["sent"], "left_out": handle["left_out"]}
                return self._server.done(place, meta={k: v for k, v in meta.items() if v})
            case "failed":
                return _failed(job)
            case other:
                raise ProviderError(ProviderFault.UNREADABLE, f"unknown state {brief(other)!r}")

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """Not offered; the DELETE of Dream Machine removes a record."""
        return NotStopped("Luma cannot stop a generation")

    async def find(self, order: Order) -> FindOutcome:
        """No external id. Dream Machine lists generations, with nothing of ours in them."""
        return CannotTell()

    async def discard(self, handle: Handle) -> None:
        """Nothing of it is on this machine."""

    async def aclose(self) -> None:
        """Nothing runs here."""

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """Dream Machine tells what is left; the Agents API only that there is no generation of number 0."""
        self._check_model(upstream_model)
        try:
            said = await self._server.ask("GET", self._api.probe)
        except ProviderError as error:
            if error.fault is ProviderFault.NOT_FOUND and self._api is _APIS["agents"]:
                return Serves()
            raise
        if self._api is _APIS["agents"]:
            return Serves()
        cents = float(read_field(said, "credit_balance", Real))
        if cents <= 0:
            raise ProviderError(ProviderFault.FUNDS, "no credits are left at Luma")
        return Serves(f"{cents / 100:.2f} USD are left")

    def _check_model(self, upstream_model: str) -> None:
        """Both APIs are one kind of provider, so an order for the one may be brought to the other."""
        others = {model for api in _APIS.values() if api is not self._api for model in api.models}
        if upstream_model in others:
            message = f"this API of Luma has {' and '.join(self._api.models)}, not {upstream_model}"
            raise ProviderError(ProviderFault.MODEL_GONE, message)

    def _options(self, spec: ClipSpec) -> dict[str, str]:
        """The shape of the clip; an edit has that of its source."""
        side = sqrt(spec.width * spec.height * 9 / 16)
        tier = min(self._api.tiers, key=lambda tier: abs(tier - side))
        options = {"resolution": "4k" if tier == 2160 else f"{tier}p"}
        if spec.mode is Mode.VIDEO_TO_VIDEO:
            return options
        return options | {"duration": f"{whole_seconds(spec)}s", "aspect_ratio": named_ratio(spec, self._api.ratios)}

    async def _agents(self, order: Order, options: dict[str, str]) -> dict[str, Any]:
        """`type` is always said: without it an image is made."""
        spec = order.spec
        video: dict[str, Any] = {k: v for k, v in options.items() if k != "aspect_ratio"}
        body: dict[str, Any] = {"model": order.upstream_model, "prompt": spec.prompt, "video": video}
        if spec.mode is Mode.VIDEO_TO_VIDEO:
            video["edit"] = {"auto_controls": True}
            return body | {"type": "video_edit", "source": await self._source(spec)}
        return body | {
            "type": "video",
            "aspect_ratio": options["aspect_ratio"],
            "video": video | await self._frames(spec),
        }

    async def _source(self, spec: ClipSpec) -> dict[str, str]:
        asset = _only(spec, Role.SOURCE_VIDEO)[0]
        data = await read_input(self._inputs, asset)
        if len(data) > _SOURCE_BYTES_MAX:
            raise rejected(f"the source video has {len(data)} bytes; {_SOURCE_BYTES_MAX} are sent at most")
        await run_media(_check_length, data, spec)
        return {"data": b64encode(data).decode(), "media_type": asset.media_type}

    async def _frames(self, spec: ClipSpec) -> dict[str, Any]:
        """Named frames for 5 s; those do not go with 10 s, where frames are pinned in a grid."""
        found = {}
        for asset in _only(spec, Role.FIRST_FRAME, Role.LAST_FRAME):
            data = await read_frame(self._inputs, asset, spec)
            found[asset.role] = {"data": b64encode(data).decode(), "media_type": asset.media_type}
        if not found or spec.duration_s <= 5:
            names = {Role.FIRST_FRAME: "start_frame", Role.LAST_FRAME: "end_frame"}
            return {names[role]: frame for role, frame in found.items()}
        at = {Role.FIRST_FRAME: 0, Role.LAST_FRAME: int(spec.duration_s) * _FPS}
        return {"keyframes": list(found.values()), "keyframe_indexes": [at[role] for role in found]}


def _only(spec: ClipSpec, *roles: Role) -> tuple[Asset, ...]:
    """The inputs, if they are what this kind of clip is made of; raises REJECTED."""
    wrong = [asset.role for asset in spec.assets if asset.role not in roles or spec.mode is Mode.TEXT_TO_VIDEO]
    if wrong or not (spec.assets or spec.mode is Mode.TEXT_TO_VIDEO):
        what = f"no {wrong[0].replace('_', ' ')}" if wrong else f"a {roles[0].replace('_', ' ')}"
        raise rejected(f"{spec.mode} at Luma takes {what}")
    return spec.assets


def _check_length(data: bytes, spec: ClipSpec) -> None:
    """Luma bills the source's length, whatever the caller was charged for."""
    try:
        length_s = probe(BytesIO(data)).duration_s
    except UnreadableClip as error:
        raise rejected(f"the source video: {error.message}") from error
    if length_s > spec.duration_s + _SOURCE_TOLERANCE_S:
        message = f"the source video lasts {length_s:.1f} s and {float(spec.duration_s):g} s were ordered"
        raise rejected(f"{message}; order its length, or send a shorter one")


def _outputs(job: dict[str, Any]) -> list[dict[str, Any]]:
    outputs = job.get("output")
    return [o for o in outputs if isinstance(o, dict)] if isinstance(outputs, list) else []


def _failed(job: dict[str, Any]) -> Failed:
    """Dream Machine has no codes; its reason tells."""
    reason = job.get("failure_reason") or job.get("failure_code") or "Luma gives no reason"
    code = job.get("failure_code")
    fault = _FAULTS.get(code) if isinstance(code, str) else None
    if code is None and "moderation" in str(reason).lower():
        fault = ProviderFault.REFUSED
    return Failed(fault=fault or ProviderFault.UNAVAILABLE, message=brief(reason))


def _classify(reply: Reply) -> ProviderError | None:
    """What only the body tells; the status decides the rest."""
    if reply.status not in (400, 413, 422):
        return None
    said = _said(reply)
    words = said.lower()
    fault = ProviderFault.REJECTED
    if words.startswith("unknown model"):  # also for one that the account was not granted
        fault = ProviderFault.MODEL_GONE
    elif "moderation" in words:
        fault = ProviderFault.REFUSED
    elif "insufficient credits" in words:
        fault = ProviderFault.FUNDS
    return ProviderError(fault, said or f"the provider answered HTTP {reply.status}")


def _said(reply: Reply) -> str:
    """{"detail": text}, or FastAPI's {"detail": [{"loc": […], "msg": text}]}; else nothing."""
    body = json_or_none(reply)
    detail = body.get("detail") if isinstance(body, dict) else None
    if isinstance(detail, list) and detail and isinstance(detail[0], dict):
        where = ".".join(str(part) for part in detail[0].get("loc") or ())
        return brief(f"{where}: {detail[0].get('msg', '')}")
    return brief(detail) if isinstance(detail, str) else ""
