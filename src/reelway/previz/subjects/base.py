"""What a subject is to a setting: something of a size, put on a spot, that moves by itself."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from reelway.previz.geometry import Floats, Vector
from reelway.previz.world import Light, Primitives

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the subject is at one instant."""

    at: Vector  # on the ground
    heading: float  # radians about y; 0 walks along +z
    gone: float  # metres it has come since the start
    t: float
    floats: bool = False  # it stands in water


class Subject(ABC):
    """One hero. Its materials are added when it is made; `place` adds its solids to a frame."""

    length: ClassVar[float]  # metres, the longest side seen: how far the camera stays off
    eyes: ClassVar[float]  # metres above its ground that the camera looks at
    speed: ClassVar[float]  # metres per second when nobody hurries it
    swims: ClassVar[bool] = False

    @abstractmethod
    def place(self, prims: Primitives, stage: Stage) -> tuple[int, int]:
        """Add the solids; returns the first and the last group."""

    def lights(self, stage: Stage) -> list[Light]:
        """Lamps that it carries."""
        return []

    def silhouettes(self) -> list[Floats]:
        """Textures that its solids are cut by, in order of their layers."""
        return []
