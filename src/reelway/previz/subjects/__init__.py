"""Who or what a shot is about: one file each, and one line here."""

from collections.abc import Callable

from reelway.previz.subjects.base import Stage, Subject
from reelway.previz.subjects.car import Car
from reelway.previz.subjects.duck import Duck
from reelway.previz.subjects.human import Astronaut, Detective, Person, Robot
from reelway.previz.world import Materials

SUBJECTS: dict[str, Callable[[Materials, str | None], Subject]] = {
    "astronaut": Astronaut,
    "car": Car,
    "detective": Detective,
    "duck": Duck,
    "person": Person,
    "robot": Robot,
}

__all__ = ["SUBJECTS", "Stage", "Subject"]
