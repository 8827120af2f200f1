"""A robot: metal plates, lit joints and a lit slit for eyes."""

from typing import ClassVar

import numpy as np

from reelway.previz.subjects.body import Body
from reelway.previz.subjects.figure import SIDES, Figure
from reelway.previz.subjects.human import ACTIONS, Human
from reelway.previz.words import SubjectWords
from reelway.previz.world import Materials


class Robot(Human):
    """A colour word dyes the plates."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="robot android mech cyborg droid automaton roboter 机器人 ロボット робот روبوت",
        home="street",
        actions=ACTIONS,
    )
    tall = 1.95
    bulk: ClassVar[float] = 1.12

    def build(self, materials: Materials) -> None:
        plate = self.paint((0.34, 0.36, 0.39))
        self._plate = materials.add(plate, specular=0.9, gloss=0.85, mirror=0.16)
        joint = materials.add((0.07, 0.075, 0.085), specular=0.7, gloss=0.7)
        self.top = self.legs = self.hands = joint
        self.shoes = materials.add((0.16, 0.17, 0.19), specular=0.8, gloss=0.7)
        self._lamp = materials.add((0.05, 0.08, 0.1), emission=(0.5, 3.4, 4.6))

    def dress(self, body: Body, f: Figure) -> None:
        plate = self._plate
        body.rod(self.legs, f.neck + np.array([0, -0.06, 0]), f.head, 0.05, 0.05, 0.01)
        body.group()
        body.block(plate, f.head + np.array([0, 0.01, 0]), (0.105, 0.125, 0.12), 0.06)
        body.block(plate, f.chest + np.array([0, 0.05, 0.03]), (0.215, 0.15, 0.15), 0.07, 0.02)
        body.block(plate, f.hip + np.array([0, 0.02, 0.0]), (0.15, 0.075, 0.12), 0.05, 0.02)
        for arm in f.arms:
            body.egg(plate, arm.shoulder + np.array([0, 0.02, 0]), (0.105, 0.10, 0.105), 0.02)
            body.rod(plate, arm.elbow, arm.elbow + (arm.wrist - arm.elbow) * 0.8, 0.075, 0.06)
        for leg in f.legs:
            body.rod(plate, leg.hip + (leg.knee - leg.hip) * 0.25, leg.knee, 0.095, 0.085)
            body.rod(plate, leg.knee, leg.knee + (leg.ankle - leg.knee) * 0.75, 0.085, 0.075)
        body.group()
        body.block(self._lamp, f.head + np.array([0, 0.035, 0.115]), (0.075, 0.016, 0.015), 0.012)
        body.egg(self._lamp, f.chest + np.array([0, 0.06, 0.18]), (0.045, 0.045, 0.012))
        for side in SIDES:
            body.egg(self._lamp, f.head + np.array([side * 0.11, 0.02, 0]), (0.012, 0.03, 0.03))
