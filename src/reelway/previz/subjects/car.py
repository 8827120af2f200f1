"""A sports car cut from three silhouettes, with turning wheels and lamps."""

import math
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import Floats, Vector, turn_x, turn_y, turn_z, vector
from reelway.previz.subjects.base import PAINT, Stage, Subject
from reelway.previz.textures import Outline, silhouette
from reelway.previz.world import Light, Materials, Primitives

LENGTH, HEIGHT, WIDTH = 4.8, 1.4, 2.2  # the box that the silhouettes are drawn in
WHEEL = 0.345


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

    length: ClassVar[float] = 4.7
    eyes: ClassVar[float] = 0.62
    speed: ClassVar[float] = 24.0

    def __init__(self, materials: Materials, colour: str | None) -> None:
        paint = PAINT.get(colour or "", PAINT["red"])
        add = materials.add
        self._paint = add(paint, specular=1.0, gloss=0.95, mirror=0.30)
        self._glass = add((0.008, 0.01, 0.012), specular=1.0, gloss=0.98, mirror=0.5)
        self._tyre = add((0.018, 0.018, 0.018), specular=0.15)
        self._rim = add((0.05, 0.05, 0.055), specular=0.6, gloss=0.7, mirror=0.2)
        self._spoke = add((0.55, 0.55, 0.57), specular=0.9, gloss=0.8, mirror=0.35)
        self._head = add((0.7, 0.7, 0.7), specular=0.6, gloss=0.8, emission=(7, 6.4, 5.2))
        self._tail = add((0.2, 0.01, 0.01), specular=0.6, gloss=0.8, emission=(4.5, 0.16, 0.10))
        self._dark = add((0.015, 0.015, 0.016), specular=0.4, gloss=0.5)

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
        frame = _axes(stage)
        size = (LENGTH, HEIGHT, WIDTH)
        middle = _world(stage, frame, 0, 0.7, 0)
        first = prims.new_group()
        prims.profile(self._paint, middle, size, frame, blend=0.10, layer=0)
        prims.new_group()
        prims.profile(self._glass, middle, size, frame, blend=0.12, layer=3)
        for x in (-1.42, 1.40):
            for z in (-0.84, 0.84):
                self._wheel(prims, stage, frame, x, z)
        prims.new_group()
        self._trim(prims, stage, frame)
        return first, prims.group

    def _wheel(self, prims: Primitives, stage: Stage, frame: Vector, x: float, z: float) -> None:
        turned = -stage.gone / WHEEL
        axle = frame @ turn_x(math.pi / 2)
        out = math.copysign(1.0, z)
        prims.new_group()
        prims.cylinder(self._tyre, _world(stage, frame, x, 0.335, z), WHEEL, 0.135, 0.05, axle)
        prims.new_group()
        prims.cylinder(self._rim, _world(stage, frame, x, 0.335, z + out * 0.035), 0.235, 0.11, 0.02, axle)
        for k in range(5):
            angle = turned + k * 2 * math.pi / 5
            at = (x + 0.12 * math.cos(angle), 0.335 + 0.12 * math.sin(angle), z + out * 0.125)
            prims.box(self._spoke, _world(stage, frame, *at), (0.115, 0.022, 0.03), 0.01, frame @ turn_z(angle))

    def _trim(self, prims: Primitives, stage: Stage, frame: Vector) -> None:
        for z in (-0.65, 0.65):
            turned = frame @ turn_y(math.copysign(0.5, z))
            prims.box(self._head, _world(stage, frame, 2.06, 0.565, z), (0.11, 0.035, 0.17), 0.02, turned)
        prims.box(self._tail, _world(stage, frame, -2.275, 0.70, 0), (0.03, 0.03, 0.60), 0.015, frame)
        prims.box(self._dark, _world(stage, frame, -2.26, 0.40, 0), (0.06, 0.10, 0.56), 0.03, frame)
        prims.box(self._dark, _world(stage, frame, 2.20, 0.28, 0), (0.08, 0.05, 0.48), 0.03, frame)
        wing = frame @ turn_z(-0.1)
        prims.box(self._paint, _world(stage, frame, -2.05, 1.06, 0), (0.16, 0.018, 0.80), 0.012, wing)
        for z in (-0.55, 0.55):
            prims.box(self._dark, _world(stage, frame, -2.02, 0.99, z), (0.05, 0.07, 0.02), 0.01, frame)

    def lights(self, stage: Stage) -> list[Light]:
        frame = _axes(stage)
        front, back = _world(stage, frame, 4.2, 0.5, 0), _world(stage, frame, -3.0, 0.6, 0)
        return [
            Light(at=front, colour=(3.0, 2.6, 2.0), reach=4.0),
            Light(at=back, colour=(1.2, 0.06, 0.04), reach=1.6, halo=0.003),
        ]


def _axes(stage: Stage) -> Vector:
    """Columns: the car's own x (forward), y (up) and z (side) in the world."""
    return np.asarray(turn_y(stage.heading) @ np.array([[0, 0, -1], [0, 1, 0], [1, 0, 0]], np.float64))


def _world(stage: Stage, frame: Vector, x: float, y: float, z: float) -> Vector:
    return np.asarray(stage.at + frame @ vector((x, y, z)))
