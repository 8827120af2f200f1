"""Below the surface: sand under moving light, kelp, corals, blue distance."""

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np

from reelway.previz import particles
from reelway.previz.air import Air
from reelway.previz.geometry import Floats, Pose, Triple, ease, vector
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort
from reelway.previz.settings.framing import beside
from reelway.previz.settings.land import Land
from reelway.previz.subjects.company import Room
from reelway.previz.textures import fractal
from reelway.previz.words import SettingWords
from reelway.previz.world import SEABED, Light, Primitives

SIGHT = 14.0  # metres: from further off nothing is seen of a hero
CORALS: tuple[Triple, ...] = ((0.55, 0.10, 0.14), (0.60, 0.30, 0.05), (0.30, 0.12, 0.42), (0.10, 0.34, 0.30))


class Underwater(Land):
    """The hero swims, or walks on the bed as a diver does."""

    words: ClassVar[SettingWords] = SettingWords(
        names="""underwater under-water reef coral-reef coral seabed sea-bed deep-sea diver scuba beneath-the-sea
            beneath-the-waves beneath-the-surface under-the-sea undersea submarine
            unterwasser korallenriff sous-marin recif submarino bajo-el-agua arrecife subaquatico sottomarino
            海底 水下 珊瑚 под-водой подводн تحت-الماء पानी-के-नीचे""",
    )
    time: ClassVar[str] = "day"
    move: ClassVar[str] = "track"
    signature: ClassVar[frozenset[str]] = frozenset({"track", "push"})
    speed_max: ClassVar[float] = 1.6
    room: ClassVar[Room] = Room(width=12.0, height=7.0)
    world: ClassVar[float] = 160.0
    tall: ClassVar[float] = 9.0
    ridge: ClassVar[float] = 0.4
    plain: ClassVar[float] = 4.0
    rise: ClassVar[float] = 40.0
    bend: ClassVar[float] = 0.0
    angles = (1.15, 1.75)
    effort = Effort(
        steps=64, far=90.0, shadow_steps=8, ao_reach=0.8, mirror_steps=0, relax=0.9, shadow_far=14.0, hill_steps=90
    )
    look = Look(
        exposure=1.15,
        bloom=1.1,
        saturation=1.10,
        contrast=1.10,
        shadows=(-0.010, 0.004, 0.020),
        highlights=(-0.004, 0.006, 0.004),
        vignette=0.42,
    )

    def build(self) -> None:
        super().build()
        add = self.materials.add
        glow = 1.6 * (1.0 - 0.85 * self.dark)
        self.bed = add((0.34, 0.30, 0.21), specular=0.03, pattern=SEABED, params=(0.7, glow, 0.75))
        self.stone = add((0.12, 0.125, 0.12), specular=0.05, pattern=SEABED, params=(0.0, glow, 0.75))
        self.corals = [add(c, specular=0.15, gloss=0.3, pattern=SEABED, params=(0.0, glow * 0.7, 0.9)) for c in CORALS]
        self.kelp = add((0.055, 0.12, 0.03), specular=0.2, gloss=0.4)
        self.shoal = add((0.42, 0.46, 0.48), specular=0.8, gloss=0.8)
        self.table = np.random.default_rng(self.seed + 4).random((61, 8))
        self.drift = self.rng.random((420, 5))

    def level(self) -> Floats:
        swell = fractal(self.seed + 15, octaves=5, first=12, gain=0.4)
        return np.asarray(0.06 * swell, np.float32)

    def path(self, t: float, k: float) -> Pose:
        if self.hero is not None:
            return beside(self, t, k, angles=self.angles, near=1.05, low=0.35)
        e = ease(k)
        eye = vector((0.0, self.ground(0, 0) + 1.7, -3.0 + 5.0 * e))
        return Pose(eye=eye, target=eye + vector((1.5 - e, -0.10, 10)), fov=52)

    def clear(self, pose: Pose) -> Pose:
        if self.hero is not None:
            away = pose.eye - pose.target
            pose = replace(pose, eye=pose.target + away * min(1.0, SIGHT / float(np.linalg.norm(away))))
        return super().clear(pose)

    def furnish(self, prims: Primitives, t: float) -> None:
        prims.new_group()
        prims.terrain(self.bed, 0, scale=self.scale, height=self.tall)
        prims.new_group()
        prims.rocks(
            self.stone, -0.1, cell=4.6, size=1.3, height=self.tall, scale=self.scale, seed=self.seed % 89 + 2, clear=3.0
        )
        middle = self.gone(t) if self.hero else 0.0
        first = int(middle // 2.4) - 5
        for cell in range(first, first + 16):
            row = self.table[cell % len(self.table)]
            side = 1 if cell % 2 else -1
            z = (cell + row[0]) * 2.4
            x = self.way(z) + side * (2.0 + 4.5 * row[1])
            y = self.ground(x, z)
            if row[2] < 0.55:
                self._coral(prims, row, x, y, z)
            else:
                self._weed(prims, row, x, y, z, t)
        self._school(prims, t, middle)

    def _coral(self, prims: Primitives, row: Floats, x: float, y: float, z: float) -> None:
        material = self.corals[int(row[3] * 3.99)]
        size = 0.35 + 0.55 * float(row[4])
        prims.new_group()
        if row[5] < 0.5:  # a branching one
            for k in range(7):
                a = k * 0.9 + 6 * float(row[6])
                lean = 0.35 + 0.25 * math.sin(k * 2.1)
                tip = (
                    x + size * lean * math.cos(a),
                    y + size * (0.9 + 0.35 * math.sin(k * 1.7)),
                    z + size * lean * math.sin(a),
                )
                prims.capsule(material, (x, y - 0.05, z), tip, 0.085 * size + 0.03, 0.05, 0.08)
                prims.ellipsoid(material, tip, (0.09 * size + 0.03,) * 3, smooth=0.05)
            return
        for k in range(5):  # a round one
            a = k * 1.26 + 6 * float(row[6])
            r = size * (0.30 + 0.08 * math.sin(k * 3.3))
            at = (x + size * 0.32 * math.cos(a) * (k > 0), y + r * 0.6, z + size * 0.32 * math.sin(a) * (k > 0))
            prims.ellipsoid(material, at, (r, r * 0.85, r), smooth=0.06)

    def _weed(self, prims: Primitives, row: Floats, x: float, y: float, z: float, t: float) -> None:
        for blade in range(3):
            at = np.array([x + 0.28 * (blade - 1), y - 0.1, z + 0.25 * math.sin(blade * 2.2)])
            tall = 1.6 + 2.6 * float(row[(4 + blade) % 8])
            prims.new_group()
            for k in range(5):
                sway = (0.10 + 0.06 * k) * math.sin(t * 0.9 + k * 0.55 + blade + 6 * float(row[6]))
                end = at + np.array([sway, tall / 5, 0.4 * sway])
                r = 0.075 * (1 - k * 0.15)
                prims.capsule(self.kelp, at, end, r, r * 0.85, 0.03)
                at = end

    def _school(self, prims: Primitives, t: float, middle: float) -> None:
        """Small fish far off, so that the water is never empty."""
        for k in range(9):
            row = self.table[(k * 5 + 2) % len(self.table)]
            a = t * (0.22 + 0.1 * float(row[0])) + k * 0.33
            x = 5.5 * math.sin(a) - 1.0 + 1.5 * float(row[1])
            z = middle + 9.5 + 2.5 * math.cos(a) + 2.0 * float(row[2])
            y = 2.4 + 1.1 * float(row[3]) + 0.2 * math.sin(t + k)
            ahead = np.array([math.cos(a), 0.0, -0.45 * math.sin(a)])
            ahead /= np.linalg.norm(ahead)
            at = np.array([x, y, z])
            wag = np.array([0.0, 0.0, 0.05 * math.sin(t * 9 + k)])
            prims.new_group()
            prims.capsule(self.shoal, at + ahead * 0.12, at - ahead * 0.10, 0.055, 0.025, 0.02)
            prims.capsule(self.shoal, at - ahead * 0.13, at - ahead * 0.22 + wag, 0.012, 0.05, 0.02)

    def lights(self, t: float) -> list[Light]:
        # Soft columns of light in the water: lamps that shine on little, but light the water round them.
        z = self.gone(t) if self.hero else 0.0
        bright = 1.0 - 0.8 * self.dark
        return [
            Light(
                at=(x + 0.6 * math.sin(t * 0.5 + x), 7.5, z + ahead),
                colour=(0.5 * bright, 1.3 * bright, 1.5 * bright),
                reach=4.0,
                halo=0.055,
            )
            for x, ahead in ((-4.0, 9.0), (2.5, 13.0), (6.5, 7.0))
        ]

    def air(self, t: float) -> Air:
        dim = 1.0 - 0.72 * self.dark
        return Air(
            zenith=(0.12 * dim, 0.50 * dim, 0.58 * dim),
            horizon=(0.010 * dim, 0.110 * dim, 0.185 * dim),
            below=(0.006 * dim, 0.06 * dim, 0.10 * dim),
            sun=(0.25, 1.0, 0.35),
            sun_colour=(0.55 * dim, 0.95 * dim, 0.90 * dim),
            glow=0.9,
            disc=0.0,
            clouds=0.55,
            cloud_colour=(0.32 * dim, 0.78 * dim, 0.80 * dim),
            cloud_shift=t * 3.0,
            cloud_scale=0.05,
            ambient_low=(0.03 * dim, 0.085 * dim, 0.11 * dim),
            ambient_high=(0.15 * dim, 0.40 * dim, 0.46 * dim),
            rim=0.5,
            key=(0.75 * dim, 1.35 * dim, 1.30 * dim),
            fog=0.055,
            fog_falloff=0.004,
            fog_colour=(0.008 * dim, 0.095 * dim, 0.165 * dim),
            halo=1.0,
        )

    def lit(self, t: float) -> Air:
        """Hours only dim it, and no weather comes down here."""
        return self.air(t)

    def weather_on(self, canvas: particles.Canvas, t: float) -> None:
        """Bubbles and drifting specks, whatever falls above."""
        particles.motes(canvas, self.drift, t, (0.35, 0.7, 0.7), strength=0.35)
        particles.bubbles(canvas, self.drift[:110], t)
