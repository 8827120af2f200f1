"""Which worker does what next, at least once, also when a worker dies.

A subject is enqueued in the transaction that makes the work necessary, and handled until its handler says it is
done. Handlers are idempotent: a crash between the effect and its record means one more call.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from reelway.db.script import Script


class Topic(StrEnum):
    """Kinds of work; each has its own handler and its own limits."""

    GENERATION = "generation"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more to do for this subject."""


@dataclass(frozen=True, slots=True)
class Later:
    """Call again at that instant (milliseconds since 1970)."""

    due_at: int


Outcome: TypeAlias = Done | Later
Handler: TypeAlias = Callable[[str], Awaitable[Outcome]]


class Dispatch(Protocol):
    """Two implementations, one contract suite."""

    def enqueue(self, topic: Topic, subject: str, due_at: int) -> Script[None]:
        """Part of the caller's transaction; call `wake` after it is committed."""
        ...

    def wake(self, topic: Topic, subject: str) -> None:
        """Look at this subject now; cheap, and only a hint."""
        ...

    async def start(self, handlers: Mapping[Topic, Handler]) -> None:
        """Take up everything that is due, from the rows, and go on until `stop`."""
        ...

    async def stop(self) -> None:
        """Take nothing new, interrupt what runs (it is taken up again at the next start), return when idle."""
        ...
