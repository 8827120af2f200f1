"""Camera moves, checked by arithmetic."""

import base64
import json
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from reelway.previz.camera import MOVES, Operator, camera_path
from reelway.previz.camera.ease import EASES
from reelway.previz.camera.rig import Rig, posed
from reelway.previz.geometry import Pose, Vector, camera_row, project, unit, vector
from reelway.previz.passes.camera import camera_gltf, camera_json
from reelway.previz.shot import Leg, Shot

REST = Pose(eye=vector((0, 2, -10)), target=vector((0, 1, 0)))
CLIP_S = 5.0


class Field:
    """A flat place without an obstacle; its subject walks to the right, `speed` metres per second."""

    move: ClassVar[str] = "crane"
    signature: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        *legs: Leg,
        speed: float | None = None,
        duration_s: float = CLIP_S,
        beyond: float = 0.0,
        faced: bool = False,
        **shot: object,
    ) -> None:
        self.shot = Shot(setting="field", camera=legs, **shot)  # type: ignore[arg-type]
        self.duration_s = duration_s
        self.speed, self.faced = speed, faced
        self.beyond = beyond

    def path(self, t: float, k: float) -> Pose:
        gone = vector(((self.speed or 0.0) * t, 0, 0))
        return Pose(eye=REST.eye + gone, target=REST.target + gone)

    def clear(self, pose: Pose) -> Pose:
        return pose

    def hero_at(self, t: float) -> Vector | None:
        return None if self.speed is None else vector((self.speed * t, 1, 0))

    def hero_length(self) -> float | None:
        return None if self.speed is None else 1.9

    def leader_length(self) -> float:
        return self.hero_length() or 0.0

    def hero_front(self, t: float) -> tuple[float, Vector] | None:
        return (math.pi / 2, vector((0.5, 0.1, 0.0))) if self.faced else None

    def hero_face(self) -> float:
        return 0.0 if self.speed is None else 0.4

    def hero_beyond(self) -> float:
        return self.beyond


def filmed(*legs: Leg, **changes: object) -> Callable[[float], Pose]:
    """The poses of a clip in `Field`."""
    return Operator(Field(*legs, **changes)).at  # type: ignore[arg-type]


def reach(pose: Pose) -> float:
    return float(np.linalg.norm(pose.target - pose.eye))


def heading(pose: Pose) -> float:
    """Degrees to the right of straight on."""
    x, _, z = pose.target - pose.eye
    return math.degrees(math.atan2(x, z))


def pitch(pose: Pose) -> float:
    """Degrees above the horizon."""
    return math.degrees(math.asin(unit(pose.target - pose.eye)[1]))


def test_static_stays() -> None:
    camera = filmed(Leg(move="static"))
    assert all(np.array_equal(camera(t).eye, camera(0).eye) for t in (1.0, 3.3, 5.0))
    assert all(np.array_equal(camera(t).target, camera(0).target) for t in (1.0, 3.3, 5.0))


def test_push_comes_closer_and_pull_goes_back_the_same_way() -> None:
    push, pull = filmed(Leg(move="push")), filmed(Leg(move="pull"))
    assert reach(push(CLIP_S)) < 0.7 * reach(push(0))
    assert np.allclose([push(t).eye for t in (0, 2, 5)], [pull(t).eye for t in (5, 3, 0)])


@pytest.mark.parametrize(("way", "sign"), [("left", -1), ("right", 1)])
def test_pan_turns_on_the_spot(way: str, sign: int) -> None:
    camera = filmed(Leg(move="pan", way=way))
    assert np.array_equal(camera(0).eye, camera(CLIP_S).eye)
    assert sign * (heading(camera(CLIP_S)) - heading(camera(0))) == pytest.approx(29.8, abs=0.1)
    assert pitch(camera(0)) == pytest.approx(pitch(camera(CLIP_S)))


@pytest.mark.parametrize(("way", "sign"), [("up", 1), ("down", -1)])
def test_tilt_nods_on_the_spot(way: str, sign: int) -> None:
    camera = filmed(Leg(move="tilt", way=way))
    assert np.array_equal(camera(0).eye, camera(CLIP_S).eye)
    assert sign * (pitch(camera(CLIP_S)) - pitch(camera(0))) == pytest.approx(21.8, abs=0.1)


@pytest.mark.parametrize(("way", "sign"), [("left", -1), ("right", 1)])
def test_truck_goes_sideways_looking_straight_on(way: str, sign: int) -> None:
    first, last = (filmed(Leg(move="truck", way=way))(t) for t in (0.0, CLIP_S))
    assert sign * (last.eye - first.eye)[0] > 3
    assert (last.eye - first.eye)[1:] == pytest.approx([0, 0])
    assert heading(first) == pytest.approx(heading(last))


@pytest.mark.parametrize(("way", "sign"), [("up", 1), ("down", -1)])
def test_crane_rises_or_sinks_with_its_eye_on_the_target(way: str, sign: int) -> None:
    first, last = (filmed(Leg(move="crane", way=way))(t) for t in (0.0, CLIP_S))
    assert sign * (last.eye - first.eye)[1] > 5
    assert np.allclose(first.target, last.target)


@pytest.mark.parametrize(("way", "sign"), [("left", -1), ("right", 1)])
def test_orbit_keeps_its_distance_and_goes_to_its_side(way: str, sign: int) -> None:
    camera = filmed(Leg(move="orbit", way=way))
    reaches = [reach(camera(t)) for t in (0.0, 1.0, 2.5, 5.0)]
    assert reaches == pytest.approx([reaches[0]] * 4)
    assert sign * (camera(CLIP_S).eye - camera(0).eye)[0] > 3


def test_a_whole_circle_ends_where_it_began() -> None:
    camera = filmed(Leg(move="orbit", degrees=360))
    assert np.allclose(camera(0).eye, camera(CLIP_S).eye)
    assert np.linalg.norm(camera(CLIP_S / 2).eye - camera(0).eye) > 15


def test_zoom_leaves_the_camera_where_it_is() -> None:
    first, last = (filmed(Leg(move="zoom", way="in"))(t) for t in (0.0, CLIP_S))
    assert np.array_equal(first.eye, last.eye)
    assert last.fov < 0.75 * first.fov


def test_a_dolly_zoom_keeps_the_subject_as_large_as_it_was() -> None:
    camera = filmed(Leg(move="vertigo"))
    sizes = [1 / (reach(camera(t)) * math.tan(math.radians(camera(t).fov) / 2)) for t in (0.0, 2.0, 5.0)]
    assert sizes == pytest.approx([sizes[0]] * 3, rel=0.01)
    assert reach(camera(5)) < 0.7 * reach(camera(0))


def test_aerial_is_high_and_goes_on() -> None:
    first, last = (filmed(Leg(move="aerial"))(t) for t in (0.0, CLIP_S))
    assert min(first.eye[1], last.eye[1]) > 3 * REST.eye[1]
    assert (last.eye - first.eye)[2] > 3


def test_push_through_goes_past_where_it_looked() -> None:
    first, last = (filmed(Leg(move="through"))(t) for t in (0.0, CLIP_S))
    assert first.eye[2] < REST.eye[2]
    assert last.eye[2] - first.eye[2] > 8


def test_handheld_never_rests_never_jolts_and_goes_nowhere() -> None:
    camera, times = filmed(Leg(move="handheld")), np.arange(0, 60, 1 / 24)
    turns = np.array([(heading(camera(t)), pitch(camera(t))) for t in times])
    steps = np.abs(np.diff(turns, axis=0))
    assert np.abs(turns.mean(axis=0) - (0, pitch(REST))) == pytest.approx((0, 0), abs=0.2)
    assert 0.2 < turns.std(axis=0).min() < turns.std(axis=0).max() < 1.5
    assert steps.max() < 0.3


def test_a_whip_is_over_in_half_a_second_and_ends_on_the_subject() -> None:
    camera = filmed(Leg(move="whip", starts=0.4, ends=0.49, ease="whip"))
    assert heading(camera(1.9)) == pytest.approx(-100.3, abs=0.1)
    assert heading(camera(2.5)) == pytest.approx(0)
    times = np.arange(0, CLIP_S, 1 / 24)
    assert np.abs(np.diff([heading(camera(t)) for t in times])).max() > 12


@pytest.mark.parametrize(
    ("way", "starts_sharp", "rises"), [("", False, True), ("far", True, True), ("near", False, False)]
)
def test_rack_focus_changes_nothing_but_the_focus(way: str, starts_sharp: bool, rises: bool) -> None:
    first, last = (filmed(Leg(move="rack", way=way))(t) for t in (0.0, CLIP_S))
    assert np.array_equal(first.eye, last.eye)
    assert first.focus is not None
    assert last.focus is not None
    assert (first.focus < last.focus) == rises
    assert (first if starts_sharp else last).focus == pytest.approx(reach(REST))


def test_a_camera_on_the_ground_lets_the_subject_go_and_one_that_tracks_goes_with_it() -> None:
    still, going = filmed(Leg(move="static"), speed=2.0), filmed(Leg(move="track"), speed=2.0)
    assert np.allclose(still(0).eye, still(5).eye)
    assert going(5).eye[0] - going(0).eye[0] > 9


def test_a_camera_that_stands_sees_even_a_quick_subject_for_most_of_the_clip() -> None:
    place = Field(Leg(move="static"), speed=20.0)
    pose = Operator(place).at(0)
    view, seen = unit(pose.target - pose.eye), []
    for t in np.arange(0.0, CLIP_S, 0.1):
        hero = place.hero_at(float(t))
        assert hero is not None
        seen.append(float(unit(hero - pose.eye) @ view) > math.cos(math.radians(pose.fov / 2)))
    assert np.mean(seen) >= 0.7


@pytest.mark.parametrize(
    "legs",
    [
        (Leg(move="static", ends=0.4, ease="smooth"), Leg(move="truck", starts=0.4, ease="leave")),
        (Leg(move="pan", ends=0.5, ease="arrive"), Leg(move="push", starts=0.5, ease="leave")),
        (Leg(move="aerial", ends=0.4, ease="arrive"), Leg(move="push", starts=0.4, ease="smooth")),
        (Leg(move="track", ends=0.5, ease="arrive"), Leg(move="static", starts=0.5, ease="smooth")),
        (Leg(move="static", ends=0.3, ease="smooth"), Leg(move="track", starts=0.3), Leg(move="handheld", starts=0.3)),
        (Leg(move="push", ends=0.3, ease="arrive"), Leg(move="orbit", starts=0.3, ends=0.7, ease="smooth")),
        (Leg(move="tilt", ends=0.2, ease="snap"), Leg(move="crane", starts=0.2, ease="leave")),
    ],
)
def test_legs_go_over_into_each_other_without_a_jump_or_a_jolt(legs: tuple[Leg, ...]) -> None:
    camera = filmed(*legs, speed=1.2)
    step = 1 / 240
    times = np.arange(step, CLIP_S - step, step)
    ways = np.array([[*camera(t).eye, *camera(t).target] for t in times])
    velocity = np.diff(ways, axis=0) / step
    assert np.abs(velocity).max() < 40
    assert np.abs(np.diff(velocity, axis=0)).max() < 1.2  # metres per second, in a 240th of one


def test_moves_at_the_same_time_are_added_up() -> None:
    both = filmed(Leg(move="push"), Leg(move="pan"))
    push, pan = filmed(Leg(move="push")), filmed(Leg(move="pan"))
    assert np.allclose(both(4).eye, push(4).eye)
    assert heading(both(4)) == pytest.approx(heading(pan(4)))


def test_a_turn_before_a_push_ends_on_the_subject() -> None:
    camera = filmed(Leg(move="pan", ends=0.5, ease="arrive"), Leg(move="push", starts=0.5, ease="leave"))
    assert heading(camera(2.5)) == pytest.approx(0)
    assert heading(camera(5.0)) == pytest.approx(0)
    assert abs(heading(camera(0))) > 15


def test_quick_and_long_moves_are_larger() -> None:
    def swept(duration_s: float = CLIP_S, **leg: float) -> float:
        camera = filmed(Leg(move="pan", **leg), duration_s=duration_s)  # type: ignore[arg-type]
        return heading(camera(duration_s)) - heading(camera(0))

    assert swept(pace=0.6) < swept() < swept(pace=1.5)
    assert swept(2.0) < swept() < swept(10.0)
    assert swept(degrees=90) == pytest.approx(swept(2.0, degrees=90)) == pytest.approx(90)


@pytest.mark.parametrize(("wider", "closer"), [("wide", "full"), ("full", "medium"), ("medium", "close")])
@pytest.mark.parametrize("speed", [None, 1.0])
def test_shot_sizes_are_in_order(wider: str, closer: str, speed: float | None) -> None:
    assert reach(filmed(size=wider, speed=speed)(2)) > reach(filmed(size=closer, speed=speed)(2))


def test_a_close_up_fills_the_picture_with_any_lens() -> None:
    for lens in (None, "wide", "normal", "long"):
        pose = filmed(size="close", lens=lens, speed=1.0)(2)
        assert 1.9 / (2 * reach(pose) * math.tan(math.radians(pose.fov) / 2)) == pytest.approx(1.9)


def test_a_close_up_looks_at_the_face() -> None:
    close, full = (filmed(size=size, speed=1.0)(2) for size in ("close", "full"))
    assert close.target[1] - full.target[1] == pytest.approx(0.34)
    assert pitch(close) == pytest.approx(pitch(full), abs=0.5)


def test_a_long_lens_stands_further_away_than_a_wide_one() -> None:
    long, wide = (filmed(lens=lens, speed=1.0)(2) for lens in ("long", "wide"))
    assert long.fov < 20 < 60 < wide.fov
    assert reach(long) > 2 * reach(wide)


def test_low_high_and_overhead_look_from_there() -> None:
    low, eye, high, overhead = (pitch(filmed(angle=angle)(2)) for angle in ("low", "eye", "high", "overhead"))
    assert overhead < -60 < high < -15 < eye < low


def test_a_near_view_of_someone_is_one_of_a_face() -> None:
    """The subject looks along x, and its face is half a metre ahead of its middle."""

    def seen(pose: Pose) -> float:
        x, _, z = pose.eye - pose.target
        return abs(math.degrees(math.atan2(z, x)))

    for size in ("close", "extreme"):
        pose = filmed(size=size, speed=0.0, faced=True)(2)
        assert seen(pose) == pytest.approx(math.degrees(0.65), abs=0.5)
        assert pose.target[[0, 2]] == pytest.approx((0.5, 0.0), abs=0.01)
    assert seen(filmed(size="full", speed=0.0, faced=True)(2)) == pytest.approx(90.0)
    assert seen(filmed(Leg(move="track"), size="close", speed=0.0, faced=True)(2)) == pytest.approx(90.0)


def test_a_leg_may_end_in_a_size() -> None:
    camera = filmed(Leg(move="push", size="close"), size="wide", speed=1.0)
    assert reach(camera(0)) == pytest.approx(reach(filmed(size="wide", speed=1.0)(0)))
    assert reach(camera(5)) == pytest.approx(reach(filmed(size="close", speed=1.0)(0)))


@pytest.mark.parametrize("name", [name for name in EASES if name != "cut"])
def test_an_ease_begins_at_nothing_and_ends_at_all_without_going_back(name: str) -> None:
    values = [EASES[name](s) for s in np.linspace(-0.2, 1.2, 141)]
    assert values[0] == 0
    assert values[-1] == pytest.approx(1)
    assert all(a <= b + 1e-12 for a, b in pairwise(values))


def test_nothing_turns_further_than_straight_up() -> None:
    pose = posed(REST, Rig(tilt=3.0))
    assert pitch(pose) == pytest.approx(84)
    assert reach(pose) == pytest.approx(reach(REST))


@pytest.mark.parametrize("name", MOVES)
def test_every_way_of_every_move_can_be_filmed(name: str) -> None:
    for way in MOVES[name].ways:
        for speed in (None, 0.0, 30.0):
            camera = filmed(Leg(move=name, way=way), speed=speed)
            for t in (0.0, 2.0, 5.0):
                assert np.isfinite([*camera(t).eye, *camera(t).target, camera(t).fov]).all()


def test_the_path_as_data_has_a_view_for_each_frame() -> None:
    views = camera_path(filmed(Leg(move="orbit")), frames=10, fps=24, aspect=16 / 9)
    assert [view.t for view in views] == pytest.approx([n / 24 for n in range(10)])
    for view in views:
        axes = np.stack([view.right, view.up, view.forward])
        assert np.allclose(axes @ axes.T, np.eye(3), atol=1e-6)
        assert np.allclose(unit(view.target - view.eye), view.forward, atol=1e-6)
        assert view.fov == pytest.approx(50, abs=0.01)


def test_the_path_as_json_is_what_the_renderer_projects_with() -> None:
    views = camera_path(filmed(Leg(move="orbit")), frames=4, fps=24, aspect=16 / 9)
    told = json.loads(camera_json(views, width=640, height=360, fps=24))
    frame = told["frames"][3]
    world_to_camera = np.linalg.inv(np.array(frame["camera_to_world"]))
    point = np.array([1.0, 2.0, 3.0])
    x, y, z, _ = world_to_camera @ [*point, 1.0]
    row = camera_row(filmed(Leg(move="orbit"))(3 / 24), 16 / 9).astype(np.float64)
    sx, sy, depth, _, _ = project(row, point[None], 360, 640)
    assert (320 + x / z * frame["focal_px"], 180 - y / z * frame["focal_px"]) == pytest.approx((sx[0], sy[0]), abs=0.01)
    assert z == pytest.approx(depth[0], abs=1e-4)


def test_the_path_as_gltf_is_the_same_camera() -> None:
    """A glTF camera looks along its own -z with y up."""
    legs = (Leg(move="orbit", degrees=360), Leg(move="crane"))
    views = camera_path(filmed(*legs), frames=48, fps=24, aspect=16 / 9)
    document = json.loads(camera_gltf(views, width=640, height=360))
    data = base64.b64decode(document["buffers"][0]["uri"].partition(",")[2])

    def block(number: int, width: int) -> np.ndarray:
        part = document["bufferViews"][number]
        raw = data[part["byteOffset"] : part["byteOffset"] + part["byteLength"]]
        return np.frombuffer(raw, np.float32).reshape(-1, width)

    places, turns = block(1, 3), block(2, 4)
    assert len(places) == len(turns) == document["accessors"][0]["count"] == 48
    assert block(0, 1)[-1, 0] == pytest.approx(47 / 24)
    assert np.linalg.norm(np.diff(turns, axis=0), axis=1).max() < 0.1  # no flips
    for view, place, (x, y, z, w) in zip(views, places, turns, strict=True):
        assert place == pytest.approx(view.eye * (1, 1, -1), abs=1e-4)
        ahead = -np.array([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])
        assert ahead == pytest.approx(view.forward * (1, 1, -1), abs=1e-4)
        up = np.array([2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x)])
        assert up == pytest.approx(view.up * (1, 1, -1), abs=1e-4)


class Hill(Field):
    """Its own camera rises by `rise` metres and comes `near` metres nearer."""

    signature: ClassVar[frozenset[str]] = frozenset({"push", "orbit", "track"})

    def __init__(self, *legs: Leg, rise: float = 0.0, near: float = 0.0) -> None:
        super().__init__(*legs)
        self.way = vector((0, rise, near))

    def path(self, t: float, k: float) -> Pose:
        return Pose(eye=REST.eye + self.way * k, target=REST.target)


def test_a_place_whose_own_camera_does_the_move_films_it_its_own_way() -> None:
    own = Operator(Hill(Leg(move="push", way="in"), near=5.0))
    assert reach(own.at(0)) - reach(own.at(CLIP_S)) == pytest.approx(5.0, abs=0.1)
    crane = Operator(Hill(Leg(move="crane"), rise=8.0))
    assert crane.at(CLIP_S).eye[1] - crane.at(0).eye[1] == pytest.approx(8.0)


def test_a_place_that_only_says_so_films_the_move_itself() -> None:
    away = Operator(Hill(Leg(move="push"), near=-4.0))
    assert reach(away.at(CLIP_S)) < reach(away.at(0))
    still = Operator(Hill(Leg(move="orbit", degrees=90)))
    assert np.linalg.norm(still.at(CLIP_S).eye - still.at(0).eye) > 5


def test_every_move_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "previz" / "camera.md").read_text()
    for name, move in MOVES.items():
        (line,) = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
        assert line.split("|")[2].strip() == ", ".join(way for way in move.ways if way)
