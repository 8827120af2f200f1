"""The numba kernels of image-to-video: a blur for maps, and the parallax warp."""
# numba compiles these, and its decorators have no types:
# mypy: ignore-errors

import math

import numba
import numpy as np

kernel = numba.njit(nogil=True, fastmath=True, cache=True, error_model="numpy")


@kernel
def box_blur(src, reach):
    """Mean over a square of side 2 * reach + 1, by running sums; edges held."""
    height, width = src.shape
    half = np.empty_like(src)
    out = np.empty_like(src)
    size = 2 * reach + 1
    for j in range(height):
        total = 0.0
        for k in range(-reach, reach + 1):
            total += src[j, min(max(k, 0), width - 1)]
        for i in range(width):
            half[j, i] = total / size
            total += src[j, min(i + reach + 1, width - 1)] - src[j, max(i - reach, 0)]
    for i in range(width):
        total = 0.0
        for k in range(-reach, reach + 1):
            total += half[min(max(k, 0), height - 1), i]
        for j in range(height):
            out[j, i] = total / size
            total += half[min(j + reach + 1, height - 1), i] - half[max(j - reach, 0), i]
    return out


@kernel
def warp(image, near, out, zoom, shift_x, shift_y, roll, dolly):
    """See `image` from a moved camera: `near` (0 far, 1 near) says how much each pixel moves.

    The map is smooth, so the way back from a target pixel to its source is found in a few steps and nothing tears.
    Shifts are in pixels of the nearest layer; `dolly` is how much larger the nearest layer becomes.
    """
    height, width, _ = image.shape
    c = math.cos(roll)
    s = math.sin(roll)
    cx = width * 0.5
    cy = height * 0.5
    for j in range(height):
        for i in range(width):
            dx = i + 0.5 - cx
            dy = j + 0.5 - cy
            x = (c * dx - s * dy) / zoom
            y = (s * dx + c * dy) / zoom
            u = x + cx - 0.5
            v = y + cy - 0.5
            for _step in range(5):
                a = min(max(u, 0.0), width - 1.001)
                b = min(max(v, 0.0), height - 1.001)
                i0 = int(a)
                j0 = int(b)
                p = a - i0
                q = b - j0
                top = near[j0, i0] * (1 - p) + near[j0, i0 + 1] * p
                low = near[j0 + 1, i0] * (1 - p) + near[j0 + 1, i0 + 1] * p
                d = top * (1 - q) + low * q
                scale = 1.0 + dolly * d
                u = x / scale - shift_x * d + cx - 0.5
                v = y / scale - shift_y * d + cy - 0.5
            a = min(max(u, 0.0), width - 1.001)
            b = min(max(v, 0.0), height - 1.001)
            i1 = int(a)
            j1 = int(b)
            p = a - i1
            q = b - j1
            # Catmull-Rom, so that a moved picture is as sharp as a still one.
            wx0 = p * (-0.5 + p * (1.0 - 0.5 * p))
            wx1 = 1.0 + p * p * (-2.5 + 1.5 * p)
            wx2 = p * (0.5 + p * (2.0 - 1.5 * p))
            wx3 = p * p * (-0.5 + 0.5 * p)
            wy0 = q * (-0.5 + q * (1.0 - 0.5 * q))
            wy1 = 1.0 + q * q * (-2.5 + 1.5 * q)
            wy2 = q * (0.5 + q * (2.0 - 1.5 * q))
            wy3 = q * q * (-0.5 + 0.5 * q)
            i0 = max(i1 - 1, 0)
            i2 = min(i1 + 1, width - 1)
            i3 = min(i1 + 2, width - 1)
            j0 = max(j1 - 1, 0)
            j2 = min(j1 + 1, height - 1)
            j3 = min(j1 + 2, height - 1)
            for k in range(3):
                r0 = image[j0, i0, k] * wx0 + image[j0, i1, k] * wx1 + image[j0, i2, k] * wx2 + image[j0, i3, k] * wx3
                r1 = image[j1, i0, k] * wx0 + image[j1, i1, k] * wx1 + image[j1, i2, k] * wx2 + image[j1, i3, k] * wx3
                r2 = image[j2, i0, k] * wx0 + image[j2, i1, k] * wx1 + image[j2, i2, k] * wx2 + image[j2, i3, k] * wx3
                r3 = image[j3, i0, k] * wx0 + image[j3, i1, k] * wx1 + image[j3, i2, k] * wx2 + image[j3, i3, k] * wx3
                x4 = r0 * wy0 + r1 * wy1 + r2 * wy2 + r3 * wy3
                out[j, i, k] = np.uint8(min(max(x4 + 0.5, 0.0), 255.0))
