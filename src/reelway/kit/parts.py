"""A file that is being made lies beside its place, under a name that says by which process, until it is whole."""

import os
from pathlib import Path


def part_path(output: Path, name: str = "") -> Path:
    """Where this process writes `output`, or the file called `name` that goes with it."""
    return output.with_name(f".{output.name}.{os.getpid()}.{name}{'.' if name else ''}part")


def sweep(output: Path, *, by: int) -> None:
    """Remove what a process that was stopped, or is dead, was writing; another may be writing the same."""
    for part in output.parent.glob(".*.part"):
        if part.name.startswith(f".{output.name}.{by}."):
            part.unlink(missing_ok=True)
