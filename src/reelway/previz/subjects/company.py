"""The cast of one shot, as one thing that a setting can stage: who stands where, how large, and out of step."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reelway.previz.geometry import Floats, turn_y
from reelway.previz.shot import Cast
from reelway.previz.subjects.base import AIR, DEEP, LAND, WATER, Stage, Subject
from reelway.previz.subjects.body import Body
from reelway.previz.subjects.figure import POSES
from reelway.previz.subjects.human import Human
from reelway.previz.world import Light, Materials, Primitives

COUNT_MAX = 12  # of one kind; more would cost more than they show
GOLDEN = 0.618034
WADES = 0.6  # of the height of who cannot swim, beside who does: so much is under water

Ground = Callable[[float, float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much a place holds, in metres: from side to side of the way, and from the ground up."""

    width: float = 1e9
    height: float = 1e9


@dataclass(slots=True, kw_only=True)
class Member:
    """One of the company, beside and ahead of the leader."""

    subject: Subject
    right: float = 0.0
    ahead: float = 0.0
    up: float = 0.0
    phase: float = 0.0
    scale: float = 1.0
    rides: "Member | None" = None


class Company:
    """Everyone in the shot. The first of the cast leads: the pace, and what the camera looks at, are its."""

    def __init__(
        self,
        materials: Materials,
        casts: Sequence[Cast],
        kinds: dict[str, type[Subject]],
        room: Room,
        *,
        deep: bool = False,
    ) -> None:
        """In a `deep` one other kinds stand behind the leader's, as the camera sees them."""
        self.members: list[Member] = []
        self.afloat = False  # whether there is water under it
        self._room = room
        self._deep = deep
        layers: dict[type[Subject], int] = {}  # those of one kind are cut by the same silhouettes
        self._silhouettes: list[Floats] = []
        for cast in casts:
            for number in range(min(max(cast.count, 1), COUNT_MAX)):
                subject = kinds[cast.kind].of(cast)(materials, cast, number)
                if type(subject) not in layers:
                    layers[type(subject)] = len(self._silhouettes)
                    self._silhouettes += subject.silhouettes()
                subject.layer = layers[type(subject)]
                scale = min(1.0, room.width / subject.width, room.height / subject.height)
                self.members.append(Member(subject=subject, scale=scale, phase=(number * GOLDEN) % 1.0))
        self._mount()
        self._spread()
        leader = self.members[0]
        self.leader = leader.subject
        on_foot = [m.subject.speed for m in self.members if m.rides is None and not self._is_behind(m)]
        self.speed = max(on_foot, default=leader.subject.speed)
        self.medium = leader.subject.medium if leader.rides is None else leader.rides.subject.medium

    def _mount(self) -> None:
        """A person beside a horse sits on it."""
        at = Stage(at=np.zeros(3), heading=0.0, gone=0.0, t=0.0)
        free = [m for m in self.members if m.subject.saddle(at) is not None]
        for member in self.members:
            if free and isinstance(member.subject, Human):
                member.rides = free.pop(0)

    def _spread(self) -> None:
        """Rows across the way, each a little out of line."""
        standing = [m for m in self.members if m.rides is None]
        if not standing:
            return
        widest = max(m.subject.width * m.scale for m in standing)
        longest = max(m.subject.length * m.scale for m in standing)
        apart = 1.9 if self.members[0].subject.medium in (AIR, DEEP) else 1.35
        gap = widest * apart + 0.25
        across = max(1, min(int((self._room.width - widest) / gap) + 1 if self._room.width < 1e8 else 4, 4))
        if self.beyond:
            across = max(across, 2)  # lest the leader hide who stands behind it
        for number, member in enumerate(standing):
            row, place = divmod(number, across)
            inrow = min(across, len(standing) - row * across)
            # The leader is in the middle of the first row, or nearly.
            order = sorted(range(inrow), key=lambda k: abs(k - (inrow - 1) / 2))
            member.right = (order[place] - (inrow - 1) / 2) * gap if len(standing) > 1 else 0.0
            uneven = 0.35 * math.sin(number * 2.4) if number else 0.0
            member.ahead = -row * (max(longest, widest) * 1.25 + 0.4) + uneven * longest
            if member.subject.medium in (AIR, DEEP):
                member.up = 0.75 * widest * math.sin(number * 1.7)

    @property
    def length(self) -> float:
        """The longest side of the whole, for how far the camera stays off."""
        longest = max(m.subject.length * m.scale for m in self.members)
        return max(longest, self.spread * (0.45 if self.medium in (AIR, DEEP) else 0.6))

    @property
    def beyond(self) -> float:
        """Metres from the leader back to other kinds, where they stand behind it."""
        others = [m for m in self.members if self._is_behind(m)]
        if not others:
            return 0.0
        return 1.5 + 1.2 * max(m.subject.length * m.scale for m in (self.members[0], *others))

    def _is_behind(self, member: Member) -> bool:
        return self._deep and member.subject.cast != self.members[0].subject.cast

    @property
    def spread(self) -> float:
        """From the leftmost to the rightmost side."""
        rights = [m.right for m in self.members]
        return max(rights) - min(rights) + max(m.subject.width * m.scale for m in self.members)

    @property
    def altitude(self) -> float:
        """How far over its ground the leader flies."""
        member = self.members[0]
        if self.afloat and member.subject.medium == DEEP:
            return 0.45
        free = self._room.height - member.subject.height * member.scale
        return max(min(member.subject.altitude * member.scale, free * 0.6), 0.0)

    @property
    def eyes(self) -> float:
        """Metres above the ground that the camera looks at."""
        member = self.members[0]
        if member.rides is not None:
            return member.rides.subject.eyes * member.rides.scale + 0.35
        return member.subject.eyes * member.scale + self.altitude

    @property
    def swims(self) -> bool:
        """Whether water carries it, or it is in the water."""
        return self.medium in (WATER, DEEP)

    @property
    def walks(self) -> bool:
        """Whether it needs ground under its feet."""
        return self.medium == LAND

    def silhouettes(self) -> list[Floats]:
        """Of all members, in the order of their layers."""
        return self._silhouettes

    def stages(self, stage: Stage, ground: Ground) -> list[tuple[Member, Stage]]:
        """Where each is, when the leader's ground is `stage`."""
        beyond = self.beyond
        turned = turn_y(stage.heading + (stage.watched_amid if beyond else 0.0))
        # The leader is on the camera's side of those who go beside it.
        side = -1.0 if math.sin(stage.watched_amid) > 0 and not beyond else 1.0
        under = ground(float(stage.at[0]), float(stage.at[2]))
        found = []
        for member in self.members:
            if member.rides is not None:
                continue
            ahead = -beyond if self._is_behind(member) else member.ahead
            at = stage.at + turned @ np.array([side * member.right, 0.0, ahead])
            flies = member.subject.medium in (AIR, DEEP) and not stage.floats
            if flies or member.subject.medium == AIR:
                free = self._room.height - member.subject.height * member.scale
                lift = min(member.subject.altitude * member.scale, max(free * 0.6, 0.0))
                at[1] += lift + member.up
                floor = ground(float(at[0]), float(at[2]))
                if member.subject.altitude > 0:
                    floor += member.subject.height * member.scale * 0.5
                at[1] = max(at[1], floor)
            elif not stage.floats:
                at[1] += ground(float(at[0]), float(at[2])) - under
            elif member.subject.medium == LAND:
                at[1] -= WADES * member.subject.height * member.scale
            floats = stage.floats and member.subject.medium in (WATER, DEEP)
            scaled = replace(stage, at=at, scale=member.scale, phase=member.phase, floats=floats)
            found.append((member, scaled))
        return found

    def place(self, prims: Primitives, stage: Stage, ground: Ground) -> tuple[int, int]:
        """Add everyone's solids; returns the first and the last group."""
        first = prims.group + 1
        stages = self.stages(stage, ground)
        for member, at in stages:
            own = prims.group + 1
            member.subject.place(prims, at)
            prims.cast.append((member.subject.cast.kind, own, prims.group))
        for member in self.members:
            if member.rides is not None:
                mount, under = next((m, s) for m, s in stages if m is member.rides)
                own = prims.group + 1
                self._seat(prims, member, mount, under)
                prims.cast.append((member.subject.cast.kind, own, prims.group))
        return first, prims.group

    def _seat(self, prims: Primitives, member: Member, mount: Member, under: Stage) -> None:
        saddle = mount.subject.saddle(under)
        human = member.subject
        assert saddle is not None
        assert isinstance(human, Human)
        share = human.tall / 1.8
        figure = POSES[mount.subject.sits](under.gone / 2.5, under.t, 1.0)
        seat = saddle[1] - (float(figure.hip[1]) - 0.08) * share
        base = Body(prims, under).world((saddle[0], seat, saddle[2]))
        figure.seat = 0.9  # what hangs from the hips would cut through what is sat on
        prims.new_group()
        body = Body(prims, replace(under, at=base), scale=share)
        human.draw(body, figure)

    def lights(self, stage: Stage, ground: Ground) -> list[Light]:
        """Lamps that they carry."""
        return [light for member, at in self.stages(stage, ground) for light in member.subject.lights(at)]
