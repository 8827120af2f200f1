"""One four-legged body for every beast: a breed gives the measures, the gait gives the steps."""

import math
from dataclasses import dataclass

import numpy as np

from reelway.previz.geometry import Vector, turn_x
from reelway.previz.subjects.base import Colour, Stage, Subject
from reelway.previz.subjects.body import TURN, Body, bent, footfall
from reelway.previz.world import Materials, Primitives


@dataclass(frozen=True, slots=True, kw_only=True)
class Gait:
    """Offsets of hind left, hind right, fore left, fore right within a stride."""

    offsets: tuple[float, float, float, float]
    duty: float
    stride: float  # in leg lengths
    lift: float
    bob: float
    pitch: float = 0.0


GAITS = {
    "walk": Gait(offsets=(0.0, 0.5, 0.25, 0.75), duty=0.66, stride=1.15, lift=0.13, bob=0.015),
    "trot": Gait(offsets=(0.0, 0.5, 0.5, 0.0), duty=0.48, stride=1.9, lift=0.22, bob=0.05),
    "gallop": Gait(offsets=(0.0, 0.10, 0.48, 0.62), duty=0.30, stride=3.4, lift=0.34, bob=0.09, pitch=0.10),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Breed:
    """Measures in metres."""

    leg: float  # ground to shoulder joint
    body: float  # hip to shoulder
    girth: float  # radius of the chest
    waist: float
    bone: float  # radius of a leg at the knee
    neck: float
    neck_up: float  # radians over the level
    neck_thick: float
    head: float  # length of the skull and the muzzle
    muzzle: float  # radius of the nose
    ear: float
    ears_up: bool
    tail: float
    tail_up: float
    tail_thick: float
    hoof: bool = False
    mane: bool = False
    coat: Colour = (0.3, 0.2, 0.1)
    second: Colour = (0.1, 0.07, 0.05)  # mane, muzzle, feet
    patch: Colour | None = None  # chest and belly


class Quadruped(Subject):
    """It walks, trots, gallops, stands or sits."""

    breed: Breed

    def build(self, materials: Materials) -> None:
        breed = self.breed
        reach = breed.body / 2 + breed.girth * 0.45 + breed.neck * math.cos(breed.neck_up) + breed.head * 0.4
        high = breed.leg * 0.97 + breed.girth * 0.35 + breed.neck * math.sin(breed.neck_up)
        self.face = (reach, high - self.eyes)
        coat = self.paint(breed.coat)
        self._coat = materials.add(coat, specular=0.22, gloss=0.35)
        second = (coat[0] * 0.35, coat[1] * 0.33, coat[2] * 0.33) if self.cast.colour else breed.second
        self._second = materials.add(second, specular=0.2, gloss=0.3)
        patch = coat if self.cast.colour else breed.patch or coat
        self._patch = materials.add(patch, specular=0.2, gloss=0.3)
        self._eye = materials.add((0.008, 0.007, 0.006), specular=1.0, gloss=0.95)

    def gait(self) -> Gait:
        """Its steps; standing has none."""
        return GAITS.get(self.action if self.action != "run" else "gallop", GAITS["walk"])

    def motion(self, stage: Stage) -> tuple[float, float, float]:
        """Cycles gone, how much higher than at rest the back is, and the pitch of the body."""
        gait, leg = self.gait(), self.breed.leg
        cycles = stage.gone / (gait.stride * leg * stage.scale) + stage.phase
        if self.speed == 0.0:
            return cycles, 0.004 * math.sin(stage.t * 2.0), 0.0
        beats = 1 if gait.pitch else 2
        return (
            cycles,
            gait.bob * leg * math.sin(TURN * (cycles * beats + 0.1)),
            gait.pitch * math.sin(TURN * (cycles + 0.30)),
        )

    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        first = prims.new_group()
        body, breed = Body(prims, stage), self.breed
        cycles, up, pitch = self.motion(stage)
        sits = self.action == "sit"
        middle = np.array([0.0, breed.leg * 0.97 + up, 0.0])
        along = turn_x(-pitch - (0.50 if sits else 0.0))
        half = breed.body / 2
        hip = middle + along @ np.array([0, 0, -half])
        shoulder = middle + along @ np.array([0, 0, half])
        if sits:
            drop = np.array([0, hip[1] - breed.leg * 0.36, 0])
            hip, shoulder = hip - drop, shoulder - drop * 0.42
        self._trunk(body, hip, shoulder)
        self._legs(body, stage, cycles, hip, shoulder, sits=sits)
        self._head(body, stage, cycles, shoulder, pitch)
        self._tail(body, stage, cycles, hip)
        return first, prims.group

    def _trunk(self, body: Body, hip: Vector, shoulder: Vector) -> None:
        b = self.breed
        line = shoulder - hip
        chest = hip + line * 0.80 + np.array([0, -b.girth * 0.10, 0])
        loin = hip + line * 0.38 + np.array([0, b.girth * 0.06, 0])
        body.rod(self._coat, hip, loin, b.waist * 1.08, b.waist, b.girth * 0.5)
        body.rod(self._coat, loin, chest, b.waist, b.girth, b.girth * 0.5)
        body.egg(
            self._coat, shoulder + np.array([0, -b.girth * 0.12, 0.02]), (b.girth * 0.92, b.girth * 1.08, b.girth), 0.1
        )
        if b.patch is not None:
            body.egg(
                self._patch,
                shoulder + np.array([0, -b.girth * 0.35, b.girth * 0.35]),
                (b.girth * 0.6, b.girth * 0.75, b.girth * 0.72),
                0.02,
            )

    def _legs(self, body: Body, stage: Stage, cycles: float, hip: Vector, shoulder: Vector, *, sits: bool) -> None:
        b, gait = self.breed, self.gait()
        still = self.speed == 0.0
        for number, offset in enumerate(gait.offsets):
            hind, side = number < 2, 1 if number % 2 == 0 else -1
            joint = (hip if hind else shoulder) + np.array([side * b.girth * 0.52, -b.waist * 0.15, 0.0])
            z, y = (0.0, 0.0) if still else footfall(cycles + offset, gait.stride * b.leg, gait.duty, gait.lift * b.leg)
            reach = (-0.06 if hind else 0.02) * b.leg
            foot = np.array([side * b.girth * 0.50, b.bone * 1.2 + y, joint[2] + z + reach])
            long = float(joint[1])
            if sits and hind:
                foot = np.array([side * b.girth * 0.85, b.bone * 1.2, joint[2] + b.leg * 0.42])
            self._leg(body, joint, foot, max(long, b.leg * 0.7), hind=hind, side=side, tucked=y / b.leg)

    def _leg(
        self, body: Body, joint: Vector, foot: Vector, long: float, *, hind: bool, side: int, tucked: float
    ) -> None:
        """Thigh, shank and cannon: the hock bends back, the knee of a foreleg bends forward when it is lifted."""
        b = self.breed
        upper, lower = long * 0.52, long * 0.56
        knee, end = bent(joint, foot, upper, lower, (0, 0, 1.0 if hind else -1.0))
        thick = b.girth * (0.52 if hind else 0.40)
        body.rod(self._coat, joint, knee, thick, b.bone * 1.25, 0.05)
        cannon = knee + (end - knee) * 0.55
        if hind:
            cannon = cannon + np.array([0, 0.02 * long, -0.14 * long])
        else:
            cannon = cannon + np.array([0, 0, (0.03 + 0.35 * tucked) * long])
        body.rod(self._coat, knee, cannon, b.bone * 1.25, b.bone, 0.03)
        body.rod(self._coat, cannon, end, b.bone, b.bone * 0.85, 0.02)
        if b.hoof:
            body.cone(
                self._second,
                end + np.array([0, -b.bone * 0.45, b.bone * 0.3]),
                b.bone * 1.5,
                b.bone,
                b.bone * 0.75,
                0.005,
            )
        else:
            body.egg(
                self._coat,
                end + np.array([0, -b.bone * 0.2, b.bone * 0.9]),
                (b.bone * 1.15, b.bone * 0.95, b.bone * 1.8),
                0.02,
            )

    def _head(self, body: Body, stage: Stage, cycles: float, shoulder: Vector, pitch: float) -> None:
        b = self.breed
        nod = (
            0.07 * math.sin(TURN * cycles * (1 if self.gait().pitch else 2)) if self.speed else 0.05 * math.sin(stage.t)
        )
        low = -0.25 if self.action in ("gallop", "run") else 0.0
        up = b.neck_up + nod + low + pitch * 0.5
        base = shoulder + np.array([0, b.girth * 0.35, b.girth * 0.45])
        poll = base + b.neck * np.array([0, math.sin(up), math.cos(up)])
        body.rod(self._coat, base, poll, b.neck_thick * 1.35, b.neck_thick * 0.80, 0.08)
        down = (0.75 if b.hoof else 0.22) - 0.5 * low - nod
        ahead = np.array([0, -math.sin(down), math.cos(down)])
        skull = poll + ahead * b.head * 0.18
        nose = poll + ahead * b.head * 0.88
        width = b.muzzle * 1.5
        turned = turn_x(down)
        body.egg(self._coat, skull, (width * 1.05, width * 1.15, b.head * 0.36), 0.04, turned)
        body.rod(self._coat, skull + ahead * b.head * 0.1, nose, b.muzzle * 1.25, b.muzzle * 0.85, 0.04)
        body.group()
        body.egg(self._second, nose + ahead * b.muzzle * 0.55, (b.muzzle * 0.62, b.muzzle * 0.5, b.muzzle * 0.45))
        top = np.array([0, math.cos(down), math.sin(down)])
        for side in (1, -1):
            eye = skull + ahead * b.head * 0.16 + top * width * 0.42 + np.array([side * width * 0.88, 0, 0])
            body.egg(self._eye, eye, (width * 0.16,) * 3)
        body.group()
        for side in (1, -1):
            root = skull + top * width * 0.85 + np.array([side * width * 0.62, 0, 0]) - ahead * b.head * 0.06
            if b.ears_up:
                body.rod(
                    self._coat,
                    root,
                    root + top * b.ear + np.array([side * 0.2 * b.ear, 0, 0]),
                    b.ear * 0.28,
                    b.ear * 0.08,
                    0.02,
                )
            else:
                flap = 0.25 * math.sin(TURN * cycles * 2 + side)
                tip = root + np.array([side * b.ear * 0.45, -b.ear * 0.8, -b.ear * (0.1 + max(flap, 0.0))])
                body.rod(self._second, root, tip, b.ear * 0.2, b.ear * 0.28, 0.01)
        if b.mane:
            body.group()
            crest = np.array([0, 0.0, -1.0])
            for k in range(5):
                at = base + (poll - base) * (0.15 + 0.2 * k)
                wave = 0.05 * math.sin(stage.t * 6 + k + cycles * TURN)
                fall = at + np.array([0.05 + wave, -0.02 - wave, 0]) + crest * (b.neck_thick * (1.25 - 0.1 * k) + 0.05)
                body.rod(
                    self._second,
                    at + crest * b.neck_thick * 0.55 + top * 0.05,
                    fall,
                    b.neck_thick * 0.45,
                    b.neck_thick * 0.28,
                    0.08,
                )

    def _tail(self, body: Body, stage: Stage, cycles: float, hip: Vector) -> None:
        b = self.breed
        wag = 0.5 * math.sin(stage.t * (9.0 if not b.hoof else 2.0) + stage.phase * 9) * (0.8 if not b.hoof else 0.35)
        lift = b.tail_up + (0.5 if self.action in ("gallop", "run") else 0.0) + 0.08 * math.sin(TURN * cycles)
        at = hip + np.array([0, b.waist * 0.55, -b.waist * 0.85])
        if b.mane:
            body.group()
        for k in range(3):
            angle = lift - (0.45 * k if b.hoof else -0.25 * k)
            step = b.tail / 3
            end = at + step * np.array([math.sin(wag) * 0.7, math.sin(angle), -math.cos(angle)])
            body.rod(
                self._second if b.mane else self._coat,
                at,
                end,
                b.tail_thick * (1 - 0.18 * k),
                b.tail_thick * (0.85 - 0.2 * k),
                0.03,
            )
            at = end
