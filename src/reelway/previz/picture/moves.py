"""Camera moves over a still picture: each is one small function from progress to a shift of the camera."""

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Where the camera has moved: shares of the picture's width, radians, and how much larger the near becomes."""

    zoom: float = 1.04
    right: float = 0.0
    down: float = 0.0
    roll: float = 0.0
    dolly: float = 0.0


def push(s: float) -> Shift:
    """Into the picture."""
    return Shift(zoom=1.02 + 0.055 * s, dolly=0.12 * s)


def pull(s: float) -> Shift:
    """Out of it."""
    return push(1.0 - s)


def pan(s: float) -> Shift:
    """The view goes from left to right, so the picture goes to the left."""
    return Shift(zoom=1.13, right=0.055 * (1.0 - 2.0 * s))


def orbit(s: float) -> Shift:
    """A little way round the subject."""
    swing = math.sin((0.5 - s) * math.pi)
    return Shift(zoom=1.10, right=0.045 * swing, roll=0.006 * swing, dolly=0.03 * (1 - abs(2 * s - 1)))


def crane(s: float) -> Shift:
    """The view rises, so the picture sinks."""
    return Shift(zoom=1.13, down=0.030 * (2.0 * s - 1.0))


def static(s: float) -> Shift:
    """Held."""
    return Shift(zoom=1.0)


def handheld(s: float) -> Shift:
    """A slow sway."""
    return Shift(
        zoom=1.06,
        right=0.008 * math.sin(11 * s),
        down=0.006 * math.sin(17 * s + 1),
        roll=0.003 * math.sin(7 * s),
    )


MOVES: dict[str, Callable[[float], Shift]] = {
    "aerial": crane,
    "crane": crane,
    "handheld": handheld,
    "orbit": orbit,
    "pan": pan,
    "pull": pull,
    "push": push,
    "static": static,
    "track": pan,
}
