"""A first look at a clip while it is made: on the stream, in both dialects, and gone with the end."""

import asyncio
import uuid
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
from aiohttp import web
from PIL import Image

from harness import Running, serving
from integration.native.test_live import told
from integration.openai.watching import ended
from s3 import S3Server, faulty

# Half a minute of rendering, of which nobody waits for more than the first second.
LONG = {"model": "previz", "prompt": "a lighthouse on a coast", "size": "640x360", "num_frames": 96, "fps": 24}
# Some seconds: many times as long as two looks are apart.
SHORT = LONG | {"num_frames": 16}


async def seen(client: httpx2.AsyncClient, id: str) -> dict[str, Any]:
    """What the stream says of the early picture."""
    async with client.stream("GET", f"/v1/videos/{id}/events") as response:
        async for event in told(response):
            if event["event"] == "early_picture":
                assert "id" not in event
                data: dict[str, Any] = event["data"]
                return data
    raise AssertionError("the video ended without an early picture")


async def gone(client: httpx2.AsyncClient, url: str) -> None:
    """It is dropped right after the end was written."""
    async with asyncio.timeout(10):
        while (await client.get(url)).status_code != 404:
            await asyncio.sleep(0.01)


async def test_it_is_shown_while_the_clip_is_made_and_goes_when_it_is_cancelled(
    running: Running, live: httpx2.AsyncClient
) -> None:
    created = (await live.post("/v1/videos", json=LONG)).json()
    assert created["early_picture_url"] is None
    url = (await seen(live, created["id"]))["url"]
    picture = await live.get(url)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(BytesIO(picture.content)).size == (320, 180)
    video = (await live.get(f"/v1/videos/{created['id']}")).json()
    assert (video["status"], video["early_picture_url"]) == ("in_progress", url)
    assert (await seen(live, created["id"]))["url"] == url, "who comes late is told too"
    for path in ("/api/v7/video-fusion/fetch", "/api/v6/video/fetch"):
        fetched = (await live.post(f"{path}/{video['number']}")).json()
        assert (fetched["status"], fetched["output"], fetched["early_picture_url"]) == ("processing", "", url)
    await live.post(f"/v1/videos/{created['id']}/cancel")
    over = await ended(live, created["id"])
    assert (over["status"], over["early_picture_url"]) == ("failed", None)
    await gone(live, url)
    assert list((running.reelway.services.settings.data / "files" / "videos").iterdir()) == []


async def test_the_poster_takes_its_place(live: httpx2.AsyncClient) -> None:
    id = (await live.post("/v1/videos", json=SHORT)).json()["id"]
    url = (await seen(live, id))["url"]
    video = await ended(live, id)
    assert (video["status"], video["early_picture_url"]) == ("completed", None)
    await gone(live, url)
    assert (await live.get(url.replace("-early.jpg", ".jpg"))).status_code == 200


async def test_a_bucket_that_does_not_take_it_costs_nobody_a_clip(tmp_path: Path, s3: S3Server) -> None:
    refused: list[str] = []

    def fault(request: web.Request) -> int | None:
        if request.method == "PUT" and request.path.endswith("-early.jpg"):
            refused.append(request.path)
            return 403
        return None

    async with (
        faulty(s3, fault) as endpoint,
        serving(tmp_path / "data", **s3.settings(uuid.uuid4().hex, endpoint=endpoint)) as server,
        httpx2.AsyncClient(base_url=server.url, headers=server.headers(), timeout=60) as client,
    ):
        video = await ended(client, (await client.post("/v1/videos", json=SHORT)).json()["id"])
        assert len(refused) == 1
        assert video["status"] == "completed"
        assert (await client.get(video["url"])).status_code == 200
