"""A propeller plane, or with other words an airliner."""

import math
from collections.abc import Mapping
from typing import ClassVar

from reelway.previz.geometry import turn_x, turn_y, turn_z
from reelway.previz.subjects.base import AIR, Stage, Subject
from reelway.previz.subjects.body import Body
from reelway.previz.words import SubjectWords
from reelway.previz.world import Materials, Primitives


class Plane(Subject):
    """White with a coloured stripe; it banks as it flies."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""plane airplane aeroplane aircraft propeller-plane biplane seaplane glider
            flugzeug avion avioneta aviao aereo velivolo 飞机 飛行機 самолет طائرة विमान""",
        home="field",
        actions={"fly": "fly cruise soar bank dive fliegen voler volar voar volare", "stand": "park wait"},
        outfits={"jet": "jet"},
        roles={"jet": "airliner jet jetliner jumbo-jet fighter-jet fighter boeing airbus passenger-plane"},
    )
    length = 8.2
    width = 10.5
    height = 2.6
    eyes = 0.1
    speed = 26.0
    speeds: ClassVar[Mapping[str, float]] = {"stand": 0.0}
    medium: ClassVar[str] = AIR
    altitude = 9.0

    def build(self, materials: Materials) -> None:
        self.jet = self.cast.outfit == "jet"
        white = (0.62, 0.62, 0.61)
        self._skin = materials.add(white, specular=0.8, gloss=0.8, mirror=0.10)
        self._paint = materials.add(self.paint((0.45, 0.03, 0.025)), specular=0.8, gloss=0.8, mirror=0.06)
        self._glass = materials.add((0.01, 0.015, 0.02), specular=1.0, gloss=0.97, mirror=0.4)
        self._dark = materials.add((0.02, 0.02, 0.022), specular=0.3, gloss=0.5)
        self._blur = materials.add((0.10, 0.10, 0.11), specular=0.2)
        self._lamp = materials.add((0.1, 0.1, 0.1), emission=(5.0, 0.4, 0.3))

    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        first = prims.new_group()
        t = stage.t + stage.phase * 5
        if self.action == "stand":
            body = Body(prims, stage, up=1.45, pitch=0.10)
        else:
            body = Body(
                prims,
                stage,
                up=0.35 * math.sin(t * 0.7),
                pitch=0.05 * math.sin(t * 0.6),
                roll=0.22 * math.sin(t * 0.55),
            )
        if self.jet:
            self._liner(body)
        else:
            self._propeller(body, t)
        return first, prims.group

    def _propeller(self, body: Body, t: float) -> None:
        skin, paint = self._skin, self._paint
        body.rod(skin, (0, 0, 2.2), (0, 0.05, -0.6), 0.46, 0.58, 0.25)
        body.rod(skin, (0, 0.05, -0.6), (0, 0.25, -3.6), 0.55, 0.16, 0.25)
        body.cone(skin, (0, 0, 2.72), 0.50, 0.28, 0.26, 0.06, turn_x(math.pi / 2), 0.15)
        body.group()
        body.egg(self._glass, (0, 0.48, 0.35), (0.43, 0.36, 0.95), 0.06)
        body.group()
        body.egg(paint, (0, 0.02, 0.4), (0.585, 0.10, 2.6), 0.02)
        for side in (1, -1):
            body.group()
            turn = turn_z(side * 0.07) @ turn_y(side * 0.03)
            body.block(skin, (side * 2.75, -0.10, 0.55), (2.55, 0.075, 0.66), 0.07, 0.15, turn)
            body.block(paint, (side * 5.0, 0.06, 0.50), (0.36, 0.08, 0.62), 0.07, 0.02, turn)
            body.rod(self._dark, (side * 0.3, -0.3, 0.9), (side * 0.95, -1.05, 0.95), 0.05)
            body.drum(self._dark, (side * 0.98, -1.15, 0.95), 0.27, 0.09, 0.05, turn_z(math.pi / 2))
            body.block(skin, (side * 0.85, 0.28, -3.35), (0.95, 0.05, 0.36), 0.04, 0.05)
        body.group()
        body.block(paint, (0, 0.85, -3.45), (0.05, 0.72, 0.40), 0.04, 0.05, turn_x(-0.30))
        body.group()
        body.egg(self._dark, (0, 0, 3.05), (0.15, 0.15, 0.26))
        spin = t * 31.0
        for k in range(3):
            angle = spin + k * 2 * math.pi / 3
            at = (0.48 * math.cos(angle), 0.48 * math.sin(angle), 3.02)
            body.block(self._blur, at, (0.50, 0.075, 0.02), 0.015, turn=turn_z(angle))

    def _liner(self, body: Body) -> None:
        skin, paint = self._skin, self._paint
        body.rod(skin, (0, 0, 3.2), (0, 0, -2.4), 0.55, 0.55, 0.25)
        body.egg(skin, (0, -0.03, 3.3), (0.55, 0.53, 1.15), 0.2)
        body.rod(skin, (0, 0.02, -2.3), (0, 0.32, -4.3), 0.53, 0.12, 0.3)
        body.group()
        body.egg(self._glass, (0, 0.22, 3.95), (0.32, 0.16, 0.35))
        for k in range(11):
            for side in (1, -1):
                body.egg(self._glass, (side * 0.535, 0.12, 2.6 - 0.44 * k), (0.03, 0.075, 0.055))
        for side in (1, -1):
            body.group()
            turn = turn_z(side * 0.09) @ turn_y(side * 0.42)
            body.block(skin, (side * 2.6, 0.02, -0.55), (2.55, 0.06, 0.55), 0.05, 0.12, turn)
            body.block(paint, (side * 4.85, 0.48, -1.6), (0.04, 0.28, 0.24), 0.03, 0.02, turn_y(side * 0.3))
            body.block(skin, (side * 1.1, 0.42, -4.0), (1.0, 0.045, 0.30), 0.035, 0.05, turn_y(side * 0.42))
            body.group()
            body.drum(paint, (side * 1.75, -0.36, 0.45), 0.29, 0.62, 0.10, turn_x(math.pi / 2))
            body.drum(self._dark, (side * 1.75, -0.36, 1.06), 0.23, 0.03, 0.01, turn_x(math.pi / 2))
        body.group()
        body.block(paint, (0, 1.15, -4.0), (0.05, 0.95, 0.50), 0.04, 0.05, turn_x(-0.45))
