"""Things that have no model: which words name them, when they are in the shot, and how their pictures become solids."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reelway.previz import icons as package
from reelway.previz.geometry import Pose, camera_row, turn_y
from reelway.previz.icons import facts as known
from reelway.previz.icons import icons, picture
from reelway.previz.prompt import parse
from reelway.previz.settings import SETTINGS
from reelway.previz.shot import Cast, Shot
from reelway.previz.spmd.layout import TEXTURE_SIZE
from reelway.previz.subjects import SUBJECTS, Stage, inflate
from reelway.previz.subjects.company import Company, Room
from reelway.previz.subjects.silhouette import TURN_MAX, Silhouette
from reelway.previz.world import Materials, Primitives

SOME = list(icons())[::9]


def whats(prompt: str, negative: str = "") -> list[str]:
    """The cast: icons by name, all others by kind."""
    return [one.what or one.kind for one in parse(prompt, negative).cast]


def made(what: str, **wishes: str) -> Silhouette:
    cast = Cast(kind="silhouette", what=what, **wishes)  # type: ignore[arg-type]
    subject = SUBJECTS["silhouette"].of(cast)(Materials(), cast)
    assert isinstance(subject, Silhouette)
    return subject


# The icons.


def test_there_are_a_thousand_in_a_small_file() -> None:
    assert len(icons()) >= 1000
    assert Path(package.__file__).with_name("icons.npz").stat().st_size < 3_000_000


@pytest.mark.parametrize("name", SOME)
def test_a_picture_has_flat_colours_and_stands_on_its_lower_edge(name: str) -> None:
    shown = picture(name)
    assert shown.regions.shape == (TEXTURE_SIZE, TEXTURE_SIZE)
    assert 1 <= shown.regions.max() == len(shown.colours) <= 6
    rows, columns = np.nonzero(shown.regions)
    assert abs(int(rows.max()) - (TEXTURE_SIZE - 8)) <= 2
    assert max(np.ptp(rows), np.ptp(columns)) >= 0.8 * TEXTURE_SIZE
    assert min(rows.min(), columns.min()) >= 3
    assert columns.max() <= TEXTURE_SIZE - 4


def test_every_fact_is_about_an_icon() -> None:
    for named in (known._SIZE_OF, known._HOME_OF, known._KIN, known.NOT_CAST, known._AIR, known._DEEP, known._WATER):
        assert set(named) <= set(icons())
    for named in (known._DRIVES, known._FRONTAL, known._HEADS, known._ABOVE, known._SIDEWAYS_HEADS, known._THINGS):
        assert set(named) <= set(icons())
    assert not set(known.called()) & set(known.kin())


def test_every_icon_is_at_home_somewhere() -> None:
    for name in icons():
        home, _, variant = known.facts(name).home.partition(": ")
        assert not variant or variant in SETTINGS[home].words.kinds, name
        assert 0.3 <= known.facts(name).size <= 15, name


# Which words name them.


@pytest.mark.parametrize(
    ("prompt", "cast"),
    [
        ("a giraffe walks over a savanna", ["giraffe"]),
        ("an octopus dances on a table", ["octopus"]),
        ("a guitar on a stage", ["guitar"]),
        ("a dragon over a castle", ["dragon"]),
        ("a person with a giraffe", ["person", "giraffe"]),
        ("a T-Rex runs through Tokyo", ["t-rex"]),
        ("a rose in the rain", ["rose"]),
        ("an alien in the desert", ["alien"]),
        ("two bunnies and a hedgehog", ["rabbit", "hedgehog"]),
        ("a lemon and an avocado on a counter", ["lemon", "avocado"]),
        ("ein Drache fliegt über die Berge", ["dragon"]),
        ("un éléphant dans la forêt", ["elephant"]),
        ("una jirafa en el bosque", ["giraffe"]),
        ("长颈鹿在草原上行走", ["giraffe"]),
        ("キリンがサバンナを歩く", ["giraffe"]),
        ("жираф идёт по лесу", ["giraffe"]),
    ],
)
def test_a_thing_without_a_model_is_in_the_shot(prompt: str, cast: list[str]) -> None:
    assert whats(prompt) == cast


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [("a dog", "dog"), ("a wolf howls", "dog"), ("a duck on a river", "duck"), ("a taxi", "car"), ("a robot", "robot")],
)
def test_a_model_comes_before_a_picture(prompt: str, kind: str) -> None:
    assert whats(prompt) == [kind]


@pytest.mark.parametrize(
    ("prompt", "cast"),
    [
        ("a woman holding an umbrella in the rain", ["person"]),
        ("a man playing a guitar on a street", ["person"]),
        ("a dog chasing a ball past a fountain", ["dog"]),
        ("a football stadium at night", []),
        ("a train station in the fifties", []),
        ("a forest of mushrooms", []),
        ("sunlight streams through a window", []),
        ("a field under a rainbow", []),
        ("a birthday cake with candles", ["birthday-cake"]),
        ("Turkey, seen from the air", []),
        ("an alien planet", []),
        ("the sun rose over the desert", []),
    ],
)
def test_a_thing_is_there_only_where_the_prompt_is_about_it(prompt: str, cast: list[str]) -> None:
    assert [one for one in whats(prompt) if one != "plane"] == cast


def test_what_is_not_shown_is_told() -> None:
    assert "umbrella" in parse("a woman holding an umbrella in the rain").ignored


def test_a_verb_or_an_adverb_is_no_thing() -> None:
    """ "Lit" is near to "flashlight", "firing" to "fire"."""
    assert whats("a softly lit alley, firing neon signs") == []


def test_the_answer_says_what_was_taken_for_what() -> None:
    shot = parse("three giraffes walk over a savanna")
    (one,) = shot.cast
    assert (one.kind, one.what, one.count, one.action) == ("silhouette", "giraffe", 3, "walk")
    heard = next(heard for heard in shot.understood if heard.field == "subject")
    assert (heard.text, heard.value, heard.likeness) == ("giraffes", "silhouette: giraffe", 1.0)
    assert shot.to_json()["cast"][0]["what"] == "giraffe"  # type: ignore[index]


@pytest.mark.parametrize(("word", "what"), [("gazelle", "deer"), ("trombone", "trumpet"), ("dragonflies", "butterfly")])
def test_what_has_no_picture_is_shown_as_its_kin_and_told_as_a_guess(word: str, what: str) -> None:
    shot = parse(f"a {word} in a field")
    assert shot.cast[0].what == what
    assert all(heard.likeness < 1 for heard in shot.understood if heard.field == "subject")


def test_what_the_table_of_words_says_is_alike_is_taken_for_it() -> None:
    shot = parse("a pancake")
    assert shot.cast[0].kind == "silhouette"
    assert shot.understood[0].likeness >= 0.68


def test_what_is_not_wanted_is_not_there() -> None:
    assert whats("a savanna without a giraffe") == []
    assert whats("a giraffe and an elephant", "giraffe") == ["elephant"]
    assert whats("a guitar on a stage", "people, guitars") == []
    assert whats("a person with a giraffe", "elephants") == ["person", "giraffe"]


def test_a_colour_and_an_action_belong_to_it() -> None:
    (one,) = parse("a pink elephant jumps in a dream").cast
    assert (one.what, one.colour, one.action) == ("elephant", "pink", "jump")


def test_it_is_put_where_it_belongs() -> None:
    assert (parse("an elephant").setting, parse("an elephant").variant) == ("field", "savanna")
    assert parse("a jellyfish").setting == "underwater"
    assert parse("pigs fly over a city").setting == "city"
    assert parse("a pig in a city").setting == "street"


# How a picture becomes a solid.


def test_it_is_thick_where_it_is_wide_and_nowhere_outside() -> None:
    inside = inflate.shown("giraffe").regions > 0
    shape, half = inflate.silhouettes("giraffe")[0], inflate.thickness("giraffe")
    thick = np.sqrt(2 * half * np.maximum(shape, 0.0))
    assert (thick[~inside] < 0.03).all()
    body, leg = thick[60:75, 60:80].max(), thick[108:114].max()
    assert half >= body > 1.4 * leg > 0.02


def test_each_colour_is_where_the_picture_has_it() -> None:
    regions = inflate.shown("lady-beetle").regions
    shares = np.stack(inflate.silhouettes("lady-beetle")[1:])
    assert len(shares) == regions.max()
    assert (shares.argmax(0) + 1 == regions)[regions > 0].mean() > 0.95


def test_what_has_one_colour_needs_one_texture() -> None:
    plain = next(name for name in SOME if inflate.shown(name).regions.max() == 1)
    assert len(inflate.silhouettes(plain)) == 1


def test_those_of_one_kind_share_their_silhouettes() -> None:
    casts = [Cast(kind="silhouette", what="penguin", count=12), Cast(kind="silhouette", what="owl")]
    company = Company(Materials(), casts, SUBJECTS, Room())
    textures = [1 + len(inflate.shown(name).colours) for name in ("penguin", "owl")]
    assert len(company.silhouettes()) == sum(textures)
    assert {member.subject.layer for member in company.members} == {0, textures[0]}


def test_it_is_one_solid() -> None:
    prims = Primitives()
    made("penguin").place(prims, Stage(at=np.zeros(3), heading=0.0, gone=0.0, t=0.0))
    assert len(prims.arrays()[0]) == 1


@pytest.mark.parametrize("what", ["giraffe", "penguin", "bear"])
@pytest.mark.parametrize("watched", np.linspace(-3.1, 3.1, 9).tolist())
def test_it_is_never_seen_from_its_edge(what: str, watched: float) -> None:
    """By a camera that goes with it; one that goes round it sees all its sides."""
    stage = Stage(at=np.zeros(3), heading=0.4, gone=0.0, t=0.0, watched=watched, watched_amid=watched)
    aside = math.remainder(watched - made(what, action="walk")._facing(stage), math.pi)
    assert abs(aside) <= TURN_MAX + 1e-6


@pytest.mark.parametrize("what", ["giraffe", "penguin"])
@pytest.mark.parametrize("amid", [0.0, 1.5, math.pi])
def test_a_camera_that_goes_round_it_sees_its_edge_only_in_passing(what: str, amid: float) -> None:
    beast = made(what, action="walk")
    watched = amid + np.linspace(-math.pi, math.pi, 400)
    facing = [
        beast._facing(Stage(at=np.zeros(3), heading=0.0, gone=0.0, t=0.0, watched=float(w), watched_amid=amid))
        for w in watched
    ]
    seen = np.abs((watched - facing + math.pi / 2) % math.pi - math.pi / 2)
    assert (seen > 1.0).mean() < 0.08
    assert np.abs(np.diff(facing)).max() < 0.15


def test_a_beast_goes_where_it_looks() -> None:
    """The pictures look to the left."""
    stage = Stage(at=np.zeros(3), heading=0.0, gone=0.0, t=0.0, watched=1.4, watched_amid=1.4)
    prims = Primitives()
    made("giraffe", action="stand").place(prims, stage)
    rows, _ = prims.arrays()
    left = -rows[0, 7:16].reshape(3, 3)[0]  # the picture's axis, in the world
    assert left[2] > 0.9


@pytest.mark.parametrize("action", ["walk", "run", "jump", "dance", "fly", "swim", "float", "spin", "stand"])
@pytest.mark.parametrize("what", ["giraffe", "whale", "balloon", "hamburger", "bear", "lobster"])
def test_it_does_whatever_it_is_told(what: str, action: str) -> None:
    subject = made(what, action=action)
    seen = []
    for t in (0.0, 0.4, 0.9):
        prims = Primitives()
        subject.place(prims, Stage(at=np.zeros(3), heading=0.0, gone=subject.speed * t, t=t))
        rows, _ = prims.arrays()
        assert np.isfinite(rows).all()
        seen.append(rows)
    assert all(np.abs(one - seen[0]).max() > 1e-3 for one in seen[1:])


def test_a_small_thing_stands_on_a_pedestal_and_a_small_beast_on_a_table() -> None:
    assert made("hamburger").raised
    assert made("octopus", action="dance", outfit="pedestal").raised
    assert not made("octopus", action="dance").raised
    assert not made("giraffe", outfit="pedestal").raised
    assert parse("an octopus dances on a table").cast[0].outfit == "pedestal"


# In the picture.


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize(
    "prompt",
    [
        "a giraffe walks over a savanna",
        "an octopus dances on a table",
        "a guitar on a stage",
        "a dragon flies over a castle",
        "a jellyfish under water",
        "a panda in a forest",
    ],
)
def test_it_is_seen_and_moves(prompt: str) -> None:
    from reelway.previz.marcher import march

    shot = parse(prompt)
    setting = SETTINGS[shot.setting](shot, seed=5, duration_s=5.0, aspect=16 / 9)
    masks = []
    for t in (1.0, 1.5):
        marched = march(setting, t, 128, 72, lambda: False)
        assert np.isfinite(marched.light).all()
        ((kind, first, last),) = marched.cast
        assert kind == "silhouette"
        masks.append((marched.groups >= first) & (marched.groups <= last))
    assert all(0.008 < mask.mean() < 0.35 for mask in masks)
    assert (masks[0] ^ masks[1]).sum() > 0.03 * masks[0].sum()


@pytest.mark.usefixtures("cache_dir")
@pytest.mark.parametrize("what", ["giraffe", "snowflake", "dragon", "bicycle"])
@pytest.mark.parametrize(("turn", "deep"), [(0.0, 1.0), (0.7, 1.9), (1.3, 1.4)])
def test_it_has_the_outline_of_its_picture_and_no_hole(what: str, turn: float, deep: float) -> None:
    """Seen from afar, against what small steps through the same solid find."""
    from reelway.previz.marcher import march

    side, far = 2.0, 8.0
    studio = SETTINGS["room"](
        Shot(setting="room", cast=(Cast(kind="silhouette", what=what),)), seed=5, duration_s=5.0, aspect=1.0
    )
    prims, rotation = Primitives(), turn_y(turn)
    half = inflate.thickness(what)
    prims.new_group()
    prims.relief(0, (0, 0, 0), side, rotation, half=half, layer=0, seen=inflate.frame(what), deep=deep)
    pose = Pose(eye=np.array([0.0, 0.0, -far]), target=np.zeros(3), fov=math.degrees(2 * math.atan(side / 2 / far)))
    still = replace(studio.frame(0.0), primitives=prims, pose=pose, lights=[])
    studio.frame = lambda t: still  # type: ignore[method-assign]
    n = 96
    seen = march(studio, 0.0, n, n, lambda: False).groups >= 0
    shape = inflate.silhouettes(what)[0].astype(np.float64)
    wide = 1 / still_focal(pose)
    x, y = np.meshgrid((np.arange(n) + 0.5) / n * 2 - 1, 1 - (np.arange(n) + 0.5) / n * 2)
    there = np.zeros((n, n), bool)
    for z in np.arange(-side / 2, side / 2, 0.004):
        at = np.stack([x * wide * (far + z), y * wide * (far + z), np.full_like(x, z)], -1) @ rotation / side
        inside = 2 * half * looked_up(shape, at[..., 0] + 0.5, 0.5 - at[..., 1]) > (at[..., 2] / deep) ** 2
        there |= inside & (np.abs(at[..., :2]) < 0.5).all(-1)
    # The marcher stops a pixel's width before a surface, so it sees a little more, and never less.
    assert (there & ~seen).sum() <= 0.002 * there.sum()
    assert (seen & ~grown(there)).sum() <= 0.002 * there.sum()


def still_focal(pose: Pose) -> float:
    return float(camera_row(pose, 1.0)[12])


def grown(mask: np.ndarray) -> np.ndarray:
    for axis in (0, 1):
        for _ in range(2):
            mask = mask | np.roll(mask, 1, axis) | np.roll(mask, -1, axis)
    return mask


def looked_up(texture: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """As the kernels do it."""
    x, y = np.clip(u, 0, 1) * 126.99, np.clip(v, 0, 1) * 126.99
    i, j = x.astype(int), y.astype(int)
    a, b = x - i, y - j
    low = texture[j, i] * (1 - a) + texture[j, i + 1] * a
    return np.asarray(low * (1 - b) + (texture[j + 1, i] * (1 - a) + texture[j + 1, i + 1] * a) * b)


@pytest.mark.usefixtures("cache_dir")
def test_its_colours_are_seen_in_a_mirror_too() -> None:
    from reelway.previz.marcher import march

    shot = Shot(setting="room", cast=(Cast(kind="silhouette", what="watermelon"),))
    setting = SETTINGS["room"](shot, seed=5, duration_s=5.0, aspect=1.0)
    first = int(setting.frame(0.0).primitives.arrays()[0][-1, 3])
    mirror = setting.materials.add((0.0, 0.0, 0.0), mirror=1.0)
    setting.material_rows = setting.materials.array()
    prims = Primitives()
    prims.new_group()
    half, seen = inflate.thickness("watermelon"), inflate.frame("watermelon")
    prims.relief(first, (0, 1.1, 0), 2.0, np.eye(3), half=half, layer=0, seen=seen)
    ground = prims.new_group()
    prims.plane(mirror, 0.0)
    pose = Pose(eye=np.array([0.0, 1.0, -4.0]), target=np.zeros(3))
    still = replace(setting.frame(0.0), primitives=prims, pose=pose)
    setting.frame = lambda t: still  # type: ignore[method-assign]
    marched = march(setting, 0.0, 96, 96, lambda: False)
    for mask in (marched.groups == ground - 1, marched.groups == ground):
        red, green, _ = marched.light[mask].T
        assert (red > 2 * green).sum() > 50
        assert (green > 1.5 * red).sum() > 50


@pytest.mark.usefixtures("cache_dir")
def test_it_throws_a_shadow() -> None:
    from reelway.previz.marcher import march

    def ground(cast: tuple[Cast, ...]) -> np.ndarray:
        shot = Shot(setting="field", variant="savanna", time="day", weather="clear", cast=cast)
        setting = SETTINGS["field"](shot, seed=5, duration_s=5.0, aspect=16 / 9)
        marched = march(setting, 2.5, 160, 90, lambda: False)
        lit = marched.light.mean(-1)
        ((_, first, last),) = marched.cast
        below = np.arange(90)[:, None] >= np.nonzero((marched.groups >= first) & (marched.groups <= last))[0].max() - 6
        return lit[below & ((marched.groups < first) | (marched.groups > last))]

    lit = ground((Cast(kind="silhouette", what="elephant", action="stand"),))
    assert np.percentile(lit, 1) < 0.6 * np.median(lit)
