"""A provider account that takes one submit a minute."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from harness import serving, settings_for
from reelway.app import open_database
from reelway.db.base import Database
from reelway.db.script import Script, sql
from reelway.kit.clock import SystemClock
from reelway.providers import sandbox


def lives() -> Script[list[tuple[Any, ...]]]:
    """State, epoch and number of attempts of each generation."""
    return (
        yield sql(
            "SELECT g.state, g.epoch, COUNT(a.number) FROM generations AS g LEFT JOIN attempts AS a"
            " ON a.generation_id = g.id GROUP BY g.id, g.state, g.epoch ORDER BY g.state"
        )
    )


async def until_both_are_taken(db: Database) -> list[tuple[Any, ...]]:
    async with asyncio.timeout(15):
        while True:
            rows = await db.read(lives())
            if sum(epoch for _, epoch, _ in rows) == 2 and sum(attempts for *_, attempts in rows) == 1:
                return rows
            await asyncio.sleep(0.01)


async def test_a_submit_waits_for_the_rate_and_gives_way_when_the_server_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "FACTS", replace(sandbox.FACTS, submits_per_minute=1))
    body = {"model": "wan2.2", "prompt": "slow 1000", "seconds": "5"}
    async with serving(tmp_path / "data", drain_s=20) as server:
        async with httpx2.AsyncClient(base_url=server.url, headers=server.headers(server.test_key)) as client:
            for _ in range(2):
                created = await client.post("/v1/videos", json=body)
                assert created.status_code == 200, created.text
        rows = await until_both_are_taken(server.reelway.db)
        assert ("queued", 1, 0) in rows
        stops_s = time.monotonic()
    assert time.monotonic() - stops_s < 15
    db = await open_database(settings_for(tmp_path / "data"), SystemClock())
    assert ("queued", 1, 0) in await db.read(lives())
    await db.aclose()
