"""Facts about a clip, and the gate for clips that callers send."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from reelway.errors import InvalidRequest, ReelwayError
from reelway.media.container import boxes, container_of, file_url

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

SOURCE_SIZE_BYTES_MAX: Final = 16 * 1024 * 1024
SOURCE_SIDE_PX_MAX: Final = 4096
SOURCE_DURATION_S_MAX: Final = 60.0
_PIXELS_MAX: Final = 8192 * 4608
_PACKETS_MAX: Final = 1_000_000
_WAY_OUT: Final = "send MP4, MOV, WebM, Ogg or MKV"


class UnreadableClip(ReelwayError):
    """The file is not a clip that plays: wrong kind, cut short, or without a picture."""

    code = "unreadable_clip"
    http_status = 502


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFacts:
    """What a player would show; width and height are the upright picture's."""

    width: int
    height: int
    fps: Fraction
    frames: int
    duration_s: float
    codec: str
    has_audio: bool
    size_bytes: int
    faststart: bool  # plays before it is whole: an MP4 with its index in front; Matroska and Ogg always do


def probe(source: Path | BinaryIO) -> ClipFacts:
    """Read the facts and decode one frame to prove them; raises UnreadableClip for anything not a clip.

    A reader must be seekable; it is left open, wherever reading ended.
    """
    size_bytes, faststart = _layout(source)
    with open_clip(source) as (container, stream):
        first = next(iter(_decoded(container, stream)), None)
        if first is None:
            raise UnreadableClip("no frame in it can be decoded")
        width, height = upright_size(first)
        codec = stream.codec_context.codec.canonical_name
        fps = stream.average_rate or stream.guessed_rate
        duration_s = _duration_s(container, stream)
        has_audio = bool(container.streams.audio)
        frames = stream.frames
    if fps is None or fps <= 0:
        raise UnreadableClip("it does not say how many frames a second it has")
    if not frames or duration_s is None:
        # Live-written Matroska and Ogg keep neither in their head.
        frames, end_s = _count(source)
        duration_s = duration_s or end_s
    if not frames or not duration_s or duration_s <= 0:
        raise UnreadableClip("it has no length")
    return ClipFacts(
        width=width,
        height=height,
        fps=fps,
        frames=frames,
        duration_s=duration_s,
        codec=codec,
        has_audio=has_audio,
        size_bytes=size_bytes,
        faststart=faststart,
    )


def check_source_video(
    path: Path, *, size_bytes_max: int = SOURCE_SIZE_BYTES_MAX, param: str | None = None
) -> ClipFacts:
    """Facts of a clip somebody sent; raises InvalidRequest (naming `param`) if it is none within the limits.

    The size is looked at first, then the container, then the head; of the pictures only the first is decoded.
    """
    size_bytes = path.stat().st_size
    if size_bytes > size_bytes_max:
        raise InvalidRequest(f"a video of {size_bytes} bytes; {size_bytes_max} is the most", param=param)
    try:
        facts = probe(path)
    except UnreadableClip as error:
        raise InvalidRequest(f"not a readable video: {error.message}; {_WAY_OUT}", param=param) from error
    if max(facts.width, facts.height) > SOURCE_SIDE_PX_MAX:
        raise InvalidRequest(
            f"a video of {facts.width}x{facts.height} pixels; {SOURCE_SIDE_PX_MAX} a side is the most",
            param=param,
        )
    if facts.duration_s > SOURCE_DURATION_S_MAX:
        raise InvalidRequest(
            f"a video of {facts.duration_s:.1f} s; {SOURCE_DURATION_S_MAX:g} s is the most", param=param
        )
    return facts


@contextmanager
def open_clip(source: Path | BinaryIO) -> Iterator[tuple["InputContainer", "VideoStream"]]:
    """The demuxer and the first video stream, ready to decode; errors of the decoder become UnreadableClip.

    An OSError stays one: then our disk is at fault and not the clip.
    """
    # Late, like every import of PyAV here: see the package.
    import av
    from av.error import FFmpegError

    format_name = container_of(_head(source))
    if format_name is None:
        raise UnreadableClip("neither MP4 nor Matroska nor Ogg inside")
    try:
        with av.open(
            file_url(source) if isinstance(source, Path) else source,
            mode="r",
            format=format_name,  # the one that we looked for, never one that FFmpeg guesses
            options={"protocol_whitelist": "file"},
            metadata_errors="replace",
        ) as container:
            if not container.streams.video:
                raise UnreadableClip("it has no picture")
            stream = container.streams.video[0]
            # The decoder checks every frame against it: the head may promise 64x64 and the stream hold 16k.
            stream.codec_context.options = {"max_pixels": str(_PIXELS_MAX)}
            stream.thread_type = "AUTO"
            yield container, stream
    # PyAV raises FFmpegError, mostly; a codec, rate or layout it has no name for ends in one of the others.
    except (FFmpegError, ValueError, OverflowError, ZeroDivisionError, MemoryError) as error:
        if isinstance(error, OSError):
            raise
        raise UnreadableClip(f"it cannot be decoded ({type(error).__name__})") from error


def upright_size(frame: "VideoFrame") -> tuple[int, int]:
    """Width and height as shown: phones film sideways and say so in the file."""
    if frame.rotation % 180:
        return frame.height, frame.width
    return frame.width, frame.height


def _decoded(container: "InputContainer", stream: "VideoStream") -> Iterator["VideoFrame"]:
    for _, frame in zip(range(_PACKETS_MAX), container.decode(stream), strict=False):
        yield frame


def _duration_s(container: "InputContainer", stream: "VideoStream") -> float | None:
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if container.duration is not None:
        return container.duration / 1_000_000  # AV_TIME_BASE
    return None


def _count(source: Path | BinaryIO) -> tuple[int, float | None]:
    """Frames and the end of the last, by walking the packets; nothing is decoded."""
    frames, end_s = 0, None
    with open_clip(source) as (container, stream):
        for _, packet in zip(range(_PACKETS_MAX), container.demux(stream), strict=False):
            if packet.size == 0:  # the marker that flushes decoders
                continue
            frames += 1
            if packet.pts is not None and packet.time_base is not None:
                end_s = max(end_s or 0.0, float((packet.pts + (packet.duration or 0)) * packet.time_base))
    return frames, end_s


def _head(source: Path | BinaryIO) -> bytes:
    if isinstance(source, Path):
        with source.open("rb") as file:
            return file.read(12)
    source.seek(0)
    head = source.read(12)
    source.seek(0)
    return head


def _layout(source: Path | BinaryIO) -> tuple[int, bool]:
    """Size in bytes and whether the index comes first; raises UnreadableClip for an MP4 that is cut short."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            return _layout(file)
    size_bytes = source.seek(0, io.SEEK_END)
    if container_of(_head(source)) != "mov":
        return size_bytes, True
    order = []
    for name, end in boxes(source, size_bytes):
        if end > size_bytes:
            raise UnreadableClip(f"it is cut short: {end} bytes were meant, {size_bytes} are there")
        order.append(name)
    source.seek(0)
    return size_bytes, b"moov" in order and b"mdat" not in order[: order.index(b"moov")]
