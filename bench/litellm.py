"""LiteLLM's proxy, the peer: a virtual environment of its own, a configuration with one model, a process.

It is no dependency of anything: `--only litellm` installs the newest version into .cache/litellm of the checkout.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from bench import machine
from bench.processes import HERE

VENV = HERE.parent / ".cache" / "litellm"
KEY = "sk-5f1d0c6b7a3e4928b1c0d9e8f7a6b5c4d3e2f1a0b9c8d7e6"
_START_S = 120.0


def installed() -> bool:
    """Whether there is one to run."""
    return (VENV / "bin" / "litellm").exists()


def install() -> None:
    """Takes a minute or two, once; raises RuntimeError."""
    for command in (
        [sys.executable, "-m", "venv", str(VENV)],
        [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet", "litellm[proxy]"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"cannot install LiteLLM: {done.stderr.strip()[-1000:]}")


def version() -> str:
    """Of the one installed."""
    asked = "from importlib.metadata import version; print(version('litellm'))"
    command = [str(VENV / "bin" / "python"), "-c", asked]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


class Proxy:
    """One process, started and ready; `upstream` is the URL of an OpenAI-compatible API. Stop it."""

    def __init__(self, folder: Path, port: int, upstream: str) -> None:
        self.port = port
        model = {"model": "openai/sora-2", "api_base": f"{upstream}/v1", "api_key": "none"}
        config = {
            "model_list": [{"model_name": "instant", "litellm_params": model}],
            "general_settings": {"master_key": KEY},
        }
        (folder / "litellm.yaml").write_text(json.dumps(config))  # all JSON is YAML
        self._log = folder / "litellm.log"
        command = [str(VENV / "bin" / "litellm"), "--config", str(folder / "litellm.yaml"), "--telemetry", "False"]
        command += ["--host", "127.0.0.1", "--port", str(port), "--num_workers", "1"]
        own = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR", "HOME": str(folder), "NO_PROXY": "*"}
        inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
        started = time.monotonic()
        with self._log.open("ab") as log:
            self._popen = subprocess.Popen(command, stdout=log, stderr=log, env=inherited | own, cwd=folder)
        try:
            while not self._ready():
                if self._popen.poll() is not None or time.monotonic() - started > _START_S:
                    raise RuntimeError(f"LiteLLM does not start{self.last_words()}")
                time.sleep(0.02)
        except BaseException:
            self.stop()
            raise
        self.start_s = time.monotonic() - started

    def rss_mb(self) -> float:
        """Resident memory now, of all its processes."""
        return sum(machine.rss_mb(pid) for pid in self._pids())

    def peak_rss_mb(self) -> float:
        """The most that it ever was."""
        return sum(machine.peak_rss_mb(pid) for pid in self._pids())

    def cpu_s(self) -> float:
        """CPU time so far."""
        return sum(machine.cpu_s(pid) for pid in self._pids())

    def last_words(self) -> str:
        """The end of its log."""
        return "\n" + self._log.read_text(errors="replace")[-1500:]

    def stop(self) -> None:
        """SIGTERM, patience, SIGKILL."""
        self._popen.terminate()
        try:
            self._popen.wait(20)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()

    def _pids(self) -> list[int]:
        return [self._popen.pid, *machine.children(self._popen.pid)]

    def _ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/health/liveliness", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
