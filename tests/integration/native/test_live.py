"""GET /v1/videos/{id}/events."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from harness import TINY, Running
from integration.openai.watching import ended


async def told(response: httpx2.Response) -> AsyncIterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    async for line in response.aiter_lines():
        name, _, value = line.partition(": ")
        if not line:
            if "data" in event:
                yield event
            event = {}
        elif name:
            event[name] = json.loads(value) if name == "data" else value


async def watch(client: httpx2.AsyncClient, id: str, **kwargs: Any) -> list[dict[str, Any]]:
    async with client.stream("GET", f"/v1/videos/{id}/events", **kwargs) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        return [event async for event in told(response)]


async def test_a_stream_tells_the_whole_story_and_ends(live: httpx2.AsyncClient) -> None:
    # Longer than the first two looks at the engine.
    id = (await live.post("/v1/videos", json=TINY | {"size": "640x360", "seconds": "5"})).json()["id"]
    events = await watch(live, id)
    story = [e for e in events if "id" in e]
    assert {e["event"] for e in events if "id" not in e} <= {"progress", "early_picture"}
    assert [e["id"] for e in story] == [str(n) for n in range(1, len(story) + 1)]
    assert (story[0]["event"], story[-1]["event"]) == ("generation.created", "generation.succeeded")
    assert all(e["event"] == e["data"]["type"] and e["data"]["video_id"] == id for e in story)
    progress = [e["data"] for e in events if e["event"] == "progress"]
    assert progress
    assert all(p.keys() == {"progress", "source"} and 0 <= p["progress"] < 100 for p in progress)
    assert [p["progress"] for p in progress] == sorted(p["progress"] for p in progress)


async def test_a_head_does_not_wait_for_the_end(sandbox: httpx2.AsyncClient) -> None:
    id = (await sandbox.post("/v1/videos", json=TINY | {"prompt": "slow 200"})).json()["id"]
    head = await sandbox.head(f"/v1/videos/{id}/events", timeout=3)
    assert (head.status_code, head.content) == (200, b"")


async def test_who_comes_back_hears_only_what_is_new(sandbox: httpx2.AsyncClient) -> None:
    id = (await sandbox.post("/v1/videos", json=TINY | {"prompt": "refuse: x"})).json()["id"]
    everything = await watch(sandbox, id)
    assert [e["id"] for e in await watch(sandbox, id, headers={"last-event-id": "2"})] == [
        e["id"] for e in everything[2:]
    ]
    assert await watch(sandbox, id, params={"after": "1"}) == everything[1:]
    last = everything[-1]["id"]
    done = await sandbox.get(f"/v1/videos/{id}/events", headers={"last-event-id": last})
    assert done.status_code == 204, "a browser stops coming back at 204"


async def test_a_key_in_the_query_is_enough_for_a_browser(running: Running, sandbox: httpx2.AsyncClient) -> None:
    id = (await sandbox.post("/v1/videos", json=TINY | {"prompt": "refuse: x"})).json()["id"]
    async with httpx2.AsyncClient(base_url=running.url) as browser:
        assert (await browser.get(f"/v1/videos/{id}/events")).status_code == 401
        assert await watch(browser, id, params={"key": running.test_key})


@pytest.mark.parametrize("after", ["x", "-1", "1" * 30, "²"])
async def test_an_event_number_that_is_none_is_a_400(sandbox: httpx2.AsyncClient, after: str) -> None:
    assert (await sandbox.get("/v1/videos/video_x/events", params={"after": after})).status_code == 400


def answering() -> int:
    """Requests that the server is busy with."""
    return sum("run_asgi" in repr(task.get_coro()) for task in asyncio.all_tasks())


async def test_a_stream_stops_when_its_client_leaves(sandbox: httpx2.AsyncClient) -> None:
    id = (await sandbox.post("/v1/videos", json=TINY | {"prompt": "slow 200"})).json()["id"]
    async with sandbox.stream("GET", f"/v1/videos/{id}/events") as response:
        async for _ in told(response):
            break
        assert answering() == 1
    async with asyncio.timeout(5):
        while answering():
            await asyncio.sleep(0.05)
    assert (await sandbox.get(f"/v1/videos/{id}")).json()["status"] in ("queued", "in_progress")


async def test_a_stream_ends_when_the_server_stops(running: Running, sandbox: httpx2.AsyncClient) -> None:
    id = (await sandbox.post("/v1/videos", json=TINY | {"prompt": "slow 200"})).json()["id"]
    watching = asyncio.create_task(watch(sandbox, id))
    await asyncio.sleep(0.3)
    running.reelway.services.stopping = True
    async with asyncio.timeout(5):
        events = await watching
    assert events[0]["event"] == "generation.created"
    assert events[-1]["event"] not in ("generation.succeeded", "generation.failed")


async def test_an_ended_story_is_told_to_who_comes_late(sandbox: httpx2.AsyncClient) -> None:
    id = (await sandbox.post("/v1/videos", json=TINY | {"prompt": "fail: no memory"})).json()["id"]
    await ended(sandbox, id)
    assert (await watch(sandbox, id))[-1]["event"] == "generation.failed"
