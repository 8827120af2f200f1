"""The built-in engine as a provider: previews of any prompt on this machine's CPU, for nothing."""

from pathlib import Path
from typing import Any, Final

from reelway.domain.generation import ClipSpec, Role
from reelway.domain.passes import Pass, files_of
from reelway.errors import ProviderFault
from reelway.previz.engine import Engine, EngineLost, RenderError
from reelway.previz.order import Order as PrevizOrder
from reelway.providers.base import Context, Done, Facts, Failed, Handle, Inputs, Order
from reelway.providers.rendering import Heard, ProcessLost, Rendering

FACTS = Facts(in_flight_max=1, poll_first_s=0.25, poll_most_s=0.5, per_worker=True, previews=True)

_FIELDS: Final = {Role.FIRST_FRAME: "image", Role.LAST_FRAME: "last_image", Role.SOURCE_VIDEO: "video"}


def build(context: Context) -> "Previz":
    """Make the provider; the engine's process starts with the first clip."""
    engine = Engine(
        cache_dir=context.cache_dir,
        idle_s=float(context.settings.get("idle_s", 120.0)),
        threads=context.settings.get("threads"),
    )
    return Previz(engine, context.inputs, context.work_dir)


class Previz(Rendering):
    """Every model, as a preview."""

    def __init__(self, engine: Engine, inputs: Inputs, work_dir: Path) -> None:
        super().__init__(_FIELDS, inputs, work_dir)
        self.engine = engine

    async def submit(self, order: Order) -> Handle:
        """Say what to render."""
        spec = order.spec
        wanted = PrevizOrder(
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
        return self.handle(order, wanted.to_json(), [asset for role in _roles(spec) if (asset := spec.asset(role))])

    async def make(self, order: dict[str, Any], output: Path, heard: Heard) -> Done | Failed:
        """See Rendering."""
        wanted = PrevizOrder.from_json(order)
        try:
            report = await self.engine.render(
                wanted, output, on_progress=heard.on_progress, on_preview=heard.on_preview
            )
        except EngineLost as error:
            message = str(error)
            raise ProcessLost(message, Failed(fault=ProviderFault.UNAVAILABLE, message=message)) from error
        except RenderError as error:
            return Failed(fault=ProviderFault.REJECTED, message=str(error))
        passes = {name.removeprefix(f"{output.stem}."): output.with_name(name) for name in report.passes}
        return Done(path=output, cost_microusd=0, meta={"shot": report.shot}, passes=passes)

    async def discard(self, handle: Handle) -> None:
        """Forget the clip and its files."""
        await super().discard(handle)
        path = self.path(handle)
        for name in files_of(Pass):
            path.with_name(f"{path.stem}.{name}").unlink(missing_ok=True)

    async def aclose(self) -> None:
        """Stop all renders and the engine's process; the handles start them again."""
        await super().aclose()
        await self.engine.aclose()


def _roles(spec: ClipSpec) -> tuple[Role, ...]:
    """What a render starts from; a last frame alone is nothing to start from."""
    if spec.asset(Role.SOURCE_VIDEO):
        return (Role.SOURCE_VIDEO,)
    return (Role.FIRST_FRAME, Role.LAST_FRAME) if spec.asset(Role.FIRST_FRAME) else ()
