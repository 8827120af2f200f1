"""Processes to be harmed: on a port of their own that outlives them, started again when they die."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from chaos import HERE, ROOT

_RESTART_S = 0.3  # what a supervisor waits
_STOP_S = 20.0


def environment(**more: str) -> dict[str, str]:
    """Ours without REELWAY_…, with the plugin where a package would be."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("REELWAY_")}
    path = [str(HERE / "plugin"), str(ROOT), *filter(None, [inherited.get("PYTHONPATH")])]
    return inherited | {"PYTHONPATH": os.pathsep.join(path)} | more


class Process:
    """One program, many lives. Its log goes through a pipe, so that a limit on its files leaves it its voice."""

    def __init__(self, name: str, arguments: Sequence[str], log: Path, environ: Mapping[str, str]) -> None:
        self.name = name
        self._command = [sys.executable, *arguments]
        self._environ = dict(environ)
        self._log = log
        self._popen: subprocess.Popen[bytes] | None = None
        self._pipes: list[subprocess.Popen[bytes]] = []
        self._wanted = False
        self._killed = False
        self.surprises = 0  # it ended, and nobody here had asked for it

    @property
    def pid(self) -> int:
        """Of this life."""
        assert self._popen is not None
        return self._popen.pid

    @property
    def alive(self) -> bool:
        """Whether it runs (or is paused)."""
        return self._popen is not None and self._popen.poll() is None

    def start(self) -> None:
        """A new life."""
        with self._log.open("ab") as log:
            pipe = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=log)
        assert pipe.stdin is not None
        self._popen = subprocess.Popen(self._command, stdout=pipe.stdin, stderr=pipe.stdin, env=self._environ, cwd=ROOT)
        pipe.stdin.close()
        self._pipes.append(pipe)
        self._wanted, self._killed = True, False

    def kill(self) -> None:
        """SIGKILL; `supervise` starts it again."""
        self._killed = True
        self._signal(signal.SIGKILL)

    def terminate(self) -> None:
        """SIGTERM: it drains; `supervise` starts it again."""
        self._killed = True
        self._signal(signal.SIGTERM)

    def pause(self) -> None:
        """SIGSTOP."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT; harmless when it runs."""
        self._signal(signal.SIGCONT)

    @property
    def paused(self) -> bool:
        """Whether it is stopped, by whomever."""
        if not self.alive:
            return False
        state = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0]
        return state == "T"

    def stop(self) -> None:
        """For good: SIGTERM, patience, SIGKILL."""
        self._wanted = False
        if self._popen is None:
            return
        self.resume()
        self._signal(signal.SIGTERM)
        try:
            self._popen.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        for pipe in self._pipes:
            pipe.wait(_STOP_S)

    async def supervise(self) -> None:
        """Start it again whenever it has ended, as a supervisor does."""
        while self._wanted:
            await asyncio.sleep(0.05)
            if self._wanted and not self.alive:
                self.surprises += not self._killed
                await asyncio.sleep(_RESTART_S)
                if self._wanted:
                    self.start()

    def _signal(self, number: signal.Signals) -> None:
        if self.alive:
            os.kill(self.pid, number)
