"""The built-in engine as a provider: previews of any prompt on this machine's CPU, for nothing.

The handle is the whole order, so a render that died with its server is simply started again, here or on another
machine: the same order gives the same picture.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from reelway.domain.generation import Asset, ClipSpec, Role
from reelway.domain.passes import Pass, files_of
from reelway.errors import ProviderError, ProviderFault, StorageError
from reelway.previz.engine import Engine, EngineLost, RenderError, Report
from reelway.previz.order import Order as PrevizOrder
from reelway.providers.base import (
    Absent,
    CancelOutcome,
    Context,
    Done,
    Facts,
    Failed,
    FindOutcome,
    Handle,
    Inputs,
    NotStopped,
    Order,
    Progress,
    Provider,
    Stopped,
    Waiting,
)
from reelway.storage.base import MissingFile

FACTS = Facts(in_flight_max=1, poll_first_s=0.25, poll_most_s=0.5, per_worker=True, previews=True)

# Which field of an order takes the file of a role.
_FIELDS: Final = {Role.FIRST_FRAME: "image", Role.LAST_FRAME: "last_image", Role.SOURCE_VIDEO: "video"}
_STARTS_MAX: Final = 3  # a render that kills its process three times will do so again


def build(context: Context) -> "Previz":
    """Make the provider; the engine's process starts with the first clip."""
    engine = Engine(
        cache_dir=context.cache_dir,
        idle_s=float(context.settings.get("idle_s", 120.0)),
        threads=context.settings.get("threads"),
    )
    return Previz(engine, context.inputs, context.work_dir)


@dataclass(slots=True)
class _Heard:
    """What a render has told of itself."""

    fraction: float = 0.0
    picture: bytes | None = None

    def on_progress(self, fraction: float) -> None:
        self.fraction = fraction

    def on_preview(self, jpeg: bytes) -> None:
        self.picture = jpeg


@dataclass(slots=True)
class _Render:
    task: asyncio.Task[Report]
    heard: _Heard
    starts: int


class Previz(Provider):
    """Keeps one task per render; everything else is in the handle."""

    def __init__(self, engine: Engine, inputs: Inputs, work_dir: Path) -> None:
        self.engine = engine
        self._inputs = inputs
        self._work_dir = work_dir
        self._renders: dict[str, _Render] = {}

    async def submit(self, order: Order) -> Handle:
        """Say what to render; the first look starts it, so an order that was never looked at costs nothing."""
        spec = order.spec
        assets = [asset for role in _roles(spec) if (asset := spec.asset(role))]
        previz_order = PrevizOrder(
            prompt=spec.prompt,
            negative_prompt=spec.negative_prompt,
            width=spec.width,
            height=spec.height,
            fps=spec.fps,
            frames=spec.frames,
            seed=spec.seed,
            audio=spec.audio,
            passes=spec.passes,
        )
        # The assets, not paths of them: another machine may go on.
        return {"key": order.key, "order": previz_order.to_json(), "assets": [asdict(asset) for asset in assets]}

    async def poll(self, handle: Handle) -> Progress:
        """Look at the render; one that this process does not know is started."""
        render = self._renders.get(handle["key"]) or self._start(handle)
        if not render.task.done():
            heard = render.heard
            started = heard.fraction > 0 or heard.picture is not None
            return Waiting(started=started, fraction_done=heard.fraction, picture=heard.picture)
        try:
            report = render.task.result()
        except EngineLost as error:
            if render.starts >= _STARTS_MAX:
                return Failed(fault=ProviderFault.UNAVAILABLE, message=str(error))
            self._start(handle, starts=render.starts + 1)
            return Waiting(started=False)
        except RenderError as error:
            return Failed(fault=ProviderFault.REJECTED, message=str(error))
        except MissingFile as error:
            return Failed(fault=ProviderFault.NOT_FOUND, message=error.message)
        except StorageError as error:
            del self._renders[handle["key"]]  # the next look starts it again
            raise ProviderError(ProviderFault.UNAVAILABLE, error.message) from error
        except asyncio.CancelledError:
            return Failed(fault=ProviderFault.NOT_FOUND, message="the render was cancelled")
        path = self._path(handle)
        passes = {name.removeprefix(f"{path.stem}."): path.with_name(name) for name in report.passes}
        return Done(path=path, cost_microusd=0, meta={"shot": report.shot}, passes=passes)

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """Stop the render; within a second."""
        render = self._renders.get(handle["key"])
        if render is None:
            return Stopped()
        if not render.task.cancel():
            return NotStopped("the clip is already rendered")
        await asyncio.wait([render.task], timeout=5)
        await self.discard(handle)
        return Stopped()

    async def find(self, order: Order) -> FindOutcome:
        """Renders live and die with this process."""
        return Absent()

    async def discard(self, handle: Handle) -> None:
        """Forget the render and its files."""
        self._renders.pop(handle["key"], None)
        path = self._path(handle)
        for name in (path.name, *(f"{path.stem}.{name}" for name in files_of(Pass))):
            path.with_name(name).unlink(missing_ok=True)

    async def aclose(self) -> None:
        """Stop all renders and the engine's process; the handles start them again."""
        tasks = [r.task for r in self._renders.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.engine.aclose()

    def _start(self, handle: Handle, *, starts: int = 1) -> _Render:
        heard = _Heard()

        async def run() -> Report:
            order = PrevizOrder.from_json(handle["order"])
            async with AsyncExitStack() as until_rendered:
                paths: dict[str, Any] = {}
                for asset in _assets(handle):
                    paths[_FIELDS[asset.role]] = str(
                        await until_rendered.enter_async_context(self._inputs.at_hand(asset))
                    )
                order = replace(order, **paths)
                return await self.engine.render(
                    order, self._path(handle), on_progress=heard.on_progress, on_preview=heard.on_preview
                )

        render = _Render(asyncio.create_task(run(), name=f"previz:{handle['key']}"), heard, starts)
        self._renders[handle["key"]] = render
        return render

    def _path(self, handle: Handle) -> Path:
        return self._work_dir / f"{handle['key'].replace(':', '-')}.mp4"


def _roles(spec: ClipSpec) -> tuple[Role, ...]:
    """What a render starts from; a last frame alone is nothing to start from."""
    if spec.asset(Role.SOURCE_VIDEO):
        return (Role.SOURCE_VIDEO,)
    return (Role.FIRST_FRAME, Role.LAST_FRAME) if spec.asset(Role.FIRST_FRAME) else ()


def _assets(handle: Handle) -> list[Asset]:
    """The input files of a handle; one that an older version wrote names a single asset."""
    saved = handle.get("assets", [handle["asset"]] if handle.get("asset") else [])
    return [Asset(**one | {"role": Role(one["role"])}) for one in saved]
