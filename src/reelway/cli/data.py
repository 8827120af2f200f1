"""The rows of an installation, for one command; servers may be running on them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from reelway.db.base import Database
from reelway.db.choose import connect
from reelway.db.migrate import Spelling, migrate, pending
from reelway.db.script import Script, sql
from reelway.domain.money import Purse, parse_usd
from reelway.errors import ConfigError, InvalidRequest
from reelway.kit.clock import SystemClock
from reelway.kit.dsn import without_password
from reelway.move.moved import check_not_moved
from reelway.settings import Settings

T = TypeVar("T")

_CONNECTIONS = 3  # one command asks one question at a time


def read(settings: Settings, script: Script[T]) -> T:
    """The answer to `script`, on one snapshot; raises ConfigError when there is no database."""
    return _run(settings, lambda db: db.scan(script))


def write(settings: Settings, script: Script[T]) -> T:
    """`script` as one transaction; raises ConfigError when there is no database, or none any more."""
    check_not_moved(settings)
    return _run(settings, lambda db: db.write(script))


def ask(settings: Settings, script: Script[T]) -> T:
    """The answer of the database's server, whether or not there is anything of ours in it."""

    async def asked(db: Database, _spelling: Spelling) -> T:
        return await db.read(script)

    return _open(settings, asked)


def apply_migrations(settings: Settings) -> list[str]:
    """Make or upgrade the database; returns what was applied."""
    check_not_moved(settings)
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make the data folder {settings.data}: {error.strerror}; name another") from error

    async def applied(db: Database, spelling: Spelling) -> list[str]:
        return await db.write(migrate(spelling, now_ms()))

    return _open(settings, applied)


def exists(settings: Settings) -> bool:
    """Whether a server, or `reelway db migrate`, has made the database; raises ConfigError when nobody can tell."""
    if not settings.on_postgres:
        return (settings.data / "reelway.db").exists()

    return ask(settings, _has_tables())


def place(settings: Settings) -> str:
    """Where the rows are, for people."""
    return without_password(settings.database) if settings.on_postgres else str(settings.data)


def free_credits(settings: Settings) -> dict[Purse, int]:
    """What a new workspace gets; raises ConfigError naming the setting."""
    free = {}
    for purse, name in ((Purse.LIVE, "free_live_usd"), (Purse.TEST, "free_test_usd")):
        try:
            free[purse] = parse_usd(getattr(settings, name))
        except InvalidRequest as error:
            raise ConfigError(f"{name}: {error.message}") from error
        if free[purse] < 0:
            raise ConfigError(f"{name} is {getattr(settings, name)}; write 0 or more")
    return free


def now_ms() -> int:
    """Milliseconds since 1970, for the rows."""
    return SystemClock().now_ms()


def _run(settings: Settings, ask: Callable[[Database], Awaitable[T]]) -> T:
    if not settings.on_postgres and not exists(settings):
        raise _nothing_there(settings)

    async def asked(db: Database, _spelling: Spelling) -> T:
        if settings.on_postgres and not await db.read(_has_tables()):
            raise _nothing_there(settings)
        missing = [m.name for m in await db.scan(pending())]
        if missing:
            raise ConfigError(
                f"the database lacks {', '.join(missing)}; run `reelway db migrate`, or restart the server"
            )
        return await ask(db)

    return _open(settings, asked)


def _nothing_there(settings: Settings) -> ConfigError:
    if settings.on_postgres:
        return ConfigError(f"there is no Reelway data in {place(settings)}; start a server on it, or name another")
    return ConfigError(
        f"there is no Reelway data in {place(settings)}; start `reelway serve` once, or name the folder with --data"
    )


def _has_tables() -> Script[bool]:
    rows = yield sql("SELECT to_regclass('migrations') IS NOT NULL")
    return bool(rows[0][0])


def _open(settings: Settings, use: Callable[[Database, Spelling], Awaitable[T]]) -> T:
    async def opened() -> T:
        db, spelling = await connect(settings, most=_CONNECTIONS)
        try:
            return await use(db, spelling)
        finally:
            await db.aclose()

    try:
        return asyncio.run(opened())
    except _failures(settings) as error:
        where = place(settings) if settings.on_postgres else settings.data / "reelway.db"
        why = str(error) or type(error).__name__
        raise ConfigError(f"the database {where} cannot be used ({why}); `reelway doctor` says more") from error


def _failures(settings: Settings) -> tuple[type[Exception], ...]:
    """What the driver raises besides our own errors; only the one that is used is imported."""
    if settings.on_postgres:
        import asyncpg

        return (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
    import apsw

    return (apsw.Error,)
