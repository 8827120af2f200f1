"""A file that is being made lies beside its place, under a name that says by which process, until it is whole."""

import os
from pathlib import Path


def part_path(output: Path, name: str = "") -> Path:
    """Where this process writes `output`, or the file called `name` that goes with it."""
    return output.with_name(f".{output.name}.{os.getpid()}.{name}{'.' if name else ''}part")


def sweep(output: Path, *, by: int | None = None) -> None:
    """Remove what a stopped or dead process was writing; without `by`, whichever it was."""
    start = f".{output.name}." if by is None else f".{output.name}.{by}."
    for part in output.parent.glob(".*.part"):
        if part.name.startswith(start):
            part.unlink(missing_ok=True)
