"""The request bodies as the API document shows them. Nothing is parsed with these: `fields` and `parse` do that."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from reelway.domain.generation import Control
from reelway.domain.passes import Pass

_IMAGE = "URL, data URI or base64; PNG, JPEG, WebP or GIF. A list of two is the first and the last frame."

_CONTROL = (
    "a video to follow, for models that take one: URL, data URI, base64, or the id of a finished video of yours, whose"
    " pass of that type is taken"
)
_PASSES = f"what is to come beside the clip, for models with passes: {', '.join(Pass)}; a list, or text with commas"
_KINDS = f"what control_video shows: {', '.join(Control)}"


class _Body(BaseModel):
    """Other fields of the ModelsLab API may be sent; those that no model here can use are ignored."""

    model_config = ConfigDict(extra="allow")

    key: str | None = Field(None, description="API key; it may be in a header instead")


class Fetch(_Body):
    """The body of a fetch may be empty when the key is in a header."""


class _Create(_Body):
    negative_prompt: str | None = Field(None, description="what should not be seen")
    duration: int | float | str | None = Field(None, description='seconds: 5, "5" or "5s"')
    num_frames: int | float | str | None = Field(None, description="length in frames; duration wins over it")
    fps: int | float | str | None = Field(None, description="frames per second; default: the model's")
    width: int | float | str | None = Field(None, description="pixels; together with height")
    height: int | float | str | None = Field(None, description="pixels; together with width")
    resolution: int | float | str | None = Field(None, description='shorter side: 720, "720p"; or "1280x720"')
    aspect_ratio: str | None = Field(None, description='"16:9"; also "1280:720"')
    portrait: bool | str | int | None = Field(None, description="upright picture; true, false, yes or no")
    seed: int | float | str | None = Field(None, description="0 to 4294967295; null is random")
    output_type: str | None = Field(None, description="mp4 (default) or gif")
    webhook: str | None = Field(None, description="http or https URL that is told of the end")
    substitution: str | None = Field(None, description="what may stand in for the model: forbid, same_family, any")
    policy: str | None = Field(
        None, description="how an upstream is chosen, or the model where it is auto: cheapest, …"
    )
    track_id: str | int | float | None = Field(None, description="comes back in the webhook, with its type")


class TextToVideoV7(_Create):
    """`POST /api/v7/video-fusion/text-to-video`."""

    model_id: str = Field(description="one of GET /api/v7/models; case does not matter")
    prompt: str = Field(description="what should be seen")
    generate_audio: bool | str | int | None = Field(None, description="with sound, where the model can")
    control_video: str | int | None = Field(None, description=_CONTROL)
    control_type: str | None = Field(None, description=_KINDS)
    passes: list[str] | str | None = Field(None, description=_PASSES)


class ImageToVideoV7(_Create):
    """`POST /api/v7/video-fusion/image-to-video`."""

    model_id: str = Field(description="one of GET /api/v7/models; case does not matter")
    init_image: str | list[str] = Field(description=_IMAGE)
    prompt: str | None = Field(None, description="what should happen")
    generate_audio: bool | str | int | None = Field(None, description="with sound, where the model can")
    control_video: str | int | None = Field(None, description=_CONTROL)
    control_type: str | None = Field(None, description=_KINDS)


class VideoToVideoV7(_Create):
    """`POST /api/v7/video-fusion/video-to-video`."""

    model_id: str = Field(description="one of GET /api/v7/models; case does not matter")
    init_video: str | list[str] = Field(description="URL, data URI or base64; MP4, WebM, MOV or Ogg up to 16 MB")
    prompt: str = Field(description="how it should change")


class TextToVideoV6(_Create):
    """`POST /api/v6/video/text2video` and `text2video_ultra`: numbers out of range are pulled into it."""

    model_id: Any = Field("wan2.2", description="unknown ones are taken for wan2.2, as documented")
    prompt: str = Field(description="what should be seen")


class ImageToVideoV6(_Create):
    """`POST /api/v6/video/img2video` and `img2video_ultra`: numbers out of range are pulled into it."""

    model_id: Any = Field("wan2.2", description="unknown ones are taken for wan2.2, as documented")
    init_image: str | list[str] = Field(description=_IMAGE)
    prompt: str | None = Field(None, description="what should happen")


class Assets(_Body):
    """`POST /api/v6/assets_generated`."""

    type: str | None = Field(None, description="video; other types are empty lists here")
    per_page: int | float | str | None = Field(None, description="1 to 30; default 10")
    page: int | float | str | None = Field(None, description="from 1")


class Problem(BaseModel):
    """Every failed request."""

    model_config = ConfigDict(extra="allow")

    status: Literal["error"]
    message: str
    code: str = Field(description="stable, for programs")
    retry_after: int | None = Field(None, description="seconds, with 429 and 503")
    tip: str | None = None


class Submitted(BaseModel):
    """The answer to a create."""

    model_config = ConfigDict(extra="allow")

    status: Literal["processing"]
    tip: str
    eta: float = Field(description="seconds, estimated")
    message: str
    fetch_result: str
    id: int
    output: list[str]
    meta: dict[str, Any] = Field(description="the effective parameters")
    future_links: list[str]
    served_by: str = Field(description="who makes it")
    preview: bool = Field(description="true: a preview by the built-in engine, not the model's picture")
    price: str = Field(description="USD")
    balance: str = Field(description="USD left after this hold")


class Fetched(BaseModel):
    """The answer to a fetch; always HTTP 200 for a good key."""

    model_config = ConfigDict(extra="allow")

    status: Literal["processing", "success", "failed"]
    id: int | Literal[""]
    output: list[str] | Literal[""]
