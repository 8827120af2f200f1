"""Every place, small: nothing is black, nothing is not a number, nothing moves without reason."""

from pathlib import Path

import numpy as np
import pytest

from reelway.previz.prompt import parse
from reelway.previz.settings import SETTINGS, Setting
from reelway.previz.shot import Cast, Leg, Shot
from reelway.previz.subjects import SUBJECTS

# Every place as it is by itself, and its kinds.
PLACES = [(name, kind) for name, setting in SETTINGS.items() for kind in (None, *setting.words.kinds)]
LIT_BY_HOUR = [name for name in SETTINGS if name not in ("space", "underwater")]
GROUNDED = [name for name in SETTINGS if name not in ("city", "space")]


def built(shot: Shot, *, seed: int = 5, duration_s: float = 5.0, aspect: float = 16 / 9) -> Setting:
    return SETTINGS[shot.setting](shot, seed=seed, duration_s=duration_s, aspect=aspect)


def seen(setting: Setting, t: float, width: int = 64, height: int = 36) -> np.ndarray:
    from reelway.previz.marcher import picture

    return picture(setting, t, width, height, 1 / 24, lambda: False)


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize(("name", "kind"), PLACES)
@pytest.mark.parametrize(("width", "height"), [(64, 36), (36, 64)])
def test_each_place_renders_in_any_shape(name: str, kind: str | None, width: int, height: int) -> None:
    from reelway.previz.marcher import march

    setting = built(Shot(setting=name, variant=kind), aspect=width / height)
    marched = march(setting, 2.0, width, height, lambda: False)
    assert np.isfinite(marched.light).all()
    assert np.isfinite(marched.depth).all()
    frame = seen(setting, 2.0, width, height)
    assert frame.shape == (height, width, 3)
    assert frame.mean() > 12
    assert frame.std() > 8


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("name", SETTINGS)
def test_a_clip_moves_and_a_frame_is_always_the_same(name: str) -> None:
    shot = Shot(setting=name)
    first, again, later = seen(built(shot), 0.5), seen(built(shot), 0.5), seen(built(shot), 4.0)
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - later).mean() > 1


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("name", SETTINGS)
def test_the_seed_changes_the_picture(name: str) -> None:
    shot = Shot(setting=name)
    assert not np.array_equal(seen(built(shot, seed=1), 1.0), seen(built(shot, seed=2), 1.0))


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("name", LIT_BY_HOUR)
def test_night_is_darker_than_day(name: str) -> None:
    day, night = (seen(built(Shot(setting=name, time=time, weather="clear")), 1.0) for time in ("day", "night"))
    assert night.mean() < day.mean() * 0.8


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("name", SETTINGS)
def test_every_weather_can_be_anywhere(name: str) -> None:
    for weather in ("rain", "snow", "overcast", "fog", "dust", "clear"):
        assert seen(built(Shot(setting=name, weather=weather, wind=True)), 1.0).mean() > 8, weather


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("weather", ["rain", "snow", "fog", "dust"])
def test_weather_changes_an_open_place(weather: str) -> None:
    clear, changed = (seen(built(Shot(setting="field", weather=w)), 1.0).astype(int) for w in ("clear", weather))
    assert np.abs(clear - changed).mean() > 6


def kept(setting: Setting, t: float) -> tuple[int, float, float]:
    """Pixels of the hero, and where their middle is, as shares of the picture."""
    from reelway.previz.marcher import march

    seen = march(setting, t, 96, 54, lambda: False)
    groups, hero = seen.groups, seen.hero
    rows, columns = np.nonzero((groups >= hero[0]) & (groups <= hero[1]))
    if rows.size == 0:
        return 0, 0.5, 0.5
    return int(rows.size), float(columns.mean() / 96), float(rows.mean() / 54)


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("prompt", ["orbit around a bottle in an alley", "a man walks down a street, orbit"])
def test_who_is_gone_round_stays_in_the_middle(prompt: str, seed: int) -> None:
    """Neither looked past, nor behind a tree, a lamp post or a parked car."""
    setting = built(parse(prompt), seed=seed)
    for t in (0.1, 1.7, 3.3, 4.9):
        pixels, across, _ = kept(setting, t)
        assert pixels >= 40, f"at {t} s"
        assert 0.4 < across < 0.6, f"at {t} s"


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("name", [name for name in SETTINGS if name != "city"])
def test_every_subject_can_be_anywhere(name: str, subject: str) -> None:
    """And it is in the picture from the first second to the last, not at its edge."""
    setting = built(Shot(setting=name, cast=(Cast(kind=subject, colour="blue"),)))
    for t in (0.2, 4.8):
        pixels, across, down = kept(setting, t)
        assert pixels >= 12, f"at {t} s"
        assert 0.10 < across < 0.90, f"at {t} s"
        assert 0.08 < down < 0.94, f"at {t} s"


@pytest.mark.parametrize("name", GROUNDED)
def test_who_walks_stands_on_the_ground(name: str) -> None:
    """The lowest part of a person is at most a few centimetres off what it stands on, in every step."""
    setting = built(Shot(setting=name, cast=(Cast(kind="person", action="walk"),)))
    hero = setting.hero
    assert hero is not None
    for t in np.linspace(0.0, 4.5, 10):
        from reelway.previz.world import Primitives

        prims, stage = Primitives(), setting.hero_stage(float(t))
        hero.place(prims, stage, setting.ground)
        rows, _ = prims.arrays()
        capsules = rows[rows[:, 0] == 2]
        lowest = min(float(min(row[5], row[5] + row[17]) - (row[19] if row[17] >= 0 else row[20])) for row in capsules)
        assert abs(lowest - float(stage.at[1])) < 0.05, f"at {t:.1f} s"


def test_a_flock_keeps_apart() -> None:
    setting = built(Shot(setting="sea", cast=(Cast(kind="bird", count=6),)))
    assert setting.hero is not None
    stages = [stage for _, stage in setting.hero.stages(setting.hero_stage(1.0), setting.ground)]
    assert len(stages) == 6
    for number, stage in enumerate(stages):
        for other in stages[number + 1 :]:
            assert np.linalg.norm(stage.at - other.at) > 1.2
    assert len({stage.phase for stage in stages}) == 6


def test_what_is_too_large_for_a_place_is_made_smaller() -> None:
    inside = built(Shot(setting="room", cast=(Cast(kind="plane"),)))
    assert inside.hero is not None
    ((member, stage),) = inside.hero.stages(inside.hero_stage(1.0), inside.ground)
    assert member.subject.width * stage.scale <= inside.room.width
    assert stage.at[1] + member.subject.height * stage.scale < 2.9


@pytest.mark.parametrize("name", ["river", "sea"])
def test_water_carries_boats_and_piers_carry_people(name: str) -> None:
    boat, person = (built(Shot(setting=name, cast=(Cast(kind=kind),))) for kind in ("boat", "person"))
    assert boat.hero_stage(1.0).floats
    assert not boat.decked
    assert person.decked
    assert not person.hero_stage(1.0).floats
    assert person.hero_stage(1.0).at[1] > 0.5


@pytest.mark.usefixtures("cache_dir")
def test_nobody_is_there_when_nobody_is_wanted() -> None:
    assert built(Shot(setting="alley", empty=True)).hero is None
    assert built(Shot(setting="alley")).hero is not None


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("move", ["aerial", "crane", "handheld", "orbit", "pan", "pull", "push", "static", "track"])
def test_no_move_leaves_the_picture_empty(name: str, move: str) -> None:
    """A camera inside a wall or a hill sees one flat colour."""
    for t in (0.0, 5.0):
        assert seen(built(Shot(setting=name, camera=(Leg(move=move),))), t).std() > 6, f"at {t} s"


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("name", SETTINGS)
def test_a_minute_long_clip_stays_in_the_place(name: str) -> None:
    setting = built(Shot(setting=name), duration_s=60.0)
    assert seen(setting, 59.9).std() > 8


def test_a_move_covers_the_whole_clip_whatever_its_length() -> None:
    short, long = (built(Shot(setting="river"), duration_s=duration) for duration in (2.0, 8.0))
    assert np.allclose(short.camera(2.0).eye, long.camera(8.0).eye)


def test_the_compiled_cache_is_where_the_tests_say(cache_dir: Path) -> None:
    assert any((cache_dir / "numba").rglob("*.nbc"))


def test_under_water_the_camera_stays_where_its_subject_can_be_seen() -> None:
    shot = Shot(setting="underwater", cast=(Cast(kind="fish", outfit="great"),), size="wide")
    setting = SETTINGS["underwater"](shot, seed=5, duration_s=5.0, aspect=16 / 9)
    hero = setting.hero_at(2.5)
    assert hero is not None
    assert np.linalg.norm(setting.camera(2.5).eye - hero) < 16
