"""A subject's own metres turned into the world's, and the bones that legs and arms are made of."""

import math

import numpy as np

from reelway.previz.geometry import Triple, Vector, ease, turn_x, turn_y, turn_z, vector
from reelway.previz.subjects.base import Stage
from reelway.previz.world import SHARP, Primitives

TURN = 2 * math.pi


class Body:
    """Solids in the subject's own metres: x to its right, y up from its ground, z ahead."""

    def __init__(
        self,
        prims: Primitives,
        stage: Stage,
        *,
        scale: float = 1.0,
        up: float = 0.0,
        pitch: float = 0.0,
        roll: float = 0.0,
    ) -> None:
        """`pitch` lifts the nose, `roll` lifts the right side, both in radians; `up` is in metres."""
        self.prims = prims
        self.scale = scale * stage.scale
        self.rotation = turn_y(stage.heading) @ turn_x(-pitch) @ turn_z(roll)
        self._at = stage.at + np.array([0.0, up * self.scale, 0.0])

    def group(self) -> int:
        """What follows does not melt into what came before."""
        return self.prims.new_group()

    def world(self, point: Triple) -> Vector:
        """A point of the subject in the world."""
        return np.asarray(self._at + self.rotation @ (vector(point) * self.scale))

    def _turned(self, turn: Vector | None) -> Vector:
        return self.rotation if turn is None else self.rotation @ turn

    def rod(
        self, material: int, a: Triple, b: Triple, r1: float, r2: float | None = None, smooth: float = SHARP
    ) -> None:
        """A rod with round ends, of radius `r1` at `a` and `r2` at `b`."""
        s = self.scale
        last = r1 if r2 is None else r2
        self.prims.capsule(material, self.world(a), self.world(b), r1 * s, last * s, smooth * s)

    def egg(self, material: int, at: Triple, radii: Triple, smooth: float = SHARP, turn: Vector | None = None) -> None:
        """An egg with three radii."""
        s = self.scale
        self.prims.ellipsoid(material, self.world(at), vector(radii) * s, self._turned(turn), smooth * s)

    def block(
        self,
        material: int,
        at: Triple,
        half: Triple,
        corner: float = 0.02,
        smooth: float = SHARP,
        turn: Vector | None = None,
    ) -> None:
        """A box of half sizes `half`."""
        s = self.scale
        self.prims.box(material, self.world(at), vector(half) * s, corner * s, self._turned(turn), smooth * s)

    def drum(
        self,
        material: int,
        at: Triple,
        radius: float,
        half: float,
        corner: float = 0.01,
        turn: Vector | None = None,
        smooth: float = SHARP,
    ) -> None:
        """An upright cylinder."""
        s = self.scale
        self.prims.cylinder(material, self.world(at), radius * s, half * s, corner * s, self._turned(turn), smooth * s)

    def cone(
        self,
        material: int,
        at: Triple,
        low: float,
        high: float,
        half: float,
        corner: float = 0.01,
        turn: Vector | None = None,
        smooth: float = SHARP,
        flat: float = 1.0,
    ) -> None:
        """A tapering drum: radius `low` below, `high` above."""
        s = self.scale
        self.prims.cone(
            material,
            self.world(at),
            low * s,
            high * s,
            half * s,
            corner * s,
            self._turned(turn),
            smooth * s,
            flat,
        )

    def ring(
        self,
        material: int,
        at: Triple,
        radius: float,
        thickness: float,
        turn: Vector | None = None,
        smooth: float = SHARP,
    ) -> None:
        """A lying ring."""
        s = self.scale
        self.prims.torus(material, self.world(at), radius * s, thickness * s, self._turned(turn), smooth * s)

    def profile(self, material: int, at: Triple, size: Triple, *, blend: float, layer: int) -> None:
        """A solid cut by three silhouettes: x of the textures is ahead, y up, z to the left."""
        s = self.scale
        ahead = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
        turned = self.rotation @ ahead
        self.prims.profile(material, self.world(at), vector(size) * s, turned, blend=blend * s, layer=layer)


def limb(start: Vector, angle: float, length: float, side: float = 0.0) -> Vector:
    """The far end of a bone that hangs `angle` radians forward of straight down."""
    return np.asarray(start + np.array([side, -math.cos(angle) * length, math.sin(angle) * length]))


def bent(start: Vector, end: Vector, upper: float, lower: float, towards: Triple) -> tuple[Vector, Vector]:
    """The joint between two bones that reach from `start` to `end`, and the end they really reach."""
    away = end - start
    reach = float(np.linalg.norm(away)) + 1e-9
    longest = (upper + lower) * 0.998
    if reach > longest:
        away, reach = away * (longest / reach), longest
    axis = away / reach
    along = (upper * upper - lower * lower + reach * reach) / (2 * reach)
    out = math.sqrt(max(upper * upper - along * along, 0.0))
    side = vector(towards) - axis * float(vector(towards) @ axis)
    side = side / max(float(np.linalg.norm(side)), 1e-6)
    return np.asarray(start + axis * along + side * out), np.asarray(start + away)


def footfall(phase: float, stride: float, duty: float, lift: float) -> tuple[float, float]:
    """How far ahead of its hip a foot is, and how high: it stands on one spot for the share `duty` of a stride."""
    phase %= 1.0
    reach = stride * duty
    if phase < duty:
        return reach * (0.5 - phase / duty), 0.0
    s = (phase - duty) / (1 - duty)
    return reach * (ease(s) - 0.5), lift * math.sin(math.pi * s)
