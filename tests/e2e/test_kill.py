"""kill -9 at every step of a job's life: after a restart it has ended once, is paid once, is announced, is whole.

The server kills itself before its first, second, … commit, then after each of them, until a whole life needs no
crash. Between two commits lies every effect: the provider's render, the stored file, the webhook that was sent.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from processes import server, until_ended
from reelway.app import open_database
from reelway.db.script import Script, from_json, sql
from reelway.kit.clock import SystemClock
from reelway.ledger.audit import audit
from reelway.media.probe import probe
from reelway.settings import Settings

# wan2.2 lists 0.04 USD a second: 10 frames at 16 fps cost 0.025.
BODY = {
    "model": "wan2.2",
    "prompt": "a red kite over the sea",
    "num_frames": 10,
    "fps": 16,
    "size": "512x512",
    "passes": ["depth", "shot"],
}


@asynccontextmanager
async def receiver() -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    got: list[dict[str, Any]] = []

    async def hook(request: web.Request) -> web.Response:
        got.append(await request.json() | {"webhook_id": request.headers["webhook-id"]})
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", got
    finally:
        await runner.cleanup()


async def create(http: aiohttp.ClientSession, at: dict[str, str], hook: str) -> str | None:
    """The id; None when the server died before it answered."""
    headers = {"authorization": f"Bearer {at['test_key']}", "idempotency-key": "once"}
    try:
        async with http.post(at["url"] + "/v1/videos", json=BODY | {"webhook_url": hook}, headers=headers) as answer:
            body = await answer.json()
            assert answer.status == 200, body
            return str(body["id"])
    except (aiohttp.ClientConnectionError, asyncio.IncompleteReadError):
        return None


def life(data: Path) -> Script[tuple[list[tuple[Any, ...]], list[tuple[Any, ...]], list[Any]]]:
    generations = yield sql("SELECT state, price_microusd, charged_microusd, token, output FROM generations")
    transfers = yield sql("SELECT kind, amount_microusd FROM transfers WHERE kind <> 'grant' ORDER BY kind")
    findings = yield from audit()
    return generations, transfers, findings


async def check(data: Path, got: list[dict[str, Any]]) -> None:
    db = await open_database(Settings(data=data), SystemClock())
    try:
        generations, transfers, findings = await db.scan(life(data))
    finally:
        await db.aclose()
    assert findings == []
    [(state, price, charged, token, output)] = generations  # one job, however often it was sent
    assert (state, charged) == ("succeeded", price)
    assert price == 25_000
    assert transfers == [("hold", price), ("settle", price)]
    assert got
    assert len({g["webhook_id"] for g in got}) == 1, "a repeated webhook must be recognisable"
    facts = probe(data / "files" / "videos" / f"{token}.mp4")
    assert (facts.frames, facts.width, facts.height) == (10, 512, 512)
    assert list((data / "files" / "inputs").glob("*")) == []
    told = {f"-{file['name']}": file["size_bytes"] for file in from_json(output)["passes"]}
    assert told.keys() == {"-depth.mkv", "-depth.json", "-shot.json"}
    kept = {path.name.removeprefix(token): path.stat().st_size for path in (data / "files" / "videos").iterdir()}
    assert told.items() <= kept.items()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_job_killed_at_any_commit_ends_once_is_paid_once_and_is_announced(tmp_path: Path, when: str) -> None:
    crashes = 0
    for number in range(1, 40):
        data = tmp_path / str(number)
        async with receiver() as (hook, got), aiohttp.ClientSession() as http:
            async with server(data, when, number) as at:
                id = await create(http, at, hook)
                survived = id is not None and await until_ended(http, at, id, got)
            if not survived:
                crashes += 1
                async with server(data) as at:
                    again = await create(http, at, hook)  # what a careful client does: the same key once more
                    assert id in (None, again)
                    assert await until_ended(http, at, str(again), got)
            await check(data, got)
        if survived:
            break
    assert crashes >= 7, "the server crashed less often than a life has commits"
