"""A place for files whose operations are timed and counted; every place the same, and none knows of it."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Literal

from reelway.errors import StorageError
from reelway.kit.metrics import Metrics
from reelway.storage.base import MissingFile, Storage, StoredFile


class WatchedStorage:
    """See Storage."""

    def __init__(self, inner: Storage, metrics: Metrics) -> None:
        self._inner = inner
        self._metrics = metrics

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, media_type: str) -> StoredFile:
        """See Storage. Includes the time that `chunks` take to come."""
        with self._watched("put"):
            return await self._inner.put(key, chunks, media_type=media_type)

    async def put_file(self, key: str, path: Path, *, media_type: str) -> StoredFile:
        """See Storage."""
        with self._watched("put"):
            return await self._inner.put_file(key, path, media_type=media_type)

    async def put_all(self, files: Mapping[str, bytes]) -> None:
        """See Storage."""
        with self._watched("put"):
            await self._inner.put_all(files)

    async def open(self, key: str) -> StoredFile | None:
        """See Storage."""
        with self._watched("open"):
            return await self._inner.open(key)

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """See Storage."""
        chunks = self._inner.read(key, start, end)
        with self._watched("read"):
            first = await anext(chunks, None)
        try:
            if first is not None:
                yield first
                async for chunk in chunks:
                    yield chunk
        except StorageError:
            self._metrics.storage_errors.labels("read").inc()
            raise
        finally:
            if hasattr(chunks, "aclose"):
                await chunks.aclose()

    def local_path(self, key: str) -> Path | None:
        """See Storage."""
        return self._inner.local_path(key)

    async def presigned(
        self, key: str, *, expires_s: int, method: Literal["GET", "HEAD"] = "GET", disposition: str | None = None
    ) -> str | None:
        """See Storage."""
        return await self._inner.presigned(key, expires_s=expires_s, method=method, disposition=disposition)

    async def delete(self, key: str) -> None:
        """See Storage."""
        with self._watched("delete"):
            await self._inner.delete(key)

    def list(self, prefix: str = "") -> AsyncIterator[StoredFile]:
        """See Storage."""
        return self._inner.list(prefix)

    @contextmanager
    def _watched(self, operation: str) -> Iterator[None]:
        started_s = perf_counter()
        try:
            yield
        except MissingFile:
            raise
        except StorageError:
            self._metrics.storage_errors.labels(operation).inc()
            raise
        finally:
            self._metrics.storage_seconds.labels(operation).observe(perf_counter() - started_s)
