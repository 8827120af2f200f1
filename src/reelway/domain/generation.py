"""What was asked (GenerationRequest), what will be made (ClipSpec), and the job itself (Generation)."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, NewType

from reelway.domain.files import EARLY_PICTURE
from reelway.domain.money import Purse
from reelway.domain.passes import Pass
from reelway.domain.states import FINAL, State

GenerationId = NewType("GenerationId", str)  # video_…
WorkspaceId = NewType("WorkspaceId", str)  # wsp_…
KeyId = NewType("KeyId", str)  # key_…


class Mode(StrEnum):
    """What goes in besides words."""

    TEXT_TO_VIDEO = "text-to-video"
    IMAGE_TO_VIDEO = "image-to-video"
    VIDEO_TO_VIDEO = "video-to-video"


class Role(StrEnum):
    """What an input file is for."""

    FIRST_FRAME = "first_frame"
    LAST_FRAME = "last_frame"
    SOURCE_VIDEO = "source_video"
    CONTROL_VIDEO = "control_video"
    AUDIO = "audio"


class Control(StrEnum):
    """What a control video shows of the clip to be made."""

    DEPTH = "depth"  # near is white, far is black
    POSE = "pose"
    SCRIBBLE = "scribble"
    EDGE = "edge"
    SEG = "seg"
    BLUR = "blur"


class Dialect(StrEnum):
    """Which wire a generation came in by; decides the shape of its webhook too."""

    MODELSLAB = "modelslab"
    OPENAI = "openai"


class OutputType(StrEnum):
    """The container the caller wants."""

    MP4 = "mp4"
    GIF = "gif"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file as the caller named it: exactly one of `url` (http, https or data), `data` and those that are ours."""

    role: Role
    param: str  # the field it came in, for error messages
    url: str | None = None
    data: bytes | None = None
    video_id: str | None = None  # of a generation of the caller's, by id or number: the pass of it that is wanted
    stored: str | None = None  # its key in our storage


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """What a dialect understood. None means not said: the model card fills it in, or refuses."""

    model: str
    mode: Mode
    prompt: str
    negative_prompt: str = ""
    duration_s: Fraction | None = None
    frames: int | None = None
    fps: int | None = None
    width: int | None = None
    height: int | None = None
    aspect_ratio: str | None = None  # "16:9"
    resolution: int | None = None  # the shorter side: 480, 720, 1080
    portrait: bool = False
    seed: int | None = None
    audio: bool | None = None
    output_type: OutputType = OutputType.MP4
    inputs: tuple[InputFile, ...] = ()
    control: Control | None = None  # of the control video among them
    passes: tuple[Pass, ...] = ()
    clamp: bool = False  # ModelsLab v6: pull numbers into range instead of refusing them
    substitution: str | None = None  # forbid, same_family or any; None: as the workspace says
    policy: str | None = None  # how a route is chosen; None: as the operator says

    @property
    def roles(self) -> frozenset[Role]:
        """What there are input files for."""
        return frozenset(file.role for file in self.inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """An input file that is ours now: fetched, decoded once, stored."""

    role: Role
    key: str  # in storage
    media_type: str
    width: int
    height: int
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipSpec:
    """The clip that will be made, with nothing left open. `frames / fps` is its length."""

    model: str
    mode: Mode
    prompt: str
    negative_prompt: str
    width: int
    height: int
    fps: int
    frames: int
    seed: int
    audio: bool
    output_type: OutputType
    assets: tuple[Asset, ...] = ()
    control: Control | None = None  # of the control video among them
    passes: tuple[Pass, ...] = ()  # what is to come beside it

    @property
    def duration_s(self) -> Fraction:
        """Exact length in seconds."""
        return Fraction(self.frames, self.fps)

    @property
    def size(self) -> str:
        """`1280x720`."""
        return f"{self.width}x{self.height}"

    def asset(self, role: Role) -> Asset | None:
        """The input of that role, if there is one."""
        return next((a for a in self.assets if a.role is role), None)

    def to_json(self) -> dict[str, Any]:
        """For the row; `from_json` reads it back. Field by field: `asdict` copies deeply and is five times slower."""
        saved = {name: getattr(self, name) for name in self.__slots__}
        saved["assets"] = [asdict(asset) for asset in self.assets]
        for name in ("control", "passes"):
            if not saved[name]:
                del saved[name]  # a worker of the version before can read the row
        return saved

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "ClipSpec":
        """What `to_json` wrote."""
        assets = tuple(Asset(**(a | {"role": Role(a["role"])})) for a in saved["assets"])
        typed = {
            "mode": Mode(saved["mode"]),
            "output_type": OutputType(saved["output_type"]),
            "assets": assets,
            "control": Control(saved["control"]) if "control" in saved else None,
            "passes": tuple(Pass(name) for name in saved.get("passes", ())),
        }
        return cls(**(saved | typed))


@dataclass(frozen=True, slots=True, kw_only=True)
class PassFile:
    """A file of a pass that is in storage; `name` is like `depth.mkv`."""

    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What is in storage: read off the file itself, never off the request."""

    width: int
    height: int
    fps: float
    frames: int
    duration_s: float
    codec: str
    size_bytes: int
    media_type: str
    etag: str
    has_audio: bool
    passes: tuple[PassFile, ...] = ()  # what lies beside it

    def to_json(self) -> dict[str, Any]:
        """For the row; what the version before does not know is there only when it is something."""
        saved = asdict(self)
        return saved if self.passes else {name: value for name, value in saved.items() if name != "passes"}

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "Output":
        """What `to_json` made."""
        return cls(**(saved | {"passes": tuple(PassFile(**one) for one in saved.get("passes", ()))}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One row. Every instant is milliseconds since 1970 UTC."""

    id: GenerationId
    number: int  # the integer id of ModelsLab clients
    workspace_id: WorkspaceId
    key_id: KeyId
    purse: Purse
    dialect: Dialect
    family: str  # "v7", "v6", "v1": the path family it was created in
    state: State
    epoch: int  # goes up whenever a worker takes the job; guards every change
    model: str
    provider: str  # who will serve, or served
    upstream_model: str
    spec: ClipSpec
    echo: dict[str, Any]  # the caller's own parameters, for dialects that answer with them
    base_url: str  # absolute start of every URL handed out for it
    token: str  # unguessable part of its file URLs
    price_microusd: int  # frozen at create
    expected_cost_microusd: int = 0  # what the provider should take from us
    substitution: str = "any"  # what may stand in for the model, should the first choice fail
    charged_microusd: int | None = None  # what was settled; None until the end
    cost_microusd: int | None = None  # the provider's own figure
    output: Output | None = None
    meta: dict[str, Any] = field(default_factory=dict)  # what the engine understood, effective parameters
    error_code: str | None = None
    error_message: str | None = None
    cancel_requested: bool = False
    early_picture: bool = False  # there is a first look at it, until it ends
    webhook_url: str | None = None
    track_id: Any = None  # as sent: string, number or null
    created_at: int
    started_at: int | None = None
    ended_at: int | None = None
    deleted_at: int | None = None
    progress: float | None = None  # 0..1 as the provider said; None when it says nothing

    @property
    def ended(self) -> bool:
        """No state follows."""
        return self.state in FINAL

    def file_url(self, suffix: str) -> str:
        """Absolute; the suffixes are in domain/files.py."""
        return f"{self.base_url}/files/{self.token}{suffix}"

    @property
    def clip_url(self) -> str:
        """Where the clip is, or will be."""
        return self.file_url(f".{self.spec.output_type}")

    @property
    def early_picture_url(self) -> str | None:
        """A first look at the clip while it is made; the poster takes its place."""
        return self.file_url(EARLY_PICTURE) if self.early_picture and not self.ended else None
