"""A narrow street between brick walls: lamps, steam, puddles, rain."""

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np

from reelway.previz import particles
from reelway.previz.air import Air, Colour
from reelway.previz.geometry import Pose, Triple, turn_x, turn_y, turn_z, vector
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort, Setting, drift
from reelway.previz.subjects import Stage
from reelway.previz.subjects.company import Room
from reelway.previz.words import SettingWords
from reelway.previz.world import BRICK, PUDDLES, Light, Primitives

WALL = 2.9
LAMPS = ((1, 11.0), (-1, 20.5), (1, 29.5), (-1, 44.0), (1, 58.0))
VENTS = ((-1.0, 9.5), (1.5, 19.0), (-0.6, 31.0))
PUFFS = 42
REACH = 34.0  # metres that the walk may take


class Alley(Setting):
    """The hero walks away from the camera, which follows more slowly."""

    words: ClassVar[SettingWords] = SettingWords(
        names="""alley alleyway backstreet back-alley side-street lane gasse ruelle callejon beco vicolo
            小巷 胡同 路地 переулок زقاق गली""",
        moods={"noir": "", "rain": ""},
    )
    time: ClassVar[str] = "night"
    weather: ClassVar[str | None] = "rain"
    subject: ClassVar[str | None] = "detective"
    move: ClassVar[str] = "track"
    signature: ClassVar[frozenset[str]] = frozenset({"track", "push", "handheld"})
    speed_max: ClassVar[float] = 1.4
    room: ClassVar[Room] = Room(width=3.6, height=8.0)
    effort = Effort(steps=80, far=95.0, shadow_steps=0, ao_reach=0.7, mirror_steps=34, epsilon=0.001, relax=0.95)
    look = Look(
        exposure=0.95,
        bloom=1.0,
        saturation=0.80,
        contrast=1.22,
        shadows=(-0.016, 0.006, 0.034),
        highlights=(0.0, 0.004, 0.004),
        vignette=0.48,
        grain=5.0,
    )

    def build(self) -> None:
        add, rng = self.materials.add, self.rng
        if self.shot.weather is None and self.clock not in ("night", "dusk"):
            self.falls = None  # it is at night that it always rains
        wet = self.falls == "rain"
        neon = "neon" in self.shot.style
        puddle = (0.16 if wet else 0.06, 1.0 if wet else 0.0)
        self.floor = add((0.05, 0.052, 0.058), specular=0.55, gloss=0.8, pattern=PUDDLES, mirror=0.3, params=puddle)
        self.brick = self._bricks((0.20, 0.13, 0.10))
        self.brick_grey = self._bricks((0.13, 0.13, 0.14))
        self.metal = add((0.06, 0.065, 0.07), specular=0.6, gloss=0.6, mirror=0.08)
        self.bin = add((0.05, 0.09, 0.08), specular=0.4, gloss=0.5)
        self.dark_frame = add((0.03, 0.03, 0.03), specular=0.2, gloss=0.4)
        warm = self._glow(2.4, 1.5, 0.62)
        self.window_lit = add((0.02, 0.02, 0.02), specular=0.2, gloss=0.5, emission=warm)
        self.window_dark = add((0.012, 0.014, 0.02), specular=0.9, gloss=0.9, mirror=0.25)
        self.lamp = add((0.1, 0.1, 0.1), emission=self._glow(16, 11, 6))
        self.sign = add((0.05, 0.05, 0.05), specular=0.2, gloss=0.5, emission=self._glow(9.0, 0.7, 1.5))
        self.sign_two = add((0.05, 0.05, 0.05), specular=0.2, gloss=0.5, emission=self._glow(0.5, 5.0, 7.5))
        self.signs = [(-1, 26.5, 4.6, self.sign, (4.0, 0.25, 0.6))]
        if neon:
            blue = (0.3, 2.6, 4.2)
            self.signs += [(1, 17.5, 4.3, self.sign_two, blue), (-1, 14.5, 3.6, self.sign, (4.0, 0.25, 1.4))]
            self.signs += [(1, 36.0, 4.8, self.sign_two, blue)]
        self.windows = [
            (side, z, y, rng.random() < 0.28)
            for side in (-1, 1)
            for z in np.arange(2, 80, 4.2)
            for y in (4.2, 7.6, 11.0)
            if not (y > 9 and z < 10)
        ]
        self.puffs = rng.random((len(VENTS) * PUFFS, 6))
        self.drops = rng.random((260, 4))

    def _glow(self, red: float, green: float, blue: float) -> Colour:
        """The light of a sign: by day little of it is seen."""
        return _share((red, green, blue), 0.15 + 0.85 * self.dark)

    def _bricks(self, colour: Triple) -> int:
        return self.materials.add(
            colour, specular=0.30, gloss=0.6, pattern=BRICK, mirror=0.05, params=(0.25, 0.085, 0.5)
        )

    def gone(self, t: float) -> float:
        return drift(super().gone(1.0), t, REACH) if self.hero else 0.0

    def stage(self, gone: float, t: float) -> Stage:
        near = 6.1 - 2.2 * max(1.9 - self.hero.length, 0.0) if self.hero else 6.1
        return Stage(at=np.array([-0.25, 0.0, near + gone]), heading=0.0, gone=gone, t=t)

    def path(self, t: float, k: float) -> Pose:
        # It follows at two thirds of the hero's pace; a longer subject is given more room.
        room = 0.55 * max(self.hero.length - 1.9, 0.0) if self.hero else 0.0
        seconds = k * self.duration_s
        follows = drift(0.92, seconds, REACH) if self.hero is None else self.gone(seconds)
        z = 1.2 - room + 0.67 * follows + 0.10 * seconds * (follows == 0.0)
        eye = vector((0.55 + 0.04 * math.sin(seconds * 1.1), 1.30 + 0.012 * math.sin(seconds * 2.3), z))
        eyes = 1.42 if self.hero is None else 0.55 + 0.66 * self.hero.eyes
        eye[1] = min(eye[1], 0.60 + 0.53 * eyes) + (0.25 * self.hero.altitude if self.hero else 0.0)
        return Pose(eye=eye, target=vector((-0.12, eyes, z + 7)), fov=47)

    def clear(self, pose: Pose) -> Pose:
        eye = pose.eye.copy()
        eye[0] = min(max(eye[0], -2.2), 2.2)
        eye[1] = min(max(eye[1], 0.35), 9.0)
        return Pose(eye=eye, target=pose.target, fov=pose.fov, roll=pose.roll)

    def furnish(self, prims: Primitives, t: float) -> None:
        prims.new_group()
        prims.plane(self.floor, 0)
        prims.new_group()
        prims.box(self.brick, (-5.4, 9, 40), (2.5, 9, 60), endless=True)
        prims.box(self.brick_grey, (5.5, 9, 40), (2.5, 9, 60), endless=True)
        prims.new_group()
        prims.box(self.brick_grey, (0, 8, 78), (14, 8, 1.5), endless=True)
        self._walls(prims)
        self._clutter(prims)
        for side, z in LAMPS:
            prims.new_group()
            prims.capsule(self.metal, (side * WALL, 3.9, z), (side * 2.25, 4.0, z), 0.03)
            prims.cone(self.metal, (side * 2.2, 3.95, z), 0.24, 0.06, 0.10)
            prims.new_group()
            prims.ellipsoid(self.lamp, (side * 2.2, 3.84, z), (0.10, 0.07, 0.10))
        for side, z, y, material, _ in self.signs:
            prims.new_group()
            prims.box(material, (side * 2.72, y, z), (0.06, 1.1, 0.28), 0.05)

    def _walls(self, prims: Primitives) -> None:
        frame = self.dark_frame
        for side, z, y, on in self.windows:
            x = side * 2.92
            prims.new_group()
            prims.box(self.window_lit if on else self.window_dark, (x, y, z), (0.06, 0.72, 0.52), 0.01)
            prims.box(frame, (x - side * 0.04, y - 0.78, z), (0.12, 0.05, 0.62), 0.01)
            prims.box(frame, (x - side * 0.03, y, z), (0.07, 0.72, 0.03), 0.005)
        for side, z in ((-1, 11.5), (1, 20.5), (-1, 33)):
            prims.new_group()
            prims.box(frame, (side * 2.92, 1.1, z), (0.08, 1.1, 0.55), 0.02)
        for side, z in ((-1, 7.0), (1, 13.2), (-1, 24.0), (1, 30.0)):
            prims.new_group()
            prims.cylinder(self.metal, (side * 2.80, 6, z), 0.075, 6)
            prims.cylinder(self.metal, (side * 2.80, 6, z + 0.25), 0.05, 6)

    def _clutter(self, prims: Primitives) -> None:
        metal, steep = self.metal, turn_x(0.65)
        for z in (16.5, 37.0):  # fire escapes
            prims.new_group()
            for y in (3.4, 6.8, 10.2):
                prims.box(metal, (2.45, y, z), (0.48, 0.03, 1.7), 0.01)
                prims.box(metal, (2.0, y + 0.95, z), (0.02, 0.02, 1.7), 0.01)
                prims.box(metal, (2.0, y + 0.5, z), (0.015, 0.015, 1.7), 0.01)
            for x in (2.2, 2.5):
                prims.box(metal, (x, 5.1, z), (0.02, 2.3, 0.03), 0.01, steep)
        prims.new_group()
        prims.box(self.bin, (-2.25, 0.62, 13.6), (0.55, 0.6, 0.95), 0.06)
        prims.box(self.bin, (-2.25, 1.27, 13.6), (0.58, 0.05, 0.98), 0.03, turn_z(0.08))
        prims.new_group()
        prims.box(self.dark_frame, (2.45, 0.35, 9.2), (0.32, 0.35, 0.32))
        prims.box(self.dark_frame, (2.4, 0.9, 9.3), (0.25, 0.22, 0.28), 0.02, turn_y(0.4))

    def lights(self, t: float) -> list[Light]:
        dim = self.dark
        lights = []
        for number, (side, z) in enumerate(LAMPS):
            # The third lamp has a loose contact.
            flicker = number == 2 and math.sin(t * 37) + math.sin(t * 23) < -0.9
            on = dim * (0.2 if flicker else 0.85 if number == 2 else 1.0)
            colour = (4.6 * on, 3.2 * on, 1.8 * on)
            at = (side * 2.15, 3.7, z)
            lights.append(Light(at=at, colour=colour, reach=5.0, halo=0.013, axis=(0, -1, 0), spot=-0.15))
        for side, z, y, _, colour in self.signs:
            lights.append(Light(at=(side * 2.4, y, z), colour=self._glow(*colour), reach=4.5, halo=0.020))
        if self.dark > 0.5:
            lights.append(Light(at=(0, 8.5, 74.0), colour=(3.2, 4.4, 6.4), reach=26, halo=0.085))
        return lights

    def lit(self, t: float) -> Air:
        air = super().lit(t)
        if self.clock == self.time:
            return air
        # Between walls the sun is a glow from above, and there is little haze before the far end.
        return replace(
            air,
            key=_share(air.key, 0.45),
            ambient_low=_share(air.ambient_low, 0.9),
            ambient_high=_share(air.ambient_high, 1.15),
            fog_colour=_share(air.fog_colour, 0.75),
            fog=min(air.fog, 0.020) * 0.7,
        )

    def air(self, t: float) -> Air:
        return Air(
            zenith=(0.008, 0.011, 0.02),
            horizon=(0.05, 0.06, 0.08),
            below=(0.01, 0.01, 0.012),
            sun=(0.1, 0.6, -1),
            sun_colour=(0.1, 0.12, 0.16),
            glow=0,
            disc=0,
            clouds=0,
            cloud_colour=(0.05, 0.05, 0.06),
            ambient_low=(0.012, 0.013, 0.016),
            ambient_high=(0.05, 0.062, 0.085),
            rim=0.9,
            key=(0, 0, 0),
            fog=0.014,
            fog_falloff=0.06,
            fog_colour=(0.030, 0.038, 0.050),
            halo=1.0,
        )

    def sprinkle(self, canvas: particles.Canvas, t: float) -> None:
        self._steam(canvas, t)
        if self.falls == "rain":
            particles.splashes(canvas, self.drops, t)

    def _steam(self, canvas: particles.Canvas, t: float) -> None:
        points, radii, alphas = [], [], []
        for vent, (x, z) in enumerate(VENTS):
            q = self.puffs[vent * PUFFS : (vent + 1) * PUFFS]
            age = (q[:, 0] + t * 0.26) % 1
            sideways = x + (q[:, 1] - 0.5) * 0.35 + age * (0.5 * np.sin(q[:, 2] * 6 + t * 0.5) + 0.25)
            ahead = z + (q[:, 3] - 0.5) * 0.35 + age * 0.5 * np.cos(q[:, 4] * 6 + t * 0.4)
            points.append(np.stack([sideways, age * 2.9, ahead], 1))
            radii.append(0.16 + age * 0.85)
            alphas.append(0.16 * np.minimum(age * 6, 1) * (1 - age) ** 1.2)
        where = np.concatenate(points)
        # Brighter near a lamp.
        lamp_lit = 0.10 + 0.5 * np.exp(-(((where[:, 2] - 20.5) % 9.3 - 4.6) ** 2) / 18)
        colours = lamp_lit[:, None] * np.array([0.85, 0.9, 1.0])
        canvas.discs(where, np.concatenate(radii), colours, np.concatenate(alphas))


def _share(colour: Colour, share: float) -> Colour:
    return (colour[0] * share, colour[1] * share, colour[2] * share)
