"""The clips the benchmark moves about: a tiny real MP4, and a large file of noise."""

import os
from pathlib import Path

import av
import numpy as np


def make_clip(path: Path, *, frames: int = 24, side: int = 64, fps: int = 24) -> None:
    """A second of 64x64: everything that reads clips takes it for one."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width = stream.height = side
        stream.pix_fmt = "yuv420p"
        for number in range(frames):
            picture = np.full((side, side, 3), number * 10 % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def make_large_clip(path: Path, clip: Path, mib: int) -> None:
    """`clip` with so much noise behind it, in a box that every player skips."""
    size = mib << 20
    head = size.to_bytes(4) + b"free"
    path.write_bytes(clip.read_bytes() + head + os.urandom(size - len(head)))


def make_noise(path: Path, mib: int) -> None:
    """What nothing on the way can compress or skip."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for _ in range(mib):
            file.write(os.urandom(1 << 20))
