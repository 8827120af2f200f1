"""Where the bitcode of the kernels comes from: it lies beside this file, or is made by numba when it is out of date."""

import hashlib
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from reelway.previz.spmd.entries import UNITS

HERE = Path(__file__).parent
KERNELS = HERE / "kernels.py"


def path_of(unit: str) -> Path:
    """The shipped bitcode of `unit`."""
    return HERE / f"{unit}.bc.xz"


@cache
def digest() -> str:
    """Says which kernels a bitcode was made of."""
    text = KERNELS.read_bytes() + repr(UNITS).encode()
    return hashlib.sha256(text).hexdigest()


def bitcode(unit: str) -> bytes:
    """The packed bitcode of `unit`; one that was made of other kernels is made anew, which takes half a minute."""
    shipped = _fresh(path_of(unit))
    if shipped is not None:
        return shipped
    folder = os.environ.get("NUMBA_CACHE_DIR")
    own = None if folder is None else Path(folder) / f"{unit}-{digest()[:24]}.bc.xz"
    made = None if own is None else _fresh(own)
    if made is None:
        made = make(unit)
        if own is not None:
            own.parent.mkdir(parents=True, exist_ok=True)
            write(own, made)
    return made


def make(unit: str) -> bytes:
    """Have numba make it, in a process of its own: its settings are read when it is imported."""
    command = [sys.executable, "-m", "reelway.previz.spmd.build", unit]
    root = str(HERE.parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(paths),
        "NUMBA_OPT": "1",
        "NUMBA_LOOP_VECTORIZE": "0",
        "NUMBA_SLP_VECTORIZE": "0",
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
    }
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return done.stdout


def write(path: Path, packed: bytes) -> None:
    """Keep it with the digest of the kernels it was made of."""
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(bytes.fromhex(digest()) + packed)
    part.replace(path)


def _fresh(path: Path) -> bytes | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data[32:] if data[:32].hex() == digest() else None
