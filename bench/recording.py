"""PostgreSQL as ever, with a note of every statement as the driver sends it: composed, with its arguments."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from asyncpg.connection import LoggedQuery

from reelway.app import OpenDatabase
from reelway.db.base import Database
from reelway.db.migrate import POSTGRES, migrate
from reelway.db.pool import Connection, Pool
from reelway.db.postgres import PostgresDatabase
from reelway.kit.clock import Clock
from reelway.settings import Settings

Note: TypeAlias = Callable[[LoggedQuery], None]


class RecordingPool(Pool):
    """Lends connections that tell `note` of each statement."""

    def __init__(self, url: str, most: int, note: Note) -> None:
        super().__init__(url, most)
        self._note = note

    async def take(self, patience_s: float) -> Connection:
        """See Pool."""
        connection = await super().take(patience_s)
        connection.add_query_logger(self._note)  # again changes nothing
        return connection


def recording(path: Path) -> OpenDatabase:
    """For `app.build`: a line of JSON in `path` for each statement."""
    file = path.open("w", buffering=1)  # line by line: the process ends by a signal

    def note(query: LoggedQuery) -> None:
        file.write(json.dumps([query.query, query.args], default=_bytes) + "\n")

    async def open_db(settings: Settings, clock: Clock) -> Database:
        db = PostgresDatabase(RecordingPool(settings.database, settings.database_connections, note))
        await db.write(migrate(POSTGRES, clock.now_ms()))
        return db

    return open_db


def _bytes(value: Any) -> str:
    return f"\\x{value.hex()}"
