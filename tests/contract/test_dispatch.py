"""Every dispatch keeps the same promises; a new one is one entry in DISPATCHES."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from reelway.db.base import Database
from reelway.db.migrate import SQLITE_WORDS, migrate
from reelway.db.script import Script
from reelway.db.sqlite import SqliteDatabase
from reelway.dispatch.base import Dispatch, Done, Later, Outcome, Topic
from reelway.dispatch.local import LocalDispatch
from reelway.errors import NotFound, Overloaded
from reelway.kit.clock import SystemClock

Make = Callable[[Database], Dispatch]
DISPATCHES: dict[str, Make] = {"local": lambda db: LocalDispatch(db, SystemClock())}


@pytest.fixture(params=DISPATCHES)
def make(request: pytest.FixtureRequest) -> Make:
    return DISPATCHES[request.param]


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = SqliteDatabase(tmp_path / "t.db")
    await database.write(migrate(SQLITE_WORDS, 0))
    yield database
    await database.aclose()


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


async def enqueue(db: Database, dispatch: Dispatch, subject: str, *, due_at: int = 0) -> None:
    await db.write(dispatch.enqueue(Topic.GENERATION, subject, due_at))
    dispatch.wake(Topic.GENERATION, subject)


async def settled() -> None:
    await asyncio.sleep(0.05)


async def test_what_is_enqueued_is_handled_once_when_the_handler_is_done(db: SqliteDatabase, make: Make) -> None:
    dispatch, worker = make(db), Worker()
    await dispatch.start({Topic.GENERATION: worker})
    await enqueue(db, dispatch, "a")
    await worker.called(1)
    await settled()
    await dispatch.stop()
    again = make(db)
    await again.start({Topic.GENERATION: worker})
    await settled()
    await again.stop()
    assert worker.calls == ["a"]


async def test_nothing_is_enqueued_when_the_transaction_fails(db: SqliteDatabase, make: Make) -> None:
    dispatch, worker = make(db), Worker()
    await dispatch.start({Topic.GENERATION: worker})

    def fails() -> Script[None]:
        yield from dispatch.enqueue(Topic.GENERATION, "a", 0)
        raise NotFound("no")

    with pytest.raises(NotFound):
        await db.write(fails())
    await dispatch.stop()
    again = make(db)
    await again.start({Topic.GENERATION: worker})
    await settled()
    await again.stop()
    assert worker.calls == []


async def test_work_interrupted_by_a_stop_is_taken_up_at_the_next_start(db: SqliteDatabase, make: Make) -> None:
    dispatch = make(db)
    begun = asyncio.Event()

    async def hangs(subject: str) -> Outcome:
        begun.set()
        await asyncio.Event().wait()
        return Done()

    await dispatch.start({Topic.GENERATION: hangs})
    await enqueue(db, dispatch, "a")
    await asyncio.wait_for(begun.wait(), 5)
    await dispatch.stop()
    again, worker = make(db), Worker()
    await again.start({Topic.GENERATION: worker})
    await worker.called(1)
    await again.stop()
    assert worker.calls == ["a"]


async def test_later_means_called_again_and_a_wake_means_now(db: SqliteDatabase, make: Make) -> None:
    far = SystemClock().now_ms() + 3_600_000
    dispatch, worker = make(db), Worker(lambda count: Later(far) if count < 3 else Done())
    await dispatch.start({Topic.GENERATION: worker})
    await enqueue(db, dispatch, "a")
    for times in (1, 2):
        await worker.called(times)
        await settled()
        dispatch.wake(Topic.GENERATION, "a")
    await worker.called(3)
    await dispatch.stop()


async def test_a_full_database_delays_and_loses_nothing(db: SqliteDatabase, make: Make) -> None:
    def once(count: int) -> Outcome:
        if count == 1:
            raise Overloaded("full", retry_after_s=0)
        return Done()

    dispatch, worker = make(db), Worker(once)
    await dispatch.start({Topic.GENERATION: worker})
    await enqueue(db, dispatch, "a")
    await worker.called(2)
    await dispatch.stop()


async def test_one_subject_never_runs_twice_at_a_time(db: SqliteDatabase, make: Make) -> None:
    dispatch = make(db)
    inside = most = 0

    async def slow(subject: str) -> Outcome:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.02)
        inside -= 1
        return Done()

    await dispatch.start({Topic.GENERATION: slow})
    await db.write(dispatch.enqueue(Topic.GENERATION, "a", 0))
    for _ in range(20):
        dispatch.wake(Topic.GENERATION, "a")
        await asyncio.sleep(0.002)
    await dispatch.stop()
    assert most == 1
