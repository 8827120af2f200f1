"""What a real server writes while everything happens to it: enough to follow a job, and nothing secret."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from collector import collector
from harness import PREVIZ_CACHE, TINY

PROMPT = "a zebra on the boulevard"
PROMPTS = (
    f"reject: {PROMPT}",
    f"refuse: {PROMPT}",
    f"lost answer {PROMPT}",
    f"unreadable once {PROMPT}",
)


def reelway(data: Path, *args: str) -> list[str]:
    return [sys.executable, "-m", "reelway", *args, "--data", str(data)]


@contextmanager
def serving(data: Path, log: Path) -> Iterator[str]:
    """`reelway serve` that logs all it can, its stderr in a file; the URL."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("REELWAY_")} | {
        "REELWAY_PREVIZ_CACHE": str(PREVIZ_CACHE),
        "REELWAY_LOG_LEVEL": "debug",
        "REELWAY_ALLOW_PRIVATE": "127.0.0.0/8",
        "REELWAY_WEBHOOK_SCHEDULE_S": "0,0.1",
        "REELWAY_RETRY_FIRST_S": "0.05",
        "REELWAY_REQUESTS_PER_MINUTE": "0",
    }
    with (
        log.open("w") as stderr,
        subprocess.Popen(reelway(data, "serve", "--port", "0"), stderr=stderr, env=environ) as p,
    ):
        try:
            while not (found := re.search(r"listens on (http://\S+)", log.read_text())):
                assert p.poll() is None, log.read_text()
            yield found[1]
        finally:
            p.terminate()
            p.wait(15)


async def ended(http: aiohttp.ClientSession, id: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while True:
            async with http.get(f"/v1/videos/{id}") as answer:
                video: dict[str, Any] = await answer.json()
            if video["status"] in ("completed", "failed"):
                return video
            await asyncio.sleep(0.05)


async def live(http: aiohttp.ClientSession, hook: str) -> tuple[list[str], list[str]]:
    """A life of everything; the ids of what was made, and what must be in no line."""
    async with http.post("/v1/webhook_endpoints", json={"url": f"{hook}/hook?token=s3cret-in-a-url"}) as answer:
        assert answer.status == 201
    ids, secrets = [], ["zebra", "boulevard", "s3cret-in-a-url"]
    for prompt in PROMPTS:
        async with http.post("/v1/videos", json=TINY | {"prompt": prompt}, headers={"x-request-id": "mine"}) as answer:
            ids.append((await answer.json())["id"])
    for id in ids:
        video = await ended(http, id)
        secrets += re.findall(r"/files/([0-9a-f]+)", json.dumps(video))
    async with http.get("/v1/videos", headers={"authorization": "Bearer rw_test_0000notakey0000notakey"}) as answer:
        assert answer.status == 401
    return ids, [*secrets, "rw_test_0000notakey"]


async def test_logs_of_everything_hold_no_secret_and_name_the_job(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    key = subprocess.run(reelway(data, "keys", "create", "--test"), capture_output=True, text=True, check=True).stdout
    headers = {"authorization": f"Bearer {key.strip()}"}
    async with collector() as seen:
        seen.hook_status = [500, 500, 410]  # the endpoint is disabled, which is worth a line
        with serving(data, log) as url:
            async with aiohttp.ClientSession(url, headers=headers) as http:
                ids, secrets = await live(http, seen.url)
                await seen.hooked(3)
    lines: list[dict[str, Any]] = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    operator = (data / "operator.secret").read_text().strip()
    for secret in (*secrets, key.strip(), operator):
        assert [line for line in lines if secret in json.dumps(line)] == []
    events = {line["event"] for line in lines}
    assert events >= {"generation_created", "generation_ended", "poll_failed", "webhook_endpoint_disabled"}
    assert len({line["worker"] for line in lines}) == 1
    for id in ids:
        of_job = [line for line in lines if line.get("generation") == id]
        assert {"generation_created", "generation_ended"} <= {line["event"] for line in of_job}
        assert {line["request"] for line in of_job} == {"mine"}
    disabled = next(line for line in lines if line["event"] == "webhook_endpoint_disabled")
    assert disabled["generation"] in ids
    assert disabled["delivery"].startswith("dlv_")


@pytest.mark.parametrize(("asked", "shape"), [("json", r'^\{.*"event":"migrated"'), ("console", r"\[.*info.*migrated")])
def test_the_shape_of_a_line_is_a_setting(tmp_path: Path, asked: str, shape: str) -> None:
    code = (
        "from reelway.kit.logs import configure; import structlog, sys;"
        "configure(format=sys.argv[1]); structlog.get_logger().info('migrated', n=1)"
    )
    done = subprocess.run([sys.executable, "-c", code, asked], capture_output=True, text=True, check=True)
    assert re.search(shape, done.stderr)
    assert done.stdout == ""
