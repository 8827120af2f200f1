"""Where the camera rests beside a hero, near enough for its size, and what of an endless row it sees."""

import math
from typing import Protocol

import numpy as np

from reelway.previz.geometry import Pose, ease, vector
from reelway.previz.subjects import Stage
from reelway.previz.subjects.company import Company


class Stageful(Protocol):
    """What the framing asks of a setting."""

    hero: Company | None

    def hero_stage(self, t: float) -> Stage: ...

    def ground(self, x: float, z: float) -> float: ...

    @property
    def aspect(self) -> float: ...


def cells(pose: Pose, size: float, behind: int, ahead: int) -> list[int]:
    """Numbers of the cells of a row along z, `size` metres each, from `behind` the camera to `ahead` of where it looks.

    They are in the order in which it sees them.
    """
    here = int(pose.eye[2] // size)
    way = 1 if pose.target[2] >= pose.eye[2] else -1
    return [here + way * k for k in range(-behind, ahead)]


def beside(
    place: Stageful,
    t: float,
    k: float,
    *,
    angles: tuple[float, float],
    near: float = 1.0,
    fov: float = 44.0,
    low: float = 0.5,
) -> Pose:
    """Going with the hero, from one angle to another: 0 sees its face, pi its back, what lies between its right side.

    `near` multiplies how far off it is, `low` is the height over the ground where the hero has none.
    """
    hero = place.hero
    assert hero is not None
    stage = place.hero_stage(t)
    e = 0.6 * ease(k) + 0.4 * k
    reach = 2.9 * max(hero.length, 0.4) ** 0.78 * near * (1.06 - 0.12 * e)
    reach *= max(1.0, 1.15 / place.aspect) ** 0.5
    angle = stage.heading + angles[0] + (angles[1] - angles[0]) * e
    eyes = hero.eyes
    centre = stage.at + vector((0.0, eyes, 0.0))
    eye = centre + vector((math.sin(angle) * reach, 0.0, math.cos(angle) * reach))
    floor = max(place.ground(float(eye[0]), float(eye[2])), float(stage.at[1]) - 0.6)
    eye[1] = floor + low + 0.5 * eyes + 0.04 * reach
    # A little to the side that it goes to, so that there is room before it.
    lead = 0.06 * reach
    target = centre + vector((math.sin(stage.heading) * lead, 0.02 * reach, math.cos(stage.heading) * lead))
    return Pose(eye=eye, target=np.asarray(target), fov=fov)
