"""What touches this machine's disk: off the event loop, and with its errors in our words."""

import asyncio
import contextlib
import errno
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar, TypeVarTuple

from reelway.errors import StorageError
from reelway.storage.chunks import batches, close

Ts = TypeVarTuple("Ts")
T = TypeVar("T")

_BATCH_BYTES: Final = 1024 * 1024  # one hop to a thread for each
_ABANDONED_S: Final = 24 * 3600.0
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


async def in_thread(work: Callable[[*Ts], T], *args: *Ts, undo: Callable[[T], None] | None = None) -> T:
    """`work` in a thread; a cancelled caller leaves only when it is over, and `undo` has had its result.

    Else the caller would close a descriptor that the thread still writes to, which by then may be the
    number of another file.
    """
    result = asyncio.get_running_loop().run_in_executor(None, work, *args)
    try:
        return await asyncio.shield(result)
    except asyncio.CancelledError:
        while not result.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([result])
        if result.exception() is None and undo is not None:
            undo(result.result())
        raise


@contextlib.contextmanager
def disk_errors(doing: str) -> Iterator[None]:
    """OSError becomes a StorageError that says what we could not do, and the way out if the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageError(
                f"cannot {doing}: the disk that keeps the files is full; free space on it, keep files for a"
                " shorter time, or move the data folder to a larger disk"
            ) from error
        raise StorageError(f"cannot {doing}: {error.strerror or type(error).__name__}") from error


async def write(chunks: AsyncIterator[bytes], path: Path, *, fsync: Callable[[int], None] | None = None) -> None:
    """Write `chunks` to the file `path` in constant memory, then `fsync` it.

    Raises StorageError and hands on what `chunks` raises; `chunks` is closed, and the caller removes the file.
    """
    try:
        descriptor = await in_thread(_create, path, undo=os.close)
        try:
            async with contextlib.aclosing(batches(chunks, _BATCH_BYTES)) as gathered:
                async for batch in gathered:
                    await in_thread(_write, descriptor, batch)
            if fsync is not None:
                await in_thread(_sync, descriptor, fsync)
        finally:
            os.close(descriptor)
    finally:
        await close(chunks)


async def read(path: Path) -> AsyncGenerator[bytes, None]:
    """The file at `path` as chunks; raises StorageError."""
    descriptor = await in_thread(_open, path, undo=os.close)
    offset = 0
    try:
        while chunk := await in_thread(read_at, descriptor, _BATCH_BYTES, offset):
            offset += len(chunk)
            yield chunk
    finally:
        os.close(descriptor)


def read_at(descriptor: int, size_bytes: int, offset: int) -> bytes:
    """At most `size_bytes`; nothing at the end."""
    with disk_errors("read a file"):
        return os.pread(descriptor, size_bytes, offset)


def remove(path: Path) -> None:
    """Fine if there is no such file."""
    with (
        disk_errors("delete a file"),
        contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError),
    ):
        path.unlink()


def clear_abandoned(folder: Path) -> None:
    """Remove the files that killed processes left there more than a day ago."""
    latest = time.time() - _ABANDONED_S
    for path in folder.iterdir():
        # Another process may be writing here, or clearing too.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < latest and path.is_file():
                path.unlink()


def _create(path: Path) -> int:
    with disk_errors("write a file"):
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)


def _open(path: Path) -> int:
    with disk_errors(f"read {path.name}"):
        return os.open(path, os.O_RDONLY)


def _write(descriptor: int, batch: bytes) -> None:
    with disk_errors("write a file"):
        rest = memoryview(batch)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def _sync(descriptor: int, fsync: Callable[[int], None]) -> None:
    with disk_errors("write a file"):
        fsync(descriptor)
