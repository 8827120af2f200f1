"""What the event loop and the disk allow, with nothing of ours on top: `python -m bench.floor`.

{"what": "jobs", "jobs", "at_once", "clip", "folder"}: three sleeps, then a copy of the clip made durable; jobs/s. No
database, no HTTP, no pictures: nothing that keeps jobs could be faster.
{"what": "sleepers", "sleepers"}: the memory of a process with that many coroutines asleep, each with a deadline.
"""

import asyncio
import json
import os
import shutil
import sys
import time
from pathlib import Path

import uvloop

from bench import machine

LOOKS = 3
LOOK_S = 0.02


async def jobs_per_s(jobs: int, at_once: int, clip: Path, folder: Path) -> float:
    """Wall clock, from the first to the last."""
    places = asyncio.Semaphore(at_once)

    def copy(number: int) -> None:
        incoming = folder / f"{number}.part"
        with clip.open("rb") as source, incoming.open("xb") as target:
            shutil.copyfileobj(source, target)
            target.flush()
            os.fsync(target.fileno())
        incoming.rename(folder / f"{number}.mp4")

    async def job(number: int) -> None:
        async with places:
            for _ in range(LOOKS):
                await asyncio.sleep(LOOK_S)
            await asyncio.to_thread(copy, number)

    started = time.perf_counter()
    await asyncio.gather(*(job(number) for number in range(jobs)))
    return jobs / (time.perf_counter() - started)


async def sleepers_mb(sleepers: int) -> float:
    """Resident memory with all of them asleep."""

    async def sleep() -> None:
        async with asyncio.timeout(600):
            await asyncio.get_running_loop().create_future()

    tasks = [asyncio.create_task(sleep()) for _ in range(sleepers)]
    await asyncio.sleep(0.2)
    used = machine.rss_mb(os.getpid())
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return used


def main() -> None:
    """JSON in, JSON out."""
    asked = json.load(sys.stdin)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        match asked["what"]:
            case "jobs":
                paths = {name: Path(asked[name]) for name in ("clip", "folder")}
                value = runner.run(jobs_per_s(asked["jobs"], asked["at_once"], **paths))
            case "sleepers":
                value = runner.run(sleepers_mb(asked["sleepers"]))
            case other:
                sys.exit(f"nothing is called {other!r}")
    print(json.dumps({"value": value}))


if __name__ == "__main__":
    main()
