"""What is out of focus is blurred, and nothing else."""

import itertools

import numpy as np
import pytest

from reelway.previz.camera.lens import BOKEH, aperture, blur_of, focused
from reelway.previz.prompt import parse
from reelway.previz.settings import SETTINGS
from reelway.previz.shot import Leg, Shot
from reelway.previz.world import Frame

HEIGHT, WIDTH = 96, 160
NEAR_M, FAR_M = 2.0, 50.0


def chequered() -> np.ndarray:
    """Stripes of three pixels: a blur makes them grey."""
    stripes = ((np.arange(WIDTH)[None] // 3 + np.arange(HEIGHT)[:, None] // 3) % 2).astype(np.float32)
    return np.repeat(stripes[..., None], 3, 2)


def split() -> np.ndarray:
    """Near on the left, far on the right."""
    depth = np.full((HEIGHT, WIDTH), FAR_M, np.float32)
    depth[:, : WIDTH // 2] = NEAR_M
    return depth


def contrast(light: np.ndarray) -> float:
    return float(np.abs(np.diff(light[..., 0], axis=1)).mean())


def blurred(light: np.ndarray, depth: np.ndarray, focus: float, wide: float) -> np.ndarray:
    from reelway.previz import filters

    return filters.defocus(light, depth, focus=focus, wide=wide)


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize(("focus", "sharp", "soft"), [(NEAR_M, 0, 1), (FAR_M, 1, 0)])
def test_what_the_lens_is_focused_on_stays_as_it_is(focus: float, sharp: int, soft: int) -> None:
    light = chequered()
    seen = blurred(light, split(), focus, 16.0)
    halves = [np.s_[16:-16, 16 : WIDTH // 2 - 16], np.s_[16:-16, WIDTH // 2 + 16 : -16]]
    assert np.abs(seen - light)[halves[sharp]].max() < 1e-4
    assert contrast(seen[halves[soft]]) < 0.15 * contrast(light[halves[soft]])


@pytest.mark.usefixtures("cache_dir")
def test_a_sharp_foreground_does_not_bleed_into_a_blurred_background() -> None:
    light = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    light[:, : WIDTH // 2] = 1.0
    seen = blurred(light, split(), NEAR_M, 16.0)
    assert seen[:, WIDTH // 2 :].max() < 0.02
    assert seen[:, : WIDTH // 2].min() > 0.98


@pytest.mark.usefixtures("cache_dir")
def test_a_blurred_foreground_lies_softly_over_a_sharp_background() -> None:
    light = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    light[:, : WIDTH // 2] = 1.0
    edge = blurred(light, split(), FAR_M, 16.0)[HEIGHT // 2, :, 0]
    assert edge[WIDTH // 2 + 2] > 0.1
    assert edge[WIDTH // 2 + 20] == pytest.approx(0.0, abs=1e-3)


@pytest.mark.usefixtures("cache_dir")
def test_a_bright_spot_becomes_a_disc_of_as_much_light() -> None:
    light = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    light[48:50, 80:82] = 30.0
    radius = 10.0
    seen = blurred(light, np.full((HEIGHT, WIDTH), FAR_M, np.float32), 1.0, radius / (1 - 1 / FAR_M))[..., 0]
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    away = np.hypot(y - 48.5, x - 80.5)
    assert seen.sum() == pytest.approx(light[..., 0].sum(), rel=0.05)
    assert seen[away < radius - 3].min() > 0.6 * seen.max()
    assert seen[away > radius + 3].max() < 0.02 * seen.max()


@pytest.mark.usefixtures("cache_dir")
def test_odd_and_small_pictures_are_filled_to_their_edges() -> None:
    for height, width in ((9, 7), (54, 97), (2, 2)):
        light = np.full((height, width, 3), 0.5, np.float32)
        seen = blurred(light, np.full((height, width), FAR_M, np.float32), 1.0, 12.0)
        assert np.allclose(seen, 0.5, atol=1e-4)


@pytest.mark.usefixtures("cache_dir")
def test_a_rack_focus_goes_from_what_is_near_to_what_is_far() -> None:
    from reelway.previz.marcher import develop, march

    shot = parse("rack focus from a penguin to a giraffe in a field")
    setting = SETTINGS[shot.setting](shot, seed=5, duration_s=5.0, aspect=16 / 9)

    def sharpness(t: float) -> list[float]:
        marched = march(setting, t, 384, 216, lambda: False)
        grey = develop(setting, marched, t, 1 / 24).astype(float).mean(-1)
        slopes = np.hypot(*np.gradient(grey))
        found = []
        for _, first, last in marched.cast:
            mask = (marched.groups >= first) & (marched.groups <= last)
            inner = mask & np.roll(mask, 3, 0) & np.roll(mask, -3, 0) & np.roll(mask, 3, 1) & np.roll(mask, -3, 1)
            found.append(float(np.percentile(slopes[inner], 95)))
        return found

    (near0, far0), (near1, far1) = sharpness(0.0), sharpness(4.9)
    assert near0 > 1.3 * near1
    assert far1 > 1.3 * far0


@pytest.mark.parametrize(
    ("prompt", "first", "last"),
    [
        ("rack focus, a robot in a field", None, "robot"),
        ("rack focus to the background, a robot in a field", "robot", None),
        ("rack focus to the foreground, a robot in a field", None, "robot"),
        ("rack focus from a robot to a car in a field", "robot", "car"),
        ("rack focus to the foreground, a robot and a car in a field", "car", "robot"),
    ],
)
def test_a_rack_focus_begins_and_ends_on_what_is_said(prompt: str, first: str | None, last: str | None) -> None:
    """Of nobody the focus is far from the subject's."""
    shot = parse(prompt)
    setting = SETTINGS[shot.setting](shot, seed=5, duration_s=5.0, aspect=16 / 9)
    for t, kind in ((0.0, first), (5.0, last)):
        pose, hero = setting.camera(t), setting.hero_at(t)
        assert pose.focus is not None
        assert hero is not None
        reach = float(np.linalg.norm(hero - pose.eye))
        there = reach + (setting.hero_beyond() if kind == "car" else 0.0)
        assert (abs(pose.focus - there) < 0.1 * there) == (kind is not None)


def test_who_stands_behind_is_not_hidden_by_who_stands_in_front() -> None:
    for prompt in ("rack focus from a robot to a car in a street", "rack focus from a guitar to a cat on a stage"):
        shot = parse(prompt)
        setting = SETTINGS[shot.setting](shot, seed=5, duration_s=5.0, aspect=16 / 9)
        frame = setting.frame(2.5)
        near, far = (_middle(frame, index) - frame.pose.eye for index in (0, 1))
        view = frame.pose.target - frame.pose.eye
        across = np.cross([0.0, 1.0, 0.0], view / np.linalg.norm(view))
        assert far @ view > 1.2 * (near @ view)
        assert abs(far @ across / (far @ view) - near @ across / (near @ view)) * np.linalg.norm(view) > 0.1


def _middle(frame: Frame, member: int) -> np.ndarray:
    """Of the solids of one of the cast."""
    rows, bounds = frame.primitives.arrays()
    _, first, last = frame.primitives.cast[member]
    return bounds[(rows[:, 1] >= first) & (rows[:, 1] <= last), :3].mean(0)


@pytest.mark.usefixtures("cache_dir")
def test_one_alone_comes_into_focus() -> None:
    shot = Shot(setting="field", camera=(Leg(move="rack"),))
    setting = SETTINGS["field"](shot, seed=5, duration_s=5.0, aspect=16 / 9)
    away = [pose.focus for pose in (setting.camera(t) for t in np.linspace(0, 5, 11))]
    assert all(one is not None and other is not None and one < other for one, other in itertools.pairwise(away))


@pytest.mark.parametrize(
    ("prompt", "blurs"),
    [
        ("close-up of a woman", True),
        ("portrait of an old man", True),
        ("macro shot of a bee", True),
        ("rack focus from a robot to a car", True),
        ("a car in a street, bokeh", True),
        ("a dog in a field, shallow depth of field", True),
        ("push in to a close-up of a robot", True),
        ("a dog runs through a forest", False),
        ("wide shot of a city", False),
    ],
)
def test_only_some_shots_are_blurred(prompt: str, blurs: bool) -> None:
    shot = parse(prompt)
    assert (blur_of(shot) is not None) == blurs
    setting = SETTINGS[shot.setting](shot, seed=5, duration_s=5.0, aspect=16 / 9)
    assert (setting.camera(1.0).focus is not None) == blurs


def test_a_longer_lens_and_a_nearer_subject_blur_more() -> None:
    def blur(fov: float, reach: float) -> float:
        """The disc of what is endlessly far, in heights of the picture."""
        return aperture(fov, reach, 0.0, 0.3) / reach / (2 * np.tan(np.radians(fov) / 2))

    assert blur(16, 4) > 3 * blur(34, 4) > 9 * blur(67, 4)
    assert blur(34, 2) > 1.9 * blur(34, 4)
    assert blur(67, 5) < 0.002
    asked = aperture(34, 6, BOKEH, 0.3) / 6 / (2 * np.tan(np.radians(34) / 2))
    assert asked == pytest.approx(BOKEH)


def test_focus_goes_by_dioptres_to_who_stands_behind() -> None:
    assert focused(4.0, 0.0, 4.0) == pytest.approx(4.0)
    assert focused(4.0, 1.0, 4.0) == pytest.approx(8.0)
    assert focused(4.0, 0.5, 4.0) == pytest.approx(1 / ((1 / 4 + 1 / 8) / 2))
    assert focused(4.0, -1.0) < 4.0 < focused(4.0, 1.0)
