"""One thing at a time, with everything a test does not care about filled in."""

import random
from typing import Any

from reelway.catalogue.load import load
from reelway.db.base import Database
from reelway.domain.generation import (
    ClipSpec,
    Dialect,
    Generation,
    GenerationId,
    KeyId,
    Mode,
    OutputType,
    WorkspaceId,
)
from reelway.domain.money import Purse
from reelway.domain.states import State
from reelway.kit.clock import Clock
from reelway.kit.ids import new_id, new_token
from reelway.kit.metrics import Metrics
from reelway.routing.budgets import Budgets
from reelway.routing.health import Health
from reelway.routing.router import Router
from reelway.routing.routes import Routes
from reelway.routing.wishes import wishes
from reelway.settings import Settings


def a_spec(**changes: Any) -> ClipSpec:
    """A second of 128x72."""
    facts: dict[str, Any] = {
        "model": "previz",
        "mode": Mode.TEXT_TO_VIDEO,
        "prompt": "a red kite",
        "negative_prompt": "",
        "width": 128,
        "height": 72,
        "fps": 24,
        "frames": 24,
        "seed": 1,
        "audio": False,
        "output_type": OutputType.MP4,
    }
    return ClipSpec(**(facts | changes))


def a_generation(**changes: Any) -> Generation:
    """Queued, free, of no particular workspace."""
    facts: dict[str, Any] = {
        "id": GenerationId(new_id("video", 1)),
        "number": 1,
        "workspace_id": WorkspaceId("wsp_1"),
        "key_id": KeyId("key_1"),
        "purse": Purse.LIVE,
        "dialect": Dialect.OPENAI,
        "family": "v1",
        "state": State.QUEUED,
        "epoch": 0,
        "model": "previz",
        "provider": "previz",
        "upstream_model": "previz-1",
        "spec": a_spec(),
        "echo": {},
        "base_url": "http://127.0.0.1:8080",
        "token": new_token(),
        "price_microusd": 0,
        "created_at": 1,
    }
    return Generation(**(facts | changes))


def a_router(db: Database, clock: Clock) -> Router:
    """Of the built-in catalogue, with whatever needs no table."""
    catalogue = load()
    return Router(
        routes=Routes(clock=clock),
        catalogue=catalogue,
        health=Health(db, clock, Metrics()),
        budgets=Budgets(db, clock),
        facts={},
        wishes=wishes(Settings(), catalogue, ()),
        rng=random.Random(1),
    )
