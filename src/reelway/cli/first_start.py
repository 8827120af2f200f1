"""The first start of an installation: one workspace, one key, and a request to try."""

import json
import shlex
from typing import Final

from reelway.accounts.keys import create_key, list_keys
from reelway.accounts.workspaces import ensure_workspace
from reelway.cli.options import DEFAULT_WORKSPACE
from reelway.db.script import Script, sql
from reelway.domain.money import Purse, usd

FIRST_REQUEST: Final = {
    "prompt": "slow aerial shot over a futuristic city at dusk, cinematic",
    "model_id": "sora-2-pro-t2v",
    "num_frames": 120,
    "output_type": "mp4",
}


def first_key(free: dict[Purse, int], now_ms: int) -> Script[str | None]:
    """The key of the first workspace, made now; None when there are keys already.

    Of several servers that start at once, one makes it.
    """
    if (yield from list_keys(None)):
        return None
    workspace = yield from ensure_workspace(DEFAULT_WORKSPACE, free, now_ms)
    yield sql("UPDATE workspaces SET name = name WHERE id = $1 RETURNING 1", workspace.id)  # the others wait here
    if (yield from list_keys(None)):
        return None
    _, key = yield from create_key(workspace.id, Purse.LIVE, "first start", (), now_ms)
    return key


def first_words(url: str, key: str, free: dict[Purse, int]) -> list[str]:
    """What to do with it."""
    body = json.dumps({"key": key} | FIRST_REQUEST)
    return [
        "",
        f"The first start made the workspace {DEFAULT_WORKSPACE!r} with {usd(free[Purse.LIVE])} USD of free credits,"
        f" {usd(free[Purse.TEST])} USD of test credits and a key.",
        "The key is shown this once; `reelway keys create` makes more. Try it:",
        "",
        f"curl {url}/api/v7/video-fusion/text-to-video \\",
        "  -H 'Content-Type: application/json' \\",
        f"  -d {shlex.quote(body)}",
        "",
    ]
