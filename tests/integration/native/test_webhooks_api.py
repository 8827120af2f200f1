"""Webhook endpoints and deliveries over HTTP, with a real receiver."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from harness import TINY
from integration.openai.watching import ended


@dataclass
class Receiver:
    url: str = ""
    status: int = 200
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.got) < count:
                await asyncio.sleep(0.02)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()

    async def take(request: web.Request) -> web.Response:
        made.got.append(({k.lower(): v for k, v in request.headers.items()}, await request.read()))
        return web.Response(status=made.status)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await runner.cleanup()


async def register(client: httpx2.AsyncClient, url: str, **more: Any) -> dict[str, Any]:
    answer = await client.post("/v1/webhook_endpoints", json={"url": url} | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def refused(client: httpx2.AsyncClient) -> str:
    id: str = (await client.post("/v1/videos", json=TINY | {"prompt": "refuse: x"})).json()["id"]
    await ended(client, id)
    return id


async def delivered(client: httpx2.AsyncClient, count: int, **query: str) -> list[dict[str, Any]]:
    async with asyncio.timeout(20):
        while True:
            data: list[dict[str, Any]] = (await client.get("/v1/webhook_deliveries", params=query)).json()["data"]
            if len(data) >= count and all(d["state"] != "pending" for d in data):
                return data
            await asyncio.sleep(0.05)


async def test_what_ended_arrives_signed_and_is_in_the_log(sandbox: httpx2.AsyncClient, receiver: Receiver) -> None:
    endpoint = await register(sandbox, receiver.url, description="mine")
    assert endpoint["secret"].startswith("whsec_")
    id = await refused(sandbox)
    await receiver.wait(1)
    headers, body = receiver.got[0]
    told = Webhook(endpoint["secret"]).verify(body, headers)
    assert (told["type"], told["data"]["id"]) == ("video.failed", id)
    [line] = await delivered(sandbox, 1)
    assert (line["video_id"], line["endpoint_id"], line["state"]) == (id, endpoint["id"], "delivered")
    assert line["event_id"] == headers["webhook-id"]
    detail = (await sandbox.get(f"/v1/webhook_deliveries/{line['id']}")).json()
    assert (detail["body"].encode(), detail["attempt_log"][0]["status"]) == (body, 200)
    assert (await sandbox.get("/v1/webhook_deliveries", params={"state": "failed"})).json()["data"] == []
    assert (await sandbox.get("/v1/webhook_deliveries", params={"state": "lost"})).status_code == 400


async def test_one_can_be_sent_again_and_all_since_then_too(sandbox: httpx2.AsyncClient, receiver: Receiver) -> None:
    endpoint = await register(sandbox, receiver.url)
    await refused(sandbox)
    [line] = await delivered(sandbox, 1)
    again = await sandbox.post(f"/v1/webhook_deliveries/{line['id']}/resend")
    assert (again.status_code, again.json()["event_id"]) == (202, line["event_id"])
    assert again.json()["id"] != line["id"]
    await receiver.wait(2)
    replay = await sandbox.post(f"/v1/webhook_endpoints/{endpoint['id']}/replay", json={"since": 0})
    assert (replay.status_code, replay.json()["deliveries"], replay.json()["next_since"]) == (202, 1, None)
    await receiver.wait(3)
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


async def test_a_rotated_secret_signs_beside_the_old_one_until_it_does_not(
    sandbox: httpx2.AsyncClient, receiver: Receiver
) -> None:
    old = await register(sandbox, receiver.url)
    new = (await sandbox.post(f"/v1/webhook_endpoints/{old['id']}/rotate")).json()
    assert new["secret"] != old["secret"]
    await refused(sandbox)
    await receiver.wait(1)
    headers, body = receiver.got[0]
    for secret in (old["secret"], new["secret"]):
        Webhook(secret).verify(body, headers)
    newest = (await sandbox.post(f"/v1/webhook_endpoints/{old['id']}/rotate", json={"overlap_s": 0})).json()
    await refused(sandbox)
    await receiver.wait(2)
    headers, body = receiver.got[1]
    Webhook(newest["secret"]).verify(body, headers)
    assert len(headers["webhook-signature"].split()) == 1


async def test_an_endpoint_can_be_changed_paused_and_deleted(sandbox: httpx2.AsyncClient, receiver: Receiver) -> None:
    endpoint = await register(sandbox, "https://example.com/x", event_types=["video.completed"])
    path = f"/v1/webhook_endpoints/{endpoint['id']}"
    changed = (await sandbox.patch(path, json={"url": receiver.url, "event_types": ["video.failed"]})).json()
    assert (changed["url"], changed["event_types"]) == (receiver.url, ["video.failed"])
    paused = (await sandbox.patch(path, json={"enabled": False})).json()
    assert (paused["enabled"], paused["disabled_reason"]) == (False, "disabled by its owner")
    assert (await sandbox.get(path)).json() == paused
    assert (await sandbox.post(f"{path}/replay", json={"since": 0})).status_code == 409
    assert (await sandbox.get("/v1/webhook_endpoints")).json()["data"] == [paused]
    assert "secret" not in paused
    assert (await sandbox.delete(path)).json()["deleted"] is True
    assert (await sandbox.get(path)).status_code == 404
    assert (await sandbox.delete(path)).status_code == 404


async def test_other_workspaces_see_none_of_it(
    sandbox: httpx2.AsyncClient, stranger: httpx2.AsyncClient, receiver: Receiver
) -> None:
    endpoint = await register(sandbox, receiver.url)
    await refused(sandbox)
    [line] = await delivered(sandbox, 1)
    assert (await stranger.get("/v1/webhook_endpoints")).json()["data"] == []
    assert (await stranger.get("/v1/webhook_deliveries")).json()["data"] == []
    for method, path in (
        ("GET", f"/v1/webhook_endpoints/{endpoint['id']}"),
        ("PATCH", f"/v1/webhook_endpoints/{endpoint['id']}"),
        ("DELETE", f"/v1/webhook_endpoints/{endpoint['id']}"),
        ("POST", f"/v1/webhook_endpoints/{endpoint['id']}/rotate"),
        ("GET", f"/v1/webhook_deliveries/{line['id']}"),
        ("POST", f"/v1/webhook_deliveries/{line['id']}/resend"),
    ):
        assert (await stranger.request(method, path)).status_code == 404, path
    replay = await stranger.post(f"/v1/webhook_endpoints/{endpoint['id']}/replay", json={"since": 0})
    assert replay.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": "nope"},
        {"url": "ftp://x"},
        {"url": "http://[x"},
        {"url": "https://x", "event_types": ["video.exploded"]},
        {"url": "https://x", "event_types": []},
        {"url": "https://x", "description": "x" * 501},
        {"url": "https://x", "events": []},
        {"url": None},
    ],
)
async def test_an_endpoint_that_cannot_be_is_a_400(sandbox: httpx2.AsyncClient, body: dict[str, Any]) -> None:
    assert (await sandbox.post("/v1/webhook_endpoints", json=body)).status_code == 400


@pytest.mark.parametrize("since", [-1, 10**12, "x", None, 1.5, True])
async def test_a_replay_since_no_instant_is_a_400(sandbox: httpx2.AsyncClient, since: Any) -> None:
    endpoint = await register(sandbox, "https://example.com/x")
    answer = await sandbox.post(f"/v1/webhook_endpoints/{endpoint['id']}/replay", json={"since": since})
    assert answer.status_code == 400
