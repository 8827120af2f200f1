"""What the rest of the gateway asks of a place for files."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final, Literal, Protocol

from reelway.errors import StorageError

# Segments that begin with a dot are ours (half-written files); the alphabet needs no escaping in any URL.
_KEY: Final = re.compile(r"(?=.{1,512}\Z)[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}(/[A-Za-z0-9_-][A-Za-z0-9._-]{0,199})*\Z")
_MEDIA_TYPES: Final = {
    ".gif": "image/gif",
    ".gltf": "model/gltf+json",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ogg": "video/ogg",
    ".png": "image/png",
    ".wav": "audio/wav",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".zip": "application/zip",
}
_SUFFIXES: Final = {media_type: suffix for suffix, media_type in _MEDIA_TYPES.items()}


class MissingFile(StorageError):
    """No file has that key (any more)."""

    code = "file_missing"
    http_status = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """Facts about one whole file."""

    key: str
    size_bytes: int
    etag: str  # as HTTP wants it, quotes included; changes when the content is replaced
    media_type: str
    modified_at: datetime  # in UTC


class Storage(Protocol):
    """Files by key, such as `clips/2026/video_x.mp4`; a key's suffix and its media type always agree.

    Writers raise ValueError for a key or media type that breaks the rules (`check_key`): we make keys, so
    that is a bug. Readers take keys from URLs: to them such a key is simply one that nothing is stored under.
    """

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, media_type: str) -> StoredFile:
        """Store `chunks` under `key`, replacing what was there, in constant memory.

        Returns when the file would survive a power cut. Readers see the old file or the new one, never
        half. Raises StorageError when the place fails and hands on whatever `chunks` raises; either way, and
        when cancelled, nothing is left behind, and `chunks` is closed. (Cancelled in its very last step, it
        may have stored the whole file.)
        """
        ...

    async def put_file(self, key: str, path: Path, *, media_type: str) -> StoredFile:
        """Store a copy of the file at `path`, with the promises of `put`."""
        ...

    async def put_all(self, files: Mapping[str, bytes]) -> None:
        """Store small files together, each as its suffix says, with the promises of `put` for every one.

        When it raises, some may be stored.
        """
        ...

    async def open(self, key: str) -> StoredFile | None:
        """Facts about the file, or None."""
        ...

    def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Its bytes from `start` up to, not including, `end` (None, or past the end: all there is).

        Raises MissingFile, or StorageError, at the first chunk. A file replaced or deleted meanwhile is read as
        it was, or StorageError ends it (a bucket may have thrown the rest away): never a mixture.
        """
        ...

    def local_path(self, key: str) -> Path | None:
        """Where a web server could send the file from by itself; None where it has no path (buckets).

        The file need not exist: `open` says.
        """
        ...

    async def presigned(
        self, key: str, *, expires_s: int, method: Literal["GET", "HEAD"] = "GET", disposition: str | None = None
    ) -> str | None:
        """A URL at which anybody can have the file from the place itself, for that long; None where there is none.

        It answers that method alone, knows Range, and tells the media type and, if it can, `disposition` as
        Content-Disposition. The file need not exist: `open` says. Raises StorageError.
        """
        ...

    async def delete(self, key: str) -> None:
        """Make the file go away; fine if there is none."""
        ...

    def list(self, prefix: str = "") -> AsyncIterator[StoredFile]:
        """The files in the folder `prefix` and below; "" for all, and `a` is not `ab`.

        In order of key, but for buckets that keep another: SeaweedFS goes folder by folder.
        """
        ...


def check_key(key: str, media_type: str) -> None:
    """Raise ValueError unless `key` may be stored with `media_type`."""
    if not is_key(key):
        raise ValueError(f"{key!r} is not a storage key: letters, digits, . _ - in segments joined by /")
    if media_type_of(key) != media_type:
        raise ValueError(f"{key!r} ends like {media_type_of(key)}, not {media_type}; see suffix_for")


def is_key(key: str) -> bool:
    """Whether something could be stored under `key`."""
    return _KEY.match(key) is not None


def media_type_of(key: str) -> str:
    """By the suffix; application/octet-stream for one that we do not know, and for none."""
    return _MEDIA_TYPES.get(PurePosixPath(key).suffix, "application/octet-stream")


def suffix_for(media_type: str) -> str:
    """With its dot; `.bin` for a type that we have no suffix for (store it as application/octet-stream)."""
    return _SUFFIXES.get(media_type, ".bin")
