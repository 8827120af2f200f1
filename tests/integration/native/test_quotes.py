"""Quotes and cancel."""

import httpx2
import pytest

from harness import TINY
from integration.openai.watching import ended


async def test_a_quote_is_the_hold_that_a_create_would_take(
    sandbox: httpx2.AsyncClient, live: httpx2.AsyncClient
) -> None:
    body = {"model": "sora-2-pro", "prompt": "refuse: x", "seconds": "8", "size": "1792x1024"}
    quote = (await sandbox.post("/v1/quotes", json=body)).json()
    assert (quote["price_usd"], quote["price_microusd"], quote["purse"]) == ("4.00", 4_000_000, "test")
    assert (quote["served_by"], quote["preview"], quote["affordable"]) == ("sandbox", True, True)
    assert quote["spec"] | {"size": "1792x1024", "seconds": "8", "frames": 192, "fps": 24} == quote["spec"]
    assert (await sandbox.get("/v1/videos")).json()["data"] == []
    video = (await sandbox.post("/v1/videos", json=body)).json()
    assert video["price_usd"] == quote["price_usd"]
    free = (await live.post("/v1/quotes", json=body)).json()
    assert (free["price_usd"], free["list_price_usd"], free["served_by"]) == ("0.00", "4.00", "previz")


async def test_a_quote_takes_the_field_names_of_modelslab_too(sandbox: httpx2.AsyncClient) -> None:
    body = {"model_id": "previz", "prompt": "x", "duration": 2, "width": 128, "height": 72}
    assert (await sandbox.post("/v1/quotes", json=body)).json()["spec"]["seconds"] == "2"
    twice = await sandbox.post("/v1/quotes", json=body | {"model": "sora-2"})
    assert twice.status_code == 400


async def test_a_quote_for_what_cannot_be_made_is_refused(sandbox: httpx2.AsyncClient) -> None:
    answer = await sandbox.post("/v1/quotes", json={"model": "sora-2", "prompt": "x", "seconds": 5})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "seconds")


async def test_a_cancelled_video_costs_nothing_and_can_be_cancelled_again(sandbox: httpx2.AsyncClient) -> None:
    id = (await sandbox.post("/v1/videos", json={"model": "sora-2", "prompt": "slow 100"})).json()["id"]
    assert (await sandbox.get("/v1/account")).json()["purses"]["test"]["held_usd"] == "0.40"
    answer = await sandbox.post(f"/v1/videos/{id}/cancel")
    assert answer.status_code in (200, 202)
    video = await ended(sandbox, id)
    assert (video["status"], video["error"]["code"], video["charged_usd"]) == ("failed", "cancelled", "0.00")
    assert (await sandbox.post(f"/v1/videos/{id}/cancel")).status_code == 200
    account = (await sandbox.get("/v1/account")).json()
    assert (account["purses"]["test"]["held_usd"], account["open_holds"]) == ("0.00", [])


@pytest.mark.parametrize("prompt", ["refuse: x", "uncancellable"])
async def test_what_has_ended_or_cannot_be_stopped_is_a_conflict(sandbox: httpx2.AsyncClient, prompt: str) -> None:
    id = (await sandbox.post("/v1/videos", json=TINY | {"prompt": prompt})).json()["id"]
    if prompt.startswith("refuse"):
        await ended(sandbox, id)
    else:
        while (await sandbox.get(f"/v1/videos/{id}")).json()["status"] == "queued":
            pass
    answer = await sandbox.post(f"/v1/videos/{id}/cancel")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "conflict"
