"""Indoors: a living room with a window, or a studio with a sweep of paper."""

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np

from reelway.previz import particles
from reelway.previz.air import Air
from reelway.previz.geometry import Pose, ease, turn_x, turn_y, turn_z, vector
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort, Setting, drift
from reelway.previz.settings.framing import beside
from reelway.previz.subjects import Stage
from reelway.previz.subjects.company import Room as Space
from reelway.previz.words import SettingWords
from reelway.previz.world import PLANKS, Light, Primitives

HALF, DEEP, TALL = 3.5, 4.6, 2.9  # half width, half depth and height of the room
WINDOW = (0.35, 1.05, 1.05, 1.75)  # z of its middle, half width, sill and head height over the floor / 2


class Room(Setting):
    """The hero has a few steps; sun comes in by the window, or lamps are lit."""

    words: ClassVar[SettingWords] = SettingWords(
        names="""room interior living-room kitchen office bedroom hall cafe bar library laboratory lab corridor house
            home apartment indoors restaurant classroom desk table museum gallery theater theatre cinema hospital gym
            shop store supermarket factory warehouse casino nightclub disco bathroom hallway staircase elevator sauna
            prison cockpit sofa couch armchair fireplace windowsill bookshelf
            zimmer wohnzimmer kuche buro chambre salon cuisine
            bureau habitacion cocina oficina quarto sala cozinha stanza cucina ufficio 房间 室内
            部屋 客厅 комнат غرفة कमरा""",
        kinds={
            "studio": """studio turntable pedestal backdrop stage spotlight product-shot marble velvet packshot atelier
                plateau estudio palco palcoscenico 摄影棚 スタジオ 舞台 студи сцен استوديو""",
        },
        indoors=True,
    )
    time: ClassVar[str] = "day"
    move: ClassVar[str] = "push"
    signature: ClassVar[frozenset[str]] = frozenset({"push"})
    speed_max: ClassVar[float] = 1.1
    room: ClassVar[Space] = Space(width=2.6, height=2.5)
    effort = Effort(
        steps=72,
        far=40.0,
        shadow_steps=22,
        ao_reach=0.9,
        mirror_steps=24,
        relax=0.95,
        shadow_far=9.0,
        shadow_hardness=14.0,
    )
    look = Look(
        exposure=1.12,
        bloom=0.9,
        saturation=1.04,
        contrast=1.10,
        shadows=(0.0, 0.002, 0.010),
        highlights=(0.012, 0.004, -0.008),
        vignette=0.36,
    )

    @property
    def studio(self) -> bool:
        """Whether it is the studio."""
        return self.shot.variant == "studio"

    def build(self) -> None:
        add = self.materials.add
        self.wall = add((0.40, 0.37, 0.33), specular=0.05)
        self.accent = add((0.115, 0.165, 0.17), specular=0.05)
        self.ceiling = add((0.55, 0.54, 0.52), specular=0.03)
        self.floor = add(
            (0.23, 0.135, 0.07), specular=0.4, gloss=0.6, pattern=PLANKS, mirror=0.14, params=(0.16, 1.9, 0.7)
        )
        self.wood = add(
            (0.17, 0.09, 0.045), specular=0.35, gloss=0.6, pattern=PLANKS, mirror=0.05, params=(0.4, 3.0, 0.5)
        )
        self.white = add((0.56, 0.55, 0.53), specular=0.2, gloss=0.4)
        self.sofa = add((0.09, 0.15, 0.17), specular=0.05)
        self.cushion = add((0.50, 0.25, 0.06), specular=0.05)
        self.rug = add((0.30, 0.10, 0.075), specular=0.02)
        self.leaf = add((0.04, 0.10, 0.025), specular=0.3, gloss=0.5)
        self.pot = add((0.32, 0.14, 0.08), specular=0.1)
        glow = 2.5 if self.dark > 0.4 else 0.25
        self.shade = add((0.55, 0.45, 0.32), emission=(1.4 * glow, 0.95 * glow, 0.50 * glow))
        self.screen = add((0.03, 0.05, 0.09), emission=(0.25, 0.34, 0.5))
        self.art = [add(c, specular=0.05) for c in ((0.42, 0.13, 0.06), (0.07, 0.16, 0.27), (0.42, 0.32, 0.12))]
        self.books = [
            add(c, specular=0.1)
            for c in ((0.30, 0.05, 0.04), (0.05, 0.13, 0.20), (0.36, 0.28, 0.12), (0.07, 0.15, 0.08))
        ]
        self.paper = add((0.19, 0.20, 0.225), specular=0.25, gloss=0.55, mirror=0.09)
        self.softbox = add((0.5, 0.5, 0.5), emission=(7.0, 6.8, 6.4))
        self.stand = add((0.02, 0.02, 0.022), specular=0.3, gloss=0.5)
        self.specks = self.rng.random((320, 5))
        self.spines = self.rng.random((44, 3))

    def gone(self, t: float) -> float:
        return drift(super().gone(1.0), t, 1.8) if self.hero else 0.0

    def stage(self, gone: float, t: float) -> Stage:
        heading = math.pi - 0.35
        start = 1.9 if self.hero is not None and self.hero.speed > 0 else 0.9
        at = np.array([-0.1 + math.sin(heading) * gone, 0.0, start + math.cos(heading) * gone])
        return Stage(at=at, heading=heading, gone=gone, t=t)

    def path(self, t: float, k: float) -> Pose:
        if self.hero is not None:
            near = 0.86 if self.studio else 0.94
            return beside(self, t, k, angles=(-0.30, 0.45), near=near * (1.1 - 0.22 * ease(k)), fov=42, low=0.35)
        e = ease(k)
        eye = vector((1.2 - 0.8 * e, 1.45, -4.0 + 1.6 * e))
        return Pose(eye=eye, target=vector((-0.5, 1.1, 2.5)), fov=58)

    def clear(self, pose: Pose) -> Pose:
        half, deep, tall = (6.0, 7.5, 4.5) if self.studio else (HALF - 0.35, DEEP - 0.35, TALL - 0.25)
        eye = pose.eye.copy()
        eye[0] = min(max(eye[0], -half), half)
        eye[1] = min(max(eye[1], 0.3), tall)
        eye[2] = min(max(eye[2], -deep), deep)
        return replace(pose, eye=eye)

    def furnish(self, prims: Primitives, t: float) -> None:
        if self.studio:
            self._studio(prims)
            return
        self._shell(prims)
        self._furniture(prims)

    def _shell(self, prims: Primitives) -> None:
        thick = 0.2
        prims.new_group()
        prims.box(self.floor, (0, -0.1, 0), (HALF + 0.3, 0.1, DEEP + 0.3), 0.0, endless=True)
        prims.new_group()
        prims.box(self.ceiling, (0, TALL + thick, 0), (HALF + 1, thick, DEEP + 1), endless=True)
        prims.new_group()
        prims.box(self.accent, (0, TALL / 2, DEEP + thick), (HALF + 1, TALL / 2 + 0.1, thick), endless=True)
        prims.box(self.wall, (0, TALL / 2, -DEEP - thick), (HALF + 1, TALL / 2 + 0.1, thick), endless=True)
        prims.box(self.wall, (HALF + thick, TALL / 2, 0), (thick, TALL / 2 + 0.1, DEEP + 1), endless=True)
        # The left wall is built round its window.
        z, half, middle, _ = WINDOW
        low, high = 0.75, 2.35
        x = -HALF - thick
        prims.new_group()
        prims.box(self.wall, (x, low / 2, 0), (thick, low / 2, DEEP + 1), endless=True)
        prims.box(self.wall, (x, (high + TALL + 0.1) / 2, 0), (thick, (TALL + 0.1 - high) / 2, DEEP + 1), endless=True)
        behind, before = (DEEP + 1 + z - half) / 2, (DEEP + 1 - z - half) / 2
        prims.box(self.wall, (x, middle + 0.5, z - half - behind), (thick, 0.82, behind), endless=True)
        prims.box(self.wall, (x, middle + 0.5, z + half + before), (thick, 0.82, before), endless=True)
        prims.new_group()
        for dz in (-half, 0.0, half):
            prims.box(self.white, (x + 0.1, (low + high) / 2, z + dz), (0.04, (high - low) / 2, 0.035), 0.005)
        for y in (low, (low + high) / 2 + 0.15, high):
            prims.box(self.white, (x + 0.1, y, z), (0.04, 0.03, half), 0.005)
        prims.box(self.white, (x + 0.28, low - 0.02, z), (0.16, 0.025, half + 0.12), 0.01)
        for side in (-1, 1):  # curtains
            for k in range(4):
                at = z + side * (half + 0.10 + 0.11 * k)
                prims.capsule(self.cushion, (x + 0.30, 0.08, at), (x + 0.30, 2.55, at - side * 0.02), 0.075, 0.06, 0.05)
        prims.new_group()
        prims.box(self.white, (0, 0.06, DEEP - 0.012), (HALF, 0.06, 0.015), 0.005)
        prims.box(self.white, (HALF - 0.012, 0.06, 0), (0.015, 0.06, DEEP), 0.005)

    def _furniture(self, prims: Primitives) -> None:
        sofa = self.sofa
        prims.new_group()
        prims.box(self.rug, (0.1, 0.008, 0.8), (1.5, 0.012, 1.9), 0.01)
        prims.new_group()
        prims.box(sofa, (0.3, 0.26, 3.75), (1.15, 0.20, 0.48), 0.10, smooth=0.04)
        prims.box(sofa, (0.3, 0.62, 4.18), (1.15, 0.36, 0.16), 0.10, smooth=0.04)
        for side in (-1, 1):
            prims.box(sofa, (0.3 + side * 1.15, 0.38, 3.75), (0.14, 0.32, 0.50), 0.09, smooth=0.04)
        prims.new_group()
        prims.box(self.cushion, (-0.35, 0.62, 3.95), (0.22, 0.20, 0.08), 0.08, turn_x(-0.3) @ turn_z(0.2))
        prims.box(self.cushion, (1.02, 0.62, 3.95), (0.22, 0.20, 0.08), 0.08, turn_x(-0.3) @ turn_z(-0.3))
        self._shelf(prims)
        prims.new_group()  # a low table with a bowl
        prims.box(self.wood, (-1.75, 0.40, 2.5), (0.62, 0.03, 0.38), 0.015)
        for dx in (-0.5, 0.5):
            for dz in (-0.28, 0.28):
                prims.capsule(self.wood, (-1.75 + dx, 0.0, 2.5 + dz), (-1.75 + dx, 0.38, 2.5 + dz), 0.02)
        prims.new_group()
        prims.cone(self.pot, (-1.75, 0.49, 2.5), 0.07, 0.15, 0.055, 0.01)
        prims.new_group()  # a lamp
        prims.capsule(self.stand, (2.35, 0.03, 3.9), (2.35, 1.5, 3.9), 0.016)
        prims.cylinder(self.stand, (2.35, 0.02, 3.9), 0.16, 0.02)
        prims.new_group()
        prims.cone(self.shade, (2.35, 1.62, 3.9), 0.24, 0.15, 0.15, 0.01)
        for number, (x, y, half) in enumerate(((-0.75, 1.75, 0.30), (0.10, 1.85, 0.42), (1.05, 1.72, 0.28))):
            prims.new_group()
            prims.box(self.stand, (x, y, DEEP - 0.02), (half, half * 1.15, 0.02), 0.005)
            prims.box(self.white, (x, y, DEEP - 0.035), (half - 0.025, half * 1.15 - 0.025, 0.02), 0.003)
            prims.new_group()
            prims.ellipsoid(self.art[number], (x, y + 0.03, DEEP - 0.05), (half * 0.45, half * 0.55, 0.012))
            prims.box(
                self.art[number - 1],
                (x + half * 0.2, y - half * 0.5, DEEP - 0.05),
                (half * 0.5, half * 0.2, 0.01),
                0.005,
            )
        self._plant(prims, -2.75, 3.55)

    def _shelf(self, prims: Primitives) -> None:
        wood = self.wood
        prims.new_group()
        for y in (0.05, 0.62, 1.19, 1.76, 2.3):
            prims.box(wood, (HALF - 0.19, y, 1.2), (0.18, 0.02, 1.15), 0.005)
        for z in (0.05, 1.2, 2.35):
            prims.box(wood, (HALF - 0.19, 1.17, z), (0.18, 1.15, 0.02), 0.005)
        z, row = 0.12, 0
        for a, b, c in self.spines:
            half = 0.02 + 0.022 * a
            tall = 0.17 + 0.08 * b
            if z + 2 * half > (1.16 if z < 1.2 else 2.3):
                if z < 1.2:
                    z = 1.26
                else:
                    z, row = 0.12, row + 1
            if row > 3:
                break
            prims.new_group()
            at = (HALF - 0.20, 0.07 + 0.57 * row + tall, z + half)
            prims.box(self.books[int(c * 3.99)], at, (0.11 + 0.03 * b, tall, half), 0.006)
            z += 2 * half + 0.004 + (0.22 if c > 0.9 else 0.0)

    def _plant(self, prims: Primitives, x: float, z: float) -> None:
        prims.new_group()
        prims.cone(self.pot, (x, 0.21, z), 0.15, 0.21, 0.20, 0.01)
        prims.new_group()
        for k in range(11):
            a = k * 2.4
            lean = 0.18 + 0.30 * (k % 3) / 2
            base = np.array([x, 0.42, z])
            tip = base + np.array([lean * math.cos(a), 0.55 + 0.16 * ((k * 7) % 5) / 2, lean * math.sin(a)])
            prims.capsule(self.leaf, base, tip, 0.012, 0.010, 0.02)
            prims.ellipsoid(self.leaf, tip, (0.10, 0.018, 0.045), turn_y(-a) @ turn_z(0.5 - lean), 0.02)

    def _studio(self, prims: Primitives) -> None:
        prims.new_group()
        prims.box(self.paper, (0, -0.5, 0), (14.0, 0.5, 14.0), 0.0, smooth=1.4)
        prims.box(self.paper, (0, 4.0, 6.8), (14.0, 6.0, 0.8), 0.0, smooth=1.4)
        for side, z, y in ((-1, -0.4, 2.15), (1, 1.6, 2.0)):
            prims.new_group()
            turn = turn_y(side * (-1.05 if side < 0 else -1.25)) @ turn_x(0.25)
            prims.box(self.stand, (side * 3.6, y, z), (0.62, 0.82, 0.10), 0.03, turn)
            prims.new_group()
            face = turn @ np.array([0, 0, 0.11])
            prims.box(self.softbox, vector((side * 3.6, y, z)) + face, (0.56, 0.76, 0.015), 0.01, turn)
            prims.new_group()
            prims.capsule(self.stand, (side * 3.65, 0, z - 0.1), (side * 3.65, y, z - 0.1), 0.025)

    def lights(self, t: float) -> list[Light]:
        if self.studio:
            return [
                Light(at=(-2.9, 2.3, -0.3), colour=(4.6, 4.5, 4.4), reach=4.2),
                Light(at=(2.9, 2.1, 1.4), colour=(1.9, 2.1, 2.5), reach=4.2),
                Light(at=(0.0, 3.2, 2.4), colour=(1.1, 1.1, 1.25), reach=4.0),
            ]
        lamp = 0.25 + 1.0 * self.dark
        sun = self.hour.key
        day = 0.22
        return [
            Light(
                at=(2.35, 1.75, 3.75), colour=(3.4 * lamp, 2.2 * lamp, 1.15 * lamp), reach=2.6, halo=0.010 * self.dark
            ),
            # Light that the sunlit floor gives back to the room.
            Light(at=(-1.9, 0.9, 0.2), colour=(sun[0] * day, sun[1] * day, sun[2] * day), reach=4.5),
        ]

    def air(self, t: float) -> Air:
        hour = self.hour
        inside = 0.55 if not self.studio else 0.20
        key = (0.35, 0.35, 0.38) if self.studio else tuple(c * 1.35 for c in hour.key)
        low = max(hour.ambient_high[2], 0.10) * inside
        return Air(
            zenith=hour.zenith,
            horizon=hour.horizon,
            below=hour.below,
            sun=(-0.85, 0.62, 0.16) if not self.studio else (-0.6, 0.9, -0.8),
            sun_colour=hour.sun_colour,
            glow=hour.glow * 0.5,
            disc=0.0,
            clouds=0.4,
            cloud_colour=hour.cloud_colour,
            stars=hour.stars,
            ambient_low=(low * 0.72, low * 0.62, low * 0.52),
            ambient_high=(low * 1.05, low * 1.02, low * 1.0),
            rim=0.35,
            key=(key[0], key[1], key[2]),
            fog=0.0,
            fog_falloff=0.01,
            fog_colour=hour.fog_colour,
            halo=1.0,
        )

    def lit(self, t: float) -> Air:
        """The hour comes in by the window alone; weather stays outside."""
        air = self.air(t)
        if not self.studio and self.shot.weather in ("rain", "snow", "fog"):
            return replace(air, key=(air.key[0] * 0.3, air.key[1] * 0.33, air.key[2] * 0.38))
        return air

    def weather_on(self, canvas: particles.Canvas, t: float) -> None:
        """Dust in the light, whatever falls outside."""
        light = self.hour.key
        strength = 0.22 if self.falls == "dust" else 0.07
        if not self.studio:
            particles.motes(canvas, self.specks, t, light, strength=strength)
