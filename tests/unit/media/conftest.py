"""Real clips, made with PyAV: tiny, and as odd as a test asks."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

MakeClip = Callable[..., Path]


@pytest.fixture
def make_clip(tmp_path: Path) -> MakeClip:
    """Write a clip whose frame `i` is one flat grey of brightness 40 + 8 i: a frame tells its number."""

    def make(
        name: str = "clip.mp4",
        *,
        frames: int = 12,
        size: tuple[int, int] = (64, 48),
        fps: Fraction | int = 12,
        codec: str = "libx264",
        audio: bool = False,
        faststart: bool = True,
    ) -> Path:
        path = tmp_path / name
        options = {"movflags": "+faststart"} if faststart and path.suffix in (".mp4", ".mov") else {}
        with av.open(str(path), "w", options=options) as container:
            video = container.add_stream(codec, rate=fps)
            video.width, video.height, video.pix_fmt = *size, "yuv420p"
            sound = container.add_stream("aac", rate=48_000) if audio else None
            for number in range(frames):
                pixels = np.full((size[1], size[0], 3), min(255, 40 + 8 * number), np.uint8)
                frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                frame.pts, frame.time_base = number, 1 / Fraction(fps)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
            if sound is not None:
                silence = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
                silence.sample_rate, silence.pts = 48_000, 0
                container.mux(sound.encode(silence))
                container.mux(sound.encode(None))
        return path

    return make
