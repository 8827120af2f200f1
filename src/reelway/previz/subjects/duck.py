"""A giant rubber duck: eggs that melt into each other."""

import math
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import Vector, turn_x, turn_y, turn_z
from reelway.previz.subjects.base import PAINT, Colour, Stage, Subject
from reelway.previz.world import Materials, Primitives


class Duck(Subject):
    """Yellow unless the prompt names a colour; bobs on water, waddles nowhere on land."""

    length: ClassVar[float] = 3.2
    eyes: ClassVar[float] = 1.45
    speed: ClassVar[float] = 0.55
    swims: ClassVar[bool] = True

    def __init__(self, materials: Materials, colour: str | None) -> None:
        skin: Colour = PAINT.get(colour or "", (0.78, 0.50, 0.018))
        self._skin = materials.add(skin, specular=0.55, gloss=0.75, mirror=0.05)
        self._beak = materials.add((0.72, 0.17, 0.012), specular=0.5, gloss=0.7, mirror=0.04)
        self._eye = materials.add((0.008, 0.008, 0.010), specular=1.0, gloss=0.95, mirror=0.12)
        self._white = materials.add((0.75, 0.75, 0.73), specular=0.5, gloss=0.7)

    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        bob = 0.06 * math.sin(stage.t * 1.7) - 0.16 if stage.floats else 0.0
        rock = turn_z(0.045 * math.sin(stage.t * 1.1)) @ turn_x(0.03 * math.sin(stage.t * 1.4 + 1))
        frame = turn_y(stage.heading) @ (rock if stage.floats else np.eye(3))
        base = stage.at + np.array([0, bob, 0])

        def at(x: float, y: float, z: float) -> Vector:
            return np.asarray(base + frame @ np.array([x, y, z]))

        first = prims.new_group()
        prims.ellipsoid(self._skin, at(0, 0.74, -0.10), (0.98, 0.76, 1.22), frame, 0.30)
        prims.ellipsoid(self._skin, at(0, 0.98, 0.66), (0.66, 0.66, 0.60), frame, 0.42)
        prims.ellipsoid(self._skin, at(0, 2.02, 0.62), (0.70, 0.68, 0.70), frame, 0.26)
        prims.cone(self._skin, at(0, 1.20, -1.16), 0.46, 0.10, 0.46, 0.10, frame @ turn_x(-0.72), 0.42, flat=0.7)
        for side in (-1, 1):
            wing = frame @ turn_y(side * 0.22) @ turn_x(-0.20)
            prims.ellipsoid(self._skin, at(side * 0.90, 0.92, -0.22), (0.20, 0.36, 0.72), wing, 0.10)
        prims.new_group()
        prims.ellipsoid(self._beak, at(0, 1.95, 1.32), (0.36, 0.085, 0.36), frame @ turn_x(-0.16), 0.06)
        prims.ellipsoid(self._beak, at(0, 1.83, 1.26), (0.27, 0.075, 0.27), frame @ turn_x(0.22), 0.06)
        prims.new_group()
        for side in (-1, 1):
            prims.ellipsoid(self._white, at(side * 0.36, 2.22, 1.13), (0.145, 0.17, 0.12), frame)
        prims.new_group()
        for side in (-1, 1):
            prims.ellipsoid(self._eye, at(side * 0.375, 2.22, 1.195), (0.085, 0.11, 0.09), frame)
        return first, prims.group
