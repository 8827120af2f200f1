"""Films a place: the pose of the camera at every moment of one shot."""

import math
from dataclasses import replace
from typing import ClassVar, Protocol

import numpy as np

from reelway.previz.camera.ease import EASES
from reelway.previz.camera.framing import framing, to_size
from reelway.previz.camera.lens import LYING, UPRIGHT, aperture, blur_of, focused
from reelway.previz.camera.moves import MOVES
from reelway.previz.camera.rig import REACH_MAX, Rig, posed
from reelway.previz.geometry import Pose, Vector, ease, unit
from reelway.previz.shot import Leg, Shot

REST = 0.4  # where a place's own path is held still, so that another move can start from it
ORDINARY_S = 5.0  # the length of a leg whose moves are as large as they are declared
STRETCH = (0.35, 1.7)
NEAR_SIZES = {"medium": 0.4, "close": 1.0, "extreme": 1.0}  # what shows a face; how far from the middle to it they go
FACE_TURN = 0.65  # radians from straight before it
FOLLOWING = frozenset(["track", "through"])  # moves that see a back
RAMP_S = 1.2  # what is held during one leg only is taken up and given back in this time
QUICK = 3.0  # who goes further than so many reaches is out of sight of a camera that stands
# Shares of a quick subject's way: where it passes the camera, and where that looks; and how long the lens is then.
PASSES, LOOKS, LONG = 0.75, 0.55, 0.5
ANCHORS = 9  # moments at which a camera that stands still looks for the best place to stand


class Place(Protocol):
    """What the operator asks of a setting."""

    shot: Shot
    duration_s: float
    move: ClassVar[str]
    signature: ClassVar[frozenset[str]]

    def path(self, t: float, k: float) -> Pose:
        """The place's own camera."""

    def clear(self, pose: Pose) -> Pose:
        """The pose, kept out of walls."""

    def hero_at(self, t: float) -> Vector | None:
        """Where the subject is; None where there is none."""

    def hero_length(self) -> float | None:
        """Metres, the longest side of the subject."""

    def leader_length(self) -> float:
        """The same of the first of the cast alone; 0 where there is none."""

    def hero_face(self) -> float:
        """Metres from where the camera looks at the subject up to its face; 0 where it has none."""

    def hero_front(self, t: float) -> tuple[float, Vector] | None:
        """Where the subject looks, in radians, and the way from its middle to its face; None where it has no face."""

    def hero_beyond(self) -> float:
        """Metres from the subject to who stands behind it, in a shot whose focus goes there; 0 where nobody does."""


class Operator:
    """One shot in one place. `at` is a function of time alone, and continuous but where the prompt asks for a cut."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._shot = place.shot
        self._duration_s = place.duration_s
        self._legs = sorted(place.shot.camera, key=lambda leg: (leg.starts, leg.ends))
        self._goes_round = any(leg.move == "orbit" for leg in self._legs)
        self._length = place.hero_length()
        self._rest = place.path(0.0, REST)
        self._face = place.hero_face()
        shot = self._shot
        self._stance = framing(self._rest, self._length, self._face, size=shot.size, lens=shot.lens, angle=shot.angle)
        self._stance += self._to_face()
        self._amounts = [self._amount(leg) for leg in self._legs]
        self._blur = blur_of(shot)
        self._own_path = self._is_own_path()
        self._stands = [] if self._own_path else self._planted()

    def at(self, t: float) -> Pose:
        """The camera at second `t` of the clip."""
        if self._own_path:
            pace = min(max(self._shot.pace, 0.5), 1.5) ** 0.5
            rig = self._stance
            rest = self._aimed(self._place.path(t, 0.5 + (t / self._duration_s - 0.5) * pace), rig, t)
        else:
            rig = self._stance + self.rig(t)
            rest = self._resting(t, rig)
        return self._through_lens(self._place.clear(posed(rest, rig)), rig, t)

    def _to_face(self) -> Rig:
        """How far round the subject the camera goes, that a near view of someone is one of a face."""
        front = self._place.hero_front(self._duration_s / 2)
        follows = any(leg.move in FOLLOWING for leg in self._legs)
        if front is None or self._shot.size not in NEAR_SIZES or follows:
            return Rig()
        heading, face = front
        seen = math.remainder(_bearing(self._rest) - heading, 2 * math.pi)
        turned = math.copysign(min(abs(seen), FACE_TURN), seen)
        reach = min(float(np.linalg.norm(self._rest.target - self._rest.eye)), REACH_MAX)
        share = NEAR_SIZES[self._shot.size] / reach
        ahead = float(np.hypot(face[0], face[2])) * share
        return Rig(
            orbit=seen - turned,
            right=math.sin(turned) * ahead,
            ahead=-math.cos(turned) * ahead,
            lift=float(face[1]) * share,
        )

    def _through_lens(self, pose: Pose, rig: Rig, t: float) -> Pose:
        if self._blur is None:
            return pose
        hero, beyond = self._place.hero_at(t), self._place.hero_beyond()
        reach = float(np.linalg.norm((pose.target if hero is None else hero) - pose.eye))
        reach = max(reach - (UPRIGHT if self._face > 0 else LYING) * self._place.leader_length(), 0.5 * reach)
        wide = aperture(pose.fov, reach, self._blur, 0.0 if beyond else self._length or 0.0)
        return replace(pose, focus=focused(reach, rig.focus, beyond), aperture=wide)

    def _aimed(self, rest: Pose, rig: Rig, t: float) -> Pose:
        """A place may look a little past its subject; the larger the subject is seen, the less room there is for it.

        Who goes round something goes round that, not round a point past it.
        """
        hero = self._place.hero_at(t)
        seen = 0.0 if self._goes_round else math.exp(-max(rig.nearer + rig.zoom, 0.0))
        return rest if hero is None else replace(rest, target=hero + (rest.target - hero) * seen)

    def rig(self, t: float) -> Rig:
        """How far all moves together have taken the camera from its rest."""
        total = Rig()
        for leg, (amount, rests) in zip(self._legs, self._amounts, strict=True):
            move = MOVES[leg.move]
            total += amount * (EASES[leg.ease](self._within(leg, t)) - rests)
            share = self._presence(leg, t)
            if share > 0:
                total += move.stance * share
                if move.sway is not None:
                    total += move.sway(t) * (share * min(max(leg.pace, 0.6), 1.6))
        return total

    def _within(self, leg: Leg, t: float) -> float:
        span = max(leg.ends - leg.starts, 1e-6) * self._duration_s
        return (t - leg.starts * self._duration_s) / span

    def _presence(self, leg: Leg, t: float) -> float:
        """1 during the leg, 0 far from it."""
        starts, ends = leg.starts * self._duration_s, leg.ends * self._duration_s
        taken_up = 1.0 if leg.starts <= 0 else _step(leg, (t - starts) / RAMP_S)
        given_back = 0.0 if leg.ends >= 1 else ease((t - ends) / RAMP_S)
        return taken_up * (1.0 - given_back)

    def _amount(self, leg: Leg) -> tuple[Rig, float]:
        """What the whole leg changes, and the share of it that lies before the rest."""
        move = MOVES[leg.move]
        change = move.ways.get(leg.way) or next(iter(move.ways.values()))
        if leg.size is not None:
            there = to_size(self._rest, self._length, self._face, leg.size)
            return Rig(nearer=there.nearer - self._stance.nearer, lift=there.lift - self._stance.lift), 0.0
        if leg.degrees is not None and change.turn > 0:
            change *= math.radians(leg.degrees) / change.turn
        elif move.brief_s is None:
            seconds = (leg.ends - leg.starts) * self._duration_s
            stretch = leg.pace**0.7 * math.sqrt(seconds / ORDINARY_S)
            change *= min(max(stretch, STRETCH[0]), STRETCH[1])
        return change, self._rests(leg)

    def _rests(self, leg: Leg) -> float:
        """A turn before another move ends on the subject; one after it begins there."""
        move = MOVES[leg.move]
        if leg.move == "rack" and (leg.way == "far" or (not leg.way and self._place.hero_beyond() > 0)):
            return 0.0  # from the first of the cast to who stands behind it, or to what is behind
        if not move.turns:
            return move.rests
        if any(other.starts >= leg.ends - 1e-6 and other.move != leg.move for other in self._legs):
            return 1.0
        if any(other.ends <= leg.starts + 1e-6 and other.move != leg.move for other in self._legs):
            return 0.0
        return move.rests

    def _is_own_path(self) -> bool:
        """Whether the place's own camera is what the prompt asks for."""
        match self._legs:
            case []:
                return True
            case [leg]:
                named = leg.move == self._place.move or leg.move in self._place.signature
                plain = leg.way in ("", next(iter(MOVES[leg.move].ways))) and leg.degrees is None and leg.size is None
                return named and plain and leg.ends - leg.starts > 0.99 and self._path_is(leg.move)
            case _:
                return False

    def _path_is(self, move: str) -> bool:
        """Whether the place's own camera does what the name of the move says, as seen by its subject."""
        if move in ("track", "aerial"):
            return True
        first, last = self._place.path(0.0, 0.0), self._place.path(self._duration_s, 1.0)
        start, end = self._place.hero_at(0.0), self._place.hero_at(self._duration_s)
        with_it = end - start if start is not None and end is not None else np.zeros(3)
        gone = last.eye - first.eye - with_it
        reach = min(float(np.linalg.norm(first.target - first.eye)), REACH_MAX)
        turned = math.degrees(_bearing(last) - _bearing(first) + math.pi) % 360 - 180
        match move:
            case "push":
                return float(gone @ unit(first.target - first.eye)) > 0.15 * reach and abs(turned) < 12
            case "crane":
                return float(gone[1]) > 0.25 * reach
            case "orbit":
                return abs(turned) > 30
            case _:
                return False

    def _resting(self, t: float, rig: Rig) -> Pose:
        """The rest that the moves start from: it goes with the subject, but for legs that stand on the ground."""
        pose = self._aimed(self._place.path(t, REST), rig, t)
        for starts, ends, standing in self._stands:
            up = 1.0 if starts <= 0 else ease((t - starts) / RAMP_S)
            down = 0.0 if ends >= self._duration_s else ease((t - ends) / RAMP_S)
            weight = up * (1.0 - down)
            if weight > 0:
                pose = _between(pose, standing, weight)
        return pose

    def _planted(self) -> list[tuple[float, float, Pose]]:
        """Stretches on the ground, in seconds, and where the camera stands in them."""
        if self._place.hero_at(0.0) is None:
            return [(0.0, self._duration_s, self._rest)]  # nobody to go with
        spans: list[tuple[float, float]] = []
        for leg in self._legs:
            if not MOVES[leg.move].planted or self._carried_by_another(leg):
                continue
            starts, ends = leg.starts * self._duration_s, leg.ends * self._duration_s
            if spans and starts <= spans[-1][1] + 1e-6:
                spans[-1] = (spans[-1][0], max(ends, spans[-1][1]))
            else:
                spans.append((starts, ends))
        return [(starts, ends, self._standing(starts, ends)) for starts, ends in spans]

    def _carried_by_another(self, leg: Leg) -> bool:
        """A pan during a tracking shot is made from the moving camera."""
        return any(
            other.starts < leg.ends - 1e-6 and other.ends > leg.starts + 1e-6 and not MOVES[other.move].planted
            for other in self._legs
            if other is not leg and other.move != "handheld"
        )

    def _standing(self, starts: float, ends: float) -> Pose:
        """Where a camera stands that cannot go along: for who is slow, at the rest; for who is quick, down the way."""
        anchor = self._anchor(starts, ends)
        rest = self._place.path(anchor, REST)
        first, last, now = (self._place.hero_at(t) for t in (starts, ends, anchor))
        assert first is not None
        assert last is not None
        assert now is not None
        gone = (last - first) * (1.0, 0.0, 1.0)
        reach = float(np.linalg.norm(rest.target - rest.eye))
        if float(np.linalg.norm(gone)) < QUICK * reach:
            return rest
        # It comes from afar, grows, and passes close by: a side view would show it for a blink.
        forward = gone / float(np.linalg.norm(gone))
        right = np.array([forward[2], 0.0, -forward[0]])
        beside = float((rest.eye - now) @ right)
        beside = math.copysign(min(max(abs(beside), 1.5), 0.6 * (self._length or 1.0) + 1.0), beside)
        up = np.array([0.0, float(rest.eye[1] - now[1]), 0.0])
        return replace(
            rest, eye=first + gone * PASSES + right * beside + up, target=first + gone * LOOKS, fov=rest.fov * LONG
        )

    def _anchor(self, starts: float, ends: float) -> float:
        """The moment whose rest keeps the subject in view for longest."""
        moments = np.linspace(starts, ends, ANCHORS)
        return float(max(moments, key=lambda anchor: self._seen(float(anchor), moments)))

    def _seen(self, anchor: float, moments: Vector) -> float:
        rest = self._place.path(anchor, REST)
        view = rest.target - rest.eye
        tangent, total = math.tan(math.radians(rest.fov) / 2), 0.0
        for t in moments:
            at = self._place.hero_at(float(t))
            assert at is not None
            away = at - rest.eye
            depth = float(away @ view) / float(np.linalg.norm(view))
            if depth <= 0:
                continue
            off = math.sqrt(max(float(away @ away) - depth * depth, 0.0)) / depth / tangent
            total += max(1.0 - off / 1.5, 0.0) * min(1.0, 3.0 * float(np.linalg.norm(view)) / depth)
        return total - 1e-3 * abs(anchor - float(moments.mean()))


def _step(leg: Leg, s: float) -> float:
    return (0.0 if s < 0 else 1.0) if leg.ease == "cut" else ease(s)


def _bearing(pose: Pose) -> float:
    """From where the target is seen, in radians about the upright."""
    arm = pose.eye - pose.target
    return math.atan2(float(arm[0]), float(arm[2]))


def _between(a: Pose, b: Pose, k: float) -> Pose:
    return Pose(
        eye=a.eye + (b.eye - a.eye) * k,
        target=a.target + (b.target - a.target) * k,
        fov=a.fov + (b.fov - a.fov) * k,
        roll=a.roll + (b.roll - a.roll) * k,
    )
