"""Passes on ModelsLab's wire."""

from typing import Any

import pytest

from integration.modelslab.wire import REFUSED, TINY, V6, V7, Client
from reelway.generations import store

on_one_server = pytest.mark.asyncio(loop_scope="module")


async def test_passes_come_with_the_answer_of_a_fetch_and_with_the_webhook(client: Client) -> None:
    body = TINY | {"passes": "shot,masks", "webhook": "http://127.0.0.1:9/"}
    made = (await client.post(f"{V7}/text-to-video", body)).json()
    assert (made["meta"]["passes"], "passes" in made) == ("shot,masks", False)
    ended = await client.ended(made["id"])
    assert list(ended["passes"]) == ["masks", "shot"]
    assert ended["output"] == made["future_links"], "what clients download as the clip is the clip alone"
    masks = await client.http.get(ended["passes"]["masks"]["url"])
    assert (masks.status_code, masks.headers["content-type"]) == (200, "video/x-matroska")
    headers = client.server.headers(client.server.test_key)
    [delivery] = (await client.http.get("/v1/webhook_deliveries", headers=headers)).json()["data"]
    sent = (await client.http.get(f"/v1/webhook_deliveries/{delivery['id']}", headers=headers)).json()
    assert ended["passes"]["masks"]["url"] in sent["body"]


async def test_who_asks_for_none_gets_the_body_as_it_was(client: Client) -> None:
    ended = await client.ended((await client.post(f"{V7}/text-to-video", TINY)).json()["id"])
    assert (ended["status"], "passes" in ended) == ("success", False)


@on_one_server
@pytest.mark.parametrize("passes", [["depth", "shot"], "shot,depth", ["depth,shot"], [" depth", "shot", None]])
async def test_a_list_or_text_with_commas(shared: Client, passes: Any) -> None:
    made = await shared.text({"passes": passes})
    assert made.status_code == 200
    [saved] = await shared.server.reelway.db.read(store.page(None, None, 1, newest_first=True))
    assert (saved.number, saved.spec.passes) == (made.json()["id"], ("depth", "shot"))


@on_one_server
@pytest.mark.parametrize("repeated", ["passes", "passes[]"])
async def test_a_form_may_repeat_the_field(shared: Client, repeated: str) -> None:
    fields = {name: str(value) for name, value in REFUSED.items()} | {"key": shared.server.test_key}
    good = await shared.http.post(f"{V7}/text-to-video", data=fields | {repeated: ["depth", "camera"]})
    assert (good.status_code, good.json()["meta"]["passes"]) == (200, ["depth", "camera"])
    bad = await shared.http.post(f"{V7}/text-to-video", data=fields | {repeated: ["depth", "normals"]})
    assert bad.status_code == 400
    assert bad.json()["message"] == "passes 'normals' is not known; there are depth, masks, camera, shot"


@on_one_server
async def test_v6_takes_them_too(shared: Client) -> None:
    assert (await shared.v6({"passes": ["depth"]})).status_code == 200
    assert (await shared.v6({"passes": ["nothing"]})).status_code == 400
    picture = {"prompt": "refuse: x", "init_image": "http://127.0.0.1:9/a.png", "passes": ["depth"]}
    refused = await shared.post(f"{V6}/img2video", picture)
    assert (refused.status_code, "words alone" in refused.json()["message"]) == (400, True)
