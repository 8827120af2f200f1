"""An astronaut: white suit, gold visor, pack with orange trim."""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from reelway.previz.subjects.body import Body
from reelway.previz.subjects.figure import Figure
from reelway.previz.subjects.human import ACTIONS, Human
from reelway.previz.words import SubjectWords
from reelway.previz.world import Materials


class Astronaut(Human):
    """A colour word dyes the trim."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""astronaut cosmonaut spaceman spacewoman raumfahrer astronautin astronaute astronauta
            宇航员 宇宙飛行士 космонавт астронавт رائد अंतरिक्ष""",
        home="mars",
        is_a="person",
        actions={**ACTIONS, "walk": ACTIONS["walk"] + " explore", "float": "float drift hover schweben flotter flotar"},
        outfits={"spacesuit": "spacesuit space-suit"},
    )
    speed = 0.85
    speeds: ClassVar[Mapping[str, float]] = {**Human.speeds, "run": 2.4, "float": 0.0}
    tall = 1.86
    bulk: ClassVar[float] = 1.55

    def build(self, materials: Materials) -> None:
        trim = self.paint((0.75, 0.22, 0.05))
        self.top = self.legs = materials.add((0.72, 0.70, 0.67), specular=0.25, gloss=0.4)
        self.hands = self._pack = materials.add((0.42, 0.42, 0.44), specular=0.3, gloss=0.5)
        self._visor = materials.add((0.12, 0.07, 0.02), specular=1.0, gloss=0.97, mirror=0.62)
        self._trim = materials.add(trim, specular=0.3, gloss=0.5)
        self.shoes = materials.add((0.20, 0.19, 0.19), specular=0.2, gloss=0.4)

    def dress(self, body: Body, f: Figure) -> None:
        body.group()
        body.egg(self.top, f.head + np.array([0, 0.03, 0]), (0.21, 0.215, 0.22))
        body.group()
        body.egg(self._visor, f.head + np.array([0, 0.03, 0.055]), (0.172, 0.155, 0.185))
        body.group()
        body.block(self._pack, f.chest + np.array([0, 0.03, -0.30]), (0.22, 0.33, 0.13), 0.06)
        body.block(self._trim, f.chest + np.array([0, 0.16, -0.44]), (0.15, 0.05, 0.02), 0.015, 0.02)
        body.block(self._pack, f.chest + np.array([0, 0, 0.21]), (0.11, 0.09, 0.05), 0.03, 0.02)
        body.ring(self._trim, f.neck + np.array([0, 0.03, 0]), 0.16, 0.035, smooth=0.01)
