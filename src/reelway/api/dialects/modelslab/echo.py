"""The caller's own parameters as `meta` gives them back: never the key, never a whole picture, bounded."""

from typing import Any, Final

from reelway.api.dialects.modelslab.fields import Fields

_FIELDS_MAX: Final = 64
_NAME_CHARS_MAX: Final = 64
_TEXT_CHARS_MAX: Final = 512
_LIST_MAX: Final = 16
_ANSWERED_OTHERWISE: Final = frozenset({"key", "prompt", "negative_prompt"})


def echo_of(fields: Fields) -> dict[str, Any]:
    """Booleans as yes and no, nulls kept, as documented; what is long or nested is cut or left out."""
    kept: dict[str, Any] = {}
    for name, value in fields.values.items():
        if name in _ANSWERED_OTHERWISE or len(name) > _NAME_CHARS_MAX or isinstance(value, dict):
            continue
        kept[name] = [_scalar(v) for v in value[:_LIST_MAX]] if isinstance(value, list) else _scalar(value)
        if len(kept) == _FIELDS_MAX:
            break
    return kept


def _scalar(value: Any) -> str | int | float | None:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return f"(a file of {len(value)} bytes)"
    if isinstance(value, str):
        return value if len(value) <= _TEXT_CHARS_MAX else f"{value[:64]}… ({len(value)} characters)"
    if value is None or isinstance(value, int | float):
        return value
    return None
