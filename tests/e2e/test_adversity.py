"""Disk full, a read-only data folder, clocks that jump: clear answers, nothing lost."""

import asyncio
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from harness import serving
from processes import server, until_ended
from reelway.kit.clock import SystemClock

TINY = {"model": "wan2.2", "num_frames": 8, "fps": 16, "size": "512x512"}
UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def headers(at: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {at['test_key']}"}


async def post(http: aiohttp.ClientSession, at: dict[str, Any], **body: Any) -> tuple[int, Any]:
    async with http.post(at["url"] + "/v1/videos", json=TINY | body, headers=headers(at)) as answer:
        return answer.status, await answer.json()


async def balance(http: aiohttp.ClientSession, at: dict[str, Any]) -> Any:
    async with http.get(at["url"] + "/v1/account", headers=headers(at)) as answer:
        return (await answer.json())["purses"]["test"]["available_microusd"]


async def test_a_full_disk_refuses_new_work_finishes_old_work_later_and_loses_nothing(tmp_path: Path) -> None:
    """The limit on file sizes of the running server makes every write past 8 KiB fail, as a full disk does."""
    async with server(tmp_path) as at, aiohttp.ClientSession() as http:
        pid = at["process"].pid
        status, body = await post(http, at, prompt="a red kite")  # starts the engine's process, without the limit
        assert status == 200
        assert await until_ended(http, at, body["id"], [{}])
        _, running = await post(http, at, prompt="slow 4 a red kite")
        before = await balance(http, at)

        resource.prlimit(pid, resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
        status, body = await post(http, at, prompt="a red kite")
        assert (status, body["error"]["code"]) == (503, "overloaded")
        assert "nothing was changed" in body["error"]["message"]
        assert await balance(http, at) == before
        await asyncio.sleep(3)  # the running one meets the full disk too

        resource.prlimit(pid, resource.RLIMIT_FSIZE, UNLIMITED)
        status, body = await post(http, at, prompt="a red kite")
        assert status == 200
        for id in (running["id"], body["id"]):
            assert await until_ended(http, at, id, [{}])
            async with http.get(f"{at['url']}/v1/videos/{id}/content", headers=headers(at)) as content:
                assert (await content.read())[4:8] == b"ftyp"


def test_a_data_folder_that_cannot_be_written_stops_the_start_and_says_how_to_go_on(tmp_path: Path) -> None:
    """A file where the folder should be: also root cannot write there, unlike with mere rights."""
    (tmp_path / "data").write_text("")
    command = [sys.executable, "-m", "reelway", "serve", "--port", "0", "--data", str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "--data" in done.stderr


class JumpingClock(SystemClock):
    """The wall clock can be set; the monotonic one never goes back."""

    offset_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.offset_ms


@pytest.mark.parametrize("jump_s", [-3600, 3600])
async def test_a_clock_that_jumps_delays_and_loses_nothing(tmp_path: Path, jump_s: int) -> None:
    clock = JumpingClock()
    async with serving(tmp_path / "data", clock) as running, aiohttp.ClientSession() as http:
        at: dict[str, Any] = {"url": running.url, "test_key": running.test_key}
        _, first = await post(http, at, prompt="slow 3 a red kite")
        clock.offset_ms = jump_s * 1000
        _, second = await post(http, at, prompt="throttle once")
        assert second["id"] > first["id"], "ids sort in the order they were made"
        for id in (first["id"], second["id"]):
            async with asyncio.timeout(60):
                while True:
                    async with http.get(f"{running.url}/v1/videos/{id}", headers=headers(at)) as answer:
                        video = await answer.json()
                    if video["status"] in ("completed", "failed"):
                        break
                    await asyncio.sleep(0.05)
            assert video["status"] == "completed", video["error"]
