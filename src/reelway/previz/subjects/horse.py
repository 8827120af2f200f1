"""A horse; a person of the cast may sit on it."""

from collections.abc import Mapping
from typing import ClassVar

from reelway.previz.geometry import vector
from reelway.previz.subjects.base import Stage
from reelway.previz.subjects.quadruped import Breed, Quadruped
from reelway.previz.words import SubjectWords


class Horse(Quadruped):
    """Bay, unless the prompt names a colour."""

    words: ClassVar[SubjectWords] = SubjectWords(
        names="""horse stallion mare pony foal mustang-horse unicorn deer stag pferd cheval chevaux caballo cavalo
            cavallo 马 馬 лошад конь حصان घोड़ा""",
        home="field",
        actions={
            "walk": "walk stroll wander graze amble",
            "trot": "trot canter",
            "gallop": "gallop run race charge ride rennen galoppieren galoper courir galopar correr 奔跑",
            "stand": "stand wait look",
        },
        colour={"white": "unicorn"},
    )
    breed = Breed(
        leg=1.22, body=1.12, girth=0.335, waist=0.285, bone=0.052, neck=0.78, neck_up=0.82, neck_thick=0.165,
        head=0.60, muzzle=0.088, ear=0.15, ears_up=True, tail=0.85, tail_up=-0.35, tail_thick=0.075,
        hoof=True, mane=True, coat=(0.145, 0.062, 0.026), second=(0.018, 0.013, 0.011),
    )  # fmt: skip
    length = 2.7
    width = 0.8
    height = 2.1
    eyes = 1.25
    speed = 1.6
    speeds: ClassVar[Mapping[str, float]] = {"trot": 3.4, "gallop": 9.0, "stand": 0.0}

    def saddle(self, stage: Stage) -> tuple[float, float, float]:
        """Where a rider's seat is: right, up and ahead, in metres."""
        _, up, _ = self.motion(stage)
        seat = vector((0.0, self.breed.leg * 0.97 + up + self.breed.waist * 0.95, 0.10))
        return float(seat[0]), float(seat[1]), float(seat[2])
