"""Video-to-video."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from threading import Event

import av
import numpy as np
import pytest

from reelway.previz import Order

pytestmark = pytest.mark.usefixtures("cache_dir")
MakeOrder = Callable[..., Order]
RATE = 48_000


def made(order: Order, output: Path) -> np.ndarray:
    from reelway.previz.render import render

    render(order, output, threads=1, stop=Event(), on_progress=lambda share: None)
    with av.open(str(output)) as clip:
        return np.stack([frame.to_ndarray(format="gray") for frame in clip.decode(video=0)]).astype(np.float64)


def filmed(path: Path, *, frames: int, fps: int = 8, tone: float | None = None, width: int = 128) -> Path:
    """A bright bar that goes to the right by 4 pixels a frame, perhaps with a tone."""
    from reelway.previz.encode import Encoder

    count = round(frames / fps * RATE)
    sound = None if tone is None else np.tile(0.2 * np.sin(2 * np.pi * tone * np.arange(count) / RATE), (2, 1))
    pattern = np.random.default_rng(1).integers(40, 90, (72 // 8, width // 8, 3)).repeat(8, 0).repeat(8, 1)
    with Encoder(
        path, width=width, height=72, fps=fps, threads=1, sound=None if sound is None else sound.astype(np.float32)
    ) as clip:
        for number in range(frames):
            picture = pattern.astype(np.uint8)
            picture[20:52, 8 + 4 * number : 24 + 4 * number] = (235, 225, 215)
            clip.write(picture)
    return path


def bar(frame: np.ndarray) -> float:
    """Where the bar is."""
    return float(np.nonzero(frame > 150)[1].mean())


@pytest.mark.parametrize(("frames", "fps"), [(3, 8), (9, 8), (20, 24)])
def test_a_regraded_clip_has_the_frames_that_were_asked(
    order: MakeOrder, tmp_path: Path, frames: int, fps: int
) -> None:
    """A source that is too short is played again."""
    source = filmed(tmp_path / "source.mp4", frames=5)
    wanted = order("night", video=str(source), frames=frames, fps=fps, width=128, height=72)
    assert made(wanted, tmp_path / "b.mp4").shape == (frames, 72, 128)


def test_the_words_regrade_a_clip(order: MakeOrder, tmp_path: Path) -> None:
    source = filmed(tmp_path / "source.mp4", frames=2)
    day, night = (
        made(order(time, video=str(source), frames=2), tmp_path / f"{time}.mp4").mean() for time in ("day", "night")
    )
    assert night < day * 0.8


def test_footage_keeps_its_own_pace(tmp_path: Path) -> None:
    """At twice the rate each source picture shows twice."""
    from reelway.previz.picture.footage import Footage
    from reelway.previz.prompt import parse

    source = filmed(tmp_path / "source.mp4", frames=4)
    footage = Footage(source, parse(""), width=128, height=72, fps=16, frames=8)
    shown = [one.picture for one in footage.shown()]
    same = [np.array_equal(a, b) for a, b in pairwise(shown)]
    assert same == [True, False, True, False, True, False, True]


def test_slow_motion_makes_the_frames_between(order: MakeOrder, tmp_path: Path) -> None:
    source = filmed(tmp_path / "source.mp4", frames=8)
    frames = made(order("slow motion", video=str(source), frames=8), tmp_path / "b.mp4")
    steps = np.diff([bar(frame) for frame in frames])
    assert steps.mean() == pytest.approx(2, abs=0.15)
    assert steps.min() > 0.8, "a frame that stands still"


def test_reverse_ends_where_the_source_begins(order: MakeOrder, tmp_path: Path) -> None:
    source = filmed(tmp_path / "source.mp4", frames=10)
    forward = made(order("", video=str(source), frames=10), tmp_path / "a.mp4")
    back = made(order("play it in reverse", video=str(source), frames=4), tmp_path / "b.mp4")
    assert [bar(frame) for frame in back] == pytest.approx([bar(forward[9 - k]) for k in range(4)], abs=0.6)


@pytest.mark.parametrize(
    ("prompt", "source_s", "clip_s", "speed", "backwards"),
    [
        ("a street at night", 5, 5, 1.0, False),
        ("slow motion", 5, 5, 0.5, False),
        ("slow motion", 4, 5, 0.8, False),  # the whole source, in the length asked
        ("speed up the clip", 12, 4, 3.0, False),
        ("timelapse of clouds", 5, 5, 8.0, False),
        ("4x faster", 5, 5, 4.0, False),
        ("2x slower, in reverse", 5, 5, 0.5, True),
        ("the camera moves backwards", 5, 5, 1.0, False),
        ("slowly a man walks", 5, 5, 1.0, False),
        ("100x faster", 5, 5, 16.0, False),
    ],
)
def test_the_pace_is_what_the_words_ask_for(
    prompt: str, source_s: float, clip_s: float, speed: float, backwards: bool
) -> None:
    from reelway.previz.picture.pace import pace_of

    pace = pace_of(prompt, source_s=source_s, clip_s=clip_s)
    assert (pace.speed, pace.backwards) == (pytest.approx(speed), backwards)


def test_a_cut_follows_what_stands_out(order: MakeOrder, tmp_path: Path) -> None:
    """A wide clip made upright keeps its subject, which is not in the middle."""
    from reelway.previz.picture.footage import Footage
    from reelway.previz.prompt import parse

    source = tmp_path / "wide.mp4"
    from PIL import Image, ImageDraw

    from reelway.previz.encode import Encoder

    picture = Image.new("RGB", (480, 160), (70, 90, 110))
    ImageDraw.Draw(picture).ellipse((350, 40, 430, 130), fill=(220, 40, 30))
    with Encoder(source, width=480, height=160, fps=8, threads=1) as clip:
        for _ in range(3):
            clip.write(np.asarray(picture))
    footage = Footage(source, parse(""), width=72, height=128, fps=8, frames=1)
    frame = next(footage.shown()).picture.astype(int)
    assert ((frame[..., 0] - frame[..., 1]) > 60).mean() > 0.2


def heard(path: Path) -> np.ndarray | None:
    with av.open(str(path)) as clip:
        if not clip.streams.audio:
            return None
        return np.concatenate([frame.to_ndarray() for frame in clip.decode(audio=0)], axis=1)


def pitch(sound: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(sound[0] * np.hanning(sound.shape[1])))
    return float(np.fft.rfftfreq(sound.shape[1], 1 / RATE)[spectrum.argmax()])


def test_a_clip_at_its_own_speed_keeps_its_sound(order: MakeOrder, tmp_path: Path) -> None:
    source = filmed(tmp_path / "source.mp4", frames=8, tone=440.0)
    made(order("night", video=str(source), frames=12, audio=True), tmp_path / "b.mp4")
    sound = heard(tmp_path / "b.mp4")
    assert sound is not None
    assert pitch(sound) == pytest.approx(440, abs=3)
    assert np.sqrt(np.mean(sound[:, -RATE // 4 : -2048] ** 2)) > 0.1, "a source that is played again sounds again"


@pytest.mark.parametrize(("prompt", "audio"), [("slow motion", True), ("night", False)])
def test_else_it_does_not(order: MakeOrder, tmp_path: Path, prompt: str, audio: bool) -> None:
    source = filmed(tmp_path / "source.mp4", frames=8, tone=440.0)
    made(order(prompt, video=str(source), frames=4, audio=audio), tmp_path / "b.mp4")
    sound = heard(tmp_path / "b.mp4")
    assert (sound is not None) == audio
    if sound is not None:
        assert pitch(sound) < 400


@pytest.mark.parametrize("data", [b"", b"junk" * 100, b"#EXTM3U\nfile:///etc/passwd\n"])
def test_a_clip_that_cannot_be_read_says_so(order: MakeOrder, tmp_path: Path, data: bytes) -> None:
    from reelway.previz.render import Unreadable

    path = tmp_path / "x.mp4"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match="clip"):
        made(order(video=str(path)), tmp_path / "a.mp4")
