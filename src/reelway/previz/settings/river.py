"""Still water between wooded banks: rivers, lakes, forests."""

import math
from typing import ClassVar

import numpy as np

from reelway.previz import particles
from reelway.previz.air import Air
from reelway.previz.geometry import Floats, Pose, ease, vector
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort, Setting, drift
from reelway.previz.settings.framing import beside
from reelway.previz.subjects import Stage
from reelway.previz.textures import fractal, height_at, ramp
from reelway.previz.words import SettingWords
from reelway.previz.world import GROUND, WATER, Primitives

TALL = 46.0


class River(Setting):
    """The camera glides over the water towards what floats there."""

    words: ClassVar[SettingWords] = SettingWords(
        names="""river lake pond stream creek lagoon canal swamp marsh venice bathtub
            fluss see teich riviere fleuve lac rio
            lago fiume etang 河 江 湖 川 реке река реки озер نهر بحيرة नदी झील""",
    )
    time: ClassVar[str] = "dawn"
    weather: ClassVar[str | None] = "fog"
    move: ClassVar[str] = "push"
    signature: ClassVar[frozenset[str]] = frozenset({"push", "track"})
    speed_max: ClassVar[float] = 0.55
    water: ClassVar[bool] = True
    leafy: ClassVar[bool] = True
    effort = Effort(
        steps=80, far=700.0, shadow_steps=14, ao_reach=0.8, mirror_steps=34, shadow_far=30.0, hill_steps=120
    )
    look = Look(
        exposure=1.0,
        bloom=0.9,
        saturation=1.06,
        contrast=1.08,
        shadows=(-0.004, 0.004, 0.02),
        highlights=(0.012, 0.002, -0.008),
        vignette=0.36,
    )

    def build(self) -> None:
        add = self.materials.add
        snow_from = -200.0 if self.falls == "snow" else 900.0
        ripples = (0.16, 0.55, 0.5, 0.0)
        earth = (0.10, 0.085, 0.06, 0.0, 0.8, snow_from)
        frosted = self.falls == "snow"
        needles = (0.20, 0.23, 0.24) if frosted else (0.030, 0.055, 0.022)
        self.river = add((0.012, 0.035, 0.04), specular=0.9, gloss=0.9, pattern=WATER, mirror=0.55, params=ripples)
        self.bank = add((0.085, 0.095, 0.035), specular=0.05, gloss=0.2, pattern=GROUND, params=earth)
        self.firs = self.materials.tree(needles)
        self.veils = self.rng.random((260, 5))

    def heights(self) -> Floats:
        noise = fractal(self.seed, ridge=0.3, first=8)
        x = (np.arange(1024, dtype=np.float32) / 1024 * 512 - 256)[None, :]
        z = np.arange(1024, dtype=np.float32) / 1024 * 2 * np.pi
        bend = ((9 * np.sin(z * 2) + 5 * np.sin(z * 5 + 1)) * 0.8)[:, None]
        away = np.abs(x - bend)
        shore = ramp(9, 17, away + 5 * (noise - 0.5)) * 0.10
        heights: Floats = (shore + ramp(16, 150, away) * (0.15 + 0.75 * noise) * 0.9).astype(np.float32)
        self._heights = heights
        return heights

    def ground(self, x: float, z: float) -> float:
        return max(TALL * height_at(self._heights, (x + 256.0) * 2.0, (z + 120.0) * 2.0) - 1.2, 0.0)

    def gone(self, t: float) -> float:
        return drift(super().gone(1.0), t, 14.0) if self.hero else 0.0

    def stage(self, gone: float, t: float) -> Stage:
        if self.hero is not None and not self.hero.swims:
            return Stage(at=np.array([-0.5, 0.0, 11.0 + gone]), heading=0.0, gone=gone, t=t)
        at = np.array([-0.5 + 0.25 * math.sin(t * 0.5), 0.0, 14 + gone])
        heading = 2.25 + 0.20 * math.sin(t * 0.35)
        return Stage(at=at, heading=heading, gone=gone, t=t)

    def path(self, t: float, k: float) -> Pose:
        if self.hero is not None and (not self.hero.swims or self.hero.length < 2.0):
            return beside(self, t, k, angles=(2.75, 2.35))
        e = ease(k)
        stage = self.hero_stage(t)
        lift = 1.55 if self.hero is None else 0.35 + 0.85 * self.hero.eyes
        near = 6.2 if self.hero is None else 6.2 * min(1.0, 3.2 / max(self.hero.length, 3.2))
        eye = vector((1.6 - 1.3 * e, 1.9 - 0.35 * e, 1.0 + near * e))
        target = vector((stage.at[0] + 0.2 * (1 - e), lift, stage.at[2]))
        return Pose(eye=eye, target=target, fov=42)

    def furnish(self, prims: Primitives, t: float) -> None:
        prims.new_group()
        prims.plane(self.river, 0)
        prims.new_group()
        prims.terrain(self.bank, -1.2, scale=2.0, height=TALL, shift=(256.0, 120.0))
        prims.new_group()
        prims.trees(
            self.firs,
            -1.2,
            cell=7.5,
            tall=8.5,
            shift=(256.0, 120.0),
            height=TALL,
            scale=2.0,
            seed=self.seed % 83 + 4,
            clear=13.5,
        )

    def air(self, t: float) -> Air:
        return Air(
            zenith=(0.13, 0.20, 0.36),
            horizon=(0.90, 0.55, 0.40),
            below=(0.3, 0.25, 0.25),
            sun=(0.42, 0.13, 1),
            sun_colour=(1.0, 0.66, 0.42),
            glow=1.0,
            disc=10,
            clouds=0.55,
            cloud_colour=(0.55, 0.40, 0.42),
            cloud_shift=t * 0.3,
            ambient_low=(0.07, 0.07, 0.07),
            ambient_high=(0.24, 0.26, 0.33),
            rim=0.5,
            key=(2.2, 1.45, 0.95),
            fog=0.012 if self.shot.weather == "fog" else 0.006,
            fog_falloff=0.10,
            fog_colour=(0.50, 0.36, 0.32),
        )

    def sprinkle(self, canvas: particles.Canvas, t: float) -> None:
        if self.falls == "fog" and self.dark > 0.1:
            particles.mist(canvas, self.veils, t, self.lit(t).fog_colour)
