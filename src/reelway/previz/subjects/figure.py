"""How a two-legged body stands, walks, runs, dances, sits or rides: joints in metres about its own feet."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from reelway.previz.geometry import Vector
from reelway.previz.subjects.body import TURN, bent, footfall, limb

SIDES = (1, -1)
THIGH, SHIN, UPPER_ARM, FOREARM = 0.45, 0.44, 0.29, 0.26
ANKLE = 0.085  # above the sole


@dataclass(slots=True)
class Arm:
    """One arm's joints."""

    shoulder: Vector
    elbow: Vector
    wrist: Vector


@dataclass(slots=True)
class Leg:
    """One leg's joints; `point` is how far the toes point down, in radians."""

    hip: Vector
    knee: Vector
    ankle: Vector
    point: float = 0.0


@dataclass(slots=True)
class Figure:
    """A whole body in one instant."""

    hip: Vector
    chest: Vector
    neck: Vector
    head: Vector
    legs: list[Leg] = field(default_factory=list)
    arms: list[Arm] = field(default_factory=list)
    lean: float = 0.0
    twist: float = 0.0  # shoulders about the spine
    sway: float = 0.0  # what hangs loose swings by this, -1 to 1
    turn: float = 0.0  # the whole body about its own axis
    seat: float = 0.0  # height of what it sits on


def _spine(x: float, hip: float, lean: float, twist: float = 0.0) -> Figure:
    base = np.array([x, hip, 0.0])
    up = np.array([0.0, math.cos(lean), math.sin(lean)])
    chest = base + up * 0.40
    neck = chest + up * 0.17
    head = neck + np.array([0, 0.20, 0.03 + 0.5 * math.sin(lean) * 0.2])
    return Figure(base, chest, neck, head, lean=lean, twist=twist)


def _shoulder(figure: Figure, side: int, spread: float = 0.205) -> Vector:
    return np.asarray(
        figure.chest + np.array([side * spread * math.cos(figure.twist), 0.08, -side * spread * math.sin(figure.twist)])
    )


def _leg(figure: Figure, side: int, ankle: Vector, point: float, knee: tuple[float, float, float]) -> None:
    hip = figure.hip + np.array([side * 0.095, -0.02, 0.0])
    middle, end = bent(hip, ankle, THIGH, SHIN, knee)
    figure.legs.append(Leg(hip, middle, end, point))


def _swung_arm(figure: Figure, side: int, swing: float, bend: float, out: float = 0.05) -> None:
    shoulder = _shoulder(figure, side)
    elbow = limb(shoulder, swing, UPPER_ARM, side * out)
    figure.arms.append(Arm(shoulder, elbow, limb(elbow, swing + bend, FOREARM, -side * 0.01)))


def _rolled(phase: float, starts: float, duty: float) -> float:
    """How far the heel is off the ground, 0 to 1: it rises before the toes leave, and comes down in the air."""
    if phase < duty:
        return max((phase - starts) / (duty - starts), 0.0)
    return max(1.0 - 2.5 * (phase - duty) / (1 - duty), 0.0)


def walk(cycles: float, t: float, stride: float) -> Figure:
    """One foot always on the ground, and on one spot of it."""
    duty = 0.60
    beat = TURN * cycles
    figure = _spine(0.0, 0.932 + 0.018 * math.cos(2 * (beat - TURN * duty / 2)), 0.045, 0.12 * math.cos(beat))
    figure.sway = math.sin(beat)
    for side, offset in zip(SIDES, (0.0, 0.5), strict=True):
        phase = (cycles + offset) % 1.0
        z, y = footfall(phase, stride, duty, 0.11)
        rolled = _rolled(phase, 0.40, duty)
        point = 0.75 * rolled if phase < duty else 0.75 - 1.05 * (phase - duty) / (1 - duty)
        ankle = np.array([side * 0.10, ANKLE + y + 0.075 * rolled, z + 0.035 * rolled])
        _leg(figure, side, ankle, point, (0.06 * side, 0.0, 1.0))
        swing = -0.42 * math.cos(TURN * phase)
        _swung_arm(figure, side, swing + 0.05, 0.22 + 0.22 * max(0.0, swing))
    return figure


def run(cycles: float, t: float, stride: float) -> Figure:
    """Both feet leave the ground between two steps."""
    duty = 0.34
    beat = TURN * cycles
    figure = _spine(0.0, 0.905 - 0.045 * math.cos(2 * (beat - TURN * duty / 2)), 0.20, 0.22 * math.cos(beat))
    figure.sway = math.sin(beat)
    for side, offset in zip(SIDES, (0.0, 0.5), strict=True):
        phase = (cycles + offset) % 1.0
        z, y = footfall(phase, min(stride, 2.5), duty, 0.34)
        rolled = _rolled(phase, 0.16, duty)
        point = 0.8 * rolled if phase < duty else 1.1 - 1.3 * (phase - duty) / (1 - duty)
        back = -0.10 if phase >= duty and phase < 0.7 else 0.0
        ankle = np.array([side * 0.08, ANKLE + y + 0.10 * rolled, z + 0.05 + back * math.sin(math.pi * phase)])
        _leg(figure, side, ankle, point, (0.05 * side, 0.15, 1.0))
        _swung_arm(figure, side, 0.10 - 0.85 * math.cos(TURN * phase), 1.45, 0.06)
    return figure


def dance(cycles: float, t: float, stride: float) -> Figure:
    """Steps on the spot, arms up, a turn now and then."""
    beat = TURN * t * 0.95
    rock = math.sin(beat)
    figure = _spine(0.09 * rock, 0.915 - 0.045 * abs(math.cos(beat)), 0.03, 0.30 * math.sin(beat * 0.5 + 0.6))
    figure.sway = rock
    figure.turn = 0.9 * math.sin(t * 0.8) + 0.35 * math.sin(t * 1.9)
    for side in SIDES:
        lifted = max(0.0, -side * rock)
        ankle = np.array([side * (0.15 + 0.10 * lifted), ANKLE + 0.17 * lifted, 0.05 + 0.10 * lifted])
        _leg(figure, side, ankle, 0.7 * lifted, (0.2 * side, 0.0, 1.0))
        shoulder = _shoulder(figure, side)
        raised = 0.55 + 0.75 * math.sin(beat * 0.5 + side * 0.9)
        elbow = shoulder + UPPER_ARM * np.array([side * math.cos(raised), math.sin(raised), 0.10])
        hand = raised + 0.75 + 0.30 * math.sin(beat + side)
        wrist = elbow + FOREARM * np.array([side * math.cos(hand), math.sin(hand), 0.15 * rock])
        figure.arms.append(Arm(shoulder, elbow, wrist))
    return figure


def stand(cycles: float, t: float, stride: float) -> Figure:
    """The weight goes slowly from one leg to the other."""
    rock = math.sin(t * 0.7)
    figure = _spine(0.025 * rock, 0.957 + 0.004 * math.sin(t * 2.1), 0.02, 0.06 * math.sin(t * 0.5))
    figure.sway = 0.25 * rock
    for side in SIDES:
        _leg(figure, side, np.array([side * 0.115, ANKLE, 0.0 if side > 0 else 0.04]), 0.0, (0.1 * side, 0.0, 1.0))
        _swung_arm(figure, side, 0.06 + 0.02 * math.sin(t * 1.3 + side), 0.20, 0.07)
    return figure


def wave(cycles: float, t: float, stride: float) -> Figure:
    """One hand in the air."""
    figure = stand(cycles, t, stride)
    arm = figure.arms[0]
    arm.elbow = arm.shoulder + UPPER_ARM * np.array([0.86, 0.42, 0.1])
    swing = 0.35 * math.sin(t * 7.0)
    arm.wrist = arm.elbow + FOREARM * np.array([0.15 + swing, 0.96, 0.1])
    return figure


def sit(cycles: float, t: float, stride: float) -> Figure:
    """On a bench."""
    figure = _spine(0.0, 0.53, -0.04 + 0.015 * math.sin(t * 0.8), 0.04 * math.sin(t * 0.4))
    figure.seat = 0.43
    for side in SIDES:
        _leg(figure, side, np.array([side * 0.13, ANKLE, 0.44]), 0.0, (0.05 * side, 1.0, 0.4))
        shoulder = _shoulder(figure, side)
        lap = figure.hip + np.array([side * 0.12, 0.11, 0.28])
        elbow, wrist = bent(shoulder, lap, UPPER_ARM, FOREARM, (side * 0.8, -0.6, -0.4))
        figure.arms.append(Arm(shoulder, elbow, wrist))
    return figure


def ride(cycles: float, t: float, stride: float) -> Figure:
    """Astride: the hip is where the saddle is, 0.9 m over the figure's ground."""
    figure = _spine(0.0, 0.90, 0.12)
    figure.sway = math.sin(TURN * cycles) * 0.4
    for side in SIDES:
        ankle = figure.hip + np.array([side * 0.36, -0.68, 0.08])
        _leg(figure, side, ankle, 0.1, (0.5 * side, 0.2, 1.0))
        shoulder = _shoulder(figure, side)
        rein = figure.chest + np.array([side * 0.06, -0.22, 0.40])
        elbow, wrist = bent(shoulder, rein, UPPER_ARM, FOREARM, (side * 0.7, -0.7, -0.2))
        figure.arms.append(Arm(shoulder, elbow, wrist))
    return figure


def drift(cycles: float, t: float, stride: float) -> Figure:
    """Weightless: everything hangs a little bent."""
    figure = _spine(0.0, 0.95, 0.10 * math.sin(t * 0.4), 0.15 * math.sin(t * 0.5))
    figure.sway = math.sin(t * 0.6)
    figure.turn = 0.25 * math.sin(t * 0.3)
    for side in SIDES:
        kick = 0.12 * math.sin(t * 0.7 + side)
        ankle = figure.hip + np.array([side * 0.16, -0.72 + kick, -0.18 + 0.5 * kick])
        _leg(figure, side, ankle, 0.7, (0.1 * side, 0.0, 1.0))
        shoulder = _shoulder(figure, side)
        raised = -0.35 + 0.25 * math.sin(t * 0.55 + side * 1.3)
        elbow = shoulder + UPPER_ARM * np.array([side * math.cos(raised), math.sin(raised), 0.2])
        wrist = elbow + FOREARM * np.array([side * 0.6 * math.cos(raised), math.sin(raised) + 0.3, 0.65])
        figure.arms.append(Arm(shoulder, elbow, wrist))
    return figure


Pose = Callable[[float, float, float], Figure]
POSES: dict[str, Pose] = {
    "walk": walk,
    "run": run,
    "dance": dance,
    "stand": stand,
    "sit": sit,
    "wave": wave,
    "ride": ride,
    "float": drift,
}
