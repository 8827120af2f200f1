"""Replicate: one transport to many models, which differ only in the names of their inputs (`_MODELS`).

Facts and their sources are in docs/providers/replicate.md. All that belongs to a prediction is deleted there after an
hour, so a clip is fetched at once or never.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from pydantic import Field, SecretStr

from reelway.domain.generation import Role
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.multipart import Upload
from reelway.kit.outbound import Reply
from reelway.kit.signatures import standard_key, standard_webhook
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
    read_id,
)
from reelway.providers.wire import (
    Kept,
    Origin,
    bearer_origin,
    brief,
    check_frames,
    json_or_none,
    named_ratio,
    named_size,
    read_frame,
    read_json,
    rejected,
    whole_seconds,
)

FACTS = Facts(in_flight_max=20, poll_first_s=3.0, poll_most_s=15.0, submits_per_minute=600)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """What one model takes."""

    size_field: str
    sizes: Mapping[str, int]
    first_frame: str
    last_frame: str
    seed: bool = False
    negative_prompt: bool = False


_SEEDANCE: Final = _Model(
    size_field="resolution",
    sizes={"480p": 480, "720p": 720, "1080p": 1080},
    first_frame="image",
    last_frame="last_frame_image",
    seed=True,
)
_MODELS: Final[Mapping[str, _Model]] = {
    "bytedance/seedance-2.0": _SEEDANCE,
    "bytedance/seedance-2.0-fast": _SEEDANCE,
    "bytedance/seedance-2.0-mini": _SEEDANCE,
    "kwaivgi/kling-v3-video": _Model(
        size_field="mode",
        sizes={"standard": 720, "pro": 1080},
        first_frame="start_image",
        last_frame="end_image",
        negative_prompt=True,
    ),
}
_PERCENT: Final = re.compile(r"(\d{1,3})%\s*\|")  # tqdm's bar
_RESETS: Final = re.compile(r"resets in ~?(\d{1,5})s")
_REFUSED: Final = re.compile(r"\(E005\)|sensitive|nsfw|content policy|moderation", re.IGNORECASE)
_FRACTION_MOST: Final = 0.99  # the bar is full before the file is there
_SECRET_KEPT_S: Final = 3600
_SECRET_YOUNG_S: Final = 60


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "replicate"`."""

    key: SecretStr = Field(description="the key itself; key_env or key_file keep it out of this file")
    base_url: BaseUrl = Field("https://api.replicate.com/v1", description="another address of the same API")


def build(context: Context) -> "Replicate":
    """Make the provider; no I/O here."""
    return Replicate(bearer_origin(context, _classify), context.inputs)


class Replicate(Provider):
    """One account there."""

    def __init__(self, server: Origin, inputs: Inputs) -> None:
        self._server = server
        self._inputs = inputs
        self._signing_key = Kept(self._ask_signing_key, keep_s=_SECRET_KEPT_S)

    async def submit(self, order: Order) -> Handle:
        """POST /models/{owner}/{name}/predictions: there is no idempotency key, and no external id."""
        fields = _fields(order)
        job: dict[str, Any] = {"input": fields | await self._pictures(order)}
        if order.callback_url is not None and order.callback_url.startswith("https://"):  # every other is refused
            job |= {"webhook": order.callback_url, "webhook_events_filter": ["completed"]}
        reply = await self._server.send("POST", f"{_model_path(order.upstream_model)}/predictions", json=job)
        if reply.status == 404:
            raise ProviderError(ProviderFault.MODEL_GONE, f"no such model there: {order.upstream_model}")
        self._server.check(reply)
        id_ = read_id(read_json(reply))
        left_out = ["negative_prompt"] if order.spec.negative_prompt and "negative_prompt" not in fields else []
        told = {name: value for name, value in fields.items() if name not in ("prompt", "negative_prompt")}
        return {"id": id_, "effective": {"model": order.upstream_model} | told, "left_out": left_out}

    async def poll(self, handle: Handle) -> Progress:
        """GET /predictions/{id}."""
        job = await self._server.ask("GET", _path(handle))
        match read_field(job, "status", str):
            case "starting":
                return Waiting(started=False)
            case "processing":
                return Waiting(started=True, fraction_done=_fraction(job))
            case "succeeded":
                return self._made(job, handle)
            case "failed":
                return _failed(job)
            case "canceled" | "aborted" as state:
                return Failed(fault=ProviderFault.UNAVAILABLE, message=f"the prediction was {state} at Replicate")
            case other:
                raise ProviderError(ProviderFault.UNREADABLE, f"unknown state {brief(other)!r}")

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """POST /predictions/{id}/cancel stops it at once; what had begun to run is billed."""
        job = await self._server.ask("POST", f"{_path(handle)}/cancel")
        match read_field(job, "status", str):
            case "aborted":
                return Stopped()
            case "canceled":
                return Stopped(refunded=not job.get("started_at"))
            case "succeeded" | "failed":
                return NotStopped("it had ended already")
            case _:
                return NotStopped("Replicate was asked to stop it and has not yet")

    async def find(self, order: Order) -> FindOutcome:
        """The list shows inputs, but equal inputs are not the same order: its owner may be somebody else."""
        return CannotTell()

    async def discard(self, handle: Handle) -> None:
        """It is deleted there after an hour."""

    async def aclose(self) -> None:
        """Nothing runs here."""

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """GET /models/{owner}/{name}. Nothing tells the balance."""
        reply = await self._server.send("GET", _model_path(upstream_model))
        if reply.status == 404:
            raise ProviderError(ProviderFault.MODEL_GONE, f"no such model there: {upstream_model}")
        self._server.check(reply)
        return Serves()

    async def genuine(self, callback: Callback) -> bool:
        """Standard Webhooks, by the account's own secret."""
        for young_s in (None, _SECRET_YOUNG_S):  # it may have been changed
            key = await self._signing_key.get(callback.now_ms, no_older_than_s=young_s)
            if standard_webhook(key, callback.headers, callback.body, callback.now_ms):
                return True
        return False

    async def _ask_signing_key(self) -> bytes:
        told = await self._server.ask("GET", "/webhooks/default/secret")
        try:
            return standard_key(read_field(told, "key", str))
        except ValueError as error:
            raise ProviderError(ProviderFault.UNREADABLE, "the secret of the webhooks is no base64") from error

    def _made(self, job: Any, handle: Handle) -> Progress:
        output = job.get("output")
        place = output[0] if isinstance(output, list) and output else output
        if not place and job.get("data_removed"):
            return Failed(fault=ProviderFault.NOT_FOUND, message="Replicate has deleted the clip, an hour after it")
        if not isinstance(place, str) or not place:
            raise ProviderError(ProviderFault.UNREADABLE, f"field 'output' is {brief(output)!r}, expected a URL")
        effective = dict(handle["effective"])
        metrics = job.get("metrics")
        if isinstance(metrics, dict) and isinstance(metrics.get("predict_time"), int | float):
            effective["predict_time_s"] = metrics["predict_time"]
        meta = {"effective": effective, "left_out": handle["left_out"]}
        return self._server.done(place, meta={name: value for name, value in meta.items() if value})

    async def _pictures(self, order: Order) -> dict[str, str]:
        """Uploaded first, as Replicate's own client does: data URLs shall not be larger than 256 kB."""
        model, spec = _model(order), order.spec
        pictures = {}
        for asset in spec.assets:
            data = await read_frame(self._inputs, asset, spec)
            name = model.first_frame if asset.role is Role.FIRST_FRAME else model.last_frame
            pictures[name] = await self._uploaded(f"{asset.role}.png", data)
        return pictures

    async def _uploaded(self, name: str, data: bytes) -> str:
        form = {"content": Upload(name=name, media_type="image/png", data=data)}
        try:
            file = await self._server.ask("POST", "/files", form=form)
            url: str = read_field(read_field(file, "urls", dict), "get", str)
        except ProviderError as error:  # whatever it was, there is no prediction yet
            after_s, again = error.retry_after_s, error.retryable
            raise ProviderError(error.fault, error.message, retry_after_s=after_s, no_job=again) from error
        return url


def _path(handle: Handle) -> str:
    return f"/predictions/{quote(handle['id'], safe='')}"


def _model_path(model: str) -> str:
    return f"/models/{quote(model, safe='/')}"


def _model(order: Order) -> _Model:
    if order.upstream_model not in _MODELS:
        raise rejected(f"no inputs are known of {order.upstream_model!r}; there are {', '.join(_MODELS)}")
    return _MODELS[order.upstream_model]


def _fields(order: Order) -> dict[str, Any]:
    """The model's inputs but for the pictures; raises REJECTED, and nothing was sent."""
    model, spec = _model(order), order.spec
    check_frames(spec)
    fields: dict[str, Any] = {
        "prompt": spec.prompt,
        "duration": whole_seconds(spec),
        model.size_field: named_size(spec, model.sizes),
        "aspect_ratio": named_ratio(spec),
        "generate_audio": spec.audio,
    }
    if model.seed:
        fields["seed"] = spec.seed
    if model.negative_prompt and spec.negative_prompt:
        fields["negative_prompt"] = spec.negative_prompt
    return fields


def _fraction(job: Any) -> float | None:
    """Only the log tells, and only of models that draw a bar there."""
    logs = job.get("logs")
    percents = _PERCENT.findall(logs) if isinstance(logs, str) else []
    return min(int(percents[-1]) / 100, _FRACTION_MOST) if percents else None


def _failed(job: Any) -> Failed:
    """The error is the model's own text; Replicate's numbers in it are the only structure."""
    message = brief(job.get("error") or "Replicate gives no reason")
    if _REFUSED.search(message):
        return Failed(fault=ProviderFault.REFUSED, message=message)
    fault = ProviderFault.REJECTED if "(E006)" in message else ProviderFault.UNAVAILABLE
    return Failed(fault=fault, message=message)


def _classify(reply: Reply) -> ProviderError | None:
    """What only the body tells; the status decides the rest."""
    if reply.status not in (400, 413, 422, 429):
        return None
    problem = json_or_none(reply)
    detail = problem.get("detail") if isinstance(problem, dict) else None
    said = brief(detail) if isinstance(detail, str) and detail else f"the provider answered HTTP {reply.status}"
    if reply.status != 429:
        return rejected(said)
    resets = _RESETS.search(said)  # there is no Retry-After
    return None if resets is None else ProviderError(ProviderFault.THROTTLED, said, retry_after_s=int(resets[1]))
