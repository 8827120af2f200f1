"""A city street at eye level: shops and houses, lamps, parked cars, trees."""

import math
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from reelway.previz.air import Air
from reelway.previz.geometry import Floats, Pose, Triple, ease, vector
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort, Setting
from reelway.previz.settings.framing import beside, cells
from reelway.previz.shot import Cast
from reelway.previz.subjects import SUBJECTS, Stage
from reelway.previz.subjects.base import LAND
from reelway.previz.subjects.company import Room
from reelway.previz.words import SettingWords
from reelway.previz.world import PLANKS, ROAD, WINDOWS, Light, Primitives

LOT = 13.0  # metres of street front of one house
KERB, FRONT = 4.9, 8.2  # from the middle of the road
LANE, WALK = 1.8, 6.5
LAMP = 21.0
TREE, POST, PARKED = KERB + 0.8, KERB + 0.4, KERB - 1.15
IN_FACE = 1.5  # metres from the camera that no post stands in
CAR_REACH, CAR_TALL = 2.6, 2.2  # from the middle of a parked car to its ends, and over its roof
LOOKS = 24  # at a shot, for what is in the way
PAVEMENT = Room(width=2.9, height=14.0)
SEEN, NEAR, CLOSE = 11, 5, 4  # lots that stand, those whose shops can be made out, and what is in their windows


class Street(Setting):
    """It goes on for ever: every lot draws its own house. Vehicles keep to a lane, all others to the pavement."""

    words: ClassVar[SettingWords] = SettingWords(
        names="""street avenue boulevard sidewalk pavement crosswalk market bazaar square plaza suburb suburban
            neighborhood neighbourhood intersection town main-street bridge station gas-station train-station airport
            parking-lot car-park subway metro tunnel strasse markt platz rue marche calle avenida
            mercado plaza rua praca strada viale piazza 街道 街 大街 通り улиц площад рынок شارع سوق सड़क बाजार""",
    )
    time: ClassVar[str] = "dusk"
    move: ClassVar[str] = "track"
    signature: ClassVar[frozenset[str]] = frozenset({"track", "push"})
    speed_max: ClassVar[float] = 13.0
    room: ClassVar[Room] = Room(width=9.0, height=14.0)
    angles = (-2.8, -2.5)
    leafy: ClassVar[bool] = True
    effort = Effort(steps=72, far=260.0, shadow_steps=10, ao_reach=0.8, mirror_steps=12, relax=0.93, shadow_far=40.0)
    look = Look(
        exposure=0.98,
        bloom=1.0,
        saturation=1.08,
        contrast=1.13,
        shadows=(-0.006, 0.0, 0.022),
        highlights=(0.014, 0.002, -0.010),
        vignette=0.36,
    )

    def build(self) -> None:
        add, lit = self.materials.add, 0.12 + 0.88 * self.dark
        neon = "neon" in self.shot.style
        wet = 0.95 if self.falls == "rain" else 0.25
        white = self.falls == "snow"
        road = (KERB - 0.3, wet, 0.16, 0.16, 0.16)
        tar = (0.30, 0.31, 0.33) if white else (0.060, 0.061, 0.066)
        self.road = add(tar, specular=0.35, gloss=0.6, pattern=ROAD, mirror=0.05 + 0.10 * wet, params=road)
        slab = (0.62, 0.64, 0.68) if white else (0.17, 0.165, 0.16)
        self.slab = add(
            slab, specular=0.25, gloss=0.5, pattern=PLANKS, mirror=0.04 + 0.10 * wet, params=(0.9, 0.9, 0.35)
        )
        glow = 0.10 + 0.90 * self.dark
        self.walls = []
        for colour in (
            (0.22, 0.105, 0.075),
            (0.27, 0.235, 0.19),
            (0.15, 0.16, 0.18),
            (0.31, 0.27, 0.21),
            (0.13, 0.085, 0.07),
        ):
            windows = (1.5, 3.3, 0.26 * lit, 1.05 * lit, 1.0, 0.60, 0.26)
            self.walls.append(add(colour, specular=0.15, gloss=0.4, pattern=WINDOWS, params=windows))
        self.glass = add(
            (0.05, 0.06, 0.07),
            specular=0.9,
            gloss=0.9,
            mirror=0.06,
            emission=(0.10 * glow, 0.062 * glow, 0.030 * glow),
            # Bright and dark goods behind the panes, on shelves that are the gaps between windows.
            pattern=WINDOWS,
            params=(0.55, 0.62, 0.42, 0.55 * glow, 1.0, 0.66, 0.36),
        )
        self.goods = add((0.020, 0.016, 0.014), specular=0.05)
        self.dark_glass = add((0.02, 0.024, 0.03), specular=0.9, gloss=0.9, mirror=0.28)
        self.sash = add((0.05, 0.045, 0.042), specular=0.3, gloss=0.5)
        self.awnings = [
            add(c, specular=0.05)
            for c in ((0.38, 0.05, 0.04), (0.04, 0.16, 0.12), (0.42, 0.30, 0.10), (0.05, 0.09, 0.24))
        ]
        self.stone = add((0.30, 0.29, 0.27), specular=0.1)
        self.metal = add((0.05, 0.055, 0.06), specular=0.5, gloss=0.6)
        self.bulb = add((0.4, 0.4, 0.4), emission=(12 * lit, 8.5 * lit, 4.6 * lit))
        bright = 6.0 if neon else 2.6
        hues = (
            ((1.0, 0.12, 0.45), (0.1, 0.75, 1.0), (1.0, 0.55, 0.1), (0.5, 0.2, 1.0))
            if neon
            else ((1.0, 0.5, 0.2), (0.9, 0.8, 0.6), (0.5, 0.9, 0.7), (1.0, 0.25, 0.2))
        )
        self.hues = [tuple(bright * lit * c for c in hue) for hue in hues]
        self.signs = [add((0.04, 0.04, 0.04), specular=0.2, emission=hue) for hue in self.hues]
        leaf = (0.34, 0.36, 0.37) if white else (0.045, 0.075, 0.022)
        self.leaf = add(leaf, specular=0.05)
        self.bark = add((0.06, 0.045, 0.035), specular=0.05)
        self.cars = [
            add(c, specular=0.9, gloss=0.9, mirror=0.18)
            for c in ((0.25, 0.26, 0.28), (0.05, 0.07, 0.13), (0.33, 0.32, 0.30), (0.22, 0.03, 0.03))
        ]
        self.table = np.random.default_rng(self.seed + 2).random((2, 53, 10))

    def space(self, cast: Cast) -> Room:
        subject = SUBJECTS[cast.kind].of(cast)
        rolls = subject.speed > 4.0 or subject.length > 3.5 or subject.medium != LAND
        return self.room if rolls else PAVEMENT

    @property
    def drives(self) -> bool:
        """Whether the hero belongs on the road."""
        return self.hero is not None and (self.hero.speed > 4.0 or self.hero.length > 3.5) and self.hero.medium != "air"

    @property
    def on_road(self) -> bool:
        """Whether the hero is between the kerbs, on the road or over it."""
        return self.drives or (self.hero is not None and self.hero.medium == "air")

    def stage(self, gone: float, t: float) -> Stage:
        x = LANE if self.drives else 0.4 if self.hero is not None and self.hero.medium == "air" else WALK
        return Stage(at=np.array([x, 0.0 if self.drives else 0.14, gone]), heading=0.0, gone=gone, t=t)

    def ground(self, x: float, z: float) -> float:
        return 0.0 if abs(x) < KERB else 0.14

    def path(self, t: float, k: float) -> Pose:
        if self.hero is not None:
            angles = self.angles if self.on_road else (-0.50, -0.95)
            return beside(self, t, k, angles=angles, near=1.0 if self.drives else 1.05, low=0.55)
        e = ease(k)
        eye = vector((-1.2 + 2.4 * e, 1.7 + 0.9 * e, -6.0 + 10.0 * e))
        return Pose(eye=eye, target=eye + vector((0.6, 0.35, 10.0)), fov=54)

    def clear(self, pose: Pose) -> Pose:
        eye = pose.eye.copy()
        wide = 2.5 if self.on_road else FRONT - 0.7
        eye[0] = min(max(eye[0], -wide), wide)
        eye[1] = max(eye[1], 0.4)
        return replace(pose, eye=eye)

    def furnish(self, prims: Primitives, t: float) -> None:
        z = self.gone(t) if self.hero else 0.0
        prims.new_group()
        prims.plane(self.road, 0.0)
        prims.new_group()
        for side in (-1, 1):
            prims.box(self.slab, (side * (KERB + 6.0), 0.04, z), (6.0, 0.10, 500.0), 0.03, endless=True)
        pose = self.camera(t)
        for number, lot in enumerate(cells(pose, LOT, 2, SEEN - 2)):
            for side in (-1, 1):
                self._house(prims, side, lot, near=number < NEAR, close=number < CLOSE)
        for number in cells(pose, LAMP, 1, 5):
            side, z = -1 if number % 2 else 1, number * LAMP + 5.0
            if not self._blinds(side * POST, z):
                self._lamp(prims, side, z)

    def _house(self, prims: Primitives, side: int, lot: int, *, near: bool, close: bool) -> None:
        r = self.table[(side + 1) // 2, lot % 53]
        z = lot * LOT + LOT / 2
        storeys = 3 + int(r[0] * 4.2)
        tall, deep = 4.2 + storeys * 3.3, 6.0
        x = side * (FRONT + deep + 0.35 * r[1])
        face = abs(x) - deep
        prims.new_group()
        wall = self.walls[int(r[2] * 4.99)]
        prims.box(wall, (x, tall / 2, z), (deep, tall / 2, LOT / 2 - 0.03), 0.03)
        prims.new_group()
        prims.box(self.stone, (side * (face + 0.1), tall + 0.12, z), (0.45, 0.22, LOT / 2), 0.04)
        prims.box(self.stone, (side * (face + 0.15), 3.95, z), (0.28, 0.14, LOT / 2), 0.03)
        if r[7] > 0.45 and not self._blinds(side * TREE, z - 3.0):
            self._tree(prims, side * TREE, z - 3.0, float(r[4]))
        if r[4] > 0.40 and not self._hides(side * PARKED, z + 2.5):
            self._parked(prims, side * PARKED, z + 2.5, float(r[9]))
        if not near:
            return
        # The shop below: a dark front with panes, an awning, a sign.
        prims.new_group()
        prims.box(self.sash, (side * face, 1.9, z), (0.10, 1.9, LOT / 2 - 0.1), 0.02)
        lit, high = r[3] < 0.65, 1.12 + 0.2 * r[4]
        for pillar in (z - 2.0, z + 2.0):
            prims.box(self.sash, (side * (face - 0.06), 1.9, pillar), (0.12, 1.9, 0.30), 0.02)
        prims.new_group()
        glass = self.glass if lit else self.dark_glass
        prims.box(glass, (side * (face - 0.06), 0.28 + high, z), (0.08, high, LOT / 2 - 0.75), 0.02)
        if lit and close:
            for k in range(2):
                self._shown(prims, side * (face - 0.17), z + (k - 0.5) * 8.0 + 1.6 * (r[6 + k] - 0.5))
        if r[5] < 0.6:
            prims.new_group()
            lean = np.array(
                [[math.cos(0.5), -math.sin(0.5) * side, 0], [math.sin(0.5) * side, math.cos(0.5), 0], [0, 0, 1]]
            )
            prims.box(
                self.awnings[int(r[6] * 3.99)],
                (side * (face - 0.65), 3.05, z + (r[7] - 0.5) * 4),
                (0.78, 0.03, 2.1),
                0.01,
                lean,
            )
        if r[8] < 0.75:
            prims.new_group()
            at = (side * (face - 0.55), 4.9 + 1.2 * r[9], z + (r[6] - 0.5) * 9)
            prims.box(self.signs[int(r[9] * 3.99)], at, (0.42, 0.75 + 0.5 * r[7], 0.06), 0.03)

    def _shown(self, prims: Primitives, x: float, z: float) -> None:
        """A dummy against the light of its shop window."""
        prims.new_group()
        prims.ellipsoid(self.goods, (x, 1.72, z), (0.05, 0.13, 0.10))
        prims.cone(self.goods, (x, 1.02, z), 0.20, 0.15, 0.48, 0.02, smooth=0.1, flat=9.0)

    def _tree(self, prims: Primitives, x: float, z: float, r: float) -> None:
        prims.new_group()
        prims.capsule(self.bark, (x, 0.1, z), (x, 2.9, z), 0.11, 0.08)
        prims.new_group()
        for k in range(4):
            a = k * 1.7 + 6 * r
            at = (x + 0.55 * math.cos(a), 3.5 + 0.35 * k, z + 0.6 * math.sin(a))
            prims.ellipsoid(self.leaf, at, (0.95, 0.72, 0.95), smooth=0.25)

    @cached_property
    def _sights(self) -> tuple[Floats, Floats]:
        """Where the camera stands at moments of the shot, and the lines from there to the hero; none without one."""
        times = [self.duration_s * k / (LOOKS - 1) for k in range(LOOKS)] if self.hero else []
        eyes = np.array([self.camera(t).eye for t in times]).reshape(-1, 3)
        heroes = np.array([self.hero_at(t) for t in times]).reshape(-1, 3)
        return eyes, heroes - eyes

    def _hides(self, x: float, z: float) -> bool:
        """Whether a car parked there would ever come between camera and hero; one that only vanishes then pops."""
        eyes, lines = self._sights
        car, flat = np.array([x, z]), [0, 2]
        along = ((car - eyes[:, flat]) * lines[:, flat]).sum(1) / np.maximum((lines[:, flat] ** 2).sum(1), 1e-6)
        nearest = eyes + lines * np.clip(along, 0, 1)[:, None]
        off = np.hypot(*(nearest[:, flat] - car).T)
        return bool(np.any((off < CAR_REACH) & (nearest[:, 1] < CAR_TALL)))

    def _blinds(self, x: float, z: float) -> bool:
        """Whether a post there would ever be right before the camera."""
        eyes, _ = self._sights
        return bool(np.any(np.hypot(eyes[:, 0] - x, eyes[:, 2] - z) < IN_FACE))

    def _parked(self, prims: Primitives, x: float, z: float, r: float) -> None:
        paint = self.cars[int(r * 3.99)]
        prims.new_group()
        prims.box(paint, (x, 0.55, z), (0.86, 0.30, 2.1), 0.22, smooth=0.12)
        prims.box(paint, (x, 1.0, z - 0.2), (0.70, 0.32, 1.1), 0.26, smooth=0.12)
        prims.new_group()
        prims.box(self.dark_glass, (x, 1.06, z - 0.2), (0.73, 0.19, 1.0), 0.17)
        prims.box(self.dark_glass, (x, 1.06, z - 0.2), (0.60, 0.18, 1.13), 0.16)
        prims.new_group()
        turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
        for dx in (-0.76, 0.76):
            for dz in (-1.3, 1.3):
                prims.cylinder(self.metal, (x + dx, 0.33, z + dz), 0.33, 0.12, 0.05, turn)

    def _lamp(self, prims: Primitives, side: int, z: float) -> None:
        x = side * POST
        prims.new_group()
        prims.capsule(self.metal, (x, 0.1, z), (x, 5.4, z), 0.075, 0.05)
        prims.capsule(self.metal, (x, 5.4, z), (x - side * 1.5, 5.75, z), 0.045)
        prims.new_group()
        prims.ellipsoid(self.bulb, (x - side * 1.55, 5.66, z), (0.28, 0.08, 0.14))

    def lights(self, t: float) -> list[Light]:
        lit = 0.06 + 0.94 * self.dark
        if lit < 0.1:
            return []
        pose, lamps = self.camera(t), []
        for number in cells(pose, LAMP, 1, 3):
            side = -1 if number % 2 else 1
            at: Triple = (side * (KERB - 1.15), 5.5, number * LAMP + 5.0)
            lamps.append(
                Light(
                    at=at, colour=(4.4 * lit, 3.1 * lit, 1.8 * lit), reach=5.5, halo=0.010, axis=(0, -1, 0), spot=-0.15
                )
            )
        for number in cells(pose, LOT, 0, 3):
            for side in (-1, 1):
                r = self.table[(side + 1) // 2, number % 53]
                if r[8] < 0.75:
                    hue = self.hues[int(r[9] * 3.99)]
                    at = (side * (FRONT - 1.3), 4.4, number * LOT + LOT / 2 + (r[6] - 0.5) * 9)
                    lamps.append(Light(at=at, colour=(hue[0] * 0.8, hue[1] * 0.8, hue[2] * 0.8), reach=3.6, halo=0.006))
        return lamps

    def air(self, t: float) -> Air:
        hour = self.hour
        return Air(
            zenith=hour.zenith,
            horizon=hour.horizon,
            below=hour.below,
            sun=(0.32, hour.sun_height * 1.3, 1.0),
            sun_colour=hour.sun_colour,
            glow=hour.glow,
            disc=hour.disc,
            clouds=0.6,
            cloud_colour=hour.cloud_colour,
            cloud_shift=t * (0.3 + self.wind),
            stars=hour.stars * 0.4,
            ambient_low=hour.ambient_low,
            ambient_high=hour.ambient_high,
            key=hour.key,
            fog=0.0035,
            fog_falloff=0.03,
            fog_colour=hour.fog_colour,
            halo=1.0,
        )
