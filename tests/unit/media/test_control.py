"""Control videos: what depth becomes, and how a video is brought to a clip's size, rate and length."""

import io
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from depth_videos import bands, broken_later, depth_video
from reelway.media.control import conform, inverse_depth, is_deep
from reelway.media.probe import UnreadableClip, probe
from reelway.previz.passes.depth import to_metres
from unit.media.conftest import MakeClip

METRES = to_metres(np.arange(1 << 16, dtype=np.uint16))


def grey_of(clip: bytes) -> npt.NDArray[np.int16]:
    """Frame by frame, as a model reads them."""
    with av.open(io.BytesIO(clip)) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert all(np.ptp(one.astype(int), axis=2).max() <= 3 for one in shown), "not grey"
    return np.stack(shown).mean(axis=3).astype(np.int16)


def test_depth_is_white_near_and_black_far_in_proportion_to_its_inverse(tmp_path: Path) -> None:
    video = depth_video(tmp_path / "d.mkv", [bands(2, 4, 8, np.inf)] * 3)
    made = inverse_depth(video, METRES, length_s=60)
    facts = probe(io.BytesIO(made))
    assert (facts.width, facts.height, facts.fps, facts.frames, facts.codec) == (128, 64, 8, 3, "h264")
    grey = grey_of(made)[1, 32, 16::32]
    assert np.abs(grey - (255, 128, 64, 0)).max() <= 3


def test_without_a_sky_the_farthest_is_black(tmp_path: Path) -> None:
    made = inverse_depth(depth_video(tmp_path / "d.mkv", [bands(3, 4, 6)]), METRES, length_s=60)
    assert np.abs(grey_of(made)[0, 32, 16::32] - (255, 128, 0)).max() <= 3


def test_grey_means_the_same_in_every_frame(tmp_path: Path) -> None:
    """The band at 4 m keeps its grey when something nearer comes in."""
    frames = [bands(8, 4, np.inf, np.inf), bands(8, 4, 2, np.inf)]
    made = inverse_depth(depth_video(tmp_path / "d.mkv", frames), METRES, length_s=60)
    before, after = grey_of(made)[:, 32, 48]
    assert (abs(before - 128) <= 3, abs(after - 128) <= 3) == (True, True)


def test_a_few_odd_pixels_do_not_decide_what_is_white(tmp_path: Path) -> None:
    picture = bands(2, 4, 8, np.inf)
    picture[0, :3] = 0.06  # of 8192
    made = inverse_depth(depth_video(tmp_path / "d.mkv", [picture]), METRES, length_s=60)
    assert grey_of(made)[0, 32, 16] >= 252


def test_a_wall_of_one_depth_and_odd_sides_are_no_trouble(tmp_path: Path) -> None:
    made = inverse_depth(depth_video(tmp_path / "d.mkv", [np.full((51, 71), 5.0)]), METRES, length_s=60)
    assert probe(io.BytesIO(made)).width == 70


def test_only_as_much_is_read_as_is_needed(tmp_path: Path) -> None:
    video = depth_video(tmp_path / "d.mkv", [bands(4, 8)] * 8 + [bands(0.5, 8)] * 8)
    made = inverse_depth(video, METRES, length_s=0.9)
    assert probe(io.BytesIO(made)).frames == 8
    assert grey_of(made)[0, 32, 16] >= 252


def test_its_head_says_whether_it_is_deep(make_clip: MakeClip, tmp_path: Path) -> None:
    assert is_deep(depth_video(tmp_path / "d.mkv", [bands(2, 4)]))
    assert not is_deep(make_clip())


def test_what_is_broken_behind_its_first_picture_is_said_to_be(tmp_path: Path) -> None:
    video = broken_later(depth_video(tmp_path / "d.mkv", [bands(2, 4)] * 8), tmp_path / "broken.mkv")
    assert is_deep(video)
    assert probe(video).frames == 8
    with pytest.raises(UnreadableClip, match="it cannot be decoded"):
        inverse_depth(video, METRES, length_s=60)


def test_what_is_too_small_for_an_encoder_is_said_to_be_no_video(tmp_path: Path) -> None:
    with pytest.raises(UnreadableClip):
        inverse_depth(depth_video(tmp_path / "d.mkv", [np.full((1, 1), 5.0)]), METRES, length_s=60)


@pytest.mark.parametrize(("fps", "frames"), [(12, 12), (24, 24), (6, 6), (16, 16), (12, 5)])
def test_a_video_is_conformed_in_rate_and_length(make_clip: MakeClip, fps: int, frames: int) -> None:
    """A frame tells its number by its grey: at each time stands what stood there before."""
    path = make_clip(frames=12, fps=12)
    made = conform(path, width=64, height=48, fps=fps, frames=frames)
    facts = probe(io.BytesIO(made))
    assert (facts.width, facts.height, facts.fps, facts.frames, facts.has_audio) == (64, 48, fps, frames, False)
    numbers = (grey_of(made)[:, 24, 32] - 40) / 8
    assert np.abs(numbers - np.arange(frames) * 12 / fps).max() <= 0.8


def test_a_video_that_is_too_short_keeps_its_last_frame(make_clip: MakeClip) -> None:
    made = conform(make_clip(frames=4, fps=12), width=64, height=48, fps=12, frames=9)
    numbers = (grey_of(made)[:, 24, 32] - 40) / 8
    assert np.abs(numbers - (0, 1, 2, 3, 3, 3, 3, 3, 3)).max() <= 0.4


@pytest.mark.parametrize("size", [(128, 64), (64, 128), (96, 96)])
def test_another_shape_fills_the_picture_and_loses_its_borders(tmp_path: Path, size: tuple[int, int]) -> None:
    """A white square in the middle stays one; the black ring around it goes at two sides."""
    picture = np.zeros((90, 90, 3), np.uint8)
    picture[30:60, 30:60] = 255
    path = tmp_path / "square.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=8)
        stream.width, stream.height, stream.pix_fmt = 90, 90, "yuv420p"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    with path.open("rb") as file:
        shown = grey_of(conform(file, width=size[0], height=size[1], fps=8, frames=1))[0]
    side = max(size) / 3
    assert shown.shape == (size[1], size[0])
    assert [abs((shown > 128).sum(axis=axis).max() - side) <= 2 for axis in (0, 1)] == [True, True]


def test_what_is_no_video_is_said_to_be_none() -> None:
    with pytest.raises(UnreadableClip):
        conform(io.BytesIO(b"<html>"), width=64, height=48, fps=8, frames=1)
