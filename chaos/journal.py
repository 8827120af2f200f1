"""Append-only records of what a process saw: one JSON object a line, on the disk before anybody is answered."""

import json
import os
import time
from pathlib import Path
from typing import Any


class Journal:
    """One file, one writer. `at_ms` of each line is the machine's monotonic clock, the same for all processes."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)

    def write(self, what: str, **facts: Any) -> None:
        """A line; returns when it would survive a power cut."""
        line = {"at_ms": time.monotonic_ns() // 1_000_000, "what": what} | facts
        self._file.write(json.dumps(line).encode() + b"\n")
        os.fdatasync(self._file.fileno())

    def close(self) -> None:
        """No more lines."""
        self._file.close()


def read(path: Path) -> list[dict[str, Any]]:
    """Every line, in order."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
