"""One generation, as a test wants it."""

from dataclasses import replace
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

CREATED_AT = 1_800_000_000_000

SPEC = ClipSpec(
    model="sora-2-pro-t2v",
    mode=Mode.TEXT_TO_VIDEO,
    prompt="a red kite",
    negative_prompt="",
    width=1280,
    height=720,
    fps=24,
    frames=96,
    seed=7,
    audio=False,
    output_type=OutputType.MP4,
)

GENERATION = Generation(
    id=GenerationId("video_one"),
    number=41,
    workspace_id=WorkspaceId("wsp_one"),
    key_id=KeyId("key_one"),
    purse=Purse.LIVE,
    dialect=Dialect.MODELSLAB,
    family="v7",
    state=State.QUEUED,
    epoch=0,
    model="sora-2-pro-t2v",
    provider="previz",
    upstream_model="previz-1",
    spec=SPEC,
    echo={},
    base_url="http://reelway.test",
    token="tok",
    price_microusd=1_440_000,
    created_at=CREATED_AT,
)


def generation(**changes: Any) -> Generation:
    """Queued, unless said otherwise."""
    return replace(GENERATION, **changes)


def ended(state: State = State.SUCCEEDED, **changes: Any) -> Generation:
    """Started after 1 s, ended 4.491 s later."""
    times = {"started_at": CREATED_AT + 1_000, "ended_at": CREATED_AT + 5_491}
    return generation(**({"state": state} | times | changes))
