"""What is going on right now, in this process: who waits for which generation, and how far it is.

Rows are the truth; this only says "look again". Progress is the provider's own figure and is never written:
it is worth nothing after the fact.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, Protocol

from reelway.domain.generation import GenerationId

_REMEMBERED_MAX: Final = 100_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far, and who says so."""

    fraction: float
    source: str  # the provider's name


class Live(Protocol):
    """Wake-ups and progress; a second implementation carries them between machines."""

    async def start(self) -> None:
        """Begin to hear of others."""
        ...

    async def stop(self) -> None:
        """Say what is still to be said, and hear nothing more."""
        ...

    def changed(self, generation_id: GenerationId) -> None:
        """Tell whoever waits for it."""
        ...

    def progressed(self, generation_id: GenerationId, progress: Progress) -> None:
        """Remember how far it is, and tell."""
        ...

    def progress(self, generation_id: GenerationId) -> Progress | None:
        """The latest figure, None when the provider said nothing."""
        ...

    def ended(self, generation_id: GenerationId) -> None:
        """Forget its progress, and tell."""
        ...

    def changed_all(self) -> None:
        """Tell everybody who waits in this process: it is to stop, or may have missed something."""
        ...

    async def wait(self, generation_id: GenerationId, timeout_s: float) -> bool:
        """True when told within the time. Look at the row after, and before the next wait."""
        ...


class LocalLive:
    """`Live` within one process."""

    def __init__(self) -> None:
        self._waiting: dict[GenerationId, list[asyncio.Future[bool]]] = {}
        self._progress: dict[GenerationId, Progress] = {}

    async def start(self) -> None:
        """See Live."""

    async def stop(self) -> None:
        """See Live."""

    def changed(self, generation_id: GenerationId) -> None:
        """See Live."""
        for future in self._waiting.pop(generation_id, ()):
            _tell(future, True)

    def changed_all(self) -> None:
        """See Live."""
        for generation_id in list(self._waiting):
            self.changed(generation_id)

    def progressed(self, generation_id: GenerationId, progress: Progress) -> None:
        """See Live."""
        if self._progress.get(generation_id) != progress:
            self._progress[generation_id] = progress
            if len(self._progress) > _REMEMBERED_MAX:  # those whose end was never heard of
                del self._progress[next(iter(self._progress))]
            self.changed(generation_id)

    def progress(self, generation_id: GenerationId) -> Progress | None:
        """See Live."""
        return self._progress.get(generation_id)

    def ended(self, generation_id: GenerationId) -> None:
        """See Live."""
        self._progress.pop(generation_id, None)
        self.changed(generation_id)

    def forget_progress(self) -> None:
        """All of it: what is worth saying is said again."""
        self._progress.clear()

    async def wait(self, generation_id: GenerationId, timeout_s: float) -> bool:
        """See Live. A future and a timer, nothing more: ten thousand jobs wait here at a time."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()
        self._waiting.setdefault(generation_id, []).append(future)
        timer = loop.call_later(timeout_s, _tell, future, False)
        try:
            return await future
        finally:
            timer.cancel()
            waiting = self._waiting.get(generation_id)
            if waiting is not None and future in waiting:
                waiting.remove(future)
                if not waiting:
                    del self._waiting[generation_id]


def _tell(future: asyncio.Future[bool], woken: bool) -> None:
    if not future.done():
        future.set_result(woken)
