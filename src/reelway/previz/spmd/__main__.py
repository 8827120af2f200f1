"""`python -m reelway.previz.spmd`: write `kernels.py` anew; needs ruff to format it."""

import subprocess
import sys

from reelway.previz.spmd.generate import HERE, kernels


def main() -> None:
    target = HERE / "kernels.py"
    target.write_text(kernels(), "utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", str(target)], check=True)
    sys.stderr.write(f"{target}: {len(target.read_text('utf-8').splitlines())} lines\n")


if __name__ == "__main__":
    main()
