"""H.264 in MP4, written frame by frame; the index goes to the front when the file is closed."""

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter

from reelway.previz import filters

CODEC = "h264"
AUDIO_RATE = 48_000
AUDIO_BITS = 128_000
AAC_FRAME = 1024
CRF = 19
PRESET = "veryfast"
BT709 = 1
LIMITED_RANGE = 1


class Encoder:
    """One clip being written to `path`. Frames may be smaller than the clip: they are scaled up on the way."""

    def __init__(
        self,
        path: Path,
        *,
        width: int,
        height: int,
        fps: int,
        threads: int,
        grain: float = 0.0,
        sound: npt.NDArray[np.float32] | None = None,
    ) -> None:
        """`sound` is two channels of `AUDIO_RATE`, as long as the clip; without it there is no sound track."""
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        stream = self._container.add_stream("libx264", rate=Fraction(fps))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.time_base = Fraction(1, fps)
        stream.options = {"preset": PRESET, "crf": str(CRF)}
        context = stream.codec_context
        context.thread_count = threads
        context.color_range = LIMITED_RANGE
        context.colorspace = BT709
        context.color_primaries = BT709
        context.color_trc = BT709
        self._stream = stream
        self._size = (width, height)
        self._fps = fps
        self._grain = grain
        self._reformat = VideoReformatter()
        self._count = 0
        self._sound = sound
        self._heard = 0  # samples written
        if sound is not None:
            self._track = self._container.add_stream("aac", rate=AUDIO_RATE)
            self._track.bit_rate = AUDIO_BITS
            self._track.layout = "stereo"

    def write(self, picture: npt.NDArray[np.uint8]) -> None:
        """Append one RGB picture."""
        width, height = self._size
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        scaled = self._reformat.reformat(
            frame,
            width=width,
            height=height,
            format="yuv420p",
            src_color_range="JPEG",
            dst_color_range="MPEG",
            dst_colorspace=Colorspace.ITU709,
            interpolation=Interpolation.LANCZOS,
        )
        if self._grain > 0:
            self._speckle(scaled)
        scaled.pts = self._count
        scaled.time_base = Fraction(1, self._fps)
        self._count += 1
        self._container.mux(self._stream.encode(scaled))
        self._sing(self._count * AUDIO_RATE // self._fps)

    def _sing(self, until: int) -> None:
        """Write the sound up to that sample, in whole frames of the codec; it keeps pace with the picture."""
        if self._sound is None:
            return
        last = until >= self._sound.shape[1]
        while self._heard + AAC_FRAME <= until or (last and self._heard < self._sound.shape[1]):
            piece = np.ascontiguousarray(self._sound[:, self._heard : self._heard + AAC_FRAME], np.float32)
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate = AUDIO_RATE
            frame.pts = self._heard
            frame.time_base = Fraction(1, AUDIO_RATE)
            self._container.mux(self._track.encode(frame))
            self._heard += piece.shape[1]

    def _speckle(self, frame: av.VideoFrame) -> None:
        """Grain at the clip's own size: scaled-up grain looks like dirt."""
        plane = frame.planes[0]
        luma = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        filters.add_grain(luma, self._grain, self._count)

    def close(self) -> None:
        """Flush what the codec holds back and write the index."""
        if self._sound is not None:
            self._sing(self._sound.shape[1])
            self._container.mux(self._track.encode(None))
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def abandon(self) -> None:
        """Close the file, whatever is in it."""
        try:
            self._container.close()
        except av.error.FFmpegError:
            return

    def __enter__(self) -> "Encoder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()
