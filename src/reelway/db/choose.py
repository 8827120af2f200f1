"""From the settings to the database they name."""

from reelway.db.base import Database
from reelway.db.migrate import POSTGRES, SQLITE, Spelling
from reelway.db.sqlite import SqliteDatabase
from reelway.errors import ConfigError
from reelway.settings import Settings


async def connect(settings: Settings, *, most: int | None = None) -> tuple[Database, Spelling]:
    """`sqlite`: a file in the data folder; `postgresql://…`: a server, over `most` connections. Raises ConfigError."""
    if not settings.on_postgres:
        return SqliteDatabase(settings.data / "reelway.db"), SQLITE
    scheme = settings.database.partition("://")[0]
    if scheme not in ("postgresql", "postgres") or "://" not in settings.database:
        raise ConfigError(f"no database {scheme[:20]!r}; there is sqlite, postgresql://user:password@host/name")
    from reelway.db.postgres import PostgresDatabase  # an installation on SQLite has no use for its driver

    return await PostgresDatabase.connect(settings.database, most=most or settings.database_connections), POSTGRES
