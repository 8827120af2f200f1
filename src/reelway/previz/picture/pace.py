"""How fast, and which way, a source clip is played."""

import re
from dataclasses import dataclass

SPEED_MIN, SPEED_MAX = 0.125, 16.0
SAME = 1.05  # a length that differs by less than this is the same

_SLOW = re.compile(
    r"\b(?:slow[- ]?mo(?:tion)?|slow(?:ed)? (?:it )?down|slower|half speed|bullet time|zeitlupe)\b", re.IGNORECASE
)
_FAST = re.compile(
    r"\b(?:speed(?:ed)?[- ]?(?:it )?up|sped up|fast[- ]?motion|fast forward|faster|double speed|accelerated?)\b",
    re.IGNORECASE,
)
_LAPSE = re.compile(r"\b(?:time-?\s?lapse|hyper-?lapse|zeitraffer)\b", re.IGNORECASE)
_BACK = re.compile(r"\b(?:revers(?:e|ed)|backwards?|rewind|rewound|in reverse|rueckwaerts|rückwärts)\b", re.IGNORECASE)
_TIMES = re.compile(r"\b(\d+(?:\.\d+)?)\s?(?:x|times)\s?(slower|faster|slow|fast|speed)?", re.IGNORECASE)
_CAMERA = re.compile(
    r"\b(?:camera|pan|dolly|zoom|push|pull|tilt|orbit|truck)\w*\s+(?:\w+\s+){0,2}(?:backwards?)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Pace:
    """`speed` is source seconds in each second of the clip."""

    speed: float = 1.0
    backwards: bool = False

    @property
    def plain(self) -> bool:
        """As it was filmed."""
        return self.speed == 1.0 and not self.backwards


def pace_of(prompt: str, *, source_s: float, clip_s: float) -> Pace:
    """What the words ask for. Where the lengths of the two clips say how much, the whole source is fitted in."""
    slow, fast, lapse = (bool(word.search(prompt)) for word in (_SLOW, _FAST, _LAPSE))
    backwards = bool(_BACK.search(_CAMERA.sub("", prompt)))
    speed = 8.0 if lapse else 2.0 if fast else 0.5 if slow else 1.0
    if times := _TIMES.search(prompt):
        factor = float(times[1])
        named = (times[2] or "").lower()
        if factor > 0 and (named or slow or fast):
            speed = 1 / factor if named.startswith("slow") or (slow and not named.startswith("fast")) else factor
    fits = source_s / max(clip_s, 1e-6)
    if not times and ((slow and fits < 1 / SAME) or ((fast or lapse) and fits > SAME)):
        speed = fits
    return Pace(speed=min(max(speed, SPEED_MIN), SPEED_MAX), backwards=backwards)
