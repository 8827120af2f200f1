"""GET and HEAD /files/…: finished files at unguessable addresses."""

import uuid
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import httpx2
import openai
import pytest
from aiohttp import web
from PIL import Image

from harness import TINY, serving
from integration.openai.watching import ended
from s3 import S3Server, faulty


@pytest.fixture(params=["local", "s3"])
def place(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Settings: where files are kept."""
    return {} if request.param == "local" else request.getfixturevalue("s3").settings(uuid.uuid4().hex)


async def test_a_finished_file_can_be_had_whole_in_parts_and_not_at_all(tmp_path: Path, place: dict[str, Any]) -> None:
    async with serving(tmp_path / "data", **place) as server:
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
            assert whole.headers["accept-ranges"] == "bytes"
            dated = {"range": "bytes=0-1", "if-range": whole.headers["last-modified"]}
            assert (await nobody.get(video["url"], headers=dated)).status_code == 206
            refused = await nobody.get(video["url"], headers={"range": f"bytes={size}-"})
            assert refused.headers["content-range"] == f"bytes */{size}"
        scratch = tmp_path / "data" / "work" / "scratch"
        assert list(scratch.iterdir()) == []


async def test_files_in_a_bucket_can_be_had_from_the_bucket(tmp_path: Path, s3: S3Server) -> None:
    async with serving(tmp_path / "data", **s3.settings(uuid.uuid4().hex), files="redirect") as server:
        async with httpx2.AsyncClient(base_url=server.url, headers=server.headers(), timeout=60) as owner:
            video = await ended(owner, (await owner.post("/v1/videos", json=TINY)).json()["id"])
        async with httpx2.AsyncClient(timeout=60) as nobody:
            for method in ("GET", "HEAD"):
                sent_on = await nobody.request(method, video["url"])
                assert (sent_on.status_code, sent_on.content) == (302, b"")
                assert sent_on.headers["location"].startswith(s3.endpoint)
                assert "etag" not in sent_on.headers, "a client would ask with it whether the old URL is still good"
                assert sent_on.headers["cache-control"] == "private, max-age=240"
                found = await nobody.request(method, video["url"], follow_redirects=True)
                assert (found.status_code, found.headers["content-type"]) == (200, "video/mp4")
                assert found.headers["accept-ranges"] == "bytes"
            whole = await nobody.get(video["url"], follow_redirects=True)
            part = await nobody.get(video["url"], headers={"range": "bytes=5-9"}, follow_redirects=True)
            assert (part.status_code, part.content) == (206, whole.content[5:10])
            known = {"if-none-match": whole.headers["etag"]}
            assert (await nobody.get(video["url"], headers=known)).status_code == 304
            gone = video["url"].replace(".mp4", "x.mp4")
            for method in ("GET", "HEAD"):
                assert (await nobody.request(method, gone)).status_code == 404


@pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")
async def test_the_openai_client_follows_to_the_bucket_and_leaves_its_key_behind(tmp_path: Path, s3: S3Server) -> None:
    seen: list[tuple[bool, bool]] = []

    async def note(request: Any) -> None:
        seen.append((str(request.url).startswith(s3.endpoint), "authorization" in request.headers))

    http = openai.DefaultAsyncHttpxClient(event_hooks={"request": [note]})
    async with (
        serving(tmp_path / "data", **s3.settings(uuid.uuid4().hex), files="redirect") as server,
        openai.AsyncOpenAI(api_key=server.live_key, base_url=f"{server.url}/v1", http_client=http) as client,
    ):
        video = await client.videos.create_and_poll(model="previz", prompt="a kite", size="128x72", seconds="1")
        seen.clear()
        content = await client.videos.download_content(video.id)
        assert seen == [(False, True), (True, False)]
        assert content.content[4:8] == b"ftyp"
        assert content.response.headers["content-disposition"] == f'inline; filename="{video.id}.mp4"'


async def test_a_bucket_that_fails_is_a_503_and_not_a_torn_file(tmp_path: Path, s3: S3Server) -> None:
    broken: list[str] = []
    async with (
        faulty(s3, lambda request: 500 if request.method in broken else None) as endpoint,
        serving(tmp_path / "data", **s3.settings(uuid.uuid4().hex, endpoint=endpoint)) as server,
        httpx2.AsyncClient(base_url=server.url, headers=server.headers(), timeout=60) as client,
    ):
        video = await ended(client, (await client.post("/v1/videos", json=TINY)).json()["id"])
        for method in ("GET", "HEAD"):
            broken[:] = [method]
            answer = await client.get(video["url"])
            assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_failed")
            assert s3.secret not in answer.text


async def test_a_clip_waits_for_a_bucket_that_fails(tmp_path: Path, s3: S3Server) -> None:
    """Every write is refused at first; the clip is rendered once and everything is there in the end."""
    asked: Counter[str] = Counter()

    def fault(request: web.Request) -> int | None:
        if request.method != "PUT" or request.path.endswith("-early.jpg"):  # which is tried once
            return None
        asked[request.path] += 1
        return 500 if asked[request.path] <= 6 else None  # one try of ours is five of the client's

    async with (
        faulty(s3, fault) as endpoint,
        serving(tmp_path / "data", **s3.settings(uuid.uuid4().hex, endpoint=endpoint)) as server,
        httpx2.AsyncClient(base_url=server.url, headers=server.headers(), timeout=60) as client,
    ):
        video = await ended(client, (await client.post("/v1/videos", json=TINY)).json()["id"])
        assert video["status"] == "completed"
        for address in (video["url"], video["thumbnail_url"], video["spritesheet_url"]):
            assert (await client.get(address)).status_code == 200
        assert min(asked.values()) == 7
        assert (await client.delete(f"/v1/videos/{video['id']}")).status_code == 200
        for address in (video["url"], video["thumbnail_url"], video["spritesheet_url"]):
            assert (await client.get(address)).status_code == 404


async def test_a_picture_goes_through_a_bucket_into_the_clip(tmp_path: Path, s3: S3Server) -> None:
    prefix = uuid.uuid4().hex
    async with (
        serving(tmp_path / "data", **s3.settings(prefix)) as server,
        httpx2.AsyncClient(base_url=server.url, headers=server.headers(), timeout=60) as client,
    ):
        frame = BytesIO()
        Image.new("RGB", (128, 72), (200, 30, 40)).save(frame, "PNG")
        created = await client.post("/v1/videos", data=TINY, files={"input_reference": ("a.png", frame.getvalue())})
        video = await ended(client, created.json()["id"])
        first = Image.open(BytesIO((await client.get(video["thumbnail_url"])).content)).convert("RGB")
        red, green, blue = first.resize((1, 1)).getpixel((0, 0))
        assert red > 2 * max(green, blue)
    left = [found["path"] for page in s3.store(prefix).list() for found in page]
    assert [path for path in left if path.startswith("inputs/")] == []
    assert [path for path in (tmp_path / "data" / "work").rglob("*") if path.is_file()] == []


async def test_the_pictures_of_a_clip_are_pictures(tmp_path: Path, place: dict[str, Any]) -> None:
    async with (
        serving(tmp_path / "data", **place) as server,
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


async def test_a_gif_is_a_gif(tmp_path: Path, place: dict[str, Any]) -> None:
    async with (
        serving(tmp_path / "data", **place) as server,
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
