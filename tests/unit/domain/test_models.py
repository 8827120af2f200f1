"""What a card makes of a request, and what it refuses, naming the value and the way out."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from builders import a_spec
from reelway.catalogue.load import load
from reelway.domain.generation import GenerationRequest, Mode, OutputType
from reelway.domain.models import ModelCard, parse_ratio, smallest_clip
from reelway.errors import ConfigError, InvalidRequest, ModelNotFound

CATALOGUE = load()
SORA = CATALOGUE.find("sora-2-pro-t2v")


def ask(**changes: Any) -> GenerationRequest:
    facts: dict[str, Any] = {"model": "sora-2-pro-t2v", "mode": Mode.TEXT_TO_VIDEO, "prompt": "a city"}
    return GenerationRequest(**(facts | changes))


def test_the_documented_request_is_five_seconds_of_720p() -> None:
    spec = SORA.resolve(ask(frames=120, output_type=OutputType.MP4), (), seed=7)
    assert (spec.size, spec.frames, spec.fps, spec.duration_s, spec.seed) == ("1280x720", 120, 24, 5, 7)


def test_price_is_per_second_of_exact_length() -> None:
    spec = SORA.resolve(ask(frames=120), (), seed=0)
    assert SORA.price_microusd(spec) == 5 * 360_000


def test_a_part_of_a_microdollar_is_rounded_up() -> None:
    card = CATALOGUE.find("veo-3.1")
    spec = replace(a_spec(), model=card.id, frames=1, fps=7)
    assert card.price_microusd(spec) == -(-480_000 // 7)


def test_the_larger_size_costs_its_own_price() -> None:
    card = CATALOGUE.find("sora-2-pro")
    small, large = (
        card.resolve(ask(width=w, height=h, duration_s=Fraction(4)), (), seed=0) for w, h in ((1280, 720), (1920, 1080))
    )
    assert (card.price_microusd(small), card.price_microusd(large)) == (1_200_000, 2_800_000)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"duration_s": Fraction(7)}, r"makes clips of 4, 5, 8, 10, 12 s; 7 s is not one of them"),
        ({"duration_s": Fraction(-4)}, r"-4 s is not one of them"),
        ({"frames": 0}, r"makes 24 to 288 frames; 0 is not possible"),
        ({"frames": 10**9}, r"1000000000 is not possible"),
        ({"fps": 0}, r"1 to 30 fps; 0 is not possible"),
        ({"width": 1000, "height": 600}, r"1000x600 is not one of them"),
        ({"width": 1281, "height": 720}, r"width 1281 is not possible; it is an even number"),
        ({"aspect_ratio": "1:1"}, r"none of them is 1:1"),
        ({"aspect_ratio": "wide"}, r"'wide' is not like 16:9"),
        ({"resolution": 480}, r"480p is not one of them"),
        ({"seed": -1}, r"seed -1 is not possible; 0 to 4294967295 is"),
        ({"prompt": "  "}, r"prompt is required"),
        ({"prompt": "x" * 40_000}, r"prompt has 40000 characters; sora-2-pro-t2v takes at most 32000"),
        ({"mode": Mode.IMAGE_TO_VIDEO}, r"makes text-to-video, not image-to-video"),
    ],
)
def test_the_impossible_is_refused_with_the_way_out(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequest, match=message):
        SORA.resolve(ask(**changes), (), seed=0)


def test_v6_numbers_are_pulled_into_range() -> None:
    card = CATALOGUE.find("wan2.2")
    wild = ask(model="wan2.2", clamp=True, width=9999, height=-5, fps=900, frames=10**6, seed=-3, audio=True)
    spec = card.resolve(wild, (), seed=0)
    assert (spec.width, spec.height) in card.sizes
    assert (spec.fps, spec.frames) == (card.fps_max, card.frames_max)


def test_any_size_in_bounds_is_made_where_the_card_says_any() -> None:
    card = CATALOGUE.find("previz")
    assert card.resolve(ask(width=128, height=72), (), seed=0).size == "128x72"
    assert card.resolve(ask(aspect_ratio="21:9", resolution=480), (), seed=0).size == "1120x480"


def test_missing_price_is_never_zero() -> None:
    with pytest.raises(ConfigError, match="no price"):
        replace(SORA, price=None).price_microusd(smallest_clip(SORA))


@pytest.mark.parametrize("card", CATALOGUE.cards(), ids=lambda c: c.id)
def test_every_card_resolves_and_prices_its_own_smallest_clip(card: ModelCard) -> None:
    """An entry whose price has a key that no request reaches makes every call unavailable elsewhere."""
    price = card.price_microusd(smallest_clip(card))
    assert (price == 0) == (card.id == "previz")
    assert card.routes


def test_ids_are_found_in_any_case_and_by_alias() -> None:
    assert CATALOGUE.find("SORA-2-Pro-T2V") is SORA
    assert CATALOGUE.find("kling-3.0").id == "kling-v3-t2v"


def test_an_unknown_model_offers_the_nearest() -> None:
    with pytest.raises(ModelNotFound, match="Model not found: sora-2-por-t2v; did you mean sora-2-pro-t2v"):
        CATALOGUE.find("sora-2-por-t2v")


@pytest.mark.parametrize("text", ["16:0", "0:9", "a:b", "16", "٣:٤", "1:99999999"])
def test_odd_ratios_are_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_ratio(text)
