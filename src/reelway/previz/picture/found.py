"""What was found in pictures and what was done with them, as a caller is told."""

from dataclasses import asdict, dataclass, replace
from typing import Literal

from reelway.previz.shot import Leg

Clue = Literal["horizon", "foot"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSubject:
    """What stands out of a picture."""

    share: float  # of the part of the picture that the camera may see
    sure: float  # 0: hardly told from what is around it; 1: sharply


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One picture."""

    subject: FoundSubject | None
    sky: float | None  # how far down it reaches, as a share of the height
    depth: tuple[Clue, ...]  # what it was guessed from: where the sky ends, where the subject stands; or nothing
    stirs: tuple[str, ...]  # clouds, water, leaves, cloth, lamps, and the weather in front of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Filmed:
    """A clip of one picture, or of two: from the first to the last."""

    pictures: tuple[Found, ...]
    joined: Literal["morph", "move"] | None = None  # how one of two leads to the other
    camera: tuple[Leg, ...]

    def to_json(self) -> dict[str, object]:
        """As it stands in what is told of a shot."""
        done = [replace(leg, degrees=None, size=None) for leg in self.camera]  # a picture bears neither
        return asdict(replace(self, camera=tuple(done))) | {"move": done[0].move if done else None}
