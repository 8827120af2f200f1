"""A sports car cut from three silhouettes, with turning wheels and lamps; or a truck of boxes."""

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import Floats, turn_x, turn_y, turn_z
from reelway.previz.subjects.base import Stage, Subject
from reelway.previz.subjects.body import Body
from reelway.previz.textures import Outline, silhouette
from reelway.previz.words import SubjectWords
from reelway.previz.world import Light, Materials, Primitives

LENGTH, HEIGHT, WIDTH = 4.8, 1.4, 2.2  # the box that the silhouettes are drawn in
WHEEL = 0.345
# Here x is ahead, y up and z to the left, as in the silhouettes.
AHEAD = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])


def _mirrored(half: Outline) -> Outline:
    return half + [(x, -y) for x, y in reversed(half)]


# fmt: off
BODY_SIDE: Outline = [
    (-2.30, 0.28), (-2.32, 0.55), (-2.26, 0.80), (-2.05, 0.93), (-1.55, 0.98), (-1.05, 1.02), (0.3, 0.95),
    (1.1, 0.83), (1.75, 0.70), (2.12, 0.56), (2.28, 0.42), (2.30, 0.26), (2.1, 0.17), (-2.1, 0.17),
]
BODY_FRONT: Outline = [
    (-0.88, 0.17), (-0.96, 0.40), (-0.95, 0.66), (-0.86, 0.86), (-0.70, 0.97),
    (0.70, 0.97), (0.86, 0.86), (0.95, 0.66), (0.96, 0.40), (0.88, 0.17),
]
BODY_TOP: Outline = _mirrored([
    (-2.30, 0.70), (-2.2, 0.88), (-1.4, 0.97), (-0.4, 0.90), (0.6, 0.92),
    (1.5, 0.94), (2.05, 0.80), (2.25, 0.52), (2.30, 0.0),
])
CABIN_SIDE: Outline = [
    (-1.72, 0.92), (-1.30, 1.06), (-0.72, 1.185), (-0.18, 1.20), (0.28, 1.12), (0.78, 0.93), (1.08, 0.80),
    (-1.7, 0.78),
]
CABIN_FRONT: Outline = [
    (-0.80, 0.75), (-0.74, 0.95), (-0.58, 1.13), (-0.42, 1.20),
    (0.42, 1.20), (0.58, 1.13), (0.74, 0.95), (0.80, 0.75),
]
CABIN_TOP: Outline = _mirrored([(-1.7, 0.55), (-1.2, 0.70), (-0.2, 0.74), (0.6, 0.70), (1.05, 0.55), (1.1, 0.0)])
# fmt: on


class Car(Subject):
    """Red unless the prompt names a colour."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""car sportscar sports-car race-car vehicle coupe supercar hypercar convertible ferrari porsche
            lamborghini mustang tesla racecar suv taxi sedan automobile cab
            auto wagen sportwagen voiture coche carro macchina 汽车 跑车 赛车 車 车 автомобил машин سيارة कार""",
        home="coast",
        actions={"drive": "drive accelerate speed race cruise fahren rouler conducir", "stand": "park wait stop"},
        outfits={"truck": "lorry"},
        roles={"truck": "truck lorry van bus pickup lastwagen camion caminhao furgone tank"},
        colour={"yellow": "taxi cab"},
    )
    length = 4.7
    width = 2.0
    height = 1.3
    eyes = 0.62
    speed = 24.0
    speeds: ClassVar[Mapping[str, float]] = {"stand": 0.0}

    def build(self, materials: Materials) -> None:
        add = materials.add
        self.truck = self.cast.outfit == "truck"
        self._paint = add(self.paint((0.42, 0.012, 0.016)), specular=1.0, gloss=0.95, mirror=0.30)
        self._glass = add((0.008, 0.01, 0.012), specular=1.0, gloss=0.98, mirror=0.5)
        self._tyre = add((0.018, 0.018, 0.018), specular=0.15)
        self._rim = add((0.05, 0.05, 0.055), specular=0.6, gloss=0.7, mirror=0.2)
        self._spoke = add((0.55, 0.55, 0.57), specular=0.9, gloss=0.8, mirror=0.35)
        self._head = add((0.7, 0.7, 0.7), specular=0.6, gloss=0.8, emission=(7, 6.4, 5.2))
        self._tail = add((0.2, 0.01, 0.01), specular=0.6, gloss=0.8, emission=(4.5, 0.16, 0.10))
        self._dark = add((0.015, 0.015, 0.016), specular=0.4, gloss=0.5)
        self._box = add(self.paint((0.52, 0.52, 0.50)), specular=0.4, gloss=0.5)
        if self.truck:
            self.length, self.width, self.height, self.eyes, self.speed = 8.0, 2.5, 3.4, 1.5, 17.0

    def silhouettes(self) -> list[Floats]:
        def lowered(outline: Outline) -> Outline:
            return [(x, y - HEIGHT / 2) for x, y in outline]

        layers = []
        for side, front, top in ((BODY_SIDE, BODY_FRONT, BODY_TOP), (CABIN_SIDE, CABIN_FRONT, CABIN_TOP)):
            layers.append(silhouette(lowered(side), LENGTH, HEIGHT))
            layers.append(silhouette(lowered(front), WIDTH, HEIGHT))
            layers.append(silhouette(top, LENGTH, WIDTH))
        return layers

    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        first = prims.new_group()
        body = Body(prims, stage)
        body.rotation = body.rotation @ AHEAD
        turned = -stage.gone / (WHEEL * stage.scale)
        if self.truck:
            self._lorry(body, turned)
            return first, prims.group
        size = np.array([LENGTH, HEIGHT, WIDTH]) * body.scale
        middle = body.world((0, 0.7, 0))
        blend = body.scale
        prims.profile(self._paint, middle, size, body.rotation, blend=0.10 * blend, layer=self.layer)
        body.group()
        prims.profile(self._glass, middle, size, body.rotation, blend=0.12 * blend, layer=self.layer + 3)
        for x in (-1.42, 1.40):
            for z in (-0.84, 0.84):
                body.group()
                body.drum(self._dark, (x, 0.375, z), 0.425, 0.118, 0.02, turn_x(math.pi / 2))
                self._wheel(body, turned, x, z, 1.0)
        body.group()
        self._trim(body)
        return first, prims.group

    def _wheel(self, body: Body, turned: float, x: float, z: float, size: float) -> None:
        axle = turn_x(math.pi / 2)
        out = math.copysign(1.0, z)
        height = 0.335 * size
        body.group()
        body.drum(self._tyre, (x, height, z), WHEEL * size, 0.135 * size, 0.05, axle)
        body.group()
        body.drum(self._rim, (x, height, z + out * 0.035 * size), 0.235 * size, 0.11 * size, 0.02, axle)
        for k in range(5):
            angle = turned / size + k * 2 * math.pi / 5
            at = (x + 0.12 * size * math.cos(angle), height + 0.12 * size * math.sin(angle), z + out * 0.125 * size)
            half = (0.115 * size, 0.022 * size, 0.03 * size)
            body.block(self._spoke, at, half, 0.01, turn=turn_z(angle))

    def _trim(self, body: Body) -> None:
        for z in (-0.65, 0.65):
            turned = turn_y(math.copysign(0.5, z))
            body.block(self._head, (2.06, 0.565, z), (0.11, 0.035, 0.17), 0.02, turn=turned)
        body.block(self._tail, (-2.275, 0.70, 0), (0.03, 0.03, 0.60), 0.015)
        body.block(self._dark, (-2.26, 0.40, 0), (0.06, 0.10, 0.56), 0.03)
        body.block(self._dark, (2.20, 0.28, 0), (0.08, 0.05, 0.48), 0.03)
        body.block(self._paint, (-2.05, 1.06, 0), (0.16, 0.018, 0.80), 0.012, turn=turn_z(-0.1))
        for z in (-0.55, 0.55):
            body.block(self._dark, (-2.02, 0.99, z), (0.05, 0.07, 0.02), 0.01)
            body.egg(self._paint, (0.62, 0.90, z * 1.72), (0.10, 0.06, 0.07))

    def _lorry(self, body: Body, turned: float) -> None:
        body.block(self._paint, (3.0, 1.62, 0), (0.85, 1.05, 1.15), 0.14)
        body.group()
        body.block(self._glass, (3.80, 2.02, 0), (0.09, 0.42, 1.0), 0.06)
        for z in (-1.15, 1.15):
            body.block(self._glass, (3.15, 2.02, z), (0.48, 0.38, 0.03), 0.05)
        body.group()
        body.block(self._box, (-0.95, 2.05, 0), (2.95, 1.35, 1.22), 0.06)
        body.block(self._dark, (-0.2, 0.60, 0), (3.7, 0.10, 0.75), 0.04)
        body.block(self._dark, (3.85, 0.55, 0), (0.08, 0.18, 1.1), 0.05)
        body.group()
        for z in (-0.8, 0.8):
            body.block(self._head, (3.92, 0.82, z), (0.04, 0.09, 0.16), 0.03)
            body.block(self._tail, (-3.92, 0.85, z), (0.03, 0.06, 0.14), 0.02)
        for x in (-2.9, -1.75, 2.75):
            for z in (-1.0, 1.0):
                self._wheel(body, turned, x, z, 1.45)

    def lights(self, stage: Stage) -> list[Light]:
        body = Body(Primitives(), stage)
        ahead = self.length / 2 + 1.8
        return [
            Light(at=body.world((0, 0.5, ahead)), colour=(3.0, 2.6, 2.0), reach=4.0),
            Light(at=body.world((0, 0.6, -self.length / 2 - 0.7)), colour=(1.2, 0.06, 0.04), reach=1.6, halo=0.003),
        ]
