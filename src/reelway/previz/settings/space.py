"""Between the worlds: stars, a planet with rings, drifting rocks."""

import math
from typing import ClassVar

import numpy as np

from reelway.previz import particles
from reelway.previz.air import Air
from reelway.previz.geometry import Pose, ease, turn_x, turn_y, turn_z, vector
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort, Setting, drift
from reelway.previz.settings.framing import beside
from reelway.previz.subjects import Stage
from reelway.previz.words import SettingWords
from reelway.previz.world import GROUND, PLANET, Primitives

AT, RADIUS = (-250.0, -75.0, 640.0), 235.0


class Space(Setting):
    """The hero drifts past; who needs ground under its feet is given a rock of its own."""

    words: ClassVar[SettingWords] = SettingWords(
        names="""space outer-space deep-space galaxy nebula cosmos orbit in-orbit asteroid comet meteor
            universe star-field stars milky-way
            weltraum weltall galaxie espace espacio espaco spazio cosmo 宇宙 太空 космос галактик فضاء अंतरिक्ष""",
    )
    time: ClassVar[str] = "night"
    weather: ClassVar[str | None] = "clear"
    subject: ClassVar[str | None] = None
    move: ClassVar[str] = "orbit"
    signature: ClassVar[frozenset[str]] = frozenset({"orbit", "track"})
    speed_max: ClassVar[float] = 3.0
    effort = Effort(steps=60, far=1500.0, shadow_steps=10, ao_reach=0.6, mirror_steps=0, relax=0.9, shadow_far=500.0)
    look = Look(
        exposure=1.05,
        bloom=1.0,
        saturation=1.12,
        contrast=1.14,
        shadows=(-0.004, -0.002, 0.016),
        highlights=(0.01, 0.0, -0.006),
        vignette=0.30,
        shutter=0.35,
    )

    def build(self) -> None:
        add, rng = self.materials.add, self.rng
        warm = rng.random() < 0.5
        land = (0.62, 0.36, 0.16) if warm else (0.16, 0.20, 0.08)
        sea = (0.36, 0.17, 0.09) if warm else (0.012, 0.06, 0.17)
        bands = 0.8 if warm else 0.0
        kind = (*land, 0.30 if warm else 0.9, bands, *AT, RADIUS, 0.004)
        self.planet = add(sea, specular=0.10, gloss=0.4, pattern=PLANET, params=kind)
        self.moon = add((0.20, 0.19, 0.18), pattern=GROUND, params=(0.12, 0.115, 0.11, 0.0, 0.12, 9000.0))
        self.rock = add((0.13, 0.115, 0.10), specular=0.05, pattern=GROUND, params=(0.08, 0.07, 0.06, 0.0, 1.5, 9000.0))
        self.ring = [add((0.30 * c, 0.25 * c, 0.19 * c), specular=0.0) for c in (1.0, 0.62, 0.85)]
        self.stones = rng.random((12, 8))
        self.specks = rng.random((260, 5))
        self.nebula = ((0.026, 0.010, 0.042), (0.006, 0.020, 0.040), (0.040, 0.014, 0.018))[int(rng.integers(3))]

    def gone(self, t: float) -> float:
        return drift(super().gone(1.0), t, 40.0) if self.hero else 0.0

    @property
    def grounded(self) -> bool:
        """Whether the hero needs ground under its feet."""
        hero = self.hero
        return hero is not None and hero.walks and hero.leader.action != "float"

    def stage(self, gone: float, t: float) -> Stage:
        heading = 0.45
        return Stage(
            at=np.array([math.sin(heading) * gone, 0.0, math.cos(heading) * gone]), heading=heading, gone=gone, t=t
        )

    def path(self, t: float, k: float) -> Pose:
        if self.hero is not None:
            return beside(self, t, k, angles=(2.75, 2.05), near=1.1, low=0.4)
        e = ease(k)
        eye = vector((-6.0 + 12.0 * e, 2.0, -10.0 + 14.0 * e))
        return Pose(eye=eye, target=vector((AT[0] + 190.0, AT[1] + 60.0, AT[2])), fov=48)

    def clear(self, pose: Pose) -> Pose:
        """There is nothing to run into."""
        return pose

    def furnish(self, prims: Primitives, t: float) -> None:
        tilt = turn_z(0.30) @ turn_x(-0.22)
        prims.new_group()
        prims.ellipsoid(self.planet, AT, (RADIUS, RADIUS, RADIUS))
        for material, radius, half in zip(self.ring, (1.55, 1.78, 1.98), (0.10, 0.07, 0.055), strict=True):
            prims.new_group()
            prims.torus(material, AT, RADIUS * radius, RADIUS * half, tilt, squash=9.0)
        prims.new_group()
        prims.ellipsoid(self.moon, (260.0, 120.0, 800.0), (42.0, 42.0, 42.0))
        for row in self.stones:
            a = t * (0.1 + 0.25 * row[0]) + 6 * row[1]
            at = np.array([(row[2] - 0.5) * 70.0, (row[3] - 0.5) * 26.0 - 2.0, 14.0 + row[4] * 60.0])
            size = 0.5 + 2.4 * row[5] ** 3
            turn = turn_y(a) @ turn_x(0.7 * a)
            prims.new_group()
            prims.ellipsoid(self.rock, at, np.array([1.0, 0.7, 0.85]) * size, turn, size * 0.4)
            prims.ellipsoid(
                self.rock,
                at + turn @ np.array([0.6, 0.2, 0.1]) * size,
                np.array([0.6, 0.6, 0.5]) * size,
                turn,
                size * 0.4,
            )
            prims.ellipsoid(
                self.rock,
                at - turn @ np.array([0.4, -0.3, 0.4]) * size,
                np.array([0.5, 0.45, 0.6]) * size,
                turn,
                size * 0.4,
            )
        if self.grounded:
            self._island(prims, t)

    def _island(self, prims: Primitives, t: float) -> None:
        assert self.hero is not None
        wide = 3.0 + 0.9 * self.hero.length + self.hero.spread * 0.5
        middle = self.stage(20.0 if self.hero.speed > 0 else 0.0, t).at
        length = wide + (26.0 if self.hero.speed > 0 else 0.0)
        turn = turn_y(0.45)
        prims.new_group()
        prims.box(self.rock, middle - vector((0, 1.1, 0)), (wide, 1.1, length), 0.5, turn, smooth=0.8)
        prims.ellipsoid(self.rock, middle - vector((0.3, 2.4, 0)), (wide * 0.85, 2.2, length * 0.8), turn, smooth=1.2)

    def air(self, t: float) -> Air:
        return Air(
            zenith=(0.0015, 0.002, 0.005),
            horizon=(0.0015, 0.002, 0.005),
            below=(0.0015, 0.002, 0.005),
            sun=(0.85, 0.38, -0.25),
            sun_colour=(1.0, 0.96, 0.90),
            glow=0.10,
            disc=18.0,
            clouds=0.62,
            cloud_colour=self.nebula,
            cloud_scale=0.010,
            stars=2.2,
            ambient_low=(0.020, 0.022, 0.030),
            ambient_high=(0.035, 0.040, 0.060),
            rim=0.8,
            key=(2.9, 2.75, 2.5),
            fog=0.0,
            fog_falloff=0.01,
            fog_colour=(0.0, 0.0, 0.0),
        )

    def lit(self, t: float) -> Air:
        """Here are neither hours nor weather."""
        return self.air(t)

    def weather_on(self, canvas: particles.Canvas, t: float) -> None:
        """Dust that the light catches."""
        particles.motes(canvas, self.specks, t * 0.6, (0.8, 0.85, 1.0), strength=0.30)
