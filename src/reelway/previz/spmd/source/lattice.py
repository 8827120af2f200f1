"""Stretching a small lattice of numbers to a smooth, repeating map."""
# mypy: ignore-errors

import numpy as np

from reelway.previz.spmd.source.maths import exact


@exact
def stretch(values, taps, weights, rows, out):
    """Four-tap interpolation along both axes: `taps` (4, size) says where, `weights` (4, size) how much."""
    count = values.shape[0]
    size = taps.shape[1]
    for j in range(size):
        for i in range(count):
            total = np.float32(0)
            for k in range(4):
                total += values[taps[k, j], i] * weights[k, j]
            rows[j, i] = total
    for j in range(size):
        for i in range(size):
            total = np.float32(0)
            for k in range(4):
                total += rows[j, taps[k, i]] * weights[k, i]
            out[j, i] = total
