"""Drawing particles into light: soft discs and streaks, hidden by what is nearer."""

import numpy as np

from reelway.previz.geometry import Floats
from reelway.previz.spmd.native import function


def splat(
    light: Floats,
    depth: Floats,
    xs: Floats,
    ys: Floats,
    zs: Floats,
    radii: Floats,
    colours: Floats,
    alphas: Floats,
    add: float,
    soft: float,
) -> None:
    """Soft discs; `add` 1 adds light, 0 covers; they fade within `soft` metres before a surface."""
    points = (np.ascontiguousarray(values, np.float64) for values in (xs, ys, zs, radii, colours, alphas))
    function("splat")(light, depth, *points, add, soft)


def streak(
    light: Floats,
    depth: Floats,
    x0: Floats,
    y0: Floats,
    x1: Floats,
    y1: Floats,
    zs: Floats,
    widths: Floats,
    colour: Floats,
) -> None:
    """Thin bright lines that fade at both ends."""
    points = (np.ascontiguousarray(values, np.float64) for values in (x0, y0, x1, y1, zs, widths, colour))
    function("streak")(light, depth, *points)
