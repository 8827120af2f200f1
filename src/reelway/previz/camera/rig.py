"""How far a camera is from its rest. What several moves do at once or one after the other is simply added up."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np

from reelway.previz.geometry import Pose, Vector, turn_y, unit

REACH_MAX = 60.0  # metres: a target further away is a view, and a move is as large as it would be at this distance
PITCH_MAX = math.radians(84)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """Lengths are shares of the reach (eye to target at rest), angles are radians; all zero is the rest itself."""

    nearer: float = 0.0  # logarithm: -0.69 is twice as far from the target
    ahead: float = 0.0  # eye and target, along the view
    right: float = 0.0  # eye and target, across the view
    up: float = 0.0  # the eye alone; the target is held
    lift: float = 0.0  # eye and target, upwards
    orbit: float = 0.0  # round the target, to the camera's right
    pan: float = 0.0  # to the right
    tilt: float = 0.0  # up
    roll: float = 0.0
    zoom: float = 0.0  # logarithm of the focal length
    focus: float = 0.0  # 0 on the target, -1 on what is near, 1 on what is far

    def __add__(self, other: "Rig") -> "Rig":
        return Rig(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})

    def __mul__(self, factor: float) -> "Rig":
        return Rig(**{f.name: getattr(self, f.name) * factor for f in fields(self)})

    @property
    def turn(self) -> float:
        """Its largest angle."""
        return max(abs(self.orbit), abs(self.pan), abs(self.tilt))


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One kind of camera move: its words, and what a whole leg of it changes."""

    words: str  # name it wherever they stand
    verbs: str = ""  # name it when it is the camera that does so
    ways: Mapping[str, Rig]  # what five seconds at an ordinary pace change; the first is meant when none is named
    elsewhere: Mapping[str, str] = field(default_factory=dict)  # a way that is another move: {"out": "pull"}
    rests: float = 0.5  # share of the change that lies before the rest
    stance: Rig = Rig()  # held while it lasts
    planted: bool = False  # it stands on the ground; else it goes with the subject
    turns: bool = False  # it looks away: before another move it ends on the subject, after one it begins there
    brief_s: float | None = None  # it takes this long, whatever the length of the clip
    sway: Callable[[float], Rig] | None = None  # what never comes to rest, by the second


def posed(rest: Pose, rig: Rig) -> Pose:
    """The camera, moved from `rest` by `rig`."""
    arm = turn_y(-rig.orbit) @ (rest.eye - rest.target)
    whole = float(np.linalg.norm(arm))
    reach = min(whole, REACH_MAX)
    # A far view comes nearer by as much as a thing at the reach would; only what is near is approached all the way.
    eye = rest.target + arm * (1 + (math.exp(-rig.nearer) - 1) * reach / max(whole, 1e-9))
    forward = unit((rest.target - eye) * (1.0, 0.0, 1.0))
    right = np.array([forward[2], 0.0, -forward[0]])
    shift = (right * rig.right + unit(rest.target - eye) * rig.ahead + np.array([0.0, rig.lift, 0.0])) * reach
    eye = eye + shift + np.array([0.0, rig.up * reach, 0.0])
    return replace(
        rest,
        eye=eye,
        target=eye + turned(rest.target + shift - eye, rig.pan, rig.tilt),
        fov=zoomed(rest.fov, rig.zoom),
        roll=rest.roll + rig.roll,
    )


def turned(view: Vector, pan: float, tilt: float) -> Vector:
    """`view` after the head has turned; never further than almost straight up or down."""
    flat = math.hypot(view[0], view[2])
    length = math.hypot(flat, view[1])
    level = math.atan2(view[1], flat)
    pitch = min(max(level + tilt, min(level, -PITCH_MAX)), max(level, PITCH_MAX)) if tilt else level
    heading = math.atan2(view[0], view[2]) + pan
    return np.array(
        [
            length * math.cos(pitch) * math.sin(heading),
            length * math.sin(pitch),
            length * math.cos(pitch) * math.cos(heading),
        ]
    )


def zoomed(fov: float, zoom: float) -> float:
    """Vertical degrees after the focal length has changed by the factor exp(zoom)."""
    return math.degrees(2 * math.atan(math.tan(math.radians(fov) / 2) * math.exp(-zoom)))
