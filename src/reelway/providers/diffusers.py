"""Hugging Face diffusers on this machine: Wan, VACE, LTX and CogVideoX, in a process of its own that can be killed.

What the engine can and cannot is in reelway.diffusion; facts and their sources are in docs/providers/diffusers.md.
"""

import contextlib
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

import structlog
from pydantic import Field, field_validator, model_validator

from reelway.diffusion import Engine, EngineError, EngineLost, Pipeline, Reason
from reelway.diffusion import Order as DiffusionOrder
from reelway.domain.generation import ClipSpec, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.providers.base import (
    CannotTell,
    Context,
    Done,
    Facts,
    Failed,
    Handle,
    Inputs,
    Order,
    ProbeOutcome,
    ProviderSettings,
    Serves,
)
from reelway.providers.rendering import Heard, ProcessLost, Rendering

FACTS = Facts(in_flight_max=1, poll_first_s=0.5, poll_most_s=2.0, per_worker=True)

_log = structlog.get_logger(__name__)
PACKAGES: Final = ("torch", "diffusers", "transformers", "accelerate", "ftfy", "sentencepiece")
_FIELDS: Final = {Role.FIRST_FRAME: "image", Role.CONTROL_VIDEO: "control"}
_FAULTS: Final = {
    Reason.GONE: ProviderFault.MODEL_GONE,
    Reason.ORDER: ProviderFault.REJECTED,
    Reason.MEMORY: ProviderFault.UNAVAILABLE,
    Reason.SPOILED: ProviderFault.UNREADABLE,
    Reason.BROKEN: ProviderFault.UNAVAILABLE,
    Reason.UNREADABLE: ProviderFault.UNREADABLE,
}
# What the caller reads; the details are the operator's, and are logged.
_SAID: Final = {
    Reason.GONE: "the model is not on this machine",
    Reason.MEMORY: "this machine has too little memory for a clip of this size and length",
    Reason.SPOILED: "the model made pictures of nothing",
    Reason.BROKEN: "the model's pipeline failed",
    Reason.UNREADABLE: "the process that holds the model said something odd",
}


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "diffusers"`; one for each model."""

    model: str = Field(description="folder of a saved pipeline; or an id of the hub, with allow_download")
    allow_download: bool = Field(False, description="whether the model may be fetched from the hub, once")
    device: str = Field("auto", pattern=r"^(auto|cpu|cuda(:\d+)?)$", description="auto, cpu, cuda or cuda:N")
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(
        "auto", description="auto: bfloat16 on a GPU, else float32"
    )
    offload: Literal["none", "model", "sequential"] = Field(
        "none", description="what waits in main memory to spare the GPU's: model is slower, sequential very much so"
    )
    steps: int | None = Field(None, ge=1, le=1000, description="denoising steps; default: the pipeline's")
    guidance: float | None = Field(None, ge=0, le=100, description="guidance scale; default: the pipeline's")
    idle_s: float = Field(600.0, gt=0, description="seconds without work after which the model leaves the memory")

    @field_validator("model")
    @classmethod
    def _home(cls, model: str) -> str:
        return str(Path(model).expanduser()) if model.startswith("~") else model

    @model_validator(mode="after")
    def _can_be_had(self) -> "Settings":
        if not self.allow_download and not Path(self.model).is_absolute():
            raise ValueError(
                f"model {self.model!r} is no folder: write its whole path, or set allow_download = true for an id"
            )
        missing = [name for name in PACKAGES if find_spec(name) is None]
        if missing:
            raise ValueError(f"{', '.join(missing)} not installed: pip install 'reelway[diffusers]'")
        return self

    @property
    def pipeline(self) -> Pipeline:
        """What the engine loads."""
        return Pipeline(
            model=self.model,
            download=self.allow_download,
            dtype=self.dtype,
            device=self.device,
            offload=self.offload,
        )


def build(context: Context) -> "Diffusers":
    """Make the provider; its process starts with the first clip."""
    settings: Settings = context.settings
    engine = Engine(settings.pipeline, idle_s=settings.idle_s)
    return Diffusers(engine, settings, context.inputs, context.work_dir)


class Diffusers(Rendering):
    """One model."""

    def __init__(self, engine: Engine, settings: Settings, inputs: Inputs, work_dir: Path) -> None:
        super().__init__(_FIELDS, inputs, work_dir)
        self._engine = engine
        self._settings = settings

    async def submit(self, order: Order) -> Handle:
        """Say what to make; raises REJECTED for what none of these pipelines makes."""
        spec = order.spec
        _check(spec)
        wanted = DiffusionOrder(
            prompt=spec.prompt,
            negative_prompt=spec.negative_prompt,
            width=spec.width,
            height=spec.height,
            fps=spec.fps,
            frames=spec.frames,
            seed=spec.seed,
            steps=self._settings.steps,
            guidance=self._settings.guidance,
        )
        return self.handle(order, wanted.to_json(), spec.assets)

    async def make(self, order: dict[str, Any], output: Path, heard: Heard) -> Done | Failed:
        """See Rendering."""
        try:
            effective = await self._engine.make(DiffusionOrder(**order), output, on_progress=heard.on_progress)
        except EngineLost as error:
            raise ProcessLost(str(error), _failed(error)) from error
        except EngineError as error:
            _log.error("diffusers_failed", model=self._settings.model, reason=error.reason, error=str(error))
            return _failed(error)
        return Done(path=output, cost_microusd=0, meta={"effective": effective})

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """Whether the folder holds a saved pipeline; what is in it shows with the first clip."""
        if self._settings.allow_download:
            return CannotTell()
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            index = json.loads((Path(self._settings.model) / "model_index.json").read_bytes())
            return Serves(f"a {index['_class_name']}")
        raise ProviderError(ProviderFault.MODEL_GONE, f"{self._settings.model} holds no saved pipeline")

    async def aclose(self) -> None:
        """Stop everything and end the process; the handles start it again."""
        await super().aclose()
        await self._engine.aclose()


def _check(spec: ClipSpec) -> None:
    odd = next((asset.role for asset in spec.assets if asset.role not in _FIELDS), None)
    if odd is not None:
        role = odd.replace("_", " ")
        message = f"these pipelines start from words, a first frame or a control video; they take no {role}"
        raise ProviderError(ProviderFault.REJECTED, message)
    if spec.audio:
        raise ProviderError(ProviderFault.REJECTED, "these pipelines make silent clips")


def _failed(error: EngineError) -> Failed:
    return Failed(fault=_FAULTS[error.reason], message=_SAID.get(error.reason) or str(error))
