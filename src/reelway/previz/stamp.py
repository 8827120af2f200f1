"""Whether the compiled kernels on disk fit this machine: read without importing numba."""

import hashlib
import json
import platform
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

NAME = "previz-warm.json"
HERE = Path(__file__).parent
# The files that hold what is compiled. numba looks at their time and size, so those are part of the key.
KERNEL_FILES = (
    HERE / "spmd" / "kernels.py",
    HERE / "picture" / "kernels.py",
    HERE / "picture" / "flow.py",
)


def cache_folder(cache_dir: Path) -> Path:
    """Where numba keeps what it compiles."""
    return cache_dir / "numba"


def is_fresh(cache_dir: Path) -> bool:
    """True if everything was compiled here for these very kernels, this numba and this processor."""
    try:
        stamp = json.loads((cache_dir / NAME).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    if not isinstance(stamp, dict) or stamp.get("key") != key():
        return False
    return _compiled(cache_dir) >= int(stamp.get("files", 1))


def write(cache_dir: Path) -> None:
    """Say that everything is compiled."""
    text = json.dumps({"key": key(), "files": _compiled(cache_dir)})
    part = cache_dir / f".{NAME}.part"
    part.write_text(text, "utf-8")
    part.replace(cache_dir / NAME)


def key() -> str:
    """A digest of everything that makes numba compile anew."""
    parts = [sys.version, platform.machine(), _processor()]
    parts += [f"{name} {metadata.version(name)}" for name in ("numba", "llvmlite", "numpy")]
    for path in KERNEL_FILES:
        found = path.stat()
        parts.append(f"{path} {found.st_mtime_ns} {found.st_size}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _compiled(cache_dir: Path) -> int:
    folder = cache_folder(cache_dir)
    return sum(1 for pattern in ("*.nbc", "*.o") for _ in folder.rglob(pattern))


@cache
def _processor() -> str:
    """Model and features: numba compiles for exactly these."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor()
    wanted = ("vendor_id", "cpu family", "model", "flags", "Features", "CPU part")
    seen = {line.partition(":")[0].strip(): line for line in lines if line.partition(":")[0].strip() in wanted}
    return "\n".join(seen.values())
