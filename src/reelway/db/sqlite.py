"""SQLite through apsw: one writer thread with group commit, readers beside it.

Everything queued is committed together, each script in a savepoint of its own, so that a thousand small
transactions cost a few fsyncs and none of them sees another's failure. WAL with synchronous=FULL: an answered
write survives power loss. apsw brings its own SQLite; the WAL-reset corruption of versions before 3.51.3 is
why the standard library's module is not used (docs/adr/0003-sqlite.md).
"""

import asyncio
import queue
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw
import structlog

from reelway.db.script import Rows, Script, Statement, run_script
from reelway.errors import ConfigError, Conflict, Overloaded

T = TypeVar("T")

_log = structlog.get_logger(__name__)
_BATCH_MAX: Final = 256
_QUEUE_MAX: Final = 20_000
_SQLITE_LEAST: Final = (3, 51, 3)
_NOT_UNIQUE: Final = (apsw.SQLITE_CONSTRAINT_UNIQUE, apsw.SQLITE_CONSTRAINT_PRIMARYKEY)


@lru_cache(maxsize=512)
def _spelled(text: str) -> str:
    """SQLite numbers `?1`; it would take `$1` by order of appearance."""
    return re.sub(r"\$(\d+)", r"?\1", text)


def connect(path: Path) -> apsw.Connection:
    """Open a connection with our pragmas; raises ConfigError naming the file when that is not possible."""
    if tuple(int(part) for part in apsw.sqlite_lib_version().split(".")) < _SQLITE_LEAST:
        raise ConfigError(f"SQLite {apsw.sqlite_lib_version()} can corrupt a WAL; upgrade the package apsw")
    try:
        connection = apsw.Connection(str(path))
        connection.set_busy_timeout(10_000)
        for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on", "cache_size=-4000"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.IOError, apsw.FullError) as error:
        raise ConfigError(
            f"cannot write the database {path}: {error}; check the folder's owner, rights and free space"
        ) from error
    except apsw.NotADBError as error:
        raise ConfigError(f"{path} is not a SQLite database; move it away or name another --data") from error
    return connection


def execute_on(connection: apsw.Connection) -> Callable[[Statement], Rows]:
    """An `execute` for `run_script`; it raises Conflict where a unique index refuses."""

    def execute(statement: Statement) -> Rows:
        try:
            return connection.execute(_spelled(statement.text), statement.args).fetchall()
        except apsw.ConstraintError as error:
            if error.extendedresult in _NOT_UNIQUE:  # type: ignore[attr-defined]  # its stubs lack it
                raise Conflict(f"this was done already ({error})") from error
            raise

    return execute


class _Item:
    """A script waiting for the writer, and whom to tell."""

    __slots__ = ("error", "future", "loop", "result", "script")

    def __init__(self, script: Script[Any], loop: asyncio.AbstractEventLoop) -> None:
        self.script = script
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None


class _Writer(threading.Thread):
    """The one thread that writes."""

    def __init__(self, path: Path) -> None:
        super().__init__(name="reelway-writer", daemon=True)
        self.queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._connection = connect(path)
        # Savepoints keep their undo journal in memory instead of a temporary file: a quarter off every write.
        self._connection.execute("PRAGMA temp_store=memory")
        self._execute = execute_on(self._connection)

    def run(self) -> None:
        """Drain, commit, tell; until None comes."""
        stopping = False
        while not stopping:
            batch: list[_Item] = []
            item = self.queue.get()
            while True:
                if item is None:
                    stopping = True
                    break
                batch.append(item)
                if len(batch) == _BATCH_MAX:
                    break
                try:
                    item = self.queue.get_nowait()
                except queue.Empty:
                    break
            if batch:
                self._commit(batch)
                _tell(batch)
        self._connection.close()

    def _commit(self, batch: list[_Item]) -> None:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            for item in batch:
                connection.execute("SAVEPOINT item")
                try:
                    item.result = run_script(item.script, self._execute)
                except (apsw.FullError, apsw.IOError, apsw.ReadOnlyError):
                    raise  # the disk, not the script: no part of this batch can be kept
                except Exception as error:  # noqa: BLE001  the script's own failure belongs to its caller
                    item.error = error
                    connection.execute("ROLLBACK TO item")
                connection.execute("RELEASE item")
            connection.execute("COMMIT")
        except apsw.Error as error:
            _log.error("database_refuses", error=str(error), scripts=len(batch))
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            refusal = Overloaded(f"the database cannot be written ({error}); nothing was changed", retry_after_s=30)
            for item in batch:
                item.error = refusal


def _tell(batch: list[_Item]) -> None:
    """Wake the callers, one call into each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Item]] = {}
    for item in batch:
        by_loop.setdefault(item.loop, []).append(item)
    for loop, items in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, items)
        except RuntimeError:  # that loop is closed: nobody waits any more, the rows are safe
            _log.warning("writer_caller_gone", scripts=len(items))


def _resolve(items: list[_Item]) -> None:
    for item in items:
        if item.future.done():  # the caller was cancelled; its rows are committed all the same
            continue
        if item.error is not None:
            item.future.set_exception(item.error)
        else:
            item.future.set_result(item.result)


class SqliteDatabase:
    """`Database` on one file."""

    def __init__(self, path: Path) -> None:
        self._writer = _Writer(path)
        self._reader = connect(path)
        self._read = execute_on(self._reader)
        self._scanner = connect(path)
        self._scan = execute_on(self._scanner)
        self._scan_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reelway-scan")
        self._closed = False
        self._writer.start()

    async def write(self, script: Script[T]) -> T:
        """See Database."""
        if self._closed:
            raise Overloaded("the server is stopping; nothing was changed")
        item = _Item(script, asyncio.get_running_loop())
        if self._writer.queue.qsize() >= _QUEUE_MAX:
            raise Overloaded("too many writes are waiting; nothing was changed")
        self._writer.queue.put(item)
        result: T = await item.future
        return result

    async def read(self, script: Script[T]) -> T:
        """See Database. On the event loop: a point read takes 20 microseconds, a thread hop takes more."""
        return run_script(script, self._read)

    async def scan(self, script: Script[T]) -> T:
        """See Database."""

        def on_one_snapshot() -> T:
            self._scanner.execute("BEGIN")
            try:
                return run_script(script, self._scan)
            finally:
                self._scanner.execute("ROLLBACK")

        return await asyncio.get_running_loop().run_in_executor(self._scan_thread, on_one_snapshot)

    async def aclose(self) -> None:
        """See Database."""
        if self._closed:
            return
        self._closed = True
        self._writer.queue.put(None)
        await asyncio.to_thread(self._writer.join)
        self._scan_thread.shutdown()
        self._reader.close()
        self._scanner.close()
