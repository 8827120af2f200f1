"""GET /v1/account, transfers and keys."""

from typing import Any

import httpx2
import pytest

from harness import Running
from integration.openai.watching import ended

BODY = {"model": "sora-2", "prompt": "refuse: x"}


async def test_the_account_shows_both_purses_and_what_is_held(sandbox: httpx2.AsyncClient) -> None:
    id = (await sandbox.post("/v1/videos", json={"model": "sora-2", "prompt": "slow 100"})).json()["id"]
    account = (await sandbox.get("/v1/account")).json()
    assert account["purses"]["test"] == {
        "balance_usd": "100.00",
        "balance_microusd": 100_000_000,
        "held_usd": "0.40",
        "held_microusd": 400_000,
        "available_usd": "99.60",
        "available_microusd": 99_600_000,
    }
    assert account["purses"]["live"]["held_usd"] == "0.00"
    assert (account["in_flight"], account["workspace"]["name"], account["key"]["purse"]) == (1, "first", "test")
    assert [(h["video_id"], h["amount_usd"]) for h in account["open_holds"]] == [(id, "0.40")]
    assert account["recent_transfers"][0]["kind"] == "hold"


async def test_transfers_are_paged_without_a_gap_and_are_ones_own(
    sandbox: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    for _ in range(3):
        await ended(sandbox, (await sandbox.post("/v1/videos", json=BODY)).json()["id"])
    whole = (await sandbox.get("/v1/account/transfers", params={"limit": 100})).json()
    assert [t["kind"] for t in whole["data"]].count("hold") == 3
    assert [t["kind"] for t in whole["data"]].count("release") == 3
    assert whole["has_more"] is False
    seen: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = (await sandbox.get("/v1/account/transfers", params=query)).json()
        seen += page["data"]
        if not page["has_more"]:
            break
        query["after"] = page["last_id"]
    assert seen == whole["data"]
    theirs = await stranger.get("/v1/account/transfers", params={"after": whole["last_id"]})
    assert theirs.status_code == 400


async def test_a_new_key_is_shown_once_works_and_can_be_revoked(live: httpx2.AsyncClient, running: Running) -> None:
    made = await live.post("/v1/keys", json={"name": "robot", "scopes": ["read"]})
    assert made.status_code == 201
    key = made.json()
    assert key["key"].startswith("rw_live_")
    listed = (await live.get("/v1/keys")).json()["data"]
    assert next(k for k in listed if k["id"] == key["id"]) == {n: v for n, v in key.items() if n != "key"}
    async with httpx2.AsyncClient(base_url=running.url, headers=running.headers(key["key"])) as robot:
        assert (await robot.get("/v1/account")).json()["key"]["scopes"] == ["read"]
        assert (await robot.post("/v1/videos", json=BODY)).status_code == 403
        assert (await robot.get("/v1/keys")).status_code == 403
        assert (await robot.get("/v1/webhook_endpoints")).status_code == 403
        assert (await live.delete(f"/v1/keys/{key['id']}")).json()["deleted"] is True
        assert (await robot.get("/v1/account")).status_code == 401
    assert (await live.delete(f"/v1/keys/{key['id']}")).status_code == 200
    assert (await live.delete("/v1/keys/key_none")).status_code == 404


async def test_no_key_can_make_one_that_may_more(
    live: httpx2.AsyncClient, sandbox: httpx2.AsyncClient, running: Running
) -> None:
    assert (await sandbox.post("/v1/keys", json={"purse": "live"})).status_code == 403
    assert (await sandbox.post("/v1/keys", json={})).json()["key"].startswith("rw_test_")
    assert (await sandbox.post("/v1/keys")).json()["purse"] == "test"
    live_id = (await live.get("/v1/account")).json()["key"]["id"]
    assert (await sandbox.delete(f"/v1/keys/{live_id}")).status_code == 403
    keeper = (await live.post("/v1/keys", json={"scopes": ["keys", "keys", "read"]})).json()
    assert keeper["scopes"] == ["keys", "read"]
    async with httpx2.AsyncClient(base_url=running.url, headers=running.headers(keeper["key"])) as client:
        assert (await client.post("/v1/keys", json={"scopes": ["generate"]})).status_code == 403
        assert (await client.post("/v1/keys", json={})).json()["scopes"] == ["keys", "read"]


async def test_keys_of_another_workspace_are_not_there(live: httpx2.AsyncClient, stranger: httpx2.AsyncClient) -> None:
    id = (await live.get("/v1/account")).json()["key"]["id"]
    assert (await stranger.delete(f"/v1/keys/{id}")).status_code == 404
    assert id not in [k["id"] for k in (await stranger.get("/v1/keys")).json()["data"]]
    assert (await live.get("/v1/account")).status_code == 200


@pytest.mark.parametrize(
    "body",
    [{"scopes": []}, {"scopes": ["all"]}, {"purse": "gold"}, {"name": "x" * 201}, {"nmae": "x"}, {"name": 7}, [], 7],
)
async def test_a_key_that_cannot_be_is_a_400(live: httpx2.AsyncClient, body: Any) -> None:
    answer = await live.post("/v1/keys", json=body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
