"""A spaceship: a long hull, swept fins, engines that glow."""

import math
from collections.abc import Mapping
from typing import ClassVar

from reelway.previz.geometry import turn_x, turn_y, turn_z, vector
from reelway.previz.subjects.base import AIR, Stage, Subject
from reelway.previz.subjects.body import Body
from reelway.previz.words import SubjectWords
from reelway.previz.world import Light, Materials, Primitives


class Spaceship(Subject):
    """Grey plates with a coloured stripe; a rocket stands on its tail, a saucer hovers."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""spaceship spacecraft starship space-ship space-station starfighter raumschiff vaisseau nave-espacial
            astronave spaziale 飞船 宇宙船 космолет корабль-космический مركبة अंतरिक्षयान satellite probe""",
        home="space",
        actions={
            "fly": "fly drift cruise glide float fliegen voler volar voar volare",
            "hover": "hover wait stand land orbit",
            "launch": "launch lift-off liftoff takeoff take-off blast-off rise",
        },
        outfits={"rocket": "booster", "saucer": "disc"},
        roles={
            "rocket": "rocket shuttle rakete fusee cohete foguete razzo 火箭 ракет",
            "saucer": "ufo saucer flying-saucer",
        },
    )
    length = 11.0
    width = 7.0
    height = 3.0
    eyes = 0.1
    speed = 22.0
    speeds: ClassVar[Mapping[str, float]] = {"hover": 0.0, "launch": 0.0}
    medium: ClassVar[str] = AIR
    altitude = 6.0

    def build(self, materials: Materials) -> None:
        self.kind = self.cast.outfit or "ship"
        self._plate = materials.add((0.33, 0.34, 0.36), specular=0.7, gloss=0.7, mirror=0.06)
        self._dark = materials.add((0.07, 0.075, 0.085), specular=0.5, gloss=0.6)
        self._paint = materials.add(self.paint((0.50, 0.10, 0.03)), specular=0.6, gloss=0.7)
        self._glass = materials.add(
            (0.01, 0.02, 0.03), specular=1.0, gloss=0.97, mirror=0.35, emission=(0.05, 0.16, 0.2)
        )
        self._glow = materials.add((0.1, 0.1, 0.1), emission=(2.2, 5.5, 9.5))
        self._window = materials.add((0.1, 0.1, 0.1), emission=(2.6, 1.9, 1.0))
        if self.kind == "rocket":
            self.length, self.width, self.height, self.eyes, self.altitude = 8.0, 3.0, 9.5, 4.5, 0.0
            self.speed = 0.0
        elif self.kind == "saucer":
            self.length, self.width, self.height, self.eyes, self.speed = 7.0, 7.0, 2.4, 0.4, 6.0

    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        first = prims.new_group()
        t = stage.t + stage.phase * 5
        up = 0.18 * math.sin(t * 0.8)
        if self.kind == "rocket":
            lift = 0.35 * max(t, 0.0) ** 2 if self.action == "launch" else 0.0
            self._rocket(Body(prims, stage, up=lift), lit=self.action == "launch")
        elif self.kind == "saucer":
            self._saucer(Body(prims, stage, up=up, roll=0.10 * math.sin(t * 0.9), pitch=0.06 * math.sin(t * 0.7)), t)
        else:
            self._ship(Body(prims, stage, up=up, roll=0.12 * math.sin(t * 0.45), pitch=0.04 * math.sin(t * 0.6)), t)
        return first, prims.group

    def _ship(self, body: Body, t: float) -> None:
        plate, dark = self._plate, self._dark
        body.rod(plate, (0, 0, 3.4), (0, 0.1, -3.2), 0.42, 1.05, 0.4)
        body.cone(plate, (0, -0.05, 4.6), 0.42, 0.10, 1.1, 0.06, turn_x(math.pi / 2), 0.25)
        body.block(plate, (0, 0.35, -2.0), (0.85, 0.55, 2.2), 0.25, 0.3)
        body.group()
        body.egg(self._glass, (0, 0.52, 1.7), (0.36, 0.30, 0.95))
        body.block(dark, (0, 1.02, -2.6), (0.30, 0.30, 1.0), 0.10)
        body.block(self._paint, (0, 0.92, -1.2), (0.55, 0.03, 0.9), 0.02)
        for side in (1, -1):
            body.group()
            turn = turn_z(side * -0.12) @ turn_y(side * 0.55)
            body.block(plate, (side * 2.1, -0.15, -2.0), (1.75, 0.10, 0.95), 0.07, 0.15, turn)
            body.block(self._paint, (side * 2.9, -0.10, -2.55), (0.55, 0.115, 0.70), 0.06, turn=turn)
            body.rod(dark, (side * 3.35, -0.30, -3.4), (side * 3.35, -0.30, -0.9), 0.22, 0.12)
            body.block(
                plate, (side * 0.75, 1.1, -3.1), (0.06, 0.75, 0.65), 0.05, 0.05, turn_z(side * -0.35) @ turn_x(-0.4)
            )
            body.group()
            body.drum(dark, (side * 0.85, 0.15, -4.1), 0.48, 0.35, 0.06, turn_x(math.pi / 2))
            body.egg(self._glow, (side * 0.85, 0.15, -4.42), (0.36, 0.36, 0.20 + 0.03 * math.sin(t * 31)))
            for k in range(4):
                body.egg(self._window, (side * (0.62 + 0.085 * k), 0.12, 1.6 - 0.8 * k), (0.05, 0.06, 0.10))

    def _rocket(self, body: Body, *, lit: bool) -> None:
        body.rod(self._plate, (0, 2.0, 0), (0, 6.5, 0), 0.82, 0.78, 0.3)
        body.cone(self._paint, (0, 8.0, 0), 0.74, 0.06, 1.0, 0.08, smooth=0.3)
        body.cone(self._dark, (0, 1.05, 0), 0.62, 0.45, 0.35, 0.04)
        body.group()
        body.egg(self._glass, (0, 5.6, 0.70), (0.28, 0.28, 0.15))
        for k in range(4):
            angle = k * math.pi / 2 + math.pi / 4
            body.group()
            at = (1.1 * math.sin(angle), 1.2, 1.1 * math.cos(angle))
            body.block(self._paint, at, (0.06, 1.2, 0.55), 0.05, 0.05, turn_y(angle) @ turn_x(-0.35))
        if lit:
            body.group()
            body.egg(self._glow, (0, -0.6, 0), (0.45, 1.7, 0.45))

    def _saucer(self, body: Body, t: float) -> None:
        body.egg(self._plate, (0, 0.0, 0), (3.4, 0.55, 3.4), 0.1)
        body.egg(self._plate, (0, 0.25, 0), (1.9, 0.75, 1.9), 0.3)
        body.group()
        body.egg(self._glass, (0, 0.75, 0), (1.05, 0.75, 1.05))
        body.group()
        for k in range(12):
            angle = t * 0.8 + k * math.pi / 6
            body.egg(self._window, (2.85 * math.sin(angle), -0.16, 2.85 * math.cos(angle)), (0.18, 0.12, 0.18))
        body.egg(self._glow, (0, -0.45, 0), (1.1, 0.18, 1.1))

    def lights(self, stage: Stage) -> list[Light]:
        if self.kind == "saucer":
            at = stage.at - vector((0.0, 1.2, 0.0))
            return [Light(at=at, colour=(0.8, 2.2, 3.6), reach=6.0, halo=0.01)]
        return []
