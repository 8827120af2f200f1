"""Videos of depth as the pass is written: 16 bits, without loss."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from reelway.previz.passes.depth import to_levels


def bands(*metres: float) -> npt.NDArray[np.float64]:
    """A picture of equal upright bands; infinite is the sky."""
    return np.repeat(np.array(metres)[None, :], 64, 0).repeat(32, 1)


def depth_video(path: Path, frames: list[npt.NDArray[np.float64]], fps: int = 8) -> Path:
    """One of these pictures."""
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=Fraction(fps))
        stream.height, stream.width = frames[0].shape
        stream.pix_fmt = "gray16le"
        for number, metres in enumerate(frames):
            levels = to_levels(np.minimum(metres, 1e9), np.isinf(metres))
            frame = av.VideoFrame.from_ndarray(levels, format="gray16le")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def broken_later(source: Path, path: Path) -> Path:
    """The same with noise in place of all pictures but the first: its head and that one tell of nothing."""
    with av.open(str(source)) as read, av.open(str(path), "w", format="matroska") as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.size and packet.pts:
                noise = av.Packet(bytes(range(256)) * 3)
                noise.pts, noise.dts, noise.time_base, noise.duration = (
                    packet.pts,
                    packet.dts,
                    packet.time_base,
                    packet.duration,
                )
                noise.is_keyframe = True
                packet = noise
            if packet.size:
                packet.stream = stream
                written.mux(packet)
    return path
