"""A city from the air: endless lit blocks, a few spires with glowing rings, streets full of lights."""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from reelway.previz.air import Air
from reelway.previz.geometry import Pose, turn_y, vector
from reelway.previz.look import Look
from reelway.previz.particles import Canvas
from reelway.previz.settings.base import Effort, Setting
from reelway.previz.shot import Cast
from reelway.previz.subjects import SUBJECTS, Stage
from reelway.previz.subjects.base import AIR
from reelway.previz.words import SettingWords
from reelway.previz.world import WINDOWS, Primitives

CELL = 30.0
CARS = 260
SPIRE, TWIST, DRUMS = range(3)
# x, z, height, radius, kind
TOWERS = (
    (60, 560, 330, 26, SPIRE),
    (-120, 700, 270, 22, TWIST),
    (190, 830, 380, 30, DRUMS),
    (-20, 980, 300, 24, TWIST),
    (-260, 1050, 240, 22, SPIRE),
    (330, 620, 210, 20, DRUMS),
)


class City(Setting):
    """Seen from a slow flight; only what flies has room in it."""

    words: ClassVar[SettingWords] = SettingWords(
        names="""city skyline skyscraper metropolis megacity tower cityscape downtown rooftop
            new-york tokyo manhattan dubai shanghai hong-kong london paris urban metropolitan
            stadt grossstadt hochhaus wolkenkratzer ville gratte-ciel ciudad rascacielos cidade citta
            grattacielo arranha-ceu 城市 都市 摩天 都会 東京 上海 город مدينة शहर""",
        cast_in="street",
        moods={"neon": ""},
    )
    time: ClassVar[str] = "dusk"
    move: ClassVar[str] = "aerial"
    signature: ClassVar[frozenset[str]] = frozenset({"aerial", "push", "track"})
    effort = Effort(steps=110, far=2600.0, shadow_steps=0, ao_reach=1.2, mirror_steps=26, epsilon=0.0012, relax=0.92)
    look = Look(
        exposure=0.92,
        bloom=1.0,
        saturation=1.22,
        contrast=1.16,
        shadows=(-0.005, 0.0, 0.03),
        highlights=(0.02, 0.004, -0.01),
        vignette=0.34,
    )

    def admits(self, cast: Cast) -> bool:
        return SUBJECTS[cast.kind].of(cast).medium == AIR

    def build(self) -> None:
        add, lit = self.materials.add, 0.25 + 0.75 * self.dark
        neon = "neon" in self.shot.style
        self.street = add((0.035, 0.035, 0.045), specular=0.3, gloss=0.6, mirror=0.22)
        # Window parameters: cell width and height, share lit, brightness, colour of a lit one.
        plain = (2.6, 3.4, 0.20 * lit, 2.3 * lit, 1.0, 0.46, 0.12)
        fine = (1.6, 3.6, 0.30 * lit, 1.9 * lit, 1.0, 0.55, 0.20)
        self.tower = add((0.16, 0.17, 0.22), specular=0.5, gloss=0.7, pattern=WINDOWS, mirror=0.05, params=plain)
        self.glass = add((0.05, 0.07, 0.10), specular=0.9, gloss=0.9, pattern=WINDOWS, mirror=0.32, params=fine)
        warm = (4.6, 0.9, 2.6) if neon else (5.5, 2.6, 0.8)
        self.ring = add((0.1, 0.1, 0.1), specular=0.2, gloss=0.4, emission=tuple(c * lit for c in warm))
        cool = (0.8 * lit, 3.2 * lit, 4.4 * lit)
        self.cyan = add((0.1, 0.1, 0.1), specular=0.2, gloss=0.4, emission=cool)
        rng, n = self.rng, CARS
        self.car_x = rng.integers(-9, 10, n)
        self.car_z = rng.random(n) * 1600
        self.car_speed = (18 + 22 * rng.random(n)) * np.where(rng.random(n) < 0.5, 1, -1)
        self.car_y = rng.integers(1, 4, n) * 26 + 28
        self.crossing = rng.random(n) < 0.5
        self.car_street = rng.integers(0, 12, n)
        # The flight is the seed's: a little left or right, a little higher or lower.
        self.side = float(rng.uniform(-14, 14))
        self.high = float(rng.uniform(-10, 16))

    def gone(self, t: float) -> float:
        return 16.0 * min(t, 12.0)

    def stage(self, gone: float, t: float) -> Stage:
        assert self.hero is not None
        away = 6.0 + 2.1 * self.hero.length
        at = np.array([11.0 + self.side + 0.19 * gone, 178.0 + self.high - self.hero.altitude, -60.0 + gone + away])
        return Stage(at=at, heading=0.35, gone=gone, t=t)

    def path(self, t: float, k: float) -> Pose:
        reach = min(self.duration_s, 12.0)
        s = k * reach
        x, y, z = 10 + self.side + 3 * s, 185 + self.high - 2.0 * s, -60 + 16 * s
        target = vector((40 + self.side * 0.3 + 2.0 * s, y - 38, z + 300))
        return Pose(eye=vector((x, y, z)), target=target, fov=52)

    def clear(self, pose: Pose) -> Pose:
        eye = pose.eye.copy()
        eye[1] = max(eye[1], 130.0)
        eye[2] = min(eye[2], 380.0)
        return Pose(eye=eye, target=pose.target, fov=pose.fov, roll=pose.roll)

    def furnish(self, prims: Primitives, t: float) -> None:
        prims.new_group()
        prims.plane(self.street, 0)
        prims.new_group()
        seed = self.seed % 97 + 3
        prims.city(self.tower, cell=CELL, half=10.5, height=120.0, centre=(20.0, 760.0), seed=seed)
        for x, z, height, radius, kind in TOWERS:
            self._tower(prims, float(x), float(z), float(height), float(radius), kind)

    def _tower(self, prims: Primitives, x: float, z: float, h: float, r: float, kind: int) -> None:
        glass = self.glass
        prims.new_group()
        match kind:
            case 0:
                prims.cone(glass, (x, h / 2, z), r, r * 0.42, h / 2, 2)
                prims.cylinder(glass, (x, h * 0.5, z), r * 0.4, h * 0.62, 2)
            case 1:
                prims.box(glass, (x, h / 2, z), (r * 0.8, h / 2, r * 0.8), 3, turn_y(0.5))
                prims.box(glass, (x, h * 0.56, z), (r * 0.42, h * 0.56, r * 0.42), 2, turn_y(1.2))
            case _:
                prims.cylinder(glass, (x, h * 0.42, z), r, h * 0.42, 4)
                prims.cylinder(glass, (x, h * 0.5, z), r * 0.62, h * 0.5, 3)
                prims.cone(glass, (x, h * 1.1, z), r * 0.2, 0.4, h * 0.12, 0.2)
        prims.new_group()
        ring = self.cyan if kind == TWIST else self.ring
        for j in range(3):
            prims.torus(ring, (x, h * (0.55 + 0.17 * j), z), r * (1.02 - 0.18 * j) + 1, 0.9)

    def air(self, t: float) -> Air:
        return Air(
            zenith=(0.03, 0.05, 0.16),
            horizon=(0.62, 0.22, 0.10),
            below=(0.20, 0.11, 0.12),
            sun=(0.30, 0.045, 1),
            sun_colour=(1.0, 0.50, 0.20),
            glow=0.85,
            disc=7,
            clouds=0.70,
            cloud_colour=(0.20, 0.13, 0.22),
            cloud_shift=t * 0.4,
            cloud_scale=0.012,
            ambient_low=(0.05, 0.03, 0.035),
            ambient_high=(0.085, 0.095, 0.20),
            key=(0.9, 0.42, 0.18),
            fog=0.0011,
            fog_falloff=0.008,
            fog_colour=(0.22, 0.095, 0.10),
        )

    def lit(self, t: float) -> Air:
        # From the air all is seen through a kilometre of it: what is thick enough in a street would hide the city here.
        air = super().lit(t)
        match self.shot.weather:
            case "fog":
                return replace(air, fog=0.016, fog_falloff=0.016)  # the towers stand out of it
            case "dust":
                return replace(air, fog=0.0022, fog_falloff=0.005)
            case "rain" | "snow":
                return replace(air, fog=0.0016)
            case _:
                return air

    def sprinkle(self, canvas: Canvas, t: float) -> None:
        """Traffic: white lights come, red lights go."""
        lane = np.where(self.car_speed > 0, 4.0, -4.0)
        points = np.empty((CARS, 3))
        points[:, 1] = self.car_y
        points[:, 0] = self.car_x * 5 * CELL + CELL / 2 + lane
        points[:, 2] = (self.car_z + self.car_speed * t) % 1600
        b = self.crossing
        points[b, 0] = ((self.car_z[b] + self.car_speed[b] * t) % 1600) - 800
        points[b, 2] = self.car_street[b] * 5 * CELL + CELL / 2 + lane[b]
        going = self.car_speed > 0
        fade = np.exp(-np.linalg.norm(points - canvas.camera[0:3], axis=1) * 0.0016)
        fade *= 0.25 + 0.75 * self.dark
        colours = np.where(going[:, None], (9.0, 1.2, 0.6), (10.0, 7.5, 4.5)) * fade[:, None]
        canvas.discs(points, 1.6, colours, 0.9, near=5.0, add=1.0, soft=3.0, smallest=1.1, lift=2.0)
