"""Who makes passes: planned before any hold, and never by a sketch in place of a film."""

import pytest

from builders import a_router
from reelway.db.base import Database
from reelway.domain.generation import GenerationRequest, Mode
from reelway.domain.models import Substitution
from reelway.domain.money import Purse
from reelway.domain.passes import Pass
from reelway.errors import InvalidRequest
from reelway.kit.clock import SystemClock
from reelway.routing.router import Plan, Router


@pytest.fixture
def router(db: Database) -> Router:
    """Every provider of the catalogue is there."""
    return a_router(db, SystemClock())


def plan(router: Router, model: str, purse: Purse = Purse.LIVE, substitution: str | None = None) -> Plan:
    request = GenerationRequest(
        model=model,
        mode=Mode.TEXT_TO_VIDEO,
        prompt="a kite",
        passes=(Pass.DEPTH, Pass.CAMERA),
        substitution=substitution,
    )
    return router.plan(request, purse, None)


@pytest.mark.parametrize("substitution", [None, *Substitution])
async def test_a_model_that_makes_none_says_so_and_no_preview_takes_its_place(
    router: Router, substitution: str | None
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        plan(router, "kling-v3-t2v", substitution=substitution)
    assert refused.value.param == "passes"
    assert refused.value.message == (
        "kling-v3-t2v: only the model previz makes passes; passes depth, camera is not possible here,"
        " leaving them out is"
    )


@pytest.mark.parametrize("model", ["auto", "auto:cheapest", "previz"])
async def test_auto_finds_who_makes_them(router: Router, model: str) -> None:
    found = plan(router, model)
    assert (found.provider, found.spec.model, found.price_microusd) == ("previz", "previz", 0)
    assert found.spec.passes == (Pass.DEPTH, Pass.CAMERA)


async def test_a_test_key_has_them_beside_every_model(router: Router) -> None:
    found = plan(router, "kling-v3-t2v", Purse.TEST)
    assert (found.provider, found.preview, found.spec.passes) == ("sandbox", True, (Pass.DEPTH, Pass.CAMERA))
