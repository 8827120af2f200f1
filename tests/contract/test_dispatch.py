"""Every dispatch keeps the same promises: LocalDispatch on SQLite, PgQueuerDispatch on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from reelway.db.base import Database
from reelway.db.migrate import SQLITE, migrate
from reelway.db.postgres import PostgresDatabase
from reelway.db.script import Script
from reelway.db.sqlite import SqliteDatabase
from reelway.dispatch.base import Dispatch, Done, Entry, Handler, Lane, Later, Outcome, Topic
from reelway.dispatch.local import LocalDispatch
from reelway.dispatch.pgqueuer import PgQueuerDispatch
from reelway.errors import NotFound, Overloaded
from reelway.kit.clock import SystemClock

Make = Callable[[Database], Dispatch]
Opened = tuple[Database, Make]


@asynccontextmanager
async def local(path: Path) -> AsyncIterator[Opened]:
    db = SqliteDatabase(path)
    await db.write(migrate(SQLITE, 0))
    yield db, lambda db: LocalDispatch(db, SystemClock())
    await db.aclose()


@asynccontextmanager
async def pgqueuer(url: str) -> AsyncIterator[Opened]:
    db = await PostgresDatabase.connect(url, most=4)
    yield db, lambda db: PgQueuerDispatch(url, SystemClock(), in_flight_max=1000, lost_s=5)
    await db.aclose()


@pytest.fixture
async def opened(database_setting: str, tmp_path: Path) -> AsyncIterator[Opened]:
    opens = local(tmp_path / "t.db") if database_setting == "sqlite" else pgqueuer(database_setting)
    async with opens as both:
        yield both


@pytest.fixture
def db(opened: Opened) -> Database:
    return opened[0]


@pytest.fixture
def make(opened: Opened) -> Make:
    return opened[1]


class Worker:
    """Counts calls, does what `does` says, and can be waited for."""

    def __init__(self, does: Callable[[int], Outcome] = lambda count: Done()) -> None:
        self.calls: list[str] = []
        self._does = does
        self._called = asyncio.Event()

    async def __call__(self, subject: str) -> Outcome:
        self.calls.append(subject)
        self._called.set()
        return self._does(len(self.calls))

    async def called(self, times: int) -> None:
        async with asyncio.timeout(5):
            while len(self.calls) < times:
                self._called.clear()
                await self._called.wait()


LANE = Lane("generation:p", 64)


def entry(subject: str, *, due_at: int = 0, owner: str = "w") -> Entry:
    return Entry(topic=Topic.GENERATION, subject=subject, lane=LANE.name, owner=owner, due_at=due_at)


async def enqueue(db: Database, dispatch: Dispatch, subject: str, *, due_at: int = 0, owner: str = "w") -> None:
    await db.write(dispatch.enqueue(entry(subject, due_at=due_at, owner=owner)))
    dispatch.wake(Topic.GENERATION, subject)


async def start(dispatch: Dispatch, handler: Handler, *, most: int = 64) -> None:
    await dispatch.start({Topic.GENERATION: handler}, [replace(LANE, most=most)])


async def settled() -> None:
    await asyncio.sleep(0.05)


async def test_what_is_enqueued_is_handled_once_when_the_handler_is_done(db: Database, make: Make) -> None:
    dispatch, worker = make(db), Worker()
    await start(dispatch, worker)
    await enqueue(db, dispatch, "a")
    await worker.called(1)
    await settled()
    await dispatch.stop()
    again = make(db)
    await start(again, worker)
    await settled()
    await again.stop()
    assert worker.calls == ["a"]


async def test_nothing_is_enqueued_when_the_transaction_fails(db: Database, make: Make) -> None:
    dispatch, worker = make(db), Worker()
    await start(dispatch, worker)

    def fails() -> Script[None]:
        yield from dispatch.enqueue(entry("a"))
        raise NotFound("no")

    with pytest.raises(NotFound):
        await db.write(fails())
    await dispatch.stop()
    again = make(db)
    await start(again, worker)
    await settled()
    await again.stop()
    assert worker.calls == []


async def test_work_interrupted_by_a_stop_is_taken_up_at_the_next_start(db: Database, make: Make) -> None:
    dispatch = make(db)
    begun = asyncio.Event()

    async def hangs(subject: str) -> Outcome:
        begun.set()
        await asyncio.Event().wait()
        return Done()

    await start(dispatch, hangs)
    await enqueue(db, dispatch, "a")
    await asyncio.wait_for(begun.wait(), 5)
    await dispatch.stop()
    again, worker = make(db), Worker()
    await start(again, worker)
    await worker.called(1)
    await again.stop()
    assert worker.calls == ["a"]


async def test_later_means_called_again_and_a_wake_means_now(db: Database, make: Make) -> None:
    dispatch, worker = make(db), Worker(lambda count: Later(3600) if count < 3 else Done())
    await start(dispatch, worker)
    await enqueue(db, dispatch, "a")
    await worker.called(1)
    await settled()
    assert len(worker.calls) == 1
    for times in (2, 3):
        while len(worker.calls) < times:  # a hint that comes while the handler runs may be lost
            dispatch.wake(Topic.GENERATION, "a")
            await settled()
    await dispatch.stop()


async def test_a_full_database_delays_and_loses_nothing(db: Database, make: Make) -> None:
    def once(count: int) -> Outcome:
        if count == 1:
            raise Overloaded("full", retry_after_s=0)
        return Done()

    dispatch, worker = make(db), Worker(once)
    await start(dispatch, worker)
    await enqueue(db, dispatch, "a")
    await worker.called(2)
    await dispatch.stop()


async def test_one_subject_never_runs_twice_at_a_time(db: Database, make: Make) -> None:
    dispatch = make(db)
    inside = most = calls = 0

    async def slow(subject: str) -> Outcome:
        nonlocal inside, most, calls
        inside += 1
        calls += 1
        most = max(most, inside)
        await asyncio.sleep(0.02)
        inside -= 1
        return Done() if calls == 5 else Later(0)

    await start(dispatch, slow)
    await db.write(dispatch.enqueue(entry("a")))
    async with asyncio.timeout(10):
        while calls < 5:
            dispatch.wake(Topic.GENERATION, "a")
            await asyncio.sleep(0.002)
    await dispatch.stop()
    assert most == 1


async def test_a_lane_runs_no_more_at_a_time_than_it_may(db: Database, make: Make) -> None:
    dispatch = make(db)
    inside = most = ended = 0

    async def slow(subject: str) -> Outcome:
        nonlocal inside, most, ended
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.02)
        inside -= 1
        ended += 1
        return Done()

    await start(dispatch, slow, most=3)
    for number in range(12):
        await enqueue(db, dispatch, f"a{number}")
    async with asyncio.timeout(10):
        while ended < 12:
            await asyncio.sleep(0.01)
    await dispatch.stop()
    assert most == 3


async def test_owners_take_turns(db: Database, make: Make) -> None:
    """Three subjects of one owner do not wait for the two hundred that another one brought before."""
    dispatch = make(db)
    order: list[str] = []

    async def quick(subject: str) -> Outcome:
        order.append(subject)
        await asyncio.sleep(0)
        return Done()

    for number in range(200):
        await db.write(dispatch.enqueue(entry(f"many{number:03}", owner="many")))
    for number in range(3):
        await db.write(dispatch.enqueue(entry(f"few{number}", owner="few")))
    await start(dispatch, quick, most=1)
    async with asyncio.timeout(30):
        while len(order) < 203:
            await asyncio.sleep(0.01)
    await dispatch.stop()
    assert [s for s in order if s.startswith("many")] == [f"many{number:03}" for number in range(200)]
    assert max(order.index(f"few{number}") for number in range(3)) < 12


async def test_what_drains_takes_nothing_new_and_lets_the_running_stop_where_it_likes(db: Database, make: Make) -> None:
    dispatch = make(db)
    begun = asyncio.Event()

    async def waits(subject: str) -> Outcome:
        begun.set()
        while not dispatch.draining:
            await asyncio.sleep(0.01)
        return Later(0)

    await start(dispatch, waits)
    await enqueue(db, dispatch, "a")
    await asyncio.wait_for(begun.wait(), 5)
    dispatch.drain()
    await enqueue(db, dispatch, "b")
    await asyncio.wait_for(dispatch.stop(5), 5)
    again, worker = make(db), Worker()
    await start(again, worker)
    await worker.called(2)
    await again.stop()
    assert sorted(worker.calls) == ["a", "b"]


async def test_what_is_enqueued_again_stays_as_it_is(db: Database, make: Make) -> None:
    dispatch, worker = make(db), Worker(lambda count: Done())
    for _ in range(2):
        await db.write(dispatch.enqueue(entry("a")))
    await start(dispatch, worker)
    await worker.called(1)
    await settled()
    await dispatch.stop()
    assert worker.calls == ["a"]


async def test_what_is_missing_can_be_told(db: Database, make: Make) -> None:
    dispatch = make(db)
    await db.write(dispatch.enqueue(entry("a")))
    assert await db.read(dispatch.missing(Topic.GENERATION, ["b", "a", "c"])) == ["b", "c"]
    assert await db.read(dispatch.missing(Topic.DELIVERY, ["a"])) == ["a"]
    assert await db.read(dispatch.missing(Topic.GENERATION, [])) == []


async def test_the_backlog_counts_what_waits_and_what_runs_but_not_what_sleeps(db: Database, make: Make) -> None:
    dispatch = make(db)
    go = asyncio.Event()
    begun: list[str] = []

    async def waits(subject: str) -> Outcome:
        begun.append(subject)
        if subject == "sleeps":
            return Later(3600)
        await go.wait()
        return Done()

    await start(dispatch, waits, most=2)
    await enqueue(db, dispatch, "sleeps")
    async with asyncio.timeout(5):
        while begun != ["sleeps"]:
            await asyncio.sleep(0.01)
    await settled()
    for subject in "abc":
        await enqueue(db, dispatch, subject)
    async with asyncio.timeout(5):
        while len(begun) < 3:
            await asyncio.sleep(0.01)
    await settled()
    (backlog,) = await db.read(dispatch.backlog())
    assert (backlog.lane, backlog.waiting, backlog.running) == (LANE.name, 1, 2)
    assert 0 < backlog.oldest_s < 10
    go.set()
    await dispatch.stop(5)


async def test_a_subject_goes_on_in_another_lane(db: Database, make: Make) -> None:
    """The row says where; a stop in between changes nothing."""
    first, second = "generation:a", "generation:b"
    lanes = [Lane(first, 1), Lane(second, 1)]
    dispatch = make(db)
    seen: list[str] = []
    done = asyncio.Event()

    async def handler(subject: str) -> Outcome:
        seen.append(subject)
        if len(seen) == 1:
            await db.write(dispatch.reroute(Topic.GENERATION, subject, second))
            return Later(0, lane=second)
        done.set()
        return Done()

    await db.write(dispatch.enqueue(replace(entry("one"), lane=first)))
    await dispatch.start({Topic.GENERATION: handler}, lanes[:1])
    async with asyncio.timeout(10):
        while not seen:
            await asyncio.sleep(0.01)
    if isinstance(dispatch, PgQueuerDispatch):
        await asyncio.sleep(0.5)
        assert seen == ["one"]  # nobody here takes the second lane
        other = make(db)
        await other.start({Topic.GENERATION: handler}, lanes[1:])
        async with asyncio.timeout(10):
            await done.wait()
        await other.stop()
    else:
        async with asyncio.timeout(10):
            await done.wait()
    await dispatch.stop()
    assert seen == ["one", "one"]
