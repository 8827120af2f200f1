"""What wide country shares: hills along a way that winds through them, for ever."""

import math
from typing import ClassVar

import numpy as np

from reelway.previz.air import Air
from reelway.previz.geometry import Floats, Pose, ease, vector
from reelway.previz.settings.base import Setting
from reelway.previz.settings.framing import beside
from reelway.previz.subjects import Stage
from reelway.previz.textures import fractal, height_at

TEXELS = 1024


class Land(Setting):
    """The hero goes along the way and the camera goes with it; without a hero the camera rises over the land."""

    world: ClassVar[float] = 1200.0  # metres until it repeats
    tall: ClassVar[float] = 100.0
    ridge: ClassVar[float] = 0.5
    plain: ClassVar[float] = 40.0  # metres of level ground on both sides of the way
    rise: ClassVar[float] = 330.0  # metres from there to the tops
    bend: ClassVar[float] = 60.0  # how far the way winds to each side
    rough: ClassVar[float] = 0.010  # of the level ground, as a share of `tall`
    angles: ClassVar[tuple[float, float]] = (2.62, 2.02)

    def build(self) -> None:
        """Materials of a land; what it draws by chance is the same for all."""
        self.scale = TEXELS / self.world
        self.sun_side = float(self.rng.choice([-1, 1]) * self.rng.uniform(0.35, 0.8))

    def way(self, z: float) -> float:
        """Where the way is, `z` metres on."""
        return self.bend * math.sin(2 * math.pi * z / self.world)

    def _slope(self, z: float) -> float:
        return self.bend * 2 * math.pi / self.world * math.cos(2 * math.pi * z / self.world)

    def away(self) -> Floats:
        """Metres from the way, of every texel."""
        axis = (np.arange(TEXELS, dtype=np.float32) / TEXELS) * self.world
        way = self.bend * np.sin(2 * np.pi * axis / self.world)
        away = (axis[None, :] - way[:, None] + self.world / 2) % self.world - self.world / 2
        found: Floats = np.abs(away).astype(np.float32)
        return found

    def level(self) -> Floats:
        """The ground before hills rise from it, as a share of `tall`."""
        fine = fractal(self.seed + 5, first=32, gain=0.45)
        return np.asarray(self.rough * fine, np.float32)

    def heights(self) -> Floats:
        # Few octaves: a crest thinner than the marcher's step far away would show as saw teeth.
        hills = fractal(self.seed + 3, octaves=6, ridge=self.ridge, gain=0.40)
        crests = fractal(self.seed + 9, octaves=6, ridge=self.ridge, gain=0.38)
        beyond = np.clip((self.away() - self.plain) / self.rise, 0, 1) ** 1.25
        heights: Floats = (self.level() + beyond * (hills * 0.40 + 0.75 * crests * crests) * 0.9).astype(np.float32)
        self._heights = heights
        return heights

    def ground(self, x: float, z: float) -> float:
        return self.tall * height_at(self._heights, x * self.scale, z * self.scale)

    def stage(self, gone: float, t: float) -> Stage:
        z = gone
        x = self.way(z)
        return Stage(at=np.array([x, self.ground(x, z), z]), heading=math.atan(self._slope(z)), gone=gone, t=t)

    def path(self, t: float, k: float) -> Pose:
        if self.hero is not None:
            return beside(self, t, k, angles=self.angles)
        e = 0.5 * ease(k) + 0.5 * k
        z = -4.0 + 22.0 * e
        eye = vector((self.way(z), self.ground(self.way(z), z) + 2.4 + 4.5 * e, z))
        return Pose(eye=eye, target=eye + vector((self._slope(z) * 60, 7.0 - 5.0 * e, 100)), fov=50)

    def air(self, t: float) -> Air:
        hour = self.hour
        return Air(
            zenith=hour.zenith,
            horizon=hour.horizon,
            below=hour.below,
            sun=(self.sun_side, hour.sun_height * 1.15, 1.0),
            sun_colour=hour.sun_colour,
            glow=hour.glow,
            disc=hour.disc,
            disc_size=0.99975,
            clouds=0.46 if hour.dark > 0.1 else 0.40,
            cloud_colour=hour.cloud_colour,
            cloud_shift=t * (0.35 + 1.6 * self.wind),
            stars=hour.stars,
            ambient_low=hour.ambient_low,
            ambient_high=hour.ambient_high,
            key=hour.key,
            fog=0.0009,
            fog_falloff=0.012,
            fog_colour=hour.fog_colour,
        )

    @property
    def snowed(self) -> bool:
        """Whether everything is white."""
        return self.falls == "snow"
