"""A real server for tests: the whole of Reelway on a free port of 127.0.0.1, in this process."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import uvicorn

from reelway.accounts.keys import create_key
from reelway.accounts.workspaces import ensure_workspace
from reelway.api.server import create_api
from reelway.app import OpenDatabase, Part, Reelway, build, open_database
from reelway.domain.money import Purse
from reelway.kit.clock import Clock
from reelway.settings import Settings

PREVIZ_CACHE = Path(os.environ.get("REELWAY_PREVIZ_CACHE") or Path(__file__).parents[1] / ".cache/previz").absolute()
LOOPBACK = (ip_network("127.0.0.0/8"),)
TINY = {"model": "previz", "prompt": "a red kite over the sea", "size": "128x72", "seconds": "1"}


@dataclass(frozen=True, kw_only=True)
class Running:
    """A server and the keys to it."""

    url: str
    reelway: Reelway
    live_key: str
    test_key: str
    other_key: str  # of another workspace

    def headers(self, key: str | None = None) -> dict[str, str]:
        return {"authorization": f"Bearer {key or self.live_key}"}


async def make_key(reelway: Reelway, workspace: str, purse: Purse, free: dict[Purse, int] | None = None) -> str:
    """A new key; the workspace is made if it is new."""
    now = reelway.services.clock.now_ms()
    if free is None:
        free = {Purse.LIVE: 10_000_000, Purse.TEST: 100_000_000}
    made = await reelway.db.write(ensure_workspace(workspace, free, now))
    _, key = await reelway.db.write(create_key(made.id, purse, "test", (), now))
    return key


def settings_for(data: Path, **changes: Any) -> Settings:
    """Settings that make tests quick."""
    fast: dict[str, Any] = {
        "data": data,
        "port": 0,
        "previz_cache": PREVIZ_CACHE,
        "allow_private": LOOPBACK,
        "requests_per_minute": 0,
        "retry_first_s": 0.05,
        "retry_most_s": 0.2,
        "webhook_schedule_s": (0, 0.1, 0.2, 0.4),
    }
    return Settings(**(fast | changes))


@asynccontextmanager
async def serving(
    data: Path,
    clock: Clock | None = None,
    *,
    open_db: OpenDatabase = open_database,
    part: Part = Part.ALL,
    **changes: Any,
) -> AsyncIterator[Running]:
    """Serve on a free port until the block ends."""
    reelway = await build(settings_for(data, **changes), clock, open_db=open_db, part=part)
    await reelway.start()
    config = uvicorn.Config(
        create_api(reelway.services),
        host="127.0.0.1",
        port=0,
        log_level="warning",
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    task = asyncio.create_task(server._serve())
    try:
        while not server.started:
            if task.done():
                task.result()
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Running(
            url=f"http://127.0.0.1:{port}",
            reelway=reelway,
            live_key=await make_key(reelway, "first", Purse.LIVE),
            test_key=await make_key(reelway, "first", Purse.TEST),
            other_key=await make_key(reelway, "other", Purse.LIVE),
        )
    finally:
        reelway.services.stopping = True
        server.should_exit = True
        await asyncio.wait([task], timeout=5)
        await reelway.stop()
