"""How near each pixel of a picture probably is (0 far, 1 near), from the picture alone.

A ground rises towards the viewer from the horizon; what stands above it is far, and the sky further. The subject is
a layer of its own that stands on the ground at its foot, so that the two move together there. The map of the ground
has no edges at all: a wrong guess bends the picture a little and never tears it.
"""

from dataclasses import dataclass

import numpy as np

from reelway.previz.picture.maps import Map, soft
from reelway.previz.picture.subject import CUT, Subject

FAR = 0.10  # what stands on the horizon
HORIZON = 0.46  # where it is taken to be when nothing shows it
STANDS_OUT = 0.22  # how much nearer than the ground behind it a subject is at the least
ROUND = 0.10  # how much nearer its middle is than its rim


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """Nearness of the ground and of the subject, and of the subject's plane."""

    ground: Map
    subject: Map
    level: float


def guess_depth(height: int, width: int, subject: Subject | None, horizon: float | None) -> Depth:
    """Maps of `height` x `width`; `horizon` is None where there is no sky to end at one."""
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    begins = horizon if horizon is not None else HORIZON
    nearest = 1.0 if horizon is not None else 0.70
    ground = np.maximum(FAR + (nearest - FAR) * (rows - begins) / max(1 - begins, 0.1), FAR)
    level = 0.55
    if subject is not None:
        at_foot = float(np.interp(subject.foot, rows[:, 0], ground[:, 0]))
        behind = float(np.interp((subject.top + subject.foot) / 2, rows[:, 0], ground[:, 0]))
        level = min(max(at_foot, behind + STANDS_OUT * (0.4 + 0.6 * subject.sure)), 0.95)
        if subject.foot < CUT and level > at_foot:
            # The ground comes up to meet the foot, so that nothing slides on it.
            middle = (subject.top + subject.foot) / 2
            rise = np.clip((rows - middle) / max(subject.foot - middle, 0.05), 0, 1)
            ground = np.maximum(ground, FAR + (level - FAR) * rise**1.5)
    plane = np.broadcast_to(ground, (height, width)).astype(np.float32)
    plane = soft(plane, height / 24)
    front = np.full((height, width), level, np.float32)
    if subject is not None:
        inside = soft(subject.alpha, max(width * (subject.right - subject.left) / 8, 1))
        front = front + ROUND * np.clip(inside, 0, 1) ** 2
        # Where the network was not sure, what is close behind moves with the subject: nothing is pulled apart.
        close = np.clip(soft(subject.alpha, width / 14) * 1.6, 0, 1) * (1 - subject.sure) * 0.85
        plane = plane + (level - plane) * close
    return Depth(ground=plane.astype(np.float32), subject=front.astype(np.float32), level=level)
