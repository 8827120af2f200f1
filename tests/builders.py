"""One thing at a time, with everything a test does not care about filled in."""

from typing import Any

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
from reelway.kit.ids import new_id, new_token


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
