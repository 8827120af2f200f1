"""People who walk: one skeleton, four wardrobes."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import Triple, Vector, turn_x, turn_y, turn_z, vector
from reelway.previz.subjects.base import PAINT, Colour, Stage, Subject
from reelway.previz.world import Materials, Primitives

SIDES = ((1, 0.0), (-1, math.pi))  # left and right, half a stride apart


def _limb(start: Vector, angle: float, length: float, side: float = 0.0) -> Vector:
    """The far end of a bone that hangs `angle` radians forward of straight down."""
    return np.asarray(start + np.array([side, -math.cos(angle) * length, math.sin(angle) * length]))


@dataclass(frozen=True, slots=True)
class _Joints:
    """Where the body is in one instant of its walk, in metres about its own feet."""

    hip: Vector
    chest: Vector
    neck: Vector
    head: Vector
    swing: float  # how far a leg swings, radians
    phase: float
    lean: float
    twist: float
    walk: float


def _joints(cycles: float, walk: float) -> _Joints:
    phase = cycles * 2 * math.pi
    lean = 0.05 * walk
    bob = 0.028 * walk * math.cos(2 * phase)
    hip = np.array([0, 0.96 + bob, 0])
    chest = hip + np.array([0, 0.40, 0.40 * math.tan(lean)])
    neck = chest + np.array([0, 0.17, 0.17 * math.tan(lean)])
    head = neck + np.array([0, 0.20, 0.03 + 0.1 * math.tan(lean)])
    return _Joints(hip, chest, neck, head, 0.48 * walk, phase, lean, 0.10 * walk * math.sin(phase), walk)


class _Body:
    """Turns body metres into world metres, and knows the scale."""

    def __init__(self, prims: Primitives, stage: Stage, scale: float) -> None:
        self.prims = prims
        self.scale = scale
        self.rotation = turn_y(stage.heading)
        self._at = stage.at

    def world(self, point: Triple) -> Vector:
        return np.asarray(self._at + self.rotation @ (vector(point) * self.scale))

    def rod(self, material: int, a: Triple, b: Triple, r1: float, r2: float, smooth: float) -> None:
        s = self.scale
        self.prims.capsule(material, self.world(a), self.world(b), r1 * s, r2 * s, smooth * s)

    def egg(self, material: int, at: Triple, radii: Triple, smooth: float = 0.001, turn: Vector | None = None) -> None:
        rotation = self.rotation if turn is None else self.rotation @ turn
        self.prims.ellipsoid(material, self.world(at), vector(radii) * self.scale, rotation, smooth * self.scale)

    def block(self, material: int, at: Triple, half: Triple, corner: float, smooth: float = 0.001) -> None:
        s = self.scale
        self.prims.box(material, self.world(at), vector(half) * s, corner * s, self.rotation, smooth * s)


class Human(Subject):
    """The walk; what is worn comes from the classes below."""

    length: ClassVar[float] = 1.9
    eyes: ClassVar[float] = 1.32
    speed: ClassVar[float] = 0.92
    height: ClassVar[float] = 1.80
    cadence: ClassVar[float] = 0.80  # steps per metre walked
    bulk: ClassVar[float] = 1.0
    walk: ClassVar[float] = 0.80

    top: int
    legs: int
    shoes: int
    hands: int

    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        first = prims.new_group()
        body = _Body(prims, stage, self.height / 1.8)
        joints = _joints(stage.gone * self.cadence, self.walk)
        self._legs(body, joints)
        self._trunk(body, joints)
        self._arms(body, joints)
        self.dress(body, joints)
        return first, prims.group

    def _legs(self, body: _Body, j: _Joints) -> None:
        r = 0.078 * self.bulk
        calf = 0.62 if self.bulk < 1.2 else 0.85
        for side, offset in SIDES:
            swing = j.swing * math.sin(j.phase + offset)
            bend = 0.75 * j.walk * max(0.0, math.cos(j.phase + offset)) + 0.06
            spread = side * 0.095 * (1.25 if self.bulk > 1 else 1.0)
            hip = j.hip + np.array([spread, -0.02, 0.02 * side * math.sin(j.phase)])
            knee = _limb(hip, swing, 0.45)
            ankle = _limb(knee, swing - bend, 0.44)
            lift = -0.035 + 0.10 * max(0.0, math.sin(-(swing - bend) * 0.5))
            toe = ankle + np.array([side * 0.02, lift, 0.17])
            body.rod(self.legs, hip, knee, r * 1.15, r * 0.82, 0.04)
            body.rod(self.legs, knee, ankle, r * 0.85, r * calf, 0.04)
            heel = ankle + np.array([0, -0.02, -0.04])
            body.rod(self.shoes, heel, toe, 0.05 * self.bulk, 0.042 * self.bulk, 0.02)

    def _trunk(self, body: _Body, j: _Joints) -> None:
        low, high = j.hip + np.array([0, 0.03, 0]), j.chest + np.array([0, 0.02, 0])
        body.rod(self.top, low, high, 0.135 * self.bulk, 0.165 * self.bulk, 0.04)
        wide = self.bulk * 0.85 if self.bulk > 1 else 1.0
        radii = np.array([0.225, 0.17, 0.135]) * wide
        body.egg(self.top, j.chest + np.array([0, 0.03, 0]), radii, 0.04, turn_y(j.twist))

    def _arms(self, body: _Body, j: _Joints) -> None:
        r = 0.058 * self.bulk
        for side, offset in SIDES:
            opposite = offset + math.pi
            spread = side * 0.205 * (1.12 if self.bulk > 1 else 1.0)
            shoulder = j.chest + np.array([spread, 0.08, 0.015 * side * math.sin(j.phase)])
            swing = j.swing * 0.75 * math.sin(j.phase + opposite) + j.lean * 0.5
            elbow = _limb(shoulder, swing, 0.29, side * 0.05 * self.bulk)
            bend = 0.25 + 0.35 * j.walk * max(0.0, math.sin(j.phase + opposite))
            wrist = _limb(elbow, swing + bend, 0.26, -side * 0.01)
            body.rod(self.top, shoulder, elbow, r * 1.15, r, 0.04)
            body.rod(self.top, elbow, wrist, r, r * 0.8, 0.04)
            palm = np.array([0.035, 0.065, 0.045]) * self.bulk
            body.egg(self.hands, wrist + np.array([0, -0.06, 0.02]), palm, 0.02)

    def dress(self, body: _Body, j: _Joints) -> None:
        """Head and whatever else is worn."""

    def _bare_head(self, body: _Body, j: _Joints, skin: int, hair: int | None) -> None:
        body.rod(skin, j.neck + np.array([0, -0.04, 0]), j.head + np.array([0, -0.05, 0]), 0.052, 0.05, 0.02)
        body.egg(skin, j.head, (0.082, 0.118, 0.10), 0.02)
        if hair is not None:
            body.egg(hair, j.head + np.array([0, 0.03, -0.018]), (0.092, 0.11, 0.105), 0.01)


def _skin(materials: Materials) -> int:
    return materials.add((0.42, 0.28, 0.20), specular=0.15)


class Person(Human):
    """Someone in plain clothes; a colour word dyes the top."""

    def __init__(self, materials: Materials, colour: str | None) -> None:
        dye: Colour = PAINT.get(colour or "", (0.075, 0.11, 0.19))
        self.top = materials.add(dye, specular=0.15)
        self.legs = materials.add((0.045, 0.05, 0.07), specular=0.15)
        self.shoes = materials.add((0.03, 0.025, 0.02), specular=0.3, gloss=0.5)
        self.hands = _skin(materials)
        self._hair = materials.add((0.035, 0.02, 0.012), specular=0.3, gloss=0.5)

    def dress(self, body: _Body, j: _Joints) -> None:
        self._bare_head(body, j, self.hands, self._hair)


class Detective(Human):
    """Trench coat and fedora."""

    height: ClassVar[float] = 1.84
    walk: ClassVar[float] = 0.85
    cadence: ClassVar[float] = 1.0

    def __init__(self, materials: Materials, colour: str | None) -> None:
        dye: Colour = PAINT.get(colour or "", (0.115, 0.095, 0.07))
        self._coat = materials.add(dye, specular=0.30, gloss=0.45)
        self.top = self.legs = materials.add((0.03, 0.03, 0.034), specular=0.2, gloss=0.4)
        self.hands = _skin(materials)
        self._hat = materials.add((0.05, 0.044, 0.04), specular=0.25, gloss=0.4)
        self.shoes = self._belt = materials.add((0.02, 0.018, 0.016), specular=0.4, gloss=0.5)

    def dress(self, body: _Body, j: _Joints) -> None:
        self._bare_head(body, j, self.hands, None)
        body.prims.new_group()
        self._wear_coat(body, j)
        self._wear_hat(body, j)

    def _wear_coat(self, body: _Body, j: _Joints) -> None:
        s, prims, coat = body.scale, body.prims, self._coat
        flare = 0.10 * j.walk * math.sin(j.phase)
        sway = turn_x(-0.09 * j.walk - j.lean * 0.5) @ turn_z(flare * 0.35)
        hem = 0.60
        middle = j.chest + np.array([0, 0.13, 0]) + sway @ np.array([0, -hem * 0.98, 0])
        turned = body.rotation @ sway
        prims.cone(coat, body.world(middle), 0.33 * s, 0.185 * s, hem * s, 0.03 * s, turned, 0.05 * s, flat=0.80)
        body.egg(coat, j.chest + np.array([0, 0.07, 0]), (0.245, 0.13, 0.155), 0.09, turn_y(j.twist))
        for side, offset in SIDES:
            shoulder = j.chest + np.array([side * 0.205, 0.08, 0])
            swing = j.swing * 0.55 * math.sin(j.phase + offset + math.pi) + 0.05
            elbow = _limb(shoulder, swing, 0.30, side * 0.06)
            wrist = _limb(elbow, swing + 0.35, 0.22, -side * 0.03)
            body.rod(coat, shoulder, elbow, 0.088, 0.082, 0.05)
            body.rod(coat, elbow, wrist, 0.08, 0.085, 0.03)
        collar = body.world(j.neck + np.array([0, 0.015, -0.015]))
        prims.torus(coat, collar, 0.085 * s, 0.042 * s, body.rotation @ turn_x(0.25), 0.03 * s)
        prims.new_group()
        waist = body.world(j.hip + np.array([0, 0.14, 0]))
        prims.torus(self._belt, waist, 0.205 * s, 0.026 * s, body.rotation @ turn_x(-0.03), 0.01 * s)

    def _wear_hat(self, body: _Body, j: _Joints) -> None:
        s, prims = body.scale, body.prims
        tilt = turn_x(0.10)
        at = j.head + np.array([0, 0.105, 0.005])
        turned = body.rotation @ tilt
        prims.new_group()
        body.egg(self._hat, at, (0.185, 0.020, 0.205), 0.03, tilt)
        crown = body.world(at + np.array([0, 0.065, -0.005]))
        prims.cylinder(self._hat, crown, 0.098 * s, 0.065 * s, 0.045 * s, turned, 0.03 * s)
        prims.new_group()
        band = body.world(at + np.array([0, 0.028, -0.004]))
        prims.cylinder(self._belt, band, 0.1035 * s, 0.016 * s, 0.005 * s, turned)


class Astronaut(Human):
    """White suit, gold visor, pack with orange trim."""

    height: ClassVar[float] = 1.86
    speed: ClassVar[float] = 0.82
    bulk: ClassVar[float] = 1.55
    walk: ClassVar[float] = 0.72
    cadence: ClassVar[float] = 0.756

    def __init__(self, materials: Materials, colour: str | None) -> None:
        trim: Colour = PAINT.get(colour or "", (0.75, 0.22, 0.05))
        self.top = self.legs = materials.add((0.72, 0.70, 0.67), specular=0.25, gloss=0.4)
        self.hands = self._pack = materials.add((0.42, 0.42, 0.44), specular=0.3, gloss=0.5)
        self._visor = materials.add((0.12, 0.07, 0.02), specular=1.0, gloss=0.97, mirror=0.62)
        self._trim = materials.add(trim, specular=0.3, gloss=0.5)
        self.shoes = materials.add((0.20, 0.19, 0.19), specular=0.2, gloss=0.4)

    def dress(self, body: _Body, j: _Joints) -> None:
        prims, s = body.prims, body.scale
        prims.new_group()
        body.egg(self.top, j.head + np.array([0, 0.03, 0]), (0.21, 0.215, 0.22))
        prims.new_group()
        body.egg(self._visor, j.head + np.array([0, 0.03, 0.055]), (0.172, 0.155, 0.185))
        prims.new_group()
        body.block(self._pack, j.chest + np.array([0, 0.03, -0.30]), (0.22, 0.33, 0.13), 0.06)
        body.block(self._trim, j.chest + np.array([0, 0.16, -0.44]), (0.15, 0.05, 0.02), 0.015, 0.02)
        body.block(self._pack, j.chest + np.array([0, 0, 0.21]), (0.11, 0.09, 0.05), 0.03, 0.02)
        collar = body.world(j.neck + np.array([0, 0.03, 0]))
        prims.torus(self._trim, collar, 0.16 * s, 0.035 * s, body.rotation, 0.01)


class Robot(Human):
    """Metal plates, lit joints and a lit slit for eyes."""

    height: ClassVar[float] = 1.95
    bulk: ClassVar[float] = 1.12

    def __init__(self, materials: Materials, colour: str | None) -> None:
        plate: Colour = PAINT.get(colour or "", (0.34, 0.36, 0.39))
        self.top = materials.add(plate, specular=0.9, gloss=0.85, mirror=0.12)
        self.legs = self.shoes = self.hands = materials.add((0.09, 0.095, 0.11), specular=0.7, gloss=0.7)
        self._lamp = materials.add((0.05, 0.08, 0.1), emission=(0.5, 3.4, 4.6))

    def dress(self, body: _Body, j: _Joints) -> None:
        prims = body.prims
        body.rod(self.legs, j.neck + np.array([0, -0.06, 0]), j.head, 0.05, 0.05, 0.01)
        prims.new_group()
        body.block(self.top, j.head + np.array([0, 0.01, 0]), (0.105, 0.125, 0.12), 0.06)
        body.block(self.top, j.chest + np.array([0, 0.05, 0.06]), (0.20, 0.14, 0.11), 0.06, 0.02)
        prims.new_group()
        body.block(self._lamp, j.head + np.array([0, 0.035, 0.115]), (0.075, 0.016, 0.015), 0.012)
        body.egg(self._lamp, j.chest + np.array([0, 0.06, 0.175]), (0.045, 0.045, 0.012))
