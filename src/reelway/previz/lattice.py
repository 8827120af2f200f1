"""Stretching a small lattice of numbers to a smooth, repeating map."""

import numpy as np
import numpy.typing as npt

from reelway.previz.geometry import Floats
from reelway.previz.spmd.native import function


def stretch(values: Floats, taps: npt.NDArray[np.int64], weights: Floats) -> Floats:
    """Four-tap interpolation along both axes: `taps` (4, size) says where, `weights` (4, size) how much."""
    size = taps.shape[1]
    rows = np.empty((size, len(values)), np.float32)
    out = np.empty((size, size), np.float32)
    function("stretch")(values, taps, weights, rows, out)
    return out
