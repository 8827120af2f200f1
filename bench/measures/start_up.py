"""`reelway serve` itself, on a new data folder: seconds until /readyz says 200, and memory two seconds later.

A new folder is the slow case: it has the migrations to run and a first key to make. Python's bytecode and the disk's
cache are warm, as after any first start. previz is switched off here, so that no kernels are compiled meanwhile; it
costs nothing while it is idle, as its process starts with the first clip.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from statistics import median
from urllib.error import HTTPError
from urllib.request import urlopen

from bench import machine
from bench.context import Bench
from bench.figures import Budget, Figure
from bench.processes import environment

_SETTLE_S = 2.0


def run(bench: Bench) -> Iterable[Figure]:
    """Seconds and megabytes."""
    ours, bare, memory = [], [], []
    bench.say("starts")
    for number in range(bench.scale.starts):
        port, data = free_port(), bench.folder / f"start-{number}"
        seconds, rss_mb = start(
            bench, ["-m", "reelway", "serve", "--port", str(port), "--data", str(data)], port, settle=number == 0
        )
        ours.append(seconds)
        memory += [rss_mb] if number == 0 else []
        port = free_port()
        bare.append(start(bench, ["-m", "bench.bare", "--port", str(port)], port, settle=False)[0])
    with bench.bare() as empty:
        time.sleep(0.5)
        bare_mb = empty.rss_mb()
    bench.log["start-up"] = [{"ours_s": a, "bare_s": b} for a, b in zip(ours, bare, strict=True)]
    yield Figure(
        measure="start of `reelway serve`",
        value=median(ours),
        unit="s",
        limit=median(bare),
        limit_is="bare Starlette",
        budget=Budget(sense="<", value=2),
        note=f"median of {len(ours)}, until /readyz answers 200",
    )
    yield Figure(
        measure="memory of `reelway serve`, idle",
        value=memory[0],
        unit="MB",
        limit=bare_mb,
        limit_is="bare Starlette",
        budget=Budget(sense="<", value=120),
        note="with every process that it started",
    )


def start(bench: Bench, arguments: Sequence[str], port: int, *, settle: bool) -> tuple[float, float]:
    """Seconds until it is ready, and megabytes two seconds later; 0 of these without `settle`."""
    with (bench.folder / "start.log").open("ab") as log:
        started = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *arguments], stdout=log, stderr=log, env=environment(REELWAY_PREVIZ_OFF="*,previz")
        )
        try:
            while not _ready(port):
                if process.poll() is not None or time.monotonic() - started > 60:
                    said = (bench.folder / "start.log").read_text(errors="replace")[-1500:]
                    raise RuntimeError(f"{' '.join(arguments)} did not get ready\n{said}")
                time.sleep(0.005)
            seconds = time.monotonic() - started
            if not settle:
                return seconds, 0.0
            time.sleep(_SETTLE_S)
            pids = [process.pid, *machine.children(process.pid)]
            return seconds, sum(machine.rss_mb(pid) for pid in pids)
        finally:
            process.terminate()
            process.wait(20)


def _ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (HTTPError, OSError):
        return False


def free_port() -> int:
    """One that nobody listens on, a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
