"""When a preview stands in: where nothing that is paid for is configured, and never for want of a value."""

from fractions import Fraction
from typing import Any

import pytest

from builders import a_router
from reelway.db.base import Database
from reelway.domain.generation import GenerationRequest, InputFile, Mode, Role
from reelway.domain.models import Substitution
from reelway.domain.money import Purse
from reelway.errors import InvalidRequest
from reelway.kit.clock import SystemClock
from reelway.routing.router import Plan

KLING = {"kling": {"key": "k-0123456789"}}
OPENROUTER = {"openrouter": {"key": "k-0123456789"}}
COGVIDEOX = {"diffusers-cogvideox": {"provider": "diffusers", "model": "a/b", "allow_download": True}}
BETWEEN = {"frames": 100}  # 4.17 s: in the card's range, and no length of Kling's
LARGE = {"width": 1920, "height": 1080}  # the card's, and none of OpenRouter's


def plan(db: Database, accounts: dict[str, Any], asked: dict[str, Any], purse: Purse = Purse.LIVE) -> Plan:
    usual = {"model": "kling-v3-t2v", "mode": Mode.TEXT_TO_VIDEO, "prompt": "a kite"}
    return a_router(db, SystemClock(), accounts).plan(GenerationRequest(**(usual | asked)), purse, None)


@pytest.mark.parametrize(
    ("accounts", "asked", "param", "says"),
    [
        (KLING, BETWEEN, "duration", "kling-v3-t2v: duration 4.16667 s is not possible here, 4 or 5 s is"),
        (OPENROUTER, LARGE, "size", "size 1920x1080 is not possible here, 1280x720 or 720x1280 is"),
    ],
)
async def test_what_the_models_own_route_cannot_make_is_refused_with_the_nearest_values(
    db: Database, accounts: dict[str, Any], asked: dict[str, Any], param: str, says: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        plan(db, accounts, asked)
    assert refused.value.param == param
    assert says in refused.value.message


@pytest.mark.parametrize("asked", [BETWEEN, LARGE])
async def test_the_same_is_a_preview_where_nothing_configured_makes_the_model(
    db: Database, asked: dict[str, Any]
) -> None:
    found = plan(db, {}, asked)
    assert (found.provider, found.preview, found.price_microusd) == ("previz", True, 0)


async def test_another_account_that_can_make_it_does(db: Database) -> None:
    found = plan(db, OPENROUTER | KLING, LARGE)
    assert (found.provider, found.spec.size) == ("kling", "1920x1080")


async def test_a_request_that_names_a_substitution_gets_the_models_nearest_clip_and_no_preview(db: Database) -> None:
    found = plan(db, KLING, BETWEEN | {"substitution": Substitution.ANY})
    assert (found.provider, found.spec.duration_s, found.price_microusd) == ("kling", Fraction(4), 400_000)


async def test_a_mode_that_no_route_has_is_refused_too(db: Database) -> None:
    """The pipeline for pictures is another folder on disk, with a table of its own."""
    asked: dict[str, Any] = {"model": "cogvideox1.5-5b", "mode": Mode.IMAGE_TO_VIDEO}
    asked["inputs"] = (InputFile(role=Role.FIRST_FRAME, param="init_image"),)
    with pytest.raises(InvalidRequest, match="image-to-video is not possible here, text-to-video is"):
        plan(db, COGVIDEOX, asked)


async def test_a_test_key_is_served_by_the_sandbox_all_the_same(db: Database) -> None:
    assert plan(db, KLING, BETWEEN, Purse.TEST).provider == "sandbox"
