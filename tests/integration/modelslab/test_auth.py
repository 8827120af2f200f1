"""Who may call: the key in five places, bad and revoked keys, scopes and allowances."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from harness import make_key, serving
from integration.modelslab.wire import V6, V7, Client
from reelway.accounts.keys import Scope, create_key, revoke_key
from reelway.accounts.workspaces import require_workspace
from reelway.domain.money import Purse


@pytest.mark.parametrize("place", ["body", "bearer", "key header", "x-api-key header", "query"])
async def test_a_key_is_found_wherever_modelslab_clients_put_it(client: Client, place: str) -> None:
    key = client.server.test_key
    sent: dict[str, dict[str, Any]] = {
        "body": {"json": {"key": key}},
        "bearer": {"headers": {"authorization": f"Bearer {key}"}},
        "key header": {"headers": {"key": key}},
        "x-api-key header": {"headers": {"x-api-key": key}},
        "query": {"params": {"key": key}},
    }
    answer = await client.http.post("/api/wallet_balance", **sent[place])
    assert answer.status_code == 200


async def test_the_key_in_the_body_wins_over_one_in_a_header(client: Client) -> None:
    headers = {"authorization": f"Bearer {client.server.live_key}", "key": "rubbish"}
    answer = await client.post("/api/wallet_balance", headers=headers)
    assert answer.json()["data"]["purse"] == "test"


@pytest.mark.parametrize("path", [f"{V7}/text-to-video", f"{V6}/fetch/1", "/api/v7/models", "/api/wallet_balance"])
async def test_no_key_and_a_bad_key_get_the_documented_words(client: Client, path: str) -> None:
    method = "GET" if path.endswith("models") else "POST"
    none = await client.http.request(method, path)
    bad = await client.http.request(method, path, headers={"key": "rw_live_nope"})
    assert (none.status_code, none.json()["message"]) == (401, "API key required")
    assert (bad.status_code, bad.json()["message"]) == (401, "Invalid API key")
    assert none.json()["status"] == bad.json()["status"] == "error"


async def test_a_revoked_key_is_a_bad_key_from_the_next_request_on(client: Client) -> None:
    db = client.server.reelway.db
    now = client.server.reelway.services.clock.now_ms()
    first = await db.read(require_workspace("first"))
    made, key = await db.write(create_key(first.id, Purse.TEST, "short-lived", (), now))
    assert (await client.post("/api/wallet_balance", key=key)).status_code == 200
    await db.write(revoke_key(first.id, made.id, now))
    refused = await client.post("/api/wallet_balance", key=key)
    assert (refused.status_code, refused.json()["message"]) == (401, "Invalid API key")


async def test_a_key_that_may_only_read_cannot_create(client: Client) -> None:
    db = client.server.reelway.db
    first = await db.read(require_workspace("first"))
    _, key = await db.write(create_key(first.id, Purse.TEST, "reader", (Scope.READ,), 0))
    refused = await client.text(key=key)
    assert refused.status_code == 403
    assert "generate" in refused.json()["message"]
    assert (await client.post(f"{V7}/fetch/1", key=key)).status_code == 200


async def test_a_key_that_may_only_create_cannot_fetch(client: Client) -> None:
    db = client.server.reelway.db
    first = await db.read(require_workspace("first"))
    _, key = await db.write(create_key(first.id, Purse.TEST, "writer", (Scope.GENERATE,), 0))
    made = await client.text(key=key)
    assert made.status_code == 200
    assert (await client.post(f"{V7}/fetch/{made.json()['id']}", key=key)).status_code == 403


async def test_the_allowance_is_in_every_answer_and_its_end_is_a_429_with_retry_after(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, requests_per_minute=2, requests_burst=2) as server,
        httpx2.AsyncClient(base_url=server.url) as http,
    ):
        client = Client(server, http)
        first = await client.post("/api/wallet_balance")
        assert first.headers["x-ratelimit-remaining"] == "1"
        await client.post("/api/wallet_balance")
        over = await client.post("/api/wallet_balance")
        assert over.status_code == 429
        assert over.json()["message"].startswith("Rate limit exceeded. Maximum 2 requests")
        assert over.json()["retry_after"] == int(over.headers["retry-after"]) > 0
        assert over.headers["x-ratelimit-remaining"] == "0"


async def test_a_full_queue_says_so_in_the_documented_words(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, in_flight_max=1) as server,
        httpx2.AsyncClient(base_url=server.url) as http,
    ):
        client = Client(server, http)
        assert (await client.text({"prompt": "slow 9999 x"})).status_code == 200
        over = await client.text({"prompt": "slow 9999 x"})
        assert over.status_code == 429
        assert over.json()["message"] == "Rate limit exceeded. Maximum 1 queued requests allowed."
        assert over.json()["retry_after"] == 30


async def test_a_body_that_cannot_be_read_is_named_to_those_who_sent_their_key_in_it(client: Client) -> None:
    broken = await client.http.post(f"{V7}/text-to-video", content=b'{"key": "rw_')
    assert broken.status_code == 400
    assert broken.json()["message"] == "Invalid API Request"
    assert "JSON" in broken.json()["tip"]
    wrong_key = await client.http.post(f"{V7}/text-to-video", content=b'{"key": "rw_', headers={"key": "nope"})
    assert wrong_key.status_code == 401


async def test_another_workspace_has_another_balance(client: Client) -> None:
    poor = await make_key(client.server.reelway, "poor", Purse.LIVE, {Purse.LIVE: 1})
    assert (await client.post("/api/wallet_balance", key=poor)).json()["data"]["balance"] == 0.000001
