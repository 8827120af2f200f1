"""Who follows a control video: planned before any hold, and refused with the way out."""

from pathlib import Path
from typing import Any

import pytest

from builders import a_router, a_spec
from reelway import catalogue
from reelway.catalogue.load import load
from reelway.db.base import Database
from reelway.domain.generation import ClipSpec, Control, GenerationRequest, InputFile, Mode, Role
from reelway.domain.money import Purse
from reelway.errors import ConfigError, InvalidRequest
from reelway.kit.clock import SystemClock
from reelway.routing.router import Plan, Router

VACE, SMALL = "wan2.1-vace-14b", "wan2.1-vace-1.3b"
FAL = {"fal": {"key": "k-0123456789"}}


def plan(router: Router, model: str, kind: Control = Control.DEPTH, purse: Purse = Purse.LIVE, **more: Any) -> Plan:
    video = InputFile(role=Role.CONTROL_VIDEO, param="control_video")
    request = GenerationRequest(
        model=model, mode=Mode.TEXT_TO_VIDEO, prompt="a kite", inputs=(video,), control=kind, **more
    )
    return router.plan(request, purse, None)


async def test_a_model_that_follows_it_is_planned_with_its_kind_and_price(db: Database) -> None:
    found = plan(a_router(db, SystemClock()), VACE)
    assert (found.provider, found.spec.control, found.price_microusd) == ("diffusers-wan-vace-14b", "depth", 200_000)
    assert found.spec.mode is Mode.TEXT_TO_VIDEO


@pytest.mark.parametrize(
    ("model", "kind", "more", "says"),
    [
        ("kling-v3-t2v", Control.DEPTH, {}, "kling-v3-t2v takes no control video; wan2.1-vace-14b can"),
        ("previz", Control.DEPTH, {}, "previz takes no control video; wan2.1-vace-14b can"),
        ("kling-v3-t2v", Control.BLUR, {}, "takes no control video; nor does any other model that is served here"),
        (VACE, Control.SEG, {}, "wan2.1-vace-14b takes control videos of depth or pose or scribble, not seg"),
        (VACE, Control.SCRIBBLE, {}, "wan2.1-vace-14b: control_type scribble is not possible here, depth or pose is"),
        (VACE, Control.DEPTH, {"duration_s": 3}, "wan2.1-vace-14b: duration 3 s is not possible here, 5 s is"),
    ],
)
async def test_what_cannot_be_followed_is_refused_with_the_way_out(
    db: Database, model: str, kind: Control, more: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        plan(a_router(db, SystemClock(), FAL), model, kind, **more)
    assert says in refused.value.message
    assert refused.value.param == ("duration" if more else "control_type")


async def test_no_preview_takes_the_place_of_a_model_that_follows(db: Database) -> None:
    for substitution in (None, "any"):
        with pytest.raises(InvalidRequest, match="is configured here"):
            plan(a_router(db, SystemClock(), {}), VACE, substitution=substitution)


@pytest.mark.parametrize(
    ("accounts", "model", "says"),
    [
        ({}, VACE, "wan2.1-vace-14b that follows depth is configured here; add diffusers-wan-vace-14b or fal"),
        (FAL, SMALL, "that follows depth is configured here; add diffusers-wan-vace-1-3b, or use wan2.1-vace-14b"),
    ],
)
async def test_who_could_follow_is_named_where_nobody_who_does_is_configured(
    db: Database, accounts: dict[str, Any], model: str, says: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        plan(a_router(db, SystemClock(), accounts), model)
    assert refused.value.message.endswith(says)
    assert refused.value.param == "control_type"


async def test_auto_finds_who_can_and_says_when_nobody_does(db: Database) -> None:
    found = plan(a_router(db, SystemClock(), FAL), "auto")
    assert (found.provider, found.spec.model, found.spec.control) == ("fal", VACE, Control.DEPTH)
    with pytest.raises(InvalidRequest, match="no control video; nor does any other model that is served here"):
        plan(a_router(db, SystemClock(), {}), "auto")


async def test_a_route_may_need_one(db: Database) -> None:
    """fal's endpoint is for clips that follow something; where it is not there, previz stands in for words alone."""
    words = GenerationRequest(model=VACE, mode=Mode.TEXT_TO_VIDEO, prompt="a kite")
    with pytest.raises(InvalidRequest, match="without a control video is not possible here, with a control video is"):
        a_router(db, SystemClock(), FAL).plan(words, Purse.LIVE, None)
    assert a_router(db, SystemClock(), {}).plan(words, Purse.LIVE, None).provider == "previz"


async def test_a_test_key_gets_a_preview_in_place_of_what_follows_and_the_same_refusals(db: Database) -> None:
    router = a_router(db, SystemClock(), {})
    found = plan(router, VACE, purse=Purse.TEST)
    assert (found.provider, found.preview, found.price_microusd) == ("sandbox", True, 200_000)
    with pytest.raises(InvalidRequest, match="takes no control video"):
        plan(router, "kling-v3-t2v", purse=Purse.TEST)


def test_a_clip_keeps_what_its_control_video_shows_and_one_without_reads_as_before() -> None:
    led = a_spec(control=Control.POSE)
    assert ClipSpec.from_json(led.to_json()) == led
    assert "control" not in a_spec().to_json()
    assert ClipSpec.from_json(a_spec().to_json()) == a_spec()


def test_a_kind_that_there_is_none_of_stops_the_start(tmp_path: Path) -> None:
    (wan,) = Path(catalogue.__file__).parent.glob("wan.toml")
    (tmp_path / "own.toml").write_text(wan.read_text().replace('["depth", "pose"]', '["deepness"]'))
    with pytest.raises(ConfigError, match="'deepness' is not a valid Control"):
        load(tmp_path)
