"""A bird in flight."""

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import turn_x, turn_y, turn_z
from reelway.previz.subjects.base import AIR, Stage, Subject
from reelway.previz.subjects.body import Body
from reelway.previz.words import SubjectWords
from reelway.previz.world import Materials, Primitives


class Bird(Subject):
    """A gull, unless the prompt names a colour; it beats its wings, glides, or stands."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""bird gull seagull eagle hawk falcon dove pigeon crow raven owl sparrow swallow swan crane-bird heron
            flamingo parrot stork vogel mowe adler oiseau mouette aigle ave pajaro gaviota aguila passaro uccello
            aquila 鸟 鳥 птиц чайк орел طائر पक्षी""",
        home="sea",
        actions={"fly": "fly flap fliegen voler volar voar volare 飞", "glide": "glide soar hover drift circle"},
        colour={"black": "crow raven", "brown": "eagle hawk falcon", "pink": "flamingo", "white": "dove swan"},
    )
    length = 1.15
    width = 1.6
    height = 0.6
    eyes = 0.1
    speed = 5.0
    speeds: ClassVar[Mapping[str, float]] = {"glide": 6.0}
    medium: ClassVar[str] = AIR
    altitude = 2.6

    def build(self, materials: Materials) -> None:
        coat = self.paint((0.62, 0.62, 0.62))
        dark = (coat[0] * 0.22, coat[1] * 0.22, coat[2] * 0.24)
        self._body = materials.add(coat, specular=0.15)
        self._wing = materials.add((coat[0] * 0.75, coat[1] * 0.76, coat[2] * 0.80), specular=0.12)
        self._tip = materials.add(dark, specular=0.12)
        self._beak = materials.add((0.60, 0.30, 0.03), specular=0.4, gloss=0.6)

    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        first = prims.new_group()
        t = stage.t + stage.phase * 3.1
        glides = self.action == "glide"
        beat = 2 * math.pi * (2.3 * t + stage.phase)
        # A gull beats for a while, then rests its wings.
        strength = 0.12 if glides else 0.25 + 0.75 * min(max(0.5 + 1.4 * math.sin(t * 0.9 + 1.2), 0.0), 1.0)
        flap = strength * math.sin(beat)
        bob = 0.08 * math.sin(t * 1.1) - 0.07 * strength * math.sin(beat)
        body = Body(prims, stage, up=bob, pitch=0.05, roll=0.16 * math.sin(t * 0.55 + stage.phase * 5))
        body.egg(self._body, (0, 0, 0), (0.095, 0.09, 0.27), 0.05)
        body.egg(self._body, (0, 0.045, 0.27), (0.058, 0.058, 0.075), 0.05)
        body.egg(self._body, (0, 0.01, -0.30), (0.085, 0.018, 0.15), 0.05)
        body.group()
        body.cone(self._beak, (0, 0.035, 0.385), 0.022, 0.003, 0.05, 0.002, turn_x(math.pi / 2 + 0.15))
        for side in (1, -1):
            inner, outer = 0.22 + 0.75 * flap, -0.12 + 0.95 * math.sin(beat - 0.9) * strength
            self._half(body, side, inner, inner * 0.35 + outer)
        return first, prims.group

    def _half(self, body: Body, side: int, inner: float, outer: float) -> None:
        root = np.array([side * 0.06, 0.04, 0.06])
        elbow = root + 0.36 * np.array([side * math.cos(inner), math.sin(inner), 0.05])
        tip = elbow + 0.44 * np.array([side * math.cos(outer), math.sin(outer), -0.28])
        for a, b, chord, angle, material, sweep in (
            (root, elbow, 0.125, inner, self._wing, 0.05),
            (elbow, tip, 0.085, outer, self._wing, -0.26),
        ):
            body.group()
            turn = turn_z(side * angle) @ turn_y(-side * sweep)
            half = float(np.linalg.norm(b - a)) / 2
            body.egg(material, (a + b) / 2, (half * 1.16, 0.016, chord), 0.02, turn)
        body.egg(self._tip, elbow + (tip - elbow) * 0.96, (0.09, 0.012, 0.045), 0.02, turn_z(side * outer))
