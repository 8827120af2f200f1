"""Camera moves over a still picture: what the legs of a shot come to when there is only one picture to see.

The camera's way is added up as for any place, then made small enough that the picture holds: nothing is shown that is
not there. A clip begins on the picture itself, or, when the camera goes back, ends on it.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from reelway.previz.camera import MOVES
from reelway.previz.camera.ease import EASES
from reelway.previz.camera.rig import Rig
from reelway.previz.geometry import Vector, ease
from reelway.previz.shot import Leg, Shot

MOVE = Leg(move="push", pace=0.8)  # when the prompt names none
ORDINARY_S = 5.0  # the length of a leg whose moves are as large as they are declared
STRETCH = (0.35, 1.7)
MOMENTS = 97  # the way is looked at this often to see how large it is
CREEP = 0.05  # the zoom that covers an edge grows by this much in a second, more only where it must
SETTLE_S = 0.7  # a sway begins as softly as this

TURN_MAX = 0.062  # shares of the picture's width
TRUCK_MAX = 0.050
ORBIT_MAX = 0.075
RISE_MAX = 0.050
DOLLY_MAX = 0.16
ZOOM_MAX = 0.34  # logarithm
ROLL_MAX = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Where the camera is: lengths are shares of the frame's width, by how much the picture moves right or down."""

    zoom: float = 1.0
    turn_x: float = 0.0  # all of it
    turn_y: float = 0.0
    truck_x: float = 0.0  # times the nearness
    truck_y: float = 0.0
    roll: float = 0.0
    dolly: float = 0.0  # how much larger the nearest becomes


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How much picture there is beyond each edge of the frame, as shares of the frame's width."""

    left: float = 0.0
    right: float = 0.0
    top: float = 0.0
    bottom: float = 0.0


class Moves:
    """The camera over one picture for one clip. `aspect` is the frame's, `level` the subject's nearness."""

    def __init__(
        self,
        shot: Shot,
        *,
        duration_s: float,
        aspect: float,
        level: float,
        room: Room,
        focus: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self._duration_s = max(duration_s, 0.04)
        self._aspect, self._level, self._room, self._focus = aspect, level, room, focus
        self.legs = shot.camera or (MOVE,)
        times = np.linspace(0, self._duration_s, MOMENTS)
        rigs = [self._rig(float(t)) for t in times]
        self._start = rigs[0]
        # Who comes nearer begins on the picture; who goes back ends on it.
        self._least = min(_enlarging(rig) for rig in rigs)
        self._scales = self._limits([self._from_start(rig) for rig in rigs])
        self._times = times
        self._covers = self._covering([self._bare(rig) for rig in rigs])

    def at(self, t: float) -> Shift:
        """The camera at second `t`."""
        shift = self._bare(self._rig(t))
        zoom = shift.zoom * float(np.interp(t, self._times, self._covers))
        # What it comes nearer to stays where it is in the frame, and is never pushed out of it.
        closer = 1.0 / (zoom * (1.0 + shift.dolly * self._level)) - 1.0
        x, y = self._focus
        return replace(
            shift, zoom=zoom, turn_x=shift.turn_x + x * min(closer, 0.0), turn_y=shift.turn_y + y * min(closer, 0.0)
        )

    def _rig(self, t: float) -> Rig:
        """What all legs together have changed by second `t`."""
        total = Rig()
        for leg in self.legs:
            move = MOVES[leg.move]
            starts, seconds = leg.starts * self._duration_s, max((leg.ends - leg.starts) * self._duration_s, 0.04)
            change = move.ways.get(leg.way) or next(iter(move.ways.values()))
            stretch = min(max(leg.pace**0.7 * math.sqrt(seconds / ORDINARY_S), STRETCH[0]), STRETCH[1])
            total += change * (stretch * EASES[leg.ease]((t - starts) / seconds))
            if move.sway is not None:
                after, before = (t - starts) / SETTLE_S, (starts + seconds - t) / SETTLE_S
                total += move.sway(t) * (ease(after) * (ease(before) if leg.ends < 1 else 1.0) * max(leg.pace, 0.6))
        return total

    def _from_start(self, rig: Rig) -> Rig:
        return rig + self._start * -1.0

    def _limits(self, rigs: list[Rig]) -> dict[str, float]:
        """What each kind of move is multiplied by, so that its largest is what a picture can bear."""

        def scale(values: list[float], natural: float, most: float) -> float:
            peak = max(abs(v) for v in values)
            return natural if peak * natural <= most else most / peak

        wide = max(self._room.left, self._room.right)
        high = max(self._room.top, self._room.bottom)
        return {
            "pan": scale([r.pan for r in rigs], 0.9, TURN_MAX + wide),
            "tilt": scale([r.tilt for r in rigs], 0.9, TURN_MAX * 0.7 + high),
            "right": scale([r.right for r in rigs], 0.30, TRUCK_MAX),
            "orbit": scale([r.orbit for r in rigs], 0.20, ORBIT_MAX),
            "up": scale([r.up for r in rigs], 0.15, RISE_MAX),
            "roll": scale([r.roll for r in rigs], 1.0, ROLL_MAX),
            "enlarge": scale([_enlarging(r) - self._least for r in rigs], 0.8, ZOOM_MAX),
        }

    def _bare(self, rig: Rig) -> Shift:
        """What `rig` does to the picture, without the zoom that covers its edges."""
        moved, k = self._from_start(rig), self._scales
        nearer = rig.nearer + rig.ahead
        grown = (_enlarging(rig) - self._least) * k["enlarge"]
        # Of what comes nearer a part is true perspective: the near grows more than the far.
        share = nearer / (abs(nearer) + abs(rig.zoom)) if nearer or rig.zoom else 0.0
        dolly = min(max(grown * 0.62 * max(share, 0.0), 0.0), DOLLY_MAX)
        swing, truck = moved.orbit * k["orbit"], moved.right * k["right"]
        rise = moved.up * k["up"]
        return Shift(
            zoom=math.exp(grown) / (1.0 + dolly * self._level),
            dolly=dolly,
            # To go right is to see the near go left; to go round is the same, with the subject held.
            truck_x=-truck - swing,
            truck_y=rise,
            turn_x=-moved.pan * k["pan"] + swing * self._level,
            turn_y=moved.tilt * k["tilt"] - rise * 0.25,
            roll=moved.roll * k["roll"],
        )

    def _covering(self, shifts: list[Shift]) -> Vector:
        """The zoom at each moment that keeps the picture's edges outside the frame."""
        needed = np.array([self._needed(shift) for shift in shifts])
        if self._duration_s <= 0.1:
            return np.asarray(needed)
        gaps = np.abs(self._times[:, None] - self._times[None, :])
        # As slow as can be, yet no zoom at all in the first frame.
        creep = max(CREEP, float(((needed[1:] - needed[0]) / self._times[1:]).max()))
        return np.asarray((needed[None, :] - creep * gaps).max(1).clip(1.0))

    def _needed(self, shift: Shift) -> float:
        half_x, half_y = 0.5, 0.5 / self._aspect
        turned_x = half_x + abs(math.sin(shift.roll)) * half_y
        turned_y = half_y + abs(math.sin(shift.roll)) * half_x
        needed = 1.0
        for near in (0.0, 1.0):
            scale = shift.zoom * (1.0 + shift.dolly * near)
            x, y = shift.turn_x + shift.truck_x * near, shift.turn_y + shift.truck_y * near
            for past, half, reach, room in (
                (x, half_x, turned_x, self._room.left),
                (-x, half_x, turned_x, self._room.right),
                (y, half_y, turned_y, self._room.top),
                (-y, half_y, turned_y, self._room.bottom),
            ):
                needed = max(needed, reach / max((half + room - past) * scale, 1e-3))
        return needed


def _enlarging(rig: Rig) -> float:
    return rig.nearer + rig.ahead * 0.8 + rig.zoom


__all__ = ["Moves", "Room", "Shift"]
