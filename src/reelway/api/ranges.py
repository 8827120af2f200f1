"""The one range of bytes that a request asks for. RFC 9110, section 14."""

import re
from typing import Final

_ONE: Final = re.compile(r"\s*bytes\s*=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range lies beyond the end."""


def range_of(header: str, size_bytes: int) -> tuple[int, int] | None:
    """Start, and end (not included), in a file of that size; raises Unsatisfiable.

    None is the whole file: no range, one that says nothing we know, or several, which may be answered so.
    """
    found = _ONE.fullmatch(header)
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":  # the last so many
        start, end = max(size_bytes - int(found[2]), 0), size_bytes
    else:
        start = int(found[1])
        end = min(int(found[2]) + 1, size_bytes) if found[2] else size_bytes
        if found[2] and int(found[2]) < start:
            return None
    if start >= min(end, size_bytes):
        raise Unsatisfiable
    return start, end
