"""A fish: it swims below the surface, leaps where it can only be seen above it, and floats in a dream elsewhere."""

import math
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import Vector, turn_x, turn_y, turn_z
from reelway.previz.subjects.base import DEEP, Stage, Subject
from reelway.previz.subjects.body import Body
from reelway.previz.words import SubjectWords
from reelway.previz.world import Materials, Primitives

JOINTS = 6


class Fish(Subject):
    """Orange with white bands, unless the prompt names a colour."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""fish goldfish clownfish koi carp salmon trout tuna shark dolphin whale fisch hai wal delfin poisson
            requin baleine pez tiburon ballena peixe tubarao baleia pesce squalo balena 鱼 魚 рыб акул дельфин سمك मछली
            whale-shark tropical-fish manta ray""",
        home="underwater",
        actions={"swim": "swim glide drift float dart schwimmen nager nadar nuotare 游", "leap": "leap jump breach"},
        outfits={"great": "huge giant big"},
        roles={"great": "shark whale dolphin whale-shark manta hai wal requin baleine tiburon ballena tubarao baleia"},
        colour={"gold": "goldfish"},
    )
    length = 1.2
    width = 0.4
    height = 0.7
    eyes = 0.0
    speed = 0.9
    medium: ClassVar[str] = DEEP
    altitude = 1.5
    speeds: ClassVar[Mapping[str, float]] = {"leap": 2.2}

    def build(self, materials: Materials) -> None:
        self.great = self.cast.outfit == "great"
        skin = self.paint((0.13, 0.16, 0.20) if self.great else (0.72, 0.20, 0.02))
        self._skin = materials.add(skin, specular=0.7, gloss=0.75, mirror=0.05)
        pale = (0.50, 0.52, 0.54) if self.great else (0.78, 0.76, 0.72)
        self._pale = materials.add(pale, specular=0.6, gloss=0.7)
        self._fin = materials.add((skin[0] * 0.7, skin[1] * 0.7, skin[2] * 0.7), specular=0.4, gloss=0.5)
        self._eye = materials.add((0.006, 0.006, 0.008), specular=1.0, gloss=0.95)
        self._size = 3.6 if self.great else 1.0
        if self.great:
            self.length, self.width, self.height, self.speed = 4.2, 1.4, 1.6, 1.4

    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        first = prims.new_group()
        t = stage.t + stage.phase * 4.0
        beat = t * (3.2 if self.great else 7.0)
        pitch, up, roll = 0.06 * math.sin(t * 0.8), 0.10 * math.sin(t * 0.9 + 1), 0.05 * math.sin(t * 0.7)
        if stage.floats or self.action == "leap":
            # In the air for most of the time, then briefly under.
            arc = (t * 0.42 + 0.12) % 1.0 / 0.72
            flight = min(arc, 1.0)
            up = 1.25 * math.sin(math.pi * flight) - 0.15 - 0.9 * max(arc - 1.0, 0.0)
            pitch = 0.85 * math.cos(math.pi * flight)
        body = Body(prims, stage, scale=self._size, up=up, pitch=pitch, roll=roll)
        spine = [self._spine(k / (JOINTS - 1), beat) for k in range(JOINTS)]
        girth = (0.035, 0.125, 0.150, 0.115, 0.065, 0.030) if not self.great else (0.05, 0.11, 0.125, 0.10, 0.06, 0.025)
        tall = 1.0 if self.great else 1.55
        for k in range(JOINTS - 1):
            a, b = spine[k], spine[k + 1]
            if self.great:
                body.rod(self._skin, a, b, girth[k], girth[k + 1], 0.05)
                continue
            yaw = math.atan2(b[0] - a[0], b[2] - a[2]) + math.pi
            r = (girth[k] + girth[k + 1]) / 2
            material = self._pale if k in (1, 3) and not self.great else self._skin
            body.egg(material, (a + b) / 2, (r * 0.72, r * tall, 0.155), 0.06, turn_y(yaw))
        if self.great:
            body.egg(self._pale, spine[2] + np.array([0, -0.045, 0.02]), (0.085, 0.09, 0.30), 0.03)
        self._fins(body, spine, beat)
        return first, prims.group

    def _spine(self, s: float, beat: float) -> Vector:
        sway = 0.02 + 0.14 * s * s
        return np.array([sway * math.sin(beat - 3.0 * s), 0.0, 0.48 - 0.96 * s])

    def _fins(self, body: Body, spine: list[Vector], beat: float) -> None:
        tail = spine[-1]
        yaw = 0.75 * math.sin(beat - 3.6)
        body.group()
        for up in (1, -1):
            turn = turn_y(yaw) @ turn_x(up * 0.75)
            at = tail + turn_y(yaw) @ np.array([0, up * 0.10, -0.10])
            body.egg(self._fin, at, (0.012, 0.05, 0.155), 0.03, turn)
        body.egg(
            self._fin,
            spine[2] + np.array([0, 0.16 if self.great else 0.22, -0.06]),
            (0.012, 0.085, 0.12),
            0.03,
            turn_x(-0.5),
        )
        for side in (1, -1):
            flap = 0.5 + 0.25 * math.sin(beat * 0.5 + side)
            root = spine[1] + np.array([side * 0.11, -0.05, -0.06])
            reach = 0.20 if self.great else 0.12
            turn = turn_z(-side * flap) @ turn_y(side * 0.55)
            body.egg(
                self._fin, root + turn @ np.array([side * reach * 0.8, 0, -0.03]), (reach, 0.010, 0.06), 0.02, turn
            )
            body.egg(self._eye, spine[0] + np.array([side * 0.062, 0.035, -0.09]), (0.020, 0.024, 0.024))
