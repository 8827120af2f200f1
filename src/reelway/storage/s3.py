"""Files in a bucket: Amazon's, or of any server that speaks S3."""

import asyncio
import contextlib
import os
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from reelway.errors import ConfigError, StorageError
from reelway.settings import Settings
from reelway.storage import disk
from reelway.storage.base import MissingFile, StoredFile, check_key, is_key, media_type_of
from reelway.storage.chunks import batches, close
from reelway.storage.presign import with_answer

_PART_BYTES: Final = 5 * 1024 * 1024  # the least that S3 takes as a part; a smaller file goes in one request
_PARTS_AT_ONCE: Final = 2
_BATCH_BYTES: Final = 512 * 1024
_READ_BYTES: Final = 256 * 1024
_LIST_PAGE: Final = 500
_ABORT_S: Final = 3.0  # how long a cancelled upload has to take its parts away
# A dead bucket is a StorageError after some seconds: who can wait tries again, and who cannot is told.
_CONNECT_S: Final = 3
_SILENCE_S: Final = 20.0
_RETRIES: Final = 4
_RETRY_S: Final = 10
_URL: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>.*?)/?)?", re.DOTALL)


class S3Storage:
    """Storage in a bucket, below a prefix.

    `secret` is that of the key which signs, where we know it. A process that is killed leaves the parts of its upload
    in the bucket, where nobody sees them: give the bucket a rule that ends incomplete multipart uploads after a day.
    """

    def __init__(self, store: S3Store, *, bucket: str, secret: str | None = None) -> None:
        self._store = store
        self._bucket = bucket
        self._secret = secret

    @classmethod
    def from_settings(cls, settings: Settings, *, silence_s: float = _SILENCE_S) -> "S3Storage":
        """The bucket that `storage` names; raises ConfigError. Does not ask the bucket.

        It is given up after `silence_s`, in which a part must have gone out, too.
        """
        bucket, prefix = _parse(settings.storage)
        endpoint = _endpoint(settings.s3_endpoint)
        options: dict[str, Any] = {} if endpoint is None else {"endpoint": endpoint}
        secret = settings.s3_secret_access_key
        if (settings.s3_access_key_id is None) != (secret is None):
            raise ConfigError("s3_access_key_id and s3_secret_access_key belong together: give both, or neither")
        if secret is None:
            known = os.environ.get("AWS_SECRET_ACCESS_KEY") if "AWS_ACCESS_KEY_ID" in os.environ else None
        else:
            known = secret.get_secret_value()
            # As a provider, so that no AWS_SESSION_TOKEN of the environment, which is of another key, gets mixed in.
            options["credential_provider"] = lambda: {
                "access_key_id": settings.s3_access_key_id,
                "secret_access_key": known,
                "token": None,
                "expires_at": None,
            }
        store = S3Store(
            bucket,
            prefix=prefix or None,
            region=settings.s3_region,
            disable_bulk_delete=True,  # not every server knows it, and we delete one at a time
            client_options={
                "allow_http": endpoint is not None and endpoint.startswith("http:"),
                "connect_timeout": timedelta(seconds=_CONNECT_S),
                "read_timeout": timedelta(seconds=silence_s),
                "timeout": timedelta(days=1),  # of a whole download, however slowly its reader takes it
                "user_agent": "Reelway",
            },
            retry_config={
                "max_retries": _RETRIES,
                "retry_timeout": timedelta(seconds=_RETRY_S),
                "backoff": {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=2), "base": 2},
            },
            **options,
        )
        return cls(store, bucket=bucket, secret=known)

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, media_type: str) -> StoredFile:
        """See Storage."""
        check_key(key, media_type)
        try:
            async with contextlib.aclosing(batches(chunks, _BATCH_BYTES)) as gathered:
                head = await _first(gathered, _PART_BYTES)
                if sum(map(len, head)) < _PART_BYTES:
                    await self._send(key, b"".join(head))
                else:
                    await self._send_parts(key, _Source(head, gathered))
        finally:
            await close(chunks)
        facts = await self.open(key)
        if facts is None:
            raise StorageError(f"{key} was deleted while it was stored")
        return facts

    async def put_file(self, key: str, path: Path, *, media_type: str) -> StoredFile:
        """See Storage."""
        return await self.put(key, disk.read(path), media_type=media_type)

    async def put_all(self, files: Mapping[str, bytes]) -> None:
        """See Storage. Side by side."""
        for key in files:
            check_key(key, media_type_of(key))
        sent = await asyncio.gather(*(self._send(k, content) for k, content in files.items()), return_exceptions=True)
        for outcome in sent:
            if outcome is not None:
                raise outcome

    async def open(self, key: str) -> StoredFile | None:
        """See Storage."""
        if not is_key(key):
            return None
        with self._bucket_errors(f"look at {key}"):
            try:
                return _facts(await self._store.head_async(key))
            except FileNotFoundError:
                return None

    async def read(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """See Storage."""
        if not is_key(key):
            raise MissingFile(f"no file {key!r}")
        with self._bucket_errors(f"read {key}"):
            result = await self._get(key, start, end)
            if result is not None:
                async for chunk in result.stream(min_chunk_size=_READ_BYTES):
                    yield bytes(chunk)

    def local_path(self, key: str) -> Path | None:
        """See Storage."""
        return None

    async def presigned(
        self, key: str, *, expires_s: int, method: Literal["GET", "HEAD"] = "GET", disposition: str | None = None
    ) -> str | None:
        """See Storage. `disposition` needs a key whose secret we know; a machine's role never shows us its own."""
        if not is_key(key):
            return None
        with self._bucket_errors(f"sign a URL of {key}"):
            url = await obstore.sign_async(self._store, method, key, timedelta(seconds=expires_s))
        if disposition is None or self._secret is None:
            return url
        return with_answer(url, method, self._secret, "content-disposition", disposition)

    async def delete(self, key: str) -> None:
        """See Storage."""
        if is_key(key):
            with self._bucket_errors(f"delete {key}"), contextlib.suppress(FileNotFoundError):
                await self._store.delete_async(key)

    async def list(self, prefix: str = "") -> AsyncIterator[StoredFile]:
        """See Storage."""
        folder = prefix.strip("/")
        if folder and not is_key(folder):
            return
        with self._bucket_errors("list files"):
            async for page in self._store.list(folder or None, chunk_size=_LIST_PAGE):
                for found in page:
                    if is_key(found["path"]):
                        yield _facts(found)

    async def _get(self, key: str, start: int, end: int | None) -> "obstore.GetResult | None":
        """The answer to a GET; None where there is nothing to read: S3 refuses to answer with no bytes."""
        options: obstore.GetOptions = {}
        if end is not None:
            options["range"] = (start, max(end, start + 1))
        elif start:
            options["range"] = {"offset": start}
        try:
            result = await self._store.get_async(key, options=options)
        except FileNotFoundError as error:
            raise MissingFile(f"no file {key!r}") from error
        except BaseError:
            facts = await self.open(key)
            if facts is not None and start >= facts.size_bytes:
                return None
            raise
        return None if end is not None and end <= start else result

    async def _send(self, key: str, content: bytes) -> None:
        with self._bucket_errors(f"store {key}"):
            await self._store.put_async(key, content, attributes=_attributes(key), use_multipart=False)

    async def _send_parts(self, key: str, source: "_Source") -> None:
        """Upload in parts; nothing of them stays when the source fails, the bucket does, or we are cancelled."""
        uploading = asyncio.ensure_future(
            self._store.put_async(
                key,
                source,
                attributes=_attributes(key),
                use_multipart=True,
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )
        )
        try:
            with self._bucket_errors(f"store {key}", unless=lambda: source.failed):
                await asyncio.shield(uploading)
        except asyncio.CancelledError:
            # Merely cancelled, obstore would leave the parts; it takes them away when its source fails.
            source.give_up()
            await _over(uploading, _ABORT_S)
            raise

    @contextlib.contextmanager
    def _bucket_errors(self, doing: str, *, unless: Callable[[], bool] = lambda: False) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError) as error:
            if unless():
                raise
            raise StorageError(f"cannot {doing}: the bucket {self._bucket} {_reason(error)}") from error


class _Source:
    """What an upload takes its bytes from."""

    def __init__(self, head: list[bytes], rest: AsyncGenerator[bytes, None]) -> None:
        self._head = deque(head)
        self._rest = rest
        self._pull: asyncio.Task[bytes | None] | None = None
        self._given_up = False
        self.failed = False

    def __aiter__(self) -> "_Source":
        return self

    async def __anext__(self) -> bytes:
        if self._given_up:
            raise _GivenUp
        if self._head:
            return self._head.popleft()
        self._pull = asyncio.ensure_future(self._next())
        try:
            batch = await self._pull
        except asyncio.CancelledError:
            if self._given_up:
                raise _GivenUp from None
            raise
        except BaseException:
            self.failed = True
            raise
        if batch is None:
            raise StopAsyncIteration
        return batch

    def give_up(self) -> None:
        """Fail, at once."""
        self._given_up = True
        if self._pull is not None:
            self._pull.cancel()

    async def _next(self) -> bytes | None:
        return await anext(self._rest, None)


class _GivenUp(Exception):
    """Told to stop."""


async def _first(gathered: AsyncIterator[bytes], size_bytes: int) -> list[bytes]:
    head: list[bytes] = []
    while sum(map(len, head)) < size_bytes and (batch := await anext(gathered, None)) is not None:
        head.append(batch)
    return head


async def _over(task: asyncio.Future[Any], patience_s: float) -> None:
    """Wait for its end, whatever that is, and cancel it after that long."""
    ends = asyncio.get_running_loop().time() + patience_s
    while not task.done() and (left_s := ends - asyncio.get_running_loop().time()) > 0:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([task], timeout=left_s)
    if not task.cancel() and not task.cancelled():
        task.exception()  # looked at, or asyncio complains that nobody did


def _attributes(key: str) -> dict[str, str]:
    return {"Content-Type": media_type_of(key)}


def _facts(found: Mapping[str, Any]) -> StoredFile:
    return StoredFile(
        key=found["path"],
        size_bytes=found["size"],
        etag=found["e_tag"] or f'"{found["last_modified"].timestamp():.0f}-{found["size"]:x}"',
        media_type=media_type_of(found["path"]),
        modified_at=found["last_modified"],
    )


def _reason(error: Exception) -> str:
    """In a few words; the error's own hold addresses, and pages of debugging."""
    text = str(error)
    code = re.search(r"<Code>(\w{1,60})</Code>", text)
    status = re.search(r"status code: (\d{3})", text)
    if status is None:
        return "does not answer"
    if status[1] in ("401", "403"):
        hint = "; see that the key is right and may read, write, list and delete there"
    elif status[1] in ("301", "307", "400", "404"):
        hint = "; see that s3_endpoint, s3_region and the bucket's name are right"
    else:
        hint = ""
    return f"answered {status[1]}{f' {code[1]}' if code else ''}{hint}"


def _parse(url: str) -> tuple[str, str]:
    """Bucket and prefix; the URL is in no message, for it may hold a secret."""
    if "@" in url:
        raise ConfigError(
            "storage holds a user name or password; write s3://bucket/prefix, and give the key as s3_access_key_id and"
            " s3_secret_access_key"
        )
    found = _URL.fullmatch(url)
    prefix = (found["prefix"] or "") if found else ""
    if found is None or (prefix and not is_key(prefix)):
        raise ConfigError(
            "storage is not s3://bucket/prefix: a bucket has 3 to 63 of a-z 0-9 . - and a prefix, which may be left"
            " out, has letters, digits, . _ - in segments joined by /"
        )
    return found["bucket"], prefix


def _endpoint(url: str | None) -> str | None:
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and "@" not in url and not parts.query
        _ = parts.port
    except ValueError:
        good = False
    if not good:
        raise ConfigError("s3_endpoint is not http://host:port or https://host, without user, password or query")
    return url.rstrip("/")
