"""The families of pipelines that we know: Wan, VACE, LTX and CogVideoX. Loads one, and makes frames with it.

Facts read off diffusers 0.42.1 on 2026-11-23: `pipelines/{wan,ltx,cogvideo}/*.py`. torch and diffusers are imported
inside functions: whether the model is there is said without them.
"""

import inspect
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reelway.diffusion.order import Order, Pipeline, Reason

if TYPE_CHECKING:
    import torch

_FLAT: Final = 3  # of 255: a clip whose darkest and brightest values are no further apart shows nothing


class CannotMake(Exception):
    """There will be no clip, and why."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class Stopped(Exception):
    """Somebody wanted it to stop."""


def _wan_sides(pipe: Any) -> int:
    transformer = pipe.transformer if pipe.transformer is not None else pipe.transformer_2
    return int(pipe.vae_scale_factor_spatial * transformer.config.patch_size[1])


def _cogvideox_frames(pipe: Any) -> int:
    # 8n+1 for 1.0 and 16n+1 for 1.5, whose transformer takes two latent frames at a time: the model cards' rule.
    return int(pipe.vae_scale_factor_temporal * 2 * (pipe.transformer.config.patch_size_t or 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """What its pipelines have in common. Frames are a multiple of a step plus 1, sides are multiples of a step."""

    text: str  # the class that makes clips from words
    image: str  # and the one that starts from a picture
    one_model: Callable[[dict[str, Any]], bool]  # whether both classes run on the same weights, by model_index.json
    frames_step: Callable[[Any], int]
    side_step: Callable[[Any], int]
    vae_in_float32: bool = False
    takes_fps: bool = False
    follows: bool = False  # a control video; its first frame is then that of the clip, if there is one


FAMILIES: Final = (
    Family(
        text="WanPipeline",
        image="WanImageToVideoPipeline",
        one_model=lambda index: bool(index.get("expand_timesteps")),  # Wan 2.2 TI2V 5B
        frames_step=lambda pipe: int(pipe.vae_scale_factor_temporal),
        side_step=_wan_sides,
        vae_in_float32=True,  # diffusers' own advice for its quality
    ),
    Family(
        text="WanVACEPipeline",
        image="WanVACEPipeline",
        one_model=lambda index: True,
        frames_step=lambda pipe: int(pipe.vae_scale_factor_temporal),
        side_step=_wan_sides,
        vae_in_float32=True,
        follows=True,
    ),
    Family(
        text="LTXPipeline",
        image="LTXImageToVideoPipeline",
        one_model=lambda index: True,
        frames_step=lambda pipe: int(pipe.vae_temporal_compression_ratio * pipe.transformer_temporal_patch_size),
        side_step=lambda pipe: max(32, pipe.vae_spatial_compression_ratio * pipe.transformer_spatial_patch_size),
        takes_fps=True,
    ),
    Family(
        text="CogVideoXPipeline",
        image="CogVideoXImageToVideoPipeline",
        one_model=lambda index: False,
        frames_step=_cogvideox_frames,
        side_step=lambda pipe: int(pipe.vae_scale_factor_spatial * pipe.transformer.config.patch_size),
    ),
)


def family_of(class_name: object) -> Family:
    """The family of a pipeline's class; raises CannotMake."""
    for family in FAMILIES:
        if class_name in (family.text, family.image):
            return family
    known = dict.fromkeys(name for family in FAMILIES for name in (family.text, family.image))
    raise CannotMake(Reason.GONE, f"its pipeline is a {class_name}; we know {', '.join(known)}")


def read_index(folder: Path) -> dict[str, Any]:
    """The folder's model_index.json; raises CannotMake."""
    try:
        index = json.loads((folder / "model_index.json").read_text())
    except (OSError, ValueError) as error:
        raise CannotMake(Reason.GONE, f"{folder} holds no saved pipeline: {error}") from error
    if not isinstance(index, dict):
        raise CannotMake(Reason.GONE, f"{folder}/model_index.json is no JSON object")
    return index


@dataclass(slots=True, kw_only=True)
class Made:
    """Frames of a clip, not yet written."""

    pictures: Iterator[Any]
    effective: dict[str, Any]  # what was really done


class Loaded:
    """A pipeline in memory."""

    def __init__(self, wanted: Pipeline) -> None:
        """Load it; raises CannotMake."""
        self._folder = self._find(wanted)
        self._index = read_index(self._folder)
        self._family = family_of(self._index.get("_class_name"))
        self._offload = wanted.offload
        began = time.monotonic()
        import diffusers
        import torch

        self._device = _device(wanted.device)
        self._dtype = _dtype(wanted.dtype, self._device)
        vae_dtype = torch.float32 if self._family.vae_in_float32 else self._dtype
        try:
            pipe = getattr(diffusers, self._index["_class_name"]).from_pretrained(
                str(self._folder),
                dtype={"default": self._dtype, "vae": vae_dtype},
                local_files_only=True,
                use_safetensors=True,  # the other format runs code when it is read
            )
        except OSError as error:
            raise CannotMake(Reason.GONE, f"a part of the model is missing: {error}") from error
        self._pipe = self._placed(pipe)
        self._load_s: float | None = round(time.monotonic() - began, 3)

    def make(self, order: Order, *, on_step: Callable[[float], None]) -> Made:
        """Run the pipeline; `on_step` is told the share done after each step, and what it raises ends the run."""
        import torch

        pipe = self._for(order)
        family = self._family
        width, height = (_up(side, family.side_step(pipe)) for side in (order.width, order.height))
        frames = _up(order.frames - 1, family.frames_step(pipe)) + 1
        usual = inspect.signature(pipe.__call__).parameters
        steps = order.steps or usual["num_inference_steps"].default
        guidance = usual["guidance_scale"].default if order.guidance is None else order.guidance
        asked: dict[str, Any] = {
            "prompt": _text(order.prompt),
            "negative_prompt": _text(order.negative_prompt),
            "width": width,
            "height": height,
            "num_frames": frames,
            "num_inference_steps": steps,
            "guidance_scale": guidance,
            # On the CPU, so that a seed means the same noise on every device.
            "generator": torch.Generator("cpu").manual_seed(order.seed),
        }
        if family.follows:
            asked |= _conditions(order, width, height, frames)
        elif order.control is not None:
            raise CannotMake(Reason.ORDER, "this model follows no control video")
        elif order.image is not None:
            asked["image"] = _picture(order.image, width, height)
        if family.takes_fps:
            asked["frame_rate"] = order.fps
        words_max = getattr(getattr(pipe.transformer, "config", None), "max_text_seq_length", None)
        if words_max is not None:
            asked["max_sequence_length"] = words_max  # CogVideoX wants exactly what it was trained with
        if getattr(pipe.vae.config, "timestep_conditioning", False):
            asked |= {"decode_timestep": 0.05, "decode_noise_scale": 0.025}  # as LTX 0.9.1 and later want it

        def step_ended(pipe: Any, step: int, timestep: Any, tensors: dict[str, Any]) -> dict[str, Any]:
            on_step((step + 1) / (pipe.num_timesteps + 1))  # the last part is turning latents into pictures
            return tensors

        began = time.monotonic()
        try:
            video = pipe(**asked, output_type="pt", callback_on_step_end=step_ended).frames[0]
        except ValueError as error:
            raise CannotMake(Reason.ORDER, f"the pipeline refused it: {error}") from error
        finally:
            pipe.maybe_free_model_hooks()  # a run that was stopped has not done so
        effective = {
            "pipeline": type(pipe).__name__,
            "device": str(self._device),
            "dtype": str(self._dtype).removeprefix("torch."),
            "offload": self._offload,
            "steps": steps,
            "guidance": guidance,
            "frames_asked": order.frames,
            "frames_made": len(video),
            "size_made": f"{width}x{height}",
            "inference_time_s": round(time.monotonic() - began, 3),
        }
        if self._load_s is not None:
            effective["load_s"], self._load_s = self._load_s, None
        return Made(pictures=_pictures(video[: order.frames]), effective=effective)

    def _find(self, wanted: Pipeline) -> Path:
        if not wanted.download or Path(wanted.model).is_dir():
            return Path(wanted.model)
        import diffusers

        try:
            return Path(diffusers.DiffusionPipeline.download(wanted.model, use_safetensors=True))
        except (OSError, ValueError) as error:
            raise CannotMake(Reason.BROKEN, f"{wanted.model} could not be had from the hub: {error}") from error

    def _for(self, order: Order) -> Any:
        """The pipeline for words or for a picture: of one model, either is made of the other's parts."""
        family, index = self._family, self._index
        name = family.text if order.image is None else family.image
        if name == type(self._pipe).__name__:
            return self._pipe
        if not family.one_model(index):
            only = "words" if index["_class_name"] == family.text else "a first frame"
            raise CannotMake(Reason.ORDER, f"this model makes clips from {only} only")
        import diffusers

        wanted = getattr(diffusers, name)
        parts = {**self._pipe.config, **self._pipe.components}
        known = inspect.signature(wanted.__init__).parameters
        self._pipe = self._placed(wanted(**{key: part for key, part in parts.items() if key in known}))
        return self._pipe

    def _placed(self, pipe: Any) -> Any:
        """On its device, whole or in turns."""
        if self._device.type == "cpu" and self._offload == "sequential":
            self._offload = "none"  # accelerate does not do that from CPU to CPU, where it would spare nothing
        match self._offload:
            case "none":
                pipe.to(self._device)
            case "model":
                pipe.enable_model_cpu_offload(device=self._device)
            case "sequential":
                pipe.enable_sequential_cpu_offload(device=self._device)
            case other:
                raise CannotMake(Reason.BROKEN, f"unknown offload {other!r}")
        if self._offload != "none":
            pipe.vae.enable_tiling()
        pipe.set_progress_bar_config(disable=True)
        return pipe


def _device(wanted: str) -> "torch.device":
    import torch

    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    if wanted.startswith("cuda") and not torch.cuda.is_available():
        raise CannotMake(Reason.BROKEN, "torch sees no GPU; mend its driver, or set device to cpu")
    return torch.device(wanted)


def _dtype(wanted: str, device: "torch.device") -> "torch.dtype":
    import torch

    if wanted == "auto":
        wanted = "float32" if device.type == "cpu" else "bfloat16"
    dtype: torch.dtype = getattr(torch, wanted)
    return dtype


def _up(number: int, step: int) -> int:
    return math.ceil(number / step) * step


def _text(words: str) -> str:
    """Without halves of characters, which tokenizers do not take."""
    return words.encode("utf-8", "replace").decode()


def _picture(path: str, width: int, height: int) -> Any:
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as image:
            return ImageOps.fit(image.convert("RGB"), (width, height), Image.Resampling.LANCZOS)
    except OSError as error:
        raise CannotMake(Reason.ORDER, f"the first frame cannot be read: {error}") from error


def _conditions(order: Order, width: int, height: int, frames: int) -> dict[str, Any]:
    """What VACE starts from: a video and a mask, black where the video is to be kept and white where it is to be made.

    Grey says nothing of what is to be made there, anything else leads it.
    """
    from PIL import Image

    size = (width, height)
    if order.image is None and order.control is None:
        return {}
    video = [Image.new("RGB", size, (128, 128, 128))] * frames
    if order.control is not None:
        video = _video(order.control, order.fps, size, frames)
    mask = [Image.new("L", size, 255)] * frames
    if order.image is not None:
        video[0], mask[0] = _picture(order.image, width, height), Image.new("L", size, 0)
    return {"video": video, "mask": mask}


def _video(path: str, fps: int, size: tuple[int, int], frames: int) -> list[Any]:
    """The pictures of a file at that rate, so many of them: the last one again where it has fewer."""
    from av.error import FFmpegError
    from PIL import Image, ImageOps

    from reelway.diffusion import clip

    try:
        shown = [ImageOps.fit(Image.fromarray(one), size) for one in islice(clip.read(Path(path), fps=fps), frames)]
    except (FFmpegError, OSError) as error:
        raise CannotMake(Reason.ORDER, f"the control video cannot be read: {error}") from error
    if not shown:
        raise CannotMake(Reason.ORDER, "the control video shows nothing")
    return shown + shown[-1:] * (frames - len(shown))


def _pictures(video: "torch.Tensor") -> Iterator[Any]:
    """Frames (channels first, 0..1) as pictures; raises CannotMake when they show nothing."""
    import torch

    low, high = 255, 0
    for frame in video:
        if not bool(torch.isfinite(frame).all()):
            raise CannotMake(Reason.SPOILED, "the pictures are not numbers (NaN); bfloat16 or float32 may mend it")
        picture = (frame.float().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
        low, high = min(low, int(picture.min())), max(high, int(picture.max()))
        yield picture
    if high - low <= _FLAT:
        raise CannotMake(Reason.SPOILED, f"every picture is one flat colour ({low} of 255)")


def reason_of(error: Exception) -> Reason:
    """Whether memory ran out, on the GPU or off it (PyTorch has a class for the one, and words for the other)."""
    words = str(error)
    out_of_memory = (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "not enough memory" in words
        or "can't allocate memory" in words
    )
    return Reason.MEMORY if out_of_memory else Reason.BROKEN


def quiet(*, download: bool) -> None:
    """Environment of a process that prints no bars and asks the hub only when it may; before anything is imported."""
    os.environ["TQDM_DISABLE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    if not download:
        os.environ["HF_HUB_OFFLINE"] = "1"
