"""Creating: the envelope, the money, repeats, and every documented refusal."""

import asyncio
from pathlib import Path
from typing import Any

import httpx2
import pytest

from harness import make_key, serving
from integration.modelslab.wire import V6, V7, Client
from reelway.domain.money import Purse


async def test_a_v7_submit_answers_with_the_documented_envelope(client: Client) -> None:
    answer = await client.text({"seed": None, "enhance_prompt": True, "track_id": 7})
    body = answer.json()
    assert answer.status_code == 200
    assert body["status"] == "processing"
    assert type(body["id"]) is int
    assert body["output"] == []
    assert body["eta"] >= 1
    assert body["fetch_result"] == f"{client.server.url}{V7}/fetch/{body['id']}"
    assert body["future_links"][0].startswith(f"{client.server.url}/files/")
    assert body["future_links"][0].endswith(".mp4")
    assert body["served_by"] == "sandbox"
    assert body["preview"] is True
    assert "preview" in body["preview_notice"]
    assert body["price"] == "0.00"
    assert body["balance"] == "100.00"
    meta = body["meta"]
    assert meta["enhance_prompt"] == "yes"
    assert type(meta["seed"]) is int
    assert (meta["width"], meta["height"], meta["fps"], meta["num_frames"]) == (128, 72, 24, 24)
    assert meta["track_id"] == 7
    assert "key" not in meta


async def test_the_headers_say_who_serves_for_how_much_and_what_is_left(client: Client) -> None:
    answer = await client.text({"model_id": "sora-2", "duration": 4, "width": None, "height": None})
    assert answer.headers["reelway-served-by"] == "sandbox"
    assert answer.headers["reelway-preview"] == "true"
    assert answer.headers["reelway-price-usd"] == "0.40"
    assert answer.headers["reelway-balance-usd"] == "99.60"
    assert "sora-2" in answer.json()["preview_notice"]


@pytest.mark.parametrize("path", ["text2video", "text2video_ultra"])
async def test_a_v6_submit_points_at_the_v6_fetch(client: Client, path: str) -> None:
    body = (await client.post(f"{V6}/{path}", {"prompt": "refuse: x"})).json()
    assert body["fetch_result"] == f"{client.server.url}{V6}/fetch/{body['id']}"
    assert body["meta"]["model_id"] == "wan2.2"
    assert body["meta"]["output_type"] == "mp4"


async def test_links_start_with_the_public_url_when_one_is_set(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, public_url="https://video.example/") as server,
        httpx2.AsyncClient(base_url=server.url) as http,
    ):
        body = (await Client(server, http).text()).json()
        assert body["fetch_result"] == f"https://video.example{V7}/fetch/{body['id']}"
        assert body["future_links"][0].startswith("https://video.example/files/")


async def test_a_test_key_is_charged_the_list_price_and_a_refusal_gives_it_back(client: Client) -> None:
    body = (await client.text({"model_id": "kling-v3-t2v", "duration": "5", "width": None, "height": None})).json()
    assert body["price"] == "0.50"
    ended = await client.ended(body["id"])
    assert ended["status"] == "failed"
    assert (await client.balance())["balance_usd"] == "100.00"


async def test_without_enough_credits_nothing_is_written(client: Client) -> None:
    reelway = client.server.reelway
    poor = await make_key(reelway, "poor", Purse.TEST, {Purse.TEST: 399_999})
    answer = await client.text({"model_id": "sora-2", "duration": 4, "width": None, "height": None}, key=poor)
    assert answer.status_code == 402
    assert answer.json() == {
        "status": "error",
        "message": "Insufficient credits. Please add more credits to continue.",
        "code": "insufficient_credits",
    }
    wallet = (await client.post("/api/wallet_balance", key=poor)).json()["data"]
    assert (wallet["balance_usd"], wallet["held_usd"]) == ("0.399999", "0.00")
    count = (await client.post("/api/v6/processing/request_count", key=poor)).json()
    assert count["processing_count"] == 0


async def test_the_same_idempotency_key_and_body_get_the_same_answer_word_for_word(client: Client) -> None:
    headers = {"idempotency-key": "order-1"}
    first = await client.text({"model_id": "sora-2", "duration": 4, "width": None, "height": None}, headers=headers)
    again = await client.text({"model_id": "sora-2", "duration": 4, "width": None, "height": None}, headers=headers)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers


async def test_equal_requests_at_once_with_one_idempotency_key_make_one_video(client: Client) -> None:
    headers = {"idempotency-key": "race"}
    answers = await asyncio.gather(*(client.text({"prompt": "slow 99 x"}, headers=headers) for _ in range(5)))
    assert len({a.json()["id"] for a in answers}) == 1


@pytest.mark.parametrize("other", [{"prompt": "refuse: y"}, {"seed": 3}])
async def test_one_idempotency_key_for_two_requests_is_a_conflict(client: Client, other: dict[str, Any]) -> None:
    headers = {"idempotency-key": "order-1"}
    await client.text(headers=headers)
    answer = await client.text(other, headers=headers)
    assert answer.status_code == 409
    assert answer.json()["code"] == "conflict"


async def test_one_idempotency_key_on_two_paths_is_a_conflict(client: Client) -> None:
    headers = {"idempotency-key": "order-1"}
    await client.post(f"{V6}/text2video", {"prompt": "refuse: x"}, headers=headers)
    answer = await client.post(f"{V6}/text2video_ultra", {"prompt": "refuse: x"}, headers=headers)
    assert answer.status_code == 409


async def test_an_unknown_v7_model_is_refused_with_the_nearest_names(client: Client) -> None:
    answer = await client.text({"model_id": "sora-3"})
    assert answer.status_code == 400
    assert answer.json()["message"] == "Model not found: sora-3"
    assert "sora-2" in answer.json()["nearest"]


async def test_a_v7_model_is_found_without_regard_to_case(client: Client) -> None:
    answer = await client.text({"model_id": "  PreViz "})
    assert answer.json()["meta"]["model_id"] == "previz"


@pytest.mark.parametrize("path", [f"{V7}/text-to-video", f"{V6}/text2video"])
async def test_a_retired_model_that_nobody_serves_names_its_successor(tmp_path: Path, path: str) -> None:
    async with (
        serving(tmp_path, previz_off=("*",)) as server,
        httpx2.AsyncClient(base_url=server.url) as http,
    ):
        answer = await Client(server, http).post(path, {"model_id": "sora-2", "prompt": "x"})
        assert answer.status_code == 410
        assert answer.json()["successor"] == "veo-3.1"
        assert answer.json()["code"] == "model_gone"
        assert isinstance(answer.json()["message"], str)
