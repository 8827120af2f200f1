"""The render process is killed in the middle: the clip comes all the same, and is paid once."""

import asyncio
import os
import signal
from pathlib import Path

import aiohttp

from harness import serving
from reelway.ledger.audit import audit


def render_processes() -> list[int]:
    """Children of this process that render; Linux tells them in /proc."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            if "reelway.previz.child" in Path(f"/proc/{pid}/cmdline").read_text():
                found.append(int(pid))
    return found


async def test_a_killed_render_process_costs_time_and_nothing_else(tmp_path: Path) -> None:
    body = {"model": "previz", "prompt": "a city", "size": "640x360", "seconds": "2"}
    async with serving(tmp_path / "data") as running, aiohttp.ClientSession(headers=running.headers()) as http:
        async with http.post(f"{running.url}/v1/videos", json=body) as answer:
            id = (await answer.json())["id"]
        killed = False
        async with asyncio.timeout(120):
            while True:
                async with http.get(f"{running.url}/v1/videos/{id}") as answer:
                    video = await answer.json()
                if video["status"] in ("completed", "failed"):
                    break
                if not killed and video["progress"] > 0:
                    for pid in render_processes():
                        os.kill(pid, signal.SIGKILL)
                        killed = True
                await asyncio.sleep(0.05)
        assert killed
        assert video["status"] == "completed", video["error"]
        assert await running.reelway.db.scan(audit()) == []


async def test_what_killed_servers_left_half_made_goes_after_a_day(tmp_path: Path) -> None:
    work = tmp_path / "data" / "work" / "previz"
    (work / "a folder").mkdir(parents=True)
    for name in (".gen-1.mp4.7.part", "gen-2.mp4", "gen-3.mp4"):
        (work / name).touch()
    for name in (".gen-1.mp4.7.part", "gen-2.mp4", "a folder"):
        os.utime(work / name, (0, 0))
    async with serving(tmp_path / "data") as running:
        running.reelway.providers.get("previz")
        assert sorted(path.name for path in work.iterdir()) == ["a folder", "gen-3.mp4"]
