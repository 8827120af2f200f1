"""One thing at a time, with everything a test does not care about filled in."""

import json
import random
from collections.abc import Mapping
from datetime import date
from pathlib import Path
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
    Output,
    OutputType,
    WorkspaceId,
)
from reelway.domain.money import Purse
from reelway.domain.states import State
from reelway.kit.clock import Clock
from reelway.kit.ids import new_id, new_token
from reelway.kit.metrics import Metrics
from reelway.providers.configured import configure
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


def a_router(db: Database, clock: Clock, accounts: Mapping[str, dict[str, Any]] | None = None) -> Router:
    """Of the built-in catalogue: with all its providers, or with these accounts and what needs none."""
    catalogue = load()
    return Router(
        routes=Routes(clock=clock, providers=None if accounts is None else configure(accounts, {})),
        catalogue=catalogue,
        health=Health(db, clock, Metrics()),
        budgets=Budgets(db, clock),
        facts={},
        wishes=wishes(Settings(), catalogue, ()),
        rng=random.Random(1),
    )


def an_output(**changes: Any) -> Output:
    """Of `a_spec`."""
    facts: dict[str, Any] = {
        "width": 128,
        "height": 72,
        "fps": 24.0,
        "frames": 24,
        "duration_s": 1.0,
        "codec": "h264",
        "size_bytes": 4,
        "media_type": "video/mp4",
        "etag": '"e"',
        "has_audio": False,
    }
    return Output(**(facts | changes))


def a_catalogue(folder: Path, model: str, *routes: dict[str, Any], usd_per_s: str = "0.04", **card: Any) -> Path:
    """A folder in `folder` with one model of these routes: a second of 128x72 from words, changed by `card`."""
    facts = {
        "id": model,
        "name": model,
        "description": "For a test.",
        "modes": ["text-to-video"],
        "durations_s": [1],
        "fps": 24,
        "sizes": ["128x72"],
        "source": "a test",
    }
    price = {"usd_per_s": usd_per_s, "source": "a test", "read_on": date(2026, 11, 22)}
    entries = [{"upstream_model": "m"} | route for route in routes]
    family = {"id": "own", "vendor": "Nobody"}
    catalogue = folder / "catalogue"
    catalogue.mkdir(parents=True, exist_ok=True)
    entry = _toml(facts | card | {"price": price, "routes": entries})
    (catalogue / "own.toml").write_text(f"family = {_toml(family)}\nmodels = [{entry}]\n")
    return catalogue


def _toml(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{name} = {_toml(one)}" for name, one in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case date():
            return value.isoformat()
        case _:
            return json.dumps(value)
