"""Files in one folder on this machine, or on a disk that machines share.

Not through obstore's LocalStore: that does not sync to disk, does not say when the disk is full, and leaves
`name#1` files behind a killed process.
"""

import itertools
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from stat import S_ISREG
from typing import Final, Literal

from reelway.errors import StorageError
from reelway.storage import disk
from reelway.storage.base import MissingFile, StoredFile, check_key, is_key, media_type_of
from reelway.storage.disk import disk_errors, in_thread

_COPY_BYTES: Final = 1024 * 1024
_READ_BYTES: Final = 256 * 1024
_LIST_PAGE: Final = 500
# Inside the root, so that the rename at the end stays on one disk; keys cannot begin with a dot.
_INCOMING: Final = ".incoming"


class LocalStorage:
    """Storage under `root`, which is made if need be.

    Making one clears away what killed processes left half-written more than a day ago. `fsync` exists for
    tests: it is called on each file before its rename, then on the folder.
    """

    def __init__(self, root: Path, *, fsync: Callable[[int], None] = os.fsync) -> None:
        self._root = root
        self._incoming = root / _INCOMING
        self._fsync = fsync
        with disk_errors("make the folder for files"):
            self._incoming.mkdir(parents=True, exist_ok=True)
            disk.clear_abandoned(self._incoming)

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, media_type: str) -> StoredFile:
        """See Storage."""
        check_key(key, media_type)
        incoming = self._new()
        try:
            await disk.write(chunks, incoming, fsync=self._fsync)
            return await in_thread(self._publish_one, incoming, key)
        finally:
            await in_thread(disk.remove, incoming)

    async def put_file(self, key: str, path: Path, *, media_type: str) -> StoredFile:
        """See Storage."""
        check_key(key, media_type)
        incoming = self._new()

        def copy() -> StoredFile:
            try:
                with disk_errors(f"store {key}"), path.open("rb") as source, incoming.open("xb") as target:
                    shutil.copyfileobj(source, target, _COPY_BYTES)
                    target.flush()
                    self._fsync(target.fileno())
                return self._publish_one(incoming, key)
            finally:
                disk.remove(incoming)

        return await in_thread(copy)

    async def put_all(self, files: Mapping[str, bytes]) -> None:
        """See Storage. The folder is synced once."""
        for key in files:
            check_key(key, media_type_of(key))
        incoming = {key: self._new() for key in files}

        def write() -> None:
            try:
                for key, path in incoming.items():
                    with disk_errors(f"store {key}"), path.open("xb") as target:
                        target.write(files[key])
                        target.flush()
                        self._fsync(target.fileno())
                self._publish(incoming)
            finally:
                for path in incoming.values():
                    disk.remove(path)

        await in_thread(write)

    async def open(self, key: str) -> StoredFile | None:
        """See Storage. On the event loop: a look at a local folder takes microseconds, a thread hop takes more."""
        return self._facts(key) if is_key(key) else None

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """See Storage."""
        descriptor = await in_thread(self._open_for_reading, key, undo=os.close)
        try:
            while end is None or start < end:
                wanted = _READ_BYTES if end is None else min(_READ_BYTES, end - start)
                chunk = await in_thread(disk.read_at, descriptor, wanted, start)
                if not chunk:
                    return
                start += len(chunk)
                yield chunk
        finally:
            os.close(descriptor)

    def local_path(self, key: str) -> Path | None:
        """See Storage."""
        return self._root / key if is_key(key) else None

    async def presigned(
        self, key: str, *, expires_s: int, method: Literal["GET", "HEAD"] = "GET", disposition: str | None = None
    ) -> str | None:
        """See Storage."""
        return None

    async def delete(self, key: str) -> None:
        """See Storage."""
        if is_key(key):
            await in_thread(disk.remove, self._root / key)

    async def list(self, prefix: str = "") -> AsyncIterator[StoredFile]:
        """See Storage."""
        folder = prefix.strip("/")
        if folder and not is_key(folder):
            return
        keys = _keys(self._root / folder, f"{folder}/" if folder else "")
        while page := await in_thread(self._page, keys):
            for facts in page:
                yield facts

    def _new(self) -> Path:
        return self._incoming / uuid.uuid4().hex

    def _publish_one(self, incoming: Path, key: str) -> StoredFile:
        self._publish({key: incoming})
        facts = self._facts(key)
        if facts is None:
            raise StorageError(f"{key} was deleted while it was stored")
        return facts

    def _publish(self, incoming: Mapping[str, Path]) -> None:
        """Give finished files their names; on return the names, too, survive a power cut."""
        paths = {key: self._root / key for key in incoming}
        with disk_errors(f"store {', '.join(incoming)}"):
            for folder in {path.parent for path in paths.values()}:
                self._make(folder)
            for key, path in paths.items():
                incoming[key].replace(path)
            for folder in {path.parent for path in paths.values()}:
                self._sync_folder(folder)

    def _make(self, folder: Path) -> None:
        for part in reversed([folder, *folder.parents]):
            if part.is_relative_to(self._root) and not part.exists():
                part.mkdir(exist_ok=True)
                self._sync_folder(part.parent)

    def _sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._fsync(descriptor)
        finally:
            os.close(descriptor)

    def _facts(self, key: str) -> StoredFile | None:
        with disk_errors(f"look at {key}"):
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
        with disk_errors(f"read {key}"):
            try:
                return os.open(self._root / key, os.O_RDONLY)
            except FileNotFoundError as error:
                raise MissingFile(f"no file {key!r}") from error

    def _page(self, keys: Iterator[str]) -> Sequence[StoredFile]:
        with disk_errors("list files"):
            return [facts for key in itertools.islice(keys, _LIST_PAGE) if (facts := self._facts(key)) is not None]


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
