"""The rows: every table of a SQLite database to PostgreSQL, batch by batch.

A batch and the note of how far it came are one transaction, in a table of the target that is there while a move is
not finished; and so is a line among the target's migrations that keeps every server from starting on half of the rows.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from reelway.db.base import Database
from reelway.db.migrate import POSTGRES, UNFINISHED_MOVE, migrate
from reelway.db.pool import Connection
from reelway.db.script import Row, Rows, Script, Value, sql
from reelway.dispatch.base import Dispatch, Entry, Topic
from reelway.errors import ConfigError

Tell: TypeAlias = Callable[[str, int, int], None]
"""What is being moved, how many are done, of how many."""

BATCH_ROWS: Final = 1_000
_QUEUE: Final = "dispatch_entries"  # not a table to copy: its rows are put into the target's queue
_NOT_COPIED: Final = ("migrations", _QUEUE)


class RowMove:
    """From `source`, which nobody writes now, to the PostgreSQL behind `line` and `target`."""

    def __init__(
        self,
        source: Database,
        target: Database,
        line: Connection,
        dispatch: Dispatch,
        *,
        now_ms: int,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        self._source = source
        self._target = target
        self._line = line
        self._dispatch = dispatch
        self._now_ms = now_ms
        self._batch_rows = batch_rows

    async def under_way(self) -> bool:
        """Whether a move into the target was begun and is not finished."""
        begun: bool = await self._line.fetchval("SELECT to_regclass('moving') IS NOT NULL")
        return begun

    async def check(self, *, begun: bool) -> None:
        """Raise ConfigError when the target holds anything but what this move brought, if it was `begun` before."""
        if await self.under_way():
            source = await self._source.scan(_source_id())
            if source != await self._line.fetchval("SELECT source FROM moving WHERE what = ''"):
                raise ConfigError("the database holds half of another move; finish that one, or name an empty database")
            if not begun:
                raise ConfigError("the database holds half of a move that was given up; name another, empty one")
            return
        used = await self._line.fetchval("SELECT to_regclass('workspaces') IS NOT NULL")
        if used and await self._line.fetchval("SELECT EXISTS (SELECT 1 FROM workspaces)"):
            raise ConfigError("the database has workspaces and generations already; name an empty one")
        await self._target.write(migrate(POSTGRES, self._now_ms))

    async def begin(self) -> None:
        """From now on no server starts on the target until the move is finished."""
        if await self.under_way():
            return
        source = await self._source.scan(_source_id())
        async with self._line.transaction():
            await self._line.execute(
                "CREATE TABLE moving (what text PRIMARY KEY, source text NOT NULL, last bigint NOT NULL)"
            )
            await self._line.execute("INSERT INTO moving VALUES ('', $1, 0)", source)
            await self._line.execute(
                "INSERT INTO migrations VALUES ($1, 'a move that is not finished', $2)", UNFINISHED_MOVE, self._now_ms
            )

    async def copy(self, tell: Tell) -> None:
        """All tables, from where the last run came to."""
        for table in await self._source.scan(_tables()):
            await self._copy_table(table, tell)
        last = await self._source.scan(_last_number())
        await self._line.execute(
            "SELECT setval(pg_get_serial_sequence('generations', 'number'), GREATEST($1, 1), $1 > 0)", last
        )
        await self._enqueue(tell)

    async def differences(self) -> list[str]:
        """Tables whose rows are not as many as they were, and work that nobody would do."""
        found = []
        for table in await self._source.scan(_tables()):
            there, here = await self._source.scan(_count(table)), await self._target.scan(_count(table))
            if here != there:
                found.append(f"{table} has {here} rows, and had {there}")
        last = 0
        while page := await self._source.scan(_page(_QUEUE, ["topic", "subject"], last, self._batch_rows)):
            last = page[-1][0]
            for topic in Topic:
                subjects = [row[2] for row in page if row[1] == topic]
                missing = await self._target.read(self._dispatch.missing(topic, subjects))
                found += [f"nobody would work on {subject}" for subject in missing]
        return found

    async def finish(self) -> None:
        """From now on a server may start on the target."""
        async with self._line.transaction():
            await self._line.execute("DELETE FROM migrations WHERE number = $1", UNFINISHED_MOVE)
            await self._line.execute("DROP TABLE moving")

    async def _copy_table(self, table: str, tell: Tell) -> None:
        columns = await self._source.scan(_columns(table))
        total = await self._source.scan(_count(table))
        last = await self._came_to(table)
        done = await self._target.scan(_count(table)) if last else 0
        while page := await self._source.scan(_page(table, columns, last, self._batch_rows)):
            last = page[-1][0]
            async with self._line.transaction():
                records = [tuple(map(_storable, row[1:])) for row in page]
                await self._line.copy_records_to_table(table, records=records, columns=columns)
                await self._line.execute(_CAME_TO, table, last)
            done += len(page)
            tell(table, done, total)

    async def _enqueue(self, tell: Tell) -> None:
        """What waits for a worker waits there now."""
        total = await self._source.scan(_count(_QUEUE))
        last, done = await self._came_to(_QUEUE), 0
        columns = ["topic", "subject", "lane", "owner", "due_at"]
        while page := await self._source.scan(_page(_QUEUE, columns, last, min(self._batch_rows, 100))):
            last = page[-1][0]
            await self._target.write(self._enqueued(page, last))
            done += len(page)
            tell("unfinished work", done, total)

    def _enqueued(self, page: Rows, last: int) -> Script[None]:
        for _, topic, subject, lane, owner, due_at in page:
            yield from self._dispatch.enqueue(
                Entry(topic=Topic(topic), subject=subject, lane=lane, owner=owner, due_at=due_at)
            )
        yield sql(f"{_CAME_TO} RETURNING 1", _QUEUE, last)

    async def _came_to(self, table: str) -> int:
        last: int | None = await self._line.fetchval("SELECT last FROM moving WHERE what = $1", table)
        return last or 0


_CAME_TO: Final = (
    "INSERT INTO moving (what, source, last) VALUES ($1, '', $2) ON CONFLICT (what) DO UPDATE SET last = excluded.last"
)


def _storable(value: Value) -> Value:
    """PostgreSQL keeps no NUL in a text."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _count(table: str) -> Script[int]:
    rows = yield sql(f"SELECT COUNT(*) FROM {table}")
    return int(rows[0][0])


def _source_id() -> Script[str]:
    """The same for the same data folder, wherever it lies: its first workspace, which no other one has."""
    rows = yield sql("SELECT id FROM workspaces ORDER BY created_at, id LIMIT 1")
    return str(rows[0][0]) if rows else "empty"


def _tables() -> Script[list[str]]:
    """In the order in which they were made, so that what is referred to is there first."""
    rows = yield sql("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid")
    return [name for (name,) in rows if name not in _NOT_COPIED]


def _columns(table: str) -> Script[list[str]]:
    rows = yield sql("SELECT name FROM pragma_table_info($1) ORDER BY cid", table)
    return [name for (name,) in rows]


def _page(table: str, columns: list[str], after: int, limit: int) -> Script[list[Row]]:
    return (
        yield sql(
            f"SELECT rowid, {', '.join(columns)} FROM {table} WHERE rowid > $1 ORDER BY rowid LIMIT $2", after, limit
        )
    )


def _last_number() -> Script[int]:
    """The highest number that any generation ever had."""
    rows = yield sql("SELECT seq FROM sqlite_sequence WHERE name = 'generations'")
    return int(rows[0][0]) if rows else 0
