"""Balance, counts, finished files and the models, in the shapes that the CLI and the SDKs read."""

import pytest

from integration.modelslab.wire import TINY, V7, Client


@pytest.mark.parametrize("path", ["/api/wallet_balance", "/api/v6/wallet_balance"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_balance_is_a_number_in_dollars(client: Client, path: str, method: str) -> None:
    answer = await client.http.request(method, path, headers={"key": client.server.live_key})
    data = answer.json()["data"]
    assert answer.json()["status"] == "success"
    assert data == {"balance": 10.0, "currency": "USD", "balance_usd": "10.00", "held_usd": "0.00", "purse": "live"}


async def test_the_agents_balance_has_the_agents_envelope(client: Client) -> None:
    headers = {"authorization": f"Bearer {client.server.live_key}"}
    answer = await client.http.get("/api/agents/v1/wallet/balance", headers=headers)
    assert answer.json()["data"]["balance"] == 10.0
    assert answer.json()["error"] is None
    assert answer.json()["meta"]["request_id"] == answer.headers["x-request-id"]


async def test_a_hold_is_not_there_to_spend_and_counts_as_in_flight(client: Client) -> None:
    body = {"model_id": "sora-2", "prompt": "slow 9999 x", "duration": 4, "width": None, "height": None}
    assert (await client.text(body)).status_code == 200
    wallet = await client.balance()
    assert (wallet["balance_usd"], wallet["held_usd"]) == ("99.60", "0.40")
    count = (await client.post("/api/v6/processing/request_count")).json()
    assert count["processing_count"] == 1
    assert count["message"] == "Current processing request count retrieved successfully"
    other = (await client.post("/api/v6/processing/request_count", key=client.server.other_key)).json()
    assert other["processing_count"] == 0


async def test_finished_videos_are_paged_newest_first_and_only_ones_own(client: Client) -> None:
    live = client.server.live_key
    ids = []
    for _ in range(3):
        made = (await client.post(f"{V7}/text-to-video", TINY, key=live)).json()
        ids.append(made["id"])
    for id in ids:
        assert (await client.ended(id, key=live))["status"] == "success"
    body = (await client.post("/api/v6/assets_generated", {"type": "video", "per_page": "2"}, key=live)).json()
    assert [a["id"] for a in body["data"]] == ids[:0:-1]
    assert body["data"][0]["output"][0].endswith(".mp4")
    assert body["pagination"] == {
        "current_page": 1,
        "per_page": 2,
        "total": 3,
        "last_page": 2,
        "from": 1,
        "to": 2,
    }
    second = await client.http.get("/api/assets_generated", params={"key": live, "page": "2", "per_page": "2"})
    assert [a["id"] for a in second.json()["data"]] == ids[:1]
    images = await client.post("/api/v6/assets_generated", {"type": "image"}, key=live)
    assert images.json()["data"] == []
    others = await client.post("/api/v6/assets_generated", {}, key=client.server.other_key)
    assert others.json()["data"] == []


@pytest.mark.parametrize("bad", [{"page": 0}, {"page": "x"}, {"per_page": -1}, {"type": "smell"}])
async def test_a_page_that_cannot_be_is_refused_by_name(client: Client, bad: dict[str, object]) -> None:
    answer = await client.post("/api/v6/assets_generated", bad)
    assert answer.status_code == 400
    assert next(iter(bad)) in answer.json()["message"]


@pytest.mark.parametrize("path", ["/api/v7/models", "/api/v6/model-search"])
async def test_the_models_are_listed_with_price_and_who_serves_them(client: Client, path: str) -> None:
    answer = await client.http.get(path, params={"key": client.server.test_key, "search": "sora pro"})
    models = {m["model_id"]: m for m in answer.json()["data"]}
    assert "sora-2-pro-t2v" in models
    assert all("sora" in id for id in models)
    sora = models["sora-2-pro-t2v"]
    assert (sora["model_price"], sora["model_price_type"], sora["served_by"]) == (0.36, "per_second", "previz")
    assert sora["preview"] is True
    assert answer.json()["pagination"]["total"] == len(models)


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ({"feature": "video_fusion"}, True),
        ({"feature": "videofusion"}, True),
        ({"feature": "imagen"}, False),
        ({"feature": "video-to-video"}, True),
        ({"provider": "reelway"}, True),
        ({"provider": "openai"}, False),
        ({"base_model": "previz"}, True),
        ({"model_type": "image-to-video"}, True),
        ({"page": "2", "limit": "1000"}, False),
    ],
)
async def test_a_search_is_narrowed(client: Client, query: dict[str, str], there: bool) -> None:
    answer = await client.http.get("/api/v7/models", params=query | {"key": client.server.test_key})
    assert ("previz" in [m["model_id"] for m in answer.json()["data"]]) is there


async def test_the_cli_finds_items_and_a_total(client: Client) -> None:
    headers = {"authorization": f"Bearer {client.server.test_key}"}
    answer = await client.http.get("/api/agents/v1/models?per_page=2&page=1", headers=headers)
    assert len(answer.json()["data"]["items"]) == 2
    assert answer.json()["meta"]["total"] == answer.json()["data"]["pagination"]["total"] > 2


@pytest.mark.parametrize("root", ["/api/v7/models", "/api/v6/model-search", "/api/agents/v1/models"])
async def test_one_model_comes_with_the_schema_of_what_it_takes(client: Client, root: str) -> None:
    headers = {"key": client.server.test_key}
    data = (await client.http.get(f"{root}/SORA-2", headers=headers)).json()["data"]
    assert data["model_id"] == "sora-2"
    assert data["endpoints"][0]["endpoint"] == "/api/v7/video-fusion/text-to-video"
    assert data["endpoints"][0]["parameters"]["properties"]["duration"]["default"] == 4
    missing = await client.http.get(f"{root}/nope", headers=headers)
    assert (missing.status_code, missing.json()["message"]) == (404, "Model not found: nope")
    for fact in ("filters", "tags", "providers"):
        assert (await client.http.get(f"{root}/{fact}", headers=headers)).json()["data"]
