"""BytePlus ModelArk and Volcengine Ark: ByteDance's Seedance. Facts and their sources are in docs/providers/ark.md.

Read on 2026-11-22: byteplus-python-sdk-v2 3.0.63, docs.byteplus.com/en/docs/ModelArk, and people's notes of live calls.
Tasks are known for 7 days, clips are kept for 24 hours.
"""

from typing import Any, Final
from urllib.parse import quote

from pydantic import Field, SecretStr

from reelway.domain.generation import Asset, ClipSpec
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
    check_frames,
    data_url,
    error_of,
    read_frame,
    rejected,
    whole_seconds,
)

# What an account of a single person may have of each Seedance 2 model.
FACTS = Facts(in_flight_max=3, submits_per_minute=180, poll_first_s=5.0, poll_most_s=15.0)

_TASKS: Final = "/contents/generations/tasks"
_FPS: Final = 24
# Ark is told a resolution and a ratio, and makes exactly these from Seedance 1.5 on.
_SHAPES: Final = {
    (864, 496): ("480p", "16:9"),
    (752, 560): ("480p", "4:3"),
    (640, 640): ("480p", "1:1"),
    (560, 752): ("480p", "3:4"),
    (496, 864): ("480p", "9:16"),
    (992, 432): ("480p", "21:9"),
    (1280, 720): ("720p", "16:9"),
    (1112, 834): ("720p", "4:3"),
    (960, 960): ("720p", "1:1"),
    (834, 1112): ("720p", "3:4"),
    (720, 1280): ("720p", "9:16"),
    (1470, 630): ("720p", "21:9"),
    (1920, 1080): ("1080p", "16:9"),
    (1664, 1248): ("1080p", "4:3"),
    (1440, 1440): ("1080p", "1:1"),
    (1248, 1664): ("1080p", "3:4"),
    (1080, 1920): ("1080p", "9:16"),
    (2206, 946): ("1080p", "21:9"),
    (3840, 2160): ("4k", "16:9"),
    (2160, 3840): ("4k", "9:16"),
}
_FUNDS: Final = frozenset({"AccountOverdueError", "SetLimitExceeded"})
_EFFECTIVE: Final = ("model", "resolution", "ratio", "duration", "framespersecond", "seed", "generate_audio")


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "ark"`."""

    key: SecretStr = Field(description="the key itself; key_env or key_file keep it out of this file")
    base_url: BaseUrl = Field(
        "https://ark.ap-southeast.bytepluses.com/api/v3",
        description="another region; China: https://ark.cn-beijing.volces.com/api/v3",
    )


def build(context: Context) -> "Ark":
    """Make the provider; no I/O here."""
    return Ark(bearer_origin(context, _classify), context.inputs)


class Ark(Provider):
    """One account in one region."""

    def __init__(self, server: Origin, inputs: Inputs) -> None:
        self._server = server
        self._inputs = inputs

    async def submit(self, order: Order) -> Handle:
        """POST /contents/generations/tasks. It takes neither an idempotency key nor an id of ours."""
        task = await self._task(order)
        reply = await self._server.ask("POST", _TASKS, json=task)
        id_ = read_id(reply)
        return {"id": id_, "left_out": ["negative_prompt"] if order.spec.negative_prompt else []}

    async def poll(self, handle: Handle) -> Progress:
        """GET /contents/generations/tasks/{id}. Ark tells no progress."""
        task = await self._server.ask("GET", _path(handle))
        match read_field(task, "status", str):
            case "queued":
                return Waiting(started=False)
            case "running":
                return Waiting(started=True)
            case "succeeded":
                url = read_field(read_field(task, "content", dict), "video_url", str)
                return self._server.done(url, meta=_meta(task, handle))
            case "failed":
                return _failed(task.get("error"))
            case "cancelled":
                return Failed(fault=ProviderFault.UNAVAILABLE, message="the task was cancelled at Ark")
            case "expired":
                return Failed(fault=ProviderFault.UNAVAILABLE, message="Ark did not get to the task in time")
            case other:
                raise ProviderError(ProviderFault.UNREADABLE, f"unknown state {brief(other)!r}")

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """DELETE cancels what is queued, refuses what runs, and erases what has ended: so look first."""
        state = read_field(await self._server.ask("GET", _path(handle)), "status", str)
        if state == "cancelled":
            return Stopped()  # an earlier DELETE whose answer was lost
        if state != "queued":
            return NotStopped(f"Ark stops queued tasks only; this one is {brief(state)}")
        reply = await self._server.send("DELETE", _path(handle))
        if reply.status == 409:
            return NotStopped(_said(reply) or "Ark stops queued tasks only")
        self._server.check(reply)
        return Stopped()

    async def find(self, order: Order) -> FindOutcome:
        """Its list has no prompt, so two orders of one shape look the same.

        What comes back as it was sent is `safety_identifier`, and that is there to tell end users apart.
        """
        return CannotTell()

    async def discard(self, handle: Handle) -> None:
        """Nothing of it is on this machine; Ark deletes the clip after a day."""

    async def aclose(self) -> None:
        """Nothing runs here."""

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """The list of tasks needs a good key; whether a model is activated is only told to an order."""
        await self._server.ask("GET", f"{_TASKS}?page_num=1&page_size=1")
        return Serves()

    async def _task(self, order: Order) -> dict[str, Any]:
        spec = order.spec
        check_frames(spec)
        if (spec.width, spec.height) not in _SHAPES:
            raise rejected(f"Seedance makes no {spec.size}")
        if spec.fps != _FPS:
            raise rejected(f"Seedance makes {_FPS} fps, not {spec.fps}")
        resolution, ratio = _SHAPES[spec.width, spec.height]
        pictures = [await self._picture(spec, asset) for asset in spec.assets]
        words = [{"type": "text", "text": spec.prompt}] if spec.prompt.strip() else []
        task: dict[str, Any] = {
            "model": order.upstream_model,
            "content": words + pictures,
            "resolution": resolution,
            "duration": whole_seconds(spec),
            "generate_audio": spec.audio,  # left out, it is on
            "watermark": False,
        }
        if not pictures:
            task["ratio"] = ratio  # with a frame it is an error: the clip has the picture's
        if order.callback_url is not None:
            task["callback_url"] = order.callback_url  # called without a signature
        return task

    async def _picture(self, spec: ClipSpec, asset: Asset) -> dict[str, Any]:
        url = data_url(await read_frame(self._inputs, asset, spec))
        return {"type": "image_url", "image_url": {"url": url}, "role": str(asset.role)}


def _path(handle: Handle) -> str:
    return f"{_TASKS}/{quote(handle['id'], safe='')}"


def _meta(task: dict[str, Any], handle: Handle) -> dict[str, Any]:
    usage = task.get("usage")
    tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
    effective = {name: task[name] for name in _EFFECTIVE if isinstance(task.get(name), str | int)}
    meta = {"effective": effective, "left_out": handle["left_out"], "tokens": tokens if isinstance(tokens, int) else 0}
    return {name: value for name, value in meta.items() if value}


def _failed(error: Any) -> Failed:
    error = error if isinstance(error, dict) else {}
    message = brief(error.get("message") or error.get("code") or "Ark gives no reason")
    return Failed(fault=_fault_of(error.get("code")) or ProviderFault.UNAVAILABLE, message=message)


def _fault_of(code: Any) -> ProviderFault | None:
    """What an error's code means wherever it stands; None for one that says nothing by itself."""
    match code:
        case str() if "SensitiveContent" in code or "RiskDetection" in code:
            return ProviderFault.REFUSED
        case str() if code in _FUNDS:
            return ProviderFault.FUNDS
        case str() if code.startswith(("InvalidEndpoint", "ModelNotOpen", "UnsupportedModel")):
            return ProviderFault.MODEL_GONE
        case str() if code.startswith(("InvalidParameter", "MissingParameter")):
            return ProviderFault.REJECTED
    return None


def _classify(reply: Reply) -> ProviderError | None:
    """Moderation and parameters share a status, and so do an empty account and a full minute: the code tells."""
    if reply.status < 400 or reply.status >= 500:
        return None
    fault = _fault_of(error_of(reply).get("code"))
    if fault is None and reply.status in (400, 413, 422):
        fault = ProviderFault.REJECTED
    return None if fault is None else ProviderError(fault, _said(reply) or f"Ark answered HTTP {reply.status}")


def _said(reply: Reply) -> str:
    return brief(error_of(reply).get("message") or "")
