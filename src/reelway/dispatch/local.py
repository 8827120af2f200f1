"""`Dispatch` in one process: a task for every subject, rebuilt from the rows at start."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import structlog

from reelway.db.base import Database
from reelway.db.script import Script, sql, tell
from reelway.dispatch.base import Backlog, Done, Entry, Handler, Lane, Later, Topic
from reelway.dispatch.turns import Turns
from reelway.errors import Overloaded
from reelway.kit.clock import Clock

_log = structlog.get_logger(__name__)
_AFTER_BUG_S: Final = 30.0  # a handler that raised is called again, but not at once
_UNLIMITED: Final = 1_000_000  # a lane that nobody named: its handler says what is wrong with it


class LocalDispatch:
    """See Dispatch. A sleeping subject costs a few kilobytes and no CPU."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._handlers: Mapping[Topic, Handler] = {}
        self._turns: dict[str, Turns] = {}  # by lane
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by name
        self._sleeping: dict[str, asyncio.Event] = {}
        self._running = False
        self.draining = False

    def enqueue(self, entry: Entry) -> Script[None]:
        """See Dispatch."""
        yield tell(
            "INSERT INTO dispatch_entries (topic, subject, lane, owner, due_at, enqueued_at)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (topic, subject) DO NOTHING",
            entry.topic,
            entry.subject,
            entry.lane,
            entry.owner,
            entry.due_at,
            self._clock.now_ms(),
        )

    def reroute(self, topic: Topic, subject: str, lane: str) -> Script[None]:
        """See Dispatch."""
        yield tell("UPDATE dispatch_entries SET lane = $3 WHERE topic = $1 AND subject = $2", topic, subject, lane)

    def missing(self, topic: Topic, subjects: Sequence[str]) -> Script[list[str]]:
        """See Dispatch."""
        if not subjects:
            return []
        places = ", ".join(f"${number}" for number in range(2, len(subjects) + 2))
        rows = yield sql(
            f"SELECT subject FROM dispatch_entries WHERE topic = $1 AND subject IN ({places})", topic, *subjects
        )
        enqueued = {subject for (subject,) in rows}
        return [subject for subject in subjects if subject not in enqueued]

    def wake(self, topic: Topic, subject: str) -> None:
        """See Dispatch."""
        if not self._running or topic not in self._handlers:
            return
        name = _name(topic, subject)
        sleeping = self._sleeping.get(name)
        if sleeping is not None:
            sleeping.set()
        elif name not in self._tasks:
            self._spawn(topic, subject, None)

    def backlog(self) -> Script[list[Backlog]]:
        """See Dispatch. From memory: the rows do not say what sleeps and what waits for its turn."""
        yield from ()
        return [
            Backlog(lane=name, waiting=turns.waiting, running=turns.taken, oldest_s=turns.oldest_s)
            for name, turns in list(self._turns.items())
        ]

    async def start(self, handlers: Mapping[Topic, Handler], lanes: Iterable[Lane]) -> None:
        """See Dispatch."""
        self._handlers = handlers
        self._turns = {lane.name: Turns(lane.most) for lane in lanes}
        self._running = True
        for topic, subject, lane, owner in await self._db.scan(_entries()):
            # At once, whatever is due when: the handler knows better, and the clock may have been set back.
            if Topic(topic) in handlers and _name(topic, subject) not in self._tasks:
                self._spawn(Topic(topic), subject, (lane, owner))

    def drain(self) -> None:
        """See Dispatch."""
        self._running = False
        self.draining = True

    async def stop(self, patience_s: float = 0.0) -> None:
        """See Dispatch."""
        self.drain()
        for name in list(self._sleeping):
            self._tasks[name].cancel()
        if patience_s and self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=patience_s)
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, topic: Topic, subject: str, place: tuple[str, str] | None) -> None:
        name = _name(topic, subject)
        task = self._tasks[name] = asyncio.create_task(self._work(topic, subject, place), name=name)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task.get_name()]

    async def _work(self, topic: Topic, subject: str, place: tuple[str, str] | None) -> None:
        handler = self._handlers[topic]
        if place is None:
            place = await self._db.read(_place(topic, subject))
            if place is None:
                return
        lane, owner = place
        while not self.draining:
            turns = self._turns.setdefault(lane, Turns(_UNLIMITED))
            try:
                async with turns.place(owner):
                    if self.draining:
                        return
                    outcome = await handler(subject)
                match outcome:
                    case Done():
                        await self._db.write(_forget(topic, subject))
                        return
                    case Later(after_s, moved_to):
                        delay_s = max(after_s, 0.0)
                        lane = moved_to or lane
            except Overloaded as error:  # the disk is full or the queue is: the rows say where to go on
                delay_s = error.retry_after_s
            except Exception:  # noqa: BLE001  a bug in one job must not stop the others
                _log.exception("handler_failed", topic=topic, subject=subject)
                delay_s = _AFTER_BUG_S
            if delay_s and not self.draining:
                await self._sleep(topic, subject, delay_s)

    async def _sleep(self, topic: Topic, subject: str, delay_s: float) -> None:
        name = _name(topic, subject)
        woken = self._sleeping[name] = asyncio.Event()
        try:
            async with asyncio.timeout(delay_s):
                await woken.wait()
        except TimeoutError:
            pass
        finally:
            del self._sleeping[name]


def _name(topic: str, subject: str) -> str:
    return f"{topic}:{subject}"


def _entries() -> Script[list[tuple[str, str, str, str]]]:
    rows = yield sql("SELECT topic, subject, lane, owner FROM dispatch_entries ORDER BY enqueued_at, subject")
    return [(topic, subject, lane, owner) for topic, subject, lane, owner in rows]


def _place(topic: Topic, subject: str) -> Script[tuple[str, str] | None]:
    rows = yield sql("SELECT lane, owner FROM dispatch_entries WHERE topic = $1 AND subject = $2", topic, subject)
    return (rows[0][0], rows[0][1]) if rows else None


def _forget(topic: Topic, subject: str) -> Script[None]:
    yield tell("DELETE FROM dispatch_entries WHERE topic = $1 AND subject = $2", topic, subject)
