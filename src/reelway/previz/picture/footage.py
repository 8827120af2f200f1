"""Video-to-video: the source clip cut to the asked frame, played at the asked pace, and regraded by the prompt."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile

import av
import av.error
import numpy as np
import numpy.typing as npt
from PIL import Image

from reelway.previz.look import Look, styled
from reelway.previz.picture.depth import guess_depth
from reelway.previz.picture.flow import alike, flow_between, morph
from reelway.previz.picture.load import PIXELS_MAX, Unreadable, fill_crop
from reelway.previz.picture.maps import Map, Picture, shrunk, stored
from reelway.previz.picture.pace import Pace, pace_of
from reelway.previz.picture.still import FOG, graded
from reelway.previz.picture.subject import find_subject
from reelway.previz.picture.weather import FALLS, Weather, fog_colour, veiled
from reelway.previz.shot import Shot

# Only real containers: a playlist or a text file could name other files.
CONTAINERS = frozenset(
    {"mov", "mp4", "m4a", "3gp", "3g2", "mj2", "matroska", "webm", "avi", "mpegts", "gif", "ogg", "flv"}
)
LOOPS_MAX = 10_000
SOUND_RATE = 48_000
LOOKED_AT = (0.1, 0.5, 0.9)  # where in the clip the subject is looked for, when the frame is cut
SAME_SHAPE = 1.02
BETWEEN_SIDE = 160  # flow between two frames of a clip is small: it is measured at this size

# What each hour does to footage that was shot in another.
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


@dataclass(frozen=True, slots=True)
class Shown:
    """What one frame of the clip shows: a source picture, or a moment between it and the next."""

    picture: Picture
    following: Picture | None = None
    share: float = 0.0


class Footage:
    """The pictures of a source clip for a clip of `frames` at `fps`; a source that is too short is played again."""

    def __init__(
        self,
        path: Path,
        shot: Shot,
        *,
        width: int,
        height: int,
        fps: int,
        frames: int,
        prompt: str = "",
        seed: int = 0,
    ) -> None:
        self._path, self._fps, self._frames = path, fps, frames
        self._size = (width, height)
        self.look = styled(HOURS.get(shot.time or "", PLAIN), shot.style)
        with self._open() as source:
            stream = source.streams.video[0]
            if stream.width * stream.height > PIXELS_MAX:
                raise Unreadable(f"the clip is {stream.width}x{stream.height}; the most is 40 megapixels")
            shape = stream.width / max(stream.height, 1)
            self.length_s = _length_s(source)
        self.pace = pace_of(prompt, source_s=self.length_s, clip_s=frames / fps) if self.length_s else Pace()
        wanted = width / height
        self._anchors = self._looked_for() if max(shape / wanted, wanted / shape) > SAME_SHAPE else []
        self._falls = shot.weather if shot.weather in FALLS else None
        self._near: Map = guess_depth(height, width, None, None).ground
        self._seed = seed
        self._weather: Weather | None = None

    def shown(self) -> Iterator[Shown]:
        """What each frame of the clip shows, cut to size but not yet finished."""
        yield from self._backwards() if self.pace.backwards else self._forwards(self._frames)

    def finish(self, shown: Shown, number: int) -> Picture:
        """Frame `number` of the clip: in the light, weather and style of the shot."""
        picture = shown.picture if shown.following is None else _between(shown.picture, shown.following, shown.share)
        if self._falls == "fog":
            picture = veiled(picture, self._near, FOG, fog_colour(picture))
        elif self._falls is not None:
            # Another thread may do the same: both make the same thing.
            weather = self._weather or Weather(self._falls, self._near, picture, seed=self._seed, settle=False)
            self._weather = weather
            picture = weather.over(picture, number / self._fps)
        return graded(picture, self.look)

    def sound(self, duration_s: float) -> npt.NDArray[np.float32] | None:
        """The source's own sound, so long; None where it has none, or is not played as it was filmed."""
        if not self.pace.plain:
            return None
        with self._open() as source:
            if not source.streams.audio:
                return None
            resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SOUND_RATE)
            most = math.ceil(duration_s * SOUND_RATE)
            pieces: list[npt.NDArray[np.float32]] = []
            try:
                for frame in source.decode(source.streams.audio[0]):
                    pieces += [np.asarray(piece.to_ndarray(), np.float32) for piece in resampler.resample(frame)]
                    if sum(piece.shape[1] for piece in pieces) >= most:
                        break
            except (av.error.FFmpegError, ValueError):
                pass  # a sound that breaks off ends there
        if not pieces:
            return None
        once = np.concatenate(pieces, axis=1).astype(np.float32)
        turn = max(round((self.length_s or duration_s) * SOUND_RATE), 1)
        once = np.pad(once[:, :turn], ((0, 0), (0, max(turn - once.shape[1], 0))))
        return np.ascontiguousarray(np.tile(once, (1, math.ceil(most / turn)))[:, :most])

    def _forwards(self, frames: int) -> Iterator[Shown]:
        step = self.pace.speed / self._fps  # source seconds from one frame to the next
        slow = self.pace.speed < 1.0
        made = 0
        for _ in range(LOOPS_MAX):
            before = made
            for picture, following, starts_s, ends_s in self._pairs(ahead=slow):
                while made < frames and (made - before) * step < ends_s - 1e-9:
                    share = ((made - before) * step - starts_s) / max(ends_s - starts_s, 1e-6)
                    inside = slow and following is not None and share > 0.02
                    yield Shown(picture, following, share) if inside else Shown(picture)
                    made += 1
                if made >= frames:
                    return
            if made == before:
                raise Unreadable("the clip has no picture that can be decoded")

    def _backwards(self) -> Iterator[Shown]:
        """The same from the source's end, kept on disk until the last is known."""
        whole = max(round(self.length_s * self._fps / self.pace.speed), 1) if self.length_s else self._frames
        count = min(whole, self._frames)
        width, height = self._size
        size = width * height * 3
        with TemporaryFile() as kept:
            for shown in islice(self._forwards(whole), whole - count, None):
                picture = shown.picture
                if shown.following is not None:
                    picture = _between(shown.picture, shown.following, shown.share)
                kept.write(picture.tobytes())
            for number in range(self._frames):
                kept.seek((count - 1 - number % count) * size)
                yield Shown(np.frombuffer(kept.read(size), np.uint8).reshape(height, width, 3).copy())

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

    def _pairs(self, *, ahead: bool) -> Iterator[tuple[Picture, Picture | None, float, float]]:
        """Each picture, the next one if `ahead`, and the seconds from and to which it shows."""
        waiting: tuple[Picture, float, float] | None = None
        for picture, starts_s, ends_s in self._decoded():
            if not ahead:
                yield picture, None, starts_s, ends_s
                continue
            if waiting is not None:
                yield waiting[0], picture, waiting[1], waiting[2]
            waiting = (picture, starts_s, ends_s)
        if waiting is not None:
            yield waiting[0], None, waiting[1], waiting[2]

    def _decoded(self) -> Iterator[tuple[Picture, float, float]]:
        """Each picture with the seconds from and to which it shows; only those that are asked for are cut."""
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
                        yield self._cut(held, held_at), held_at, at - first
                    held, held_at = frame, max(at - first, held_at)
            except av.error.FFmpegError as error:
                if held is None:
                    raise Unreadable(f"the clip cannot be read: {_said(error)}") from error
            if held is not None:
                yield self._cut(held, held_at), held_at, held_at + 1 / rate

    def _cut(self, frame: av.VideoFrame, at_s: float) -> Picture:
        image = Image.fromarray(frame.to_ndarray(format="rgb24"))
        return fill_crop(image, *self._size, self._middle(at_s))

    def _middle(self, at_s: float) -> tuple[float, float]:
        """Where the cut is at a moment: it goes slowly with the subject."""
        if not self._anchors:
            return 0.5, 0.5
        times = [moment for moment, _, _ in self._anchors]
        return (
            float(np.interp(at_s, times, [x for _, x, _ in self._anchors])),
            float(np.interp(at_s, times, [y for _, _, y in self._anchors])),
        )

    def _looked_for(self) -> list[tuple[float, float, float]]:
        """Second, and where the subject is then as shares of the sides; only where there is one."""
        anchors = []
        with self._open() as source:
            stream = source.streams.video[0]
            for share in LOOKED_AT if self.length_s else (0.0,):
                moment = share * (self.length_s or 0.0)
                try:
                    source.seek(int(moment * 1_000_000) + (source.start_time or 0))
                    frame = next(source.decode(stream), None)
                except (av.error.FFmpegError, OSError):
                    continue
                if frame is None:
                    continue
                picture = shrunk(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8), 320)
                if seen := find_subject(picture):
                    anchors.append((moment, *seen.anchor(self._kept(picture))))
        return anchors

    def _kept(self, picture: Picture) -> float:
        """The share of a source picture's height that is left by the cut."""
        return float(min(1.0, picture.shape[1] / picture.shape[0] * self._size[1] / self._size[0]))


def _between(one: Picture, other: Picture, share: float) -> Picture:
    """A moment between two frames: moved where the motion is clear, else mixed."""
    there, back = flow_between(one, other, BETWEEN_SIDE), flow_between(other, one, BETWEEN_SIDE)
    if alike(there, back):
        out = np.empty_like(one)
        morph(one, other, there.stacked, back.stacked, float(share), float(share), out)
        return out
    mixed = one + (other.astype(np.float32) - one) * np.float32(share)
    return stored(mixed)


def _length_s(source: "av.container.InputContainer") -> float:
    stream = source.streams.video[0]
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    return (source.duration or 0) / 1_000_000


def _said(error: BaseException) -> str:
    return str(error).split(":", maxsplit=1)[0] or type(error).__name__
