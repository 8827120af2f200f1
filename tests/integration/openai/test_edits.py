"""Remix and edits: a new video from a finished one, or from an upload."""

from typing import Any

import httpx2
import pytest

from harness import TINY
from integration.openai.watching import ended


async def finished(client: httpx2.AsyncClient, **changes: Any) -> dict[str, Any]:
    created = (await client.post("/v1/videos", json=TINY | changes)).json()
    video = await ended(client, created["id"])
    assert video["status"] == "completed"
    return video


async def test_a_remix_is_a_new_video_like_its_source(live: httpx2.AsyncClient) -> None:
    source = await finished(live, fps=12)
    answer = await live.post(f"/v1/videos/{source['id']}/remix", json={"prompt": "at night"})
    assert answer.status_code == 200, answer.text
    remix = answer.json()
    assert remix["id"] != source["id"]
    assert remix["remixed_from_video_id"] == source["id"]
    for name in ("model", "size", "seconds", "fps", "frames"):
        assert remix[name] == source[name]
    assert (await ended(live, remix["id"]))["status"] == "completed"
    assert (await live.get("/v1/videos")).json()["data"][0]["remixed_from_video_id"] == source["id"]


async def test_an_edit_takes_an_id_or_a_file(live: httpx2.AsyncClient) -> None:
    source = await finished(live)
    by_id = await live.post("/v1/videos/edits", json={"prompt": "at night", "video": {"id": source["id"]}})
    assert by_id.json()["remixed_from_video_id"] == source["id"]
    by_form = await live.post(
        "/v1/videos/edits", files={"prompt": (None, "at night"), "video[id]": (None, source["id"])}
    )
    assert by_form.json()["remixed_from_video_id"] == source["id"]
    clip = (await live.get(source["url"])).content
    upload = await live.post(
        "/v1/videos/edits", data=TINY | {"prompt": "at night"}, files={"video": ("a.mp4", clip, "video/mp4")}
    )
    assert upload.status_code == 200, upload.text
    assert upload.json()["remixed_from_video_id"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"prompt": "x"}, 400),
        ({"prompt": "x", "video": "video_x"}, 400),
        ({"prompt": "x", "video": {}}, 400),
        ({"prompt": "x", "video": {"id": 7}}, 400),
        ({"prompt": "x", "video": {"id": "video_none"}}, 404),
    ],
)
async def test_an_edit_of_nothing_is_refused(sandbox: httpx2.AsyncClient, body: dict[str, Any], status: int) -> None:
    assert (await sandbox.post("/v1/videos/edits", json=body)).status_code == status


async def test_only_a_finished_video_of_ones_own_can_be_remixed_by_a_model_that_can(
    live: httpx2.AsyncClient, sandbox: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    source = await finished(live)
    path = f"/v1/videos/{source['id']}/remix"
    assert (await stranger.post(path, json={"prompt": "x"})).status_code == 404
    cannot = await live.post(path, json={"prompt": "x", "model": "sora-2"})
    assert (cannot.status_code, cannot.json()["error"]["param"]) == (400, "model")
    assert (await live.post(path, json={"prompt": ""})).status_code == 400
    assert (await live.post(path, json={"prompt": "x", "input_reference": "https://x/a.png"})).status_code == 400
    slow = (await sandbox.post("/v1/videos", json=TINY | {"prompt": "slow 99"})).json()["id"]
    early = await sandbox.post(f"/v1/videos/{slow}/remix", json={"prompt": "x"})
    assert (early.status_code, early.json()["error"]["code"]) == (400, "video_not_ready")
