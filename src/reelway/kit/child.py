"""A process of ours that is spoken to in JSON lines; kit/obey.py is its end of them, and says what they mean.

It is killed at once when told so, and reaped; what it writes to stderr is kept for the message that says why it ended.
"""

import asyncio
import contextlib
import itertools
import json
import os
import signal
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

Line = dict[str, Any]

_ENDS: Final = ("done", "failed", "cancelled")
_LINE_BYTES_MAX: Final = 1 << 20
_STDERR_LINES: Final = 20
_CLOSE_S: Final = 2.5  # how long it has to end by itself once its input has ended
_LAST_WORDS_S: Final = 0.2  # how long they may still be on their way


class ChildGone(Exception):
    """It ended, or never started; the message says how."""


class NoLine(Exception):
    """It said something that is no JSON object."""


class Child:
    """A running process and the lines to and from it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = itertools.count(1)
        self._errors: deque[str] = deque(maxlen=_STDERR_LINES)
        self._drain = asyncio.create_task(self._keep_errors())

    @classmethod
    async def start(
        cls, command: Sequence[str], *, ready_s: float, environment: Mapping[str, str] | None = None
    ) -> "Child":
        """One that has said its first line, with `environment` beside our own; raises ChildGone."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**_environment(), **(environment or {})},
                limit=_LINE_BYTES_MAX,
            )
        except OSError as error:
            raise ChildGone(f"it did not start: {error}") from error
        child = cls(process)
        try:
            async with asyncio.timeout(ready_s):
                await child._hear()
        except (TimeoutError, ChildGone, NoLine) as error:
            await child.kill()
            why = child._last_words() or str(error) or f"it said nothing for {ready_s:g} s"
            raise ChildGone(f"it did not start: {why}") from error
        except BaseException:
            await child.kill()
            raise
        return child

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """It can be told more; one that has just ended may still look so."""
        assert self._process.stdout is not None
        return self._process.returncode is None and not self._process.stdout.at_eof()

    def ask(self, op: str, **fields: object) -> int:
        """Ask for something; returns its number. A child that is gone is noticed when it is listened to."""
        number = next(self._numbers)
        self._tell({"op": op, "id": number, **fields})
        return number

    async def outcome(self, number: int, on_line: Callable[[Line], None] | None = None) -> Line:
        """The last line about `number`; `on_line` hears those before it. Raises ChildGone, and NoLine."""
        while True:
            line = await self._hear()
            if line.get("id") != number:
                continue
            if line.get("event") in _ENDS:
                return line
            if on_line is not None:
                on_line(line)

    async def stop(self, number: int, *, within_s: float) -> Line | None:
        """Have `number` stopped; returns the last line about it, None where the child had to be killed for it."""
        self._tell({"op": "cancel", "id": number})
        try:
            async with asyncio.timeout(within_s):
                return await self.outcome(number)
        except (TimeoutError, ChildGone, NoLine):
            await self.kill()
            return None

    async def kill(self) -> None:
        """End it now and reap it."""
        if self._process.returncode is None:
            # Not process.kill(): that looks whether it is dead already, and so takes its exit code from asyncio.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
        await self._reap()

    async def close(self) -> None:
        """End its input, which ends it; kill it if that takes too long."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(_CLOSE_S):
                await self._reap()
        except TimeoutError:
            await self.kill()

    def _tell(self, line: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(OSError, RuntimeError):
            self._process.stdin.write(json.dumps(line).encode() + b"\n")

    async def _hear(self) -> Line:
        """The next line out; raises ChildGone at the end, and NoLine."""
        assert self._process.stdout is not None
        try:
            said = await self._process.stdout.readline()
        except ValueError as error:
            raise NoLine(f"a line of more than {_LINE_BYTES_MAX} bytes") from error
        if not said:
            await self.close()  # a crash is its own end, and has last words
            raise ChildGone(self._why())
        try:
            line = json.loads(said)
        except ValueError:
            line = None
        if not isinstance(line, dict):
            raise NoLine(f"{said[:80]!r}")
        return line

    def _why(self) -> str:
        code = self._process.returncode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return f"it was ended by {signal.Signals(-code).name}"
        return f"it ended with code {code} {self._last_words()}".rstrip()

    def _last_words(self) -> str:
        """The end of what it wrote to stderr."""
        return self._errors[-1] if self._errors else ""

    async def _reap(self) -> None:
        await self._process.wait()
        await asyncio.wait({self._drain}, timeout=_LAST_WORDS_S)
        self._drain.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({self._drain})

    async def _keep_errors(self) -> None:
        assert self._process.stderr is not None
        with contextlib.suppress(ValueError, OSError):
            while line := await self._process.stderr.readline():
                if text := line.decode("utf-8", "replace").strip():
                    self._errors.append(text)


def _environment() -> dict[str, str]:
    """Ours, in which the child finds the very code that we run."""
    root, path = str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": root if not path else os.pathsep.join((root, path)),
        "PYTHONUNBUFFERED": "1",
    }
