"""Passes from the API: asked for by name, downloaded, opened, deleted; and refused before any money moves."""

import asyncio
import json
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import httpx2
import numpy as np
import pytest

from harness import Running, serving
from integration.openai.test_create import png
from integration.openai.watching import ended

ALL = ["depth", "masks", "camera", "shot"]
SMALL = {"model": "previz", "prompt": "a red car on a coast road", "size": "128x72", "num_frames": 5, "fps": 8}
REFUSED = SMALL | {"prompt": "refuse: not rendered"}
PAID = {"minimax": {"key": "sk-nobody", "base_url": "http://127.0.0.1:9"}}


def levels(data: bytes, pixels: str) -> np.ndarray:
    with av.open(BytesIO(data)) as clip:
        return np.stack([frame.to_ndarray(format=pixels) for frame in clip.decode(video=0)])


async def test_everything_that_was_asked_for_can_be_had_and_goes_with_the_video(live: httpx2.AsyncClient) -> None:
    created = (await live.post("/v1/videos", json=SMALL | {"passes": ALL})).json()
    assert created["passes"] == {}
    video = await ended(live, created["id"])
    assert list(video["passes"]) == ALL
    got: dict[str, bytes] = {}
    for name, shown in video["passes"].items():
        answer = await live.get(shown["url"])
        assert (answer.status_code, answer.headers["content-type"]) == (200, shown["content_type"])
        assert len(answer.content) == shown["size_bytes"]
        content = await live.get(f"/v1/videos/{video['id']}/content", params={"variant": name})
        assert (content.content, content.headers["content-type"]) == (answer.content, shown["content_type"])
        suffix = shown["url"].rpartition("-")[2]
        assert content.headers["content-disposition"] == f'inline; filename="{video["id"]}-{suffix}"'
        got[name] = answer.content
        if shown["meta_url"] is not None:
            meta = await live.get(shown["meta_url"])
            assert meta.headers["content-type"] == "application/json"
            got[f"{name}.json"] = meta.content
    assert levels(got["depth"], "gray16le").shape == levels(got["masks"], "gray").shape == (5, 72, 128)
    for name in ("depth.json", "masks.json"):
        said = json.loads(got[name])
        assert (said["width"], said["height"], said["fps"]) == (128, 72, 8)
    assert [member["kind"] for member in json.loads(got["masks.json"])["cast"]] == ["car"]
    assert len(json.loads(got["camera.json"])["frames"]) == 5
    assert json.loads(got["camera"])["asset"]["version"] == "2.0"
    assert json.loads(got["shot"]) == video["meta"]["shot"]
    depth = video["passes"]["depth"]["url"]
    part = await live.get(depth, headers={"range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, got["depth"][4:10])
    listed = (await live.get("/v1/videos")).json()["data"]
    assert listed[0]["passes"] == video["passes"]
    assert (await live.delete(f"/v1/videos/{video['id']}")).status_code == 200
    for shown in video["passes"].values():
        for url in (shown["url"], shown["meta_url"]):
            assert url is None or (await live.get(url)).status_code == 404


async def test_nothing_is_left_but_what_is_shown(running: Running, live: httpx2.AsyncClient) -> None:
    video = await ended(live, (await live.post("/v1/videos", json=SMALL | {"passes": "shot,camera"})).json()["id"])
    assert list(video["passes"]) == ["camera", "shot"]
    absent = await live.get(f"/v1/videos/{video['id']}/content", params={"variant": "depth"})
    assert (absent.status_code, "name it in `passes`" in absent.json()["error"]["message"]) == (404, True)
    data = running.reelway.services.settings.data
    kept = sorted(path.name.removeprefix(_token(video)) for path in (data / "files" / "videos").iterdir())
    assert kept == ["-camera.gltf", "-camera.json", "-sheet.jpg", "-shot.json", ".jpg", ".mp4", ".webp"]
    async with asyncio.timeout(10):  # the engine's own are dropped right after the end
        while [path for path in (data / "work").rglob("*") if path.is_file()]:
            await asyncio.sleep(0.01)


def _token(video: dict[str, Any]) -> str:
    name: str = video["url"].rpartition("/")[2]
    return name.removesuffix(".mp4")


@pytest.mark.parametrize(
    "passes",
    [["shot", "depth"], "shot, depth", ["depth,shot", "depth"]],
)
async def test_json_and_forms_ask_for_the_same(sandbox: httpx2.AsyncClient, passes: Any) -> None:
    quoted = await sandbox.post("/v1/quotes", json=REFUSED | {"passes": passes})
    assert quoted.json()["spec"]["passes"] == ["depth", "shot"]
    fields = {name: str(value) for name, value in REFUSED.items()}
    for name in ("passes", "passes[]"):
        formed = await sandbox.post("/v1/quotes", data=fields | {name: passes})
        assert formed.json()["spec"]["passes"] == ["depth", "shot"]
        named = passes if isinstance(passes, list) else [passes]
        parts = [*((k, (None, v)) for k, v in fields.items()), *((name, (None, one)) for one in named)]
        multipart = await sandbox.post("/v1/quotes", files=parts)
        assert multipart.json()["spec"]["passes"] == ["depth", "shot"]


@pytest.mark.parametrize(
    ("passes", "code", "says"),
    [
        (["normals"], "invalid_request", "'normals' is not known; there are depth, masks, camera, shot"),
        ([1], "invalid_type", "expected an array of strings, but got an integer"),
        ({"depth": True}, "invalid_type", "expected an array of strings, but got an object"),
        (True, "invalid_type", "expected an array of strings, but got a boolean"),
    ],
)
async def test_what_is_no_pass_is_refused(sandbox: httpx2.AsyncClient, passes: Any, code: str, says: str) -> None:
    answer = await sandbox.post("/v1/videos", json=REFUSED | {"passes": passes})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, "passes", code)
    assert says in error["message"]


@pytest.mark.parametrize("passes", [None, "", []])
async def test_nothing_asked_for_is_nothing_made(sandbox: httpx2.AsyncClient, passes: Any) -> None:
    assert (await sandbox.post("/v1/quotes", json=REFUSED | {"passes": passes})).json()["spec"]["passes"] == []


async def test_a_clip_of_a_picture_or_of_a_clip_has_none(sandbox: httpx2.AsyncClient) -> None:
    fields = {name: str(value) for name, value in REFUSED.items()} | {"passes": "depth"}
    started = await sandbox.post("/v1/videos", data=fields, files={"input_reference": ("a.png", png())})
    upload = ("a.mp4", b"\0\0\0\x18ftypmp42", "video/mp4")
    edited = await sandbox.post("/v1/videos/edits", data=fields, files={"video": upload})
    for answer, mode in ((started, "image-to-video"), (edited, "video-to-video")):
        error = answer.json()["error"]
        assert (answer.status_code, error["param"]) == (400, "passes")
        assert error["message"] == f"passes are made beside clips of words alone, not {mode}; leave them out"


async def test_a_test_key_has_them_beside_a_preview_of_any_model(sandbox: httpx2.AsyncClient) -> None:
    body = {"model": "sora-2", "prompt": "a dog in a forest", "seconds": "4", "fps": 1, "passes": ["camera"]}
    video = await ended(sandbox, (await sandbox.post("/v1/videos", json=body)).json()["id"])
    assert (video["status"], video["model"], video["preview"]) == ("completed", "sora-2", True)
    assert video["charged_usd"] == video["price_usd"] == "0.40"
    camera = json.loads((await sandbox.get(video["passes"]["camera"]["meta_url"])).content)
    assert (camera["width"], camera["height"], len(camera["frames"])) == (720, 1280, 4)


async def test_a_model_that_makes_none_is_refused_before_any_money_moves(tmp_path: Path, database_setting: str) -> None:
    body = {"model": "minimax-h3", "prompt": "a kite", "passes": ["depth"]}
    async with (
        serving(tmp_path / "data", database=database_setting, providers=PAID) as server,
        httpx2.AsyncClient(base_url=server.url, headers=server.headers(), timeout=60) as client,
    ):
        before = (await client.get("/v1/account")).json()
        for path in ("/v1/quotes", "/v1/videos"):
            answer = await client.post(path, json=body)
            assert (answer.status_code, answer.json()["error"]["param"]) == (400, "passes")
            assert "only the model previz makes passes" in answer.json()["error"]["message"]
        assert (await client.get("/v1/account")).json() == before
        assert (await client.get("/v1/videos")).json()["data"] == []
        quoted = (await client.post("/v1/quotes", json=body | {"model": "auto"})).json()
        assert (quoted["model"], quoted["served_by"], quoted["price_usd"]) == ("previz", "previz", "0.00")
        for model, passes in (("minimax-h3", []), ("previz", ALL), ("sora-2", ALL)):  # sora-2 has only previz here
            assert (await client.get(f"/v1/models/{model}")).json()["passes"] == passes


async def test_the_same_request_is_made_once_and_other_passes_are_another_request(sandbox: httpx2.AsyncClient) -> None:
    once = {"idempotency-key": "once"}
    first, again = [
        await sandbox.post("/v1/videos", json=REFUSED | {"passes": ["depth"]}, headers=once) for _ in range(2)
    ]
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
    other = await sandbox.post("/v1/videos", json=REFUSED | {"passes": ["masks"]}, headers=once)
    assert other.status_code == 409
