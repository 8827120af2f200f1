"""Servers as processes of their own, to be killed."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

CRASH_SERVER = Path(__file__).with_name("e2e") / "crash_server.py"


@asynccontextmanager
async def server(data: Path, when: str = "before", number: int = 0) -> AsyncIterator[dict[str, Any]]:
    command = [sys.executable, str(CRASH_SERVER), str(data), when, str(number)]
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environ) as process:
        assert process.stdout is not None
        try:
            line = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), 60)
            yield json.loads(line) | {"process": process}
        finally:
            process.kill()


async def status(http: aiohttp.ClientSession, at: dict[str, str], id: str) -> str | None:
    try:
        async with http.get(f"{at['url']}/v1/videos/{id}", headers={"authorization": f"Bearer {at['test_key']}"}) as r:
            return str((await r.json())["status"])
    except aiohttp.ClientConnectionError:
        return None


async def until_ended(http: aiohttp.ClientSession, at: Any, id: str, got: list[dict[str, Any]]) -> bool:
    """True when it ended and was announced; False when the server died first."""
    async with asyncio.timeout(120):
        while True:
            state = await status(http, at, id)
            if state is None or at["process"].poll() is not None:
                return False
            if state in ("completed", "failed") and got:
                # Let the record of the delivery be written, and its dispatch entry go.
                await asyncio.sleep(0.3)
                return at["process"].poll() is None
            await asyncio.sleep(0.05)
