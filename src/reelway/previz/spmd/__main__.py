"""`python -m reelway.previz.spmd`: write `kernels.py` and its bitcode anew; needs numba, and ruff to format it."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from reelway.previz.spmd import shipped
from reelway.previz.spmd.entries import UNITS
from reelway.previz.spmd.generate import HERE, kernels


def main() -> None:
    target = HERE / "kernels.py"
    target.write_text(kernels(), "utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(target)], check=True)
    sys.stderr.write(f"{target}: {len(target.read_text('utf-8').splitlines())} lines\n")
    with ThreadPoolExecutor() as side_by_side:
        for unit, packed in zip(UNITS, side_by_side.map(shipped.make, UNITS), strict=True):
            shipped.write(shipped.path_of(unit), packed)
            sys.stderr.write(f"{shipped.path_of(unit)}: {len(packed)} bytes\n")


if __name__ == "__main__":
    main()
