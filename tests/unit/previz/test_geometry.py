"""Cameras, moves and silhouettes, checked by arithmetic."""

import numpy as np
import pytest

from reelway.previz.geometry import Pose, camera_row, project, vector
from reelway.previz.moves import MOVES
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


def test_push_comes_closer_and_pull_goes_back() -> None:
    def reach(name: str, s: float) -> float:
        pose = MOVES[name](REST, s)
        return float(np.linalg.norm(pose.target - pose.eye))

    assert reach("push", 1.0) < reach("push", 0.0)
    assert reach("pull", 1.0) > reach("pull", 0.0)


def test_orbit_keeps_its_distance() -> None:
    reaches = [float(np.linalg.norm(MOVES["orbit"](REST, s).eye - REST.target)) for s in (0.0, 0.3, 1.0)]
    assert reaches == pytest.approx([reaches[0]] * 3)


def test_pan_turns_from_left_to_right_on_the_spot() -> None:
    first, last = MOVES["pan"](REST, 0.0), MOVES["pan"](REST, 1.0)
    assert np.array_equal(first.eye, last.eye)
    assert first.target[0] < last.target[0]


def test_crane_rises_and_static_stays() -> None:
    assert MOVES["crane"](REST, 1.0).eye[1] > MOVES["crane"](REST, 0.0).eye[1]
    assert MOVES["static"](REST, 0.9) is REST


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
