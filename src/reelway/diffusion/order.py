"""What the child is told: which pipeline, and what to make with it. Standard library only."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """Why there is no clip."""

    GONE = "gone"  # the model is not where it should be, or is none that we know
    ORDER = "order"  # this pipeline cannot make such a clip
    MEMORY = "memory"  # the machine cannot hold it
    SPOILED = "spoiled"  # it made pictures of nothing: NaN, or one flat colour
    BROKEN = "broken"  # anything else that went wrong in there
    UNREADABLE = "unreadable"  # it said something that we do not understand


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """A saved pipeline and how to load it."""

    model: str  # a folder as `save_pretrained` writes it, or an id of the hub
    download: bool = False  # whether the hub may be asked
    dtype: str = "auto"  # auto, bfloat16, float16 or float32; auto: bfloat16 on a GPU, else float32
    device: str = "auto"  # auto, cpu, cuda or cuda:N
    offload: str = "none"  # none, model or sequential

    def to_json(self) -> dict[str, Any]:
        """A plain dict of the fields."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One clip: everything that decides its pixels."""

    prompt: str
    negative_prompt: str = ""
    width: int
    height: int
    fps: int
    frames: int
    seed: int
    steps: int | None = None  # None: as the pipeline does
    guidance: float | None = None
    image: str | None = None  # path of a first frame: image-to-video
    control: str | None = None  # path of a video to follow

    def to_json(self) -> dict[str, Any]:
        """A plain dict of the fields."""
        return asdict(self)
