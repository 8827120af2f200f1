"""A road between a hillside and the sea, or straight through a desert."""

import math
from typing import ClassVar

import numpy as np

from reelway.previz.air import Air
from reelway.previz.geometry import Floats, Pose, ease, vector
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort, Setting
from reelway.previz.settings.framing import cells
from reelway.previz.subjects import Stage
from reelway.previz.textures import fractal, ramp
from reelway.previz.words import SettingWords
from reelway.previz.world import GROUND, ROAD, WATER, Primitives

LANE = 1.75
CACTUS = 17.0  # metres from one to the next
FAST = 38.0  # metres per second at the end of the clip


class Coast(Setting):
    """The camera swings from behind the hero to its side while it gathers speed."""

    words: ClassVar[SettingWords] = SettingWords(
        names="""coast coastline seaside highway road freeway motorway cliffside cliff highroad coastal coast-road
            coastal-road coastal-highway racetrack race-track kuste kustenstrasse landstrasse autobahn cote route
            autoroute costa carretera autopista estrada rodovia autostrada
            海岸 公路 高速 побережь шоссе дорог طريق ساحل सड़क""",
        kinds={"desert": "route-66"},
    )
    time: ClassVar[str] = "sunset"
    subject: ClassVar[str | None] = "car"
    move: ClassVar[str] = "track"
    signature: ClassVar[frozenset[str]] = frozenset({"track", "orbit"})
    speed_max: ClassVar[float] = 24.0
    effort = Effort(steps=70, far=1600.0, shadow_steps=14, ao_reach=0.8, mirror_steps=30, epsilon=0.0012, relax=0.9)
    look = Look(
        exposure=0.82,
        bloom=0.9,
        saturation=1.14,
        contrast=1.13,
        shadows=(-0.004, 0.002, 0.024),
        highlights=(0.012, 0.0, -0.012),
        vignette=0.34,
        shutter=0.62,
    )

    @property
    def desert(self) -> bool:
        """Whether there is sand on both sides of the road."""
        return self.shot.variant == "desert"

    def build(self) -> None:
        add = self.materials.add
        wet = 0.9 if self.falls == "rain" else 0.08 if self.desert else 0.55
        road = (4.6, wet, 0.20, 0.14, 0.08)
        self.road = add((0.065, 0.065, 0.07), specular=0.35, gloss=0.55, pattern=ROAD, mirror=0.06, params=road)
        waves = (0.80, 0.11, 0.9, 0.18)
        self.sea = add((0.010, 0.035, 0.055), specular=0.9, gloss=0.9, pattern=WATER, mirror=0.34, params=waves)
        snow_from = -200.0 if self.falls == "snow" else 900.0
        earth = (0.24, 0.12, 0.065, 0.35, 0.5, snow_from) if self.desert else (0.20, 0.145, 0.10, 0.1, 0.35, snow_from)
        soil = (0.30, 0.185, 0.095) if self.desert else (0.23, 0.16, 0.085)
        self.cliff = add(soil, specular=0.08, gloss=0.2, pattern=GROUND, params=earth)
        self.rail = add((0.35, 0.35, 0.36), specular=0.7, gloss=0.7, mirror=0.25)
        self.post = add((0.25, 0.24, 0.22), specular=0.2, gloss=0.4)
        self.wood = add((0.085, 0.06, 0.045), specular=0.1)
        self.cactus = add((0.055, 0.085, 0.035), specular=0.1, gloss=0.3)
        self.table = np.random.default_rng(self.seed + 4).random((41, 6))

    def heights(self) -> Floats:
        noise = fractal(self.seed, octaves=9, ridge=0.55, gain=0.52)
        x = (np.arange(1024, dtype=np.float32) / 1024 * 1280 - 640)[None, :]
        if self.desert:
            return self._mesas(noise, np.abs(x))
        bend = 6 * np.sin(np.arange(1024, dtype=np.float32) / 1024 * 2 * np.pi * 3)[:, None]
        shore = x + bend * (np.abs(x) > 9) + (noise - 0.5) * 14 * (x < -8)
        shelf = ramp(-26, -9.5, shore) * (1 - ramp(400, 600, x)) * 18.7 / 80
        hill = ramp(7.5, 60, shore) * (0.12 + 0.88 * noise) * 0.62 * (1 - ramp(180, 480, x))
        bank = ramp(8, 13, x) * (1 - ramp(300, 500, x)) * 0.035 * (0.4 + 1.2 * noise)
        return np.clip(shelf + hill + bank, 0, 1).astype(np.float32)

    def _mesas(self, noise: Floats, away: Floats) -> Floats:
        """A plain with flat hills far off; nothing rises over the road."""
        blocks = fractal(self.seed + 21, octaves=5, ridge=0.2, first=6)
        mesa = np.clip((blocks - 0.52) * 7.0, 0, 1) * (0.30 + 0.18 * noise)
        plain = 18.8 / 80 + 0.016 * (noise - 0.5) * ramp(8, 30, away)
        heights: Floats = np.clip(plain + ramp(70, 170, away) * mesa, 0, 1).astype(np.float32)
        return heights

    def gone(self, t: float) -> float:
        if self.hero is None:
            return 0.0
        start = min(self.hero.speed, self.speed_max)
        if start < self.speed_max:
            return start * t
        return start * t + 0.5 * (FAST - start) / self.duration_s * t * t

    def stage(self, gone: float, t: float) -> Stage:
        return Stage(at=np.array([LANE, 0.0, gone]), heading=0.0, gone=gone, t=t)

    def path(self, t: float, k: float) -> Pose:
        size = self.hero.length / 4.7 if self.hero else 1.0
        look_at = self.hero.eyes if self.hero else 0.62
        # A narrow picture needs more way back to hold a long car.
        room = max(size, 0.55) * max(1.0, 1.2 / self.aspect) ** 0.45
        e = ease(k)
        angle = math.radians(158 - 78 * e)
        radius = (6.6 - 0.7 * e) * room
        centre = vector((LANE, look_at, self.gone(t) + 0.25))
        eye = centre + vector((math.sin(angle) * radius, 0.78 + 0.45 * e, math.cos(angle) * radius))
        target = centre + vector((-0.5, 0.12, 0.9 * e)) * room
        return Pose(eye=eye, target=target, fov=46, roll=0.012 * math.sin(t * 5.1) * min(size, 1.0))

    def clear(self, pose: Pose) -> Pose:
        eye = pose.eye.copy()
        eye[0] = min(max(eye[0], -5.4), 7.4)
        eye[1] = max(eye[1], 0.35)
        return Pose(eye=eye, target=pose.target, fov=pose.fov, roll=pose.roll)

    def furnish(self, prims: Primitives, t: float) -> None:
        z = self.gone(t)
        prims.new_group()
        prims.box(self.road, (0, -0.6, z), (7.2, 0.6, 4000), 0.15, endless=True)
        prims.new_group()
        prims.terrain(self.cliff, -19.0, scale=0.8, height=80.0, shift=(640.0, 120.0))
        prims.new_group()
        if self.desert:
            self._roadside(prims, t)
            return
        prims.plane(self.sea, -16)
        prims.new_group()
        prims.box_row(self.rail, (-6.1, 0.62, 0), (0.05, 0.14, 2.1), 0.03, 4.0)
        prims.box_row(self.post, (-6.2, 0.3, 2.0), (0.07, 0.42, 0.07), 0.02, 4.0)

    def _roadside(self, prims: Primitives, t: float) -> None:
        """Telegraph poles, and a cactus here and there."""
        prims.box_row(self.wood, (-9.5, 3.6, 0), (0.10, 4.0, 0.10), 0.03, 36.0)
        prims.box_row(self.wood, (-9.5, 6.9, 0), (0.85, 0.07, 0.06), 0.02, 36.0)
        for cell in cells(self.camera(t), CACTUS, 1, 8):
            a, b, c, d, e, f = self.table[cell % len(self.table)]
            x = (11.0 + 26.0 * a * a) * (-1 if b < 0.6 else 1)
            at = vector((x, -0.5, (cell + c) * CACTUS))
            tall = 2.2 + 2.2 * d
            prims.new_group()
            prims.capsule(self.cactus, at, at + vector((0, tall, 0)), 0.26, 0.20, 0.1)
            for side, share in ((1, 0.35 + 0.25 * e), (-1, 0.30 + 0.25 * f)):
                elbow = at + vector((side * 0.75, tall * share, 0.2 * side))
                prims.capsule(self.cactus, at + vector((0, tall * share - 0.1, 0)), elbow, 0.15, 0.15, 0.15)
                prims.capsule(self.cactus, elbow, elbow + vector((0, tall * 0.32, 0)), 0.15, 0.12, 0.12)

    def air(self, t: float) -> Air:
        return Air(
            zenith=(0.07, 0.13, 0.30),
            horizon=(0.95, 0.36, 0.14),
            below=(0.30, 0.18, 0.14),
            sun=(-0.80, 0.105, 0.62),
            sun_colour=(1.0, 0.50, 0.17),
            glow=1.2,
            disc=22,
            disc_size=0.9997,
            clouds=0.58,
            cloud_colour=(0.36, 0.21, 0.25),
            cloud_shift=self.gone(t) * 0.02 + t,
            ambient_low=(0.10, 0.07, 0.06),
            ambient_high=(0.26, 0.27, 0.38),
            key=(3.4, 1.75, 0.72),
            fog=0.0007,
            fog_falloff=0.012,
            fog_colour=(0.52, 0.25, 0.15),
            halo=1,
        )
