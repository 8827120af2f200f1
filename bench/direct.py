"""Creates and status reads without HTTP, and their SQL on a bare apsw connection: `python -m bench.direct`.

JSON in: {"what": "create" or "status", "folder", "seconds", "tasks", "recorded"}; rates a second out. With "create on
PostgreSQL" come "database" and "tenants" instead of "recorded": only the creates, by so many customers in turn.

The bare writer is what SQLite itself can do: it replays the very statements that the creates ran, recorded through the
public `open_db` seam, with their arguments, in one thread that does nothing else, `tasks` creates to a commit, with the
same pragmas (WAL, synchronous=FULL). It has no savepoints, no queue, no event loop and no Python between statements.
"""

import asyncio
import json
import os
import random
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import orjson
import uvloop

from bench.serve import open_workspace, settings_for
from bench.tenants import keys
from bench.wire import PROMPT
from reelway.accounts.keys import Caller, authenticate
from reelway.api.dialects.openai.video import video_object
from reelway.app import Part, Reelway, build, open_database
from reelway.db.base import Database
from reelway.db.script import Script, Statement, run_script
from reelway.db.sqlite import connect, execute_on
from reelway.domain.generation import Dialect, Generation, GenerationRequest, Mode
from reelway.generations import store
from reelway.generations.create import Submission
from reelway.kit import logs
from reelway.kit.clock import Clock
from reelway.settings import Settings

T = TypeVar("T")
Transaction = list[Statement]


class RecordingDatabase:
    """Passes everything on and keeps the statements of every write."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.recorded: list[Transaction] = []

    async def write(self, script: Script[T]) -> T:
        kept: Transaction = []
        result = await self._inner.write(_keeping(script, kept))
        self.recorded.append(kept)
        return result

    async def read(self, script: Script[T]) -> T:
        return await self._inner.read(script)

    async def scan(self, script: Script[T]) -> T:
        return await self._inner.scan(script)

    async def aclose(self) -> None:
        await self._inner.aclose()


def _keeping(script: Script[T], kept: Transaction) -> Script[T]:
    try:
        statement = next(script)
        while True:
            kept.append(statement)
            statement = script.send((yield statement))
    except StopIteration as stop:
        result: T = stop.value
        return result


def _answer(g: Generation, available_microusd: int) -> bytes:
    return orjson.dumps(video_object(g, preview=False, progress_source=None))


def _submission(number: int) -> Submission:
    return Submission(
        request=GenerationRequest(model="instant", mode=Mode.TEXT_TO_VIDEO, prompt=PROMPT),
        dialect=Dialect.OPENAI,
        family="v1",
        echo={},
        base_url="http://127.0.0.1:8080",
        idempotency_key=f"direct-{os.getpid()}-{number}",
        request_hash=f"{number:064d}",
    )


async def _create_many(
    reelway: Reelway, callers: Sequence[Caller], tasks: int, *, seconds: float = 0.0, count: int = 0
) -> tuple[int, float]:
    """How many, and in which time: `tasks` at once, each again as soon as it is answered."""
    made, started = 0, time.perf_counter()

    async def keep_creating() -> None:
        nonlocal made
        while made < count if count else time.perf_counter() - started < seconds:
            made += 1
            await reelway.services.creator.create(callers[made % len(callers)], _submission(made), _answer)

    await asyncio.gather(*(keep_creating() for _ in range(tasks)))
    return made, time.perf_counter() - started


async def measure_create(folder: Path, *, seconds: float, tasks: int, recorded: int) -> dict[str, float]:
    """Without HTTP, then the bare writer."""
    reelway = await build(settings_for(folder / "direct"))
    caller, _ = await open_workspace(reelway)
    made, took = await _create_many(reelway, [caller], tasks, seconds=seconds)
    await reelway.stop()
    transactions = await _record(folder, tasks, recorded)
    return {
        "direct_per_s": made / took,
        "bare_per_s": _replay(folder / "bare.db", transactions, tasks),
        "bare_single_per_s": _replay(folder / "bare-single.db", transactions, 1),
        "statements": len(transactions[0]),
    }


async def measure_create_on_postgres(
    folder: Path, database: str, *, seconds: float, tasks: int, tenants: int
) -> dict[str, float]:
    """Without HTTP."""
    reelway = await build(settings_for(folder / "direct", database=database), part=Part.API)
    callers = [await reelway.db.read(authenticate(key)) for key in keys(tenants)]
    random.Random(0).shuffle(callers)
    made, took = await _create_many(reelway, callers, tasks, seconds=seconds)
    await reelway.stop()
    return {"direct_per_s": made / took}


async def _record(folder: Path, tasks: int, count: int) -> list[Transaction]:
    """The writes of `count` creates; bare.db and bare-single.db are the database as it was before them."""
    made: list[RecordingDatabase] = []

    async def open_db(settings: Settings, clock: Clock) -> Database:
        made.append(RecordingDatabase(await open_database(settings, clock)))
        return made[0]

    data = folder / "recorded"
    before = await build(settings_for(data))
    caller, _ = await open_workspace(before)
    await before.stop()  # closes the database: all of it is in the one file
    for copy in ("bare.db", "bare-single.db"):
        shutil.copyfile(data / "reelway.db", folder / copy)
    reelway = await build(settings_for(data), open_db=open_db)
    made[0].recorded.clear()
    await _create_many(reelway, [caller], tasks, count=count)
    transactions, made[0].recorded = made[0].recorded, []
    await reelway.stop()
    return transactions


def _replay(path: Path, transactions: list[Transaction], to_a_commit: int) -> float:
    """Transactions a second of one connection."""
    connection = connect(path)
    execute = execute_on(connection)
    if to_a_commit == 1:
        transactions = transactions[: max(len(transactions) // 8, 1)]  # an fsync each: the rest would say the same
    started = time.perf_counter()
    for first in range(0, len(transactions), to_a_commit):
        connection.execute("BEGIN IMMEDIATE")
        for transaction in transactions[first : first + to_a_commit]:
            for statement in transaction:
                execute(statement)
        connection.execute("COMMIT")
    took = time.perf_counter() - started
    connection.close()
    return len(transactions) / took


async def measure_status(folder: Path, *, seconds: float) -> dict[str, float]:
    """Queries.get without HTTP, and its two SELECTs on a bare connection."""
    reelway = await build(settings_for(folder / "direct-status"))
    caller, key = await open_workspace(reelway)
    await _create_many(reelway, [caller], 8, count=64)
    page, _ = await reelway.services.queries.page(caller, after=None, limit=64, newest_first=True)
    ids = [g.id for g in page]
    started, read = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        read += 1
        signed_in = await reelway.db.read(authenticate(key))
        await reelway.services.queries.get(signed_in, ids[read % len(ids)])
    direct = read / (time.perf_counter() - started)

    connection = connect(folder / "direct-status" / "reelway.db")
    execute = execute_on(connection)
    asked = [_statements(execute, key, caller, id) for id in ids]
    started, read = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        read += 1
        for statement in asked[read % len(asked)]:
            execute(statement)
    bare = read / (time.perf_counter() - started)
    connection.close()
    await reelway.stop()
    return {"direct_per_s": direct, "bare_per_s": bare}


def _statements(execute: Any, key: str, caller: Caller, id: str) -> Transaction:
    kept: Transaction = []
    run_script(_keeping(authenticate(key), kept), execute)
    run_script(_keeping(store.of_workspace(caller.workspace_id, id), kept), execute)
    return kept


def main() -> None:
    """JSON in, JSON out."""
    asked = json.load(sys.stdin)
    folder = Path(asked["folder"])
    logs.configure(level="warning")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        match asked["what"]:
            case "create":
                numbers = {name: asked[name] for name in ("seconds", "tasks", "recorded")}
                answer = runner.run(measure_create(folder, **numbers))
            case "create on PostgreSQL":
                numbers = {name: asked[name] for name in ("seconds", "tasks", "tenants")}
                answer = runner.run(measure_create_on_postgres(folder, asked["database"], **numbers))
            case "status":
                answer = runner.run(measure_status(folder, seconds=asked["seconds"]))
            case other:
                sys.exit(f"nothing is called {other!r}")
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
