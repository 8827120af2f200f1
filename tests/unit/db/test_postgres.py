"""What only PostgreSQL can do to us; what every database does is in tests/contract/test_database.py."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

import servers
from cutter import Cut, Cutter, cutter
from reelway.db import postgres
from reelway.db.postgres import PostgresDatabase
from reelway.db.script import Row, Script, sql, tell
from reelway.errors import CommitUnknown, ConfigError, Overloaded


def ask(text: str, *args: int | str | float | None) -> Script[list[Row]]:
    return (yield sql(text, *args))


def put(id: int) -> Script[int]:
    yield sql("INSERT INTO t VALUES ($1, 'x')", id)
    return id


def ids() -> Script[list[int]]:
    rows = yield sql("SELECT id FROM t ORDER BY id")
    return [row[0] for row in rows]


@pytest.fixture
async def url(cluster: servers.Postgres) -> AsyncIterator[str]:
    async with servers.database(cluster) as url:
        yield url


@pytest.fixture
async def db(url: str) -> AsyncIterator[PostgresDatabase]:
    database = await PostgresDatabase.connect(url, most=3)
    await database.write(ask("CREATE TABLE t (id BIGINT PRIMARY KEY, x TEXT)"))
    yield database
    await database.aclose()


@pytest.fixture
async def wire(cluster: servers.Postgres) -> AsyncIterator[Cutter]:
    async with cutter(cluster.port) as wire:
        yield wire


@pytest.fixture
async def wired(
    db: PostgresDatabase, url: str, cluster: servers.Postgres, wire: Cutter
) -> AsyncIterator[PostgresDatabase]:
    """The database of `db`, by a wire that can be cut."""
    database = await PostgresDatabase.connect(url.replace(f":{cluster.port}/", f":{wire.port}/"), most=3)
    yield database
    await database.aclose()


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_PATIENCE_S", 0.2)


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[servers.Postgres]:
    """To be stopped and started at will."""
    with servers.postgres() as server:
        yield server


# -- at the start ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://reelway:hunter2@127.0.0.1:1/x", "cannot connect to 127.0.0.1:1"),
        ("postgresql://reelway:hunter2@no.host.invalid/x", "cannot connect to no.host.invalid:5432"),
        ("postgresql://reelway:hunter2@127.0.0.1:PORT/nothing", "has no database 'nothing'; make it with `createdb"),
        ("postgresql://nobody:hunter2@127.0.0.1:PORT/postgres", "refuses the user 'nobody'"),
        ("postgresql://reelway:hunter2@127.0.0.1:PORT/postgres?what=1", "what"),
        ("postgresql://reelway:hunter2/@127.0.0.1:PORT/postgres", "write %40, %3A, %2F"),
        ("postgresql://reelway:hunter2@127.0.0.1:99999/postgres", "is not like postgresql://"),
        ("mysql://reelway:hunter2@127.0.0.1:PORT/postgres", "is not like postgresql://"),
        ("hunter2", "is not like postgresql://"),
    ],
)
async def test_a_database_that_cannot_be_opened_says_what_to_mend(
    cluster: servers.Postgres, url: str, says: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        await PostgresDatabase.connect(url.replace("PORT", str(cluster.port)), most=3)
    assert says in caught.value.message
    assert "hunter2" not in caught.value.message


async def test_a_wrong_password_is_said_without_the_password(own_cluster: servers.Postgres) -> None:
    connection = await asyncpg.connect(own_cluster.url())
    await connection.execute("CREATE ROLE guarded LOGIN PASSWORD 'right'")
    rules = await connection.fetchval("SHOW hba_file")
    rule = "host all guarded 127.0.0.1/32 scram-sha-256"  # before the rules that let everybody in
    await connection.execute(f"COPY (SELECT '{rule}') TO PROGRAM 'cat - {rules} > {rules}.new; mv {rules}.new {rules}'")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.close()
    with pytest.raises(ConfigError, match="refuses the user 'guarded'") as caught:
        await PostgresDatabase.connect(f"postgresql://guarded:hunter2@127.0.0.1:{own_cluster.port}/postgres", most=3)
    assert "hunter2" not in caught.value.message


# -- sending together ------------------------------------------------------------------------


async def test_what_is_told_goes_with_the_next_question(db: PostgresDatabase) -> None:
    def story() -> Script[list[Row]]:
        for n in range(5):
            yield tell("INSERT INTO t VALUES ($1, $2)", n, "x")
        rows = yield sql("SELECT current_query()")
        yield tell("DELETE FROM t WHERE id = $1", 0)
        return rows

    ((query,),) = await db.write(story())
    assert query.count("INSERT INTO t") == 5
    assert await db.read(ids()) == [1, 2, 3, 4]


async def test_a_text_may_hold_what_postgresql_does_not_keep(db: PostgresDatabase) -> None:
    await db.write(ask("INSERT INTO t VALUES ($1, $2)", 1, "a\0b"))
    assert await db.read(ask("SELECT x FROM t WHERE x = $1", "a\0b")) == [("a\ufffdb",)]


# -- when it refuses -------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["53100", "53200", "53300", "40001", "40P01", "25006", "55P03", "58030", "57P01"])
async def test_what_may_go_better_later_is_overload_and_changes_nothing(db: PostgresDatabase, code: str) -> None:
    def refused() -> Script[None]:
        yield tell("INSERT INTO t VALUES (1, 'x')")
        yield sql(f"DO $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '{code}'; END $$")

    with pytest.raises(Overloaded, match="nothing was changed"):
        await db.write(refused())
    assert await db.read(ids()) == []


async def test_a_deadlock_fails_one_of_two_and_says_so(url: str, db: PostgresDatabase) -> None:
    other = await asyncpg.connect(url)
    await other.execute("INSERT INTO t VALUES (1, 'x'), (2, 'x')")

    def crossing() -> Script[None]:
        yield sql("UPDATE t SET x = 'ours' WHERE id = 1")
        yield sql("UPDATE t SET x = 'ours' WHERE id = 2")

    async with other.transaction():
        await other.execute("UPDATE t SET x = 'theirs' WHERE id = 2")
        ours = asyncio.create_task(db.write(crossing()))
        while not await other.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
        await other.execute("UPDATE t SET x = 'theirs' WHERE id = 1")
    with pytest.raises(Overloaded, match="Deadlock"):
        await ours
    await other.close()
    assert await db.read(ask("SELECT DISTINCT x FROM t")) == [("theirs",)]


async def test_an_error_in_the_sql_is_a_bug_and_no_overload(db: PostgresDatabase) -> None:
    for script in (ask("SELECT nothing"), ask("SELECT $1::BIGINT", "text"), ask("SELECT $1::BIGINT", 1, 2)):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
            await db.write(script)
    assert await db.read(ids()) == []


async def test_when_all_connections_are_busy_callers_are_told_to_come_back(
    url: str, db: PostgresDatabase, hurry: None
) -> None:
    other = await asyncpg.connect(url)
    await db.write(put(1))
    async with other.transaction():
        await other.execute("UPDATE t SET x = 'theirs' WHERE id = 1")
        waiting = [asyncio.create_task(db.write(ask("UPDATE t SET x = 'ours'"))) for _ in range(3)]
        while await other.fetchval("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted") < 3:
            await asyncio.sleep(0.01)
        with pytest.raises(Overloaded):
            await db.write(put(2))
        with pytest.raises(Overloaded):
            await db.read(ids())
    await asyncio.gather(*waiting)
    await other.close()
    assert await db.read(ids()) == [1]


# -- when the connection breaks --------------------------------------------------------------


async def test_a_commit_that_was_not_answered_is_not_called_a_failure(
    db: PostgresDatabase, wired: PostgresDatabase, wire: Cutter
) -> None:
    for id, when in ((1, Cut.BEFORE), (2, Cut.AFTER)):
        wire.cut_at(b"COMMIT", when)
        with pytest.raises(CommitUnknown, match="may or may not") as caught:
            await wired.write(put(id))
        assert caught.value.result == id
    assert wire.cuts == 2
    assert await db.read(ids()) == [2]
    assert await wired.write(put(3)) == 3


async def test_a_break_in_the_middle_changes_nothing_and_says_so(
    db: PostgresDatabase, wired: PostgresDatabase, wire: Cutter
) -> None:
    def two() -> Script[None]:
        yield sql("INSERT INTO t VALUES (1, 'x')")
        yield sql("UPDATE t SET x = 'y' WHERE id = 1 RETURNING 1")

    for when in Cut:
        wire.cut_at(b"UPDATE t", when)
        with pytest.raises(Overloaded, match="nothing was changed") as caught:
            await wired.write(two())
        assert not isinstance(caught.value, CommitUnknown)
    assert wire.cuts == 2
    assert await db.read(ids()) == []


async def test_a_break_before_anything_was_said_is_not_noticed(wired: PostgresDatabase, wire: Cutter) -> None:
    wire.cut_at(b"BEGIN", Cut.AFTER)
    assert await wired.write(put(1)) == 1
    wire.cut_at(b"SELECT id FROM t", Cut.AFTER)
    assert await wired.read(ids()) == [1]
    assert wire.cuts == 2
    wire.cut_all()
    assert await wired.scan(ids()) == [1]


async def test_a_server_that_stays_away_is_overload(wired: PostgresDatabase, wire: Cutter, hurry: None) -> None:
    wire.refuse()
    for call in (wired.write(put(1)), wired.read(ids()), wired.scan(ids())):
        with pytest.raises(Overloaded, match="cannot be reached"):
            await call


async def test_a_restart_of_the_server_is_sat_out(own_cluster: servers.Postgres) -> None:
    db = await PostgresDatabase.connect(own_cluster.url(), most=4)
    await db.write(ask("CREATE TABLE t (id BIGINT PRIMARY KEY, x TEXT)"))
    outcomes: dict[int, BaseException | int] = {}
    stop = asyncio.Event()

    async def writes(first: int) -> None:
        for id in range(first, first + 100_000):
            try:
                outcomes[id] = await db.write(put(id))
            except Overloaded as error:
                outcomes[id] = error
            if stop.is_set():
                return

    tasks = [asyncio.create_task(writes(n * 100_000)) for n in range(8)]
    for how in (signal.SIGQUIT, signal.SIGINT):
        seen = len(outcomes)
        while len(outcomes) < seen + 100:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(own_cluster.stop, how)
        await asyncio.to_thread(own_cluster.start)
    seen = len(outcomes)
    while len(outcomes) < seen + 100:
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.gather(*tasks)
    there = set(await db.read(ids()))
    unknown = {id for id, outcome in outcomes.items() if isinstance(outcome, CommitUnknown)}
    assert {id for id, outcome in outcomes.items() if outcome == id} == there - unknown
    assert sum(isinstance(outcome, Overloaded) for outcome in outcomes.values()) <= 16  # one a task and restart
    await db.aclose()


async def test_a_question_after_the_close_is_refused_at_once(url: str) -> None:
    db = await PostgresDatabase.connect(url, most=3)
    await db.aclose()
    with pytest.raises(Overloaded, match="stopping"):
        await db.read(ids())
