"""How far everything is, as 16 bits a pixel."""

import numpy as np
import numpy.typing as npt

from reelway.previz.geometry import Floats

NEAR_M = 0.05
FAR_M = 5000.0
LEVELS = 65534
_SPAN = float(np.log(FAR_M / NEAR_M))


def along_view(away: Floats, camera: Floats) -> npt.NDArray[np.float64]:
    """Depth before the camera's plane, from distance to its eye (see `spmd.layout` for `camera`)."""
    height, width = away.shape
    u = (2 * (np.arange(width) + 0.5) - width) / height
    v = (2 * (np.arange(height) + 0.5) - height) / height
    focal = float(camera[12])
    return np.asarray(away * (focal / np.sqrt(u[None, :] ** 2 + v[:, None] ** 2 + focal**2)), np.float64)


def to_levels(metres: npt.NDArray[np.float64], nothing: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint16]:
    """The logarithm of depth from 1 to 65535, equally exact near and far; 0 where there is `nothing` but sky."""
    share = np.log(np.clip(metres, NEAR_M, FAR_M) / NEAR_M) / _SPAN
    return np.where(nothing, 0, np.round(1 + LEVELS * share)).astype(np.uint16)


def to_metres(levels: npt.NDArray[np.uint16]) -> npt.NDArray[np.float64]:
    """What `to_levels` was given, to 0.02 %; infinite for the sky."""
    metres = NEAR_M * np.exp((levels.astype(np.float64) - 1) / LEVELS * _SPAN)
    return np.where(levels == 0, np.inf, metres)


def scale() -> dict[str, object]:
    """How to read the pixels."""
    return {
        "unit": "m",
        "near": NEAR_M,
        "far": FAR_M,
        "metres": "near * (far / near) ** ((value - 1) / 65534)",
        "value_0": "nothing: the sky",
        "measured": "along the view, from the camera's plane",
    }
