"""What only SQLite does; what every database does is in tests/contract/test_database.py."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reelway.db.migrate import POSTGRES, Migration, Spelling, spelled
from reelway.db.script import Script, sql
from reelway.db.sqlite import SqliteDatabase
from reelway.errors import ConfigError


def make_table() -> Script[None]:
    yield sql("CREATE TABLE t (id INTEGER PRIMARY KEY, x TEXT)")


def put(id: int) -> Script[None]:
    yield sql("INSERT INTO t VALUES ($1, $2)", id, "x" * 100)


def ids() -> Script[list[int]]:
    rows = yield sql("SELECT id FROM t ORDER BY id")
    return [row[0] for row in rows]


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.db").write_bytes(b"not a database at all, just words" * 40)
    with pytest.raises(ConfigError, match=r"t\.db is not a SQLite database"):
        SqliteDatabase(tmp_path / "t.db")


async def test_a_full_disk_refuses_and_keeps_what_was_there(tmp_path: Path) -> None:
    """RLIMIT_FSIZE makes the write fail the way a full disk does; run apart, as it holds for the whole process."""
    code = f"""
import asyncio, resource, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from reelway.errors import Overloaded
from test_sqlite import make_table, put, ids, SqliteDatabase, Path
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


def test_a_migration_is_spelled_for_its_database_and_loses_its_comments() -> None:
    shared = Migration(1, "0001_a.sql", "CREATE TABLE a (x SERIAL_KEY, y TEXT); -- TEXT; why\n", None)
    assert spelled(shared, Spelling("one", {"SERIAL_KEY": "INT"})) == "CREATE TABLE a (x INT, y TEXT); \n"
    own = Migration(2, "0002_b.postgres.sql", "SELECT 'SERIAL_KEY'", "postgres")
    assert spelled(own, POSTGRES) == own.text
