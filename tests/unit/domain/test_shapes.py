"""Kinds of clip: what is of a kind, why not, and what is nearest."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from builders import a_spec
from reelway.catalogue.load import load
from reelway.domain.generation import GenerationRequest, Mode, Role
from reelway.domain.models import Likeness, Route, Substitution
from reelway.domain.prices import Price, Tier
from reelway.domain.shapes import Rule, Shape
from reelway.errors import InvalidRequest

HD = a_spec(width=1280, height=720, frames=5 * 24)
CARD = load().find("sora-2-pro-t2v")


@pytest.mark.parametrize(
    ("shape", "param", "allowed"),
    [
        (Shape(modes=(Mode.IMAGE_TO_VIDEO,)), "model_id", "image-to-video"),
        (Shape(durations_s=(4, 8, 12)), "duration", "4 or 8 s"),
        (Shape(durations_s=(8, 12)), "duration", "8 s"),
        (Shape(seconds_max=4), "duration", "at most 4 s"),
        (Shape(sides=(480, 1080)), "resolution", "480p or 1080p"),
        (Shape(side_from=1080), "resolution", "1080p and more"),
        (Shape(side_to=480), "resolution", "at most 480p"),
        (Shape(sizes=((1920, 1080), (1024, 576))), "size", "1024x576 or 1920x1080"),
        (Shape(fps=(25, 30)), "fps", "25"),
        (Shape(audio=True), "generate_audio", "with sound"),
        (Shape(first_frame=True), "init_image", "with a first frame"),
        (Shape(last_frame=True), "end_image", "with an end frame"),
        (Shape(negative_prompt=True), "negative_prompt", "with a negative prompt"),
        (Shape(prompt_chars_max=3), "prompt", "at most 3"),
    ],
)
def test_a_misfit_names_the_field_and_the_nearest_that_is_allowed(shape: Shape, param: str, allowed: str) -> None:
    misfit = shape.misfit(HD, ())
    assert misfit is not None
    assert (misfit.param, misfit.allowed) == (param, allowed)


@pytest.mark.parametrize(
    "shape",
    [
        Shape(),
        Shape(modes=(Mode.TEXT_TO_VIDEO,), durations_s=(5,), sides=(720,), side_from=720, side_to=720, fps=(24,)),
        Shape(audio=False, first_frame=False, last_frame=False, negative_prompt=False, whole_seconds=True),
    ],
)
def test_what_fits_has_no_misfit(shape: Shape) -> None:
    assert shape.holds(HD, ())


def test_whole_seconds_names_both_neighbours() -> None:
    misfit = Shape(whole_seconds=True).misfit(replace(HD, frames=60), ())
    assert misfit is not None
    assert (misfit.asked, misfit.allowed) == ("2.5 s", "2 or 3 s")


def test_inputs_that_are_not_fetched_yet_count() -> None:
    assert Shape(last_frame=True).holds(HD, {Role.LAST_FRAME})


def test_a_rule_says_itself_and_only_where_it_applies() -> None:
    rule = Rule(when=Shape(sides=(1080,)), need=Shape(durations_s=(8,)), say="1080p clips are 8 s long")
    assert rule.broken(HD, ()) is None
    broken = rule.broken(replace(HD, width=1920, height=1080), ())
    assert broken is not None
    assert (broken.param, broken.say) == ("duration", "1080p clips are 8 s long")


def test_a_card_refuses_in_the_words_of_its_rule() -> None:
    rule = Rule(when=Shape(sides=(720,)), need=Shape(durations_s=(8,)), say="720p clips are 8 s long")
    card = replace(CARD, rules=(rule,))
    request = GenerationRequest(model=card.id, mode=Mode.TEXT_TO_VIDEO, prompt="a city", duration_s=Fraction(5))
    with pytest.raises(InvalidRequest, match=r"720p clips are 8 s long; duration 5 s is not possible here, 8 s is"):
        card.resolve(request, (), seed=0)


PRICE = Price(
    microusd_per_s=100_000,
    tiers=(
        Tier(when=Shape(side_from=1080, audio=True), microusd_per_s=300_000),
        Tier(when=Shape(side_from=1080), microusd_per_s=200_000),
        Tier(when=Shape(durations_s=(6,), audio=True), microusd=450_000),
    ),
    source="a test",
    read_on=date(2026, 11, 22),
)


@pytest.mark.parametrize(
    ("changes", "microusd"),
    [
        ({}, 500_000),
        ({"width": 1920, "height": 1080}, 1_000_000),
        ({"width": 1920, "height": 1080, "audio": True}, 1_500_000),
        ({"frames": 6 * 24, "audio": True}, 450_000),
        ({"frames": 1}, 4167),
    ],
)
def test_the_first_tier_that_holds_is_the_price(changes: dict[str, Any], microusd: int) -> None:
    assert PRICE.of(replace(HD, **changes), ()) == microusd


def test_a_margin_is_on_every_figure() -> None:
    dearer = PRICE.times(Fraction(3, 2))
    assert dearer.of(HD, ()) == 750_000
    assert dearer.of(replace(HD, frames=6 * 24, audio=True), ()) == 675_000


def test_the_nearest_clip_keeps_sound_and_shape_before_length() -> None:
    route = Route(
        provider="p", upstream_model="m", life=CARD.life, makes=Shape(durations_s=(4, 8), sizes=((1280, 720),))
    )
    near = CARD.nearest(route, replace(HD, frames=7 * 24, audio=True), ())
    assert near is not None
    assert (near.size, near.duration_s, near.audio) == ("1280x720", 8, True)
    assert CARD.nearest(replace(route, makes=Shape(modes=(Mode.VIDEO_TO_VIDEO,))), HD, ()) is None


def test_what_may_stand_in() -> None:
    allowed = {s: [like for like in Likeness if s.allows(like)] for s in Substitution}
    assert allowed == {
        Substitution.FORBID: [Likeness.MODEL],
        Substitution.SAME_FAMILY: [Likeness.MODEL, Likeness.FAMILY],
        Substitution.ANY: list(Likeness),
    }
