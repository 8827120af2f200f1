"""Data to stdout, everything else to stderr; readable without colour."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

_SAY_EVERY_S: Final = 0.1


def note(text: str = "") -> None:
    """For people: to stderr, so that a pipe gets nothing but data."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def say_progress() -> Iterator[Callable[[str, int, int], None]]:
    """Call what it yields with what is done, how much and of how much: one line that changes, on a terminal only."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    said_at_s, said = 0.0, ""

    def say(what: str, done: int, total: int) -> None:
        nonlocal said_at_s, said
        if what != said or done >= total or time.monotonic() - said_at_s > _SAY_EVERY_S:
            said_at_s, said = time.monotonic(), what
            print(f"\r\033[K{what}  {done} of {total}", end="", file=sys.stderr, flush=True)

    try:
        yield say
    finally:
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """Data for programs."""
    print(json.dumps(value, indent=2, default=str))


def print_listing(rows: Sequence[Mapping[str, Any]], *, as_json: bool, columns: Sequence[str], none: str) -> None:
    """All fields as a JSON list, or `columns` as a table; `none` goes to stderr when there are no rows."""
    if as_json:
        print_json(rows)
    elif not rows:
        note(none)
    else:
        print_table([[column.replace("_", " ") for column in columns], *([row[c] for c in columns] for row in rows)])


def print_table(lines: Sequence[Sequence[Any]]) -> None:
    """Cells in columns of equal width; None and empty ones are a dash."""
    cells = [["-" if cell is None or cell == "" else str(cell) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def instant(ms: int | None) -> str | None:
    """`2026-11-22T10:00:00Z`; None stays None."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
