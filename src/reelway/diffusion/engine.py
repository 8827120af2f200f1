"""The supervisor of the child that holds the model: standard library only, so that the gateway stays small.

The child is started when it is needed, ends by itself when it is not, and takes only its own clip with it when it dies.
"""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from reelway.diffusion.order import Order, Pipeline, Reason
from reelway.kit.child import Child, ChildGone, Line, NoLine
from reelway.kit.parts import sweep

_READY_S: Final = 30.0  # to start python; the model is loaded later
_CANCEL_S: Final = 5.0  # how long a step may still take before its process is killed, and the model with it
_CHILD: Final = (sys.executable, "-m", "reelway.diffusion.child")


class EngineError(Exception):
    """There is no clip, and why."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class EngineLost(EngineError):
    """The process died (killed, out of memory): the same order may be given again."""

    def __init__(self, message: str) -> None:
        super().__init__(Reason.BROKEN, message)


class _NotBegun(EngineLost):
    """It had not even looked at the order."""


class Engine:
    """Makes clips with one pipeline, one at a time; the others wait."""

    def __init__(
        self, pipeline: Pipeline, *, idle_s: float, cancel_s: float = _CANCEL_S, command: Sequence[str] = _CHILD
    ) -> None:
        self._command = (*command, "--pipeline", json.dumps(pipeline.to_json()), "--idle-s", str(idle_s))
        self._cancel_s = cancel_s
        self._turn = asyncio.Lock()
        self._child: Child | None = None

    async def make(self, order: Order, output: Path, *, on_progress: Callable[[float], None]) -> dict[str, Any]:
        """Make `order` into `output` (a whole path), which appears only when whole; returns what was really done.

        Raises EngineError. Cancelling it stops the child's work, or the child, and leaves no file behind.
        """
        async with self._turn:
            try:
                return await self._once(order, output, on_progress)
            except _NotBegun:  # it ended for idleness just then: another one does it
                return await self._once(order, output, on_progress)

    async def aclose(self) -> None:
        """End the child."""
        child, self._child = self._child, None
        if child is not None:
            await child.close()

    async def _once(self, order: Order, output: Path, on_progress: Callable[[float], None]) -> dict[str, Any]:
        begun = False

        def heard(line: Line) -> None:
            nonlocal begun
            begun = True
            match line.get("event"):
                case "started":
                    on_progress(0.0)
                case "progress":
                    on_progress(_read(line, "share", float))
                case other:
                    raise NoLine(f"an event {other!r} that nobody knows")

        try:
            child = await self._living()
            number = child.ask("make", order=order.to_json(), output=str(output))
            try:
                return await self._made(await child.outcome(number, heard))
            except asyncio.CancelledError:
                await asyncio.shield(self._stop(child, number, output))
                raise
            except NoLine as error:
                await self._drop()
                raise EngineError(Reason.UNREADABLE, f"the child said {error}") from error
            finally:
                sweep(output, by=child.pid)
        except ChildGone as gone:
            lost = EngineLost if begun else _NotBegun
            raise lost(f"the process that holds the model is gone: {gone}") from gone

    async def _living(self) -> Child:
        if self._child is None or not self._child.alive:
            await self._drop()
            self._child = await Child.start(self._command, ready_s=_READY_S)
        return self._child

    async def _drop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            await child.kill()

    async def _made(self, end: Line) -> dict[str, Any]:
        """What was really done; raises EngineError when nothing was made."""
        match end["event"]:
            case "done":
                effective: dict[str, Any] = _read(end, "effective", dict)
                return effective
            case "failed":
                reason = _reason(end)
                if reason in (Reason.MEMORY, Reason.BROKEN):
                    await self._drop()  # it may hold memory that the next clip needs, or a GPU context gone bad
                raise EngineError(reason, _read(end, "message", str))
            case other:
                raise NoLine(f"{other}, which nobody asked for")

    async def _stop(self, child: Child, number: int, output: Path) -> None:
        """Have `number` stopped, or its process."""
        if await child.stop(number, within_s=self._cancel_s) is None:
            await self._drop()
        _discard(output)  # it may have been whole already; but its caller has gone


def _discard(output: Path) -> None:
    output.unlink(missing_ok=True)


def _read(line: Line, name: str, kind: type[Any]) -> Any:
    value = line.get(name)
    if not isinstance(value, kind):
        raise NoLine(f"{name} = {value!r}")
    return value


def _reason(line: Line) -> Reason:
    try:
        return Reason(_read(line, "reason", str))
    except ValueError as error:
        raise NoLine(f"a reason that nobody knows: {error}") from error
