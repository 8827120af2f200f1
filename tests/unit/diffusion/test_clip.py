"""Frames to MP4."""

from pathlib import Path

import av
import numpy as np
import pytest

from reelway.diffusion import clip
from reelway.media.probe import probe


def test_a_clip_is_cut_out_of_the_middle_and_keeps_its_colours(tmp_path: Path) -> None:
    picture = np.full((80, 112, 3), (0, 0, 255), np.uint8)
    picture[5:75, 6:106] = (200, 40, 60)
    assert clip.write([picture] * 5, tmp_path / "a.mp4", width=100, height=70, fps=8) == 5
    facts = probe(tmp_path / "a.mp4")
    assert (facts.width, facts.height, facts.frames, facts.fps, facts.faststart) == (100, 70, 5, 8, True)
    with av.open(str(tmp_path / "a.mp4")) as container:
        shown = next(container.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    assert np.abs(shown - (200, 40, 60)).max() <= 6
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_clip_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    def two() -> object:
        yield np.zeros((80, 112, 3), np.uint8)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        clip.write(two(), tmp_path / "a.mp4", width=112, height=80, fps=8)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
