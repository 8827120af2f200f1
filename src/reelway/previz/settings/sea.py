"""The open sea, or a beach beside it."""

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np

from reelway.previz.air import Air
from reelway.previz.geometry import Floats, Pose, ease, turn_x, turn_y, vector
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort
from reelway.previz.settings.framing import beside, cells
from reelway.previz.settings.land import TEXELS, Land
from reelway.previz.subjects import Stage
from reelway.previz.textures import fractal, height_at, ramp
from reelway.previz.words import SettingWords
from reelway.previz.world import GROUND, WATER, Primitives

SWELL = ((0, 5, 0.8), (1, 7, 0.55), (-2, 9, 0.45), (3, 14, 0.26), (-4, 19, 0.17), (5, 31, 0.08), (-9, 43, 0.05))
PALM = 11.0  # metres from one to the next
ROLL = 3.2  # metres per second that the swell goes
# x, z, half width, height
ISLANDS = ((-250.0, 620.0, 140.0, 58.0), (-95.0, 650.0, 45.0, 20.0), (420.0, 760.0, 180.0, 76.0))
PEAKS = 8  # of an island


class Sea(Land):
    """On the open sea a swell rolls under the hero; on the beach the hero goes along the waterline."""

    words: ClassVar[SettingWords] = SettingWords(
        names="""sea ocean wave island harbour harbor bay lighthouse marina port dock pier wharf
            meer insel ozean hafen mer ile mar isla
            oceano ilha porto puerto mare isola 海 大海 море морю океан بحر محيط समुद्र""",
        kinds={
            "beach": """beach shore sand-beach seashore tropical strand plage playa praia spiaggia 海滩 沙滩 пляж
                شاطئ""",
        },
        moods={"any": ""},
    )
    time: ClassVar[str] = "sunset"
    move: ClassVar[str] = "track"
    signature: ClassVar[frozenset[str]] = frozenset({"track", "push"})
    speed_max: ClassVar[float] = 16.0
    tall: ClassVar[float] = 1.9
    bend: ClassVar[float] = 0.0
    angles = (2.55, 1.75)
    effort = Effort(
        steps=64,
        far=1500.0,
        shadow_steps=20,
        ao_reach=0.6,
        mirror_steps=32,
        relax=0.9,
        shadow_far=20.0,
        hill_steps=110,
    )
    look = Look(
        exposure=0.92,
        bloom=0.9,
        saturation=1.10,
        contrast=1.12,
        shadows=(-0.006, 0.002, 0.018),
        highlights=(0.012, 0.0, -0.010),
        vignette=0.32,
    )

    @property
    def water(self) -> bool:  # type: ignore[override]
        """On the beach the ground is sand."""
        return not self.beach

    @property
    def world(self) -> float:  # type: ignore[override]
        """The swell repeats soon; a beach must not be seen twice."""
        return 1024.0 if self.beach else 256.0

    @property
    def beach(self) -> bool:
        """Whether it is the beach."""
        return self.shot.variant == "beach"

    def build(self) -> None:
        super().build()
        add = self.materials.add
        storm = 1.35 if self.falls == "rain" or self.wind else 1.0
        self.swell = self.tall * storm
        waves = (0.34, 0.42, 0.9, 0.0) if self.beach else (0.42 * storm, 0.55, 1.1, 0.10 * storm)
        self.sea = add((0.008, 0.034, 0.046), specular=0.9, gloss=0.9, pattern=WATER, mirror=0.40, params=waves)
        snow_from = -400.0 if self.snowed else 900.0
        wet = (0.20, 0.155, 0.10, 0.10, 0.9, snow_from)
        self.sand = add((0.36, 0.275, 0.175), specular=0.10, gloss=0.3, pattern=GROUND, params=wet)
        self.foam = add((0.62, 0.66, 0.68), specular=0.05)
        self.bark = add((0.16, 0.125, 0.085), specular=0.08, gloss=0.3)
        self.palm = add((0.050, 0.095, 0.022), specular=0.12, gloss=0.4)
        self.table = np.random.default_rng(self.seed + 6).random((43, 6))
        rock = (0.15, 0.13, 0.11, 0.0, 0.12, snow_from)
        self.rock = add((0.060, 0.090, 0.032), specular=0.05, gloss=0.2, pattern=GROUND, params=rock)

    def heights(self) -> Floats:
        if self.beach:
            x = self.away_signed()[None, :]
            fine = fractal(self.seed + 5, first=64, gain=0.45)
            dunes = fractal(self.seed + 3, octaves=5, first=32)
            # Sand falls to the sea on the left, and rises to dunes on the right.
            slope = 0.5 + x * 0.022 + 0.10 * (fine - 0.5) + 1.2 * ramp(9, 40, x) * dunes
            heights = np.clip(slope, -0.9, 3.0).astype(np.float32) / np.float32(self.tall)
            # The land ends behind the dunes, so that on the other side of the sea there is none.
            shelf: Floats = np.maximum(ramp(90, 200, x), ramp(150, 250, -x)).astype(np.float32)
            heights = (heights * (1 - shelf) - shelf * 0.8).astype(np.float32)
        else:
            axis = np.arange(TEXELS, dtype=np.float32) / TEXELS * 2 * np.pi
            total = np.zeros((TEXELS, TEXELS), np.float32)
            rng = np.random.default_rng(self.seed)
            for across, along, height in SWELL:
                angle = along * axis[:, None] + across * axis[None, :] + rng.uniform(0, 2 * np.pi)
                total += np.float32(height) * (1 - np.abs(np.sin(angle)) ** 0.8).astype(np.float32)
            total -= total.min()
            heights = total / total.max()
        self._heights = heights
        return heights

    def away_signed(self) -> Floats:
        """Metres to the right of the way, of each column."""
        axis = np.arange(TEXELS, dtype=np.float32) / TEXELS * self.world
        return np.asarray((axis + self.world / 2) % self.world - self.world / 2, np.float32)

    def surface(self, x: float, z: float, t: float) -> float:
        """Height of the swell."""
        height = height_at(self._heights, x * self.scale, (z - ROLL * t) * self.scale)
        return self.swell * (height - 0.5)

    def ground(self, x: float, z: float) -> float:
        return self.tall * height_at(self._heights, x * self.scale, z * self.scale) if self.beach else 0.0

    def stage(self, gone: float, t: float) -> Stage:
        if self.beach:
            return Stage(at=np.array([1.5, self.ground(1.5, gone), gone]), heading=0.0, gone=gone, t=t)
        flies = self.hero is not None and self.hero.medium == "air"
        y = 0.0 if self.decked or flies else 0.6 * self.surface(0.0, gone, t)
        return Stage(at=np.array([0.0, y, gone]), heading=0.0, gone=gone, t=t)

    def path(self, t: float, k: float) -> Pose:
        if self.hero is not None:
            pose = beside(self, t, k, angles=self.angles, low=0.9 if self.beach else 1.3)
            pose.target[1] -= 0.4 * (self.hero_stage(t).at[1] if not self.beach else 0.0)
            return pose
        e = 0.5 * ease(k) + 0.5 * k
        eye = vector((3.0 if self.beach else 0.0, 2.6 + 2.2 * e, -4 + 18 * e))
        return Pose(eye=eye, target=eye + vector((-38 if self.beach else 8, -4.0 - 3.0 * e, 100)), fov=50)

    def clear(self, pose: Pose) -> Pose:
        eye = pose.eye.copy()
        floor = self.ground(float(eye[0]), float(eye[2])) if self.beach else 1.1
        eye[1] = max(eye[1], max(floor, 0.0) + 0.5)
        return replace(pose, eye=eye)

    def furnish(self, prims: Primitives, t: float) -> None:
        if self.beach:
            wash = 0.10 * math.sin(t * 0.75)
            prims.new_group()
            prims.plane(self.sea, wash)
            prims.new_group()
            prims.terrain(self.sand, 0.0, scale=self.scale, height=self.tall)
            self._palms(prims, t)
        else:
            prims.new_group()
            prims.plane(self.sea, -0.52 * self.swell)
            prims.new_group()
            prims.terrain(self.sea, -0.5 * self.swell, scale=self.scale, height=self.swell, shift=(0.0, -ROLL * t))
        gone = self.gone(t) if self.hero else 0.0
        for number, (x, z, wide, high) in enumerate(ISLANDS):
            self._island(prims, number, (x, z + gone * 0.9), wide, high)

    def _island(self, prims: Primitives, number: int, at: tuple[float, float], wide: float, high: float) -> None:
        """Peaks that melt into each other, and a beach round their feet."""
        x, z = at
        prims.new_group()
        prims.ellipsoid(self.sand, (x, -1.5, z), (wide * 1.08, 5.0, 75.0))
        prims.new_group()
        for k in range(PEAKS):
            a, b, c, d, _, _ = self.table[(number * PEAKS + k) % len(self.table)]
            aside = (k + 0.25 + 0.5 * a) / PEAKS * 2.0 - 1.0
            tall = high * (1.0 - aside * aside) ** 0.7 * (0.45 + 0.65 * b) + 4.0
            foot = (x + aside * wide, tall / 2 - 2.0, z + 50.0 * (c - 0.5))
            prims.cone(self.rock, foot, tall * (1.1 + 0.7 * d), tall * 0.10, tall / 2 + 2.0, 3.0, smooth=9.0)

    def _palms(self, prims: Primitives, t: float) -> None:
        """They lean to the sea from where the dunes begin."""
        for cell in cells(self.camera(t), PALM, 1, 7):
            a, b, c, d, e, f = self.table[cell % len(self.table)]
            x, z = 8.0 + 10.0 * a, (cell + 0.8 * b) * PALM
            foot, tall = vector((x, self.ground(x, z) - 0.3, z)), 5.0 + 2.6 * c
            bend = vector((-0.6 - 1.3 * d, 0.0, 1.6 * (e - 0.5)))
            middle, top = foot + bend * 0.28 + (0, 0.55 * tall, 0), foot + bend + (0, tall, 0)
            prims.new_group()
            prims.capsule(self.bark, foot, middle, 0.19, 0.14, 0.15)
            prims.capsule(self.bark, middle, top, 0.14, 0.10, 0.15)
            prims.new_group()
            for k in range(7):
                turn = turn_y(k * 0.9 + 6.0 * f)
                sway = 0.04 * math.sin(t * (1.1 + self.wind) + k + 5 * b)
                at = top
                for half, steep, wide in ((0.62, 0.05, 0.20), (0.68, 0.65, 0.12)):
                    droop = turn @ turn_x(steep + 0.22 * (k % 3) + sway)
                    reach = droop @ vector((0.0, 0.0, half))
                    prims.box(self.palm, at + reach, (wide, 0.012, half), 0.012, droop)
                    at = at + 2 * reach

    def air(self, t: float) -> Air:
        return replace(super().air(t), fog=0.0005, fog_falloff=0.02, clouds=0.48)
