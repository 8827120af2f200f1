"""A flat picture made round: silhouettes that `profile` cuts a solid from, thick where the picture is wide.

`profile` takes the smooth maximum of three textures. With a very wide blend that is half their sum, so that one texture
may say how thick the solid is at a place of the picture, another how far off its plane a point is, and the third
nothing. A colour is a solid of its own: as thick as the others, a hair thicker where the picture has it, a hair thinner
elsewhere.
"""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from reelway.previz.geometry import Floats
from reelway.previz.icons import Picture, picture
from reelway.previz.icons.facts import facts
from reelway.previz.spmd.layout import TEXTURE_SIZE

BLEND = 40.0  # sides of the picture: so wide that the smooth maximum is a mean
INERT = -1000.0
DEPTH = 0.5  # of the box that it is cut from, in sides of the picture
RELIEF = 0.0035  # how much a colour stands out
# What is much wider than this gets no thicker: beasts are barrels, things are cushions.
WIDE_BEAST, WIDE_THING = 0.165, 0.115
EDGE = 5  # texels: as wide as the line that is drawn round what is white
STEEP = 2.0  # of the rim: the marcher would step over a steeper one
GAIN = 1.3  # what a mean of two takes from their slopes is given back, but for a rest that keeps the steps short

Mask = npt.NDArray[np.bool_]
_COARSE = (32, 64, TEXTURE_SIZE)
_ROUNDS = 40


@lru_cache(maxsize=8)
def shown(name: str) -> Picture:
    """The picture of an icon, the first of its colours under all others, without a line round the whole.

    Such a line would be wound round the flanks: there it is as what it goes round.
    """
    whole = picture(name)
    regions, side = whole.regions.copy(), _signed(whole.regions > 0)
    edge = (side < 0) & (side > -EDGE / TEXTURE_SIZE)
    for number in range(1, len(whole.colours) + 1):
        here = whole.regions == number
        outer = int((here & edge).sum())
        if outer > 0.5 * edge.sum() and outer > 0.8 * here.sum() and here.sum() < 0.3 * (side < 0).sum():
            inner = regions[(side < 0) & ~edge & ~here]
            if inner.size:
                regions[here] = np.bincount(inner).argmax()
    kept, numbers = np.unique(regions[regions > 0], return_inverse=True)
    regions[regions > 0] = numbers + 1
    return Picture(regions=regions, colours=whole.colours[kept - 1])


@lru_cache(maxsize=8)
def silhouettes(name: str) -> tuple[Floats, ...]:
    """Three textures for each colour of an icon, in sides of the picture."""
    regions = shown(name).regions
    inside = regions > 0
    side = _signed(inside)
    wide = WIDE_BEAST if facts(name).alive else WIDE_THING
    thick = np.minimum(_thickness(inside, wide), STEEP * np.maximum(-side, 0.0))
    base = np.where(side < 0, -thick, side).astype(np.float32)
    off = np.abs((np.arange(TEXTURE_SIZE, dtype=np.float32) + 0.5) / TEXTURE_SIZE - 0.5) * DEPTH
    plane = np.tile(GAIN * off - BLEND / 4, (TEXTURE_SIZE, 1)).astype(np.float32)
    inert = np.full_like(base, INERT)
    found: list[Floats] = []
    for number in range(1, int(regions.max()) + 1):
        here = base if number == 1 else base + RELIEF * _off(regions == number, inside)
        found += [(GAIN * here - BLEND / 4).astype(np.float32), plane, inert]
    for layer in found:
        layer.setflags(write=False)
    return tuple(found)


@lru_cache(maxsize=8)
def balls(name: str) -> tuple[tuple[float, float, float], ...]:
    """What holds each colour of an icon, the first of which is the whole: x, y and radius, in sides of the picture."""
    regions, thick = shown(name).regions, thickness(name)
    found = []
    for number in range(1, int(regions.max()) + 1):
        rows, columns = np.nonzero(regions == number if number > 1 else regions > 0)
        x, y = (columns.min() + columns.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2
        half = math.hypot(np.ptp(columns) + 3, np.ptp(rows) + 3) / 2 / TEXTURE_SIZE
        found.append((x / TEXTURE_SIZE - 0.5, 0.5 - y / TEXTURE_SIZE, math.hypot(half, thick + RELIEF)))
    return tuple(found)


@lru_cache(maxsize=8)
def thickness(name: str) -> float:
    """Half its thickness where it is thickest, in sides of the picture."""
    return float(-(silhouettes(name)[0] + BLEND / 4).min() / GAIN)


def _off(region: Mask, inside: Mask) -> Floats:
    """-1 in a region and 1 out of it, with a smooth edge; nothing has an edge where the whole picture ends."""
    near, whole = _soft(region.astype(np.float32)), _soft(inside.astype(np.float32))
    share = near / np.maximum(whole, 0.05)
    return np.asarray(np.clip((0.5 - share) * 2.4, -1, 1), np.float32)


def _soft(values: Floats) -> Floats:
    for axis in (0, 1):
        values = (np.roll(values, 1, axis) + 2 * values + np.roll(values, -1, axis)) / 4
    return values


def _signed(inside: Mask) -> Floats:
    """Distance to the edge, in sides of the picture, negative inside."""
    away = (_away(inside) - _away(~inside)) / TEXTURE_SIZE
    return _soft(_soft(away))


def _away(inside: Mask) -> Floats:
    """Texels from each texel outside to the nearest inside."""
    n = len(inside)
    steps = np.abs(np.arange(n)[:, None] - np.arange(n)[None]).astype(np.float32)
    down = np.where(inside[None], steps[:, :, None], np.float32(4 * n)).min(1)
    both = np.sqrt((down[:, None, :] ** 2 + steps[None] ** 2).min(2))
    return np.asarray(np.maximum(both - 0.5, 0.0), np.float32)


def _thickness(inside: Mask, wide: float) -> Floats:
    """Half the thickness: round where the picture is narrow, as a pillow where it is wide."""
    square = np.zeros((_COARSE[0], _COARSE[0]), np.float32)
    for size in _COARSE:
        step = TEXTURE_SIZE // size
        mask = inside.reshape(size, step, size, step).mean((1, 3)).astype(np.float32)
        square = np.repeat(np.repeat(square, size // len(square), 0), size // len(square), 1)
        cell = 1.0 / size
        for _ in range(_ROUNDS):
            around = sum(np.roll(square, shift, axis) for shift in (-1, 1) for axis in (0, 1))
            square = mask * (around + 1.7 * cell**2) / (4 + (cell / wide) ** 2)
    return np.sqrt(_soft(square))
