"""What moves in a still picture besides the camera: water, leaves, hair and cloth, lamps. All small and smooth.

Each stirring is a mask (where) and a wave (how); together they are fields that the layers are displaced and lit by.
They begin at nothing, so that a clip starts on its picture.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reelway.previz.geometry import ease
from reelway.previz.picture.kernels import regions
from reelway.previz.picture.layers import COARSE, Layers
from reelway.previz.picture.maps import Map, Picture, brightness, part_of, ramp, resized, soft, stored
from reelway.previz.shot import Shot

SETTLE_S = 0.8
FULL_WIDTH = 1280  # amplitudes below are in pixels of a picture so wide

_WORDS = {
    "water": r"water|sea|ocean|river|lake|waves?|shimmer\w*|ripples?|rippling|surf|tide|pond|stream|pool|waterfall",
    "leaves": r"lea(?:f|ves)|trees?|grass(?:es)?|foliage|branch(?:es)?|reeds?|flowers?|wheat|field|bushes|palms?",
    "cloth": r"hair|dress|coat|cloth(?:es)?|cape|cloak|scarf|skirt|robe|flags?|veil|ribbons?|feathers?|mane|sway\w*",
    "lamps": r"flicker\w*|candles?|lanterns?|flames?|torch(?:es)?|lamps?|neon|lights?|fireplace|campfire|fire|bulbs?",
    "clouds": r"clouds?|cloudy|drift\w*|time-?lapse|sky",
    "wind": r"wind|windy|breeze|breezy|gusts?|gusty|storm|stormy|blow\w*",
}
_FOUND = {name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for name, words in _WORDS.items()}
_STILL = re.compile(
    r"\b(?:frozen|freeze|motionless|perfectly still|no motion|nothing moves|stand(?:s|ing)? still)\b", re.I
)


def named(prompt: str, shot: Shot) -> frozenset[str]:
    """What the prompt says moves."""
    if _STILL.search(prompt):
        return frozenset({"nothing"})
    words = {name for name, found in _FOUND.items() if found.search(prompt)}
    return frozenset(words | ({"wind"} if shot.wind else set()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What is added to the layers' places (pixels) and multiplied to their light, as coarse as `Layers.coarse`."""

    plate_x: Map
    plate_y: Map
    gain: Map
    front_x: Map
    front_y: Map


class Stirring:
    """Everything that stirs in one picture. `sky_x`, `sky_y` are pixels per second of the highest clouds."""

    def __init__(self, layers: Layers, prompt: str, shot: Shot, *, seed: int) -> None:
        self._shape = layers.coarse
        height, width = self._shape
        self._per = width * COARSE / FULL_WIDTH
        self._rng = np.random.default_rng(seed)
        self._y, self._x = np.mgrid[0:height, 0:width].astype(np.float32) * np.float32(COARSE / self._per)
        self._near = layers.ground_near
        said = named(prompt, shot)
        self._gust = 1.7 if "wind" in said else 1.0
        small = _small(layers.picture, height, width)
        front = _front(layers, height, width)
        self._adders: list[Callable[[float, Fields], None]] = []
        self.names: list[str] = []  # of what stirs
        self.sky_x = self.sky_y = 0.0
        if "nothing" in said:
            return
        if layers.sky is not None:
            calm = 5.0 if "clouds" not in said else 13.0
            way = 1.0 if self._rng.random() < 0.5 else -1.0
            self.names.append("clouds")
            self.sky_x, self.sky_y = way * calm * self._gust * self._per, 0.12 * calm * self._per
        water = _water(small, layers, asked="water" in said) * (1 - front)
        if water.max() > 0.5:
            self._add_water(water, small)
        if "leaves" in said or "wind" in said:
            leaves = _leaves(small) * (1 - front)
            if layers.sky is not None:
                leaves = leaves * (1 - resized(part_of(layers.sky_alpha), width, height))
            if leaves.max() > 0.5:
                self._add_leaves(soft(leaves, 3))
        if layers.front is not None and ("cloth" in said or "wind" in said):
            self._add_cloth(layers, front)
        if "lamps" in said:
            self._add_lamps(small)

    @property
    def idle(self) -> bool:
        """Nothing to add to the layers."""
        return not self._adders

    def at(self, t: float) -> Fields:
        """The fields at second `t`."""
        zero = np.zeros(self._shape, np.float32)
        fields = Fields(
            plate_x=zero.copy(), plate_y=zero.copy(), gain=zero + 1, front_x=zero.copy(), front_y=zero.copy()
        )
        for add in self._adders:
            add(t, fields)
        return fields

    def _add_water(self, mask: Map, small: Picture) -> None:
        # Waves are shorter and quicker to the eye the further off they are.
        size = 0.25 + self._near
        down = np.cumsum(1.0 / (size * 26.0), axis=0) * (COARSE / self._per)
        swell = 2 * np.pi * down
        reach = mask * size * 2.6 * self._per
        glints = ramp(brightness(small), 0.45, 0.9)
        phases = self._rng.random(6) * 6.28

        def add(t: float, fields: Fields) -> None:
            k = ease(t / SETTLE_S)
            a = np.sin(swell - 2.1 * t + 0.011 * self._x + phases[0])
            b = np.sin(0.63 * swell - 1.5 * t - 0.019 * self._x + phases[1])
            fields.plate_y[:] += reach * (0.6 * a + 0.4 * b) * k
            fields.plate_x[:] += reach * 0.8 * np.sin(0.8 * swell - 1.1 * t + 0.007 * self._x + phases[2]) * k
            twinkle = np.sin(1.7 * swell + 0.05 * self._x - 3.9 * t) * np.sin(0.031 * self._x + 2.3 * t + phases[3])
            fields.gain[:] *= 1 + mask * (0.05 * a + 0.22 * glints * twinkle) * k

        self._adders.append(add)
        self.names.append("water")

    def _add_leaves(self, mask: Map) -> None:
        reach = mask * (0.5 + 0.8 * self._near) * 2.6 * self._gust * self._per
        phases = self._rng.random(4) * 6.28

        def add(t: float, fields: Fields) -> None:
            k = ease(t / SETTLE_S)
            gust = 0.65 + 0.35 * np.sin(0.006 * self._x - 1.3 * t + phases[0])
            fields.plate_x[:] += reach * gust * np.sin(0.024 * self._x + 0.017 * self._y - 2.6 * t + phases[1]) * k
            fields.plate_y[:] += reach * 0.4 * gust * np.sin(0.029 * self._x - 0.02 * self._y - 3.1 * t) * k

        self._adders.append(add)
        self.names.append("leaves")

    def _add_cloth(self, layers: Layers, front: Map) -> None:
        subject = layers.subject
        assert subject is not None
        height, width = self._shape
        # The rim moves and the core does not, a face least of all; nothing moves where it stands.
        core = soft(front, max(width * (subject.right - subject.left) / 14, 2))
        rim = np.clip((1 - core) * 1.6, 0, 1)
        rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
        inside = (rows - subject.top) / max(subject.foot - subject.top, 0.05)
        mask = soft((rim * ramp(1 - inside, 0.08, 0.55)).astype(np.float32), 3)
        reach = mask * 4.2 * self._gust * self._per
        phases = self._rng.random(4) * 6.28

        def add(t: float, fields: Fields) -> None:
            k = ease(t / SETTLE_S)
            gust = 0.7 + 0.3 * np.sin(0.9 * t + phases[0])
            fields.front_x[:] += reach * gust * np.sin(0.018 * self._y + 0.007 * self._x - 2.2 * t + phases[1]) * k
            fields.front_y[:] += reach * 0.3 * np.sin(0.02 * self._x - 1.7 * t + phases[2]) * k

        self._adders.append(add)
        self.names.append("cloth")

    def _add_lamps(self, small: Picture) -> None:
        names, count = regions(small.max(2) > 225)
        sizes = np.bincount(names.ravel(), minlength=count + 1)
        kept = [n for n in range(1, count + 1) if 1 <= sizes[n] <= 0.012 * names.size]
        if not kept:
            return
        kept = sorted(kept, key=lambda n: -sizes[n])[:24]
        halos = []
        for n in kept:
            spot = (names == n).astype(np.float32)
            wide = max(sizes[n] ** 0.5 * 2.2, 3)
            halo = soft(spot, wide)
            halos.append((halo / max(float(halo.max()), 1e-6)).astype(np.float32))
        tempos = 5.0 + 4.0 * self._rng.random((len(kept), 3))
        phases = 6.28 * self._rng.random((len(kept), 3))

        def add(t: float, fields: Fields) -> None:
            k = ease(t / SETTLE_S)
            for halo, tempo, phase in zip(halos, tempos, phases, strict=True):
                wave = np.sin(tempo[0] * t + phase[0]) + 0.7 * np.sin(1.93 * tempo[1] * t + phase[1])
                dip = max(np.sin(0.61 * tempo[2] * t + phase[2]) - 0.8, 0.0) * 1.6
                fields.gain[:] *= 1 + halo * (0.10 * wave - dip * 0.5) * k

        self._adders.append(add)
        self.names.append("lamps")


def _small(picture: Picture, height: int, width: int) -> Picture:
    channels = [resized(picture[..., c].astype(np.float32), width, height) for c in range(3)]
    return stored(np.stack(channels, -1))


def _front(layers: Layers, height: int, width: int) -> Map:
    if layers.front is None:
        return np.zeros((height, width), np.float32)
    return resized(part_of(layers.front_alpha), width, height)


def _water(small: Picture, layers: Layers, *, asked: bool) -> Map:
    """Level, bluish or grey, and below the horizon; unless it was named, only where there is much of it."""
    height, width, _ = small.shape
    r, g, b = (small[..., c].astype(np.float32) for c in range(3))
    begins = layers.horizon if layers.horizon is not None else 0.5
    below = np.linspace(0, 1, height, dtype=np.float32)[:, None] > begins - 0.02
    cool = (b > r * (0.96 if asked else 1.10)) & (b > g * (0.86 if asked else 0.95))
    mask = np.asarray(cool & below & (r + g + b > 60))
    names, count = regions(mask)
    sizes = np.bincount(names.ravel(), minlength=count + 1)
    least = (0.01 if asked else 0.06) * mask.size
    mask = np.isin(names, [n for n in range(1, count + 1) if sizes[n] >= least])
    if not asked and layers.horizon is None:
        mask[:] = False
    if asked and mask.mean() < 0.03:  # it is there, though its colour does not say so
        mask = np.broadcast_to(below, mask.shape) & (g < np.maximum(r, b) * 1.08)
    return ramp(soft(mask.astype(np.float32), max(width // 110, 2)), 0.25, 0.95)


def _leaves(small: Picture) -> Map:
    r, g, b = (small[..., c].astype(np.float32) for c in range(3))
    return ramp((g - 0.5 * (r + b)) / (g + 20), 0.03, 0.12)
