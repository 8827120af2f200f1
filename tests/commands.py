"""`reelway …` as processes of their own, away from anybody's settings: run to the end, or running."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import PREVIZ_CACHE

_START_S = 60


def environment(**variables: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("REELWAY_")}
    return plain | {"REELWAY_PREVIZ_CACHE": str(PREVIZ_CACHE)} | variables


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "reelway", *args]


def run(*args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """To its end; settings as variables."""
    return subprocess.run(
        command(*args), capture_output=True, text=True, timeout=_START_S, env=environment(**variables)
    )


@dataclass(frozen=True)
class Running:
    """One that listens, and what it wrote to stderr."""

    process: subprocess.Popen[bytes]
    url: str
    log_file: Path

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def stop(self, number: int = signal.SIGTERM, within_s: float = 15.0) -> int:
        self.process.send_signal(number)
        return self.process.wait(within_s)

    def send(self, path: str, body: dict[str, Any] | None = None, key: str = "") -> Any:
        """The JSON of the answer; raises HTTPError for one that is not a 200."""
        request = urllib.request.Request(
            self.url + path,
            None if body is None else json.dumps(body).encode(),
            {"content-type": "application/json", "authorization": f"Bearer {key}"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body, whatever the status."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


@contextlib.contextmanager
def running(log: Path, *args: str, **variables: str) -> Iterator[Running]:
    """It listens; killed if the test forgot it. `log` gets its stderr."""
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            command(*args),
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment(**variables),
            start_new_session=True,
        )
    try:
        yield Running(process, _url(process, log), log)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its renderers too, where it was killed before it could end them
        process.communicate()


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    until = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < until:
        if found := re.search(r"listens on (http://\S+)", log.read_text()):
            return found[1]
        time.sleep(0.02)
    raise AssertionError(f"no server: {log.read_text()}")
