"""What every Storage promises; an implementation joins by an entry in STORAGES."""

import asyncio
import tracemalloc
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from reelway.errors import StorageError
from reelway.settings import Settings
from reelway.storage.base import MissingFile, Storage
from reelway.storage.local import LocalStorage
from reelway.storage.s3 import S3Storage

STORAGES: dict[str, Callable[[pytest.FixtureRequest], Storage]] = {
    "local": lambda request: LocalStorage(request.getfixturevalue("tmp_path") / "files"),
    "s3": lambda request: S3Storage.from_settings(
        Settings(**request.getfixturevalue("s3").settings(f"contract/{uuid.uuid4().hex}"))
    ),
}
KIB = 1024
MIB = 1024 * KIB
BAD_KEYS = ["", "/a.mp4", "a//b.mp4", "../a.mp4", "a/../b.mp4", "a/./b.mp4", "a\0.mp4", ".incoming/x.mp4", "a/"]
BAD_KEYS += ["a b.mp4", "é.mp4", "a.mp4\n", "a\\b.mp4", "a%2e.mp4", "x" * 513, "c:a.mp4", "~/a.mp4", "a/.b.mp4"]


@pytest.fixture(params=STORAGES.values(), ids=STORAGES.keys())
def storage(request: pytest.FixtureRequest) -> Storage:
    return request.param(request)


async def chunked(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def put(storage: Storage, key: str, content: bytes) -> None:
    await storage.put(key, chunked(content), media_type="video/mp4")


async def read(storage: Storage, key: str, *bounds: int) -> bytes:
    return b"".join([chunk async for chunk in storage.read(key, *bounds)])


async def keys(storage: Storage, prefix: str = "") -> list[str]:
    return [facts.key async for facts in storage.list(prefix)]


async def test_what_was_put_can_be_read(storage: Storage) -> None:
    content = bytes(range(256)) * 10 * KIB
    put_facts = await storage.put("clips/a.mp4", chunked(content[:7], b"", content[7:]), media_type="video/mp4")
    facts = await storage.open("clips/a.mp4")
    assert facts == put_facts
    assert facts is not None
    assert (facts.key, facts.size_bytes, facts.media_type) == ("clips/a.mp4", len(content), "video/mp4")
    assert abs(datetime.now(UTC) - facts.modified_at) < timedelta(minutes=1)
    assert await read(storage, "clips/a.mp4") == content


async def test_an_empty_file_is_a_file(storage: Storage) -> None:
    await storage.put("a.mp4", chunked(), media_type="video/mp4")
    facts = await storage.open("a.mp4")
    assert facts is not None
    assert facts.size_bytes == 0
    assert await read(storage, "a.mp4") == b""


async def test_a_file_can_be_put_from_a_path_and_stays_there(storage: Storage, tmp_path: Path) -> None:
    source = tmp_path / "made.jpg"
    source.write_bytes(b"poster")
    facts = await storage.put_file("posters/a.jpg", source, media_type="image/jpeg")
    assert (facts.size_bytes, facts.media_type) == (6, "image/jpeg")
    source.write_bytes(b"changed")
    assert await read(storage, "posters/a.jpg") == b"poster"


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 3, b"abc"), (3, None, b"defghij"), (9, 99, b"j"), (4, 4, b""), (10, None, b""), (50, 60, b"")],
)
async def test_a_range_is_read_up_to_and_without_its_end(
    storage: Storage, start: int, end: int | None, expected: bytes
) -> None:
    await put(storage, "a.mp4", b"abcdefghij")
    assert b"".join([chunk async for chunk in storage.read("a.mp4", start, end)]) == expected


async def test_putting_again_replaces_the_content_and_the_etag(storage: Storage) -> None:
    await put(storage, "a.mp4", b"old.")
    before = await storage.open("a.mp4")
    await put(storage, "a.mp4", b"new!")
    after = await storage.open("a.mp4")
    assert await read(storage, "a.mp4") == b"new!"
    assert before is not None
    assert after is not None
    assert before.etag != after.etag
    assert after.etag.startswith('"')
    assert after.etag.endswith('"')


async def test_a_reader_never_sees_half_a_file(storage: Storage) -> None:
    await put(storage, "a.mp4", b"old")
    half, rest = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"x" * 12 * MIB
        half.set()
        await rest.wait()
        yield b"y"

    putting = asyncio.create_task(storage.put("a.mp4", slowly(), media_type="video/mp4"))
    await half.wait()
    assert await read(storage, "a.mp4") == b"old"
    assert await keys(storage) == ["a.mp4"]
    rest.set()
    assert (await putting).size_bytes == 12 * MIB + 1


async def test_a_source_that_fails_leaves_what_was_there(storage: Storage) -> None:
    await put(storage, "a.mp4", b"old")

    async def failing() -> AsyncIterator[bytes]:
        yield b"x" * 12 * MIB
        raise ConnectionResetError("the provider hung up")

    for key in ("a.mp4", "b.mp4"):
        with pytest.raises(ConnectionResetError, match="hung up"):
            await storage.put(key, failing(), media_type="video/mp4")
    assert await keys(storage) == ["a.mp4"]
    assert await read(storage, "a.mp4") == b"old"


async def test_a_cancelled_put_leaves_what_was_there_and_closes_its_source(storage: Storage) -> None:
    started, closed = asyncio.Event(), asyncio.Event()

    async def hanging() -> AsyncIterator[bytes]:
        try:
            yield b"x" * 12 * MIB
            started.set()
            await asyncio.sleep(30)
        finally:
            closed.set()

    putting = asyncio.create_task(storage.put("a.mp4", hanging(), media_type="video/mp4"))
    await started.wait()
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert closed.is_set()
    assert await keys(storage) == []


async def test_of_two_that_put_at_once_one_wins_whole(storage: Storage) -> None:
    contents = [bytes([number]) * MIB for number in range(8)]
    await asyncio.gather(*(put(storage, "a.mp4", content) for content in contents))
    assert await read(storage, "a.mp4") in contents


async def test_a_large_file_goes_through_in_constant_memory(storage: Storage) -> None:
    """A bucket takes parts of 5 MiB, of which some are on their way while the next is gathered."""

    async def long() -> AsyncIterator[bytes]:
        for _ in range(64 * 16):
            yield bytes(64 * KIB)

    tracemalloc.start()
    try:
        facts = await storage.put("a.mp4", long(), media_type="video/mp4")
        async for chunk in storage.read("a.mp4"):
            assert len(chunk) <= MIB
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert facts.size_bytes == 64 * MIB
    assert peak_bytes < 24 * MIB


@pytest.mark.parametrize("then", ["deleted", "replaced"])
async def test_a_file_that_goes_away_while_it_is_read_is_read_to_its_end_or_not_at_all(
    storage: Storage, then: str
) -> None:
    """A disk keeps what is open. A bucket may have thrown the rest away: then the reader must be told."""
    await put(storage, "a.mp4", b"x" * 12 * MIB)
    chunks = aiter(storage.read("a.mp4"))
    got = await anext(chunks)
    if then == "deleted":
        await storage.delete("a.mp4")
    else:
        await put(storage, "a.mp4", b"y" * 12 * MIB)
    try:
        async for chunk in chunks:
            got += chunk
    except StorageError:
        assert storage.local_path("a.mp4") is None
    else:
        assert got == b"x" * 12 * MIB


async def test_small_files_can_be_put_together(storage: Storage) -> None:
    files = {"p/a.jpg": b"poster", "p/a.webp": b"thumbnail", "q/a-sheet.jpg": b"sheet"}
    await storage.put_all(files)
    assert {key: await read(storage, key) for key in files} == files
    facts = await storage.open("p/a.webp")
    assert facts is not None
    assert facts.media_type == "image/webp"
    with pytest.raises(ValueError, match="not a storage key"):
        await storage.put_all({"p/b.jpg": b"x", "../b.jpg": b"x"})
    assert sorted(await keys(storage)) == sorted(files)


async def test_a_presigned_url_leads_to_the_bytes_if_there_is_one(storage: Storage) -> None:
    await put(storage, "a/b.mp4", b"clip")
    url = await storage.presigned("a/b.mp4", expires_s=60)
    assert (url is None) == (storage.local_path("a/b.mp4") is not None)
    if url is not None:
        async with httpx2.AsyncClient() as anybody:
            answer = await anybody.get(url, headers={"range": "bytes=1-2"})
        assert (answer.status_code, answer.content, answer.headers["content-type"]) == (206, b"li", "video/mp4")


async def test_what_is_deleted_is_gone_and_may_be_deleted_again(storage: Storage) -> None:
    await put(storage, "a/b.mp4", b"x")
    await storage.delete("a/b.mp4")
    await storage.delete("a/b.mp4")
    await storage.delete("never/was.mp4")
    assert await storage.open("a/b.mp4") is None
    assert await keys(storage) == []
    with pytest.raises(MissingFile, match=r"a/b\.mp4"):
        await read(storage, "a/b.mp4")


async def test_a_folder_is_not_a_file(storage: Storage) -> None:
    await put(storage, "a/b.mp4", b"x")
    assert await storage.open("a") is None
    await storage.delete("a")
    with pytest.raises(MissingFile):
        await read(storage, "a")
    assert await keys(storage) == ["a/b.mp4"]


async def test_files_are_listed_by_folder(storage: Storage) -> None:
    names = ["a.mp4", "a/b.mp4", "a/b/c.mp4", "a-b/c.mp4", "ab/c.mp4", "b.mp4"]
    for name in names:
        await put(storage, name, b"xy")
    assert sorted(await keys(storage)) == sorted(names)
    assert sorted(await keys(storage, "a")) == sorted(await keys(storage, "a/")) == ["a/b.mp4", "a/b/c.mp4"]
    assert await keys(storage, "a/b") == ["a/b/c.mp4"]
    assert await keys(storage, "nothing") == await keys(storage, "../etc") == []
    assert [facts.size_bytes async for facts in storage.list("ab")] == [2]


async def test_more_files_than_a_page_are_all_listed(storage: Storage) -> None:
    names = [f"{number:04}.mp4" for number in range(1010)]
    for name in names[:10]:
        await put(storage, name, b"")
    await asyncio.gather(*(put(storage, name, b"") for name in names[10:]))
    assert sorted(await keys(storage)) == names


@pytest.mark.parametrize("key", BAD_KEYS)
async def test_nothing_can_be_put_under_a_bad_key_and_nothing_is_found(
    storage: Storage, key: str, tmp_path: Path
) -> None:
    source = tmp_path / "source.mp4"
    source.write_bytes(b"x")
    with pytest.raises(ValueError, match="not a storage key"):
        await storage.put(key, chunked(b"x"), media_type="video/mp4")
    with pytest.raises(ValueError, match="not a storage key"):
        await storage.put_file(key, source, media_type="video/mp4")
    assert await storage.open(key) is None
    assert storage.local_path(key) is None
    assert await storage.presigned(key, expires_s=60) is None
    await storage.delete(key)
    with pytest.raises(MissingFile):
        await read(storage, key)


async def test_a_key_that_ends_like_another_media_type_is_refused(storage: Storage) -> None:
    """A folder keeps no media type, so the key must tell it."""
    with pytest.raises(ValueError, match="ends like video/mp4, not image/png"):
        await storage.put("a.mp4", chunked(b"x"), media_type="image/png")


async def test_a_local_path_leads_to_the_bytes_if_there_is_one(storage: Storage) -> None:
    await put(storage, "a/b.mp4", b"clip")
    path = storage.local_path("a/b.mp4")
    assert path is None or path.read_bytes() == b"clip"
