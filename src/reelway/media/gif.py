"""A clip as an animated GIF, for callers who ask ModelsLab's `output_type: gif`."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

from reelway.media.probe import open_clip

if TYPE_CHECKING:
    from av.filter import Graph
    from av.video.stream import VideoStream

WIDTH_PX_MAX: Final = 512
FPS_MAX: Final = 16


def gif(path: Path, output: Path) -> None:
    """Write `path` to `output` as a GIF that loops for ever, at most 512 wide and 16 frames a second.

    Frame by frame, in constant memory, with a palette per frame. Raises UnreadableClip for `path` and OSError
    for `output`, where half a file may then lie: hand in a temporary name.
    """
    import av
    from av.error import BlockingIOError as NothingYet
    from av.error import EOFError as Finished

    with open_clip(path) as (container, stream), av.open(str(output), "w", format="gif") as target:
        fps = min(stream.average_rate or stream.guessed_rate or Fraction(FPS_MAX), Fraction(FPS_MAX))
        width, height = _size(stream)
        graph = _graph(stream, fps, width, height)
        track = target.add_stream("gif", rate=fps)
        track.width, track.height, track.pix_fmt = width, height, "pal8"

        def drain() -> None:
            while True:
                try:
                    frame = graph.vpull()
                except (NothingYet, Finished):
                    return
                target.mux(track.encode(frame))

        for frame in container.decode(stream):
            graph.vpush(frame)
            drain()
        graph.vpush(None)
        drain()
        target.mux(track.encode(None))


def _size(stream: "VideoStream") -> tuple[int, int]:
    scale = min(1.0, WIDTH_PX_MAX / stream.width)
    return max(1, round(stream.width * scale)), max(1, round(stream.height * scale))


def _graph(stream: "VideoStream", fps: Fraction, width: int, height: int) -> "Graph":
    """Frame rate, scale, and a palette made for each frame from that frame."""
    from av.filter import Graph

    graph = Graph()
    source = graph.add_buffer(template=stream)
    rate = graph.add("fps", f"fps={fps}")
    scale = graph.add("scale", f"{width}:{height}:flags=lanczos")
    split = graph.add("split")
    palette = graph.add("palettegen", "stats_mode=single")
    use = graph.add("paletteuse", "new=1:dither=bayer")
    sink = graph.add("buffersink")
    for left, right in ((source, rate), (rate, scale), (scale, split), (split, palette)):
        left.link_to(right)
    split.link_to(use, 1, 0)
    palette.link_to(use, 0, 1)
    use.link_to(sink)
    graph.configure()
    return graph
