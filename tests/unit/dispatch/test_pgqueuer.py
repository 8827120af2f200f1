"""What only many workers on one PostgreSQL can show; the rest is in the contract suite."""

import asyncio
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from typing import Any

import pytest
from pgqueuer.adapters.persistence.schema_ddl import render_install

from reelway.db.base import Database
from reelway.db.migrate import POSTGRES, migrate
from reelway.db.postgres import PostgresDatabase
from reelway.db.script import Script, sql
from reelway.dispatch.base import Done, Entry, Lane, Later, Outcome, Topic
from reelway.dispatch.pgqueuer import PgQueuerDispatch
from reelway.dispatch.pgqueuer_sql import SETTINGS, TIDY, TURN_MAX
from reelway.dispatch.pgqueuer_worker import Manager
from reelway.kit.clock import SystemClock
from servers import Postgres, database, postgres

LANE = "generation:p"
FAR_S = 3600.0
LOST_S = 2.0


def entry(subject: str, *, lane: str = LANE, owner: str = "w", due_at: int = 0) -> Entry:
    return Entry(topic=Lane(lane, 1).topic, subject=subject, lane=lane, owner=owner, due_at=due_at)


async def ask(db: Database, text: str, *args: Any) -> list[tuple[Any, ...]]:
    def script() -> Script[list[tuple[Any, ...]]]:
        return (yield sql(text, *args))

    return await db.write(script())


async def rows(db: Database) -> list[tuple[Any, ...]]:
    return await ask(db, "SELECT status::text, queue_manager_id FROM pgqueuer ORDER BY id")


async def until(holds: Callable[[], Awaitable[bool] | bool], within_s: float = 15) -> None:
    async with asyncio.timeout(within_s):
        while True:
            held = holds()
            if held if isinstance(held, bool) else await held:
                return
            await asyncio.sleep(0.01)


class Bench:
    """Handlers that stay inside until they are told how to end."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self.begun: list[str] = []
        self.ended: list[str] = []
        self._outcomes: asyncio.Queue[Outcome] = asyncio.Queue()

    async def __call__(self, subject: str) -> Outcome:
        self.inside.append(subject)
        self.begun.append(subject)
        try:
            return await self._outcomes.get()
        finally:
            self.inside.remove(subject)
            self.ended.append(subject)

    def end(self, outcome: Outcome) -> None:
        self._outcomes.put_nowait(outcome)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[PostgresDatabase]:
    opened = await PostgresDatabase.connect(database_url, most=16)
    yield opened
    await opened.aclose()


@pytest.fixture
async def workers(database_url: str) -> AsyncIterator[Callable[..., Awaitable[PgQueuerDispatch]]]:
    """Starts workers on the test's database, and stops them."""
    started: list[PgQueuerDispatch] = []

    async def start(
        handler: Callable[[str], Awaitable[Outcome]], *lanes: Lane, in_flight_max: int = 1000
    ) -> PgQueuerDispatch:
        dispatch = PgQueuerDispatch(database_url, SystemClock(), in_flight_max=in_flight_max, lost_s=LOST_S)
        started.append(dispatch)
        await dispatch.start({Topic.GENERATION: handler, Topic.DELIVERY: handler}, lanes or [Lane(LANE, 8)])
        return dispatch

    yield start
    for dispatch in started:
        await dispatch.stop()


async def die(dispatch: PgQueuerDispatch) -> None:
    """All that a worker does ends in the middle, as by kill -9: nothing is given back."""
    worker = dispatch._worker
    assert worker is not None
    tasks = [worker._running, *worker._helping, *(held.task for held in worker._places.held.values())]
    for task in tasks:
        if task is not None:
            task.cancel()
    await asyncio.gather(*(task for task in tasks if task is not None), return_exceptions=True)
    await worker._line.hang_up()
    dispatch._worker = None


async def pause(dispatch: PgQueuerDispatch) -> None:
    """A worker that claims nothing and says nothing, as by SIGSTOP, with its handlers still in the middle."""
    worker = dispatch._worker
    assert worker is not None
    worker._manager.shutdown.set()
    beat = next(task for task in worker._helping if task.get_name() == "dispatch beat")
    beat.cancel()
    with suppress(asyncio.CancelledError):
        await beat


async def test_two_workers_keep_the_limit_of_a_lane_together(db: PostgresDatabase, workers: Any) -> None:
    inside = most = 0
    ended: Counter[str] = Counter()
    by: Counter[str] = Counter()

    def handler(name: str) -> Callable[[str], Awaitable[Outcome]]:
        async def slow(subject: str) -> Outcome:
            nonlocal inside, most
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1
            ended[subject] += 1
            by[name] += 1
            return Done()

        return slow

    first = await workers(handler("first"), Lane(LANE, 5))
    second = await workers(handler("second"), Lane(LANE, 5))
    for number in range(200):
        await db.write(first.enqueue(entry(f"a{number}")))
        first.wake(Topic.GENERATION, f"a{number}")
    await until(lambda: ended.total() >= 100)
    busier = by.most_common(1)[0][0]  # who is quicker may have had all of them
    {"first": first, "second": second}[busier].drain()
    await until(lambda: ended.total() >= 200)
    assert most <= 5
    assert set(ended.values()) == {1}
    assert len(by) == 2


async def test_a_worker_takes_no_more_than_it_has_places_for(db: PostgresDatabase, workers: Any) -> None:
    engine, followed = Lane("generation:engine", 1, per_worker=True), Lane(LANE, 10)
    bench = Bench()
    first = await workers(bench, engine, followed, in_flight_max=3)
    for number in range(5):
        await db.write(first.enqueue(entry(f"e{number}", lane=engine.name)))
        await db.write(first.enqueue(entry(f"f{number}")))
    first.wake(Topic.GENERATION, "e0")
    await until(lambda: len(bench.inside) >= 4)
    await asyncio.sleep(0.1)
    assert Counter(subject[0] for subject in bench.inside) == {"e": 1, "f": 3}
    assert Counter(status for status, _ in await rows(db)) == {"picked": 4, "queued": 6}
    other = Bench()
    await workers(other, engine, followed, in_flight_max=1)
    await until(lambda: len(other.inside) >= 2)
    assert Counter(subject[0] for subject in other.inside) == {"e": 1, "f": 1}


async def test_lanes_that_a_worker_does_not_know_are_left_alone(db: PostgresDatabase, workers: Any) -> None:
    bench = Bench()
    dispatch = await workers(bench)
    await db.write(dispatch.enqueue(entry("other", lane="generation:other")))
    await db.write(dispatch.enqueue(entry("own")))
    dispatch.wake(Topic.GENERATION, "own")
    await until(lambda: bench.begun == ["own"])
    assert Counter(status for status, _ in await rows(db)) == {"picked": 1, "queued": 1}


async def test_what_a_dead_worker_had_is_taken_over(db: PostgresDatabase, workers: Any) -> None:
    dead, heir = Bench(), Bench()
    first = await workers(dead)
    await db.write(first.enqueue(entry("a")))
    first.wake(Topic.GENERATION, "a")
    await until(lambda: dead.begun == ["a"])
    await die(first)
    await workers(heir)
    await asyncio.sleep(LOST_S / 2)
    assert heir.begun == []
    await until(lambda: heir.begun == ["a"])
    heir.end(Done())

    async def nothing_is_left() -> bool:
        return await rows(db) == []

    await until(nothing_is_left)


async def test_a_worker_that_drains_keeps_what_it_has_while_it_lives(db: PostgresDatabase, workers: Any) -> None:
    alive, other = Bench(), Bench()
    first = await workers(alive)
    await db.write(first.enqueue(entry("a")))
    first.wake(Topic.GENERATION, "a")
    await until(lambda: alive.begun == ["a"])
    first.drain()
    await workers(other)
    await asyncio.sleep(LOST_S * 1.5 + 1)
    assert other.begun == []


@pytest.mark.parametrize("outcome", [Done(), Later(0), Later(FAR_S)], ids=["done", "again", "later"])
async def test_a_worker_that_slept_through_a_takeover_changes_nothing(
    db: PostgresDatabase, workers: Any, outcome: Outcome
) -> None:
    asleep, heir = Bench(), Bench()
    first = await workers(asleep)
    await db.write(first.enqueue(entry("a")))
    first.wake(Topic.GENERATION, "a")
    await until(lambda: asleep.begun == ["a"])
    await pause(first)
    second = await workers(heir)
    await until(lambda: heir.begun == ["a"])
    before = await rows(db)
    asleep.end(outcome)
    await until(lambda: asleep.ended == ["a"])
    await first._worker._returns.written()
    assert await rows(db) == before == [("picked", second._worker._manager.queue_manager_id)]
    await first.stop()
    assert await rows(db) == before
    heir.end(Later(FAR_S))

    async def put_back() -> bool:
        return await rows(db) == [("queued", None)]

    await until(put_back)


async def test_stop_gives_everything_back_at_once(db: PostgresDatabase, workers: Any) -> None:
    bench = Bench()
    dispatch = await workers(bench)
    for number in range(20):
        await db.write(dispatch.enqueue(entry(f"a{number}")))
    dispatch.wake(Topic.GENERATION, "a0")
    await until(lambda: len(bench.inside) == 8)
    await dispatch.stop()
    assert set(await rows(db)) == {("queued", None)}
    assert bench.inside == []


async def test_a_wake_reaches_what_another_process_put_off(
    db: PostgresDatabase, workers: Any, database_url: str
) -> None:
    bench = Bench()
    dispatch = await workers(bench)
    await db.write(dispatch.enqueue(entry("a")))
    dispatch.wake(Topic.GENERATION, "a")
    await until(lambda: bench.begun == ["a"])
    bench.end(Later(FAR_S))

    async def put_off() -> bool:
        return await rows(db) == [("queued", None)]

    await until(put_off)
    api = PgQueuerDispatch(database_url, SystemClock(), in_flight_max=1, lost_s=LOST_S)
    api.wake(Topic.GENERATION, "a")
    await until(lambda: bench.begun == ["a", "a"])
    await api.stop()


async def test_what_is_enqueued_is_found_without_a_wake(db: PostgresDatabase, workers: Any) -> None:
    bench = Bench()
    dispatch = await workers(bench)
    await db.write(dispatch.enqueue(entry("a")))
    await until(lambda: bench.begun == ["a"])


async def test_nothing_is_logged(db: PostgresDatabase, workers: Any) -> None:
    bench = Bench()
    dispatch = await workers(bench)
    for number in range(3):
        await db.write(dispatch.enqueue(entry(f"a{number}")))
        bench.end(Done())
    await until(lambda: len(bench.ended) == 3)
    assert await ask(db, "SELECT (SELECT count(*) FROM pgqueuer_log), (SELECT count(*) FROM pgqueuer_statistics)") == [
        (0, 0)
    ]


async def test_leaving_out_pgqueuers_own_care_for_each_job_is_only_quicker(
    db: PostgresDatabase, workers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should another PgQueuer not ask us, it changes no row behind our back."""
    monkeypatch.delattr(Manager, "_dispatch")
    bench = Bench()
    dispatch = await workers(bench)
    await db.write(dispatch.enqueue(entry("a")))
    await until(lambda: bench.begun == ["a"])
    bench.end(Later(FAR_S))

    async def is_put_off() -> bool:
        return await rows(db) == [("queued", None)]

    await until(is_put_off)
    await asyncio.sleep(0.3)
    assert await is_put_off()
    bench.end(Done())
    dispatch.wake(Topic.GENERATION, "a")

    async def nothing_is_left() -> bool:
        return await rows(db) == []

    await until(nothing_is_left)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["restart", "crash"])
async def test_work_goes_on_when_the_server_comes_back(how: signal.Signals) -> None:
    async with own_server() as (server, url):
        db = await PostgresDatabase.connect(url, most=4)
        await db.write(migrate(POSTGRES, 0))
        inside: Counter[str] = Counter()
        ended: Counter[str] = Counter()
        double: list[str] = []

        async def slow(subject: str) -> Outcome:
            inside[subject] += 1
            if inside[subject] > 1:
                double.append(subject)
            await asyncio.sleep(0.3)
            inside[subject] -= 1
            ended[subject] += 1
            return Done()

        dispatch = PgQueuerDispatch(url, SystemClock(), in_flight_max=10, lost_s=LOST_S)
        await dispatch.start({Topic.GENERATION: slow}, [Lane(LANE, 10)])
        for number in range(30):
            await db.write(dispatch.enqueue(entry(f"a{number}")))
        dispatch.wake(Topic.GENERATION, "a0")
        await until(lambda: ended.total() >= 10)
        await asyncio.to_thread(server.stop, how)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(server.start)
        await db.write(dispatch.enqueue(entry("after")))

        async def nothing_is_left() -> bool:
            return await rows(db) == []

        await until(nothing_is_left, 30)
        assert set(ended) == {f"a{number}" for number in range(30)} | {"after"}
        assert double == []
        await dispatch.stop()
        await db.aclose()


@asynccontextmanager
async def own_server() -> AsyncIterator[tuple[Postgres, str]]:
    manager = postgres()
    server = await asyncio.to_thread(manager.__enter__)
    try:
        async with database(server) as url:
            yield server, url
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


async def test_an_owner_takes_one_turn_after_the_other_whoever_enqueues(
    db: PostgresDatabase, database_url: str
) -> None:
    dispatch = PgQueuerDispatch(database_url, SystemClock(), in_flight_max=1, lost_s=LOST_S)
    owners = [f"w{number % 4}" for number in range(80)]
    await asyncio.gather(
        *(db.write(dispatch.enqueue(entry(f"a{number}", owner=owner))) for number, owner in enumerate(owners))
    )
    found = await ask(db, "SELECT headers->>'owner', $1 - priority::bigint FROM pgqueuer", TURN_MAX)
    for owner in set(owners):
        assert sorted(turn for who, turn in found if who == owner) == list(range(1, 21))


async def test_who_comes_later_joins_at_the_turn_that_is_served(db: PostgresDatabase, workers: Any) -> None:
    bench = Bench()
    dispatch = await workers(bench, Lane(LANE, 3))
    for number in range(5):
        await db.write(dispatch.enqueue(entry(f"many{number}", owner="many")))
    await until(lambda: len(bench.begun) == 3)
    await db.write(dispatch.enqueue(entry("few", owner="few")))
    ((turn,),) = await ask(db, "SELECT $1 - priority::bigint FROM pgqueuer WHERE headers->>'owner' = 'few'", TURN_MAX)
    assert turn == 4


async def test_a_lane_with_nothing_left_begins_anew(db: PostgresDatabase, database_url: str) -> None:
    dispatch = PgQueuerDispatch(database_url, SystemClock(), in_flight_max=1, lost_s=LOST_S)
    for subject, lane in (("a", LANE), ("b", LANE), ("c", "generation:other")):
        await db.write(dispatch.enqueue(entry(subject, lane=lane)))
    await ask(db, "INSERT INTO dispatch_lanes VALUES ($1, 1), ('generation:other', 1) RETURNING 1", LANE)
    await ask(db, "DELETE FROM pgqueuer WHERE entrypoint <> $1 RETURNING 1", LANE)
    await ask(db, TIDY)
    assert await ask(db, "SELECT lane, turn FROM dispatch_turns") == [(LANE, 2)]
    assert await ask(db, "SELECT lane FROM dispatch_lanes") == [(LANE,)]


def test_the_migration_is_what_pgqueuer_would_install() -> None:
    """All but the function and the trigger that notify."""

    def flat(text: str) -> str:
        return re.sub(r"\s+", "", text)

    ours = flat((files("reelway.db.migrations") / "0003_pgqueuer.postgres.sql").read_text())
    *theirs, function, trigger = render_install(SETTINGS).split("\n\nCREATE ")
    assert function.startswith("FUNCTION")
    assert trigger.startswith("TRIGGER")
    assert len(theirs) > 15
    for statement in theirs[1:]:
        assert flat(f"CREATE {statement}") in ours
