"""A whole generation by diffusers: a request, a tiny Wan pipeline in its own process, an MP4 at our URL."""

import asyncio
import io
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from builders import a_catalogue
from harness import serving
from reelway.ledger.audit import audit
from reelway.media.probe import probe

SHOT = {"model": "previz", "prompt": "a red car", "size": "128x72", "num_frames": 12, "fps": 12, "passes": ["depth"]}


async def ended(http: aiohttp.ClientSession, body: dict[str, Any]) -> tuple[dict[str, Any], set[int]]:
    """The video in the end, and the progress that was seen."""
    async with http.post("/v1/videos", json=body) as answer:
        video: dict[str, Any] = await answer.json()
    seen = set()
    while video["status"] in ("queued", "in_progress"):
        async with http.get(f"/v1/videos/{video['id']}") as answer:
            video = await answer.json()
        seen.add(video["progress"])
        await asyncio.sleep(0.02)
    assert video["status"] == "completed", video["error"]
    return video, seen


@pytest.mark.parametrize("model", ["wan", "wan-vace"])
async def test_from_request_to_a_clip_by_a_pipeline_on_this_machine(
    pipelines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    """The one of words; the other follows the depth of a shot that the built-in engine has blocked."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    catalogue = a_catalogue(tmp_path, "wan-here", {"provider": "wan-gpu", "control": ["depth"]}, fps=8)
    table = {"provider": "diffusers", "model": str(pipelines / model), "steps": 20, "device": "cpu"}
    table |= {"poll_first_s": 0.02, "poll_most_s": 0.02}
    async with (
        serving(tmp_path / "data", providers={"wan-gpu": table}, catalogue=catalogue) as running,
        aiohttp.ClientSession(running.url, headers=running.headers()) as http,
    ):
        body: dict[str, Any] = {"model": "wan-here", "prompt": "a red kite over the sea", "seed": 7}
        if model == "wan-vace":
            shot, _ = await ended(http, SHOT)
            body["control"] = {"type": "depth", "video": {"id": shot["id"]}}
        video, seen = await ended(http, body)
        assert (video["served_by"], video["preview"], video["price_usd"]) == ("wan-gpu", False, "0.04")
        assert len([progress for progress in seen if 0 < progress < 100]) > 1
        async with http.get(video["url"]) as answer:
            facts = probe(io.BytesIO(await answer.read()))
        assert (facts.width, facts.height, facts.frames, facts.fps) == (128, 72, 8, 8)
        assert video["charged_usd"] == "0.04"
        assert await running.reelway.db.scan(audit()) == []
