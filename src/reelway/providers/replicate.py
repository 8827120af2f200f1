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

from reelway.domain.generation import ClipSpec, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.multipart import Upload
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
from reelway.providers.wire import Origin, brief, json_or_none, origin, read_frame, read_json

FACTS = Facts(in_flight_max=20, poll_first_s=3.0, poll_most_s=15.0, submits_per_minute=600)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """What one model takes."""

    size_field: str
    sizes: tuple[tuple[int, str], ...]  # (pixels, what `size_field` says): the same number over all ratios
    ratios: tuple[str, ...]
    seconds: range
    first_frame: str
    last_frame: str
    seed: bool = False
    negative_prompt: bool = False


_480P: Final = (854 * 480, "480p")
_720P: Final = (1280 * 720, "720p")
_1080P: Final = (1920 * 1080, "1080p")


def _seedance(*sizes: tuple[int, str]) -> _Model:
    return _Model(
        size_field="resolution",
        sizes=sizes,
        ratios=("16:9", "9:16", "1:1", "4:3", "3:4", "21:9", "9:21"),
        seconds=range(4, 16),
        first_frame="image",
        last_frame="last_frame_image",
        seed=True,
    )


_MODELS: Final[Mapping[str, _Model]] = {
    "bytedance/seedance-2.0": _seedance(_480P, _720P, _1080P),
    "bytedance/seedance-2.0-fast": _seedance(_480P, _720P),
    "bytedance/seedance-2.0-mini": _seedance(_480P, _720P),
    "kwaivgi/kling-v3-video": _Model(
        size_field="mode",
        sizes=((1280 * 720, "standard"), (1920 * 1080, "pro")),
        ratios=("16:9", "9:16", "1:1"),
        seconds=range(3, 16),
        first_frame="start_image",
        last_frame="end_image",
        negative_prompt=True,
    ),
}
_PIXELS_OFF: Final = 1.2
_RATIO_OFF: Final = 0.03
_PERCENT: Final = re.compile(r"(\d{1,3})%\s*\|")  # tqdm's bar
_RESETS: Final = re.compile(r"resets in ~?(\d{1,5})s")
_REFUSED: Final = re.compile(r"\(E005\)|sensitive|nsfw|content policy|moderation", re.IGNORECASE)
_FRACTION_MOST: Final = 0.99  # the bar is full before the file is there


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "replicate"`."""

    key: SecretStr = Field(description="the key itself; key_env or key_file keep it out of this file")
    base_url: BaseUrl = Field("https://api.replicate.com/v1", description="another address of the same API")


def build(context: Context) -> "Replicate":
    """Make the provider; no I/O here."""
    settings: Settings = context.settings
    headers = {"Authorization": f"Bearer {settings.key.get_secret_value()}"}
    server = origin(context, settings.base_url, headers=headers, classify=_classify, timeout_s=settings.timeout_s)
    return Replicate(server, context.inputs)


class Replicate:
    """One account there."""

    def __init__(self, server: Origin, inputs: Inputs) -> None:
        self._server = server
        self._inputs = inputs

    async def submit(self, order: Order) -> Handle:
        """POST /models/{owner}/{name}/predictions: there is no idempotency key, and no external id."""
        fields = _fields(order)
        pictures = await self._pictures(order)
        path = f"/models/{order.upstream_model}/predictions"
        reply = await self._server.send("POST", path, json={"input": fields | pictures})
        if reply.status == 404:
            raise ProviderError(ProviderFault.MODEL_GONE, f"no such model there: {order.upstream_model}")
        self._server.check(reply)
        id_ = read_field(read_json(reply), "id", str)
        if not id_:
            raise ProviderError(ProviderFault.UNREADABLE, "the id of the new prediction is empty")
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


def _model(order: Order) -> _Model:
    if order.upstream_model not in _MODELS:
        raise _rejected(f"no inputs are known of {order.upstream_model!r}; there are {', '.join(_MODELS)}")
    return _MODELS[order.upstream_model]


def _fields(order: Order) -> dict[str, Any]:
    """The model's inputs but for the pictures; raises REJECTED, and nothing was sent."""
    model, spec = _model(order), order.spec
    roles = {asset.role for asset in spec.assets}
    if others := roles - {Role.FIRST_FRAME, Role.LAST_FRAME}:
        raise _rejected(f"this model takes no {', '.join(sorted(others)).replace('_', ' ')}")
    if Role.LAST_FRAME in roles and Role.FIRST_FRAME not in roles:
        raise _rejected("this model takes no last frame without a first")
    if spec.duration_s not in model.seconds:
        allowed = f"{model.seconds[0]} to {model.seconds[-1]} whole seconds"
        raise _rejected(f"this model makes clips of {allowed}; {float(spec.duration_s):g} s is not possible")
    fields: dict[str, Any] = {
        "prompt": spec.prompt,
        "duration": int(spec.duration_s),
        model.size_field: _size(spec, model),
        "aspect_ratio": _ratio(spec, model),
        "generate_audio": spec.audio,
    }
    if model.seed:
        fields["seed"] = spec.seed
    if model.negative_prompt and spec.negative_prompt:
        fields["negative_prompt"] = spec.negative_prompt
    return fields


def _size(spec: ClipSpec, model: _Model) -> str:
    for pixels, name in model.sizes:
        if 1 / _PIXELS_OFF < spec.width * spec.height / pixels < _PIXELS_OFF:
            return name
    raise _rejected(f"this model does not make {spec.size}")


def _ratio(spec: ClipSpec, model: _Model) -> str:
    for ratio in model.ratios:
        width, height = map(int, ratio.split(":"))
        if abs(spec.width * height / (spec.height * width) - 1) < _RATIO_OFF:
            return ratio
    raise _rejected(f"this model makes {', '.join(model.ratios)}; {spec.size} is none of them")


def _rejected(message: str) -> ProviderError:
    return ProviderError(ProviderFault.REJECTED, message)


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
        return ProviderError(ProviderFault.REJECTED, said)
    resets = _RESETS.search(said)  # there is no Retry-After
    return None if resets is None else ProviderError(ProviderFault.THROTTLED, said, retry_after_s=int(resets[1]))
