"""A motorbike and whoever rides it."""

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import turn_x, turn_y, turn_z
from reelway.previz.subjects.base import Stage, Subject
from reelway.previz.subjects.body import Body, bent
from reelway.previz.words import SubjectWords
from reelway.previz.world import Light, Materials, Primitives

WHEEL, AXLE = 0.33, 0.72


class Motorbike(Subject):
    """Red unless the prompt names a colour; it leans as it goes, and its rider wears a helmet."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""motorbike motorcycle bike biker scooter moped bicycle cyclist motorrad moto motocicleta
            motocicletta fahrrad velo bicicleta 摩托车 バイク мотоцикл دراجة मोटरसाइकिल""",
        home="coast",
        actions={"ride": "ride drive speed race cruise fahren rouler", "stand": "park wait"},
    )
    length = 2.3
    width = 0.9
    height = 1.6
    eyes = 0.85
    speed = 20.0
    speeds: ClassVar[Mapping[str, float]] = {"stand": 0.0}

    def build(self, materials: Materials) -> None:
        add = materials.add
        paint = self.paint((0.42, 0.012, 0.016))
        self._paint = add(paint, specular=1.0, gloss=0.92, mirror=0.22)
        self._dark = add((0.02, 0.02, 0.022), specular=0.4, gloss=0.6)
        self._metal = add((0.40, 0.41, 0.43), specular=0.9, gloss=0.85, mirror=0.30)
        self._suit = add((0.03, 0.031, 0.036), specular=0.45, gloss=0.6)
        self._visor = add((0.01, 0.012, 0.016), specular=1.0, gloss=0.97, mirror=0.45)
        self._head = add((0.7, 0.7, 0.7), emission=(7, 6.4, 5.2))
        self._tail = add((0.2, 0.01, 0.01), emission=(4.5, 0.16, 0.10))

    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        first = prims.new_group()
        moving = self.speed > 0
        lean = 0.07 * math.sin(stage.t * 0.9 + stage.phase * 5) if moving else 0.10
        body = Body(prims, stage, roll=lean)
        turned = stage.gone / (WHEEL * stage.scale)
        for z in (-AXLE, AXLE):
            self._wheel(body, z, turned)
        self._frame(body)
        if moving:
            self._rider(body, stage.t)
        return first, prims.group

    def _wheel(self, body: Body, z: float, turned: float) -> None:
        upright = turn_z(math.pi / 2)
        body.group()
        body.ring(self._dark, (0, WHEEL, z), WHEEL - 0.065, 0.065, upright)
        body.group()
        body.drum(self._metal, (0, WHEEL, z), 0.13, 0.02, 0.01, upright)
        for k in range(5):
            angle = turned + k * 2 * math.pi / 5
            rim = np.array([0, WHEEL + 0.25 * math.cos(angle), z + 0.25 * math.sin(angle)])
            body.rod(self._metal, (0, WHEEL, z), rim, 0.017)

    def _frame(self, body: Body) -> None:
        dark, metal, paint = self._dark, self._metal, self._paint
        body.group()
        body.block(dark, (0, 0.47, 0.02), (0.13, 0.17, 0.24), 0.05)
        body.rod(metal, (0.15, 0.30, 0.10), (0.17, 0.40, -0.85), 0.035, 0.055)
        for side in (1, -1):
            body.rod(metal, (side * 0.10, WHEEL, AXLE), (side * 0.10, 0.92, 0.46), 0.028)
            body.rod(dark, (side * 0.09, WHEEL, -AXLE), (side * 0.10, 0.48, -0.10), 0.032)
            body.rod(dark, (side * 0.06, 0.97, 0.42), (side * 0.36, 1.02, 0.28), 0.02)
        body.group()
        body.egg(paint, (0, 0.80, 0.12), (0.165, 0.16, 0.34), 0.06)
        body.egg(paint, (0, 0.66, 0.42), (0.18, 0.25, 0.22), 0.08, turn_x(0.5))
        body.block(paint, (0, 0.86, -0.70), (0.10, 0.055, 0.26), 0.05, 0.08, turn_x(0.25))
        body.group()
        body.egg(dark, (0, 0.82, -0.36), (0.145, 0.075, 0.34), 0.05)
        body.egg(self._visor, (0, 1.02, 0.52), (0.13, 0.16, 0.05), 0.02, turn_x(-0.7))
        body.group()
        body.egg(self._head, (0, 0.80, 0.63), (0.09, 0.07, 0.04))
        body.block(self._tail, (0, 0.86, -0.96), (0.07, 0.025, 0.02), 0.01)

    def _rider(self, body: Body, t: float) -> None:
        suit = self._suit
        hip = np.array([0, 0.93, -0.36])
        chest = np.array([0, 1.24, -0.02 + 0.01 * math.sin(t * 3)])
        head = np.array([0, 1.50, 0.16])
        body.group()
        body.rod(suit, hip, chest, 0.15, 0.17, 0.05)
        body.egg(suit, chest + np.array([0, 0.03, 0]), (0.22, 0.13, 0.14), 0.05, turn_x(0.7))
        for side in (1, -1):
            foot = np.array([side * 0.17, 0.34, -0.26])
            knee, foot = bent(hip + np.array([side * 0.09, 0, 0]), foot, 0.44, 0.44, (side * 0.35, 0.2, 1.0))
            body.rod(suit, hip + np.array([side * 0.09, 0, 0]), knee, 0.095, 0.07, 0.04)
            body.rod(suit, knee, foot, 0.07, 0.055, 0.03)
            body.rod(self._dark, foot, foot + np.array([0, -0.03, 0.16]), 0.05, 0.042, 0.02)
            grip = np.array([side * 0.34, 1.03, 0.28])
            shoulder = chest + np.array([side * 0.20, 0.06, 0])
            elbow, wrist = bent(shoulder, grip, 0.29, 0.28, (side * 0.8, -0.4, 0))
            body.rod(suit, shoulder, elbow, 0.066, 0.056, 0.04)
            body.rod(suit, elbow, wrist, 0.055, 0.045, 0.03)
        body.group()
        body.egg(self._paint, head, (0.135, 0.155, 0.165))
        body.egg(self._visor, head + np.array([0, 0.005, 0.045]), (0.118, 0.075, 0.135), turn=turn_y(0.0))

    def lights(self, stage: Stage) -> list[Light]:
        body = Body(Primitives(), stage)
        return [Light(at=body.world((0, 0.5, 2.4)), colour=(2.4, 2.1, 1.6), reach=3.5)]
