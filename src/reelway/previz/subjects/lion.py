"""A lion, and the cats of its size."""

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import Vector
from reelway.previz.subjects.base import Stage
from reelway.previz.subjects.body import Body
from reelway.previz.subjects.dog import BEAST_ACTIONS
from reelway.previz.subjects.quadruped import Breed, Quadruped
from reelway.previz.words import SubjectWords
from reelway.previz.world import Materials


class Lion(Quadruped):
    """With a mane; a colour makes it another cat, which has none."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""lion lioness tiger tigress panther leopard jaguar cheetah puma cougar löwe leone leon leao tigre
            pantera guepard leopardo 狮子 獅子 老虎 虎 ライオン лев тигр леопард пантер أسد نمر शेर बाघ""",
        home="field: savanna",
        actions=BEAST_ACTIONS,
        colour={
            "orange": "tiger tigress tigre 老虎 虎 тигр نمر बाघ",
            "black": "panther pantera пантер",
            "gold": "lioness leopard jaguar cheetah puma cougar guepard leopardo леопард",
        },
    )
    breed = Breed(
        leg=0.66, body=0.86, girth=0.245, waist=0.195, bone=0.058, neck=0.26, neck_up=0.55, neck_thick=0.145,
        head=0.36, muzzle=0.092, ear=0.085, ears_up=True, tail=0.85, tail_up=-0.35, tail_thick=0.034,
        coat=(0.46, 0.27, 0.10), second=(0.10, 0.045, 0.02), patch=(0.52, 0.36, 0.18),
    )  # fmt: skip
    length = 2.3
    width = 0.7
    height = 1.25
    eyes = 0.72
    speed = 1.3
    speeds: ClassVar[Mapping[str, float]] = {"trot": 2.6, "run": 7.0, "stand": 0.0, "sit": 0.0}

    def build(self, materials: Materials) -> None:
        super().build(materials)
        self._mane = materials.add((0.17, 0.075, 0.025), specular=0.08)

    def _head(self, body: Body, stage: Stage, cycles: float, shoulder: Vector, pitch: float) -> None:
        super()._head(body, stage, cycles, shoulder, pitch)
        if self.cast.colour is not None:
            return
        body.group()
        b = self.breed
        middle = shoulder + np.array([0, b.girth * 0.75, b.girth * 0.9])
        body.egg(self._mane, middle, (b.girth * 1.02, b.girth * 1.18, b.girth * 0.72), 0.05)
        body.egg(self._mane, middle + np.array([0, -b.girth * 0.75, -0.02]), (b.girth * 0.72, b.girth * 0.8, 0.2), 0.1)
        # Locks round the face.
        for k in range(9):
            angle = math.pi * (k - 4) / 5.2 + 0.03 * math.sin(stage.t * 3 + k)
            out = np.array([math.sin(angle), math.cos(angle), 0.0])
            root = middle + b.girth * (0.72 * out + np.array([0, 0, 0.35]))
            body.rod(self._mane, root, root + b.girth * (0.42 * out - np.array([0, 0.1, 0.35])), 0.085, 0.04, 0.07)
