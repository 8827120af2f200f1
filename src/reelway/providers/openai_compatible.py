"""Whatever serves OpenAI's /v1/videos: SGLang-Diffusion, vLLM-Omni, LiteLLM's proxy, any other base URL.

OpenAI itself took its Videos API down on 2026-09-24; the protocol lives on in others. Facts and their sources are in
docs/providers/openai-compatible.md. What differs between servers is one `_Profile` each, below.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, Final, Literal
from urllib.parse import quote

from pydantic import Field, model_validator

from reelway.domain.generation import Asset, ClipSpec, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.multipart import Upload
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
    brief,
    error_of,
    json_or_none,
    origin,
    read_control,
    read_frame,
    read_input,
    read_json,
    rejected,
    whole_seconds,
)

FACTS = Facts(in_flight_max=8, poll_first_s=1.0, poll_most_s=10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Profile:
    """How one server differs."""

    key_needed: bool
    own_engine: bool  # on our hardware: a second job costs no money, and what it keeps is on our disk
    files: Mapping[Role, str]  # form fields of the input files that it takes
    takes_json: bool  # when there is no file; else always a form
    takes_frames: bool  # fps, num_frames, seed and negative_prompt
    seconds_text: bool


_FIRST_FRAME: Final = {Role.FIRST_FRAME: "input_reference"}
_PROFILES: Final = {
    "openai": _Profile(
        key_needed=True,
        own_engine=False,
        files=_FIRST_FRAME,
        takes_json=False,
        takes_frames=False,
        seconds_text=True,
    ),
    "litellm": _Profile(
        key_needed=True,
        own_engine=False,
        files=_FIRST_FRAME,
        takes_json=True,
        takes_frames=False,
        seconds_text=True,
    ),
    "sglang": _Profile(
        key_needed=False,
        own_engine=True,
        files=_FIRST_FRAME | {Role.SOURCE_VIDEO: "video_reference"},
        takes_json=True,
        takes_frames=True,
        seconds_text=False,
    ),
    "vllm_omni": _Profile(
        key_needed=False,
        own_engine=True,
        files=_FIRST_FRAME | {Role.CONTROL_VIDEO: "control_reference"},
        takes_json=False,
        takes_frames=True,
        seconds_text=True,
    ),
}
_SUFFIX: Final = {"image/png": "png", "video/mp4": "mp4"}
_REFUSED: Final = frozenset({"moderation_blocked", "content_policy_violation"})
_FUNDS: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "budget_exceeded"})
_GONE: Final = frozenset({"model_not_found", "model_not_available"})
_EFFECTIVE: Final = ("model", "size", "seconds", "fps", "num_frames", "duration_s", "inference_time_s")


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "openai_compatible"`."""

    base_url: BaseUrl = Field(description="where the server is, /v1 and all: http://127.0.0.1:30000/v1")
    profile: Literal["openai", "sglang", "vllm_omni", "litellm"] = Field(
        "openai", description="openai, sglang, vllm_omni or litellm: which server it is"
    )
    frames_step: int = Field(
        4, ge=1, description="sglang, vllm_omni: frames are a multiple of this plus 1: 4 for Wan, 8 for LTX"
    )

    @model_validator(mode="after")
    def _has_a_key(self) -> "Settings":
        if _PROFILES[self.profile].key_needed and self.key is None:
            raise ValueError(f"profile {self.profile!r} needs a key; give key_env, key_file or key")
        return self


def build(context: Context) -> "OpenAICompatible":
    """Make the provider; no I/O here."""
    settings: Settings = context.settings
    headers = {} if settings.key is None else {"Authorization": f"Bearer {settings.key.get_secret_value()}"}
    server = origin(context, settings.base_url, headers=headers, classify=_classify, timeout_s=settings.timeout_s)
    return OpenAICompatible(server, context.inputs, settings)


class OpenAICompatible(Provider):
    """One server."""

    def __init__(self, server: Origin, inputs: Inputs, settings: Settings) -> None:
        self._server = server
        self._inputs = inputs
        self._settings = settings
        self._profile = _PROFILES[settings.profile]

    async def submit(self, order: Order) -> Handle:
        """POST /videos. There is no idempotency key and no external id in this protocol."""
        fields = self._fields(order)
        files = await self._files(order.spec)
        if self._profile.takes_json and not files:
            reply = await self._server.send("POST", "/videos", json=fields)
        else:
            form = {name: str(value) for name, value in fields.items()} | files
            reply = await self._server.send("POST", "/videos", form=form)
        if reply.status == 404:
            raise ProviderError(ProviderFault.MODEL_GONE, f"no such model there: {_said(reply) or 'HTTP 404'}")
        self._server.check(reply)
        id_ = read_id(read_json(reply))
        return {"id": id_, "left_out": self._left_out(order.spec)}

    async def poll(self, handle: Handle) -> Progress:
        """GET /videos/{id}. The id is the one POST gave: LiteLLM's GET answers with another."""
        reply = await self._server.send("GET", _path(handle))
        job = json_or_none(reply)
        # vLLM-Omni gives a failed job's own status code to the answer that tells of it.
        if not (isinstance(job, dict) and "status" in job and "id" in job):
            self._server.check(reply)
        match read_field(job, "status", str):
            case "queued":
                # SGLang writes no other state until the end; its progress tells.
                fraction = _fraction(job) if self._settings.profile == "sglang" else None
                return Waiting(started=bool(fraction), fraction_done=fraction or None, look_again_s=_again_s(reply))
            case "in_progress":
                return Waiting(started=True, fraction_done=_fraction(job), look_again_s=_again_s(reply))
            case "completed":
                meta = {"effective": _effective(job), "left_out": handle["left_out"]}
                return self._server.done(self._place(job, handle), meta={k: v for k, v in meta.items() if v})
            case "failed":
                return _failed(job.get("error"))
            case "deleted":
                return Failed(fault=ProviderFault.UNAVAILABLE, message="the job was deleted at the server")
            case other:
                raise ProviderError(ProviderFault.UNREADABLE, f"unknown state {brief(other)!r}")

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """DELETE stops a job at vLLM-Omni alone: SGLang forgets it and works on, others refuse it until the end."""
        if self._settings.profile != "vllm_omni":
            return NotStopped("this server cannot stop a job that it has taken")
        reply = await self._server.send("DELETE", _path(handle))
        if reply.status == 404:
            return Stopped()  # an earlier DELETE whose answer was lost
        if reply.status == 409:
            said = _said(reply)
            return Stopped() if "cancellation in progress" in said.lower() else NotStopped(said or "too late")
        self._server.check(reply)
        return Stopped()

    async def find(self, order: Order) -> FindOutcome:
        """Nobody can be asked by our key. An engine of our own may make the clip twice; elsewhere that costs money."""
        return Absent() if self._profile.own_engine else CannotTell()

    async def discard(self, handle: Handle) -> None:
        """Our own engine keeps clips on our disk until they are deleted; one that stays does no harm."""
        if not self._profile.own_engine:
            return
        try:
            await self._server.send("DELETE", _path(handle))
        except ProviderError:
            return

    async def aclose(self) -> None:
        """Nothing runs here."""

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """GET /models. An engine makes clips with the one model that it has, whatever name the order says."""
        reply = await self._server.send("GET", "/models")
        if reply.status == 404:
            return CannotTell()
        self._server.check(reply)
        served = [read_field(model, "id", str) for model in read_field(read_json(reply), "data", list)]
        if self._profile.own_engine:
            return Serves(note=brief(", ".join(served)))
        if upstream_model in served:
            return Serves()
        if any("*" in name for name in served):  # LiteLLM passes whole vendors on
            return CannotTell()
        raise ProviderError(ProviderFault.MODEL_GONE, f"{upstream_model} is not in the server's list of models")

    def _fields(self, order: Order) -> dict[str, str | int]:
        spec, profile = order.spec, self._profile
        seconds = ceil(spec.duration_s) if profile.takes_frames else whole_seconds(spec)
        fields: dict[str, str | int] = {
            "model": order.upstream_model,
            "prompt": spec.prompt,
            "seconds": str(seconds) if profile.seconds_text else seconds,
            "size": spec.size,
        }
        if profile.takes_frames:
            # Engines assume 24 fps whatever the model.
            fields |= {"fps": spec.fps, "num_frames": self._frames(spec), "seed": spec.seed}
            if spec.negative_prompt:
                fields["negative_prompt"] = spec.negative_prompt
        if spec.control is not None:
            fields["control_type"] = spec.control
        return fields

    def _frames(self, spec: ClipSpec) -> int:
        """Engines round a count that they cannot make without a word: the next one above."""
        step = self._settings.frames_step
        return ceil((spec.frames - 1) / step) * step + 1

    async def _files(self, spec: ClipSpec) -> dict[str, str | Upload]:
        """Only ever bytes of ours: a path or URL in these fields would be opened by the engine's machine."""
        files: dict[str, str | Upload] = {}
        for asset in spec.assets:
            if asset.role not in self._profile.files:
                raise rejected(f"this server takes no {asset.role.replace('_', ' ')}")
            suffix = _SUFFIX.get(asset.media_type, "bin")
            name, data = self._profile.files[asset.role], await self._data(asset, spec)
            files[name] = Upload(name=f"{asset.role}.{suffix}", media_type=asset.media_type, data=data)
        return files

    async def _data(self, asset: Asset, spec: ClipSpec) -> bytes:
        match asset.role:
            case Role.FIRST_FRAME:  # one of another size is refused, or changes the clip's
                return await read_frame(self._inputs, asset, spec)
            case Role.CONTROL_VIDEO:
                return await read_control(self._inputs, asset, spec, self._frames(spec))
            case _:
                return await read_input(self._inputs, asset)

    def _left_out(self, spec: ClipSpec) -> list[str]:
        return ["negative_prompt"] if spec.negative_prompt and not self._profile.takes_frames else []

    def _place(self, job: dict[str, Any], handle: Handle) -> str:
        """SGLang with a bucket answers /content with 400, and names the file's URL in the job."""
        url = job.get("url")
        if self._settings.profile == "sglang" and isinstance(url, str) and url.startswith(("http://", "https://")):
            return url
        return f"{_path(handle)}/content"


def _path(handle: Handle) -> str:
    return f"/videos/{quote(handle['id'], safe='')}"


def _fraction(job: dict[str, Any]) -> float | None:
    progress = job.get("progress")
    if isinstance(progress, bool) or not isinstance(progress, int | float):
        return None
    return min(max(progress / 100, 0.0), 1.0)


def _again_s(reply: Reply) -> float | None:
    text = reply.headers.get("openai-poll-after-ms", "")
    return int(text) / 1000 if text.isascii() and text.isdigit() and len(text) < 7 else None


def _effective(job: dict[str, Any]) -> dict[str, str | int | float]:
    return {name: job[name] for name in _EFFECTIVE if isinstance(job.get(name), str | int | float)}


def _failed(error: Any) -> Failed:
    error = error if isinstance(error, dict) else {}
    code = error.get("code")
    message = brief(error.get("message") or code or "the server gives no reason")
    return Failed(fault=_fault_of(code) or ProviderFault.UNAVAILABLE, message=message)


def _fault_of(code: Any) -> ProviderFault | None:
    """What an error's code means wherever it stands; None for one that says nothing by itself."""
    if isinstance(code, str) and code.isdigit():
        code = int(code)  # litellm writes the status as text
    match code:
        case int() if 400 <= code < 500 and code not in (408, 409, 429):  # vLLM-Omni's codes are HTTP statuses
            return ProviderFault.REJECTED
        case str() if code in _REFUSED:
            return ProviderFault.REFUSED
        case str() if code in _FUNDS:
            return ProviderFault.FUNDS
        case str() if code in _GONE:
            return ProviderFault.MODEL_GONE
        case str() if code.startswith("invalid_") and code != "invalid_api_key":
            return ProviderFault.REJECTED
    return None


def _classify(reply: Reply) -> ProviderError | None:
    """What only the body tells; the status decides the rest."""
    if reply.status not in (400, 403, 404, 413, 422, 429):
        return None
    error = error_of(reply)
    fault = _fault_of(error.get("code")) if isinstance(error.get("code"), str) else None
    fault = ProviderFault.FUNDS if error.get("type") in _FUNDS else fault
    if fault in (ProviderFault.REFUSED, ProviderFault.FUNDS, ProviderFault.MODEL_GONE):
        return ProviderError(fault, _said(reply) or f"the provider answered HTTP {reply.status}")
    if reply.status in (400, 413, 422):
        return ProviderError(ProviderFault.REJECTED, _said(reply) or f"the provider answered HTTP {reply.status}")
    return None


def _said(reply: Reply) -> str:
    """OpenAI's {"error": {"message"}}, FastAPI's {"detail"} or SGLang's {"error": text}; else nothing."""
    body = json_or_none(reply)
    if not isinstance(body, dict):
        return ""
    error = body.get("error", body.get("detail", ""))
    return brief(error.get("message", "") if isinstance(error, dict) else error)
