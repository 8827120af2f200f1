"""The doctor's look at what holds the data: the database, its server, the storage."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from reelway.cli import data as rows
from reelway.cli.finding import Looked, Status, ok
from reelway.db.script import Script, sql
from reelway.errors import StorageError
from reelway.generations import store
from reelway.kit.dsn import without_password
from reelway.kit.ids import new_token
from reelway.ledger.audit import audit
from reelway.settings import Settings
from reelway.storage.base import Storage
from reelway.storage.choose import choose

_POSTGRES_LEAST: Final = 13
_CLOCKS_APART_MS: Final = 5_000  # heartbeats and due instants are compared over machines
_BESIDE_POOL: Final = 8  # connections of a process that are not in its pool: it listens, and takes work
_PROBE: Final = b"reelway doctor"
_PATIENCE_S: Final = 20.0


def database(settings: Settings) -> Looked:
    """Whether the rows are there, migrated, and add up."""
    if not rows.exists(settings):
        return Status.WARN, "not made yet", "`reelway serve` makes it"
    findings, newest_ms = rows.read(settings, _proof())
    if findings:
        detail = f"{len(findings)} findings of the audit, the first: {findings[0]}"
        return Status.FAIL, detail, "`reelway credits audit` lists them; restore a backup, or report this as a bug"
    if newest_ms > rows.now_ms() + 60_000:
        return Status.WARN, "its newest generation is from the future: the clock went back", "set the clock, with NTP"
    where = f"{rows.place(settings)}, " if settings.on_postgres else ""
    return ok(f"{where}migrated, and the money adds up")


def _proof() -> Script[tuple[list[str], int]]:
    findings = yield from audit()
    newest = yield from store.page(None, None, 1, newest_first=True)
    return [f"{f.what} {f.detail}" for f in findings], newest[0].created_at if newest else 0


def postgres(settings: Settings) -> Looked:
    """Whether the server is new enough, tells the same time, and lets enough of us in."""
    before_ms = rows.now_ms()
    number, theirs_ms, most, taken = rows.ask(settings, _server_facts())
    ours_ms = (before_ms + rows.now_ms()) // 2
    version = f"PostgreSQL {number // 10_000}.{number % 10_000}"
    if number < _POSTGRES_LEAST * 10_000:
        return Status.FAIL, f"{version} is too old", f"upgrade it to {_POSTGRES_LEAST} or newer"
    apart_ms = abs(theirs_ms - ours_ms)
    if apart_ms > _CLOCKS_APART_MS:
        return Status.WARN, f"{version}; its clock and ours are {apart_ms / 1000:.0f} s apart", "set both, with NTP"
    each = settings.database_connections + _BESIDE_POOL
    room = f"{taken} of {most} connections are taken, a Reelway process opens up to {each}"
    if taken + each > most:
        return Status.WARN, f"{version}; {room}", "raise max_connections, or lower database_connections"
    return ok(f"{version}, its clock is {apart_ms} ms from ours; {room}")


def _server_facts() -> Script[tuple[int, int, int, int]]:
    [facts] = yield sql(
        "SELECT current_setting('server_version_num')::bigint,"
        " floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint,"
        " current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint,"
        " (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')"
    )
    version, now_ms, most, taken = facts
    return version, now_ms, most, taken


def storage(settings: Settings) -> Looked:
    """Whether a file can be put, read and deleted."""
    if settings.storage == "local":
        shared = settings.on_postgres
        return ok("local: in the data folder" + (", whose disk all processes must share" if shared else ""))
    where = without_password(settings.storage)
    try:
        asyncio.run(_probe(choose(settings)))
    except StorageError as error:
        return Status.FAIL, f"{where}: {error.message}", "mend the bucket's name, its rights, or the s3_… settings"
    except TimeoutError:
        return Status.FAIL, f"{where} does not answer within {_PATIENCE_S:.0f} s", "look at s3_endpoint and the network"
    return ok(f"{where}: put, read and deleted a file")


async def _probe(storage: Storage) -> None:
    key = f"doctor/{new_token(8)}.bin"
    async with asyncio.timeout(_PATIENCE_S):
        try:
            await storage.put(key, _chunk(), media_type="application/octet-stream")
            came = b"".join([chunk async for chunk in storage.read(key)])
        finally:
            await storage.delete(key)
    if came != _PROBE:
        raise StorageError(f"{len(_PROBE)} bytes were put, and {len(came)} others came back")


async def _chunk() -> AsyncIterator[bytes]:
    yield _PROBE
