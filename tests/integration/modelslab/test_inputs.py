"""Pictures and clips that come in: every way to send one, and every bad one refused before money moves."""

import asyncio
import base64
import io
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from PIL import Image

from integration.modelslab.wire import REFUSED, V6, V7, Client
from reelway.api.dialects.modelslab.samples import CLIP_DATA_URI, PICTURE_DATA_URI

IMAGE_TO_VIDEO = f"{V7}/image-to-video"
VIDEO_TO_VIDEO = f"{V7}/video-to-video"
PICTURE = base64.b64decode(PICTURE_DATA_URI.partition(",")[2])
CLIP = base64.b64decode(CLIP_DATA_URI.partition(",")[2])
Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


def ok(body: bytes, media_type: str = "image/png") -> Reply:
    async def reply(writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)

    return reply


def redirect(to: str) -> Reply:
    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode())

    return reply


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.1)


@asynccontextmanager
async def serving_file(reply: Reply) -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await reply(writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/picture.png"
    finally:
        server.close()


@pytest.mark.parametrize(
    "value",
    [
        PICTURE_DATA_URI,
        [PICTURE_DATA_URI],
        [None, PICTURE_DATA_URI, ""],
        PICTURE_DATA_URI.partition(",")[2],
        PICTURE_DATA_URI.partition(",")[2].rstrip("="),
        f"  {PICTURE_DATA_URI}\n",
    ],
)
@pytest.mark.parametrize("path", [IMAGE_TO_VIDEO, f"{V6}/img2video", f"{V6}/img2video_ultra"])
async def test_a_picture_comes_as_a_data_uri_or_base64_alone_or_in_a_list(
    client: Client, path: str, value: Any
) -> None:
    answer = await client.post(path, REFUSED | {"init_image": value})
    assert answer.status_code == 200, answer.text
    assert len(str(answer.json()["meta"]["init_image"])) < 500


async def test_a_picture_comes_from_a_url(client: Client) -> None:
    async with serving_file(ok(PICTURE)) as url:
        answer = await client.post(IMAGE_TO_VIDEO, REFUSED | {"init_image": url})
    assert answer.status_code == 200, answer.text
    assert answer.json()["meta"]["init_image"] == url


async def test_two_pictures_are_the_first_and_the_last_frame(client: Client) -> None:
    body = {"model_id": "kling-v3-i2v", "prompt": "refuse: x", "init_image": [PICTURE_DATA_URI, PICTURE_DATA_URI]}
    assert (await client.post(IMAGE_TO_VIDEO, body)).status_code == 200
    without = await client.post(IMAGE_TO_VIDEO, body | {"model_id": "sora-2"})
    assert without.status_code == 400
    assert "one init_image" in without.json()["message"]


@pytest.mark.parametrize("value", [CLIP_DATA_URI, [CLIP_DATA_URI], CLIP_DATA_URI.partition(",")[2]])
async def test_a_clip_comes_as_a_data_uri_or_base64_alone_or_in_a_list(client: Client, value: Any) -> None:
    answer = await client.post(VIDEO_TO_VIDEO, REFUSED | {"init_video": value})
    assert answer.status_code == 200, answer.text


def png(width: int, height: int) -> bytes:
    """A PNG whose header promises that size, with next to nothing behind it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


def uri(data: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(data).decode()


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, "init_image is required"),
        ("", "init_image is required"),
        ([], "init_image is required"),
        ([PICTURE_DATA_URI] * 3, "3 pictures"),
        (5, "init_image must be"),
        ([{"url": "x"}], "init_image must be"),
        ("www.example.com/cat.png", "neither a URL nor base64"),
        ("not base64!", "neither a URL nor base64"),
        ("ftp://example.com/cat.png", "not an http, https or data URL"),
        ("file:///etc/passwd", "not an http, https or data URL"),
        ("data:image/png;base64", "broken data URL"),
        (uri(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), "an SVG drawing"),
        (uri(b"<!doctype html><html>"), "a web page"),
        (uri(b"%PDF-1.4"), "a PDF"),
        (uri(PICTURE[:60]), "a damaged PNG"),
        (uri(png(30_000, 30_000)), "30000x30000"),
        (uri(png(8, 8)), "8x8"),
        (CLIP_DATA_URI, "a video"),
        ("http://169.254.169.254/latest/meta-data", "Unable to fetch image from provided URL"),
        ("http://[::ffff:169.254.169.254]/x", "Unable to fetch image from provided URL"),
        ("http://0x0a000001/x.png", "Unable to fetch image from provided URL"),
        ("http://user:pass@127.0.0.1:9999/x.png", "Unable to fetch image from provided URL"),
        ("http://127.0.0.1:22/x.png", "Unable to fetch image from provided URL"),
        ("http://", "Unable to fetch image from provided URL"),
        ("http://[::1/x", "Unable to fetch image from provided URL"),
    ],
)
async def test_a_bad_picture_is_refused_by_name_with_nothing_held(client: Client, value: Any, told: str) -> None:
    answer = await client.post(IMAGE_TO_VIDEO, {"model_id": "sora-2", "prompt": "x", "init_image": value})
    assert answer.status_code == 400, answer.text
    assert told in answer.json()["message"]
    assert (await client.balance())["held_usd"] == "0.00"


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (redirect("http://169.254.169.254/x"), "Unable to fetch image"),
        (redirect("file:///etc/passwd"), "Unable to fetch image"),
        (drip, "Unable to fetch image"),
        (ok(b"hello", "text/html"), "Unable to fetch image"),
        (ok(b"hello"), "not a readable picture"),
    ],
)
async def test_a_bad_server_is_refused_in_time(client: Client, reply: Reply, told: str) -> None:
    async with serving_file(reply) as url:
        answer = await client.post(IMAGE_TO_VIDEO, REFUSED | {"init_image": url})
    assert answer.status_code == 400, answer.text
    assert told in answer.json()["message"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "init_video is required"),
        ({"init_video": CLIP_DATA_URI, "prompt": ""}, "prompt is required"),
        ({"init_video": PICTURE_DATA_URI}, "not a readable video"),
        ({"init_video": uri(CLIP[:300])}, "not a readable video"),
        ({"init_video": CLIP_DATA_URI, "init_image": PICTURE_DATA_URI}, "init_image is not possible here"),
        ({"init_video": "http://169.254.169.254/x"}, "Unable to fetch video from provided URL"),
        ({"init_video": CLIP_DATA_URI, "model_id": "sora-2"}, "not video-to-video"),
    ],
)
async def test_a_bad_clip_is_refused_by_name(client: Client, body: dict[str, Any], told: str) -> None:
    answer = await client.post(VIDEO_TO_VIDEO, REFUSED | body)
    assert answer.status_code == 400, answer.text
    assert told in answer.json()["message"]


async def test_a_picture_comes_as_an_uploaded_file(client: Client) -> None:
    form = {"key": client.server.test_key, "duration": "1s", "width": "128", "height": "72"}
    named = form | {"model_id": "previz", "prompt": "refuse: x", "track_id ": "t"}
    answer = await client.http.post(IMAGE_TO_VIDEO, data=named, files={"init_image": ("a.png", PICTURE)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["meta"]["init_image"] == f"(a file of {len(PICTURE)} bytes)"
    assert answer.json()["meta"]["track_id"] == "t"


async def test_two_uploads_are_the_first_and_the_last_frame(client: Client) -> None:
    form = {"key": client.server.test_key, "model_id": "kling-v3-i2v", "prompt": "refuse: x"}
    files = [("init_image[]", ("a.png", PICTURE)), ("init_image[]", ("b.png", PICTURE))]
    answer = await client.http.post(IMAGE_TO_VIDEO, data=form, files=files)
    assert answer.status_code == 200, answer.text


async def test_a_big_picture_is_refused_as_too_large(client: Client) -> None:
    answer = await client.post(IMAGE_TO_VIDEO, REFUSED | {"init_image": "A" * (33 << 20)})
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"


async def test_a_first_frame_is_in_the_clip_that_comes_back(client: Client) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (128, 72), (200, 30, 30)).save(buffer, "PNG")
    body = {"model_id": "previz", "init_image": uri(buffer.getvalue()), "width": 128, "height": 72}
    made = await client.post(IMAGE_TO_VIDEO, body | {"num_frames": 4, "fps": 8}, key=client.server.live_key)
    assert made.status_code == 200, made.text
    ended = await client.ended(made.json()["id"], key=client.server.live_key)
    assert ended["status"] == "success", ended
