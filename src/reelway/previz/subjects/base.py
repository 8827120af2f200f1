"""What a subject is to a setting: something of a size, put on a spot, that moves by itself."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from reelway.previz.geometry import Floats, Vector
from reelway.previz.shot import Cast
from reelway.previz.words import SubjectWords
from reelway.previz.world import Light, Materials, Primitives

Colour = tuple[float, float, float]

# Linear paint for the colour words of a prompt.
PAINT: dict[str, Colour] = {
    "red": (0.42, 0.012, 0.016),
    "orange": (0.62, 0.16, 0.012),
    "yellow": (0.68, 0.42, 0.02),
    "green": (0.03, 0.22, 0.05),
    "blue": (0.015, 0.07, 0.42),
    "purple": (0.16, 0.03, 0.32),
    "pink": (0.62, 0.16, 0.28),
    "white": (0.70, 0.69, 0.67),
    "black": (0.014, 0.014, 0.016),
    "grey": (0.18, 0.18, 0.19),
    "silver": (0.42, 0.43, 0.45),
    "gold": (0.50, 0.30, 0.06),
    "brown": (0.16, 0.075, 0.03),
}

# Where a subject is at home: it stands on the ground, floats on water, flies, or swims below the surface.
LAND, WATER, AIR, DEEP = "land", "water", "air", "deep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the subject is at one instant."""

    at: Vector  # on the ground, on the water, or where it flies
    heading: float  # radians about y; 0 goes along +z
    gone: float  # metres it has come since the start
    t: float
    floats: bool = False  # there is water under it
    scale: float = 1.0  # less than 1 where the place has no room for its true size
    phase: float = 0.0  # 0 to 1: several of a kind are out of step
    wind: float = 0.0
    watched: float = 0.6  # where the camera is, in radians from the heading, and where it is amid the clip
    watched_amid: float = 0.6


class Subject(ABC):
    """One hero. Its materials are added when it is made; `place` adds its solids to a frame."""

    words: ClassVar[SubjectWords]
    length: float  # metres, the longest side seen: how far the camera stays off
    eyes: float  # metres above its ground that the camera looks at
    width: float = 0.8  # metres from side to side
    height: float = 1.9
    speed: float  # metres per second when nobody hurries it
    speeds: ClassVar[Mapping[str, float]] = {}  # by action, where that differs
    medium: ClassVar[str] = LAND
    face: tuple[float, float] | None = None  # metres ahead of, and above, where the camera looks; None: it has none
    altitude: float = 0.0  # metres above the ground that it likes to fly at
    sits: ClassVar[str] = "ride"  # the pose of who sits on it
    layer: int = 0  # the first of its silhouettes among those of all

    def __init__(self, materials: Materials, cast: Cast, number: int = 0) -> None:
        """Add the materials; what the prompt leaves open is the subject's habit. `number` tells several apart."""
        self.cast, self.number = cast, number
        actions = self.words.actions
        habit = next(iter(actions), "")
        self.action: str = cast.action if cast.action is not None and cast.action in actions else habit
        self.speed = self.speeds.get(self.action, self.speed)
        self.build(materials)

    @classmethod
    def of(cls, cast: Cast) -> type["Subject"]:
        """What such a one is: a kind of this, where it has kinds that differ in size or in where they belong."""
        return cls

    @property
    def swims(self) -> bool:
        """Whether water carries it."""
        return self.medium == WATER

    def paint(self, otherwise: Colour) -> Colour:
        """The colour that the prompt asks for, or else `otherwise`."""
        return PAINT.get(self.cast.colour or "", otherwise)

    @abstractmethod
    def build(self, materials: Materials) -> None:
        """Add the materials."""

    @abstractmethod
    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        """Add the solids; returns the first and the last group."""

    def saddle(self, stage: Stage) -> tuple[float, float, float] | None:
        """Where a person of the cast sits on it: right, up and ahead, in metres; None where nobody can."""
        return None

    def lights(self, stage: Stage) -> list[Light]:
        """Lamps that it carries."""
        return []

    def silhouettes(self) -> list[Floats]:
        """Textures that its solids are cut by, in order of their layers."""
        return []
