"""MiniMax (Hailuo) H3 by its video API V2: https://platform.minimax.io/docs/api-reference/video-generation-v2-create.

Sources, and what nobody has tried: docs/providers/minimax.md.
"""

import re
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
    json_or_none,
    named_ratio,
    read_frame,
    rejected,
    whole_seconds,
)

# 30 jobs and 300 requests a minute, looks among them; MiniMax looks every 10 seconds itself.
FACTS = Facts(in_flight_max=30, poll_first_s=5.0, poll_most_s=10.0, submits_per_minute=60)

_RESOLUTIONS: Final = {480: "480P", 768: "768P", 1440: "2K"}  # by the shorter side
_RATIOS: Final = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
# The platform's own codes, which end a message in parentheses and stand in a failed job.
_FAULTS: Final = {
    "1002": ProviderFault.THROTTLED,
    "1004": ProviderFault.CREDENTIALS,
    "1008": ProviderFault.FUNDS,
    "1026": ProviderFault.REFUSED,  # what goes in
    "1027": ProviderFault.REFUSED,  # what came out
    "1041": ProviderFault.THROTTLED,
    "2013": ProviderFault.REJECTED,
    "2045": ProviderFault.THROTTLED,
    "2049": ProviderFault.CREDENTIALS,
    "2056": ProviderFault.FUNDS,
}
_CODE: Final = re.compile(r"\((\d{4})\)\s*$")
_NO_MODEL: Final = re.compile(
    r"(unsupported|unknown|invalid) model|model\b.* (not |un)(found|exist|support|avail)", re.I
)
_NO_JOB: Final = re.compile(r"record not found|invalid task_id", re.I)
_EFFECTIVE: Final = ("model", "resolution", "ratio", "duration")


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "minimax"`."""

    key: SecretStr = Field(description="the key itself; key_env or key_file keep it out of this file")
    base_url: BaseUrl = Field("https://api.minimax.io", description="https://api.minimaxi.com in China")


def build(context: Context) -> "MiniMax":
    """Make the provider; no I/O here."""
    return MiniMax(bearer_origin(context, _classify), context.inputs)


class MiniMax(Provider):
    """One account."""

    def __init__(self, server: Origin, inputs: Inputs) -> None:
        self._server = server
        self._inputs = inputs

    async def submit(self, order: Order) -> Handle:
        """POST /v2/video_generation. There is no idempotency key and no external id."""
        body = await self._request(order)
        made = await self._server.ask("POST", "/v2/video_generation", json=body)
        id_ = read_id(made, "task_id")
        return {"id": id_, "left_out": ["negative_prompt"] if order.spec.negative_prompt else []}

    async def poll(self, handle: Handle) -> Progress:
        """GET /v2/query/video_generation/{id}; each look names a fresh URL of the clip."""
        task = await self._look(handle)
        match read_field(task, "status", str):
            case "queued":
                return Waiting(started=False)
            case "running":
                return Waiting(started=True)
            case "succeeded":
                url = read_field(read_field(task, "content", dict), "url", str)
                effective = {name: task[name] for name in _EFFECTIVE if isinstance(task.get(name), str | int)}
                meta = {"effective": effective, "usage": _usage(task), "left_out": handle["left_out"]}
                return self._server.done(url, meta={k: v for k, v in meta.items() if v})
            case "failed":
                return _failed(task.get("error"))
            case "cancelled":
                return Failed(fault=ProviderFault.UNAVAILABLE, message="the job was cancelled at MiniMax")
            case "expired":  # in older pages
                return Failed(fault=ProviderFault.UNAVAILABLE, message="the job expired at MiniMax")
            case other:
                raise ProviderError(ProviderFault.UNREADABLE, f"unknown state {brief(other)!r}")

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """DELETE stops a job that waits, and takes the clip of one that is ready: so look first."""
        task = await self._look(handle)
        if task.get("status") != "queued":
            return NotStopped("MiniMax stops only jobs that still wait")
        try:
            gone = await self._server.ask("DELETE", _path("/v2/video_generation", handle))
        except ProviderError as error:
            if error.fault is ProviderFault.REJECTED:  # it began meanwhile
                return NotStopped(error.message)
            raise
        return Stopped(refunded=read_field(gone, "status", str) == "cancelled")

    async def find(self, order: Order) -> FindOutcome:
        """The list of jobs does not say what they were asked."""
        return CannotTell()

    async def discard(self, handle: Handle) -> None:
        """MiniMax forgets a job after 7 days by itself."""

    async def aclose(self) -> None:
        """Nothing runs here."""

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """The list of jobs needs a good key; whether a model is there is only told to an order."""
        await self._server.ask("GET", "/v2/query/video_generation?page_num=1&page_size=1")
        return Serves()

    async def _request(self, order: Order) -> dict[str, Any]:
        spec = order.spec
        check_frames(spec)
        resolution = _RESOLUTIONS.get(min(spec.width, spec.height))
        if resolution is None:
            raise rejected(f"MiniMax does not make {spec.size}")
        if not spec.prompt.strip():
            raise rejected("MiniMax needs a prompt beside the picture")
        seconds, ratio = whole_seconds(spec), named_ratio(spec, _RATIOS)
        frames = [await self._frame(asset, spec) for asset in spec.assets]
        body = {
            "model": order.upstream_model,
            "content": [{"type": "text", "text": spec.prompt}, *frames],
            "resolution": resolution,
            "duration": seconds,
            "ratio": "adaptive" if frames else ratio,  # the picture decides it
        }
        # Called without a signature. First MiniMax sends a challenge there, which api/callbacks repeats.
        return body | ({} if order.callback_url is None else {"callback_url": order.callback_url})

    async def _frame(self, asset: Asset, spec: ClipSpec) -> dict[str, Any]:
        url = data_url(await read_frame(self._inputs, asset, spec))
        return {"type": "image_url", "image_url": {"url": url}, "role": asset.role}

    async def _look(self, handle: Handle) -> dict[str, Any]:
        reply = await self._server.send("GET", _path("/v2/query/video_generation", handle))
        if reply.status >= 400 and _NO_JOB.search(_said(reply)):  # with HTTP 500, of all
            raise ProviderError(ProviderFault.NOT_FOUND, "MiniMax does not know this job; it keeps them for 7 days")
        self._server.check(reply)
        task: dict[str, Any] = read_field(json_or_none(reply), "task", dict)
        return task


def _path(start: str, handle: Handle) -> str:
    return f"{start}/{quote(handle['id'], safe='')}"


def _usage(task: dict[str, Any]) -> dict[str, int]:
    usage = task.get("usage")
    return {k: v for k, v in usage.items() if isinstance(v, int)} if isinstance(usage, dict) else {}


def _failed(error: Any) -> Failed:
    error = error if isinstance(error, dict) else {}
    code = str(error.get("code") or "")
    fault = _FAULTS.get(code, ProviderFault.UNAVAILABLE)
    if fault is ProviderFault.THROTTLED:  # the job is over all the same
        fault = ProviderFault.UNAVAILABLE
    return Failed(fault=fault, message=brief(error.get("message") or code or "MiniMax gives no reason"))


def _classify(reply: Reply) -> ProviderError | None:
    """The code at the end of the message; None leaves it to the status."""
    said = _said(reply)
    found = _CODE.search(said)
    fault = _FAULTS.get(found[1]) if found else None
    if reply.status < 400 and _is_error(reply):
        return ProviderError(fault or ProviderFault.UNREADABLE, brief(said) or "MiniMax answered with an error")
    if fault is None or reply.status >= 500 or (reply.status == 429 and fault is ProviderFault.THROTTLED):
        return None  # the status says as much, and how long to wait
    if fault is ProviderFault.REJECTED and _NO_MODEL.search(said):
        fault = ProviderFault.MODEL_GONE
    return ProviderError(fault, brief(said))


def _is_error(reply: Reply) -> bool:
    body = json_or_none(reply)
    return isinstance(body, dict) and body.get("type") == "error"


def _said(reply: Reply) -> str:
    return str(error_of(reply).get("message", ""))
