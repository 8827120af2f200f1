"""From fields to a GenerationRequest: the meaning of every field that a video model here can use.

v7 is strict about what would change the clip or its price; v6 never refuses a model and pulls numbers into range,
because that is what its documents promise. Fields that nobody here can use are ignored in both, as they are there.
"""

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from reelway.api.dialects.modelslab.fields import Fields
from reelway.catalogue.load import Catalogue
from reelway.domain.generation import Control, GenerationRequest, InputFile, Mode, OutputType, Role
from reelway.domain.models import parse_control
from reelway.domain.passes import Pass, parse_passes
from reelway.errors import InvalidRequest, ModelNotFound
from reelway.generations.inputs import decode_base64

V6_MODEL: Final = "wan2.2"  # "any other models passed will be ignored and defaulted to wan2.2"
_MODEL_CHARS_MAX: Final = 200
_TRACK_ID_CHARS_MAX: Final = 1024
_PIXELS_LEAST: Final = 64  # a pair with both sides from here up is a size, below it is a ratio
_RESOLUTION_RANGE: Final = (64, 2160)
_PAIR: Final = re.compile(r"(\d{1,5})\s*[x×:*/]\s*(\d{1,5})", re.ASCII | re.IGNORECASE)  # noqa: RUF001
_SIDE: Final = re.compile(r"(\d{1,13})(?:\.0+)?\s*p?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One create path."""

    path: str
    name: str  # operation id
    mode: Mode
    family: str  # "v7" or "v6"

    @property
    def lenient(self) -> bool:
        """v6 clamps instead of refusing."""
        return self.family == "v6"


@dataclass(frozen=True, slots=True)
class _Frame:
    """Everything that says how large the picture is."""

    width: int | None = None
    height: int | None = None
    aspect_ratio: str | None = None
    resolution: int | None = None


def parse_request(fields: Fields, kind: Kind, catalogue: Catalogue) -> GenerationRequest:
    """What was asked; raises InvalidRequest naming the field and the way out."""
    model = _model(fields, kind, catalogue)
    control, led_by = _control(fields) or (None, None)
    prompt = fields.text("prompt") or ""
    if not prompt and kind.mode is not Mode.IMAGE_TO_VIDEO:
        raise InvalidRequest("prompt is required", param="prompt", code="prompt_required")
    frame = _frame(fields, kind)
    return GenerationRequest(
        model=model,
        mode=kind.mode,
        prompt=prompt,
        negative_prompt=fields.text("negative_prompt") or "",
        duration_s=fields.number("duration", "s"),
        frames=fields.whole("num_frames"),
        fps=fields.whole("fps"),
        width=frame.width,
        height=frame.height,
        aspect_ratio=frame.aspect_ratio,
        resolution=frame.resolution,
        portrait=bool(fields.flag("portrait")),
        seed=_seed(fields, kind),
        audio=fields.flag("generate_audio"),
        output_type=_output_type(fields),
        substitution=fields.text("substitution"),
        policy=fields.text("policy"),
        inputs=_inputs(fields, kind) + (() if led_by is None else (led_by,)),
        control=control,
        passes=_passes(fields),
        clamp=kind.lenient,
    )


def parse_webhook(fields: Fields) -> str | None:
    """Where to tell; its shape is judged with the rest of the submission."""
    url = fields.text("webhook")
    if url is None:
        return None
    url = url.strip()
    if not url.isprintable():
        raise InvalidRequest("webhook has control characters in it", param="webhook")
    return url


def parse_track_id(fields: Fields) -> str | int | float | None:
    """As it was typed: it comes back with the same JSON type."""
    value = fields.values.get("track_id")
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and len(value) <= _TRACK_ID_CHARS_MAX:
        return value
    raise InvalidRequest(
        f"track_id must be a string of at most {_TRACK_ID_CHARS_MAX} characters, or a number", param="track_id"
    )


def _model(fields: Fields, kind: Kind, catalogue: Catalogue) -> str:
    if kind.lenient:
        name = fields.get("model_id")
        card = catalogue.get(name) if isinstance(name, str) else None
        return V6_MODEL if card is None or kind.mode not in card.modes else card.id
    asked = fields.text("model_id")
    if asked is None:
        raise InvalidRequest("model_id is required", param="model_id", code="model_required")
    if len(asked) > _MODEL_CHARS_MAX:  # looking for the nearest name is not cheap
        raise ModelNotFound(asked[:80], ())
    return asked


def _frame(fields: Fields, kind: Kind) -> _Frame:
    frame = _resolution(fields, _aspect(fields))
    size = fields.text("size")
    if size is not None:
        pair = _PAIR.fullmatch(size.strip())
        if pair is None:
            raise InvalidRequest(f"size {size[:40]!r} is not possible; write 1280x720", param="size")
        frame = _Frame(width=int(pair[1]), height=int(pair[2]))
    width, height = fields.whole("width"), fields.whole("height")
    if width is not None or height is not None:
        if not kind.lenient and (width is None or height is None):
            there, missing = ("height", "width") if width is None else ("width", "height")
            raise InvalidRequest(f"{there} without {missing}; send both, or aspect_ratio and resolution", param=missing)
        frame = _Frame(width=width, height=height)
    if kind.lenient and frame.resolution is not None:
        least, most = _RESOLUTION_RANGE
        frame = replace(frame, resolution=min(max(frame.resolution, least), most))
    return frame


def _aspect(fields: Fields) -> _Frame:
    text = fields.text("aspect_ratio")
    if text is None:
        return _Frame()
    pair = _PAIR.fullmatch(text.strip())
    if pair is None:
        raise InvalidRequest(f"aspect_ratio {text[:40]!r} is not possible; write 16:9", param="aspect_ratio")
    width, height = int(pair[1]), int(pair[2])
    # "1280:720" names a size as well as a shape: take the model's size of that shape with that shorter side.
    side = min(width, height) if min(width, height) >= _PIXELS_LEAST else None
    return _Frame(aspect_ratio=f"{width}:{height}", resolution=side)


def _resolution(fields: Fields, frame: _Frame) -> _Frame:
    value = fields.get("resolution")
    if value is None:
        return frame
    if not isinstance(value, str):
        return replace(frame, resolution=fields.whole("resolution"))
    text = value.strip()
    if side := _SIDE.fullmatch(text):
        return replace(frame, resolution=int(side[1]))
    if pair := _PAIR.fullmatch(text):
        width, height = int(pair[1]), int(pair[2])
        if min(width, height) >= _PIXELS_LEAST:
            return _Frame(width=width, height=height)
        return frame if frame.aspect_ratio else replace(frame, aspect_ratio=f"{width}:{height}")
    raise InvalidRequest(f"resolution {value[:40]!r} must be a number; write 720, 720p or 1280x720", param="resolution")


def _seed(fields: Fields, kind: Kind) -> int | None:
    value = fields.get("seed")
    if kind.lenient and str(value)[:3].strip() in ("-1", "-1."):  # "random" to the whole family of such services
        return None
    return fields.whole("seed")


def _output_type(fields: Fields) -> OutputType:
    text = fields.text("output_type")
    if text is None:
        return OutputType.MP4
    try:
        return OutputType(text.strip().lower())
    except ValueError:
        raise InvalidRequest(f"output_type {text[:40]!r} is not possible; mp4 or gif is", param="output_type") from None


def _inputs(fields: Fields, kind: Kind) -> tuple[InputFile, ...]:
    if not kind.lenient and fields.get("init_audio") is not None:
        raise InvalidRequest("init_audio is not possible: no model here is led by sound", param="init_audio")
    match kind.mode:
        case Mode.TEXT_TO_VIDEO:
            return ()
        case Mode.IMAGE_TO_VIDEO:
            return _pictures(fields)
        case Mode.VIDEO_TO_VIDEO:
            return _clip(fields)


def _control(fields: Fields) -> tuple[Control, InputFile] | None:
    """The control video, and what it shows."""
    video = fields.get("control_video")
    if video is None:
        return None
    said = fields.text("control_type")
    if said is None:
        raise InvalidRequest(f"control_video needs a control_type: {', '.join(Control)}", param="control_type")
    name = str(video).strip() if isinstance(video, int | str) and not isinstance(video, bool) else ""
    if name.startswith("video_") or (name.isascii() and name.isdigit()):
        file = InputFile(role=Role.CONTROL_VIDEO, param="control_video", video_id=name)
    else:
        file = _file(Role.CONTROL_VIDEO, "control_video", video)
    return parse_control(said, "control_type"), file


def _passes(fields: Fields) -> tuple[Pass, ...]:
    """A list of names, or one text with commas."""
    values = fields.listed("passes")
    return parse_passes(name for value in values for name in str(value).split(",") if name.strip())


def _pictures(fields: Fields) -> tuple[InputFile, ...]:
    values = fields.listed("init_image")
    if not values:
        raise InvalidRequest("init_image is required", param="init_image")
    if len(values) > 2:
        raise InvalidRequest(
            f"init_image has {len(values)} pictures; 2 are the most, the first and the last frame", param="init_image"
        )
    roles = (Role.FIRST_FRAME, Role.LAST_FRAME)
    return tuple(_file(role, "init_image", value) for role, value in zip(roles, values, strict=False))


def _clip(fields: Fields) -> tuple[InputFile, ...]:
    values = fields.listed("init_video")
    if not values:
        raise InvalidRequest("init_video is required", param="init_video")
    if fields.listed("init_image"):
        raise InvalidRequest(
            "init_image is not possible here: no model takes a picture beside the video", param="init_image"
        )
    return (_file(Role.SOURCE_VIDEO, "init_video", values[0]),)


def _file(role: Role, param: str, value: Any) -> InputFile:
    if isinstance(value, bytes):
        return InputFile(role=role, param=param, data=value)
    if not isinstance(value, str):
        raise InvalidRequest(f"{param} must be a URL, a data URI, base64 or an uploaded file", param=param)
    text = value.strip()
    if "://" in text[:16] or text[:5].lower() == "data:":
        return InputFile(role=role, param=param, url=text)
    return InputFile(role=role, param=param, data=decode_base64(text, param))
