"""Control videos: depth as the models know it, and a video in the size, rate and length of a clip."""

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from reelway.media.probe import UnreadableClip, open_clip

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from av.filter import Graph
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

_DEEP: Final = "gray16le"
_OUTLIERS: Final = 0.001  # of the pixels, at either end
_FRAMES_MAX: Final = 60 * 120  # what is read of a video, whatever it says of its length
_CRF: Final = 8  # a model reads the grey levels
_BT709: Final = 1
_LIMITED_RANGE: Final = 1


def is_deep(path: Path) -> bool:
    """Whether it is of 16-bit grey, as far as its head tells; raises UnreadableClip."""
    with open_clip(path) as (_, stream):
        return stream.codec_context.pix_fmt == _DEEP


def inverse_depth(path: Path, metres: "npt.NDArray[np.float64]", *, length_s: float) -> bytes:
    """The start of a 16-bit grey video of depth as the 8-bit MP4 that models know.

    `metres` has the depth of each of the 65536 levels, infinite for the sky. Grey is in proportion to 1 / depth: the
    nearest of all its frames is white, so that nothing flickers, and the farthest (or the sky) is black. Raises
    UnreadableClip.
    """
    import numpy as np

    with open_clip(path) as (_, stream):
        fps = stream.average_rate or stream.guessed_rate or Fraction(24)
        nearness = 1 / metres
        counts = np.zeros(len(metres), np.int64)
        for levels in _levels(path, length_s):
            counts += np.bincount(levels.ravel(), minlength=len(counts))
        if not counts.any():
            raise UnreadableClip("no frame in it can be decoded")
        order = np.argsort(nearness)
        shares = np.cumsum(counts[order]) / counts.sum()
        black, white = nearness[order][np.searchsorted(shares, (_OUTLIERS, 1 - _OUTLIERS))]
        grey = np.clip((nearness - black) / max(white - black, 1e-9), 0, 1)
        table = np.round(255 * grey).astype(np.uint8)
        return _encode((_shown(table[levels]) for levels in _levels(path, length_s)), fps)


def conform(source: Path | BinaryIO, *, width: int, height: int, fps: int, frames: int) -> bytes:
    """The video as MP4 of exactly that size, rate and number of frames, without sound; raises UnreadableClip.

    What is of another shape fills the picture and is cropped in the middle; what is longer is cut, and of what is
    shorter the last frame stays.
    """
    with open_clip(source) as (container, stream):
        graph = _graph(stream, width, height, fps)
        pictures = _through(graph, islice(container.decode(stream), _FRAMES_MAX))
        return _encode(_exactly(frames, pictures), Fraction(fps))


def _levels(path: Path, length_s: float) -> "Iterator[npt.NDArray[np.uint16]]":
    import numpy as np

    with open_clip(path) as (container, stream):
        for frame in islice(container.decode(stream), _FRAMES_MAX):
            if (frame.time or 0.0) > length_s:
                return
            # The encoder takes even sides.
            yield np.asarray(frame.to_ndarray()[: frame.height // 2 * 2, : frame.width // 2 * 2], np.uint16)


def _shown(grey: "npt.NDArray[np.uint8]") -> "VideoFrame":
    from av.video.frame import VideoFrame
    from av.video.reformatter import ColorRange

    frame = VideoFrame.from_ndarray(grey, format="gray")
    return frame.reformat(format="yuv420p", src_color_range=ColorRange.JPEG, dst_color_range=ColorRange.MPEG)


def _graph(stream: "VideoStream", width: int, height: int, fps: int) -> "Graph":
    from av.filter import Graph

    graph = Graph()
    chain = [
        graph.add_buffer(template=stream),
        graph.add("fps", f"fps={fps}"),
        graph.add("scale", f"{width}:{height}:force_original_aspect_ratio=increase:flags=bicubic"),
        graph.add("crop", f"{width}:{height}"),
        graph.add("setsar", "1"),
        graph.add("format", "yuv420p"),
        graph.add("buffersink"),
    ]
    for left, right in pairwise(chain):
        left.link_to(right)
    graph.configure()
    return graph


def _through(graph: "Graph", frames: "Iterable[VideoFrame]") -> "Iterator[VideoFrame]":
    from av.error import BlockingIOError as NothingYet
    from av.error import EOFError as Finished

    def made() -> "Iterator[VideoFrame]":
        while True:
            try:
                yield graph.vpull()
            except (NothingYet, Finished):
                return

    for frame in frames:
        graph.vpush(frame)
        yield from made()
    graph.vpush(None)
    yield from made()


def _exactly(count: int, frames: "Iterator[VideoFrame]") -> "Iterator[VideoFrame]":
    last = None
    for _ in range(count):
        last = next(frames, last)
        if last is None:
            raise UnreadableClip("no frame in it can be decoded")
        yield last


def _encode(frames: "Iterable[VideoFrame]", fps: Fraction) -> bytes:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as target:
        track = None
        for number, frame in enumerate(frames):
            if track is None:
                track = target.add_stream("libx264", rate=fps)
                track.width, track.height, track.pix_fmt = frame.width, frame.height, "yuv420p"
                track.time_base = 1 / fps
                track.options = {"preset": "veryfast", "crf": str(_CRF)}
                context = track.codec_context
                context.color_range = _LIMITED_RANGE
                context.colorspace = context.color_primaries = context.color_trc = _BT709
            frame.pts, frame.time_base = number, 1 / fps
            target.mux(track.encode(frame))
        if track is None:
            raise UnreadableClip("no frame in it can be decoded")
        target.mux(track.encode(None))
    return file.getvalue()
