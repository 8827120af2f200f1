"""What a bucket adds to the contract: requests that fail, bytes nobody sees, secrets, and URLs for others."""

import asyncio
import socket
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from aiohttp import web

from reelway.errors import ConfigError, StorageError
from reelway.settings import Settings
from reelway.storage.s3 import S3Storage
from s3 import S3Server, faulty

MIB = 1024 * 1024


def bucket(s3: S3Server, *, silence_s: float = 20, **changes: Any) -> S3Storage:
    return S3Storage.from_settings(Settings(**s3.settings(uuid.uuid4().hex) | changes), silence_s=silence_s)


async def chunked(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def read(storage: S3Storage, key: str) -> bytes:
    return b"".join([chunk async for chunk in storage.read(key)])


async def test_a_cancelled_upload_leaves_no_parts_in_the_bucket(s3: S3Server) -> None:
    """They cost money, and nobody sees them."""
    begun = asyncio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield bytes(MIB)
        while not await s3.unfinished_uploads():
            await asyncio.sleep(0.01)
        begun.set()
        await asyncio.sleep(30)

    putting = asyncio.create_task(bucket(s3).put("a.mp4", hanging(), media_type="video/mp4"))
    await begun.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert await s3.unfinished_uploads() == []


async def test_a_source_that_fails_leaves_no_parts_in_the_bucket(s3: S3Server) -> None:
    seen: list[str] = []

    async def failing() -> AsyncIterator[bytes]:
        for _ in range(12):
            yield bytes(MIB)
        while not seen:
            seen.extend(await s3.unfinished_uploads())
            await asyncio.sleep(0.01)
        raise FileNotFoundError("the provider's file is gone")

    with pytest.raises(FileNotFoundError, match="provider's"):
        await bucket(s3).put("a.mp4", failing(), media_type="video/mp4")
    assert await s3.unfinished_uploads() == []


@pytest.mark.parametrize("fails", ["partNumber=2", "uploadId"])
async def test_an_upload_whose_parts_or_end_are_refused_leaves_nothing(s3: S3Server, fails: str) -> None:
    def fault(request: web.Request) -> int | None:
        ends = request.method == "POST" and "uploadId" in request.query_string
        return 500 if ("part" in fails and fails in request.query_string) or ("part" not in fails and ends) else None

    async with faulty(s3, fault) as endpoint:
        storage = bucket(s3, s3_endpoint=endpoint)
        with pytest.raises(StorageError, match=r"cannot store a\.mp4: the bucket reelway answered 500 Fault500"):
            await storage.put("a.mp4", chunked(*[bytes(MIB)] * 12), media_type="video/mp4")
        assert await storage.open("a.mp4") is None
    assert await s3.unfinished_uploads() == []


async def test_requests_that_fail_now_and_then_are_made_again(s3: S3Server) -> None:
    asked: set[tuple[str, str]] = set()

    def fault(request: web.Request) -> int | None:
        first = (request.method, request.query_string) not in asked
        asked.add((request.method, request.query_string))
        return 503 if first else None

    content = bytes(range(256)) * 4 * 12 * 1024
    async with faulty(s3, fault) as endpoint:
        storage = bucket(s3, s3_endpoint=endpoint)
        await storage.put("a.mp4", chunked(content), media_type="video/mp4")
        assert await read(storage, "a.mp4") == content
        await storage.delete("a.mp4")
        assert await storage.open("a.mp4") is None


async def test_a_bucket_that_goes_on_failing_is_a_storage_error_everywhere(s3: S3Server) -> None:
    async with faulty(s3, lambda request: 503) as endpoint:
        storage = bucket(s3, s3_endpoint=endpoint)

        async def listed() -> list[str]:
            return [facts.key async for facts in storage.list()]

        ways = {
            "store": storage.put("a.mp4", chunked(b"x"), media_type="video/mp4"),
            "store b": storage.put_all({"b.jpg": b"x"}),
            "look at": storage.open("a.mp4"),
            "read": read(storage, "a.mp4"),
            "delete": storage.delete("a.mp4"),
            "list": listed(),
        }
        for error in await asyncio.gather(*ways.values(), return_exceptions=True):
            assert isinstance(error, StorageError), error
            assert "the bucket reelway answered 503" in error.message


async def test_nobody_there_is_said_within_seconds(s3: S3Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    started_s = time.monotonic()
    with pytest.raises(StorageError, match="does not answer") as caught:
        await bucket(s3, s3_endpoint=f"http://127.0.0.1:{port}").open("a.mp4")
    assert time.monotonic() - started_s < 15
    assert s3.secret not in str(caught.value.__cause__) + caught.value.message
    assert "127.0.0.1" not in caught.value.message


async def test_a_bucket_that_takes_the_request_and_says_nothing_is_given_up(s3: S3Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        storage = bucket(s3, silence_s=0.2, s3_endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(StorageError, match="does not answer"):
            await storage.put("a.mp4", chunked(b"x"), media_type="video/mp4")


async def test_a_cancelled_upload_does_not_wait_for_a_dead_bucket(s3: S3Server) -> None:
    """A worker that stops must not hang on it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        storage = bucket(s3, s3_endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}")
        putting = asyncio.create_task(storage.put("a.mp4", chunked(bytes(12 * MIB)), media_type="video/mp4"))
        taken, _ = await asyncio.to_thread(silent.accept)
        with taken:
            putting.cancel()
            done, _ = await asyncio.wait([putting], timeout=10)
            assert done
            assert putting.cancelled()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"s3_secret_access_key": "wrong"}, "answered 403.*see that the key is right"),
        ({"storage": "s3://no-such-bucket"}, "no-such-bucket answered 4.*"),
    ],
)
async def test_a_wrong_key_or_bucket_is_said_with_the_way_out(s3: S3Server, changes: dict[str, str], says: str) -> None:
    unknown = {"s3_access_key_id": "unknown"} if "storage" in changes else {}  # else the server makes the bucket
    with pytest.raises(StorageError, match=says):
        await bucket(s3, **changes, **unknown).put("a.mp4", chunked(b"x"), media_type="video/mp4")


async def test_a_presigned_url_carries_the_disposition_and_ends(s3: S3Server) -> None:
    storage = bucket(s3)
    await storage.put("a.mp4", chunked(b"clip"), media_type="video/mp4")
    wanted = 'inline; filename="video_1 + a.mp4"'
    async with httpx2.AsyncClient() as anybody:
        for method in ("GET", "HEAD"):
            url = await storage.presigned("a.mp4", expires_s=60, method=method, disposition=wanted)
            assert url is not None
            answer = await anybody.request(method, url)
            assert (answer.status_code, answer.headers["content-length"]) == (200, "4")
            assert answer.headers["content-disposition"] == wanted
            assert answer.headers["content-type"] == "video/mp4"
            assert s3.secret not in url
        for spoiled in (url.replace("inline", "attachment"), url.replace("a.mp4", "b.mp4")):
            assert (await anybody.head(spoiled)).status_code == 403
        soon = await storage.presigned("a.mp4", expires_s=1)
        assert soon is not None
        assert parse_qs(urlsplit(soon).query)["X-Amz-Expires"] == ["1"]


def test_a_session_token_of_the_environment_is_not_mixed_with_the_key_of_the_settings(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-another-key")
    url = asyncio.run(bucket(s3).presigned("a.mp4", expires_s=60))
    assert url is not None
    assert "of-another-key" not in url


async def test_without_a_key_in_the_settings_the_environment_has_it(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3.key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3.secret)
    storage = bucket(s3, s3_access_key_id=None, s3_secret_access_key=None)
    await storage.put("a.mp4", chunked(b"clip"), media_type="video/mp4")
    url = await storage.presigned("a.mp4", expires_s=60, disposition="inline")
    assert url is not None
    async with httpx2.AsyncClient() as anybody:
        assert (await anybody.get(url)).headers["content-disposition"] == "inline"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"storage": "s3://key:hush@bucket"}, "s3_access_key_id"),
        ({"storage": "s3://bucket/key:hush@x"}, "s3_access_key_id"),
        ({"storage": "s3://"}, "s3://bucket/prefix"),
        ({"storage": "s3:bucket"}, "s3://bucket/prefix"),
        ({"storage": "s3://Bucket"}, "3 to 63"),
        ({"storage": "s3://bucket/../hush"}, "segments joined by /"),
        ({"storage": "s3://bucket?token=hush"}, "3 to 63"),
        ({"storage": "s3://bucket\n"}, "3 to 63"),
        ({"storage": "s3://bucket", "s3_endpoint": "hush"}, "s3_endpoint"),
        ({"storage": "s3://bucket", "s3_endpoint": "http://key:hush@127.0.0.1"}, "s3_endpoint"),
        ({"storage": "s3://bucket", "s3_endpoint": "http://127.0.0.1:99999"}, "s3_endpoint"),
        ({"storage": "s3://bucket", "s3_access_key_id": "hush"}, "belong together"),
        ({"storage": "s3://bucket", "s3_secret_access_key": "hush"}, "belong together"),
    ],
)
def test_settings_that_cannot_work_are_refused_without_being_shown(settings: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        S3Storage.from_settings(Settings(**settings))
    assert "hush" not in caught.value.message


@pytest.mark.parametrize("url", ["s3://bucket", "s3://bucket/", "s3://bucket/a", "s3://bucket/a/b/", "s3://my.b-1"])
def test_settings_that_can_work_are_taken_without_asking_the_bucket(url: str) -> None:
    S3Storage.from_settings(Settings(storage=url, s3_endpoint="https://s3.example.com/"))
