"""Every place, small: nothing is black, nothing is not a number, nothing moves without reason."""

from pathlib import Path

import numpy as np
import pytest

from reelway.previz.prompt import parse
from reelway.previz.settings import SETTINGS, Setting
from reelway.previz.settings.vista import LANDS
from reelway.previz.shot import Shot

PROMPTS = {
    "city": "aerial shot over a futuristic city at dusk",
    "alley": "a detective in a rainy alley at night, noir",
    "coast": "a sports car on a coast road at sunset",
    "mars": "an astronaut on Mars",
    "river": "a rubber duck on a misty river at dawn",
    "vista": "mountains",
}


def built(shot: Shot, *, seed: int = 5, duration_s: float = 5.0, aspect: float = 16 / 9) -> Setting:
    return SETTINGS[shot.setting](shot, seed=seed, duration_s=duration_s, aspect=aspect)


def seen(setting: Setting, t: float, width: int = 64, height: int = 36) -> np.ndarray:
    from reelway.previz.marcher import picture

    return picture(setting, t, width, height, 1 / 24, lambda: False)


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize(("width", "height"), [(64, 36), (36, 64), (70, 30), (48, 48)])
def test_each_setting_renders_in_any_shape(name: str, width: int, height: int) -> None:
    from reelway.previz.marcher import march

    setting = built(parse(PROMPTS[name]), aspect=width / height)
    light, depth, _, _ = march(setting, 2.0, width, height, lambda: False)
    assert np.isfinite(light).all()
    assert np.isfinite(depth).all()
    frame = seen(setting, 2.0, width, height)
    assert frame.shape == (height, width, 3)
    assert frame.mean() > 12
    assert frame.std() > 8


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("name", SETTINGS)
def test_a_clip_moves_and_a_frame_is_always_the_same(name: str) -> None:
    shot = parse(PROMPTS[name])
    first, again, later = seen(built(shot), 0.5), seen(built(shot), 0.5), seen(built(shot), 4.0)
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - later).mean() > 1


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("name", SETTINGS)
def test_the_seed_changes_the_picture(name: str) -> None:
    shot = parse(PROMPTS[name])
    assert not np.array_equal(seen(built(shot, seed=1), 1.0), seen(built(shot, seed=2), 1.0))


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("name", SETTINGS)
def test_night_is_darker_than_day(name: str) -> None:
    day, night = (seen(built(Shot(setting=name, time=time, weather="clear")), 1.0) for time in ("day", "night"))
    assert night.mean() < day.mean() * 0.8


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("weather", ["rain", "snow", "fog", "dust", "clear"])
def test_every_weather_can_be_anywhere(name: str, weather: str) -> None:
    assert seen(built(Shot(setting=name, weather=weather)), 1.0).mean() > 8


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("subject", ["astronaut", "car", "detective", "duck", "person", "robot"])
@pytest.mark.parametrize("name", [name for name in SETTINGS if name != "city"])
def test_every_subject_can_be_anywhere(name: str, subject: str) -> None:
    """And it is in the picture: some pixels belong to its groups."""
    from reelway.previz.marcher import march

    setting = built(Shot(setting=name, subject=subject, colour="blue"))
    for t in (0.2, 2.5, 4.8):
        _, _, groups, (_, hero) = march(setting, t, 96, 54, lambda: False)
        assert ((groups >= hero[0]) & (groups <= hero[1])).sum() >= 12, f"at {t} s"


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("move", ["aerial", "crane", "handheld", "orbit", "pan", "pull", "push", "static", "track"])
def test_no_move_leaves_the_picture_empty(name: str, move: str) -> None:
    """A camera inside a wall or a hill sees one flat colour."""
    for t in (0.0, 5.0):
        assert seen(built(Shot(setting=name, move=move)), t).std() > 6, f"at {t} s"


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("variant", LANDS)
def test_every_vista_is_a_picture(variant: str) -> None:
    assert seen(built(Shot(setting="vista", variant=variant)), 2.0).std() > 10


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("name", SETTINGS)
def test_a_minute_long_clip_stays_in_the_place(name: str) -> None:
    setting = built(parse(PROMPTS[name]), duration_s=60.0)
    assert seen(setting, 59.9).std() > 8


def test_a_move_covers_the_whole_clip_whatever_its_length() -> None:
    short, long = (built(Shot(setting="river"), duration_s=duration) for duration in (2.0, 8.0))
    assert np.allclose(short.camera(2.0).eye, long.camera(8.0).eye)


def test_the_compiled_cache_is_where_the_tests_say(cache_dir: Path) -> None:
    assert any((cache_dir / "numba").rglob("*.nbc"))
