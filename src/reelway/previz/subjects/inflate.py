"""A flat picture made round: textures that `relief` cuts a solid from, thick where the picture is wide, and paints.

The first says how thick it is: the square of half the thickness, which rises evenly from a round rim. There is one more
for each colour, that says how much of it is at a place.
"""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from reelway.previz.geometry import Floats
from reelway.previz.icons import Picture, picture
from reelway.previz.icons.facts import facts
from reelway.previz.spmd.layout import TEXTURE_SIZE

# What is much wider than this gets no thicker: beasts are barrels, things are cushions.
WIDE_BEAST, WIDE_THING = 0.165, 0.115
EDGE = 5  # texels: as wide as the line that is drawn round what is white
SEAM = 0.22  # how much thinner it is where two colours meet
RIM = 3 / TEXTURE_SIZE  # where the smooth outline shapes it, and not the texels

Mask = npt.NDArray[np.bool_]
_COARSE = (32, 64, TEXTURE_SIZE)
_ROUNDS = 40
_SPREADS = 6


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
    """The textures of an icon: its shape, then its colours."""
    regions = shown(name).regions
    inside = regions > 0
    side = _signed(inside)
    square = _square(inside, WIDE_BEAST if facts(name).alive else WIDE_THING)
    half = math.sqrt(float(square.max()))
    # Near the rim, and outside, it goes on as the rod or the ball that it is there.
    down, across = np.gradient(square, 1 / TEXTURE_SIZE)
    radius = _spread(np.sqrt(square + (down**2 + across**2) / 4), inside)
    rim = (2 * radius * -side - side**2) / (2 * half)
    weight = np.clip(-side / RIM, 0, 1)
    weight *= weight * (3 - 2 * weight)
    shape = rim * (1 - weight) + square / (2 * half) * weight
    out = np.maximum(side, 0.0)
    away = np.minimum(out, RIM / 2) * np.clip(radius / half, 0.4, 1.0) + np.maximum(out - RIM / 2, 0.0)
    count = int(regions.max())
    filled = _filled(regions)
    colours = [_soft((filled == number).astype(np.float32)) for number in range(1, count + 1)]
    seam = 1 - SEAM * _soft(1 - np.maximum.reduce(colours))
    found = [np.where(side < 0, np.maximum(shape * seam, 0.0), -away).astype(np.float32)]
    found += colours if count > 1 else []
    for layer in found:
        layer.setflags(write=False)
    return tuple(found)


@lru_cache(maxsize=8)
def frame(name: str) -> tuple[float, float, float, float]:
    """The rectangle that the picture fills, in its sides from its middle: left, low, right, high."""
    rows, columns = np.nonzero(shown(name).regions)
    left, right = (columns.min() - 1) / TEXTURE_SIZE - 0.5, (columns.max() + 2) / TEXTURE_SIZE - 0.5
    low, high = 0.5 - (rows.max() + 2) / TEXTURE_SIZE, 0.5 - (rows.min() - 1) / TEXTURE_SIZE
    return float(left), float(low), float(right), float(high)


@lru_cache(maxsize=8)
def thickness(name: str) -> float:
    """Half its thickness where it is thickest, in sides of the picture."""
    return 2 * float(silhouettes(name)[0].max())


def _filled(regions: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """What is next to the picture has the colour of its edge, so that the edge itself is of one colour."""
    filled = regions.copy()
    for _ in range(4):
        for shift in (-1, 1):
            for axis in (0, 1):
                filled = np.where(filled == 0, np.roll(filled, shift, axis), filled)
    return filled


def _spread(values: Floats, inside: Mask) -> Floats:
    """`values` as they are inside, and outside as they are where it is nearest, more or less."""
    weight = inside.astype(np.float32)
    total = values * weight
    found, known = np.where(inside, values, 0.0), weight
    for _ in range(_SPREADS):
        total, weight = _soft(_soft(total)), _soft(_soft(weight))
        here = (known == 0) & (weight > 1e-3)
        found, known = np.where(here, total / np.maximum(weight, 1e-3), found), np.where(here, 1.0, known)
    return np.where(known > 0, found, float(values.max())).astype(np.float32)


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


def _square(inside: Mask, wide: float) -> Floats:
    """The square of half the thickness: round where the picture is narrow, as a pillow where it is wide."""
    square = np.zeros((_COARSE[0], _COARSE[0]), np.float32)
    for size in _COARSE:
        step = TEXTURE_SIZE // size
        mask = inside.reshape(size, step, size, step).mean((1, 3)).astype(np.float32)
        square = np.repeat(np.repeat(square, size // len(square), 0), size // len(square), 1)
        cell = 1.0 / size
        for _ in range(_ROUNDS):
            around = sum(np.roll(square, shift, axis) for shift in (-1, 1) for axis in (0, 1))
            square = mask * (around + 1.7 * cell**2) / (4 + (cell / wide) ** 2)
    return _soft(square)
