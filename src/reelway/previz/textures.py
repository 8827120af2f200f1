"""Tables that the kernels read: noise height maps and silhouettes, made with numpy once per scene."""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from reelway.previz.geometry import Floats
from reelway.previz.lattice import stretch
from reelway.previz.spmd.layout import HEIGHT_SIZE, TEXTURE_SIZE, TOP_SIZE, TOP_TEXELS

Outline = list[tuple[float, float]]


@lru_cache(maxsize=8)
def fractal(
    seed: int,
    *,
    octaves: int = 8,
    ridge: float = 0.0,
    first: int = 4,
    gain: float = 0.5,
    size: int = HEIGHT_SIZE,
) -> Floats:
    """Repeating fractal noise from 0 to 1; `ridge` turns its hills to crests, `first` is the coarsest lattice."""
    rng = np.random.default_rng(seed)
    total = np.zeros((size, size), np.float32)
    amplitude, lattice = 1.0, first
    for _ in range(octaves):
        layer = stretch(rng.random((lattice, lattice)).astype(np.float32), *_cubic(lattice, size))
        if ridge:
            crest = (1 - np.abs(2 * np.clip(layer, 0, 1) - 1)) ** 1.5
            layer = (1 - ridge) * layer + ridge * crest
        total += np.float32(amplitude) * layer
        amplitude *= gain
        lattice *= 2
        if lattice > size:
            break
    total -= total.min()
    total /= total.max()
    total.setflags(write=False)  # it is kept for the next scene with this seed
    return total


def _cubic(count: int, size: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Where each of `size` points reads a repeating lattice of `count`, and with what weights."""
    at = (np.arange(size) + 0.5) * count / size - 0.5
    base = np.floor(at).astype(np.int64)
    x = at - base
    y = 1 - x
    a = -0.75
    outer = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a
    inner = ((a + 2) * x - (a + 3)) * x * x + 1
    mirrored = ((a + 2) * y - (a + 3)) * y * y + 1
    weights = np.stack([outer, inner, mirrored, 1 - outer - inner - mirrored]).astype(np.float32)
    return np.stack([(base + k - 1) % count for k in range(4)]), weights


def ramp(low: float, high: float, x: Floats) -> Floats:
    """A smooth step from 0 at `low` to 1 at `high`."""
    q = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(q * q * (3 - 2 * q), np.float32)


def height_at(heights: Floats, u: float, v: float) -> float:
    """The height map between its texels, as the kernels read it."""
    i, j = math.floor(u), math.floor(v)
    a, b = u - i, v - j
    size = len(heights)
    near, far = heights[j % size], heights[(j + 1) % size]
    low = near[i % size] * (1 - a) + near[(i + 1) % size] * a
    high = far[i % size] * (1 - a) + far[(i + 1) % size] * a
    return float(low * (1 - b) + high * b)


def pack_heights(heights: Floats) -> Floats:
    """Each texel beside its three neighbours, flat: one lookup is four floats in a row."""
    right = np.roll(heights, -1, 1)
    below = np.roll(heights, -1, 0)
    both = np.roll(below, -1, 1)
    return np.ascontiguousarray(np.stack([heights, right, below, both], -1), np.float32).ravel()


def pack_tops(heights: Floats) -> Floats:
    """What a ray needs to know to pass above the map: for each square of texels its top and the slope from there, flat.

    Nothing within `r` texels of any place in the square is higher than top + slope * r.
    """
    # Between two texels the map is as high as either.
    low = np.maximum(heights, np.roll(heights, -1, 1))
    low = np.maximum(low, np.roll(low, -1, 0))
    squares = low.reshape(TOP_SIZE, TOP_TEXELS, TOP_SIZE, TOP_TEXELS).max((1, 3))
    highest = _spread(squares, 1)
    top, reach = highest, 1
    slope = np.zeros_like(top)
    while reach < TOP_SIZE // 2:
        highest = _spread(highest, reach)  # now of all within 2 * reach squares
        np.maximum(slope, (highest - top) / (reach * TOP_TEXELS), out=slope)
        reach *= 2
    return np.ascontiguousarray(np.stack([top, slope], -1), np.float32).ravel()


def _spread(highest: Floats, by: int) -> Floats:
    """The highest of all squares at most `by` away, by the way the map repeats; `highest` knows those nearer."""
    along = np.maximum(np.maximum(np.roll(highest, by, 0), np.roll(highest, -by, 0)), highest)
    return np.maximum(np.maximum(np.roll(along, by, 1), np.roll(along, -by, 1)), along)


def pack_silhouettes(layers: list[Floats]) -> Floats:
    """As `pack_heights`, for silhouettes, which do not repeat; one blank layer where there is none."""
    stack = np.stack(layers) if layers else np.zeros((1, TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    edge = np.pad(stack, ((0, 0), (0, 1), (0, 1)), "edge")
    parts = [stack, edge[:, :-1, 1:], edge[:, 1:, :-1], edge[:, 1:, 1:]]
    return np.ascontiguousarray(np.stack(parts, -1), np.float32).ravel()


def silhouette(outline: Outline, width: float, height: float) -> Floats:
    """Signed distance in metres to a polygon inside a `width` x `height` frame, origin in its middle, y up."""
    n = TEXTURE_SIZE
    xs = (np.arange(n) + 0.5) / n * width - width / 2
    ys = height / 2 - (np.arange(n) + 0.5) / n * height
    px, py = np.meshgrid(xs, ys)
    nearest = np.full((n, n), np.inf)
    inside = np.zeros((n, n), bool)
    for (ax, ay), (bx, by) in zip(outline, [*outline[1:], outline[0]], strict=True):
        ex, ey = bx - ax, by - ay
        along = np.clip(((px - ax) * ex + (py - ay) * ey) / max(ex * ex + ey * ey, 1e-12), 0, 1)
        nearest = np.minimum(nearest, np.hypot(px - ax - along * ex, py - ay - along * ey))
        if ay != by:
            inside ^= ((ay > py) != (by > py)) & (px < ax + (py - ay) / (by - ay) * ex)
    return np.where(inside, -nearest, nearest).astype(np.float32)
