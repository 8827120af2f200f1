"""Files on this machine that last as long as they are needed: clips on their way home, copies out of a bucket."""

import contextlib
import uuid
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

from reelway.storage import disk
from reelway.storage.base import Storage


class Scratch:
    """Names for such files in one folder; making one clears away what killed processes left more than a day ago."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with disk.disk_errors("make the folder for half-made files"):
            folder.mkdir(parents=True, exist_ok=True)
            disk.clear_abandoned(folder)

    @contextlib.contextmanager
    def path(self, suffix: str = "") -> Iterator[Path]:
        """A name that no file has; what is written there is gone after the block."""
        path = self._folder / f"{uuid.uuid4().hex}{suffix}"
        try:
            yield path
        finally:
            disk.remove(path)

    @contextlib.asynccontextmanager
    async def at_hand(self, storage: Storage, key: str) -> AsyncGenerator[Path, None]:
        """A stored file on this machine: itself where it has a path, else a copy; raises MissingFile, StorageError."""
        local = storage.local_path(key)
        if local is not None:
            yield local
            return
        with self.path(Path(key).suffix) as copy:
            await disk.write(storage.read(key), copy)
            yield copy
