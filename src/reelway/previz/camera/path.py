"""The camera's way as data: one view a frame, for tools that draw their own pictures."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reelway.previz.geometry import Pose, Vector, camera_row


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """The camera in one frame: metres, y up, z ahead, x to the right (a left-handed world)."""

    t: float  # seconds
    eye: Vector
    target: Vector
    up: Vector
    right: Vector
    forward: Vector
    fov: float  # vertical degrees, of this picture's shape
    focus: float | None = None  # metres; None where all is sharp


def camera_path(camera: Callable[[float], Pose], *, frames: int, fps: float, aspect: float) -> list[View]:
    """The views of a clip; `camera` is a setting's."""
    return [_view(number / fps, camera(number / fps), aspect) for number in range(frames)]


def _view(t: float, pose: Pose, aspect: float) -> View:
    row = camera_row(pose, aspect).astype(np.float64)
    return View(
        t=t,
        eye=row[0:3],
        target=np.asarray(pose.target, np.float64),
        right=row[3:6],
        up=row[6:9],
        forward=row[9:12],
        fov=float(np.degrees(2 * np.arctan(1 / row[12]))),
        focus=pose.focus,
    )
