"""Hugging Face diffusers on this machine: Wan, VACE, LTX and CogVideoX, in a process of its own that can be killed.

The handle is the whole order, so a clip that died with its server is simply started again, here or on another machine:
it costs no money, and the same order makes the same clip. What the engine can and cannot is in reelway.diffusion; facts
and their sources are in docs/providers/diffusers.md.
"""

import asyncio
import contextlib
import json
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

import structlog
from pydantic import Field, field_validator, model_validator

from reelway.diffusion import Engine, EngineError, EngineLost, Pipeline, Reason
from reelway.diffusion import Order as DiffusionOrder
from reelway.domain.generation import Asset, ClipSpec, Role
from reelway.errors import ProviderError, ProviderFault, StorageError
from reelway.providers.base import (
    Absent,
    CancelOutcome,
    CannotTell,
    Context,
    Done,
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
)
from reelway.storage.base import MissingFile

FACTS = Facts(in_flight_max=1, poll_first_s=0.5, poll_most_s=2.0, per_worker=True)

_log = structlog.get_logger(__name__)
PACKAGES: Final = ("torch", "diffusers", "transformers", "accelerate", "ftfy", "sentencepiece")
# Which field of an order takes the file of a role.
_FIELDS: Final = {Role.FIRST_FRAME: "image", Role.CONTROL_VIDEO: "control"}
_STARTS_MAX: Final = 3  # a clip that kills its process three times will do so again
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


@dataclass(slots=True)
class _Job:
    task: asyncio.Task[dict[str, Any]]
    starts: int
    share: float | None = None  # None until the engine takes it up


class Diffusers(Provider):
    """One model. Keeps a task for each clip; everything else is in the handle."""

    def __init__(self, engine: Engine, settings: Settings, inputs: Inputs, work_dir: Path) -> None:
        self._engine = engine
        self._settings = settings
        self._inputs = inputs
        self._work_dir = work_dir.absolute()
        self._jobs: dict[str, _Job] = {}

    async def submit(self, order: Order) -> Handle:
        """Say what to make; the first look starts it, so an order that was never looked at costs nothing."""
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
        # The assets, not paths of them: another machine may go on.
        return {"key": order.key, "order": wanted.to_json(), "assets": [asdict(asset) for asset in spec.assets]}

    async def poll(self, handle: Handle) -> Progress:
        """Look at the clip; one that this process does not know is started."""
        job = self._jobs.get(handle["key"]) or self._start(handle)
        if not job.task.done():
            return Waiting(started=job.share is not None, fraction_done=job.share)
        try:
            effective = job.task.result()
        except EngineLost as error:
            _log.warning("diffusers_lost", model=self._settings.model, error=str(error), starts=job.starts)
            if job.starts >= _STARTS_MAX:
                return _failed(error)
            self._start(handle, starts=job.starts + 1)
            return Waiting(started=False)
        except EngineError as error:
            _log.error("diffusers_failed", model=self._settings.model, reason=error.reason, error=str(error))
            return _failed(error)
        except MissingFile as error:
            return Failed(fault=ProviderFault.NOT_FOUND, message=error.message)
        except StorageError as error:
            del self._jobs[handle["key"]]  # the next look starts it again
            raise ProviderError(ProviderFault.UNAVAILABLE, error.message) from error
        except asyncio.CancelledError:
            return Failed(fault=ProviderFault.NOT_FOUND, message="the clip was cancelled")
        return Done(path=self._path(handle), cost_microusd=0, meta={"effective": effective})

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """Stop it: after the step it is in, or with its process when that takes long."""
        job = self._jobs.get(handle["key"])
        if job is not None:
            if not job.task.cancel():
                return NotStopped("the clip is already made")
            await asyncio.wait([job.task])
        await self.discard(handle)
        return Stopped()

    async def find(self, order: Order) -> FindOutcome:
        """Clips live and die with this process, and a second one costs nothing."""
        return Absent()

    async def discard(self, handle: Handle) -> None:
        """Forget the clip and its file."""
        if (job := self._jobs.pop(handle["key"], None)) is not None:
            job.task.cancel()
        self._path(handle).unlink(missing_ok=True)

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
        tasks = [job.task for job in self._jobs.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._engine.aclose()

    def _start(self, handle: Handle, *, starts: int = 1) -> _Job:
        job = _Job(asyncio.create_task(self._make(handle), name=f"diffusers:{handle['key']}"), starts)
        self._jobs[handle["key"]] = job
        return job

    async def _make(self, handle: Handle) -> dict[str, Any]:
        def on_progress(share: float) -> None:
            if (job := self._jobs.get(handle["key"])) is not None:
                job.share = share

        order = DiffusionOrder(**handle["order"])
        async with AsyncExitStack() as until_made:
            files: dict[str, Any] = {}
            for asset in _assets(handle):
                path = await until_made.enter_async_context(self._inputs.at_hand(asset))
                files[_FIELDS[asset.role]] = str(path.absolute())
            order = replace(order, **files)
            return await self._engine.make(order, self._path(handle), on_progress=on_progress)

    def _path(self, handle: Handle) -> Path:
        return self._work_dir / f"{handle['key'].replace(':', '-')}.mp4"


def _assets(handle: Handle) -> list[Asset]:
    """The input files of a handle; one that an older version wrote names a single asset."""
    saved = handle.get("assets", [handle["asset"]] if handle.get("asset") else [])
    return [Asset(**one | {"role": Role(one["role"])}) for one in saved]


def _check(spec: ClipSpec) -> None:
    """Raise for what none of these pipelines makes."""
    odd = next((asset.role for asset in spec.assets if asset.role not in _FIELDS), None)
    if odd is not None:
        role = odd.replace("_", " ")
        message = f"these pipelines start from words, a first frame or a control video; they take no {role}"
        raise ProviderError(ProviderFault.REJECTED, message)
    if spec.audio:
        raise ProviderError(ProviderFault.REJECTED, "these pipelines make silent clips")


def _failed(error: EngineError) -> Failed:
    return Failed(fault=_FAULTS[error.reason], message=_SAID.get(error.reason) or str(error))
