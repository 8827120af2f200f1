"""Any other place: a wide landscape whose shape, plants and water come from the words, or from the seed."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from reelway.previz.air import Air, Colour
from reelway.previz.geometry import Floats, Pose, ease, vector
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort, Setting, drift
from reelway.previz.subjects import Stage
from reelway.previz.textures import fractal, height_at, ramp
from reelway.previz.world import GROUND, WATER, Primitives

WORLD = 1200.0
SCALE = 1024 / WORLD


@dataclass(frozen=True, slots=True, kw_only=True)
class Land:
    """One kind of landscape."""

    tall: float
    ridge: float
    water: float  # height of the water; far below the ground where there is none
    soil: Colour
    steep: Colour
    snow_from: float = 900.0
    trees: bool = False
    plain: float = 60.0  # metres of level ground round the hero
    lake: bool = False  # water up to the mountains; the hero has an islet


LANDS = {
    "mountains": Land(
        tall=330.0,
        ridge=0.85,
        water=10.0,
        soil=(0.070, 0.085, 0.036),
        steep=(0.13, 0.118, 0.108),
        snow_from=62.0,
        plain=150.0,
        lake=True,
    ),
    "field": Land(
        tall=52.0,
        ridge=0.0,
        water=-50.0,
        soil=(0.15, 0.165, 0.040),
        steep=(0.17, 0.13, 0.06),
        trees=True,
        plain=90.0,
    ),
    "sea": Land(
        tall=95.0,
        ridge=0.5,
        water=24.0,
        soil=(0.10, 0.115, 0.055),
        steep=(0.20, 0.17, 0.13),
        plain=420.0,
    ),
    "dream": Land(
        tall=260.0,
        ridge=0.95,
        water=10.0,
        soil=(0.12, 0.085, 0.14),
        steep=(0.085, 0.07, 0.115),
        plain=130.0,
        lake=True,
    ),
}


class Vista(Setting):
    """The camera rises slowly over the land while the hero, if there is one, stands before it."""

    time: ClassVar[str] = "sunset"
    move: ClassVar[str] = "crane"
    signature: ClassVar[frozenset[str]] = frozenset({"crane"})
    effort = Effort(steps=72, far=1700.0, shadow_steps=14, ao_reach=0.8, mirror_steps=26, relax=0.88, shadow_far=60.0)
    look = Look(
        exposure=0.92,
        bloom=0.85,
        saturation=1.10,
        contrast=1.10,
        shadows=(-0.004, 0.002, 0.018),
        highlights=(0.010, 0.002, -0.008),
        vignette=0.34,
    )

    def build(self) -> None:
        add = self.materials.add
        self.land = LANDS[self.shot.variant or "mountains"]
        land = self.land
        snow_from = -200.0 if self.falls == "snow" else land.snow_from
        earth = (*land.steep, 0.0, 0.30, snow_from)
        waves = (0.20, 0.40, 0.5, 0.0) if land.lake else (0.55, 0.16, 0.8, 0.06)
        self.sea = add((0.010, 0.032, 0.045), specular=0.9, gloss=0.9, pattern=WATER, mirror=0.45, params=waves)
        self.soil = add(land.soil, specular=0.05, gloss=0.2, pattern=GROUND, params=earth)
        needles = (0.18, 0.20, 0.21) if self.falls == "snow" else (0.032, 0.055, 0.020)
        self.firs = add(needles, specular=0.05, gloss=0.2)
        self.facing = float(self.rng.uniform(-0.35, 0.35))
        self.sun_side = float(self.rng.choice([-1, 1]) * self.rng.uniform(0.45, 0.95))

    def heights(self) -> Floats:
        seed, land = self.seed, self.land
        # Few octaves: a crest thinner than the marcher's step far away would show as saw teeth.
        hills = fractal(seed + 3, octaves=6, ridge=land.ridge, gain=0.38)
        crests = fractal(seed + 9, octaves=6, ridge=land.ridge, gain=0.36)
        fine = fractal(seed + 5, first=16)
        axis = (np.arange(1024, dtype=np.float32) / 1024 * WORLD + WORLD / 2) % WORLD - WORLD / 2
        distance = np.hypot(axis[None, :] * 1.15, axis[:, None] - 40)
        beyond = np.clip((distance - land.plain) / 330, 0, 1) ** 1.3
        shore = max(land.water, 0.0) / land.tall
        level = shore + (0.010 + 0.022 * (fine - 0.35)) * (60.0 / land.tall) ** 0.5
        if land is LANDS["sea"]:
            level = level - 0.16  # the hero floats; islands rise from the deep
        if land.lake:
            islet = np.hypot(axis[None, :], axis[:, None] - 11) + 10 * (fine - 0.5)
            dry = 1 - ramp(9, 19, islet) if self.hero is not None else np.float32(0)
            level = shore + (4.2 * dry - 3.6 + 1.6 * fine) / land.tall
        rise = hills * 0.40 + 0.75 * crests * crests
        heights: Floats = (level + beyond * rise * 0.85).astype(np.float32)
        self._heights = heights
        return heights

    def ground(self, x: float, z: float) -> float:
        ground = self.land.tall * height_at(self._heights, x * SCALE, z * SCALE)
        return max(ground, self.land.water)

    def gone(self, t: float) -> float:
        return drift(super().gone(1.0), t, 24.0) if self.hero else 0.0

    def stage(self, gone: float, t: float) -> Stage:
        heading = self.facing + 0.25
        x, z = math.sin(heading) * gone - 1.0, 11.0 + math.cos(heading) * gone
        swims = self.hero is not None and self.hero.swims and self.land is LANDS["sea"]
        at = np.array([x, self.ground(x, z) + 0.02, z])
        return Stage(at=at, heading=heading if not swims else 2.3, gone=gone, t=t, floats=swims)

    def path(self, t: float, k: float) -> Pose:
        e = 0.5 * ease(k) + 0.5 * k
        if self.hero is None:
            x, z = 12.0 * (e - 0.5) * math.sin(self.facing), -2.0 + 20.0 * e
            eye = vector((x, self.ground(0.0, 0.0) + 2.2 + 5.0 * e, z))
            target = eye + vector((math.sin(self.facing) * 100, 11.0 - 7.0 * e, 100))
            return Pose(eye=eye, target=target, fov=50)
        back = 1.2 * max(self.hero.length - 1.9, 0.0)
        x, z = 2.4 - 0.8 * e, 3.2 - back + 1.2 * e
        eye = vector((x, self.ground(x, z) + 1.15 + 0.9 * e, z))
        stage = self.hero_stage(t)
        return Pose(eye=eye, target=stage.at + vector((0.9 - 0.5 * e, self.hero.eyes, 0)), fov=46)

    def furnish(self, prims: Primitives, t: float) -> None:
        land = self.land
        if land.water > 0:
            prims.new_group()
            prims.plane(self.sea, land.water)
        prims.new_group()
        prims.terrain(self.soil, 0, scale=SCALE, height=land.tall)
        if land.trees:
            prims.new_group()
            prims.trees(
                self.firs,
                0,
                cell=13.0,
                tall=8.0,
                shift=(0.0, 0.0),
                height=land.tall,
                scale=SCALE,
                seed=self.seed % 79 + 4,
                clear=22.0,
            )

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
            clouds=0.60,
            cloud_colour=hour.cloud_colour,
            cloud_shift=t * 0.35,
            stars=hour.stars,
            ambient_low=hour.ambient_low,
            ambient_high=hour.ambient_high,
            key=hour.key,
            fog=0.0009,
            fog_falloff=0.012,
            fog_colour=hour.fog_colour,
        )
