"""Whatever has no model of its own: its picture, made round, in the colours of the picture."""

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

import numpy as np

from reelway.previz.geometry import Floats, ease, turn_z
from reelway.previz.icons import icons
from reelway.previz.icons.facts import Facts, facts
from reelway.previz.shot import Cast
from reelway.previz.spmd.layout import TEXTURE_SIZE
from reelway.previz.subjects import inflate
from reelway.previz.subjects.base import AIR, DEEP, LAND, WATER, Colour, Stage, Subject
from reelway.previz.subjects.body import Body
from reelway.previz.subjects.pedestal import TOP, Pedestal
from reelway.previz.words import SubjectWords
from reelway.previz.world import PICTURE, Materials, Primitives

DEFAULT = "penguin"
FILLED = 1 - 14 / 128  # of the side of a picture: the rest is room round it
# Radians: seen from further aside it turns to the camera; where the camera passes its edge by so much it has turned its
# other side to it; and how far round that the turn is made.
TURN_MAX, PAST, TURNING = 0.80, 0.15, 0.12
NEAR_GROUND = frozenset(["walk", "run", "jump", "dance", "play", "stand", "sit", "sleep"])
ACTIONS = ("walk", "run", "jump", "dance", "stand", "sit", "sleep", "spin", "fly", "swim", "float", "drive", "play")
HABITS = {LAND: "walk", AIR: "fly", WATER: "swim", DEEP: "swim"}  # of the living
RESTS = {AIR: "float", WATER: "float", DEEP: "float"}  # of things, where they do not stand
# Up in the picture is ahead, and what it shows is its back.
ON_ITS_BELLY = np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
COATS = {"santa-claus": 1, "mrs-claus": 2, "mx-claus": 2}  # which of its colours the belly of a mascot has
SKIN = (0.50, 0.34, 0.26)
SMALL = 0.6  # metres: a thing that is no larger stands on a pedestal
PEDESTAL, LIFTED = "pedestal", 1.0  # where the prompt names a table, and who is no larger
DEEP_BEAST, DEEP_VEHICLE = 1.4, 1.9
BODY = 0.95  # heights of its head that the rest of a mascot is
PACES = {"walk": 0.75, "run": 2.4, "jump": 1.1, "fly": 2.2, "swim": 0.6, "float": 0.35, "drive": 3.0}


@dataclass(frozen=True, slots=True)
class _Pose:
    """How it differs from its picture at one instant: lengths in its heights, angles in radians."""

    up: float = 0.0
    roll: float = 0.0
    turn: float = 0.0
    tall: float = 1.0


class Silhouette(Subject):
    """It bobs, hops, sways and glides as a cut-out does, and turns to the camera a little."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="", home="field", actions=dict.fromkeys(ACTIONS, ""), outfits={PEDESTAL: ""}
    )
    facts: ClassVar[Facts] = facts(DEFAULT)
    raised: ClassVar[bool] = False  # on a pedestal
    length = 2.0
    eyes = 1.0
    speed = 1.0

    @classmethod
    def of(cls, cast: Cast) -> type[Subject]:
        what = cast.what if cast.what in icons() else DEFAULT
        return _kind(what, cast.action if cast.action in ACTIONS else None, cast.outfit == PEDESTAL)

    def build(self, materials: Materials) -> None:
        self._what = self.cast.what if self.cast.what in icons() else DEFAULT
        group = icons()[self._what].group
        colours = [_natural(colour, group) for colour in inflate.shown(self._what).colours]
        colours[0] = self.paint(colours[0])
        count = (len(colours),)
        self._colours = [
            materials.add(colour, specular=0.26, gloss=0.5, pattern=PICTURE, params=count) for colour in colours
        ]
        self._pedestal = Pedestal(materials) if self.raised else None

    def silhouettes(self) -> list[Floats]:
        return list(inflate.silhouettes(self._what))

    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        first = prims.new_group()
        pose = self._pose(stage)
        tall = self.facts.size
        ground = 0.0
        if self._pedestal is not None:
            self._pedestal.place(Body(prims, stage))
            prims.new_group()
            ground = TOP
        if self.medium in (AIR, DEEP):
            ground -= self.height / 2
        elif stage.floats:
            ground -= tall * 0.22
        turned = replace(stage, heading=stage.heading + self._facing(stage) + pose.turn)
        body = Body(prims, turned, up=ground + pose.up * tall, roll=pose.roll)
        if self.facts.above:
            body = Body(prims, turned, up=ground + (pose.up + inflate.thickness(self._what)) * tall)
            body.rotation = body.rotation @ ON_ITS_BELLY @ turn_z(math.pi if self.facts.backwards else 0.0)
            self._cut(body, -tall * pose.tall / 2, tall, pose.tall)
        elif self.facts.head:
            self._mascot(body, stage)
            self._cut(body, tall * (1 - 1 / (1 + BODY)) * 0.86, tall / (1 + BODY) * 1.12, pose.tall)
        else:
            self._cut(body, 0.0, tall, pose.tall)
        return first, prims.group

    def _cut(self, body: Body, above: float, tall: float, stretch: float) -> None:
        """The picture, `tall` metres along its longest side, its lower edge `above` the ground."""
        body.prims.relief(
            self._colours[0],
            body.world((0, above + tall * stretch / 2, 0)),
            tall / FILLED * body.scale,
            body.rotation,
            half=inflate.thickness(self._what),
            layer=self.layer,
            seen=inflate.frame(self._what),
            stretch=stretch,
            deep=self._deep,
        )

    @property
    def _deep(self) -> float:
        """How much deeper it is than its picture tells: beasts and vehicles are, what lies or is thin itself is not."""
        if self.facts.above:
            return 1.0
        return DEEP_VEHICLE if self.facts.drives else DEEP_BEAST if self.facts.alive else 1.0

    def _mascot(self, body: Body, stage: Stage) -> None:
        """What a head stands on: a belly, arms and legs, as of a plush toy."""
        s = self.facts.size
        swing = math.sin(math.pi * self._steps(stage)) if self.action in ("walk", "run") else 0.0
        coat = self._colours[COATS.get(self._what, 0)]
        body.egg(coat, (0, 0.30 * s, 0), (0.185 * s, 0.215 * s, 0.15 * s), 0.05 * s)
        for side in (-1, 1):
            foot = 0.075 * s * side * swing
            body.rod(
                coat,
                (side * 0.10 * s, 0.20 * s, 0),
                (side * 0.105 * s, 0.055 * s, foot),
                0.062 * s,
                0.055 * s,
                0.03 * s,
            )
            hand = (side * 0.235 * s, 0.25 * s + 0.02 * s * side * swing, -foot)
            body.rod(coat, (side * 0.14 * s, 0.40 * s, 0), hand, 0.052 * s, 0.045 * s, 0.03 * s)
        body.group()

    # Moving.

    def _steps(self, stage: Stage) -> float:
        gone = 0.8 * stage.t if self.raised else stage.gone
        return gone / (0.62 * self.facts.size * stage.scale) + stage.phase

    def _pose(self, stage: Stage) -> _Pose:
        t, c = stage.t + 5 * stage.phase, self._steps(stage)
        breath = 1 + 0.012 * math.sin(2.1 * t)
        match self.action:
            case "walk":
                return _Pose(up=0.035 * abs(math.sin(math.pi * c)), roll=0.055 * math.sin(math.pi * c), tall=breath)
            case "run":
                hop = abs(math.sin(math.pi * c))
                return _Pose(up=0.13 * hop, roll=0.09 * math.cos(2 * math.pi * c), tall=0.95 + 0.08 * hop)
            case "jump":
                q = (0.75 * t) % 1.0
                hop = max(math.sin(math.pi * (q - 0.25) / 0.75), 0.0) if q > 0.25 else 0.0
                crouch = math.sin(math.pi * q / 0.25) if q < 0.25 else 0.0
                return _Pose(up=0.55 * hop, roll=0.05 * math.sin(2 * t), tall=1 - 0.13 * crouch + 0.06 * hop)
            case "dance" | "play":
                beat = math.sin(2 * math.pi * 0.9 * t)
                bounce = abs(math.sin(2 * math.pi * 0.9 * t))
                turn = 0.42 * math.sin(2 * math.pi * 0.45 * t)
                return _Pose(up=0.07 * bounce, roll=0.20 * beat, turn=turn, tall=0.94 + 0.09 * bounce)
            case "drive":
                return _Pose(up=0.004 * math.sin(23 * t), roll=0.004 * math.sin(17 * t))
            case "spin":
                return _Pose(turn=0.9 * math.sin(0.9 * t), tall=breath)
            case "fly":
                bob = math.sin(1.6 * t)
                return _Pose(up=0.07 * bob, roll=0.10 * math.sin(1.6 * t - 1.1), turn=0.14 * math.sin(0.8 * t))
            case "swim":
                return _Pose(
                    up=0.05 * math.sin(1.3 * t),
                    roll=0.07 * math.sin(1.3 * t - 0.9),
                    turn=0.17 * math.sin(2.2 * t),
                    tall=1 + 0.03 * math.sin(2.6 * t),
                )
            case "float":
                return _Pose(up=0.06 * math.sin(1.1 * t), roll=0.09 * math.sin(0.8 * t), turn=0.2 * math.sin(0.5 * t))
            case _:
                return _Pose(roll=0.018 * math.sin(1.3 * t), turn=0.10 * math.sin(0.6 * t), tall=breath)

    def _facing(self, stage: Stage) -> float:
        """Where its picture looks, in radians from its heading; who is seen from the edge turns to the camera."""
        if self.facts.above:
            return 0.07 * math.sin(math.pi * self._steps(stage))
        if self.speed == 0.0 and not self.facts.sideways:
            # What stays where it is shows its front to a camera that goes round it.
            moved = math.remainder(stage.watched - stage.watched_amid, 2 * math.pi)
            return math.pi + stage.watched_amid - 0.22 + moved - math.sin(moved)
        looks = math.pi / 2 if self.facts.sideways else math.pi
        aside = math.remainder(stage.watched_amid - looks, math.pi)  # both its sides are alike
        aside += math.remainder(stage.watched - stage.watched_amid, 2 * math.pi)
        return looks + math.copysign(1.0, aside) * _turned(abs(aside))


def _turned(aside: float) -> float:
    """How far it turns to a camera so far aside, so that its edge is only seen in passing."""
    edge = math.pi / 2 + PAST
    other = ease((aside - edge + TURNING) / (2 * TURNING))
    beyond = aside - math.pi
    here = max(aside - TURN_MAX, 0.0)
    there = beyond - min(max(beyond, -TURN_MAX), TURN_MAX)
    return here * (1 - other) + there * other


def _natural(colour: Floats, group: str) -> Colour:
    """The violet that these pictures have for black becomes black on beasts, their yellow becomes skin on people."""
    r, g, b = (float(c) for c in colour)
    if group.startswith("animal-") and b > r > 0.3 * b and r > 0.9 * g and b < 0.45:
        grey = 0.30 * r + 0.55 * g + 0.15 * b
        r, g, b = (0.55 * (0.75 * grey + 0.25 * c) for c in (r, g, b))
    if group == "person-fantasy" and r > 0.9 and 0.4 < g < 0.62 and 0.01 < b < 0.2:
        return SKIN
    return (0.88 * r, 0.88 * g, 0.88 * b)


@cache
def _kind(what: str, action: str | None, lifted: bool) -> type[Silhouette]:
    """The subject that an icon is: of what size, where at home, and how fast at what it does."""
    known = facts(what)
    if known.alive or (known.drives and known.medium == AIR):
        habit = HABITS[known.medium]
    else:
        habit = "drive" if known.drives else RESTS.get(known.medium, "stand")
    does = action or habit
    water = known.medium in (WATER, DEEP)
    moved = AIR if does in ("fly", "float") and not water else WATER if does == "swim" and not water else known.medium
    where = LAND if does in NEAR_GROUND and known.medium != WATER else moved
    wide, high = _extent(what)
    up = where in (AIR, DEEP)
    thing = not (known.alive or known.drives or known.home == "field")
    small = where == LAND and ((known.size <= SMALL and thing) or (known.size <= LIFTED and lifted))
    ground = TOP if small else 0.0

    class Kind(Silhouette):
        words: ClassVar[SubjectWords] = SubjectWords(
            names="", home=known.home, actions=dict.fromkeys((does, *ACTIONS), ""), outfits={PEDESTAL: ""}
        )
        facts: ClassVar[Facts] = known
        raised: ClassVar[bool] = small
        medium: ClassVar[str] = where
        length = known.size * (1.25 if known.size <= SMALL else 1.0)
        width = 0.9 if small else max(0.75 * wide, 0.3 * known.size)
        height = ground + high
        eyes = 0.02 if up else ground + high * (0.3 if where == WATER else 0.5)
        altitude = (0.5 if does == "float" else 1.1) * known.size + 0.4 if up else 0.0
        speed = 0.0 if small else PACES.get(does, 0.0) * math.sqrt(known.size)

    return Kind


def _extent(what: str) -> tuple[float, float]:
    """Its width and its height in metres."""
    seen, known = inflate.shown(what).regions > 0, facts(what)
    share = known.size / (FILLED * TEXTURE_SIZE)
    wide, high = float(seen.any(0).sum()) * share, float(seen.any(1).sum()) * share
    return wide, 2 * inflate.thickness(what) * known.size if known.above else high
