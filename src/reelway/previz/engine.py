"""The supervisor of the rendering processes: it imports nothing heavy, so that the gateway stays small while idle.

One child per slot does one render at a time. A child is started when it is needed, ends by itself when it is not, and a
child that dies takes only its own render with it.
"""

import asyncio
import base64
import contextlib
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from reelway.kit.child import Child, ChildGone, Line, NoLine
from reelway.kit.parts import sweep
from reelway.previz import stamp
from reelway.previz.order import Order

#: How long a cancelled child has to say that it stopped before it is killed.
CANCEL_S = 0.7
#: How long a child has to start python and say that it is ready.
READY_S = 30.0


class RenderError(Exception):
    """The engine could not make the clip; the message says why."""


class EngineLost(RenderError):
    """The render process died (killed, out of memory) or did not start: the same order may be given again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A finished render."""

    width: int
    height: int
    fps: int
    frames: int
    codec: str
    render_s: float
    shot: dict[str, object] = field(default_factory=dict)  # what was understood and what was not
    passes: tuple[str, ...] = ()  # names of the files beside the clip


class _Heard:
    """Hands on what a child tells of a render; `begun` when it has told anything at all."""

    def __init__(self, on_progress: Callable[[float], None], on_preview: Callable[[bytes], None] | None) -> None:
        self._on_progress = on_progress
        self._on_preview = on_preview
        self.begun = False

    def line(self, line: Line) -> None:
        """One line that is not the last."""
        self.begun = True
        match line.get("event"):
            case "progress":
                self._on_progress(float(str(line["share"])))
            case "preview" if self._on_preview is not None:
                self._on_preview(base64.b64decode(str(line["jpeg"])))


async def _start(*, cache_dir: Path, idle_s: float, threads: int) -> Child:
    """A child that has said it is ready; raises EngineLost."""
    environment = {
        "NUMBA_CACHE_DIR": str(stamp.cache_folder(cache_dir)),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    given = ("--cache-dir", str(cache_dir), "--idle-s", str(idle_s), "--threads", str(threads))
    command = (sys.executable, "-m", "reelway.previz.child", *given)
    try:
        return await Child.start(command, environment=environment, ready_s=READY_S)
    except ChildGone as gone:
        raise EngineLost(_told(gone)) from gone


def _told(gone: ChildGone) -> str:
    return f"the render process {str(gone).removeprefix('it ')}"


class Engine:
    """Renders orders, `slots` at a time, each in a process of its own."""

    def __init__(self, *, cache_dir: Path, idle_s: float = 120.0, slots: int = 1, threads: int | None = None) -> None:
        """`threads` is for each slot; by default the cores are shared out evenly."""
        if slots < 1:
            raise ValueError(f"an engine needs at least one slot, not {slots}")
        self._cache_dir = cache_dir.absolute()
        self._idle_s = idle_s
        self._threads = threads or max(1, (os.cpu_count() or 1) // slots)
        self._slots = asyncio.Semaphore(slots)
        self._idle: list[Child] = []
        self._busy: set[Child] = set()
        self._warming: asyncio.Task[float] | None = None
        self._closed = False

    async def warm(self) -> float:
        """Compile or load the kernels in a child; returns the seconds that took. Safe to call again and at once."""
        if self._warming is None or self._warming.done():
            self._warming = asyncio.create_task(self._warm())
        # Shielded: a caller who stops waiting must not throw away a minute of compiling.
        return await asyncio.shield(self._warming)

    def warmed(self) -> bool:
        """The cache is complete for this version of kernels, numba and processor."""
        return stamp.is_fresh(self._cache_dir)

    async def render(
        self,
        order: Order,
        output: Path,
        *,
        on_progress: Callable[[float], None],
        on_preview: Callable[[bytes], None] | None = None,
    ) -> Report:
        """Make `order` into `output`, which appears only when whole; raises RenderError.

        Waits for a free slot, and, if it starts from a picture or a clip, for their kernels if those were never
        compiled; words need none but the shipped ones. `on_preview` is given a small JPEG of the first frame, long
        before the clip is done. Passes lie beside `output`, under the names in the report. Cancelling it stops the
        child's work within a second and leaves no file behind.
        """
        if (order.image is not None or order.video is not None) and not self.warmed():
            await self.warm()
        output = _absolute(output)
        async with self._slots:
            started = time.monotonic()
            for attempt in range(2):
                child, heard = await self._child(), _Heard(on_progress, on_preview)
                try:
                    done = await self._drive(child, order, output, heard)
                    break
                except ChildGone as gone:
                    self._busy.discard(child)
                    # A child that ended for idleness just then had not begun: another one does it.
                    if heard.begun or attempt:
                        raise EngineLost(_told(gone)) from gone
            return _report(order, done, time.monotonic() - started)

    async def aclose(self) -> None:
        """Stop all children and reap them. The engine makes nothing after this."""
        self._closed = True
        if self._warming is not None and not self._warming.done():
            self._warming.cancel()
            with contextlib.suppress(asyncio.CancelledError, RenderError):
                await self._warming
        for child in [*self._idle, *self._busy]:
            await child.close()
        self._idle.clear()
        self._busy.clear()

    async def _warm(self) -> float:
        """In a child of its own, beside the slots: a render of words does not wait for the kernels of pictures."""
        child = await self._new_child()
        try:
            end = await child.outcome(child.ask("warm"))
            if end["event"] != "done":
                raise RenderError(str(end.get("message")))
            return float(str(end["seconds"]))
        except (ChildGone, NoLine) as gone:
            raise RenderError(f"the kernels could not be compiled: {gone}") from gone
        finally:
            self._busy.discard(child)
            await child.kill()  # the compiler's memory is not wanted any more

    async def _child(self) -> Child:
        """An idle child, or a new one; it is busy from now on."""
        if self._closed:
            raise RenderError("the engine is closed")
        while self._idle:
            child = self._idle.pop()
            if child.alive:
                self._busy.add(child)
                return child
            await child.kill()
        return await self._new_child()

    async def _new_child(self) -> Child:
        if self._closed:
            raise RenderError("the engine is closed")
        child = await _start(cache_dir=self._cache_dir, idle_s=self._idle_s, threads=self._threads)
        self._busy.add(child)
        return child

    def _give_back(self, child: Child) -> None:
        self._busy.discard(child)
        self._idle.append(child)

    async def _drive(self, child: Child, order: Order, output: Path, heard: _Heard) -> Line:
        number = child.ask("render", order=order.to_json(), output=str(output))
        try:
            end = await child.outcome(number, heard.line)
        except ChildGone:
            raise
        except BaseException as error:
            await asyncio.shield(self._stop(child, number, output))
            if isinstance(error, NoLine):
                raise RenderError(f"the render process said {error}") from error
            raise
        finally:
            sweep(output, by=child.pid)
        self._give_back(child)
        if end["event"] == "done":
            return end
        raise RenderError(str(end.get("message", "the render was stopped")))

    async def _stop(self, child: Child, number: int, output: Path) -> None:
        """Have `number` stopped, or its process."""
        end = await child.stop(number, within_s=CANCEL_S)
        if end is None:
            self._busy.discard(child)
        else:
            self._give_back(child)
            if end["event"] == "done":  # it was whole already; but its caller has gone
                for name in (output.name, *_passes(end)):
                    output.with_name(name).unlink(missing_ok=True)


def _absolute(path: Path) -> Path:
    """For the child, whose working folder is not promised to be ours."""
    return path.absolute()


def _report(order: Order, done: Line, waited_s: float) -> Report:
    shot = done["shot"]
    return Report(
        width=order.width,
        height=order.height,
        fps=order.fps,
        frames=order.frames,
        codec=str(done["codec"]),
        render_s=float(str(done.get("render_s", waited_s))),
        shot=shot if isinstance(shot, dict) else {},
        passes=_passes(done),
    )


def _passes(done: Line) -> tuple[str, ...]:
    named = done.get("passes")
    return tuple(str(name) for name in named) if isinstance(named, list) else ()
