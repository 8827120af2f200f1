"""What Kling is told of a clip, in either API. What a model cannot make is in the catalogue, and Kling's to refuse."""

from dataclasses import dataclass
from typing import Any, Final

from reelway.domain.generation import Role
from reelway.providers.base import Order
from reelway.providers.wire import check_frames, named_ratio, named_size, whole_seconds

_RESOLUTIONS: Final = {"720p": 720, "1080p": 1080, "4k": 2160}
_RATIOS: Final = ("16:9", "9:16", "1:1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What differs between models; a setting that a model does not have is refused."""

    omni: bool = False  # has a path of its own, where the prompt is one of the contents
    sound: bool = True  # can be switched
    multi_shot: bool = False
    legacy: str | None = None  # what the legacy API calls it; None: it has no such model


_MODELS: Final = {
    "kling-3.0": Model(multi_shot=True, legacy="kling-v3"),
    "kling-3.0-turbo": Model(sound=False),  # always with sound
    "kling-3.0-omni": Model(omni=True, multi_shot=True),
    "kling-o1": Model(omni=True, sound=False),
    "kling-2.6": Model(legacy="kling-v2-6"),
    "kling-2.5-turbo": Model(sound=False, legacy="kling-v2-5-turbo"),
}


def model_of(upstream_model: str) -> Model:
    """What the model is told; one that we do not know has the fields of the newest."""
    return _MODELS.get(upstream_model, Model(multi_shot=True, legacy=upstream_model))


def settings_of(order: Order) -> dict[str, Any]:
    """The same fields in both APIs, spelled as in the new one; raises REJECTED for what has no name there."""
    spec, model = order.spec, model_of(order.upstream_model)
    check_frames(spec)  # videos go by URL only, and ours are not public
    ratio = named_ratio(spec, _RATIOS)
    settings: dict[str, Any] = {"resolution": named_size(spec, _RESOLUTIONS), "duration": whole_seconds(spec)}
    if spec.asset(Role.FIRST_FRAME) is None:
        settings["aspect_ratio"] = ratio
    if model.sound:
        settings["audio"] = "native" if spec.audio else "off"
    if model.multi_shot:
        settings["multi_shot"] = False  # Kling's default cuts the clip into several shots
    return settings


def external_id(order: Order) -> str:
    """A comma would end it in a query, and which characters it may have is not written down."""
    return order.key.replace(":", "-")
