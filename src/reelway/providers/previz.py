"""The built-in engine as a provider: previews of any prompt on this machine's CPU, for nothing.

The handle is the whole order, so a render that died with the server is simply started again: the same order
gives the same picture.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from reelway.domain.generation import Role
from reelway.errors import ProviderFault
from reelway.previz.engine import Engine, EngineLost, RenderError
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
    NotStopped,
    Order,
    Progress,
    Stopped,
    Waiting,
)

FACTS = Facts(in_flight_max=1, poll_first_s=0.25, poll_most_s=0.5, previews=True)

_STARTS_MAX: Final = 3  # a render that kills its process three times will do so again


def build(context: Context) -> "Previz":
    """Make the provider; the engine's process starts with the first clip."""
    engine = Engine(
        cache_dir=context.cache_dir,
        idle_s=float(context.settings.get("idle_s", 120.0)),
        threads=context.settings.get("threads"),
    )
    return Previz(engine, context.work_dir)


@dataclass(slots=True)
class _Render:
    task: asyncio.Task[dict[str, Any]]
    progress: list[float]
    starts: int


class Previz:
    """Keeps one task per render; everything else is in the handle."""

    def __init__(self, engine: Engine, work_dir: Path) -> None:
        self.engine = engine
        self._work_dir = work_dir
        self._renders: dict[str, _Render] = {}

    async def submit(self, order: Order) -> Handle:
        """Say what to render; the first look starts it, so an order that was never looked at costs nothing."""
        spec = order.spec
        first_frame, source_video = spec.asset(Role.FIRST_FRAME), spec.asset(Role.SOURCE_VIDEO)
        previz_order = PrevizOrder(
            prompt=spec.prompt,
            negative_prompt=spec.negative_prompt,
            width=spec.width,
            height=spec.height,
            fps=spec.fps,
            frames=spec.frames,
            seed=spec.seed,
            image=str(await order.inputs.path(first_frame)) if first_frame and not source_video else None,
            video=str(await order.inputs.path(source_video)) if source_video else None,
        )
        return {"key": order.key, "order": previz_order.to_json()}

    async def poll(self, handle: Handle) -> Progress:
        """Look at the render; one that this process does not know is started."""
        render = self._renders.get(handle["key"]) or self._start(handle)
        if not render.task.done():
            return Waiting(started=render.progress[0] > 0, fraction_done=render.progress[0])
        try:
            shot = render.task.result()
        except EngineLost as error:
            if render.starts >= _STARTS_MAX:
                return Failed(fault=ProviderFault.UNAVAILABLE, message=str(error))
            self._start(handle, starts=render.starts + 1)
            return Waiting(started=False)
        except RenderError as error:
            return Failed(fault=ProviderFault.REJECTED, message=str(error))
        except asyncio.CancelledError:
            return Failed(fault=ProviderFault.NOT_FOUND, message="the render was cancelled")
        return Done(path=self._path(handle), cost_microusd=0, meta={"shot": shot})

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
        """Forget the render and its file."""
        self._renders.pop(handle["key"], None)
        self._path(handle).unlink(missing_ok=True)

    async def aclose(self) -> None:
        """Stop all renders and the engine's process; the handles start them again."""
        tasks = [r.task for r in self._renders.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.engine.aclose()

    def _start(self, handle: Handle, *, starts: int = 1) -> _Render:
        progress = [0.0]
        order = PrevizOrder.from_json(handle["order"])

        async def run() -> dict[str, Any]:
            def on_progress(fraction: float) -> None:
                progress[0] = fraction

            report = await self.engine.render(order, self._path(handle), on_progress=on_progress)
            return report.shot

        render = _Render(asyncio.create_task(run(), name=f"previz:{handle['key']}"), progress, starts)
        self._renders[handle["key"]] = render
        return render

    def _path(self, handle: Handle) -> Path:
        return self._work_dir / f"{handle['key'].replace(':', '-')}.mp4"
