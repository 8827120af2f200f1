"""A castle on a hill road, or what is left of one."""

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np

from reelway.previz.air import Air
from reelway.previz.geometry import Floats, Pose, ease, turn_x, turn_y, turn_z, vector
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort, drift
from reelway.previz.settings.framing import beside
from reelway.previz.settings.land import Land
from reelway.previz.textures import fractal
from reelway.previz.words import SettingWords
from reelway.previz.world import BRICK, GROUND, Light, Primitives

GATE = 34.0  # metres down the way
# x, z, radius, height of the towers; the walls run between them
TOWERS = (
    (-6.2, GATE, 2.6, 12.5),
    (6.2, GATE, 2.6, 12.5),
    (-21.0, GATE + 5, 3.0, 11.0),
    (22.0, GATE + 6, 3.2, 14.0),
    (2.0, GATE + 25, 5.2, 24.0),
)


class Castle(Land):
    """The way leads to the gate; as ruins the walls are broken and columns stand beside it."""

    words: ClassVar[SettingWords] = SettingWords(
        names="""castle fortress citadel palace keep medieval tower-castle chateau-fort church cathedral monastery burg
            schloss festung chateau forteresse castillo fortaleza castelo castello rocca 城堡 城 замок قلعة किला""",
        kinds={
            "jungle": "jungle-temple jungle-ruin angkor",
            "ruins": """ruin ruins ruined ancient temple-ruin temple abandoned-castle graveyard cemetery
                pyramid acropolis overgrown
                ruine ruinen ruines ruinas rovine tempel templo tempio 废墟 遗迹 遺跡 руин أطلال खंडहर""",
        },
    )
    time: ClassVar[str] = "sunset"
    move: ClassVar[str] = "push"
    signature: ClassVar[frozenset[str]] = frozenset({"push", "track"})
    speed_max: ClassVar[float] = 9.0
    world: ClassVar[float] = 600.0
    tall: ClassVar[float] = 44.0
    ridge: ClassVar[float] = 0.2
    plain: ClassVar[float] = 36.0
    rise: ClassVar[float] = 200.0
    bend: ClassVar[float] = 0.0
    angles = (2.95, 2.45)
    leafy: ClassVar[bool] = True
    effort = Effort(steps=72, far=800.0, shadow_steps=14, ao_reach=0.9, mirror_steps=0, relax=0.9, shadow_far=45.0)
    look = Look(
        exposure=0.98,
        bloom=0.85,
        saturation=1.04,
        contrast=1.12,
        shadows=(-0.004, 0.002, 0.014),
        highlights=(0.014, 0.004, -0.010),
        vignette=0.36,
    )

    def build(self) -> None:
        super().build()
        add = self.materials.add
        snow_from = -400.0 if self.snowed else 4000.0
        earth = (0.16, 0.13, 0.09, 0.2, 0.9, snow_from)
        self.soil = add(
            (0.060, 0.085, 0.026) if self.jungle else (0.095, 0.115, 0.040),
            specular=0.05,
            gloss=0.2,
            pattern=GROUND,
            params=earth,
        )
        stone = (0.20, 0.215, 0.15) if self.jungle else (0.30, 0.265, 0.21)  # moss
        self.stone = add(stone, specular=0.08, gloss=0.2, pattern=BRICK, params=(0.95, 0.42))
        top = (0.55, 0.57, 0.60) if self.snowed else (0.13, 0.15, 0.085) if self.jungle else (0.26, 0.23, 0.185)
        self.top = add(top, specular=0.06)
        self.slate = add((0.50, 0.52, 0.55) if self.snowed else (0.075, 0.085, 0.105), specular=0.2, gloss=0.4)
        self.gap = add((0.012, 0.011, 0.010))
        self.window = add((0.03, 0.02, 0.01), emission=tuple(c * (0.05 + self.dark) for c in (2.4, 1.4, 0.5)))
        self.flag = add((0.36, 0.03, 0.03), specular=0.05)
        self.wood = add((0.09, 0.06, 0.04), specular=0.1)
        self.fire = add((0.2, 0.1, 0.05), emission=tuple(c * (0.3 + self.dark) for c in (9.0, 4.2, 1.2)))
        self.leaves = self.materials.tree((0.36, 0.38, 0.40) if self.snowed else (0.045, 0.070, 0.022))
        self.broken = np.random.default_rng(self.seed + 6).random(40)

    @property
    def ruins(self) -> bool:
        """Whether it is long abandoned."""
        return self.shot.variant in ("ruins", "jungle")

    @property
    def jungle(self) -> bool:
        """Whether a wood has grown over it."""
        return self.shot.variant == "jungle"

    def level(self) -> Floats:
        swell = fractal(self.seed + 15, octaves=4, first=8, gain=0.4)
        return np.asarray(0.010 + 0.022 * swell, np.float32)

    def gone(self, t: float) -> float:
        return drift(super().gone(1.0), t, 40.0) if self.hero else 0.0

    def path(self, t: float, k: float) -> Pose:
        if self.hero is not None:
            return beside(self, t, k, angles=self.angles, low=0.35)
        e = 0.5 * ease(k) + 0.5 * k
        eye = vector((-9.0 + 7.0 * e, self.ground(-6.0, -10.0) + 2.2 + 2.4 * e, -12.0 + 14.0 * e))
        return Pose(eye=eye, target=vector((1.0, 8.0, GATE + 6)), fov=50)

    def furnish(self, prims: Primitives, t: float) -> None:
        prims.new_group()
        prims.terrain(self.soil, 0, scale=self.scale, height=self.tall)
        prims.new_group()
        prims.trees(
            self.leaves, 0, cell=15.0, tall=11.5 if self.jungle else 8.0, shift=(0.0, 0.0), height=self.tall,
            scale=self.scale, seed=self.seed % 79 + 4, clear=9.0 if self.jungle else 27.0, leafy=True,
        )  # fmt: skip
        base = self.ground(0.0, GATE) - 1.0
        for number, (x, z, radius, tall) in enumerate(TOWERS):
            share = 0.35 + 0.5 * self.broken[number] if self.ruins else 1.0
            self._tower(prims, x, base, z, radius, tall * share, number)
        (ax, az), (bx, bz) = (TOWERS[2][0], TOWERS[2][1]), (TOWERS[0][0], TOWERS[0][1])
        self._wall(prims, (ax, az), (bx, bz), base, 7.0, 10)
        self._wall(prims, (TOWERS[1][0], TOWERS[1][1]), (TOWERS[3][0], TOWERS[3][1]), base, 7.5, 11)
        self._gate(prims, base)
        if self.ruins:
            self._columns(prims)
        else:
            self._torches(prims)
            self._banner(prims, t, base)

    def _tower(
        self, prims: Primitives, x: float, base: float, z: float, radius: float, tall: float, number: int
    ) -> None:
        prims.new_group()
        prims.cone(self.stone, (x, base + tall / 2, z), radius * 1.08, radius * 0.96, tall / 2, 0.05)
        if self.ruins:
            for k in range(3):
                a = k * 2.1 + number
                chunk = radius * (0.45 + 0.2 * self.broken[number + k + 8])
                at = (x + math.cos(a) * radius * 0.55, base + tall + chunk * 0.3, z + math.sin(a) * radius * 0.55)
                prims.box(self.stone, at, (chunk * 0.6, chunk * (0.9 + k * 0.4), chunk * 0.6), 0.1, turn_y(a))
        else:
            prims.cylinder(self.top, (x, base + tall + 0.15, z), radius * 1.14, 0.28, 0.05)
            for k in range(10):
                a = k * math.pi / 5
                at = (x + math.cos(a) * radius * 1.04, base + tall + 0.85, z + math.sin(a) * radius * 1.04)
                prims.box(self.top, at, (0.22, 0.48, radius * 0.20), 0.04, turn_y(-a))
            if number >= 2:
                prims.new_group()
                prims.cone(self.slate, (x, base + tall + 0.4 + radius, z), radius * 0.92, 0.05, radius * 1.05, 0.03)
        prims.new_group()
        for k in range(2):
            prims.box(
                self.gap if self.ruins else self.window,
                (x - 0.35 * radius, base + tall * (0.45 + 0.3 * k), z - radius * 0.98),
                (0.17, 0.55, 0.14),
                0.05,
            )

    def _wall(
        self, prims: Primitives, a: tuple[float, float], b: tuple[float, float], base: float, tall: float, seed: int
    ) -> None:
        along = np.array([b[0] - a[0], 0.0, b[1] - a[1]])
        length = float(np.linalg.norm(along))
        turn = turn_y(math.atan2(along[0], along[2]))
        middle = np.array([(a[0] + b[0]) / 2, 0.0, (a[1] + b[1]) / 2])
        pieces = 5
        for k in range(pieces):
            share = 1.0 if not self.ruins else 0.30 + 0.65 * self.broken[(seed + k * 3) % 40]
            at = middle + along * ((k + 0.5) / pieces - 0.5)
            half = length / pieces / 2 + 0.02
            prims.new_group()
            prims.box(
                self.stone, at + vector((0, base + tall * share / 2, 0)), (0.75, tall * share / 2, half), 0.04, turn
            )
            if not self.ruins:
                for j in range(2):
                    spot = at + along / length * half * (j - 0.5)
                    prims.box(
                        self.top, spot + vector((0, base + tall + 0.35, 0)), (0.75, 0.42, half * 0.28), 0.04, turn
                    )

    def _gate(self, prims: Primitives, base: float) -> None:
        """Two piers, and stones that lean on each other over the way."""
        stone, spring, span = self.stone, base + 5.2, 2.35
        tall = 9.5 if not self.ruins else 7.6
        prims.new_group()
        for side in (-1, 1):
            prims.box(stone, (side * 3.35, base + tall / 2, GATE), (1.0, tall / 2, 1.3), 0.05)
        prims.box(stone, (0, base + (tall + 7.9) / 2, GATE), (3.4, max((tall - 7.9) / 2, 0.12), 1.25), 0.05)
        prims.new_group()
        for k in range(9):
            a = math.pi * (k + 0.5) / 9
            if self.ruins and k in (4, 5):
                continue
            at = (math.cos(a) * (span + 0.3), spring + math.sin(a) * (span + 0.3), GATE)
            prims.box(self.top, at, (0.42, 0.50, 1.36), 0.05, turn_z(a))
        if self.ruins:
            return
        prims.new_group()
        for k in range(6):
            x = -3.0 + 1.2 * k
            prims.box(self.top, (x, base + tall + 0.45, GATE - 0.9), (0.32, 0.45, 0.3), 0.04)

    def _columns(self, prims: Primitives) -> None:
        for number, (x, z) in enumerate(
            ((-5.0, 6.0), (4.6, 10.5), (-4.8, 15.5), (5.2, 20.5), (-5.4, 25.0), (4.4, 2.5))
        ):
            y = self.ground(x, z)
            tall = 1.4 + 3.4 * self.broken[20 + number]
            prims.new_group()
            prims.cylinder(self.top, (x, y + 0.12, z), 0.72, 0.22, 0.05)
            prims.cone(self.top, (x, y + tall / 2, z), 0.50, 0.44, tall / 2, 0.03, turn_z(0.05 * math.sin(number * 3)))
            if number % 2:
                prims.new_group()
                lying = turn_y(number) @ turn_x(math.pi / 2)
                prims.cylinder(self.top, (x + 1.6, y + 0.36, z + 1.2), 0.42, 0.9, 0.05, lying)

    def _torches(self, prims: Primitives) -> None:
        for side in (-1, 1):
            x, z = side * 3.4, GATE - 1.7
            y = self.ground(0, GATE) + 2.6
            prims.new_group()
            prims.capsule(self.wood, (x, y - 0.6, z + 0.35), (x, y, z), 0.05)
            prims.new_group()
            prims.ellipsoid(self.fire, (x, y + 0.22, z - 0.05), (0.11, 0.24, 0.11))

    def _banner(self, prims: Primitives, t: float, base: float) -> None:
        x, z, radius, tall = TOWERS[4]
        top = base + tall + 2 * radius + 0.6
        prims.new_group()
        prims.capsule(self.wood, (x, top - 0.8, z), (x, top + 2.6, z), 0.06)
        prims.new_group()
        for k in range(6):
            flutter = 0.30 * math.sin(t * (4 + 3 * self.wind) - k * 0.9) * (k / 5)
            at = (x + 0.35 + 0.5 * k, top + 1.9 - 0.05 * k, z + flutter)
            prims.box(self.flag, at, (0.30, 0.55 - 0.05 * k, 0.03), 0.02, smooth=0.1)

    def air(self, t: float) -> Air:
        # From the side: the walls catch the light of a low sun, and do not stand before it.
        air = super().air(t)
        side = math.copysign(1.0, self.sun_side)
        return replace(air, sun=(side, max(air.sun[1], 0.16), -0.10))

    def lights(self, t: float) -> list[Light]:
        if self.ruins:
            return []
        y = self.ground(0, GATE) + 2.9
        flicker = 1.0 + 0.15 * math.sin(t * 11) + 0.1 * math.sin(t * 17.3)
        lit = (0.1 + 0.9 * self.dark) * flicker
        return [
            Light(at=(side * 3.4, y, GATE - 1.95), colour=(4.5 * lit, 2.1 * lit, 0.6 * lit), reach=3.0, halo=0.012)
            for side in (-1, 1)
        ]
