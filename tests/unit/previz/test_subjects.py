"""Everyone who can be in a shot: of the size they say, on their feet, and moving in character."""

import numpy as np
import pytest

from reelway.previz.settings import SETTINGS
from reelway.previz.shot import Cast
from reelway.previz.subjects import SUBJECTS, Stage, Subject
from reelway.previz.subjects.base import PAINT
from reelway.previz.subjects.body import bent, footfall
from reelway.previz.subjects.company import COUNT_MAX, Company, Room
from reelway.previz.subjects.figure import POSES, Figure
from reelway.previz.subjects.person import OUTFITS
from reelway.previz.subjects.quadruped import GAITS
from reelway.previz.world import Materials, Primitives

DOES = [(kind, action) for kind, subject in SUBJECTS.items() for action in subject.words.actions]
WEARS = [
    (kind, outfit)
    for kind, subject in SUBJECTS.items()
    for outfit in dict.fromkeys((*subject.words.outfits, *subject.words.roles))
]


def made(kind: str, **wishes: str | None) -> Subject:
    cast = Cast(kind=kind, **wishes)  # type: ignore[arg-type]
    return SUBJECTS[kind].of(cast)(Materials(), cast)


def solids(
    subject: Subject, *, t: float = 1.0, gone: float = 0.0, phase: float = 0.0, scale: float = 1.0
) -> np.ndarray:
    """Rows of the subject's primitives, at the origin and heading along z."""
    prims = Primitives()
    stage = Stage(at=np.zeros(3), heading=0.0, gone=gone, t=t, phase=phase, scale=scale)
    first, last = subject.place(prims, stage)
    assert last >= first
    rows, _ = prims.arrays()
    return rows


def reach(subject: Subject, **at: float) -> tuple[np.ndarray, np.ndarray]:
    """The least and the greatest corner of what holds all its solids, by their bounding balls' centres."""
    prims = Primitives()
    subject.place(prims, Stage(at=np.zeros(3), heading=0.0, gone=0.0, t=1.0, **at))  # type: ignore[arg-type]
    _, bounds = prims.arrays()
    return bounds[:, :3].min(0), bounds[:, :3].max(0)


@pytest.mark.parametrize(("kind", "action"), DOES)
def test_every_action_is_a_finite_shape_of_the_declared_size(kind: str, action: str) -> None:
    subject = made(kind, action=action)
    for t in (0.0, 1.3, 4.7):
        assert np.isfinite(solids(subject, t=t, gone=2.0 * t)).all()
    low, high = reach(subject)
    assert high[0] - low[0] <= subject.width * 1.45 + (0.3 if action == "float" else 0)
    assert high[2] - low[2] <= subject.length * 1.25
    if action != "launch":
        assert high[1] <= subject.height * 1.1 + 0.6


@pytest.mark.parametrize(("kind", "outfit"), WEARS)
def test_every_outfit_looks_otherwise(kind: str, outfit: str) -> None:
    def look(**wishes: str) -> bytes:
        materials = Materials()
        cast = Cast(kind=kind, **wishes)  # type: ignore[arg-type]
        subject = SUBJECTS[kind].of(cast)(materials, cast)
        return solids(subject).tobytes() + materials.array().tobytes()

    if kind in ("detective", "astronaut"):
        assert look(outfit=outfit) == look()  # it always wears its own
    else:
        assert look(outfit=outfit) != look()


@pytest.mark.parametrize("kind", SUBJECTS)
def test_a_colour_word_dyes_it(kind: str) -> None:
    materials = Materials()
    SUBJECTS[kind](materials, Cast(kind=kind, colour="purple"))
    assert np.isclose(materials.array().reshape(-1, 24)[:, :3], PAINT["purple"], atol=1e-6).all(1).any()


@pytest.mark.parametrize("kind", SUBJECTS)
def test_it_moves_by_itself_and_several_are_out_of_step(kind: str) -> None:
    subject = made(kind)
    now, later = solids(subject, t=1.0, gone=1.0), solids(subject, t=1.2, gone=1.0 + 0.2 * subject.speed)
    if kind not in ("car", "duck"):  # a car's wheels turn, a duck bobs on water alone
        assert not np.allclose(now, later, atol=1e-4)
    if kind not in ("car", "duck", "product"):
        assert not np.allclose(now, solids(subject, t=1.0, gone=1.0, phase=0.5), atol=1e-4)


@pytest.mark.parametrize("kind", SUBJECTS)
def test_its_words_name_places_that_exist(kind: str) -> None:
    home, _, variant = SUBJECTS[kind].words.home.partition(": ")
    assert home in SETTINGS
    assert not variant or variant in SETTINGS[home].words.kinds
    assert SUBJECTS[kind].words.actions


@pytest.mark.parametrize("kind", SUBJECTS)
def test_half_the_scale_is_half_the_size(kind: str) -> None:
    subject = made(kind)
    (low, high), (low_half, high_half) = reach(subject), reach(subject, scale=0.5)
    assert np.allclose((high - low) * 0.5, high_half - low_half, atol=0.06)


@pytest.mark.parametrize(("action", "stride"), [("walk", 1.12), ("run", 2.35)])
def test_a_standing_foot_stays_where_it_is(action: str, stride: float) -> None:
    """What the ankle moves back, the body has come: nobody skates."""
    duty = {"walk": 0.60, "run": 0.34}[action]
    flat = duty * {"walk": 0.55, "run": 0.4}[action]  # until the heel rises
    cycles = np.linspace(0.02, flat, 6)
    feet = [POSES[action](float(c), 0.0, stride).legs[0].ankle[2] + c * stride for c in cycles]
    assert np.ptp(feet) < 0.06


@pytest.mark.parametrize("action", POSES)
def test_bones_keep_their_length(action: str) -> None:
    def bones(figure: Figure) -> list[float]:
        legs = [float(np.linalg.norm(leg.knee - leg.hip)) for leg in figure.legs]
        arms = [float(np.linalg.norm(arm.elbow - arm.shoulder)) for arm in figure.arms]
        return legs + arms

    for cycles in np.linspace(0, 1, 9):
        now = bones(POSES[action](float(cycles), float(cycles) * 3, 1.12))
        assert np.allclose(now[:2], 0.45, atol=0.01)
        assert np.allclose(now[2:], 0.29, atol=0.04)


def test_a_joint_bends_to_the_side_it_is_told() -> None:
    start, end = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.3, 0.0])
    ahead, reached = bent(start, end, 0.45, 0.44, (0, 0, 1))
    behind, _ = bent(start, end, 0.45, 0.44, (0, 0, -1))
    assert ahead[2] > 0.1
    assert behind[2] < -0.1
    assert np.allclose(reached, end)
    _, short = bent(start, np.array([0.0, -3.0, 0.0]), 0.45, 0.44, (0, 0, 1))
    assert np.linalg.norm(short - start) < 0.9  # a bone does not stretch


@pytest.mark.parametrize("name", GAITS)
def test_a_gait_has_its_feet_on_the_ground_as_it_should(name: str) -> None:
    gait = GAITS[name]
    down = [
        sum(footfall(cycle + offset, 1.0, gait.duty, 1.0)[1] == 0.0 for offset in gait.offsets)
        for cycle in np.linspace(0, 1, 60, endpoint=False)
    ]
    if name == "walk":
        assert min(down) >= 2
    if name == "trot":
        assert max(down) <= 2
    if name == "gallop":
        assert min(down) == 0


def test_an_outfit_is_known_by_its_word() -> None:
    words = SUBJECTS["person"].words
    assert set(OUTFITS) == {"plain", *words.outfits, *words.roles}


def test_a_knight_sits_on_his_horse() -> None:
    casts = [Cast(kind="person", outfit="armour"), Cast(kind="horse")]
    company = Company(Materials(), casts, SUBJECTS, Room())
    prims = Primitives()
    stage = Stage(at=np.zeros(3), heading=0.0, gone=0.0, t=0.0)
    company.place(prims, stage, lambda x, z: 0.0)
    _, bounds = prims.arrays()
    assert bounds[:, 1].max() > 2.2
    assert np.abs(bounds[:, 0]).max() < 0.8
    assert company.speed == SUBJECTS["horse"].speed


def test_a_crowd_is_bounded_and_fits_its_place() -> None:
    company = Company(Materials(), [Cast(kind="person", count=5000)], SUBJECTS, Room(width=2.6, height=2.5))
    assert len(company.members) == COUNT_MAX
    assert company.spread <= 2.7
    stages = [stage for _, stage in company.stages(Stage(at=np.zeros(3), heading=0.0, gone=0.0, t=0.0), lambda x, z: 0)]
    for number, one in enumerate(stages):
        assert all(np.linalg.norm(one.at - other.at) > 0.7 for other in stages[number + 1 :])


def test_a_fisherman_sits_in_his_boat() -> None:
    company = Company(Materials(), [Cast(kind="person"), Cast(kind="boat", outfit="oars")], SUBJECTS, Room())
    assert company.swims
    stage = Stage(at=np.zeros(3), heading=0.0, gone=0.0, t=0.0, floats=True)
    ((boat, _),) = company.stages(stage, lambda x, z: 0.0)
    assert boat.subject.cast.kind == "boat"
    prims = Primitives()
    company.place(prims, stage, lambda x, z: 0.0)
    rows, _ = prims.arrays()
    assert rows[:, 5].max() > 1.0  # his head
    assert rows[:, 5].min() > -1.0


def test_who_cannot_swim_is_in_the_water_beside_who_can() -> None:
    company = Company(Materials(), [Cast(kind="fish", outfit="great"), Cast(kind="person")], SUBJECTS, Room())
    stage = Stage(at=np.zeros(3), heading=0.0, gone=0.0, t=0.0, floats=True)
    (_, (person, at)) = company.stages(stage, lambda x, z: 0.0)
    assert -person.subject.height < at.at[1] < -0.5 * person.subject.height


@pytest.mark.parametrize("watched", [-2.4, -1.0, 0.8, 2.4])
def test_the_leader_is_on_the_camera_s_side(watched: float) -> None:
    company = Company(Materials(), [Cast(kind="cat"), Cast(kind="horse")], SUBJECTS, Room())
    stage = Stage(at=np.zeros(3), heading=0.7, gone=0.0, t=0.0, watched=watched, watched_amid=watched)
    (_, cat), (_, horse) = company.stages(stage, lambda x, z: 0.0)
    camera = 10.0 * np.array([np.sin(0.7 + watched), 0.0, np.cos(0.7 + watched)])
    assert np.linalg.norm(cat.at - camera) < np.linalg.norm(horse.at - camera)
