"""Which machine and which versions the figures belong to, and what a process costs (Linux: /proc)."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import apsw

_PACKAGES = (
    "uvicorn",
    "uvloop",
    "httptools",
    "fastapi",
    "starlette",
    "apsw",
    "asyncpg",
    "pgqueuer",
    "orjson",
    "aiohttp",
    "av",
    "numba",
)
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def describe() -> dict[str, str]:
    """For the head of the table and the JSON file."""
    return {
        "cpu": f"{len(os.sched_getaffinity(0))} x {_cpu_name()}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": apsw.sqlite_lib_version(),
        "postgresql": _postgres_version(),
        "packages": ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
        "load average at the start": f"{os.getloadavg()[0]:.2f}",
    }


def rss_mb(pid: int) -> float:
    """Resident memory, 10^6 bytes."""
    return float(_status(pid)["VmRSS"].split()[0]) * 1024 / 1e6


def peak_rss_mb(pid: int) -> float:
    """The most it ever was."""
    return float(_status(pid)["VmHWM"].split()[0]) * 1024 / 1e6


def cpu_s(pid: int) -> float:
    """User and system time of a process so far, all its threads, not its children."""
    user, system, *_ = _times(pid)
    return (user + system) / _TICKS_PER_S


def cpu_of_ended_children_s(pid: int) -> float:
    """User and system time of the children that it has waited for."""
    _, _, user, system = _times(pid)
    return (user + system) / _TICKS_PER_S


def children(pid: int) -> list[int]:
    """Processes it started that still run."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _times(pid: int) -> list[int]:
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return [int(ticks) for ticks in after_name[11:15]]


def _postgres_version() -> str:
    from tests.servers import binary  # brings a driver along, which is not to count in a measured process

    try:
        said = subprocess.run([binary("postgres"), "--version"], capture_output=True, text=True, check=True).stdout
    except RuntimeError:
        return "not installed"
    return said.split()[2]


def _status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
