"""Cameras and silhouettes, checked by arithmetic."""

import numpy as np
import pytest

from reelway.previz.geometry import Pose, camera_row, project, vector
from reelway.previz.textures import fractal, height_at, pack_heights, silhouette

REST = Pose(eye=vector((0, 2, -10)), target=vector((0, 1, 0)))


def test_what_the_camera_looks_at_is_in_the_middle() -> None:
    camera = camera_row(REST, 16 / 9).astype(np.float64)
    x, y, z, away, _ = project(camera, np.array([[0.0, 1.0, 0.0]]), 360, 640)
    assert (x[0], y[0]) == pytest.approx((320, 180), abs=0.01)
    assert z[0] == pytest.approx(away[0])


def test_a_portrait_sees_more_up_and_down_and_enough_to_the_side() -> None:
    wide, tall = (float(camera_row(REST, aspect)[12]) for aspect in (16 / 9, 9 / 16))
    assert tall < wide
    half_width_wide, half_width_tall = (16 / 9) / wide, (9 / 16) / tall
    assert half_width_tall > half_width_wide * 0.5


def test_a_silhouette_is_negative_inside_and_in_metres() -> None:
    square = silhouette([(-1, -1), (1, -1), (1, 1), (-1, 1)], 4.0, 4.0)
    assert square[64, 64] == pytest.approx(-1, abs=0.05)
    assert square[64, 127] == pytest.approx(1, abs=0.05)


def test_noise_repeats_without_a_seam_and_is_its_seeds() -> None:
    a, b, c = fractal(1, octaves=4, size=128), fractal(1, octaves=4, size=128), fractal(2, octaves=4, size=128)
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert (a.min(), a.max()) == (0.0, 1.0)
    inner = np.abs(np.diff(a, axis=1)).max()
    assert np.abs(a[:, 0] - a[:, -1]).max() <= inner * 1.2


def test_the_packed_height_map_holds_each_neighbour() -> None:
    heights = np.arange(16, dtype=np.float32).reshape(4, 4)
    packed = pack_heights(heights).reshape(4, 4, 4)
    assert packed[1, 3].tolist() == [7, 4, 11, 8]
    assert height_at(heights, 1.0, 2.0) == 9.0
