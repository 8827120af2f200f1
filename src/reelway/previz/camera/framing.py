"""What a shot size, a lens and an angle ask of the camera, before it moves."""

import math

import numpy as np

from reelway.previz.camera.rig import REACH_MAX, Rig
from reelway.previz.geometry import Pose

# How much of the picture's height the subject's length would fill; more than 1 cuts it.
SIZES = {"wide": 0.16, "full": 0.55, "medium": 1.0, "close": 1.9, "extreme": 3.6}
# The same where there is no subject: how much nearer than the place's own view (a logarithm).
VIEWS = {"wide": -0.45, "full": -0.15, "medium": 0.2, "close": 0.7, "extreme": 1.1}
# Vertical degrees; a full-frame lens of 18, 40, 85 and 100 mm.
LENSES = {"wide": 67.0, "normal": 34.0, "long": 16.0, "macro": 14.0}
# How far up from the middle of an upright subject to its face a size looks.
FACING = {"medium": 0.3, "close": 0.85, "extreme": 1.0}
KEPT = 0.75  # how much of a lens's enlargement the camera makes good by its distance
ANGLES = {
    "low": Rig(up=-0.22, tilt=0.10),
    "eye": Rig(),
    "high": Rig(up=0.55),
    "overhead": Rig(up=1.6, nearer=0.5),
}


def framing(
    rest: Pose, length: float | None, face: float, *, size: str | None, lens: str | None, angle: str | None
) -> Rig:
    """The stance for a subject `length` metres long (None where there is none), `face` metres from its middle up."""
    rig = ANGLES[angle] if angle else Rig()
    fov = rest.fov
    if lens is not None:
        stretch = math.log(math.tan(math.radians(rest.fov) / 2) / math.tan(math.radians(LENSES[lens]) / 2))
        rig += Rig(zoom=stretch, nearer=-KEPT * stretch)
        fov = LENSES[lens]
    if lens == "macro" and size is None:
        size = "close"
    if size is None:
        return rig
    nearer = _to_size(rest, fov, length, size) - (rig.nearer if length else 0.0)
    return rig + Rig(nearer=nearer, lift=_lift(rest, face, size))


def to_size(rest: Pose, length: float | None, face: float, size: str) -> Rig:
    """How the camera stands for a size, from `rest`."""
    return Rig(nearer=_to_size(rest, rest.fov, length, size), lift=_lift(rest, face, size))


def _lift(rest: Pose, face: float, size: str) -> float:
    reach = min(float(np.linalg.norm(rest.target - rest.eye)), REACH_MAX)
    return face * FACING.get(size, 0.0) / max(reach, 1e-6)


def _to_size(rest: Pose, fov: float, length: float | None, size: str) -> float:
    if length is None:
        return VIEWS[size]
    wanted = length / (SIZES[size] * 2 * math.tan(math.radians(fov) / 2))
    return math.log(max(float(np.linalg.norm(rest.target - rest.eye)), 1e-6) / wanted)
