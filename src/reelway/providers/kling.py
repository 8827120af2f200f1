"""Kling (Kuaishou), its API of 2026 and the legacy one: https://kling.ai/document-api, a copy of 2026-09-20.

Sources, and what nobody has tried: docs/providers/kling.md.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import gcd
from typing import Any, Final, Literal, NoReturn
from urllib.parse import quote

import orjson
from pydantic import Field, SecretStr, model_validator

from reelway.domain.generation import Asset, ClipSpec, Role
from reelway.domain.money import MICROUSD_PER_USD
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.clock import SystemClock
from reelway.kit.outbound import Reply
from reelway.providers.base import (
    Absent,
    BaseUrl,
    CancelOutcome,
    CannotTell,
    Context,
    Facts,
    Failed,
    FindOutcome,
    Found,
    Handle,
    Inputs,
    NotStopped,
    Order,
    Progress,
    ProviderSettings,
    Waiting,
    read_field,
)
from reelway.providers.wire import Origin, brief, json_or_none, origin, read_frame

# The smallest resource packs have five slots; a slot is held from the order to the end. Looking is free.
FACTS = Facts(in_flight_max=5, poll_first_s=5.0, poll_most_s=15.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """What differs between models; a setting that a model does not have is refused."""

    omni: bool = False  # has a path of its own, where the prompt is one of the contents
    sound: bool = True  # can be switched
    multi_shot: bool = False
    last_frame: bool = True
    extras_in_1080p: bool = False  # sound and a last frame need it
    legacy: str = ""  # what the legacy API calls it; empty: as here


_MODELS: Final = {
    "kling-3.0": _Model(multi_shot=True, legacy="kling-v3"),
    "kling-3.0-turbo": _Model(sound=False, last_frame=False),  # always with sound
    "kling-3.0-omni": _Model(omni=True, multi_shot=True),
    "kling-o1": _Model(omni=True, sound=False),
    "kling-2.6": _Model(extras_in_1080p=True, legacy="kling-v2-6"),
    "kling-2.5-turbo": _Model(sound=False, extras_in_1080p=True, legacy="kling-v2-5-turbo"),
}
_RESOLUTIONS: Final = {1280 * 720: "720p", 1920 * 1080: "1080p", 3840 * 2160: "4k"}  # by area: squares have it too
_RATIOS: Final = ("16:9", "9:16", "1:1")
_MODES: Final = {"720p": "std", "1080p": "pro", "4k": "4k"}
# Four of the codes with HTTP 429 (1100 to 1102, 1304) are no reason to wait. 5000 to 5002 come with their own status.
_FAULTS: Final = {
    **dict.fromkeys((1000, 1001, 1002, 1003, 1004, 1100, 1103, 1304), ProviderFault.CREDENTIALS),
    **dict.fromkeys((1101, 1102), ProviderFault.FUNDS),
    **dict.fromkeys((1200, 1201), ProviderFault.REJECTED),
    **dict.fromkeys((1202, 1203), ProviderFault.MODEL_GONE),
    **dict.fromkeys((1300, 1301), ProviderFault.REFUSED),
    **dict.fromkeys((1302, 1303), ProviderFault.THROTTLED),
    **dict.fromkeys((5000, 5001, 5002), ProviderFault.UNAVAILABLE),
}
# A job that moderation ends late has no code, only words.
_MODERATED: Final = re.compile(r"risk control|content security|sensitive|moderation|platform polic", re.I)
_TOKEN_S: Final = 1800
_CLOCK_SKEW_S: Final = 5


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "kling"`."""

    base_url: BaseUrl = Field(
        "https://api-singapore.klingai.com", description="https://api-beijing.klingai.com in China"
    )
    api: Literal["new", "legacy"] = Field(
        "new", description="new, or legacy for accounts that have only a pair of keys"
    )
    access_key: str | None = Field(None, description='with api = "legacy", in place of a key')
    secret_key: SecretStr | None = Field(None, description="belongs to access_key")

    @model_validator(mode="after")
    def _can_sign_in(self) -> "Settings":
        pair = self.access_key is not None and self.secret_key is not None
        if self.api == "new" and (self.key is None or self.access_key or self.secret_key):
            raise ValueError("the new API takes a key, and no pair; give key_env, key_file or key")
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key belong together")
        if pair == (self.key is not None):
            raise ValueError("give a key, or access_key and secret_key, not both")
        return self


def build(context: Context) -> "Kling":
    """Make the provider; no I/O here."""
    settings: Settings = context.settings

    def server() -> Origin:
        headers = {"Authorization": f"Bearer {_token(settings)}"}
        return origin(context, settings.base_url, headers=headers, classify=_classify, timeout_s=settings.timeout_s)

    kind = Kling if settings.api == "new" else LegacyKling
    return kind(server, context.inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What either API says of one."""

    status: str
    message: str
    url: Any
    duration: Any
    billing: list[dict[str, str]]


class Kling:
    """One account, by the new API."""

    def __init__(self, server: Callable[[], Origin], inputs: Inputs) -> None:
        self._server = server  # made for each request: the token of a pair of keys is short-lived
        self._inputs = inputs

    async def submit(self, order: Order) -> Handle:
        """The order's key goes along as external id, which one account may use once."""
        path, body = await self._request(order)
        try:
            made = await self._ask("POST", path, dict, json=body)
        except ProviderError as error:
            if error.fault is not ProviderFault.REJECTED:
                raise
            # What the second use of an external id is answered with is not documented: we may have the job already.
            found = await self.find(order)
            if not isinstance(found, Found):
                raise
            return found.handle
        return self._handle(order, made)

    async def poll(self, handle: Handle) -> Progress:
        """Ask for the job by Kling's id."""
        job = await self._look(handle)
        match job.status:
            case "submitted":
                return Waiting(started=False)
            case "processing":
                return Waiting(started=True)
            case "succeeded" | "succeed":
                return self._done(job, handle)
            case "failed":
                fault = ProviderFault.REFUSED if _MODERATED.search(job.message) else ProviderFault.UNAVAILABLE
                return Failed(fault=fault, message=brief(job.message or "Kling gives no reason"))
            case other:
                raise ProviderError(ProviderFault.UNREADABLE, f"unknown state {brief(other)!r}")

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """Not offered."""
        return NotStopped("Kling cannot stop a job that it has taken")

    async def find(self, order: Order) -> FindOutcome:
        """GET /tasks?external_task_ids: those that are known, and no others."""
        name = _external_id(order)
        tasks = await self._tasks(f"external_task_ids={quote(name, safe='')}")
        task = next((t for t in tasks if t.get("external_id") == name), None)
        return Absent() if task is None else Found(self._handle(order, task))

    async def discard(self, handle: Handle) -> None:
        """Kling keeps results for 30 days and deletes them by itself."""

    async def aclose(self) -> None:
        """Nothing runs here."""

    async def _request(self, order: Order) -> tuple[str, dict[str, Any]]:
        model, settings = _model(order), _settings(order)
        frames = await self._frames(order.spec)
        body: dict[str, Any] = {"settings": settings, "options": {"external_task_id": _external_id(order)}}
        if frames or model.omni:
            prompt = [{"type": "prompt", "text": order.spec.prompt}] if order.spec.prompt.strip() else []
            body["contents"] = [*prompt, *({"type": role, "url": picture} for role, picture in frames.items())]
        else:
            body["prompt"] = order.spec.prompt
        product = "omni-video" if model.omni else "image-to-video" if frames else "text-to-video"
        return f"/{product}/{quote(order.upstream_model, safe='')}", body

    async def _frames(self, spec: ClipSpec) -> dict[Role, str]:
        """Base64 without the start of a data URL, cropped to the clip's size: the picture decides its shape."""
        return {asset.role: await self._picture(asset, spec) for asset in spec.assets}

    async def _picture(self, asset: Asset, spec: ClipSpec) -> str:
        return base64.b64encode(await read_frame(self._inputs, asset, spec)).decode()

    def _handle(self, order: Order, task: dict[str, Any]) -> Handle:
        left_out = ["negative_prompt"] if order.spec.negative_prompt else []
        return {"id": _id(task, "id"), "settings": _settings(order), "left_out": left_out}

    async def _look(self, handle: Handle) -> _Job:
        tasks = await self._tasks(f"task_ids={quote(handle['id'], safe='')}")
        task = next((t for t in tasks if t.get("id") == handle["id"]), None)
        if task is None:
            raise ProviderError(ProviderFault.NOT_FOUND, "Kling does not know this job")
        video = next((v for v in _dicts(task.get("outputs")) if v.get("type") == "video"), {})
        return _Job(
            status=read_field(task, "status", str),
            message=str(task.get("message") or ""),
            url=video.get("url"),
            duration=video.get("duration"),
            billing=[_texts(entry, _BILL) for entry in _dicts(task.get("billing"))],
        )

    async def _tasks(self, which: str) -> list[dict[str, Any]]:
        """Those that Kling knows; an answer without any may have null in their place."""
        answer = await self._server().ask("GET", f"/tasks?{which}")
        if isinstance(answer, dict) and answer.get("code") == 0 and answer.get("data") is None:
            return []
        return _dicts(read_field(answer, "data", list))

    async def _ask(self, method: str, path: str, kind: type[Any], *, json: Any = None) -> Any:
        """`data` of a good answer."""
        return read_field(await self._server().ask(method, path, json=json), "data", kind)

    def _done(self, job: _Job, handle: Handle) -> Progress:
        if not isinstance(job.url, str) or not job.url:
            raise ProviderError(ProviderFault.UNREADABLE, "Kling says that the job succeeded and names no video")
        effective = dict(handle["settings"]) | ({"duration": job.duration} if isinstance(job.duration, str) else {})
        meta = {"effective": effective, "left_out": handle["left_out"], "billing": job.billing}
        cost = _cost_microusd(job.billing)
        return self._server().done(job.url, cost_microusd=cost, meta={k: v for k, v in meta.items() if v})


class LegacyKling(Kling):
    """One account, by the API whose model is a field: only text2video and image2video, and with negative prompts."""

    async def find(self, order: Order) -> FindOutcome:
        """The path of a job takes the external id too. Only a clear word that it is unknown frees the order."""
        name = _external_id(order)
        try:
            task = await self._ask("GET", _legacy_path(order.spec, name), dict)
        except ProviderError as error:
            if error.fault is ProviderFault.MODEL_GONE:  # 1203: no such resource
                return Absent()
            if error.fault is ProviderFault.REJECTED:
                return CannotTell()
            raise
        info = task.get("task_info")
        same = isinstance(info, dict) and info.get("external_task_id") == name
        return Found(self._handle(order, task)) if same else CannotTell()

    async def _request(self, order: Order) -> tuple[str, dict[str, Any]]:
        spec, model, settings = order.spec, _model(order), _settings(order)
        if model.omni:
            _reject("the legacy API of Kling has no omni models here; use the new one")
        body: dict[str, Any] = {
            "model_name": model.legacy or order.upstream_model,
            "mode": _MODES[settings["resolution"]],
            "duration": str(settings["duration"]),
            "external_task_id": _external_id(order),
        }
        if model.sound and spec.audio:
            body["sound"] = "on"
        words = {"prompt": spec.prompt, "negative_prompt": spec.negative_prompt}
        body |= {name: text for name, text in words.items() if text}
        frames = await self._frames(spec)
        if frames:
            names = {Role.FIRST_FRAME: "image", Role.LAST_FRAME: "image_tail"}
            body |= {names[role]: picture for role, picture in frames.items()}
        else:
            body["aspect_ratio"] = settings["aspect_ratio"]
        return _legacy_path(spec), body

    def _handle(self, order: Order, task: dict[str, Any]) -> Handle:
        id_, settings = _id(task, "task_id"), _settings(order)
        settings.pop("multi_shot", None)  # off there unless asked
        return {"id": id_, "path": _legacy_path(order.spec, id_), "settings": settings, "left_out": []}

    async def _look(self, handle: Handle) -> _Job:
        try:
            task = await self._ask("GET", handle["path"], dict)
        except ProviderError as error:
            if error.fault in (ProviderFault.MODEL_GONE, ProviderFault.REJECTED):  # there is only the id to refuse
                raise ProviderError(ProviderFault.NOT_FOUND, error.message) from error
            raise
        result = task.get("task_result")
        video = next(iter(_dicts(result.get("videos") if isinstance(result, dict) else None)), {})
        units = task.get("final_unit_deduction")
        return _Job(
            status=read_field(task, "task_status", str),
            message=str(task.get("task_status_msg") or ""),
            url=video.get("url"),
            duration=video.get("duration"),
            billing=[{"charge_type": "unit", "amount": str(units)}] if units else [],
        )


# -- what is ordered ---------------------------------------------------------------------------


def _model(order: Order) -> _Model:
    """What the model can do; one that we do not know has the fields of the newest."""
    return _MODELS.get(order.upstream_model, _Model(multi_shot=True))


def _settings(order: Order) -> dict[str, Any]:
    """The same fields in both APIs, spelled as in the new one; raises REJECTED for what it cannot make."""
    spec, model = order.spec, _model(order)
    _check_inputs(spec, model)
    resolution = _RESOLUTIONS.get(spec.width * spec.height)
    ratio = _ratio(spec)
    if resolution is None or ratio not in _RATIOS:
        _reject(f"Kling does not make {spec.size}")
    if spec.duration_s.denominator != 1:
        _reject(f"Kling makes whole seconds; {float(spec.duration_s):g} s is not possible")
    extras = (spec.audio and model.sound) or spec.asset(Role.LAST_FRAME) is not None
    if model.extras_in_1080p and extras and resolution != "1080p":
        _reject(f"{order.upstream_model} makes sound and a last frame at 1080p only")
    settings: dict[str, Any] = {"resolution": resolution, "duration": int(spec.duration_s)}
    if spec.asset(Role.FIRST_FRAME) is None:
        settings["aspect_ratio"] = ratio
    if model.sound:
        settings["audio"] = "native" if spec.audio else "off"
    if model.multi_shot:
        settings["multi_shot"] = False  # Kling's default cuts the clip into several shots
    return settings


def _check_inputs(spec: ClipSpec, model: _Model) -> None:
    roles = {asset.role for asset in spec.assets}
    if other := roles - {Role.FIRST_FRAME, Role.LAST_FRAME}:  # videos go by URL only, and ours are not public
        _reject(f"Kling gets no {min(other).replace('_', ' ')} from here")
    if Role.LAST_FRAME in roles and (Role.FIRST_FRAME not in roles or not model.last_frame):
        _reject(
            "this model of Kling takes no last frame" if Role.FIRST_FRAME in roles else "a last frame needs a first"
        )


def _ratio(spec: ClipSpec) -> str:
    divisor = gcd(spec.width, spec.height)
    return f"{spec.width // divisor}:{spec.height // divisor}"


def _external_id(order: Order) -> str:
    """A comma would end it in a query, and which characters it may have is not written down."""
    return order.key.replace(":", "-")


def _legacy_path(spec: ClipSpec, id_: str | None = None) -> str:
    kind = "image2video" if spec.assets else "text2video"
    return f"/v1/videos/{kind}" + ("" if id_ is None else f"/{quote(id_, safe='')}")


def _reject(message: str) -> NoReturn:
    raise ProviderError(ProviderFault.REJECTED, message)


# -- what is answered --------------------------------------------------------------------------

_BILL: Final = ("charge_type", "amount", "currency", "package_type")


def _classify(reply: Reply) -> ProviderError | None:
    """The code in the body, which may be an error under HTTP 200 too; None leaves it to the status."""
    body = json_or_none(reply)
    code = body.get("code") if isinstance(body, dict) else None
    if not code:
        return None
    fault = _FAULTS.get(code, ProviderFault.UNREADABLE) if isinstance(code, int) else ProviderFault.UNREADABLE
    if reply.status >= 500 or (reply.status == 429 and fault is ProviderFault.THROTTLED):
        return None  # the status says as much, and how long to wait
    if fault is ProviderFault.UNREADABLE and reply.status >= 400:
        return None
    return ProviderError(fault, f"Kling {brief(code)}: {brief(body.get('message', ''))}")


def _id(task: dict[str, Any], name: str) -> str:
    id_: str = read_field(task, name, str)
    if not id_:
        raise ProviderError(ProviderFault.UNREADABLE, "the id of the new job is empty")
    return id_


def _dicts(values: Any) -> list[dict[str, Any]]:
    return [v for v in values if isinstance(v, dict)] if isinstance(values, list) else []


def _texts(entry: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: entry[name] for name in names if isinstance(entry.get(name), str)}


def _cost_microusd(billing: list[dict[str, str]]) -> int | None:
    """What was taken from a balance in USD; a pack's units have the price that was paid for the pack."""
    if not billing or any(b.get("charge_type") != "cash" or b.get("currency") != "USD" for b in billing):
        return None
    try:
        cost = sum(Decimal(b.get("amount", "")) for b in billing) * MICROUSD_PER_USD
        return int(cost) or None
    except (InvalidOperation, ValueError, OverflowError):
        return None


# -- signing in --------------------------------------------------------------------------------


def _token(settings: Settings) -> str:
    if settings.access_key is None or settings.secret_key is None:
        assert settings.key is not None
        return settings.key.get_secret_value()
    return _signed(settings.access_key, settings.secret_key.get_secret_value(), SystemClock().now_ms() // 1000)


def _signed(access_key: str, secret_key: str, now_s: int) -> str:
    """A JSON Web Token (RFC 7519) as Kling's page on authentication shows it."""
    claims = {"iss": access_key, "exp": now_s + _TOKEN_S, "nbf": now_s - _CLOCK_SKEW_S}
    said = b".".join(_unpadded(orjson.dumps(part)) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    signature = hmac.new(secret_key.encode(), said, hashlib.sha256).digest()
    return (said + b"." + _unpadded(signature)).decode()


def _unpadded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
