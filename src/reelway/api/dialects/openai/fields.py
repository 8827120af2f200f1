"""Single fields of a request: strict about meaning, tolerant of numbers sent as text, since forms have nothing else."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from reelway.errors import InvalidRequest

_NUMBER: Final = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)
_INTEGER: Final = re.compile(r"-?\d{1,15}", re.ASCII)
_SIZE: Final = re.compile(r"(\d{1,5})x(\d{1,5})", re.ASCII)
_RESOLUTION: Final = re.compile(r"(\d{1,5})p?", re.ASCII)
_INTEGER_MAX: Final = 10**15
_KINDS: Final = {
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def wrong_type(param: str, expected: str, value: Any) -> InvalidRequest:
    """The API's own words."""
    kind = _KINDS.get(type(value), "a file")
    return InvalidRequest(
        f"Invalid type for '{param}': expected {expected}, but got {kind} instead.", param=param, code="invalid_type"
    )


def text(values: Mapping[str, Any], param: str, chars_max: int) -> str | None:
    """None when not said."""
    value = values.get(param)
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong_type(param, "a string", value)
    if len(value) > chars_max:
        raise InvalidRequest(
            f"Invalid '{param}': string too long. Expected at most {chars_max} characters, got {len(value)}.",
            param=param,
            code="string_above_max_length",
        )
    return value


def integer(values: Mapping[str, Any], param: str) -> int | None:
    """None when not said; `24`, `"24"` and `24.0` are the same."""
    value = values.get(param)
    if value is None:
        return None
    if isinstance(value, str):
        if not _INTEGER.fullmatch(value.strip()):
            raise InvalidRequest(f"{param} {value[:40]!r} is not an integer", param=param, code="invalid_value")
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise wrong_type(param, "an integer", value)
    if abs(value) > _INTEGER_MAX:
        raise InvalidRequest(f"{param} {value:g} is not possible", param=param, code="invalid_value")
    return int(value)


def seconds(values: Mapping[str, Any], param: str) -> Fraction | None:
    """None when not said; `4`, `"4"` and `"4.0"` are the same."""
    value = values.get(param)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise wrong_type(param, "a string", value)
    shown = str(value).strip()
    if not _NUMBER.fullmatch(shown):
        raise InvalidRequest(f"{param} {shown[:40]!r} is not a number of seconds", param=param, code="invalid_value")
    return Fraction(shown)


def listed(values: Mapping[str, Any], param: str) -> list[str]:
    """A list of names, or one text with commas; empty when not said."""
    value = values.get(param)
    named = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(name, str) for name in named):
        raise wrong_type(param, "an array of strings", next(name for name in named if not isinstance(name, str)))
    return [name for text in named for name in map(str.strip, text.split(",")) if name]


def boolean(values: Mapping[str, Any], param: str) -> bool | None:
    """None when not said."""
    value = values.get(param)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false", "1", "0"):
        return value.strip().lower() in ("true", "1")
    raise wrong_type(param, "a boolean", value)


def size(values: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """`size` as "1280x720", or `width` and `height`."""
    said = text(values, "size", 40)
    if said is None:
        return integer(values, "width"), integer(values, "height")
    found = _SIZE.fullmatch(said.strip().lower())
    if found is None:
        raise InvalidRequest(f"size {said!r} is not like 1280x720", param="size", code="invalid_value")
    if values.get("width") is not None or values.get("height") is not None:
        raise InvalidRequest("give size, or width and height, not both", param="size", code="invalid_value")
    return int(found[1]), int(found[2])


def resolution(values: Mapping[str, Any]) -> int | None:
    """The shorter side: 720, "720" or "720p"."""
    value = values.get("resolution")
    if not isinstance(value, str):
        return integer(values, "resolution")
    found = _RESOLUTION.fullmatch(value.strip().lower())
    if found is None:
        raise InvalidRequest(f"resolution {value[:40]!r} is not like 720p", param="resolution", code="invalid_value")
    return int(found[1])


def track_id(values: Mapping[str, Any]) -> str | int | float | None:
    """The caller's own mark, kept as it was sent."""
    value = values.get("track_id")
    if isinstance(value, str):
        return text(values, "track_id", 500)
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise wrong_type("track_id", "a string or a number", value)
