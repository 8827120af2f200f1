"""Orders made into files."""

import struct
from collections.abc import Callable
from pathlib import Path
from threading import Event

import av
import numpy as np
import pytest

from reelway.previz import Order

pytestmark = pytest.mark.usefixtures("cache_dir")
MakeOrder = Callable[..., Order]


def made(order: Order, output: Path, *, progress: list[float] | None = None) -> Path:
    from reelway.previz.render import render

    heard = [] if progress is None else progress
    render(order, output, threads=2, stop=Event(), on_progress=heard.append)
    return output


def pictures(path: Path) -> np.ndarray:
    with av.open(str(path)) as clip:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)])


def boxes(path: Path) -> list[str]:
    """The names of the top-level MP4 boxes, in order."""
    data, at, names = path.read_bytes(), 0, []
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at : at + 8])
        names.append(name.decode())
        at += size
    return names


@pytest.mark.parametrize(
    ("width", "height", "fps", "frames"), [(128, 72, 24, 16), (72, 128, 30, 7), (96, 96, 8, 1), (168, 72, 12, 5)]
)
def test_the_file_is_what_was_asked(
    order: MakeOrder, tmp_path: Path, width: int, height: int, fps: int, frames: int
) -> None:
    path = made(order(width=width, height=height, fps=fps, frames=frames), tmp_path / "a.mp4")
    with av.open(str(path)) as clip:
        stream = clip.streams.video[0]
        assert (stream.width, stream.height) == (width, height)
        assert stream.average_rate == fps
        assert stream.codec_context.name == "h264"
        assert stream.pix_fmt == "yuv420p"
        assert (stream.codec_context.colorspace, stream.codec_context.color_primaries) == (1, 1)
        assert sum(1 for _ in clip.decode(stream)) == frames


def test_the_index_comes_before_the_pictures(order: MakeOrder, tmp_path: Path) -> None:
    names = boxes(made(order(), tmp_path / "a.mp4"))
    assert names.index("moov") < names.index("mdat")


def test_the_same_order_is_the_same_clip(order: MakeOrder, tmp_path: Path) -> None:
    first, second = (made(order(frames=6), tmp_path / f"{n}.mp4") for n in (1, 2))
    assert first.read_bytes() == second.read_bytes()


def test_another_seed_is_another_clip(order: MakeOrder, tmp_path: Path) -> None:
    first, second = (pictures(made(order(seed=n), tmp_path / f"{n}.mp4")) for n in (1, 2))
    assert not np.array_equal(first, second)


def test_progress_only_grows_and_ends_at_one(order: MakeOrder, tmp_path: Path) -> None:
    heard: list[float] = []
    made(order(frames=6), tmp_path / "a.mp4", progress=heard)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert all(share < 1 for share in heard[:-1])
    assert len(heard) == 7


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "   \n\t",
        "🦆🌊✨",
        "word " * 2000,
        "x" * 10_000,
        "ein Hund läuft über die Straße",
        "一只猫在屋顶上",
        "قطة على السطح",
        "\x00\x01\x1b[31m",
        "\ud800 lone \udfff",
        "'; DROP TABLE clips; --",
    ],
)
def test_any_prompt_renders(order: MakeOrder, tmp_path: Path, prompt: str) -> None:
    frames = pictures(made(order(prompt, frames=2, width=64, height=64), tmp_path / "a.mp4"))
    assert frames.shape == (2, 64, 64, 3)
    assert frames.std() > 8


def test_a_large_clip_is_marched_small_and_scaled_up(order: MakeOrder, tmp_path: Path) -> None:
    from reelway.previz.render import marched_size

    assert marched_size(128, 72) == (128, 72)
    assert marched_size(1280, 720) == (704, 396)
    width, height = marched_size(3840, 2160)
    assert width < 1400
    assert width / height == pytest.approx(16 / 9, rel=0.01)
    frames = pictures(made(order("mars", width=1280, height=720, frames=1), tmp_path / "a.mp4"))
    assert frames.shape == (1, 720, 1280, 3)
    assert frames.std() > 15


def test_a_stopped_render_leaves_nothing(order: MakeOrder, tmp_path: Path) -> None:
    from reelway.previz.render import Stopped, render

    stop = Event()
    with pytest.raises(Stopped):
        render(order(frames=200), tmp_path / "a.mp4", threads=2, stop=stop, on_progress=lambda share: stop.set())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_an_os_error(order: MakeOrder, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        made(order(), tmp_path / "none" / "a.mp4")


def test_noise_and_light_that_are_not_numbers_become_black() -> None:
    from reelway.previz.filters import tame

    light = np.array([[[np.nan, -1.0, np.inf]]], np.float32)
    tame(light, np.float32(40))
    assert light.tolist() == [[[0.0, 0.0, 40.0]]]
