"""What the providers share whose engine runs inside the worker: a task for each clip, and a process that may die.

The handle is the whole order, so a clip that died with its server is simply started again, here or on another machine:
it costs nothing, and the same order makes the same clip.
"""

import asyncio
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import structlog

from reelway.domain.generation import Asset, Role
from reelway.errors import ProviderError, ProviderFault, StorageError
from reelway.providers.base import (
    Absent,
    CancelOutcome,
    Done,
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

_log = structlog.get_logger(__name__)
_STARTS_MAX: Final = 3  # a clip that kills its process three times will do so again


class ProcessLost(Exception):
    """The engine's process died under a clip, which may be started again; `failed` is what it comes to in the end."""

    def __init__(self, message: str, failed: Failed) -> None:
        super().__init__(message)
        self.failed = failed


@dataclass(slots=True)
class Heard:
    """What the engine has told of a clip that it makes."""

    share: float | None = None  # None until there is something to tell
    picture: bytes | None = None

    def on_progress(self, share: float) -> None:
        """So much of it is made."""
        self.share = share

    def on_preview(self, jpeg: bytes) -> None:
        """This is what it will look like."""
        self.picture = jpeg


@dataclass(slots=True)
class _Render:
    task: asyncio.Task[Done | Failed]
    heard: Heard
    starts: int


class Rendering(Provider):
    """Keeps a task for each clip; everything else is in the handle."""

    def __init__(self, fields: Mapping[Role, str], inputs: Inputs, work_dir: Path) -> None:
        """`fields` says which field of the engine's order takes the file of a role."""
        self._fields = fields
        self._inputs = inputs
        self._work_dir = work_dir.absolute()
        self._renders: dict[str, _Render] = {}

    @abstractmethod
    async def make(self, order: dict[str, Any], output: Path, heard: Heard) -> Done | Failed:
        """Have the engine make `order`, files and all, into `output`; raises ProcessLost."""
        ...

    async def poll(self, handle: Handle) -> Progress:
        """Look at the clip; one that this process does not know is started."""
        render = self._renders.get(handle["key"]) or self._start(handle)
        if not render.task.done():
            heard = render.heard
            started = heard.share is not None or heard.picture is not None
            return Waiting(started=started, fraction_done=heard.share, picture=heard.picture)
        try:
            return render.task.result()
        except ProcessLost as lost:
            _log.warning("render_process_lost", clip=handle["key"], error=str(lost), starts=render.starts)
            if render.starts >= _STARTS_MAX:
                return lost.failed
            self._start(handle, starts=render.starts + 1)
            return Waiting(started=False)
        except MissingFile as error:
            return Failed(fault=ProviderFault.NOT_FOUND, message=error.message)
        except StorageError as error:
            del self._renders[handle["key"]]  # the next look starts it again
            raise ProviderError(ProviderFault.UNAVAILABLE, error.message) from error
        except asyncio.CancelledError:
            return Failed(fault=ProviderFault.NOT_FOUND, message="the clip was cancelled")

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """Stop it, with its process when that takes seconds."""
        render = self._renders.get(handle["key"])
        if render is not None:
            if not render.task.cancel():
                return NotStopped("the clip is already made")
            await asyncio.wait([render.task])
        await self.discard(handle)
        return Stopped()

    async def find(self, order: Order) -> FindOutcome:
        """Clips live and die with this process, and a second one costs nothing."""
        return Absent()

    async def discard(self, handle: Handle) -> None:
        """Forget the clip and its file."""
        if (render := self._renders.pop(handle["key"], None)) is not None:
            render.task.cancel()
        self.path(handle).unlink(missing_ok=True)

    async def aclose(self) -> None:
        """Stop everything; the handles start it again."""
        tasks = [render.task for render in self._renders.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def handle(self, order: Order, wanted: dict[str, Any], assets: Iterable[Asset]) -> Handle:
        """Says what to make. The first look starts it, so an order that was never looked at costs nothing."""
        # The assets, not paths of them: another machine may go on.
        return {"key": order.key, "order": wanted, "assets": [asdict(asset) for asset in assets]}

    def path(self, handle: Handle) -> Path:
        """Where the clip is made."""
        return self._work_dir / f"{handle['key'].replace(':', '-')}.mp4"

    def _start(self, handle: Handle, *, starts: int = 1) -> _Render:
        heard = Heard()
        task = asyncio.create_task(self._run(handle, heard), name=f"render:{handle['key']}")
        render = self._renders[handle["key"]] = _Render(task, heard, starts)
        return render

    async def _run(self, handle: Handle, heard: Heard) -> Done | Failed:
        order = dict(handle["order"])
        async with AsyncExitStack() as until_made:
            for asset in _assets(handle):
                path = await until_made.enter_async_context(self._inputs.at_hand(asset))
                order[self._fields[asset.role]] = str(path.absolute())
            return await self.make(order, self.path(handle), heard)


def _assets(handle: Handle) -> list[Asset]:
    """The input files of a handle; one that an older version wrote names a single asset."""
    saved = handle.get("assets", [handle["asset"]] if handle.get("asset") else [])
    return [Asset(**one | {"role": Role(one["role"])}) for one in saved]
