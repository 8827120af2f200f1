"""What people, astronauts and robots share: one skeleton, drawn round its joints."""

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import turn_x, turn_y
from reelway.previz.shot import Cast
from reelway.previz.subjects.base import Stage, Subject
from reelway.previz.subjects.body import Body
from reelway.previz.subjects.figure import POSES, SIDES, Figure
from reelway.previz.world import Materials, Primitives

ACTIONS = {
    "walk": """walk stroll wander hike march pace step stride trudge gehen spazieren laufen marcher caminar andar
        camminare 走 歩""",
    "run": "run jog sprint race flee chase rennen courir correr correre 跑 走る",
    "dance": "dance twirl spin tanzen danser bailar dancar ballare 跳舞 踊",
    "stand": "stand wait pose look watch stare gaze stehen attendre esperar 站",
    "sit": "sit rest read sitzen asseoir sentar sedere 坐",
    "wave": "wave greet winken saluer saludar",
}
SITTING = 0.74  # how high someone is who sits


class Human(Subject):
    """The body; what is worn comes from the subclasses."""

    face = (0.0, 0.0)  # it is right above: `Setting.hero_face` looks up to it
    length = 1.9
    eyes = 1.32
    width = 0.75
    speed = 0.95
    speeds: ClassVar[Mapping[str, float]] = {"run": 3.3, "dance": 0.0, "stand": 0.0, "sit": 0.0, "wave": 0.0}
    tall: float = 1.80
    bulk: ClassVar[float] = 1.0
    strides: ClassVar[Mapping[str, float]] = {"walk": 1.12, "run": 2.35}

    top: int
    legs: int
    shoes: int
    hands: int

    def __init__(self, materials: Materials, cast: Cast, number: int = 0) -> None:
        super().__init__(materials, cast, number)
        if self.action == "sit":
            self.eyes, self.length = self.eyes * SITTING, self.length * SITTING

    def pose(self, stage: Stage, action: str | None = None) -> Figure:
        """Its joints at an instant."""
        action = action or self.action
        stride = self.strides.get(action, 1.12) * self.tall / 1.8
        cycles = stage.gone / (stride * stage.scale) + stage.phase
        return POSES[action](cycles, stage.t + stage.phase * 7.0, self.strides.get(action, 1.12))

    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        first = prims.new_group()
        figure = self.pose(stage)
        turned = Stage(
            at=stage.at,
            heading=stage.heading + figure.turn,
            gone=stage.gone,
            t=stage.t,
            scale=stage.scale,
            phase=stage.phase,
            wind=stage.wind,
        )
        body = Body(prims, turned, scale=self.tall / 1.8)
        self.draw(body, figure)
        if figure.seat > 0:
            self._bench(body, figure.seat)
        return first, prims.group

    def draw(self, body: Body, figure: Figure) -> None:
        """All of it, in whatever pose."""
        self._legs(body, figure)
        self._trunk(body, figure)
        self._arms(body, figure)
        self.dress(body, figure)

    def _legs(self, body: Body, f: Figure) -> None:
        r = 0.078 * self.bulk
        calf = 0.62 if self.bulk < 1.2 else 0.85
        for side, leg in zip(SIDES, f.legs, strict=True):
            body.rod(self.legs, leg.hip, leg.knee, r * 1.15, r * 0.82, 0.04)
            body.rod(self.legs, leg.knee, leg.ankle, r * 0.85, r * calf, 0.04)
            down, ahead = math.sin(leg.point), math.cos(leg.point)
            heel = leg.ankle + np.array([0, -0.03 * ahead, -0.04 * ahead])
            toe = leg.ankle + np.array([side * 0.02, -0.042 * ahead - 0.15 * down, 0.16 * ahead - 0.03 * down])
            body.rod(self.shoes, heel, toe, 0.05 * self.bulk, 0.04 * self.bulk, 0.02)

    def _trunk(self, body: Body, f: Figure) -> None:
        low, high = f.hip + np.array([0, 0.03, 0]), f.chest + np.array([0, 0.02, 0])
        body.rod(self.top, low, high, 0.135 * self.bulk, 0.165 * self.bulk, 0.04)
        wide = self.bulk * 0.85 if self.bulk > 1 else 1.0
        radii = np.array([0.225, 0.17, 0.135]) * wide
        body.egg(self.top, f.chest + np.array([0, 0.03, 0]), radii, 0.04, turn_y(f.twist) @ turn_x(f.lean))

    def _arms(self, body: Body, f: Figure) -> None:
        r = 0.058 * self.bulk
        for arm in f.arms:
            body.rod(self.top, arm.shoulder, arm.elbow, r * 1.15, r, 0.04)
            body.rod(self.top, arm.elbow, arm.wrist, r, r * 0.8, 0.04)
            palm = np.array([0.035, 0.06, 0.042]) * self.bulk
            reach = arm.wrist - arm.elbow
            at = arm.wrist + reach / max(float(np.linalg.norm(reach)), 1e-6) * 0.055
            body.egg(self.hands, at, palm, 0.02)

    def _bench(self, body: Body, seat: float) -> None:
        body.group()
        body.block(self.shoes, (0, seat - 0.035, -0.02), (0.62, 0.035, 0.24), 0.015)
        for side in SIDES:
            body.block(self.shoes, (side * 0.48, (seat - 0.07) / 2, -0.02), (0.04, (seat - 0.07) / 2, 0.2), 0.01)

    @abstractmethod
    def build(self, materials: Materials) -> None: ...

    def dress(self, body: Body, f: Figure) -> None:
        """Head and whatever else is worn."""
