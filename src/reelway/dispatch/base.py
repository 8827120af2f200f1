"""Which worker does what next, at least once, also when a worker dies.

A subject is enqueued in the transaction that makes the work necessary, and handled until its handler says it is
done. Handlers are idempotent: a crash between the effect and its record means one more call. Work waits in lanes;
a lane runs as many subjects at a time as it may, and lets its owners take turns.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from reelway.db.script import Script


class Topic(StrEnum):
    """Kinds of work; each has its own handler."""

    GENERATION = "generation"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class Lane:
    """Work that shares a limit: the jobs of one provider account, or all webhook deliveries."""

    name: str
    most: int  # subjects that run at a time
    per_worker: bool = False  # each worker may run `most` (an engine inside it); else all workers together

    @property
    def topic(self) -> Topic:
        """What its subjects are."""
        return Topic(self.name.partition(":")[0])


DELIVERIES: Final = Lane("delivery", 256, per_worker=True)


def generation_lane(provider: str) -> str:
    """The name of the lane of a provider account."""
    return f"{Topic.GENERATION}:{provider}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One subject, and where it waits."""

    topic: Topic
    subject: str  # the id to work on
    lane: str  # the name of its lane
    owner: str  # the workspace that it is done for; owners take turns
    due_at: int  # milliseconds since 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How much work a lane has."""

    lane: str
    waiting: int  # due, and not taken up yet
    running: int
    oldest_s: float  # how long the first of the waiting has been due; 0 when none waits


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more to do for this subject."""


@dataclass(frozen=True, slots=True)
class Later:
    """Call again in that time, by whoever has a place then; not at an instant, because clocks step."""

    after_s: float
    lane: str | None = None  # another lane, which `reroute` has written down


Outcome: TypeAlias = Done | Later
Handler: TypeAlias = Callable[[str], Awaitable[Outcome]]


class Dispatch(Protocol):
    """Two implementations, one contract suite."""

    @property
    def draining(self) -> bool:
        """True from `drain` on: a handler that only waits returns `Later` now, and another worker goes on."""
        ...

    def enqueue(self, entry: Entry) -> Script[None]:
        """Part of the caller's transaction; call `wake` after it is committed. Again changes nothing."""
        ...

    def reroute(self, topic: Topic, subject: str, lane: str) -> Script[None]:
        """Part of the transaction of a handler that then returns `Later` with that lane: it goes on there."""
        ...

    def missing(self, topic: Topic, subjects: Sequence[str]) -> Script[list[str]]:
        """Those of `subjects` that are not enqueued, a few hundred at a time."""
        ...

    def wake(self, topic: Topic, subject: str) -> None:
        """Look at this subject now; cheap, and only a hint."""
        ...

    def backlog(self) -> Script[list[Backlog]]:
        """Every lane that has work, whoever does it."""
        ...

    async def start(self, handlers: Mapping[Topic, Handler], lanes: Iterable[Lane]) -> None:
        """Take up everything in those lanes that is due, from the rows, and go on until `stop`."""
        ...

    def drain(self) -> None:
        """Take nothing new from now on; what runs may come to a good place to stop."""
        ...

    async def stop(self, patience_s: float = 0.0) -> None:
        """Drain; what still runs after `patience_s` is interrupted. All of it is taken up again by the next worker."""
        ...
