"""What every database driver does: run a script as one transaction, or as a read."""

from typing import Protocol, TypeVar

from reelway.db.script import Script

T = TypeVar("T")


class Database(Protocol):
    """The only door to rows, and the only thing that commits."""

    async def write(self, script: Script[T]) -> T:
        """Run `script` in one transaction and return after it is durable; any exception rolls it all back.

        Raises Overloaded when the queue is full or the disk refuses: then nothing was written. Where it is not
        known whether the commit arrived, that is CommitUnknown. Conflict when a unique index refuses.
        """
        ...

    async def read(self, script: Script[T]) -> T:
        """Point questions: each statement sees the newest commit."""
        ...

    async def scan(self, script: Script[T]) -> T:
        """Questions about many rows, off the event loop, all statements on one snapshot."""
        ...

    async def aclose(self) -> None:
        """Finish what is queued, then close."""
        ...
