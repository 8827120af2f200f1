"""How a move starts and stops: each is a function from 0..1 to 0..1, held outside."""

from collections.abc import Callable

from reelway.previz.geometry import ease

Ease = Callable[[float], float]
SNAP = 0.3  # share of a leg that a sudden move takes


def _held(s: float) -> float:
    return min(max(s, 0.0), 1.0)


def _glide(s: float) -> float:
    return 0.6 * ease(s) + 0.4 * _held(s)


def _arrive(s: float) -> float:
    s = _held(s)
    return s * (2.0 - s)


def _leave(s: float) -> float:
    return _held(s) ** 2


def _whip(s: float) -> float:
    s = _held(s)
    return s * s * s * (s * (6 * s - 15) + 10)


EASES: dict[str, Ease] = {
    "glide": _glide,  # moving from the first frame to the last
    "smooth": ease,  # from a stand to a stand
    "arrive": _arrive,  # moving at first, then to a stand
    "leave": _leave,  # from a stand, moving at the end
    "snap": lambda s: ease(s / SNAP),
    "whip": _whip,
    "cut": lambda s: 0.0 if s < 0 else 1.0,
}
