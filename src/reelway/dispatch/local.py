"""`Dispatch` in one process: a task for every subject, rebuilt from the rows at start."""

import asyncio
from collections.abc import Mapping
from typing import Final

import structlog

from reelway.db.base import Database
from reelway.db.script import Rows, Script, sql
from reelway.dispatch.base import Done, Handler, Later, Topic
from reelway.errors import Overloaded
from reelway.kit.clock import Clock

_log = structlog.get_logger(__name__)
_AFTER_BUG_S: Final = 30.0  # a handler that raised is called again, but not at once


class LocalDispatch:
    """See Dispatch. A sleeping subject costs a few kilobytes and no CPU."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._handlers: Mapping[Topic, Handler] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by name
        self._sleeping: dict[str, asyncio.Event] = {}
        self._running = False

    def enqueue(self, topic: Topic, subject: str, due_at: int) -> Script[None]:
        """See Dispatch."""
        yield sql(
            "INSERT INTO dispatch_entries (topic, subject, due_at, enqueued_at) VALUES ($1, $2, $3, $4)"
            " ON CONFLICT (topic, subject) DO UPDATE SET due_at = $3",
            topic,
            subject,
            due_at,
            self._clock.now_ms(),
        )

    def wake(self, topic: Topic, subject: str) -> None:
        """See Dispatch."""
        if not self._running:
            return
        name = _name(topic, subject)
        sleeping = self._sleeping.get(name)
        if sleeping is not None:
            sleeping.set()
        elif name not in self._tasks:
            self._spawn(topic, subject, 0.0)

    async def start(self, handlers: Mapping[Topic, Handler]) -> None:
        """See Dispatch."""
        self._handlers = handlers
        self._running = True
        rows = await self._db.scan(_entries())
        for topic, subject in rows:
            # At once, whatever is due when: the handler knows better, and the clock may have been set back.
            if Topic(topic) in handlers and _name(topic, subject) not in self._tasks:
                self._spawn(Topic(topic), subject, 0.0)

    async def stop(self) -> None:
        """See Dispatch."""
        self._running = False
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _spawn(self, topic: Topic, subject: str, delay_s: float) -> None:
        name = _name(topic, subject)
        task = self._tasks[name] = asyncio.create_task(self._work(topic, subject, delay_s), name=name)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task.get_name()]

    async def _work(self, topic: Topic, subject: str, delay_s: float) -> None:
        handler = self._handlers[topic]
        while True:
            if delay_s:
                await self._sleep(topic, subject, delay_s)
            try:
                outcome = await handler(subject)
                match outcome:
                    case Done():
                        await self._db.write(_forget(topic, subject))
                        return
                    case Later(due_at):
                        delay_s = max(due_at - self._clock.now_ms(), 0) / 1000
            except Overloaded as error:  # the disk is full or the queue is: the rows say where to go on
                delay_s = error.retry_after_s
            except Exception:  # noqa: BLE001  a bug in one job must not stop the others
                _log.exception("handler_failed", topic=topic, subject=subject)
                delay_s = _AFTER_BUG_S

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


def _entries() -> Script[Rows]:
    rows = yield sql("SELECT topic, subject FROM dispatch_entries ORDER BY enqueued_at, subject")
    return rows


def _forget(topic: Topic, subject: str) -> Script[None]:
    yield sql("DELETE FROM dispatch_entries WHERE topic = $1 AND subject = $2", topic, subject)
