"""PostgreSQL through asyncpg: a transaction a script, in as few round trips as its questions allow.

What is only told waits for the next question, and goes to the server with it (`compose`). Transactions are READ
COMMITTED: a script takes the row lock that decides (an UPDATE of the generation, then of the account) before it
looks at what the lock protects.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import asyncpg
import structlog

from reelway.db.compose import together
from reelway.db.pool import Connection, Pool
from reelway.db.script import Rows, Script, Statement, Value
from reelway.errors import CommitUnknown, ConfigError, Conflict, Overloaded

T = TypeVar("T")

_log = structlog.get_logger(__name__)
_PATIENCE_S: Final = 5.0  # for a free connection, and for a server that restarts
_PAUSE_FIRST_S: Final = 0.02
_PAUSE_MOST_S: Final = 0.5
_STARTING_S: Final = 30.0  # at our own start: a server that is coming up is worth waiting for
_SCAN_S: Final = 600.0
_SCHEMA_S: Final = 3600.0
_TOLD_MAX: Final = 16
_SEVERAL: Final = re.compile(r";\s*\S")

# The connection is gone, or was never there.
_GONE: Final = (
    OSError,  # TimeoutError is one
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shutting down, crashed, starting
    asyncpg.IdleInTransactionSessionTimeoutError,
)
# The server answers, and may do better in a moment.
_LATER: Final = (
    asyncpg.InsufficientResourcesError,  # disk full, out of memory, too many connections
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.TransactionRollbackError,  # deadlock, serialization
    asyncpg.LockNotAvailableError,
    asyncpg.PostgresSystemError,  # its disk failed
    asyncpg.InvalidCachedStatementError,  # the schema was upgraded beside us
)
# Also why no connection can be opened: the operator is changing passwords, roles or databases.
_CLOSED_TO_US: Final = (
    *_GONE,
    *_LATER,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InterfaceError,
)


class PostgresDatabase:
    """`Database` on a server; open one with `connect`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._writes: set[asyncio.Task[Any]] = set()
        self._closed = False

    @classmethod
    async def connect(cls, url: str, *, most: int) -> "PostgresDatabase":
        """Open it with at most `most` connections; raises ConfigError saying what to mend, never the password."""
        pool = Pool(url, most)
        ends_s = _now_s() + _STARTING_S
        while True:
            try:
                pool.give_back(await pool.take(_PATIENCE_S))
            except asyncpg.CannotConnectNowError as error:
                if _now_s() > ends_s:
                    raise _no_way_in(url, error) from None
                await asyncio.sleep(_PAUSE_MOST_S)
            except (*_CLOSED_TO_US, ValueError, OverflowError, asyncpg.PostgresError) as error:
                raise _no_way_in(url, error) from None  # its trace may show the password
            else:
                return cls(pool)

    async def write(self, script: Script[T]) -> T:
        """See Database. Goes on when its caller is cancelled, so that no transaction is cut in two.

        Raises CommitUnknown when the connection broke while the server was committing.
        """
        if self._closed:
            raise Overloaded("the server is stopping; nothing was changed")
        task = asyncio.create_task(self._write(script))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)
        return await asyncio.shield(task)

    async def read(self, script: Script[T]) -> T:
        """See Database. Each statement takes a connection of its own, and another one when that breaks."""
        return await _drive(script, self._ask)

    async def scan(self, script: Script[T]) -> T:
        """See Database."""
        connection = await self._begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            result = await _drive(script, lambda s: _fetch(connection, s.text, s.args, timeout_s=_SCAN_S))
        except BaseException:
            self._pool.throw_away(connection)
            raise
        await self._roll_back(connection)
        return result

    async def aclose(self) -> None:
        """See Database."""
        self._closed = True
        while self._writes:
            await asyncio.wait(self._writes)
        await self._pool.aclose()

    async def _write(self, script: Script[T]) -> T:
        connection = await self._begin("BEGIN")
        transaction = _Transaction(connection)
        try:
            result = await _drive(script, transaction.send)
            await transaction.flush()
        except _Lost:
            self._pool.throw_away(connection)
            raise
        except Exception:
            await self._roll_back(connection)
            raise
        except BaseException:
            self._pool.throw_away(connection)
            raise
        await self._commit(connection, result)
        return result

    async def _begin(self, text: str) -> Connection:
        """A connection in a transaction; nothing is lost when it breaks before that, so another one is tried."""
        pauses = _Pauses()
        while True:
            connection = await self._take(pauses)
            try:
                await connection.execute(text)
            except BaseException as error:
                self._pool.throw_away(connection)
                if not _gone(connection, error):
                    raise
                await pauses.wait(error)
            else:
                return connection

    async def _commit(self, connection: Connection, result: object) -> None:
        try:
            await connection.execute("COMMIT")
        except Exception as error:
            self._pool.throw_away(connection)
            if not _gone(connection, error):
                raise _failure(connection, error) from error  # the server said no
            _log.error("commit_unknown", error=str(error))
            raise CommitUnknown(result) from error
        except BaseException:
            self._pool.throw_away(connection)
            raise
        self._pool.give_back(connection)

    async def _roll_back(self, connection: Connection) -> None:
        try:
            if not connection.is_closed():
                await connection.execute("ROLLBACK")
        except Exception as error:  # noqa: BLE001  whatever it is, the server rolls back when the connection ends
            _log.info("rollback_failed", error=str(error))
            self._pool.throw_away(connection)
        except BaseException:
            self._pool.throw_away(connection)
            raise
        else:
            self._pool.give_back(connection)

    async def _ask(self, statement: Statement) -> Rows:
        pauses = _Pauses()
        while True:
            connection = await self._take(pauses)
            try:
                rows = await _fetch(connection, statement.text, statement.args)
            except _Lost as lost:
                self._pool.throw_away(connection)
                await pauses.wait(lost)
            except Exception:
                self._pool.give_back(connection)
                raise
            except BaseException:
                self._pool.throw_away(connection)  # our caller was cancelled; the answer is still on its way
                raise
            else:
                self._pool.give_back(connection)
                return rows

    async def _take(self, pauses: "_Pauses") -> Connection:
        while True:
            if self._pool.closed:
                raise Overloaded("the server is stopping; nothing was changed")
            try:
                return await self._pool.take(pauses.left_s)
            except _CLOSED_TO_US as error:
                await pauses.wait(error)


class _Transaction:
    """Sends the statements of one script; what is told is held back until something is asked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._texts: tuple[str, ...] = ()
        self._text = ""  # all of them together
        self._args: list[Value] = []

    async def send(self, statement: Statement) -> Rows:
        texts = (*self._texts, statement.text)
        text = together(texts) if len(texts) <= _TOLD_MAX else None
        if text is None:
            await self.flush()
            texts, text = (statement.text,), statement.text
        self._texts, self._text = texts, text
        self._args += statement.args
        return [] if statement.silent else await self.flush()

    async def flush(self) -> Rows:
        """Send what is held back."""
        if not self._texts:
            return []
        args, self._args, self._texts = self._args, [], ()
        return await _fetch(self._connection, self._text, args)


class _Lost(Overloaded):
    """The connection broke before anything was committed."""


class _Pauses:
    """Waits between attempts to reach the server, growing, until the patience is used up."""

    def __init__(self) -> None:
        self._ends_s = _now_s() + _PATIENCE_S
        self._next_s = _PAUSE_FIRST_S

    @property
    def left_s(self) -> float:
        return max(self._ends_s - _now_s(), 0.0)

    async def wait(self, error: BaseException) -> None:
        """Raises Overloaded instead when there is no time left."""
        if self.left_s < self._next_s:
            _log.error("database_unreachable", error=str(error) or type(error).__name__)
            raise Overloaded("the database cannot be reached, or is too busy; nothing was changed") from error
        await asyncio.sleep(self._next_s)
        self._next_s = min(self._next_s * 2, _PAUSE_MOST_S)


async def _drive(script: Script[T], execute: Callable[[Statement], Awaitable[Rows]]) -> T:
    """`run_script` with an `execute` that waits."""
    try:
        statement = next(script)
        while True:
            statement = script.send(await execute(statement))
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        script.close()


async def _fetch(
    connection: Connection, text: str, args: tuple[Value, ...] | list[Value], *, timeout_s: float | None = None
) -> Rows:
    """One round trip; raises Overloaded or Conflict, and everything else as it is: a bug."""
    try:
        if not args and _SEVERAL.search(text):
            await connection.execute(text, timeout=_SCHEMA_S)
            return []
        return [tuple(row) for row in await connection.fetch(text, *map(_storable, args), timeout=timeout_s)]
    except Exception as error:
        failure = _failure(connection, error)
        if failure is error:
            raise
        raise failure from error


def _storable(value: Value) -> Value:
    """PostgreSQL keeps no NUL in a text."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


def _gone(connection: Connection, error: BaseException) -> bool:
    return isinstance(error, _GONE) or (isinstance(error, Exception) and connection.is_closed())


def _failure(connection: Connection, error: Exception) -> Exception:
    """The same failure in our words."""
    if _gone(connection, error):
        return _Lost(f"the connection to the database broke ({type(error).__name__}); nothing was changed")
    if isinstance(error, _LATER):
        _log.error("database_refuses", error=str(error))
        return Overloaded(f"the database refuses ({type(error).__name__}); nothing was changed")
    if isinstance(error, asyncpg.UniqueViolationError):
        return Conflict(f"this was done already ({error.constraint_name})")
    return error


def _no_way_in(url: str, error: BaseException) -> ConfigError:
    """What to mend, in words without the password."""
    shape = "postgresql://user:password@host:5432/name"
    try:
        parts = urlsplit(url)
        server, name, user = f"{parts.hostname}:{parts.port or 5432}", parts.path.lstrip("/"), parts.username
        good = parts.scheme in ("postgresql", "postgres")
    except ValueError:
        good = False
    if not good or isinstance(error, (ValueError, asyncpg.InterfaceError)):
        return ConfigError(
            f"database is not like {shape}; write %40, %3A, %2F for @, : and / in the password, or sqlite instead"
        )
    match error:
        case asyncpg.InvalidAuthorizationSpecificationError():
            why = f"{server} refuses the user {user!r}: {error}; mend the user or password in {shape}"
        case asyncpg.InvalidCatalogNameError():
            why = f"{server} has no database {name!r}; make it with `createdb {name}`, or mend the name in {shape}"
        case asyncpg.PostgresError():
            why = f"{server} refuses: {error}"
        case TimeoutError():
            why = f"{server} does not answer; mend the host and port in {shape}, or a firewall in between"
        case _:
            why = f"cannot connect to {server} ({error}); start PostgreSQL there, or mend {shape}"
    return ConfigError(f"database: {why}")


def _now_s() -> float:
    return asyncio.get_running_loop().time()
