"""The writer commits together and fails apart."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reelway.db.migrate import SQLITE_WORDS, migrate, migrations, statements
from reelway.db.script import Script, sql
from reelway.db.sqlite import SqliteDatabase
from reelway.errors import ConfigError, NotFound, Overloaded


def make_table() -> Script[None]:
    yield sql("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")


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


@pytest.fixture
async def db(tmp_path: Path):
    database = SqliteDatabase(tmp_path / "t.db")
    await database.write(make_table())
    yield database
    await database.aclose()


async def test_a_script_that_raises_leaves_nothing_and_disturbs_no_other(db: SqliteDatabase) -> None:
    scripts = [put(i, then=NotFound("no") if i % 3 == 0 else None) for i in range(30)]
    results = await asyncio.gather(*(db.write(s) for s in scripts), return_exceptions=True)
    assert [isinstance(r, NotFound) for r in results] == [i % 3 == 0 for i in range(30)]
    assert await db.read(ids()) == [i for i in range(30) if i % 3]


async def test_a_sql_error_belongs_to_its_own_script(db: SqliteDatabase) -> None:
    results = await asyncio.gather(db.write(put(1)), db.write(put(1)), db.write(put(2)), return_exceptions=True)
    assert [isinstance(r, Exception) for r in results] == [False, True, False]
    assert await db.scan(ids()) == [1, 2]


async def test_what_a_cancelled_caller_wrote_is_kept_whole_or_not_at_all(db: SqliteDatabase) -> None:
    task = asyncio.create_task(db.write(put(1)))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await db.write(put(2))
    assert await db.read(ids()) in ([1, 2], [2])


async def test_placeholders_are_numbered_not_counted(db: SqliteDatabase) -> None:
    def swapped() -> Script[tuple[str, str]]:
        rows = yield sql("SELECT $2, $1", "a", "b")
        return rows[0]  # type: ignore[return-value]

    assert await db.read(swapped()) == ("b", "a")


async def test_writes_after_close_are_refused_as_overload(tmp_path: Path) -> None:
    db = SqliteDatabase(tmp_path / "t.db")
    await db.aclose()
    with pytest.raises(Overloaded, match="stopping"):
        await db.write(make_table())


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.db").write_bytes(b"not a database at all, just words" * 40)
    with pytest.raises(ConfigError, match=r"t\.db is not a SQLite database"):
        SqliteDatabase(tmp_path / "t.db")


async def test_a_full_disk_refuses_and_keeps_what_was_there(tmp_path: Path) -> None:
    """RLIMIT_FSIZE makes the write fail the way a full disk does; run apart, as it holds for the whole process."""
    code = f"""
import asyncio, resource, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_sqlite import make_table, put, ids, SqliteDatabase, Path, Overloaded
async def main():
    db = SqliteDatabase(Path({str(tmp_path / "t.db")!r}))
    await db.write(make_table())
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
    kept = 0
    for i in range(2000):
        try:
            await db.write(put(i)); kept += 1
        except Overloaded as e:
            print("refused", e.message); break
    assert await db.read(ids()) == list(range(kept)), "a refused write left something"
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await db.write(put(5000)); kept += 1
    assert len(await db.read(ids())) == kept
    await db.aclose(); print("ok", kept)
asyncio.run(main())
"""
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "refused" in done.stdout
    assert "nothing was changed" in done.stdout
    assert "ok" in done.stdout


def test_an_answered_write_survives_kill_9(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_sqlite import make_table, put, SqliteDatabase, Path
async def main():
    db = SqliteDatabase(Path({str(tmp_path / "t.db")!r}))
    await db.write(make_table())
    async def one(i):
        await db.write(put(i)); print(i, flush=True)
    for start in range(0, 100000, 50):
        await asyncio.gather(*(one(i) for i in range(start, start + 50)))
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(500)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().split("\n")[:-1] if line]

    async def survivors() -> list[int]:
        db = SqliteDatabase(tmp_path / "t.db")
        try:
            return await db.read(ids())
        finally:
            await db.aclose()

    assert set(acknowledged) <= set(asyncio.run(survivors()))


async def test_migrations_are_applied_once(tmp_path: Path) -> None:
    db = SqliteDatabase(tmp_path / "t.db")
    names = [m.name for m in migrations()]
    assert await db.write(migrate(SQLITE_WORDS, 0)) == names
    assert await db.write(migrate(SQLITE_WORDS, 0)) == []
    await db.aclose()


async def test_a_database_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    db = SqliteDatabase(tmp_path / "t.db")
    await db.write(migrate(SQLITE_WORDS, 0))

    def from_the_future() -> Script[None]:
        yield sql("INSERT INTO migrations VALUES (999, '0999_later.sql', 0)")

    await db.write(from_the_future())
    with pytest.raises(ConfigError, match="newer Reelway"):
        await db.write(migrate(SQLITE_WORDS, 0))
    await db.aclose()


def test_migrations_are_split_at_semicolons_and_lose_their_comments() -> None:
    assert statements("CREATE TABLE a (x SERIAL_KEY); -- why; indeed\n\nDROP b;", {"SERIAL_KEY": "INT"}) == [
        "CREATE TABLE a (x INT)",
        "DROP b",
    ]
