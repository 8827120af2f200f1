"""A database with a past: all rows of one finished generation, from the hold to the webhook's attempt, many times.

What tells generations apart is replaced wherever it occurs, so that the copies are as wide as the real one and their
indexes as deep. They belong to the customers in turn.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.tenants import FIRST, KEY_ID, WORKSPACE
from reelway.app import build
from reelway.db.script import Script, sql
from reelway.kit import logs
from reelway.settings import Settings

# Parents first; each with the column that says whose its rows are.
_TABLES = {
    "generations": "id",
    "transfers": "generation_id",
    "attempts": "generation_id",
    "events": "generation_id",
    "idempotency": "generation_id",
    "deliveries": "generation_id",
    "delivery_attempts": "delivery_id",
}
_OWN_COUNT = ("generations", "number")  # left to the database
_AT_ONCE = 5_000
_NUMBER = 100_000_000_000  # all have twelve digits
_SCATTER = 2_654_435_761  # times a number, modulo 10^12: every number once, in no order


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The generation to copy."""

    id: str
    delivery: str
    spelled: dict[str, str]  # each text that is its own, and what a copy has there


def template(tenants: int) -> Script[Template]:
    """The newest that succeeded and was announced."""
    rows = yield sql(
        "SELECT g.id, g.token, g.workspace_id, g.key_id, d.id, k.key FROM generations AS g"
        " JOIN deliveries AS d ON d.generation_id = g.id JOIN idempotency AS k ON k.generation_id = g.id"
        " WHERE d.state = 'delivered' ORDER BY g.id DESC LIMIT 1"
    )
    id, token, workspace_id, key_id, delivery, key = rows[0]
    tenant = f"({FIRST} + n.i % {tenants})"
    spelled = {
        id: f"'video_{'0' * 14}' || ({_NUMBER} + n.i)",
        token: f"'{'0' * (len(token) - 13)}' || (1000000000000 + n.i * {_SCATTER} % 1000000000000)",
        delivery: f"'dlv_{'0' * 14}' || ({_NUMBER} + n.i)",
        key: f"'fill-' || ({_NUMBER} + n.i)",
        workspace_id: f"'{WORKSPACE}' || {tenant}",
        key_id: f"'{KEY_ID}' || {tenant}",
    }
    return Template(id=id, delivery=delivery, spelled=spelled)


def copy(of: Template, columns_of: Mapping[str, Sequence[str]], first: int, last: int) -> Script[None]:
    """All its rows, for the numbers `first` to `last`."""
    for table, link in _TABLES.items():
        columns = columns_of[table]
        owner = of.delivery if link == "delivery_id" else of.id
        found = yield sql(f"SELECT {', '.join(columns)} FROM {table} WHERE {link} = $1", owner)
        values = []
        for place, column in enumerate(columns):
            texts = [row[place] for row in found if isinstance(row[place], str)]
            value = f"o.{column}"
            for own, spelling in of.spelled.items():
                if any(own in text for text in texts):
                    value = f"replace({value}, '{own}', {spelling})"
            values.append(value)
        yield sql(
            "WITH RECURSIVE n(i) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT n.i + 1 FROM n WHERE n.i < $2)"
            f" INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM n, {table} AS o"
            f" WHERE o.{link} = $3",
            first,
            last,
            owner,
        )


def _columns(database: str) -> Script[dict[str, list[str]]]:
    text = "SELECT name FROM pragma_table_info($1)"
    if database != "sqlite":
        text = "SELECT column_name FROM information_schema.columns WHERE table_name = $1"
    columns = {}
    for table in _TABLES:
        rows = yield sql(text, table)
        columns[table] = [name for (name,) in rows if (table, name) != _OWN_COUNT]
    return columns


def fill(settings: Settings, first: int, last: int, tenants: int) -> None:
    """Copies for the numbers `first` to `last`, on a database that nobody else uses meanwhile."""

    async def run() -> None:
        reelway = await build(settings)
        columns = await reelway.db.read(_columns(settings.database))
        of = await reelway.db.read(template(tenants))
        for number in range(first, last + 1, _AT_ONCE):
            await reelway.db.write(copy(of, columns, number, min(number + _AT_ONCE - 1, last)))
        await reelway.stop()

    logs.configure(level="warning")
    asyncio.run(run())
