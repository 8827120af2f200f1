"""Compiling every kernel once, by rendering one tiny clip of each kind."""

import tempfile
import time
from pathlib import Path
from threading import Event

import numpy as np
from PIL import Image

from reelway.previz import stamp
from reelway.previz.order import Order
from reelway.previz.render import render

# Between them these call every compiled function: the marcher, each particle, the scaler, the warp and the grade.
PROMPTS = (
    "a car on a coast road in the rain",
    "a duck on a misty river",
    "an astronaut on mars",
    "snowy mountains",
)


def warm(cache_dir: Path) -> float:
    """Compile or load all kernels; returns the seconds it took, and stamps `cache_dir`."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="previz-warm-") as folder:
        image = Path(folder) / "picture.png"
        ramp = np.linspace(0, 255, 96 * 64, dtype=np.float32).reshape(64, 96)
        Image.fromarray(np.repeat(ramp[:, :, None], 3, 2).astype(np.uint8)).save(image)
        clip = Path(folder) / "clip.mp4"
        for prompt in PROMPTS:
            _make(Order(prompt=prompt, width=96, height=64, fps=8, frames=2, seed=1), clip)
        # Big enough to be scaled up: sharpening runs only then.
        _make(Order(prompt="city", width=1280, height=720, fps=8, frames=1, seed=1), Path(folder) / "big.mp4")
        small = {"prompt": "", "width": 64, "height": 64, "fps": 8, "frames": 2, "seed": 1}
        _make(Order(**small, image=str(image)), Path(folder) / "still.mp4")  # type: ignore[arg-type]
        _make(Order(**small, video=str(clip)), Path(folder) / "footage.mp4")  # type: ignore[arg-type]
    stamp.write(cache_dir)
    return time.monotonic() - started


def _make(order: Order, output: Path) -> None:
    render(order, output, threads=1, stop=Event(), on_progress=lambda share: None)
