"""A giant rubber duck: eggs that melt into each other."""

import math
from typing import ClassVar

from reelway.previz.geometry import turn_x, turn_y
from reelway.previz.subjects.base import WATER, Stage, Subject
from reelway.previz.subjects.body import Body
from reelway.previz.words import SubjectWords
from reelway.previz.world import Materials, Primitives


class Duck(Subject):
    """Yellow unless the prompt names a colour; bobs on water, waddles nowhere on land."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""duck duckling rubber-duck mallard ente gummiente quietscheente canard pato patito papera anatra
            鸭 アヒル утк утен بطة बत्तख""",
        home="river",
        actions={"float": "swim drift bob glide"},
    )
    length = 3.2
    width = 2.1
    height = 2.7
    eyes = 1.45
    speed = 0.55
    medium: ClassVar[str] = WATER

    def build(self, materials: Materials) -> None:
        skin = self.paint((0.78, 0.50, 0.018))
        self._skin = materials.add(skin, specular=0.55, gloss=0.75, mirror=0.05)
        self._beak = materials.add((0.72, 0.17, 0.012), specular=0.5, gloss=0.7, mirror=0.04)
        self._eye = materials.add((0.008, 0.008, 0.010), specular=1.0, gloss=0.95, mirror=0.12)
        self._white = materials.add((0.75, 0.75, 0.73), specular=0.5, gloss=0.7)

    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        first = prims.new_group()
        t = stage.t + stage.phase * 5
        body = Body(prims, stage)
        if stage.floats:
            pitch, roll = -0.03 * math.sin(t * 1.4 + 1), 0.045 * math.sin(t * 1.1)
            body = Body(prims, stage, up=0.06 * math.sin(t * 1.7) - 0.16, pitch=pitch, roll=roll)
        skin = self._skin
        body.egg(skin, (0, 0.74, -0.10), (0.98, 0.76, 1.22), 0.30)
        body.egg(skin, (0, 0.98, 0.66), (0.66, 0.66, 0.60), 0.42)
        body.egg(skin, (0, 2.02, 0.62), (0.70, 0.68, 0.70), 0.26)
        body.cone(skin, (0, 1.20, -1.16), 0.46, 0.10, 0.46, 0.10, turn_x(-0.72), 0.42, flat=0.7)
        for side in (-1, 1):
            wing = turn_y(side * 0.22) @ turn_x(-0.20)
            body.egg(skin, (side * 0.90, 0.92, -0.22), (0.20, 0.36, 0.72), 0.10, wing)
        body.group()
        body.egg(self._beak, (0, 1.95, 1.32), (0.36, 0.085, 0.36), 0.06, turn_x(-0.16))
        body.egg(self._beak, (0, 1.83, 1.26), (0.27, 0.075, 0.27), 0.06, turn_x(0.22))
        body.group()
        for side in (-1, 1):
            body.egg(self._white, (side * 0.36, 2.22, 1.13), (0.145, 0.17, 0.12))
        body.group()
        for side in (-1, 1):
            body.egg(self._eye, (side * 0.375, 2.22, 1.195), (0.085, 0.11, 0.09))
        return first, prims.group
