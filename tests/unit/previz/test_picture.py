"""Image-to-video and video-to-video."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from threading import Event

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from reelway.previz import Order

pytestmark = pytest.mark.usefixtures("cache_dir")
MakeOrder = Callable[..., Order]


def made(order: Order, output: Path) -> np.ndarray:
    from reelway.previz.render import render

    render(order, output, threads=1, stop=Event(), on_progress=lambda share: None)
    with av.open(str(output)) as clip:
        return np.stack([frame.to_ndarray(format="gray") for frame in clip.decode(video=0)]).astype(np.float64)


@pytest.fixture
def image(tmp_path: Path) -> str:
    """Grass, sky and a red ball, with enough texture to follow."""
    noise = np.random.default_rng(1).integers(0, 60, (90, 160, 3))
    picture = np.where(np.arange(90)[:, None, None] < 45, (90, 130, 190), (60, 120, 40)) + noise
    drawn = Image.fromarray(picture.astype(np.uint8)).resize((320, 180), Image.Resampling.BICUBIC)
    ImageDraw.Draw(drawn).ellipse((130, 70, 190, 130), fill=(210, 30, 30))
    path = tmp_path / "ball.png"
    drawn.save(path)
    return str(path)


def shift(a: np.ndarray, b: np.ndarray, axis: int) -> int:
    """By how many pixels the middle of `b` lies further along `axis` than that of `a`."""
    core = a[24:-24, 24:-24]
    errors = {by: float(np.abs(np.roll(b, -by, axis)[24:-24, 24:-24] - core).mean()) for by in range(-20, 21)}
    return min(errors, key=errors.__getitem__)


def test_a_pan_to_the_right_moves_the_picture_to_the_left(order: MakeOrder, image: str, tmp_path: Path) -> None:
    frames = made(order("pan", image=image, width=192, height=108, frames=8), tmp_path / "a.mp4")
    assert shift(frames[0], frames[-1], axis=1) <= -4


def test_a_crane_moves_the_picture_down(order: MakeOrder, image: str, tmp_path: Path) -> None:
    frames = made(order("crane up", image=image, width=192, height=108, frames=8), tmp_path / "a.mp4")
    assert shift(frames[0], frames[-1], axis=0) >= 2


def test_a_static_picture_stands(order: MakeOrder, image: str, tmp_path: Path) -> None:
    frames = made(order("static", image=image, frames=4), tmp_path / "a.mp4")
    assert np.abs(frames[0] - frames[-1]).mean() < 1.5


def test_a_push_makes_the_middle_larger(order: MakeOrder, image: str, tmp_path: Path) -> None:
    from reelway.previz.picture.still import Still
    from reelway.previz.prompt import parse

    still = Still(Path(image), parse("push in"), width=192, height=108, duration_s=1.0)

    def red(t: float) -> int:
        frame = still.at(t).astype(int)
        return int(((frame[..., 0] - frame[..., 1]) > 90).sum())

    assert red(1.0) > red(0.0) * 1.04


def test_a_portrait_cut_keeps_what_stands_out(image: str, tmp_path: Path) -> None:
    """The astronaut's head was cut off once."""
    from reelway.previz.picture.still import Still
    from reelway.previz.prompt import parse

    wide = Image.new("RGB", (600, 200), (70, 90, 110))
    ImageDraw.Draw(wide).ellipse((360, 60, 440, 150), fill=(220, 40, 30))
    path = tmp_path / "wide.png"
    wide.save(path)
    frame = Still(path, parse("static"), width=72, height=128, duration_s=1.0).at(0.5).astype(int)
    assert ((frame[..., 0] - frame[..., 1]) > 90).sum() > 200


@pytest.mark.parametrize("mode", ["L", "RGBA", "P", "LA", "1", "CMYK"])
def test_any_kind_of_picture_is_read(order: MakeOrder, tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.new("RGB", (80, 60), (200, 120, 60)).convert(mode).save(path)
    assert made(order(image=str(path), frames=2), tmp_path / "a.mp4").mean() > 40


def junk(tmp_path: Path, name: str, data: bytes) -> str:
    (tmp_path / name).write_bytes(data)
    return str(tmp_path / name)


@pytest.mark.parametrize(
    "data", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40, b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_a_picture_that_cannot_be_read_says_so(order: MakeOrder, tmp_path: Path, data: bytes) -> None:
    from reelway.previz.render import Unreadable

    with pytest.raises(Unreadable, match="picture"):
        made(order(image=junk(tmp_path, "x.png", data)), tmp_path / "a.mp4")
    assert not (tmp_path / "a.mp4").exists()


def test_a_picture_bomb_is_refused_by_its_header(order: MakeOrder, tmp_path: Path) -> None:
    from reelway.previz.render import Unreadable

    Image.new("1", (9000, 9000)).save(tmp_path / "bomb.png")
    with pytest.raises(Unreadable, match="9000x9000"):
        made(order(image=str(tmp_path / "bomb.png")), tmp_path / "a.mp4")


@pytest.mark.parametrize(("frames", "fps"), [(3, 8), (9, 8), (20, 24)])
def test_a_regraded_clip_has_the_frames_that_were_asked(
    order: MakeOrder, tmp_path: Path, frames: int, fps: int
) -> None:
    """A source that is too short is played again."""
    source = tmp_path / "source.mp4"
    made(order(frames=5, fps=8), source)
    out = made(order("night", video=str(source), frames=frames, fps=fps, width=96, height=96), tmp_path / "b.mp4")
    assert out.shape == (frames, 96, 96)


def test_the_words_regrade_a_clip(order: MakeOrder, tmp_path: Path) -> None:
    source = tmp_path / "source.mp4"
    made(order("day", frames=2), source)
    day, night = (
        made(order(time, video=str(source), frames=2), tmp_path / f"{time}.mp4").mean() for time in ("day", "night")
    )
    assert night < day * 0.8


def test_footage_keeps_its_own_pace(order: MakeOrder, tmp_path: Path) -> None:
    """At twice the rate each source picture shows twice."""
    from reelway.previz.picture.footage import Footage
    from reelway.previz.prompt import parse

    source = tmp_path / "source.mp4"
    made(order(frames=4, fps=8), source)
    shown = list(Footage(source, parse(""), width=128, height=72).pictures(16, 8))
    same = [np.array_equal(a, b) for a, b in pairwise(shown)]
    assert same == [True, False, True, False, True, False, True]


@pytest.mark.parametrize("data", [b"", b"junk" * 100, b"#EXTM3U\nfile:///etc/passwd\n"])
def test_a_clip_that_cannot_be_read_says_so(order: MakeOrder, tmp_path: Path, data: bytes) -> None:
    from reelway.previz.render import Unreadable

    with pytest.raises(Unreadable, match="clip"):
        made(order(video=junk(tmp_path, "x.mp4", data)), tmp_path / "a.mp4")
