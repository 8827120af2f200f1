"""What each camera move does to the picture: the optical flow of rendered pairs, measured and not asserted by eye.

A yard of tiled panels is rendered small at two near moments; Lucas and Kanade's method tells where each patch
went. `u` is to the right and `v` down, in pixels of the picture; the camera to the right makes the picture go left.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from reelway.previz.air import HOURS, Air
from reelway.previz.geometry import Pose, vector
from reelway.previz.settings.base import Effort, Setting
from reelway.previz.shot import Leg, Shot
from reelway.previz.words import SettingWords
from reelway.previz.world import Primitives

pytestmark = pytest.mark.usefixtures("cache_dir")

WIDTH, HEIGHT = 192, 108
PATCH = 13
STRIDE = 5
EDGE = 6
TARGET_M = 14.0


class Yard(Setting):
    """Panels of tiles from 6 to 12 metres away, before a tiled wall at 44."""

    words: ClassVar[SettingWords] = SettingWords(names="yard")
    time: ClassVar[str] = "day"
    move: ClassVar[str] = ""
    effort = Effort(steps=90, far=200.0, shadow_steps=0)

    def build(self) -> None:
        rng = np.random.default_rng(3)
        greys = [self.materials.add((g, g, g), specular=0.0, gloss=0.0) for g in (0.02, 0.07, 0.16, 0.3, 0.55, 0.9)]
        self.tiles: list[tuple[int, tuple[float, float, float], float]] = []

        def panel(x: float, y: float, z: float, size: float, columns: int, rows: int) -> None:
            for column in range(columns):
                for row in range(rows):
                    at = (x + (2 * column + 1 - columns) * size, y + (2 * row + 1 - rows) * size, z)
                    self.tiles.append((greys[int(rng.integers(6))], at, size))

        panel(0.0, 2.0, 44.0, 1.6, 28, 15)
        for z in np.linspace(6, 12, 14):
            side = rng.choice((-1.0, 1.0))
            panel(side * rng.uniform(0.20, 0.75) * z, 2 + rng.uniform(-0.4, 0.4) * z, z, 0.022 * z, 4, 5)

    def furnish(self, prims: Primitives, t: float) -> None:
        for grey, at, size in self.tiles:
            prims.new_group()
            prims.box(grey, at, (size, size, 0.1), 0.001)

    def path(self, t: float, k: float) -> Pose:
        return Pose(eye=vector((0, 2, 0)), target=vector((0, 2, TARGET_M)), fov=50)

    def clear(self, pose: Pose) -> Pose:
        return pose

    def air(self, t: float) -> Air:
        hour = HOURS["day"]
        return Air(
            zenith=(0.6, 0.6, 0.6),
            horizon=(0.6, 0.6, 0.6),
            below=(0.6, 0.6, 0.6),
            sun=(0.3, 0.6, -0.7),
            sun_colour=hour.sun_colour,
            glow=0,
            disc=0,
            clouds=0,
            cloud_colour=(0, 0, 0),
            ambient_low=(0.3, 0.3, 0.3),
            ambient_high=(0.4, 0.4, 0.4),
            key=hour.key,
            fog=0,
            fog_falloff=0.1,
            fog_colour=(0.5, 0.5, 0.5),
        )


def trimmed(values: np.ndarray) -> float:
    """The mean without the tenth at either end: a patch on an edge in depth says anything."""
    ordered = np.sort(values)
    cut = len(ordered) // 10
    return float(ordered[cut : len(ordered) - cut].mean()) if len(ordered) else 0.0


@dataclass
class Flow:
    """Where the patches of one picture went until the next."""

    x: np.ndarray  # from the middle, in half heights; y downwards
    y: np.ndarray
    u: np.ndarray
    v: np.ndarray
    depth: np.ndarray  # metres

    @property
    def middle(self) -> tuple[float, float]:
        """Where the picture as a whole went."""
        return trimmed(self.u), trimmed(self.v)

    @property
    def size(self) -> float:
        """How far patches went, most of them."""
        return float(np.median(np.hypot(self.u, self.v)))

    def where(self, chosen: np.ndarray) -> "Flow":
        """Some of the patches."""
        return Flow(self.x[chosen], self.y[chosen], self.u[chosen], self.v[chosen], self.depth[chosen])

    @property
    def near(self) -> "Flow":
        """Patches before the target."""
        return self.where(self.depth < TARGET_M * 0.8)

    @property
    def far(self) -> "Flow":
        """Patches behind the target."""
        return self.where(self.depth > TARGET_M * 1.6)

    @property
    def spread(self) -> float:
        """Pixels outwards by half a height from the middle: how much everything grew."""
        square = self.x**2 + self.y**2
        outer = square > 0.1
        return trimmed((self.u * self.x + self.v * self.y)[outer] / square[outer])


def seen(setting: Setting, t: float) -> tuple[np.ndarray, np.ndarray]:
    """Brightness and depth of one frame."""
    from reelway.previz.marcher import march

    # Twice as fine, then halved: else edges flicker, and flicker is no flow.
    seen = march(setting, t, 2 * WIDTH, 2 * HEIGHT, lambda: False)
    light, depth = seen.light, seen.depth
    bright = np.clip(light.mean(axis=2), 0, 4) ** 0.45
    halved = bright.reshape(HEIGHT, 2, WIDTH, 2).mean(axis=(1, 3), dtype=np.float64)
    return halved, depth[::2, ::2]


def sums(values: np.ndarray) -> np.ndarray:
    """Sums over squares of PATCH pixels."""
    total = np.pad(values, 1).cumsum(0).cumsum(1)[:-1, :-1]
    return total[PATCH:, PATCH:] - total[:-PATCH, PATCH:] - total[PATCH:, :-PATCH] + total[:-PATCH, :-PATCH]


def soft(values: np.ndarray) -> np.ndarray:
    """Blurred by two pixels, so that an edge has a slope."""
    for axis in (0, 1) * 3:
        values = (np.roll(values, 1, axis) + 2 * values + np.roll(values, -1, axis)) / 4
    return values


def flow_of(setting: Setting, t: float, step_s: float) -> Flow:
    """The flow between `t` and `step_s` later; it should be less than two pixels for most patches."""
    first, depth = seen(setting, t)
    second, _ = seen(setting, t + step_s)
    a, b = soft(first), soft(second)
    slope_y, slope_x = np.gradient((a + b) / 2)
    xx, xy, yy = sums(slope_x**2), sums(slope_x * slope_y), sums(slope_y**2)
    xt, yt = sums(slope_x * (b - a)), sums(slope_y * (b - a))
    determinant = xx * yy - xy**2
    corner = determinant / np.maximum(xx + yy, 1e-9)  # small where a patch has no two directions
    rows, columns = np.mgrid[EDGE : corner.shape[0] - EDGE : STRIDE, EDGE : corner.shape[1] - EDGE : STRIDE]
    patches = np.lib.stride_tricks.sliding_window_view(depth, (PATCH, PATCH))[rows, columns]
    even = patches.max(axis=(2, 3)) < 1.35 * patches.min(axis=(2, 3))
    pick = (corner[rows, columns] > np.percentile(corner, 35)) & even
    rows, columns, deep = rows[pick], columns[pick], patches.mean(axis=(2, 3))[pick]
    det = determinant[rows, columns]
    u = -(yy * xt - xy * yt)[rows, columns] / det
    v = -(xx * yt - xy * xt)[rows, columns] / det
    x = (columns + PATCH / 2 - WIDTH / 2) / (HEIGHT / 2)
    y = (rows + PATCH / 2 - HEIGHT / 2) / (HEIGHT / 2)
    assert len(x) > 30
    return Flow(x, y, u, v, deep)


def yard(*legs: Leg, **changes: object) -> Setting:
    """The yard, filmed for five seconds."""
    shot = Shot(setting="yard", camera=legs, **changes)  # type: ignore[arg-type]
    return Yard(shot, seed=1, duration_s=5.0, aspect=WIDTH / HEIGHT)


def flow(move: str, way: str = "", *, step_s: float = 0.05) -> Flow:
    """The flow in the middle of a five-second clip of one move."""
    return flow_of(yard(Leg(move=move, way=way)), 2.5, step_s)


def test_static_has_no_flow() -> None:
    found = flow("static", step_s=1.0)
    assert np.abs(found.u).max() == np.abs(found.v).max() == 0


@pytest.mark.parametrize(("way", "sign"), [("right", -1), ("left", 1)])
def test_pan_moves_near_and_far_alike_the_other_way(way: str, sign: int) -> None:
    found = flow("pan", way)
    u, v = found.middle
    assert sign * u > 0.8
    assert abs(v) < 0.05 * abs(u)
    assert found.near.middle[0] == pytest.approx(found.far.middle[0], rel=0.3)


@pytest.mark.parametrize(("way", "sign"), [("up", 1), ("down", -1)])
def test_tilt_moves_near_and_far_alike_down_or_up(way: str, sign: int) -> None:
    found = flow("tilt", way)
    u, v = found.middle
    assert sign * v > 0.4
    assert abs(u) < 0.05 * abs(v)
    assert found.near.middle[1] == pytest.approx(found.far.middle[1], rel=0.3)


@pytest.mark.parametrize(("move", "sign"), [("push", 1), ("pull", -1)])
def test_dolly_makes_the_near_grow_much_more_than_the_far(move: str, sign: int) -> None:
    near, far = flow(move).near, flow(move, step_s=0.2).far
    assert sign * near.spread / 0.05 > 3 * sign * far.spread / 0.2 > 0


@pytest.mark.parametrize(("way", "sign"), [("in", 1), ("out", -1)])
def test_zoom_makes_near_and_far_grow_alike(way: str, sign: int) -> None:
    found = flow("zoom", way)
    assert sign * found.near.spread > 0.25
    assert found.near.spread == pytest.approx(found.far.spread, rel=0.5)


def test_a_dolly_zoom_draws_near_and_far_apart() -> None:
    found = flow("vertigo")
    assert found.near.spread > 0.2
    assert found.far.spread < -0.2


@pytest.mark.parametrize(("way", "sign"), [("right", -1), ("left", 1)])
def test_truck_moves_the_near_more_than_the_far(way: str, sign: int) -> None:
    found = flow("truck", way)
    assert sign * found.near.middle[0] > 3 * sign * found.far.middle[0] > 0.1
    assert abs(found.near.middle[1]) < 0.1 * abs(found.near.middle[0])


@pytest.mark.parametrize(("way", "sign"), [("up", 1), ("down", -1)])
def test_crane_moves_near_and_far_against_each_other_and_upright(way: str, sign: int) -> None:
    """The target is held: what is nearer than it sinks in the picture while what is further rises."""
    found = flow("crane", way, step_s=0.03)
    assert sign * found.near.middle[1] > 0.2
    assert sign * found.far.middle[1] < -0.15
    assert abs(found.far.middle[0]) < 0.05


@pytest.mark.parametrize(("way", "sign"), [("right", -1), ("left", 1)])
def test_orbit_turns_near_and_far_against_each_other(way: str, sign: int) -> None:
    found = flow("orbit", way, step_s=0.03)
    assert sign * found.near.middle[0] > 0.3
    assert sign * found.far.middle[0] < -0.3
    assert abs(found.far.middle[1]) < 0.05


def test_track_without_a_subject_goes_sideways() -> None:
    found = flow("track")
    assert found.near.middle[0] < 2 * found.far.middle[0] < 0


def test_aerial_looks_down_and_goes_on() -> None:
    found = flow("aerial", step_s=0.08)
    assert found.middle[1] > 0.15
    assert abs(found.middle[0]) < 0.05


def test_push_through_grows_quicker_than_a_dolly() -> None:
    through, push = flow("through", step_s=0.15), flow("push", step_s=0.15)
    assert through.far.spread > 1.5 * push.far.spread > 0.1


def test_handheld_is_small_and_means_nothing() -> None:
    setting = yard(Leg(move="handheld"))
    moved = np.array([flow_of(setting, t, 1 / 24).middle for t in np.linspace(0.1, 4.8, 16)])
    assert 0.05 < np.abs(moved).mean() < 1.0
    assert np.abs(moved).max() < 2.0
    assert (np.abs(moved.mean(axis=0)) < moved.std(axis=0)).all()
    assert (moved[:, 0] > 0).any()
    assert (moved[:, 0] < 0).any()


def test_whip_is_still_then_large_then_still() -> None:
    """Too large for a patch to be found again: the correlation of the whole pictures tells it."""
    setting = yard(Leg(move="whip", starts=0.4, ends=0.49, ease="whip"))

    def moved(t: float) -> float:
        a, b = (np.fft.fft2(seen(setting, moment)[0] - 0.5) for moment in (t, t + 1 / 96))
        product = a * np.conj(b)
        peak = np.unravel_index(np.abs(np.fft.ifft2(product / np.maximum(np.abs(product), 1e-9))).argmax(), a.shape)
        return float((peak[1] + WIDTH // 2) % WIDTH - WIDTH // 2)

    assert moved(1.0) == moved(3.5) == 0
    assert abs(moved(2.22)) > 4  # half a picture in a second would be one pixel


def test_rack_focus_moves_nothing() -> None:
    assert flow("rack", step_s=1.0).size < 0.05


def test_two_legs_are_seen_one_after_the_other() -> None:
    setting = yard(
        Leg(move="pan", way="left", ends=0.5, ease="arrive"), Leg(move="truck", way="right", starts=0.5, ease="leave")
    )
    pan, truck = flow_of(setting, 0.8, 0.05), flow_of(setting, 4.2, 0.03)
    assert pan.near.middle[0] == pytest.approx(pan.far.middle[0], rel=0.35)
    assert pan.middle[0] > 0.3
    assert truck.near.middle[0] < 2 * truck.far.middle[0] < 0
