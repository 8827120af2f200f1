"""The rows of a data folder, for one command; a server may be running on them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import apsw

from reelway.db.migrate import SQLITE_WORDS, migrate, migrations
from reelway.db.script import Script, sql
from reelway.db.sqlite import SqliteDatabase
from reelway.domain.money import Purse, parse_usd
from reelway.errors import ConfigError, InvalidRequest
from reelway.kit.clock import SystemClock
from reelway.settings import Settings

T = TypeVar("T")


def read(settings: Settings, script: Script[T]) -> T:
    """The answer to `script`, on one snapshot; raises ConfigError when there is no database."""
    _require(settings)
    return _run(settings, lambda db: db.scan(script))


def write(settings: Settings, script: Script[T]) -> T:
    """`script` as one transaction; raises ConfigError when there is no database."""
    _require(settings)
    return _run(settings, lambda db: db.write(script))


def apply_migrations(settings: Settings) -> list[str]:
    """Make or upgrade the database; returns what was applied."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"cannot make the data folder {settings.data}: {error.strerror}; name another") from error
    return _run(settings, lambda db: db.write(migrate(SQLITE_WORDS, now_ms())))


def exists(settings: Settings) -> bool:
    """Whether a server, or `reelway db migrate`, has made the database."""
    return (settings.data / "reelway.db").exists()


def pending() -> Script[list[str]]:
    """Migrations that this Reelway has and the database has not; raises ConfigError when it is the other way."""
    tables = yield sql("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migrations'")
    rows = (yield sql("SELECT number FROM migrations")) if tables else []
    done = {row[0] for row in rows}
    wanted = migrations()
    if done - {m.number for m in wanted}:
        raise ConfigError(f"the database was made by a newer Reelway (migration {max(done)}); upgrade this one")
    return [m.name for m in wanted if m.number not in done]


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


def _require(settings: Settings) -> None:
    if not exists(settings):
        raise ConfigError(
            f"there is no Reelway data in {settings.data}; start `reelway serve` once, or name the folder with --data"
        )
    missing = _run(settings, lambda db: db.scan(pending()))
    if missing:
        raise ConfigError(f"the database lacks {', '.join(missing)}; run `reelway db migrate`, or restart the server")


def _run(settings: Settings, ask: Callable[[SqliteDatabase], Awaitable[T]]) -> T:
    async def opened() -> T:
        db = SqliteDatabase(settings.data / "reelway.db")
        try:
            return await ask(db)
        finally:
            await db.aclose()

    try:
        return asyncio.run(opened())
    except apsw.Error as error:
        path = settings.data / "reelway.db"
        raise ConfigError(f"the database {path} cannot be read ({error}); `reelway doctor` says more") from error
