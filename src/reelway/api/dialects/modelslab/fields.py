"""The fields of one request, read the way ModelsLab's clients write them: padded names, numbers as text, nulls."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from reelway.errors import InvalidRequest

NUMBER_MAX: Final = 10**12
_DECIMAL: Final = re.compile(r"[+-]?\d{1,13}(\.\d{0,9})?", re.ASCII)
_WORDS: Final = {
    "yes": True,
    "true": True,
    "on": True,
    "1": True,
    "no": False,
    "false": False,
    "off": False,
    "0": False,
}


class Fields:
    """A JSON object or a form. Null and blank text are the same as absent; an uploaded file is `bytes`."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values: dict[str, Any] = {}
        for name, value in values.items():
            trimmed = name.strip()  # "track_id " is in ModelsLab's own documents
            if name == trimmed or trimmed not in values:
                self.values[trimmed] = value

    def get(self, name: str) -> Any:
        """As sent, or None."""
        value = self.values.get(name)
        return None if isinstance(value, str | bytes) and not value.strip() else value

    def text(self, name: str) -> str | None:
        """Raises InvalidRequest for what is no text."""
        value = self.get(name)
        if value is not None and not isinstance(value, str):
            raise _wrong(name, value, "a string")
        return value

    def number(self, name: str, unit: str = "") -> Fraction | None:
        """Exact; `5`, `5.0`, "5" and, with the unit "s", "5s". Raises InvalidRequest also for a negative one."""
        value = self.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise _wrong(name, value, "a number")
        number = _from_text(value, unit) if isinstance(value, str) else _from_number(value)
        if number is None:
            raise _wrong(name, value, "a number")
        if not 0 <= number <= NUMBER_MAX:
            raise InvalidRequest(f"{name} {str(value)[:40]} is not possible; 0 to {NUMBER_MAX} is", param=name)
        return number

    def whole(self, name: str) -> int | None:
        """Like `number`; raises InvalidRequest for one with a fraction."""
        number = self.number(name)
        if number is None:
            return None
        if number.denominator != 1:
            raise _wrong(name, self.get(name), "a whole number")
        return int(number)

    def flag(self, name: str) -> bool | None:
        """true, 1, "true", "yes" … or their opposites; raises InvalidRequest for anything else."""
        value = self.get(name)
        if value is None or isinstance(value, bool):
            return value
        known = _WORDS.get(str(value).strip().lower()) if isinstance(value, str | int) else None
        if known is None:
            raise _wrong(name, value, "true, false, yes or no")
        return known

    def listed(self, name: str) -> list[Any]:
        """One value or a list of them; empty ones are left out."""
        value = self.get(name)
        values = value if isinstance(value, list) else [value]
        return [v for v in values if v is not None and not (isinstance(v, str | bytes) and not v.strip())]


def _from_number(value: int | float) -> Fraction | None:
    if value != value:  # NaN
        return None
    if abs(value) > NUMBER_MAX * 1000:  # exact enough to be refused, small enough to be cheap
        return Fraction(NUMBER_MAX + 1) if value > 0 else Fraction(-1)
    return Fraction(str(value))


def _from_text(text: str, unit: str) -> Fraction | None:
    bare = text.strip().lower()
    if unit:
        bare = bare.removesuffix(unit).strip()
    return Fraction(bare) if _DECIMAL.fullmatch(bare) else None


def _wrong(name: str, value: Any, wanted: str) -> InvalidRequest:
    if isinstance(value, bytes):
        shown = "an uploaded file"
    elif isinstance(value, dict | list):
        shown = "an object" if isinstance(value, dict) else "a list"
    else:
        shown = repr(value)[:40]
    return InvalidRequest(f"{name} is {shown}; it must be {wanted}", param=name)
