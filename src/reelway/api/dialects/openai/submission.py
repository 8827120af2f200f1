"""What was sent -> GenerationRequest. No rule of any model is here: the card fills in, or refuses."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from reelway.api.dialects.openai import fields
from reelway.api.dialects.openai.control import control
from reelway.api.forms import Upload
from reelway.catalogue.load import Catalogue
from reelway.domain.generation import GenerationRequest, InputFile, Mode, OutputType, Role
from reelway.domain.models import PROMPT_CHARS_MAX, ModelCard
from reelway.domain.passes import parse_passes
from reelway.errors import InvalidRequest

DEFAULT_MODEL: Final = "sora-2"
_OWN_DEFAULT_SIZE: Final = (720, 1280)  # what the Videos API documents for its own models

# Other people's names for the same fields.
_ALIASES: Final = {
    "model_id": "model",
    "duration": "seconds",
    "init_image": "input_reference",
    "init_video": "input_reference",
    "audio": "generate_audio",
    "webhook": "webhook_url",
}
NAMES: Final = frozenset(
    {
        "prompt", "model", "seconds", "size", "input_reference", "negative_prompt", "seed", "fps", "num_frames",
        "generate_audio", "webhook_url", "track_id", "width", "height", "aspect_ratio", "resolution", "portrait",
        "output_type", "end_image", "substitution", "policy", "control", "control_reference", "control_type", "passes",
    }
)  # fmt: skip
# The names that the rest of Reelway uses in its messages -> the names of this dialect.
_PARAMS: Final = {
    "model_id": "model",
    "duration": "seconds",
    "init_image": "input_reference",
    "init_video": "input_reference",
    "webhook": "webhook_url",
    "control_type": "control.type",
    "control_video": "control.video",
}
_CLIP_SUFFIXES: Final = (".mp4", ".m4v", ".mov", ".webm", ".mkv")
_PICTURE_BRANDS: Final = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"})


@contextmanager
def own_names() -> Iterator[None]:
    """Errors about a field name it as this dialect does."""
    try:
        yield
    except InvalidRequest as error:
        if error.param in _PARAMS:
            error.param = _PARAMS[error.param]
        raise


def canonical(sent: Mapping[str, Any]) -> dict[str, Any]:
    """Aliases resolved; raises InvalidRequest for a name we do not know, since a typo may cost money."""
    values: dict[str, Any] = {}
    for name, value in sent.items():
        known = _ALIASES.get(name, name)
        if known not in NAMES:
            raise InvalidRequest(f"Unknown parameter: '{name[:80]}'.", param=name[:80], code="unknown_parameter")
        if value is None:
            continue
        if known in values:
            raise InvalidRequest(f"{name} says {known} a second time; give one", param=name, code="invalid_value")
        values[known] = value
    return values


def understand(values: Mapping[str, Any], catalogue: Catalogue, source: InputFile | None = None) -> GenerationRequest:
    """`values` as `canonical` made them; `source` is the clip of an edit."""
    prompt = fields.text(values, "prompt", PROMPT_CHARS_MAX)
    if not prompt:
        raise InvalidRequest("Missing required parameter: 'prompt'.", param="prompt", code="missing_required_parameter")
    model = fields.text(values, "model", 200) or DEFAULT_MODEL
    card = catalogue.get(model)
    inputs = _inputs(values, card) if source is None else (source,)
    mode = _mode(inputs)
    kind, led_by = control(values) or (None, None)
    inputs += () if led_by is None else (led_by,)
    if values.get("seconds") is not None and values.get("num_frames") is not None:
        raise InvalidRequest("give seconds or num_frames, not both", param="num_frames", code="invalid_value")
    width, height = fields.size(values)
    aspect_ratio, resolution = fields.text(values, "aspect_ratio", 40), fields.resolution(values)
    portrait = bool(fields.boolean(values, "portrait"))
    if card is not None and card.vendor == "OpenAI" and not (width or height or aspect_ratio or resolution or portrait):
        width, height = _OWN_DEFAULT_SIZE if _OWN_DEFAULT_SIZE in card.sizes else (None, None)
    return GenerationRequest(
        model=model,
        mode=mode,
        prompt=prompt,
        negative_prompt=fields.text(values, "negative_prompt", PROMPT_CHARS_MAX) or "",
        duration_s=fields.seconds(values, "seconds"),
        frames=fields.integer(values, "num_frames"),
        fps=fields.integer(values, "fps"),
        width=width,
        height=height,
        aspect_ratio=aspect_ratio,
        resolution=resolution,
        portrait=portrait,
        seed=fields.integer(values, "seed"),
        audio=fields.boolean(values, "generate_audio"),
        output_type=_output_type(values),
        substitution=fields.text(values, "substitution", 40),
        policy=fields.text(values, "policy", 40),
        inputs=inputs,
        control=kind,
        passes=parse_passes(fields.listed(values, "passes")),
    )


def _mode(inputs: tuple[InputFile, ...]) -> Mode:
    if not inputs:
        return Mode.TEXT_TO_VIDEO
    return Mode.VIDEO_TO_VIDEO if inputs[0].role is Role.SOURCE_VIDEO else Mode.IMAGE_TO_VIDEO


def _output_type(values: Mapping[str, Any]) -> OutputType:
    said = fields.text(values, "output_type", 40) or OutputType.MP4
    try:
        return OutputType(said)
    except ValueError:
        allowed = " or ".join(OutputType)
        raise InvalidRequest(f"output_type is {allowed}, not {said!r}", param="output_type") from None


def _inputs(values: Mapping[str, Any], card: ModelCard | None) -> tuple[InputFile, ...]:
    """A first frame or a clip, and an end frame beside a first one."""
    only_clips = card is not None and Mode.IMAGE_TO_VIDEO not in card.modes and Mode.VIDEO_TO_VIDEO in card.modes
    found = []
    for param, role in (("input_reference", Role.FIRST_FRAME), ("end_image", Role.LAST_FRAME)):
        if values.get(param) is not None:
            found.append(_input(param, values[param], role, only_clips=only_clips))
    roles = [file.role for file in found]
    if Role.LAST_FRAME in roles and Role.FIRST_FRAME not in roles:
        raise InvalidRequest("end_image needs a first frame in input_reference", param="end_image")
    return tuple(found)


def _input(param: str, given: Any, role: Role, *, only_clips: bool) -> InputFile:
    """A file, a URL, a data URL, or the API's object with exactly one of `image_url` and `file_id`."""
    if isinstance(given, Upload):
        clip = role is Role.FIRST_FRAME and (only_clips or _is_clip(given))
        return InputFile(role=Role.SOURCE_VIDEO if clip else role, param=param, data=given.data)
    url = _url_in(param, given) if isinstance(given, dict) else given
    if not isinstance(url, str) or not url.lower().startswith(("http://", "https://", "data:")):
        raise wrong_reference(param, url)
    clip = role is Role.FIRST_FRAME and (only_clips or _names_clip(url))
    return InputFile(role=Role.SOURCE_VIDEO if clip else role, param=param, url=url)


def _url_in(param: str, given: Mapping[str, Any]) -> Any:
    said = {name for name, value in given.items() if value is not None}
    if said == {"file_id"}:
        raise InvalidRequest(
            f"{param}.file_id is not served: there is no Files API here; send the file or image_url",
            param=param,
            code="unsupported_value",
        )
    if said != {"image_url"}:
        raise InvalidRequest(f"{param} must have exactly one of image_url and file_id", param=param)
    if not isinstance(given["image_url"], str):
        raise fields.wrong_type(f"{param}.image_url", "a string", given["image_url"])
    return given["image_url"]


def wrong_reference(param: str, value: Any) -> InvalidRequest:
    """The API's documented answer to anything that is neither a file nor a reference."""
    return fields.wrong_type(param, "a file", value)


def _is_clip(upload: Upload) -> bool:
    if upload.media_type.startswith("video/"):
        return True
    head = upload.data[:12]
    return (head[4:8] == b"ftyp" and head[8:12] not in _PICTURE_BRANDS) or head[:4] == b"\x1aE\xdf\xa3"


def _names_clip(url: str) -> bool:
    if url[:5].lower() == "data:":
        return url[:11].lower() == "data:video/"
    return url.partition("?")[0].partition("#")[0].lower().endswith(_CLIP_SUFFIXES)
