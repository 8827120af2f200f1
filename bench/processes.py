"""Processes under test: started with our interpreter, announced by one JSON line, ended by SIGTERM."""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from bench import machine

HERE = Path(__file__).parent
_READY_S = 60.0
_STOP_S = 20.0


def environment(**more: str) -> dict[str, str]:
    """Ours without REELWAY_…, with the plugin where a package would be."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("REELWAY_")}
    path = [str(HERE / "plugin"), str(HERE.parent), *filter(None, [inherited.get("PYTHONPATH")])]
    return inherited | {"PYTHONPATH": os.pathsep.join(path)} | more


class Process:
    """A server; `info` is the line it announced itself with. A context manager that stops it."""

    def __init__(self, arguments: Sequence[str], *, log: Path, **more: str) -> None:
        command = [sys.executable, *arguments]
        with log.open("ab") as stderr:
            self._popen = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=environment(**more),
                text=True,
            )
        self._log = log
        try:
            self.info: dict[str, Any] = json.loads(self._first_line())
        except BaseException:
            self._popen.kill()
            self._popen.wait()
            raise

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._popen.pid

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        port: int = self.info["port"]
        return port

    def rss_mb(self) -> float:
        """Resident memory now."""
        return machine.rss_mb(self.pid)

    def peak_rss_mb(self) -> float:
        """The most that it ever was."""
        return machine.peak_rss_mb(self.pid)

    def cpu_s(self) -> float:
        """CPU time so far."""
        return machine.cpu_s(self.pid)

    def last_words(self) -> str:
        """The end of its log."""
        return "\n" + self._log.read_text(errors="replace")[-1500:]

    def go(self) -> None:
        """Let one begin that is held until it reads a line."""
        assert self._popen.stdin is not None
        self._popen.stdin.write("go\n")
        self._popen.stdin.flush()

    def kill(self) -> None:
        """SIGKILL: it can do nothing more."""
        self._popen.kill()
        self._popen.wait()

    def stop(self) -> None:
        """SIGTERM, patience, SIGKILL."""
        if self._popen.poll() is None:
            self._popen.send_signal(signal.SIGTERM)
            try:
                self._popen.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                pipe.close()

    def _first_line(self) -> str:
        assert self._popen.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._popen.stdout, selectors.EVENT_READ)
            if not selector.select(_READY_S):
                raise RuntimeError(f"{self._popen.args!r} said nothing for {_READY_S:g} s{self.last_words()}")
        line = self._popen.stdout.readline()
        if not line:
            code = self._popen.wait()
            raise RuntimeError(f"{self._popen.args!r} ended with code {code} before it was ready{self.last_words()}")
        return line

    def __enter__(self) -> "Process":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def run_json(
    module: str, payload: dict[str, Any], *, timeout_s: float = 600.0, before: Sequence[str] = (), **more: str
) -> dict[str, Any]:
    """`python -m module`, JSON in and JSON out, `before` being put before it; raises RuntimeError with its stderr."""
    done = subprocess.run(
        [*before, sys.executable, "-m", module],
        input=json.dumps(payload),
        capture_output=True,
        text=True,
        env=environment(**more),
        timeout=timeout_s,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{module} failed: {done.stderr.strip()[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def wait_until(true: Any, timeout_s: float, what: str, *, look_every_s: float = 0.05) -> float:
    """Seconds until `true()`; raises RuntimeError naming `what` did not happen."""
    started = time.monotonic()
    while not true():
        if time.monotonic() - started > timeout_s:
            raise RuntimeError(f"{what}: not within {timeout_s:g} s")
        time.sleep(look_every_s)
    return time.monotonic() - started
