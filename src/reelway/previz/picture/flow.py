"""Where each pixel of one picture is in another: dense optical flow, from coarse to fine."""
# numba compiles the kernels, and its decorators have no types:
# mypy: ignore-errors

from dataclasses import dataclass

import numba
import numpy as np

from reelway.previz.picture.kernels import box_blur, kernel
from reelway.previz.picture.maps import Map, Picture, brightness, resized, shrunk, soft

SIDE = 320  # the longer side that flow is measured at
SMALLEST = 9  # the shorter side of the coarsest level
WHOLE = 48  # a level with a shorter side below this moves as a whole: shifted, turned, enlarged
ROUNDS = 5
WINDOW = 4  # pixels to each side over which a pixel's motion is the same
LIKE = 0.62  # alike: the flow explains so much of the difference that at most this share is left
ASTRAY = 0.012  # a way there and back that ends further off than this (share of the width) was no way
ASTRAY_MAX = 0.22  # share of such pixels in two views of one thing
NEAR_SAME = 0.01


@dataclass(frozen=True, slots=True)
class Flow:
    """Displacements in shares of the width and of the height; `left_over` of 1 explains nothing."""

    x: Map
    y: Map
    left_over: float

    @property
    def stacked(self) -> Map:
        """Both, as `morph` takes them."""
        return np.ascontiguousarray(np.stack([self.x, self.y]), np.float32)


def alike(there: Flow, back: Flow) -> bool:
    """Whether two pictures are views of one thing: what goes there and comes back is where it was."""
    height, width = there.x.shape
    far_x = _moved(back.x, there.x * width, there.y * height)
    far_y = _moved(back.y, there.x * width, there.y * height)
    astray = np.hypot(there.x + far_x, (there.y + far_y) * (height / width)) > ASTRAY
    return float(astray.mean()) < ASTRAY_MAX and max(there.left_over, back.left_over) < LIKE


def flow_between(first: Picture, second: Picture, side: int = SIDE) -> Flow:
    """For each pixel of `first`, how far off it is found in `second`."""
    a, b = _even_light(brightness(shrunk(first, side))), _even_light(brightness(shrunk(second, side)))
    height, width = a.shape
    sizes = [(height, width)]
    while min(sizes[-1]) > 2 * SMALLEST:
        sizes.append((sizes[-1][0] // 2, sizes[-1][1] // 2))
    u = np.zeros(sizes[-1], np.float32)
    v = np.zeros(sizes[-1], np.float32)
    for rows, columns in reversed(sizes):
        u = resized(u, columns, rows) * np.float32(columns / u.shape[1])
        v = resized(v, columns, rows) * np.float32(rows / v.shape[0])
        here, there = resized(soft(a, 0), columns, rows), resized(b, columns, rows)
        for _ in range(ROUNDS):
            _improve(here, there, u, v, box_blur)
            u, v = soft(_calmed(u), 1), soft(_calmed(v), 1)
            if min(rows, columns) < WHOLE:
                u, v = _as_a_whole(u), _as_a_whole(v)
    plain = float(np.abs(a - b).mean())
    bent = float(np.abs(a - _moved(b, u, v)).mean())
    left_over = bent / plain if plain > NEAR_SAME else 0.0
    return Flow(x=np.asarray(u / width), y=np.asarray(v / height), left_over=left_over)


def _even_light(values: Map) -> Map:
    """Without the light's slow changes, so that a darker second picture is still the same thing."""
    centred = values - soft(values, values.shape[1] / 8) * np.float32(0.7)
    return np.asarray(soft(centred.astype(np.float32), 1), np.float32)


def _improve(here: Map, there: Map, u: Map, v: Map, blur) -> None:
    """One step of Lucas and Kanade's method, in place."""
    warped = _moved(there, u, v)
    gy, gx = np.gradient(warped)
    gap = here - warped
    xx, yy, xy = (blur(np.ascontiguousarray(m, np.float32), WINDOW) for m in (gx * gx, gy * gy, gx * gy))
    xt, yt = (blur(np.ascontiguousarray(m, np.float32), WINDOW) for m in (gx * gap, gy * gap))
    firm = np.float32(4e-5)
    bottom = (xx + firm) * (yy + firm) - xy * xy
    u += np.clip(((yy + firm) * xt - xy * yt) / bottom, -1.5, 1.5)
    v += np.clip(((xx + firm) * yt - xy * xt) / bottom, -1.5, 1.5)


def _as_a_whole(values: Map) -> Map:
    """The plane that fits best: what an enlargement, a turn and a shift together do."""
    rows, columns = values.shape
    y, x = np.mgrid[0:rows, 0:columns]
    terms = np.stack([x.ravel(), y.ravel(), np.ones(values.size)], -1)
    kept = np.ones(values.size, np.bool_)
    flat = values.ravel()
    fit = np.zeros(3)
    for _ in range(3):
        fit = np.linalg.lstsq(terms[kept], flat[kept], rcond=None)[0]
        gap = np.abs(terms @ fit - flat)
        kept = gap <= max(float(np.quantile(gap, 0.7)), 1e-3)
    return np.asarray((terms @ fit).reshape(rows, columns), np.float32)


def _calmed(values: Map) -> Map:
    """The middle of each three by three: a pixel that ran away comes back."""
    out = np.empty_like(values)
    _median(np.ascontiguousarray(values, np.float32), out)
    return out


def _moved(image: Map, u: Map, v: Map) -> Map:
    out = np.empty_like(image)
    _look_up(np.ascontiguousarray(image, np.float32), u, v, out)
    return out


@kernel
def _median(src, out):
    height, width = src.shape
    near = np.empty(9, np.float32)
    for j in range(height):
        for i in range(width):
            n = 0
            for y in range(-1, 2):
                for x in range(-1, 2):
                    near[n] = src[min(max(j + y, 0), height - 1), min(max(i + x, 0), width - 1)]
                    n += 1
            for k in range(5):
                for m in range(k + 1, 9):
                    if near[m] < near[k]:
                        held = near[k]
                        near[k] = near[m]
                        near[m] = held
            out[j, i] = near[4]


@kernel
def _look_up(image, u, v, out):
    height, width = image.shape
    for j in range(height):
        for i in range(width):
            a = min(max(i + u[j, i], 0.0), width - 1.001)
            b = min(max(j + v[j, i], 0.0), height - 1.001)
            x = int(a)
            y = int(b)
            p = a - x
            q = b - y
            top = image[y, x] * (1 - p) + image[y, x + 1] * p
            low = image[y + 1, x] * (1 - p) + image[y + 1, x + 1] * p
            out[j, i] = top * (1 - q) + low * q


@kernel
def morph(first, second, there, back, s, fade, out):
    """The picture `s` (0 to 1) of the way from `first` to `second`; `fade` is how much of the second shows.

    `there` and `back` are flows (2, rows, columns) in shares of the sides, each seen from its own picture.
    """
    height, width, _ = first.shape
    rows, columns = there.shape[1:]
    for j in range(height):
        for i in range(width):
            x = i
            y = j
            z = i
            w = j
            for _step in range(3):
                a = min(max((x + 0.5) * columns / width - 0.5, 0.0), columns - 1.001)
                b = min(max((y + 0.5) * rows / height - 0.5, 0.0), rows - 1.001)
                x = i - s * width * _at(there, 0, a, b)
                y = j - s * height * _at(there, 1, a, b)
                a = min(max((z + 0.5) * columns / width - 0.5, 0.0), columns - 1.001)
                b = min(max((w + 0.5) * rows / height - 0.5, 0.0), rows - 1.001)
                z = i - (1 - s) * width * _at(back, 0, a, b)
                w = j - (1 - s) * height * _at(back, 1, a, b)
            x = min(max(x, 0.0), width - 1.001)
            y = min(max(y, 0.0), height - 1.001)
            z = min(max(z, 0.0), width - 1.001)
            w = min(max(w, 0.0), height - 1.001)
            for c in range(3):
                one = _colour(first, c, x, y)
                other = _colour(second, c, z, w)
                out[j, i, c] = np.uint8(min(max(one + (other - one) * fade + 0.5, 0.0), 255.0))


@numba.njit(nogil=True, fastmath=True, inline="always")
def _at(flow, axis, a, b):
    i = int(a)
    j = int(b)
    p = a - i
    q = b - j
    top = flow[axis, j, i] * (1 - p) + flow[axis, j, i + 1] * p
    low = flow[axis, j + 1, i] * (1 - p) + flow[axis, j + 1, i + 1] * p
    return top * (1 - q) + low * q


@numba.njit(nogil=True, fastmath=True, inline="always")
def _colour(image, c, x, y):
    i = int(x)
    j = int(y)
    p = x - i
    q = y - j
    top = image[j, i, c] * (1 - p) + image[j, i + 1, c] * p
    low = image[j + 1, i, c] * (1 - p) + image[j + 1, i + 1, c] * p
    return top * (1 - q) + low * q
