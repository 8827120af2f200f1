"""Pictures of a thousand things in a few flat colours each, for subjects that have no model of their own.

`icons.npz` is baked by `tools/build_icons.py` from Microsoft's Fluent Emoji (MIT, see NOTICE).
"""

import zlib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelway.previz.geometry import Floats
from reelway.previz.spmd.layout import TEXTURE_SIZE

_FILE = Path(__file__).with_name("icons.npz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Icon:
    """One of them, without its picture."""

    name: str
    group: str  # animal-mammal, food-fruit, musical-instrument, ...
    english: tuple[str, ...]  # what it is called, words joined by "-"
    foreign: tuple[str, ...]  # in other languages
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What an icon looks like: for every texel 0 where nothing is, else the number of its colour, from 1."""

    regions: npt.NDArray[np.uint8]
    colours: Floats  # linear, a row each


@cache
def icons() -> dict[str, Icon]:
    """All icons by name, most general first."""
    with np.load(_FILE) as held:
        lines = zlib.decompress(held["names"].tobytes()).decode().split("\n")
    found = {}
    for number, line in enumerate(lines):
        name, group, english, foreign = line.split("|")
        found[name] = Icon(
            name=name, group=group, english=tuple(english.split()), foreign=tuple(foreign.split()), number=number
        )
    return found


@lru_cache(maxsize=16)
def picture(name: str) -> Picture:
    """The picture of an icon that `icons` lists."""
    number = icons()[name].number
    with np.load(_FILE) as held:
        start, end = held["starts"][number : number + 2]
        packed = held["pictures"][start:end].tobytes()
        palette = held["palettes"][number]
    differs = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(TEXTURE_SIZE, TEXTURE_SIZE)
    regions = np.bitwise_xor.accumulate(differs, 0)
    colours = (palette[: regions.max()].astype(np.float32) / 255) ** 2.2
    return Picture(regions=regions, colours=colours)
