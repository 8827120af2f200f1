"""Files in one folder on this machine, or on a disk that machines share.

Not through obstore's LocalStore: that does not sync to disk, does not say when the disk is full, and leaves
`name#1` files behind a killed process.
"""

import asyncio
import contextlib
import errno
import itertools
import os
import shutil
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import Final, TypeVar, TypeVarTuple

from reelway.errors import StorageError
from reelway.storage.base import MissingFile, StoredFile, check_key, is_key, media_type_of

Ts = TypeVarTuple("Ts")
T = TypeVar("T")

_WRITE_BYTES: Final = 1024 * 1024
_READ_BYTES: Final = 256 * 1024
_LIST_PAGE: Final = 500
# Inside the root, so that the rename at the end stays on one disk; keys cannot begin with a dot.
_INCOMING: Final = ".incoming"
_ABANDONED_S: Final = 24 * 3600.0
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class LocalStorage:
    """Storage under `root`, which is made if need be.

    Making one clears away what killed processes left half-written more than a day ago. `fsync` exists for
    tests: it is called on each file before its rename, then on the folder.
    """

    def __init__(self, root: Path, *, fsync: Callable[[int], None] = os.fsync) -> None:
        self._root = root
        self._incoming = root / _INCOMING
        self._fsync = fsync
        with _disk_errors("make the folder for files"):
            self._incoming.mkdir(parents=True, exist_ok=True)
            _clear_abandoned(self._incoming)

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, media_type: str) -> StoredFile:
        """See Storage."""
        check_key(key, media_type)
        incoming = self._incoming / uuid.uuid4().hex
        try:
            descriptor = await _in_thread(_create, incoming, undo=os.close)
            try:
                async with contextlib.aclosing(_batches(chunks)) as batches:
                    async for batch in batches:
                        await _in_thread(_write, descriptor, batch)
                await _in_thread(self._sync, descriptor)
            finally:
                os.close(descriptor)
            return await _in_thread(self._publish, incoming, key)
        finally:
            await _in_thread(_remove, incoming)
            if (aclose := getattr(chunks, "aclose", None)) is not None:
                await aclose()

    async def put_file(self, key: str, path: Path, *, media_type: str) -> StoredFile:
        """See Storage."""
        check_key(key, media_type)
        incoming = self._incoming / uuid.uuid4().hex

        def copy() -> StoredFile:
            try:
                with _disk_errors(f"store {key}"), path.open("rb") as source, incoming.open("xb") as target:
                    shutil.copyfileobj(source, target, _WRITE_BYTES)
                    target.flush()
                    self._fsync(target.fileno())
                return self._publish(incoming, key)
            finally:
                _remove(incoming)

        return await _in_thread(copy)

    async def open(self, key: str) -> StoredFile | None:
        """See Storage. On the event loop: a look at a local folder takes microseconds, a thread hop takes more."""
        return self._facts(key) if is_key(key) else None

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """See Storage."""
        descriptor = await _in_thread(self._open_for_reading, key, undo=os.close)
        try:
            while end is None or start < end:
                wanted = _READ_BYTES if end is None else min(_READ_BYTES, end - start)
                chunk = await _in_thread(_read, descriptor, wanted, start)
                if not chunk:
                    return
                start += len(chunk)
                yield chunk
        finally:
            os.close(descriptor)

    def local_path(self, key: str) -> Path | None:
        """See Storage."""
        return self._root / key if is_key(key) else None

    async def delete(self, key: str) -> None:
        """See Storage."""
        if is_key(key):
            await _in_thread(_remove, self._root / key)

    async def list(self, prefix: str = "") -> AsyncIterator[StoredFile]:
        """See Storage."""
        folder = prefix.strip("/")
        if folder and not is_key(folder):
            return
        keys = _keys(self._root / folder, f"{folder}/" if folder else "")
        while page := await _in_thread(self._page, keys):
            for facts in page:
                yield facts

    def _publish(self, incoming: Path, key: str) -> StoredFile:
        """Give the finished file its name; on return the name, too, survives a power cut."""
        path = self._root / key
        with _disk_errors(f"store {key}"):
            for folder in reversed([path.parent, *path.parent.parents]):
                if folder.is_relative_to(self._root) and not folder.exists():
                    folder.mkdir(exist_ok=True)
                    self._sync_folder(folder.parent)
            incoming.replace(path)
            self._sync_folder(path.parent)
        facts = self._facts(key)
        if facts is None:
            raise StorageError(f"{key} was deleted while it was stored")
        return facts

    def _sync(self, descriptor: int) -> None:
        with _disk_errors("write a file"):
            self._fsync(descriptor)

    def _sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._fsync(descriptor)
        finally:
            os.close(descriptor)

    def _facts(self, key: str) -> StoredFile | None:
        with _disk_errors(f"look at {key}"):
            try:
                status = (self._root / key).stat()
            except (FileNotFoundError, NotADirectoryError):
                return None
        if not S_ISREG(status.st_mode):
            return None
        return StoredFile(
            key=key,
            size_bytes=status.st_size,
            etag=f'"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"',
            media_type=media_type_of(key),
            modified_at=datetime.fromtimestamp(status.st_mtime, UTC),
        )

    def _open_for_reading(self, key: str) -> int:
        if not is_key(key) or self._facts(key) is None:
            raise MissingFile(f"no file {key!r}")
        with _disk_errors(f"read {key}"):
            try:
                return os.open(self._root / key, os.O_RDONLY)
            except FileNotFoundError as error:
                raise MissingFile(f"no file {key!r}") from error

    def _page(self, keys: Iterator[str]) -> Sequence[StoredFile]:
        with _disk_errors("list files"):
            return [facts for key in itertools.islice(keys, _LIST_PAGE) if (facts := self._facts(key)) is not None]


async def _batches(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Chunks of 64 KiB, as they come off a socket, gathered: one hop to a thread writes a whole MiB."""
    batch = bytearray()
    async for chunk in chunks:
        batch += chunk
        if len(batch) >= _WRITE_BYTES:
            yield bytes(batch)
            batch.clear()
    if batch:
        yield bytes(batch)


async def _in_thread(work: Callable[[*Ts], T], *args: *Ts, undo: Callable[[T], None] | None = None) -> T:
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


def _create(path: Path) -> int:
    with _disk_errors("write a file"):
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)


def _write(descriptor: int, batch: bytes) -> None:
    with _disk_errors("write a file"):
        rest = memoryview(batch)
        while rest:
            rest = rest[os.write(descriptor, rest) :]


def _read(descriptor: int, size_bytes: int, offset: int) -> bytes:
    with _disk_errors("read a file"):
        return os.pread(descriptor, size_bytes, offset)


def _remove(path: Path) -> None:
    with (
        _disk_errors("delete a file"),
        contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError),
    ):
        path.unlink()


def _keys(folder: Path, prefix: str) -> Iterator[str]:
    """Keys below `folder`, sorted as whole strings."""
    try:
        names = sorted(
            f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name for entry in os.scandir(folder)
        )
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in names:
        if name.endswith("/") and is_key(name[:-1]):
            yield from _keys(folder / name[:-1], prefix + name)
        elif is_key(name):
            yield prefix + name


def _clear_abandoned(incoming: Path) -> None:
    latest = time.time() - _ABANDONED_S
    for path in incoming.iterdir():
        # Another process may be writing here, or clearing too.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < latest:
                path.unlink()


@contextlib.contextmanager
def _disk_errors(doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageError(
                f"cannot {doing}: the disk that keeps the files is full; free space on it, keep files for a"
                " shorter time, or move the data folder to a larger disk"
            ) from error
        raise StorageError(f"cannot {doing}: {error.strerror or type(error).__name__}") from error
