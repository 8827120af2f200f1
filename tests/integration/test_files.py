"""GET and HEAD /files/…: finished files at unguessable addresses."""

from io import BytesIO
from pathlib import Path

import av
import httpx2
import pytest
from PIL import Image

from harness import TINY, serving
from integration.openai.watching import ended


async def test_a_finished_file_can_be_had_whole_in_parts_and_not_at_all(tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as server:
        async with httpx2.AsyncClient(base_url=server.url, headers=server.headers(), timeout=60) as owner:
            video = await ended(owner, (await owner.post("/v1/videos", json=TINY)).json()["id"])
        async with httpx2.AsyncClient(timeout=60) as nobody:  # the address is the secret
            whole = await nobody.get(video["url"])
            assert (whole.status_code, whole.headers["content-type"]) == (200, "video/mp4")
            assert whole.headers["x-content-type-options"] == "nosniff"
            assert whole.headers["access-control-allow-origin"] == "*"
            with av.open(BytesIO(whole.content)) as clip:
                assert (clip.streams.video[0].width, clip.streams.video[0].height) == (128, 72)
            size = len(whole.content)
            for asked, start, end in (
                ("bytes=0-0", 0, 1),
                ("bytes=5-", 5, size),
                ("bytes=-7", size - 7, size),
                (f"bytes=3-{size * 2}", 3, size),
            ):
                part = await nobody.get(video["url"], headers={"range": asked})
                assert (part.status_code, part.content) == (206, whole.content[start:end])
                assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
            assert (await nobody.get(video["url"], headers={"range": f"bytes={size}-"})).status_code == 416
            etag = whole.headers["etag"]
            fresh = {"range": "bytes=0-1", "if-range": etag}
            assert (await nobody.get(video["url"], headers=fresh)).status_code == 206
            stale = {"range": "bytes=0-1", "if-range": '"other"'}
            assert (await nobody.get(video["url"], headers=stale)).status_code == 200
            for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
                same = await nobody.get(video["url"], headers={"if-none-match": known})
                assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
            head = await nobody.head(video["url"])
            assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(size))
            assert (await nobody.post(video["url"])).status_code == 405


async def test_the_pictures_of_a_clip_are_pictures(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "data") as server,
        httpx2.AsyncClient(base_url=server.url, headers=server.headers(), timeout=60) as client,
    ):
        video = await ended(client, (await client.post("/v1/videos", json=TINY)).json()["id"])
        poster = video["url"].removesuffix(".mp4") + ".jpg"
        for address, kind in (
            (poster, "JPEG"),
            (video["thumbnail_url"], "WEBP"),
            (video["spritesheet_url"], "JPEG"),
        ):
            answer = await client.get(address)
            picture = Image.open(BytesIO(answer.content))
            assert (picture.format, answer.headers["content-type"]) == (kind, f"image/{kind.lower()}")


async def test_a_gif_is_a_gif(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "data") as server,
        httpx2.AsyncClient(base_url=server.url, headers=server.headers(), timeout=60) as client,
    ):
        created = (await client.post("/v1/videos", json=TINY | {"output_type": "gif"})).json()
        video = await ended(client, created["id"])
        assert video["url"].endswith(".gif")
        for answer in (await client.get(video["url"]), await client.get(f"/v1/videos/{video['id']}/content")):
            assert answer.headers["content-type"] == "image/gif"
            assert getattr(Image.open(BytesIO(answer.content)), "n_frames", 1) > 1


@pytest.mark.parametrize(
    "name",
    [
        "x.mp4",
        "..%2f..%2foperator.secret",
        "%2e%2e/operator.secret",
        "a/b.mp4",
        ".mp4",
        "-sheet.jpg",
        "x" * 4000 + ".mp4",
        "%00.mp4",
        "%ff%fe.mp4",
        "inputs.png",
        "nul\u00e9.mp4",
    ],
)
async def test_an_address_that_is_none_of_ours_is_a_404(tmp_path: Path, name: str) -> None:
    async with serving(tmp_path / "data") as server, httpx2.AsyncClient(base_url=server.url) as client:
        for method in ("GET", "HEAD"):
            answer = await client.request(method, f"/files/{name}")
            assert answer.status_code == 404
