"""The shapes of this dialect on the wire, for the document."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from reelway.domain.generation import Control
from reelway.domain.models import Substitution
from reelway.domain.passes import Pass
from reelway.routing.policies import Policy


class ImageReference(BaseModel):
    """A picture by its address."""

    model_config = ConfigDict(extra="forbid")

    image_url: str = Field(description="http, https or data URL")


class VideoReference(BaseModel):
    """A finished video of yours."""

    model_config = ConfigDict(extra="forbid")

    id: str


class VideoControl(BaseModel):
    """A video that the clip is to follow, for models with `control`."""

    model_config = ConfigDict(extra="forbid")

    type: Control = Field(description="What it shows")
    video: str | VideoReference = Field(
        description="An http, https or data URL, or a finished video of yours by `{id}`, whose pass of that type is"
        " taken: one by `previz` with `passes`. In multipart it may be the file itself."
    )


class CreateVideo(BaseModel):
    """What to make. Numbers may be sent as text."""

    model_config = ConfigDict(extra="forbid")

    prompt: str = Field(min_length=1, max_length=32_000, description="What is to be seen")
    model: str = Field("sora-2", description="An id or alias from `GET /v1/models`")
    seconds: str | int | float | None = Field(None, description="Length; `GET /v1/models/{id}` lists what it makes")
    size: str | None = Field(None, pattern=r"^\d{1,5}x\d{1,5}$", description="Width x height, like `1280x720`")
    input_reference: str | ImageReference | None = Field(
        None,
        description="First frame, or the clip to edit: an http, https or data URL, or an object with `image_url`."
        " In multipart it may be the file itself.",
    )
    end_image: str | ImageReference | None = Field(
        None, description="End frame, beside a first one, for models with `last_frame`: sent like `input_reference`"
    )
    control: VideoControl | None = Field(None, description="A video to follow, for models with `control`")
    negative_prompt: str | None = Field(None, description="What is not to be seen")
    seed: int | None = Field(None, ge=0, le=2**32 - 1, description="The same seed and request give the same clip")
    fps: int | None = Field(None, ge=1, description="Frames per second")
    num_frames: int | None = Field(None, ge=1, description="Length in frames, instead of `seconds`")
    aspect_ratio: str | None = Field(None, description="Like `16:9`, instead of `size`")
    resolution: str | int | None = Field(None, description="Shorter side, like `720p`, instead of `size`")
    portrait: bool | None = Field(None, description="The model's upright size")
    width: int | None = Field(None, ge=64, le=2160, description="With `height`, instead of `size`")
    height: int | None = Field(None, ge=64, le=2160)
    generate_audio: bool | None = Field(None, description="Sound, where the model makes it optional")
    output_type: Literal["mp4", "gif"] | None = None
    webhook_url: str | None = Field(None, description="Told once when this video ends; for more, register an endpoint")
    passes: list[Pass] | str | None = Field(
        None,
        description="What is to come beside a clip of words alone, for models with `passes`; also as text with commas,"
        " and in a form once for each",
    )
    substitution: Substitution | None = Field(
        None, description="What may stand in for the model; default: as the workspace says"
    )
    policy: Policy | None = Field(None, description="How an upstream is chosen, or the model where it is `auto`")
    track_id: str | int | float | None = Field(None, description="Your own mark; comes back in answers and webhooks")


class CreateVideoForm(CreateVideo):
    """As JSON; pictures may be files (JPEG, PNG, WebP), `input_reference` also an MP4 to edit."""

    input_reference: bytes | None = Field(None, json_schema_extra={"format": "binary"})  # type: ignore[assignment]
    end_image: bytes | None = Field(None, json_schema_extra={"format": "binary"})  # type: ignore[assignment]
    control_reference: bytes | None = Field(
        None, json_schema_extra={"format": "binary"}, description="`control.video` as a file, as vLLM-Omni calls it"
    )
    control_type: Control | None = Field(None, description="`control.type`, beside `control_reference`")


class _Edit(CreateVideo):
    """What is not said is taken over from the source."""

    model: str | None = Field(None, description="Must make video-to-video; default: the source's")  # type: ignore[assignment]
    input_reference: None = Field(None, exclude=True)
    end_image: None = Field(None, exclude=True)
    control: None = Field(None, exclude=True)
    passes: None = Field(None, exclude=True)


class RemixVideo(_Edit):
    """The new words."""


class EditVideo(_Edit):
    """The new words, and what they are about."""

    video: VideoReference


class EditVideoForm(_Edit):
    """As JSON; `video` may be a file."""

    video: bytes = Field(json_schema_extra={"format": "binary"})


class VideoError(BaseModel):
    """Why there is no clip."""

    code: str
    message: str


class PassOfVideo(BaseModel):
    """One pass of a finished video."""

    url: str
    content_type: str
    size_bytes: int
    meta_url: str | None = Field(description="JSON that says how to read it, or says the same")


class Video(BaseModel):
    """A video job: OpenAI's object, and what only Reelway can say."""

    id: str = Field(description="`video_…`")
    object: Literal["video"]
    model: str
    status: Literal["queued", "in_progress", "completed", "failed"] = Field(
        description="Cancelled and expired ones are failed; `error.code` tells"
    )
    progress: int = Field(ge=0, le=100, description="The provider's own figure, 0 when it says nothing; never a guess")
    created_at: int = Field(description="Unix seconds")
    completed_at: int | None = Field(description="Unix seconds; when it ended")
    expires_at: int | None = Field(description="Null: kept until deleted")
    prompt: str | None
    size: str
    seconds: str
    remixed_from_video_id: str | None
    error: VideoError | None
    number: int = Field(description="The integer id of ModelsLab clients")
    url: str | None = Field(description="The clip, at an unguessable address; null until completed")
    thumbnail_url: str | None
    spritesheet_url: str | None
    early_picture_url: str | None = Field(
        default=None, description="A small first look at it while it is made, where there is one; null from its end on"
    )
    passes: dict[Pass, PassOfVideo] = Field(default={}, description="What lies beside it; empty until completed")
    served_by: str = Field(description="The provider that makes or made it")
    upstream_model: str = Field(description="The model's name there")
    preview: bool = Field(description="A preview, not the named model's picture")
    preview_notice: str | None
    purse: Literal["live", "test"]
    price_usd: str = Field(description="Held at create, frozen")
    charged_usd: str | None = Field(description="Taken in the end; null until then")
    balance_usd: str | None = Field(default=None, description="Left after this hold; in the answer to create only")
    progress_source: str | None = Field(description="Who says how far it is; null when nobody does")
    fps: int
    frames: int
    seed: int
    audio: bool
    track_id: str | int | float | None
    cancel_requested: bool
    meta: dict[str, Any] = Field(description="What the engine understood, and what was made if it differs")


class VideoList(BaseModel):
    """A page of videos."""

    object: Literal["list"]
    data: list[Video]
    first_id: str | None
    last_id: str | None = Field(description="`after` of the next page")
    has_more: bool


class VideoDeleted(BaseModel):
    """It is gone."""

    id: str
    object: Literal["video.deleted"]
    deleted: bool


class PriceTier(BaseModel):
    """Another price for a kind of clip."""

    when: dict[str, Any] = Field(description='The kind, like `{"side_from": 1080, "audio": true}`')
    usd_per_s: str | None
    usd: str | None = Field(description="Of the whole clip")


class ModelPrice(BaseModel):
    """The list price: a second's, unless one of the tiers says otherwise (the first that holds)."""

    usd_per_s: str
    tiers: list[PriceTier]
    source: str
    read_on: str = Field(description="The day it was read")


class FrameRange(BaseModel):
    """Lengths that may be asked in frames."""

    min: int
    max: int


class ModelRule(BaseModel):
    """Values that go together: a clip of the one kind has to be of the other as well."""

    when: dict[str, Any]
    need: dict[str, Any]
    say: str


class ModelRoute(BaseModel):
    """An upstream that may serve it, and how it is doing."""

    provider: str
    upstream_model: str
    likeness: Literal["model", "family", "other"] = Field(description="How near its clips are to the named model")
    life: Literal["live", "deprecated", "retired"]
    retires_on: str | None
    preview: bool
    makes: dict[str, Any] = Field(description='The only clips it makes, like `{"durations_s": [5, 10]}`; empty: all')
    rules: list[ModelRule]
    control: list[Control] = Field(description="Kinds of control video that it takes")
    passes: list[Pass] = Field(description="What it can make beside a clip of words")
    health: Literal["good", "failing"]
    fault: str | None
    took_lately_s: float | None = Field(description="Seconds from submit to finish, a moving mean")


class TypicalClip(BaseModel):
    """What is made when a request says nothing but a prompt."""

    seconds: int
    size: str
    audio: bool
    price_usd: str


class Model(BaseModel):
    """OpenAI's model object, and the facts."""

    id: str
    object: Literal["model"]
    created: int = Field(description="Unix seconds of the day its entry was last checked")
    owned_by: str
    name: str
    family: str
    description: str
    aliases: list[str]
    modes: list[Literal["text-to-video", "image-to-video", "video-to-video"]]
    durations_s: list[int]
    duration_default_s: int
    frames: FrameRange
    fps: int
    fps_max: int
    sizes: list[str] = Field(description="The first is the default")
    any_size: bool
    audio: Literal["on", "optional", "none"]
    last_frame: bool = Field(description="Whether it takes an end frame beside the first")
    control: list[Control] = Field(description="Kinds of control video that one of its routes here takes")
    passes: list[Pass] = Field(description="What this key can have beside a clip of words")
    prompt_chars_max: int
    rules: list[ModelRule]
    rank: int = Field(description="1 is best; for the policy `best`")
    good_for: list[str] = Field(description="Uses for which `auto` chooses it")
    price: ModelPrice | None
    typical_clip: TypicalClip
    free: bool = Field(description="Costs this key nothing")
    life: Literal["live", "deprecated", "retired"] = Field(description="Of the model at its vendor")
    retired_on: str | None
    successor: str | None
    served_by: str | None = Field(description="Who would serve this key now; null: nobody")
    preview: bool
    routes: list[ModelRoute]


class ModelList(BaseModel):
    """All that are served today."""

    object: Literal["list"]
    data: list[Model]
