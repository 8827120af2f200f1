"""Frames to H.264 in MP4, one at a time (the file appears only when it is whole), and back."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.video.reformatter import Colorspace

from reelway.kit.parts import part_path

_CRF: Final = 17
_SLACK: Final = 0.001  # of a picture: times in a file are rounded
_BT709: Final = 1
_LIMITED_RANGE: Final = 1


def write(pictures: Iterable[Any], output: Path, *, width: int, height: int, fps: int) -> int:
    """Write RGB pictures (height x width x 3, uint8) of at least that size, cropped in the middle; returns how many."""
    part = part_path(output)
    try:
        count = _encode(pictures, part, width=width, height=height, fps=fps)
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
    return count


def read(path: Path, *, fps: int) -> Iterator[Any]:
    """The pictures of a video as they are on screen at that rate, RGB (height x width x 3, uint8)."""
    with av.open(f"file:{path}", options={"protocol_whitelist": "file"}) as container:
        number, shown, start_s = 0, None, 0.0
        for frame in container.decode(video=0):
            if shown is None:
                start_s = frame.time or 0.0
            while shown is not None and ((frame.time or 0.0) - start_s) * fps > number + _SLACK:
                yield shown.to_ndarray(format="rgb24")
                number += 1
            shown = frame
        if shown is not None:
            yield shown.to_ndarray(format="rgb24")


def _encode(pictures: Iterable[Any], path: Path, *, width: int, height: int, fps: int) -> int:
    count = 0
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(fps))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, fps)
        stream.options = {"preset": "veryfast", "crf": str(_CRF)}
        context = stream.codec_context
        context.color_range = _LIMITED_RANGE
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        for picture in pictures:
            top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
            frame = av.VideoFrame.from_ndarray(
                picture[top : top + height, left : left + width].copy(order="C"), format="rgb24"
            ).reformat(
                format="yuv420p", src_color_range="JPEG", dst_color_range="MPEG", dst_colorspace=Colorspace.ITU709
            )
            frame.pts, frame.time_base = count, Fraction(1, fps)
            container.mux(stream.encode(frame))
            count += 1
        container.mux(stream.encode(None))
    return count
