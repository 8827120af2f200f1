"""What a check of the doctor found."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Status(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"  # works, but look at it
    FAIL = "fail"  # the server will not start, or will not serve


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line."""

    check: str
    status: Status
    detail: str
    mend: str = ""


Looked: TypeAlias = tuple[Status, str, str]
"""Status, detail, and the way to mend it."""


def ok(detail: str) -> Looked:
    """Nothing to mend."""
    return Status.OK, detail, ""
