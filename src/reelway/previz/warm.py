"""Compiling every kernel once: the shipped ones, then those of pictures, by making a tiny clip of each kind."""

import os
import tempfile
import time
from pathlib import Path
from threading import Event

from PIL import Image

from reelway.previz import stamp
from reelway.previz.order import Order
from reelway.previz.picture.rehearsal import PROMPT, rehearsal
from reelway.previz.render import render
from reelway.previz.spmd.entries import UNITS
from reelway.previz.spmd.native import compile_unit

GENTLE = 10  # how nice


def warm(cache_dir: Path, *, gently: bool = False) -> float:
    """Compile or load all kernels; returns the seconds it took, and stamps `cache_dir`.

    `gently`: once the kernels of words are there, whoever renders goes first. The process stays as nice as that.
    """
    started = time.monotonic()
    for unit in UNITS:
        compile_unit(unit)
    if gently:
        os.nice(GENTLE)
    with tempfile.TemporaryDirectory(prefix="previz-warm-") as folder:
        image, other = Path(folder) / "picture.png", Path(folder) / "other.png"
        Image.fromarray(rehearsal()).save(image)
        Image.fromarray(rehearsal(4)).save(other)
        clip = Path(folder) / "clip.mp4"
        _make(Order(prompt="a duck", width=96, height=64, fps=8, frames=2, seed=1), clip)
        small = {"width": 192, "height": 120, "fps": 8, "frames": 3, "seed": 1}
        for words in ("noir", PROMPT):
            _make(Order(prompt=words, **small, image=str(image)), Path(folder) / "still.mp4")  # type: ignore[arg-type]
        _make(
            Order(prompt="", **small, image=str(image), last_image=str(other)),  # type: ignore[arg-type]
            Path(folder) / "between.mp4",
        )
        for words in ("", "slow motion in snow", "reverse"):
            _make(Order(prompt=words, **small, video=str(clip)), Path(folder) / "footage.mp4")  # type: ignore[arg-type]
    stamp.write(cache_dir)
    return time.monotonic() - started


def _make(order: Order, output: Path) -> None:
    render(order, output, threads=1, stop=Event(), on_progress=lambda share: None)
