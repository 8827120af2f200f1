"""Our rows as the database has them, read with its own driver and none of our code."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg

from chaos.records import TABLES, Row

Tables: TypeAlias = dict[str, list[Row]]

_UNFINISHED = """
SELECT (SELECT COUNT(*) FROM generations WHERE ended_at IS NULL) AS active,
  (SELECT COUNT(*) FROM generations g WHERE g.state = 'submitting' AND g.provider = 'replica_blind' AND 'unknown' =
    (SELECT a.outcome FROM attempts a WHERE a.generation_id = g.id ORDER BY a.number DESC LIMIT 1)) AS held,
  (SELECT COUNT(*) FROM deliveries WHERE state = 'pending') AS pending
"""


class Rows:
    """A reader of one database: a PostgreSQL URL, or the path of an SQLite file."""

    def __init__(self, database: str | Path) -> None:
        self._database = database

    async def tables(self) -> Tables:
        """Every table that the audit looks at, on one snapshot."""
        found = await self._ask([f"SELECT * FROM {name}" for name in TABLES])
        tables = dict(zip(TABLES, found, strict=True))
        for g in tables["generations"]:
            g["track_id"] = json.loads(g["track_id"]) if g["track_id"] else None
            g["size_bytes"] = json.loads(g["output"])["size_bytes"] if g["output"] else None
        return tables

    async def unfinished(self) -> tuple[int, int, int]:
        """Generations that have not ended, how many of them are held by policy, and deliveries to come."""
        [[row]] = await self._ask([_UNFINISHED])
        return row["active"], row["held"], row["pending"]

    async def _ask(self, queries: list[str]) -> list[list[Row]]:
        if isinstance(self._database, Path):
            return await asyncio.to_thread(_ask_sqlite, self._database, queries)
        connection = await asyncpg.connect(self._database, timeout=5)
        try:
            async with connection.transaction(isolation="repeatable_read"):
                return [[dict(r) for r in await connection.fetch(q)] for q in queries]
        finally:
            await connection.close(timeout=5)


def _ask_sqlite(path: Path, queries: list[str]) -> list[list[dict[str, Any]]]:
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        return [[dict(r) for r in connection.execute(q)] for q in queries]
