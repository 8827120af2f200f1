"""What a folder on a disk adds to the contract: full disks, power cuts, killed processes."""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reelway.errors import StorageError
from reelway.storage.local import LocalStorage

MIB = 1024 * 1024


async def chunked(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def files_below(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


class Synced:
    """An fsync that notes what it was called on, and whether the file had its final name by then."""

    def __init__(self, root: Path, final: str) -> None:
        self.root, self.final = root, root / final
        self.seen: list[tuple[str, bool]] = []

    def __call__(self, descriptor: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        kind = str(path.relative_to(self.root)) if path.is_dir() else "file"
        self.seen.append((kind, self.final.exists()))
        os.fsync(descriptor)


@pytest.mark.parametrize("way", ["put", "put_file"])
@pytest.mark.skipif(sys.platform != "linux", reason="reads names of descriptors from /proc")
async def test_the_bytes_reach_the_disk_before_the_name_and_the_name_before_the_answer(
    tmp_path: Path, way: str
) -> None:
    """Else a job says succeeded, the power goes, and the clip is empty or gone."""
    synced = Synced(tmp_path, "a/b/clip.mp4")
    storage = LocalStorage(tmp_path, fsync=synced)
    if way == "put":
        await storage.put("a/b/clip.mp4", chunked(b"x"), media_type="video/mp4")
    else:
        source = tmp_path / "source.mp4"
        source.write_bytes(b"x")
        await storage.put_file("a/b/clip.mp4", source, media_type="video/mp4")
    assert synced.seen == [("file", False), (".", False), ("a", False), ("a/b", True)]


@pytest.mark.skipif(sys.platform != "linux", reason="reads names of descriptors from /proc")
async def test_files_that_are_put_together_sync_their_folder_once(tmp_path: Path) -> None:
    synced = Synced(tmp_path, "a/x.jpg")
    await LocalStorage(tmp_path, fsync=synced).put_all({"a/x.jpg": b"x", "a/x.webp": b"y", "a/x-sheet.jpg": b"z"})
    assert synced.seen == [("file", False)] * 3 + [(".", False), ("a", True)]
    assert files_below(tmp_path) == ["a/x-sheet.jpg", "a/x.jpg", "a/x.webp"]


@pytest.mark.parametrize("way", ["put", "put_file", "put_all"])
@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "disk that keeps the files is full; free space"),
        (errno.EDQUOT, "is full"),
        (errno.EIO, "Input/output error"),
    ],
)
async def test_a_disk_that_fails_leaves_nothing_and_says_the_way_out(
    tmp_path: Path, way: str, number: int, message: str
) -> None:
    def fails(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    root = tmp_path / "files"
    source = tmp_path / "source.mp4"
    source.write_bytes(b"x")
    storage = LocalStorage(root, fsync=fails)
    ways = {
        "put": lambda: storage.put("a.mp4", chunked(b"x"), media_type="video/mp4"),
        "put_file": lambda: storage.put_file("a.mp4", source, media_type="video/mp4"),
        "put_all": lambda: storage.put_all({"a.mp4": b"x", "b.mp4": b"y"}),
    }
    with pytest.raises(StorageError, match=message) as caught:
        await ways[way]()
    assert files_below(root) == []
    assert str(tmp_path) not in caught.value.message


async def test_a_source_is_closed_when_the_disk_fails(tmp_path: Path) -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(MIB)
        finally:
            closed.set()

    storage = LocalStorage(tmp_path)
    (tmp_path / ".incoming").rmdir()  # as if the disk had gone away
    with pytest.raises(StorageError, match="No such file"):
        await storage.put("a.mp4", endless(), media_type="video/mp4")
    assert not closed.is_set(), "it had not begun, so there was nothing to close"
    (tmp_path / ".incoming").mkdir()

    def fails(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    async def some() -> AsyncIterator[bytes]:
        try:
            yield b"x"
        finally:
            closed.set()

    with pytest.raises(StorageError):
        await LocalStorage(tmp_path, fsync=fails).put("a.mp4", some(), media_type="video/mp4")
    assert closed.is_set()


async def test_a_file_in_the_way_of_a_folder_is_a_storage_error(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    await storage.put("a", chunked(b"x"), media_type="application/octet-stream")
    with pytest.raises(StorageError):
        await storage.put("a/b.mp4", chunked(b"x"), media_type="video/mp4")
    assert files_below(tmp_path) == ["a"]


async def test_a_cancelled_put_waits_for_the_thread_that_holds_its_descriptor(tmp_path: Path) -> None:
    """Else the thread goes on writing to a number that by then is another file's."""
    syncing, go_on = threading.Event(), threading.Event()
    valid: list[bool] = []

    def slow(descriptor: int) -> None:
        syncing.set()
        go_on.wait(5)
        os.fstat(descriptor)  # raises if it was closed under us
        valid.append(True)

    storage = LocalStorage(tmp_path, fsync=slow)
    putting = asyncio.create_task(storage.put("a.mp4", chunked(b"x"), media_type="video/mp4"))
    await asyncio.to_thread(syncing.wait)
    putting.cancel()
    await asyncio.sleep(0.05)
    putting.cancel()
    assert not putting.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert valid == [True]
    assert files_below(tmp_path) == []


async def test_no_descriptor_is_left_open_however_a_put_or_read_ends(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    await storage.put("a.mp4", chunked(bytes(2 * MIB)), media_type="video/mp4")
    before = len(os.listdir("/proc/self/fd"))
    for delay_s in (0, 0.0001, 0.0005, 0.001, 0.002, 0.004):
        putting = asyncio.create_task(storage.put("b.mp4", chunked(bytes(3 * MIB)), media_type="video/mp4"))
        chunks = storage.read("a.mp4")
        reading = asyncio.create_task(anext(aiter(chunks)))
        await asyncio.sleep(delay_s)
        putting.cancel()
        reading.cancel()
        await asyncio.gather(putting, reading, return_exceptions=True)
        await chunks.aclose()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_killed_process_leaves_no_half_file_that_anyone_sees(tmp_path: Path) -> None:
    program = """
import asyncio, sys
from pathlib import Path
from reelway.storage.local import LocalStorage

async def endless():
    while True:
        yield bytes(1024 * 1024)
        print("wrote", flush=True)

asyncio.run(LocalStorage(Path(sys.argv[1])).put("a.mp4", endless(), media_type="video/mp4"))
"""
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for _ in range(5):
            child.stdout.readline()
        child.send_signal(signal.SIGKILL)
    left = list((tmp_path / ".incoming").iterdir())
    assert len(left) == 1

    storage = LocalStorage(tmp_path)
    assert asyncio.run(_keys(storage)) == []
    assert left[0].exists(), "another process may still be writing it"

    day_old = time.time() - 25 * 3600
    os.utime(left[0], (day_old, day_old))
    LocalStorage(tmp_path)
    assert files_below(tmp_path) == []


async def _keys(storage: LocalStorage) -> list[str]:
    return [facts.key async for facts in storage.list()]


async def test_what_others_dropped_into_the_folder_is_not_listed_unless_it_could_be_ours(tmp_path: Path) -> None:
    for name in (".hidden", "with space.mp4", "fine.mp4"):
        (tmp_path / name).write_bytes(b"x")
    assert await _keys(LocalStorage(tmp_path)) == ["fine.mp4"]


async def test_files_are_listed_in_order_of_their_whole_keys(tmp_path: Path) -> None:
    names = ["a-b/c.mp4", "a.mp4", "a/b.mp4", "a/b/c.mp4", "ab/c.mp4", "b.mp4"]
    storage = LocalStorage(tmp_path)
    await storage.put_all(dict.fromkeys(reversed(names), b"x"))
    assert await _keys(storage) == names
