"""What one render is asked for; standard library only, so that the gateway can build it without numpy."""

from dataclasses import asdict, dataclass, fields
from typing import TypeVar

T = TypeVar("T")

SIDE_MIN = 64
SIDE_MAX = 3840
FPS_MAX = 60
#: What can be made beside a clip of words: its depth, who is where in it, the camera's way, the shot as understood.
PASSES = ("depth", "masks", "camera", "shot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One render: everything that decides the clip's pixels; same order, same machine, same bytes of picture."""

    prompt: str
    negative_prompt: str = ""
    width: int  # even, 64..3840
    height: int
    fps: int  # 1..60
    frames: int  # 1..
    seed: int
    image: str | None = None  # path of a first-frame picture: image-to-video
    last_image: str | None = None  # path of the picture that the clip ends on; only with `image`
    video: str | None = None  # path of a source clip: video-to-video
    audio: bool = False  # a quiet sound to go with it
    passes: tuple[str, ...] = ()  # names of PASSES: files beside the clip

    def __post_init__(self) -> None:
        for name, side in (("width", self.width), ("height", self.height)):
            if side % 2 or not SIDE_MIN <= side <= SIDE_MAX:
                raise ValueError(f"{name} {side} is not an even number from {SIDE_MIN} to {SIDE_MAX}")
        if not 1 <= self.fps <= FPS_MAX:
            raise ValueError(f"fps {self.fps} is not from 1 to {FPS_MAX}")
        if self.frames < 1:
            raise ValueError(f"frames {self.frames} is less than 1")
        if self.image is not None and self.video is not None:
            raise ValueError("a render starts from an image or from a video, not from both")
        if self.last_image is not None and self.image is None:
            raise ValueError("a render that ends on an image starts from one, too")
        if unknown := sorted(set(self.passes) - set(PASSES)):
            raise ValueError(f"no passes {unknown}; there are {', '.join(PASSES)}")
        if self.passes and (self.image is not None or self.video is not None):
            raise ValueError("only a clip that is made of words alone has passes")

    @property
    def duration_s(self) -> float:
        """Length of the clip in seconds."""
        return self.frames / self.fps

    def to_json(self) -> dict[str, object]:
        """A plain dict that `from_json` takes back."""
        return asdict(self)

    @classmethod
    def from_json(cls, payload: dict[str, object]) -> "Order":
        """The order that `to_json` wrote; raises ValueError for a field that is missing, unknown or mistyped."""
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(payload) - known):
            raise ValueError(f"unknown order fields {unknown}")
        try:
            return cls(
                prompt=_of(payload, "prompt", str),
                negative_prompt=_of(payload, "negative_prompt", str, ""),
                width=_of(payload, "width", int),
                height=_of(payload, "height", int),
                fps=_of(payload, "fps", int),
                frames=_of(payload, "frames", int),
                seed=_of(payload, "seed", int),
                image=_path(payload, "image"),
                last_image=_path(payload, "last_image"),
                video=_path(payload, "video"),
                audio=_flag(payload, "audio"),
                passes=_names(payload, "passes"),
            )
        except KeyError as missing:
            raise ValueError(f"order field {missing} is missing") from None


def _of(payload: dict[str, object], name: str, kind: type[T], default: T | None = None) -> T:
    value = payload[name] if default is None else payload.get(name, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"order field {name} is {value!r}, not {kind.__name__}")
    return value


def _path(payload: dict[str, object], name: str) -> str | None:
    return None if payload.get(name) is None else _of(payload, name, str)


def _flag(payload: dict[str, object], name: str) -> bool:
    value = payload.get(name, False)
    if not isinstance(value, bool):
        raise ValueError(f"order field {name} is {value!r}, not bool")
    return value


def _names(payload: dict[str, object], name: str) -> tuple[str, ...]:
    value = payload.get(name, ())
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"order field {name} is {value!r}, not a list of names")
    return tuple(value)
