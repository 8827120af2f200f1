"""What the marcher leaves out on its way is empty."""

from dataclasses import replace

import numpy as np
import pytest

from reelway.previz.geometry import Pose, camera_row
from reelway.previz.marcher import march
from reelway.previz.settings import SETTINGS
from reelway.previz.shot import Shot
from reelway.previz.spmd.layout import LEAFY, TOP_SIZE, TOP_TEXELS
from reelway.previz.textures import fractal, pack_tops
from reelway.previz.world import Primitives

SIZE = 1024


def bilinear(heights: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    i, j = np.floor(u).astype(int), np.floor(v).astype(int)
    a, b = u - i, v - j
    i, j, i1, j1 = i % SIZE, j % SIZE, (i + 1) % SIZE, (j + 1) % SIZE
    low = heights[j, i] * (1 - a) + heights[j, i1] * a
    high = heights[j1, i] * (1 - a) + heights[j1, i1] * a
    return low * (1 - b) + high * b


def test_nothing_of_a_height_map_rises_above_the_slope_from_its_tops() -> None:
    heights = fractal(5, ridge=0.8) ** 2
    tops = pack_tops(heights).reshape(TOP_SIZE, TOP_SIZE, 2)
    rng = np.random.default_rng(3)
    u, v = rng.uniform(0, SIZE, (2, 200_000))
    away, turn = rng.uniform(0, 500, 200_000) ** 1.0, rng.uniform(0, 2 * np.pi, 200_000)
    there = bilinear(heights, u + away * np.cos(turn), v + away * np.sin(turn))
    top, slope = tops[(v // TOP_TEXELS).astype(int), (u // TOP_TEXELS).astype(int)].T
    assert (there <= top + slope * away + 1e-6).all()
    assert (bilinear(heights, u, v) <= top).all()
    assert np.median(slope) < 0.02  # or it would say nothing


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("place", ["field", "castle", "mountains"])
def test_hills_are_where_small_steps_find_them(place: str) -> None:
    setting = SETTINGS[place](Shot(setting=place), seed=4, duration_s=5.0, aspect=16 / 9)
    width, height, t = 96, 54, 2.0
    seen = march(setting, t, width, height, lambda: False).depth
    row = camera_row(setting.frame(t).pose, width / height).astype(np.float64)
    # The lower half: above it trees stand before the hills.
    x, y = (grid.ravel() for grid in np.meshgrid(np.arange(2, width, 5), np.arange(height // 2, height, 3)))
    across, up = (2 * (x + 0.5) - width) / height, -(2 * (y + 0.5) - height) / height
    ways = across[:, None] * row[3:6] + up[:, None] * row[6:9] + row[12] * row[9:12]
    ways /= np.linalg.norm(ways, axis=1)[:, None]
    met = np.full(len(ways), setting.effort.far)
    heights, scale, tall = setting._heights, setting.scale, setting.tall
    for reach in 0.05 * 1.004 ** np.arange(2500):
        at = row[:3] + ways * reach
        under = at[:, 1] < tall * bilinear(heights, at[:, 0] * scale, at[:, 2] * scale)
        met = np.where(under & (met >= setting.effort.far), reach, met)
        if reach > setting.effort.far:
            break
    found = seen[y, x]
    ahead = found < met * 0.97  # a tree, a wall, a stone
    assert ahead.mean() < 0.35
    assert (np.abs(found - met) <= 0.03 * met + 0.05)[~ahead].mean() > 0.985


@pytest.mark.usefixtures("cache_dir")
def test_a_flat_disc_throws_a_shadow_of_its_own_size() -> None:
    place = SETTINGS["field"](Shot(setting="field", time="day", weather="clear"), seed=4, duration_s=5.0, aspect=1.0)
    own, side = place.frame(0.0), 24.0

    def lit(*, disc: bool) -> np.ndarray:
        prims = Primitives()
        prims.new_group()
        prims.plane(place.wood, 0.0)
        if disc:
            prims.new_group()
            prims.ellipsoid(place.wood, (0.0, 5.0, 0.0), (3.0, 0.12, 3.0))
        above = Pose(
            eye=np.array([0.0, 4.0, -0.01]), target=np.zeros(3), fov=float(np.degrees(2 * np.arctan(side / 8)))
        )
        still = replace(own, primitives=prims, pose=above, lights=[])
        place.frame = lambda t: still  # type: ignore[method-assign]
        return march(place, 0.0, 96, 96, lambda: False).light.mean(-1)

    dark = lit(disc=True) < 0.97 * lit(disc=False)
    area = dark.sum() * (side / 96) ** 2
    assert 0.6 < area / (np.pi * 3.0**2) < 1.8


@pytest.mark.usefixtures("cache_dir")
def test_a_tree_has_a_trunk_of_another_colour_than_its_leaves() -> None:
    shot = Shot(setting="field", time="day", weather="clear")
    field = SETTINGS["field"](shot, seed=4, duration_s=5.0, aspect=16 / 9)
    prims = field.frame(2.0).primitives.arrays()[0]
    (group,) = {row[1] for row in prims if row[0] == LEAFY}
    marched = march(field, 2.0, 320, 180, lambda: False)
    red, green, _ = marched.light[(marched.groups == group) & (marched.depth < 80)].T
    assert (green > 1.15 * red).mean() > 0.5
    assert 0.01 < (red > green).mean() < 0.3
