"""Camera moves: each is one small function from a resting pose and the clip's progress to a pose.

`s` runs from 0 to 1 and is already eased; a move is small enough to stay inside any setting.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from reelway.previz.geometry import Pose, turn_y

Move = Callable[[Pose, float], Pose]


def push(rest: Pose, s: float) -> Pose:
    """Closer by a third of the way."""
    return replace(rest, eye=rest.eye + (rest.target - rest.eye) * (0.40 * s - 0.10))


def pull(rest: Pose, s: float) -> Pose:
    """The way back."""
    return push(rest, 1.0 - s)


def pan(rest: Pose, s: float) -> Pose:
    """The head turns, left to right; the feet stand."""
    return replace(rest, target=rest.eye + turn_y(math.radians(24 * (s - 0.5))) @ (rest.target - rest.eye))


def orbit(rest: Pose, s: float) -> Pose:
    """Round the target."""
    return replace(rest, eye=rest.target + turn_y(math.radians(50 * (0.5 - s))) @ (rest.eye - rest.target))


def track(rest: Pose, s: float) -> Pose:
    """Sideways, looking along with it."""
    right = turn_y(math.pi / 2) @ (rest.target - rest.eye)
    right[1] = 0.0
    shift = right * (0.22 * (s - 0.5))
    return replace(rest, eye=rest.eye + shift, target=rest.target + shift * 0.85)


def crane(rest: Pose, s: float) -> Pose:
    """Up, with the target held."""
    reach = float(np.linalg.norm(rest.target - rest.eye))
    return replace(rest, eye=rest.eye + np.array([0.0, reach * (0.55 * s - 0.06), 0.0]))


def aerial(rest: Pose, s: float) -> Pose:
    """High up and forward."""
    away = rest.target - rest.eye
    reach = float(np.linalg.norm(away))
    flat = np.array([away[0], 0.0, away[2]])
    rise = min(reach, 45.0) * (0.95 - 0.18 * s)  # a far target is a view: keep its horizon in the picture
    eye = rest.eye - flat * (0.9 - 0.5 * s) + np.array([0.0, rise, 0.0])
    return replace(rest, eye=eye)


def static(rest: Pose, s: float) -> Pose:
    """On the tripod."""
    return rest


def handheld(rest: Pose, s: float) -> Pose:
    """On the shoulder: slow sway, never a jolt."""
    reach = float(np.linalg.norm(rest.target - rest.eye))
    sway = np.array([math.sin(17 * s) + 0.5 * math.sin(41 * s + 1), math.sin(23 * s + 2), 0.0]) * reach * 0.006
    return replace(push(rest, s * 0.4 + 0.2), target=rest.target + sway, roll=0.006 * math.sin(13 * s))


MOVES: dict[str, Move] = {
    "aerial": aerial,
    "crane": crane,
    "handheld": handheld,
    "orbit": orbit,
    "pan": pan,
    "pull": pull,
    "push": push,
    "static": static,
    "track": track,
}
