"""What every database driver does, once for each."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

import servers
from reelway.db.base import Database
from reelway.db.migrate import POSTGRES, SQLITE, Spelling, migrate, migrations
from reelway.db.postgres import PostgresDatabase
from reelway.db.script import Row, Script, sql, tell
from reelway.db.sqlite import SqliteDatabase
from reelway.errors import ConfigError, Conflict, NotFound, Overloaded

Open: TypeAlias = Callable[[], Awaitable[Database]]

SPELLINGS = {"sqlite": SQLITE, "postgres": POSTGRES}


@pytest.fixture(params=SPELLINGS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def spelling(kind: str) -> Spelling:
    return SPELLINGS[kind]


@pytest.fixture
async def url(kind: str, cluster: servers.Postgres) -> AsyncIterator[str]:
    async with servers.database(cluster) as url:
        yield url


@pytest.fixture
def open_db(kind: str, url: str, tmp_path: Path) -> Open:
    """Opens the same database each time, as another process would."""

    async def opened() -> Database:
        if kind == "sqlite":
            return SqliteDatabase(tmp_path / "t.db")
        return await PostgresDatabase.connect(url, most=4)

    return opened


@pytest.fixture
async def db(open_db: Open) -> AsyncIterator[Database]:
    database = await open_db()
    await database.write(make_table())
    yield database
    await database.aclose()


def make_table() -> Script[None]:
    yield sql("CREATE TABLE t (id BIGINT PRIMARY KEY, x TEXT)")


def put(id: int, *, then: Exception | None = None) -> Script[int]:
    yield sql("INSERT INTO t VALUES ($1, $2)", id, "x" * 100)
    if then is not None:
        raise then
    rows = yield sql("SELECT COUNT(*) FROM t")
    count: int = rows[0][0]
    return count


def ids() -> Script[list[int]]:
    rows = yield sql("SELECT id FROM t ORDER BY id")
    return [row[0] for row in rows]


def ask(text: str, *args: int | str | float | bytes | None) -> Script[list[Row]]:
    return (yield sql(text, *args))


async def test_a_script_that_raises_leaves_nothing_and_disturbs_no_other(db: Database) -> None:
    scripts = [put(i, then=NotFound("no") if i % 3 == 0 else None) for i in range(30)]
    results = await asyncio.gather(*(db.write(s) for s in scripts), return_exceptions=True)
    assert [isinstance(r, NotFound) for r in results] == [i % 3 == 0 for i in range(30)]
    assert await db.read(ids()) == [i for i in range(30) if i % 3]


async def test_a_statement_that_fails_fails_its_own_script_only(db: Database) -> None:
    results = await asyncio.gather(db.write(put(1)), db.write(put(1)), db.write(put(2)), return_exceptions=True)
    assert sorted(type(r) for r in results if isinstance(r, Exception)) == [Conflict]
    with pytest.raises(Exception, match="nonsense"):
        await db.write(ask("SELECT nonsense FROM t"))
    assert await db.scan(ids()) == [1, 2]


async def test_what_is_told_is_done_in_its_place(db: Database) -> None:
    def story() -> Script[list[Row]]:
        for id in range(40):
            yield tell("INSERT INTO t VALUES ($1, $2)", id, "new")
        yield tell("UPDATE t SET x = $2 WHERE id >= $1", 10, "changed")
        yield tell("DELETE FROM t WHERE id >= $1", 20)
        rows = yield sql("SELECT x, COUNT(*) FROM t GROUP BY x ORDER BY x")
        yield tell("DELETE FROM t WHERE x = $1", "new")
        return rows

    assert await db.write(story()) == [("changed", 10), ("new", 10)]
    assert await db.read(ids()) == list(range(10, 20))


async def test_what_is_told_fails_the_whole_script(db: Database) -> None:
    def twice() -> Script[None]:
        yield tell("INSERT INTO t VALUES ($1, $2)", 1, "first")
        yield tell("INSERT INTO t VALUES ($1, $2)", 1, "second")

    with pytest.raises(Conflict):
        await db.write(twice())
    assert await db.read(ids()) == []


async def test_values_come_back_as_they_went_in(db: Database) -> None:
    def types() -> Script[list[Row]]:
        yield sql("CREATE TABLE v (i BIGINT, s TEXT, n TEXT)")
        yield tell("INSERT INTO v VALUES ($1, $2, $3)", 2**53, "π\n'", None)
        yield tell("INSERT INTO v VALUES ($1, $2, $3)", -(2**62), "", None)
        return (yield sql("SELECT i, s, n FROM v ORDER BY i"))

    rows = await db.write(types())
    assert rows == [(-(2**62), "", None), (2**53, "π\n'", None)]
    assert all(type(row) is tuple for row in rows)
    ((total,),) = await db.read(ask("SELECT SUM(i) FROM v WHERE i > 0"))
    assert (total, type(total)) == (2**53, int)
    assert await db.read(ask("SELECT SUM(i) FROM v WHERE i = 0")) == [(None,)]


async def test_placeholders_are_numbered_not_counted(db: Database) -> None:
    assert await db.read(ask("SELECT $2, $1", "a", "b")) == [("b", "a")]


async def test_what_a_cancelled_caller_wrote_is_kept_whole_or_not_at_all(db: Database) -> None:
    def both(id: int) -> Script[None]:
        yield sql("INSERT INTO t VALUES ($1, 'one')", id)
        yield sql("INSERT INTO t VALUES ($1, 'two')", -id)

    tasks = [asyncio.create_task(db.write(both(id))) for id in range(1, 41)]
    tasks += [asyncio.create_task(db.read(ids())) for _ in range(20)]  # type: ignore[arg-type]
    tasks += [asyncio.create_task(db.scan(ids())) for _ in range(20)]  # type: ignore[arg-type]
    for n, task in enumerate(tasks):
        for _ in range(n % 7):
            await asyncio.sleep(0)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    results = await asyncio.gather(*(db.write(put(id)) for id in range(101, 121)))
    assert len(results) == 20
    written = await db.read(ids())
    assert {-id for id in written if id < 0} == {id for id in written if 0 < id < 100}


async def test_a_read_sees_the_newest_and_a_scan_one_moment(db: Database, open_db: Open) -> None:
    async def elsewhere(id: int) -> None:
        other = await open_db()
        await other.write(put(id))
        await other.aclose()

    def counts(first_id: int) -> Script[list[int]]:
        seen = []
        for id in (first_id, first_id + 1):
            rows = yield sql("SELECT COUNT(*) FROM t")
            seen.append(rows[0][0])
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, elsewhere(id)).result()
        return seen

    assert await db.read(counts(1)) == [0, 1]
    assert await db.scan(counts(3)) == [2, 2]
    assert await db.scan(ids()) == [1, 2, 3, 4]


async def test_migrations_are_applied_once_however_many_start_together(open_db: Open, spelling: Spelling) -> None:
    async with AsyncExitStack() as stack:
        opened = [await open_db() for _ in range(5)]
        for db in opened:
            stack.push_async_callback(db.aclose)
        applied = await asyncio.gather(*(db.write(migrate(spelling, 0)) for db in opened))
        assert sorted(applied, key=len) == [[], [], [], [], [m.name for m in migrations()]]
        assert await opened[0].write(migrate(spelling, 0)) == []


async def test_a_database_of_a_newer_version_is_not_touched(open_db: Open, spelling: Spelling) -> None:
    db = await open_db()
    await db.write(migrate(spelling, 0))
    await db.write(ask("INSERT INTO migrations VALUES (999, '0999_later.sql', 0)"))
    with pytest.raises(ConfigError, match="newer Reelway"):
        await db.write(migrate(spelling, 0))
    await db.aclose()


async def test_what_was_begun_is_finished_before_it_closes(db: Database, open_db: Open) -> None:
    writes = [asyncio.create_task(db.write(put(id))) for id in range(20)]
    await asyncio.sleep(0)
    await db.aclose()
    await asyncio.gather(*writes)
    with pytest.raises(Overloaded, match="stopping"):
        await db.write(put(99))
    await db.aclose()  # again changes nothing
    again = await open_db()
    assert await again.read(ids()) == list(range(20))
    await again.aclose()
