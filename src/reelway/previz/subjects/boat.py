"""A sailing boat, or with other words a rowing or a motor boat."""

import math
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import Floats, turn_x, turn_y
from reelway.previz.subjects.base import WATER, Stage, Subject
from reelway.previz.subjects.body import Body
from reelway.previz.textures import Outline, silhouette
from reelway.previz.words import SubjectWords
from reelway.previz.world import Materials, Primitives

LENGTH, HEIGHT, WIDTH = 6.4, 1.8, 2.4  # the box that the silhouettes of the hull are drawn in
# fmt: off
SIDE: Outline = [
    (-2.95, 0.55), (-2.9, -0.10), (-2.5, -0.48), (-1.2, -0.62), (1.2, -0.60), (2.2, -0.40), (2.85, 0.15), (3.08, 0.72),
    (2.2, 0.56), (1.0, 0.44), (-1.0, 0.42), (-2.2, 0.48),
]
FRONT: Outline = [
    (-1.02, 0.75), (-1.0, 0.30), (-0.84, -0.15), (-0.50, -0.48), (0.0, -0.66),
    (0.50, -0.48), (0.84, -0.15), (1.0, 0.30), (1.02, 0.75),
]
TOP: Outline = [
    (-2.95, 0.72), (-2.0, 0.92), (-0.5, 1.02), (0.8, 0.95), (1.9, 0.66), (2.7, 0.26), (3.1, 0.0),
    (2.7, -0.26), (1.9, -0.66), (0.8, -0.95), (-0.5, -1.02), (-2.0, -0.92), (-2.95, -0.72),
]
# The sails, in a box of 7 x 6.4 x 1.6 metres; from above they are bent by the wind.
MAIN: Outline = [
    (0.02, -2.62), (0.05, 0.0), (0.02, 2.85), (-0.35, 2.1), (-1.0, 0.8), (-1.75, -0.9), (-2.45, -2.35), (-2.5, -2.66),
]
JIB: Outline = [(0.22, -2.45), (0.20, -1.2), (0.12, 1.70), (0.9, 0.1), (1.8, -1.65), (2.42, -2.75), (1.5, -2.62)]
BELLY: Outline = [
    (-3.0, 0.50), (-2.0, 0.36), (-1.0, 0.30), (0.0, 0.02), (0.6, 0.22), (1.5, 0.20), (2.6, 0.00),
    (2.6, -0.06), (1.5, 0.13), (0.6, 0.15), (0.0, -0.05), (-1.0, 0.23), (-2.0, 0.29), (-3.0, 0.43),
]
# fmt: on


class Boat(Subject):
    """White sails over a painted hull; a colour word dyes the hull."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""boat sailboat sailing-boat yacht ship vessel schooner ferry trawler fishing-boat gondola
            boot schiff segelboot bateau voilier navire barco velero barca nave navio veleiro
            船 лодк корабл парус قارب سفينة नाव""",
        home="sea",
        actions={"sail": "sail float drift glide segeln naviguer navegar navigare"},
        outfits={"oars": "oar paddle", "motor": "engine outboard"},
        roles={
            "oars": "rowboat rowing-boat row canoe kayak dinghy ruderboot barque",
            "motor": "motorboat speedboat powerboat motor-boat",
        },
    )
    length = 6.2
    width = 2.2
    height = 6.8
    eyes = 1.5
    speed = 2.0
    medium: ClassVar[str] = WATER
    sits: ClassVar[str] = "sit"

    def build(self, materials: Materials) -> None:
        self.kind = self.cast.outfit or "sail"
        wood = (0.20, 0.10, 0.045)
        hull = self.paint(wood if self.kind == "oars" else (0.045, 0.09, 0.16))
        self._hull = materials.add(hull, specular=0.55, gloss=0.7, mirror=0.04)
        self._trim = materials.add((0.62, 0.60, 0.56), specular=0.4, gloss=0.6)
        self._wood = materials.add(wood, specular=0.3, gloss=0.5)
        self._sail = materials.add((0.74, 0.72, 0.66), specular=0.08)
        self._glass = materials.add((0.02, 0.03, 0.04), specular=1.0, gloss=0.95, mirror=0.3)
        if self.kind == "oars":
            self._scale, self.length, self.width, self.height, self.eyes = 0.66, 4.2, 1.6, 1.5, 0.6
            self.speed = 0.9
        else:
            self._scale = 1.0
            if self.kind == "motor":
                self.height, self.eyes, self.speed = 2.4, 0.9, 8.0

    def saddle(self, stage: Stage) -> tuple[float, float, float]:
        """The thwart that a rower sits on, or the place at the tiller."""
        up = self._rise(stage.t + stage.phase * 6) if stage.floats else 0.62
        return (0.0, (up + 0.38) * self._scale, (-0.45 if self.kind == "oars" else -1.9) * self._scale)

    def _rise(self, t: float) -> float:
        return 0.30 + 0.07 * math.sin(t * 1.3)

    def silhouettes(self) -> list[Floats]:
        hull = [silhouette(SIDE, LENGTH, HEIGHT), silhouette(FRONT, WIDTH, HEIGHT), silhouette(TOP, LENGTH, WIDTH)]
        sails = np.minimum(silhouette(MAIN, 7.0, 6.4), silhouette(JIB, 7.0, 6.4))
        whole = [(-0.79, 3.19), (0.79, 3.19), (0.79, -3.19), (-0.79, -3.19)]
        return [*hull, sails, silhouette(whole, 1.6, 6.4), silhouette(BELLY, 7.0, 1.6)]

    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        first = prims.new_group()
        t = stage.t + stage.phase * 6
        if stage.floats:
            fast = 0.10 if self.kind == "motor" else 0.0
            heel = -0.10 if self.kind == "sail" else 0.0
            pitch = 0.045 * math.sin(t * 1.15) + fast
            roll = heel + 0.06 * math.sin(t * 0.9 + 0.7)
            body = Body(prims, stage, scale=self._scale, up=self._rise(t), pitch=pitch, roll=roll)
        else:
            body = Body(prims, stage, scale=self._scale, up=0.62)
        body.profile(self._hull, (0, 0, 0), (LENGTH, HEIGHT, WIDTH), blend=0.10, layer=self.layer)
        body.group()
        if self.kind == "sail":
            self._rig(body, t)
        elif self.kind == "motor":
            self._cabin(body)
        else:
            self._oars(body, t)
        return first, prims.group

    def _rig(self, body: Body, t: float) -> None:
        body.block(self._trim, (0, 0.52, -0.7), (0.55, 0.16, 0.9), 0.10)
        body.rod(self._wood, (0, 0.3, 0.45), (0, 6.4, 0.35), 0.055, 0.035)
        swing = 0.32 + 0.04 * math.sin(t * 0.8)
        boom = np.array([math.sin(swing) * 2.5, 0, -math.cos(swing) * 2.5])
        foot = np.array([0, 1.15, 0.42])
        body.rod(self._wood, foot, foot + boom, 0.04)
        body.group()
        body.profile(self._sail, (0.10, 3.7, 0.35), (7.0, 6.4, 1.6), blend=0.02, layer=self.layer + 3)
        body.rod(self._trim, (0, 0.62, 2.95), (0, 5.0, 0.40), 0.012)

    def _cabin(self, body: Body) -> None:
        body.block(self._trim, (0, 0.62, 0.45), (0.70, 0.18, 1.15), 0.12)
        body.block(self._glass, (0, 0.92, 0.75), (0.62, 0.22, 0.06), 0.03, turn=turn_x(-0.5))
        body.block(self._trim, (0, 0.55, -1.1), (0.75, 0.10, 0.35), 0.08)
        body.rod(self._wood, (0, 0.5, -2.9), (0, 0.9, -2.9), 0.14)

    def _oars(self, body: Body, t: float) -> None:
        for z in (-0.9, 0.9):
            body.block(self._wood, (0, 0.32, z), (0.92, 0.045, 0.20), 0.03)
        sweep = 0.55 * math.sin(t * 2.0)
        dip = 0.22 * math.cos(t * 2.0)
        for side in (1, -1):
            pin = np.array([side * 1.0, 0.52, 0.1])
            blade = pin + 2.1 * np.array([side * math.cos(sweep), -0.30 + dip, math.sin(sweep)])
            body.rod(self._wood, pin - (blade - pin) * 0.35, blade, 0.035)
            body.egg(self._wood, blade, (0.26, 0.10, 0.03), 0.02, turn_y(-side * sweep))
