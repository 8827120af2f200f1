"""The numba kernel that stretches a small lattice of numbers to a smooth, repeating map."""
# numba compiles it, and its decorators have no types:
# mypy: ignore-errors

import numba
import numpy as np


@numba.njit(nogil=True, cache=True, error_model="numpy")
def stretch(values, taps, weights):
    """Four-tap interpolation along both axes: `taps` (4, size) says where, `weights` (4, size) how much."""
    count = values.shape[0]
    size = taps.shape[1]
    rows = np.empty((size, count), np.float32)
    for j in range(size):
        for i in range(count):
            total = np.float32(0)
            for k in range(4):
                total += values[taps[k, j], i] * weights[k, j]
            rows[j, i] = total
    out = np.empty((size, size), np.float32)
    for j in range(size):
        for i in range(size):
            total = np.float32(0)
            for k in range(4):
                total += rows[j, taps[k, i]] * weights[k, i]
            out[j, i] = total
    return out
