"""Video-to-video: the source clip, cut to the asked frame and graded by the words of the prompt."""

from collections.abc import Iterator
from pathlib import Path

import av
import av.error
import numpy as np
import numpy.typing as npt
from PIL import Image

from reelway.previz.look import Look, styled
from reelway.previz.picture.load import PIXELS_MAX, Unreadable, fill_crop
from reelway.previz.picture.still import graded
from reelway.previz.shot import Shot

Picture = npt.NDArray[np.uint8]

# Only real containers: a playlist or a text file could name other files.
CONTAINERS = frozenset(
    {"mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "mpegts", "gif", "ogg", "flv"}
)
LOOPS_MAX = 10_000

# What each hour and weather does to footage that was shot in another.
HOURS: dict[str, Look] = {
    "night": Look(exposure=0.55, saturation=0.70, contrast=1.12, shadows=(-0.02, 0.0, 0.045), vignette=0.35),
    "dusk": Look(exposure=0.80, saturation=0.95, shadows=(0.0, -0.01, 0.035), highlights=(0.05, 0.0, -0.02)),
    "sunset": Look(exposure=0.95, saturation=1.12, shadows=(0.012, -0.004, 0.012), highlights=(0.07, 0.012, -0.055)),
    "dawn": Look(exposure=1.03, saturation=0.92, lift=0.015, highlights=(0.045, 0.015, -0.01)),
    "day": Look(exposure=1.06, saturation=1.06, contrast=1.03),
}
PLAIN = Look(
    saturation=1.05,
    contrast=1.05,
    shadows=(-0.006, 0.002, 0.012),
    highlights=(0.010, 0.002, -0.008),
    vignette=0.22,
)


class Footage:
    """The pictures of a source clip, in order, at the clip's own pace; a short source is played again."""

    def __init__(self, path: Path, shot: Shot, *, width: int, height: int) -> None:
        self._path = path
        self._size = (width, height)
        self.look = styled(HOURS[shot.time] if shot.time else PLAIN, shot.style)
        with self._open() as source:
            stream = source.streams.video[0]
            if stream.width * stream.height > PIXELS_MAX:
                raise Unreadable(f"the clip is {stream.width}x{stream.height}; the most is 40 megapixels")

    def pictures(self, fps: int, frames: int) -> Iterator[Picture]:
        """`frames` source pictures, each the one that shows at its moment, cut to size but not yet graded."""
        made = 0
        for _ in range(LOOPS_MAX):
            before = made
            for picture, shows_until_s in self._decoded():
                start = before / fps
                while made < frames and made / fps - start < shows_until_s:
                    yield picture
                    made += 1
                if made >= frames:
                    return
            if made == before:
                raise Unreadable("the clip has no picture that can be decoded")

    def grade(self, picture: Picture) -> Picture:
        """One picture under the look of the shot."""
        return graded(picture, self.look)

    def _open(self) -> "av.container.InputContainer":
        try:
            source = av.open(str(self._path), options={"protocol_whitelist": "file"})
        except (OSError, ValueError, av.error.FFmpegError) as error:
            raise Unreadable(f"the clip cannot be read: {_said(error)}") from error
        if not CONTAINERS.intersection(source.format.name.split(",")) or not source.streams.video:
            name = source.format.name
            source.close()
            raise Unreadable(f"the clip ({name}) has no video that can be used")
        return source

    def _decoded(self) -> Iterator[tuple[Picture, float]]:
        """Each picture with the second at which the next one replaces it; only those that are asked for are cut."""
        with self._open() as source:
            stream = source.streams.video[0]
            stream.thread_type = "AUTO"
            rate = float(stream.average_rate or 24)
            first: float | None = None
            held: av.VideoFrame | None = None
            held_at = 0.0
            try:
                for frame in source.decode(stream):
                    at = frame.time if frame.time is not None else held_at + 1 / rate
                    first = at if first is None else first
                    if held is not None and at - first > held_at:
                        yield self._cut(held), at - first
                    held, held_at = frame, max(at - first, held_at)
            except av.error.FFmpegError as error:
                if held is None:
                    raise Unreadable(f"the clip cannot be read: {_said(error)}") from error
            if held is not None:
                yield self._cut(held), held_at + 1 / rate

    def _cut(self, frame: av.VideoFrame) -> Picture:
        return fill_crop(Image.fromarray(frame.to_ndarray(format="rgb24")), *self._size)


def _said(error: BaseException) -> str:
    return str(error).split(":", maxsplit=1)[0] or type(error).__name__
