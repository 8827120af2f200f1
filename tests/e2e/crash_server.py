"""A server that kills itself with SIGKILL before or after its n-th commit: `crash_server.py DATA before|after N`.

Prints one JSON line with its URL and keys. N = 0 never crashes. The count starts once the server is ready.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TypeVar

from harness import serving
from reelway.app import open_database
from reelway.db.base import Database
from reelway.db.script import Script
from reelway.kit.clock import Clock
from reelway.kit.logs import configure
from reelway.settings import Settings

T = TypeVar("T")


class CrashingDatabase:
    """Passes everything on, and dies where it was told to."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.when, self.left = "never", 0

    async def write(self, script: Script[T]) -> T:
        self.left -= 1
        if self.when == "before" and self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        mine = self.left
        result = await self._inner.write(script)
        if self.when == "after" and mine == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    async def read(self, script: Script[T]) -> T:
        return await self._inner.read(script)

    async def scan(self, script: Script[T]) -> T:
        return await self._inner.scan(script)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def main(data: Path, when: str, number: int) -> None:
    made: list[CrashingDatabase] = []

    async def open_db(settings: Settings, clock: Clock) -> Database:
        made.append(CrashingDatabase(await open_database(settings, clock)))
        return made[0]

    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with serving(data, open_db=open_db) as running:
        if number:
            made[0].when, made[0].left = when, number
        print(json.dumps({"url": running.url, "test_key": running.test_key}), flush=True)  # noqa: T201  its only output
        await stop.wait()


if __name__ == "__main__":
    configure(level="warning")
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
