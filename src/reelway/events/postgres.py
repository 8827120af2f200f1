"""`Live` between all processes on one PostgreSQL, over LISTEN and NOTIFY.

What happens in this process is told here at once, and to the others a few times a second, many generations in one
message. What is said while the line is down is dropped, because rows are the truth: whoever waits looks at them
every few seconds anyway, and all of them do when the line is back.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import asyncpg
import orjson
import structlog

from reelway.domain.generation import GenerationId
from reelway.errors import ConfigError
from reelway.events.live import LocalLive, Progress
from reelway.kit.dsn import without_password

_log = structlog.get_logger(__name__)

CHANNEL: Final = "reelway_live"
_PUBLISH: Final = "SELECT pg_notify($1, message) FROM unnest($2::text[]) AS message"
_MESSAGE_BYTES_MAX: Final = 7_900  # PostgreSQL takes fewer than 8,000
_PAUSE_S: Final = 0.05  # between two publishes
_ALIVE_S: Final = 15.0  # a line that is silent for so long is tried: a cut one may not say so
_PATIENCE_S: Final = 10.0  # for the server to answer
_RETRY_FIRST_S: Final = 0.1
_RETRY_MOST_S: Final = 5.0

_CHANGED: Final = 0
_ENDED: Final = 1
Said: TypeAlias = int | tuple[float, str]  # _CHANGED, _ENDED, or a progress
Line: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_LOST: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class PostgresLive:
    """See Live. One connection of its own, which comes back by itself."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._local = LocalLive()
        self._news: dict[GenerationId, Said] = {}  # the latest of each since the last publish
        self._awake = asyncio.Event()  # there is news, the line is cut, or it is time to stop
        self._connected = False
        self._stopping = False
        self._keeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """See Live. Raises ConfigError when the database cannot be reached."""
        try:
            line = await self._connect()
        except (*_LOST, ValueError) as error:
            raise ConfigError(
                f"cannot reach the database {without_password(self._url)} ({type(error).__name__}); is it running,"
                " and are --database and its password right?"
            ) from error
        self._keeper = asyncio.create_task(self._keep(line), name="live")

    async def stop(self) -> None:
        """See Live."""
        self._stopping = True
        self._awake.set()
        if self._keeper is not None:
            if self._connected:
                await asyncio.wait([self._keeper], timeout=_PATIENCE_S)
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)

    def changed(self, generation_id: GenerationId) -> None:
        """See Live."""
        self._local.changed(generation_id)
        if self._connected:
            self._news.setdefault(generation_id, _CHANGED)  # any other news says it too
            self._awake.set()

    def changed_all(self) -> None:
        """See Live."""
        self._local.changed_all()

    def progressed(self, generation_id: GenerationId, progress: Progress) -> None:
        """See Live. The others hear of whole percents: nobody is shown more."""
        before = self._local.progress(generation_id)
        self._local.progressed(generation_id, progress)
        if self._connected and _percent(before) != _percent(progress):
            self._news[generation_id] = (round(progress.fraction, 4), progress.source)
            self._awake.set()

    def progress(self, generation_id: GenerationId) -> Progress | None:
        """See Live."""
        return self._local.progress(generation_id)

    def ended(self, generation_id: GenerationId) -> None:
        """See Live."""
        self._local.ended(generation_id)
        if self._connected:
            self._news[generation_id] = _ENDED
            self._awake.set()

    async def wait(self, generation_id: GenerationId, timeout_s: float) -> bool:
        """See Live."""
        return await self._local.wait(generation_id, timeout_s)

    # -- the line ----------------------------------------------------------------------------

    async def _connect(self) -> Line:
        line: Line = await asyncpg.connect(
            self._url, timeout=_PATIENCE_S, server_settings={"application_name": "reelway live"}
        )
        try:
            line.add_termination_listener(lambda _: self._awake.set())
            await line.add_listener(CHANNEL, self._hear)
        except BaseException:
            line.terminate()
            raise
        self._connected = True
        return line

    async def _keep(self, line: Line) -> None:
        """Publish until `stop`, over one line after another."""
        while True:
            try:
                await self._speak(line)
            except _LOST as error:
                _log.warning("live_line_lost", error=str(error) or type(error).__name__)
            finally:
                self._connected = False
                await _close(line)
            if self._stopping:
                return
            line = await self._come_back()
            self._local.forget_progress()
            self._local.changed_all()
            _log.info("live_line_back")

    async def _speak(self, line: Line) -> None:
        """Returns when it is time to stop; raises one of _LOST."""
        last = False
        while not last:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._awake.wait(), _ALIVE_S)
            self._awake.clear()
            last = self._stopping
            news, self._news = self._news, {}
            # Without news it is a look whether the server still answers.
            await line.execute(_PUBLISH, CHANNEL, _messages(news.items()), timeout=_PATIENCE_S)
            await asyncio.sleep(_PAUSE_S)

    async def _come_back(self) -> Line:
        wait_s = _RETRY_FIRST_S
        while True:
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _RETRY_MOST_S)
            with contextlib.suppress(*_LOST):
                self._news.clear()
                return await self._connect()

    # -- the others --------------------------------------------------------------------------

    def _hear(self, line: Any, sender: int, channel: str, message: object) -> None:
        if sender == line.get_server_pid():  # our own, told already
            return
        try:
            for generation_id, said in orjson.loads(str(message)).items():
                self._apply(GenerationId(generation_id), said)
        except (ValueError, TypeError, AttributeError):
            _log.warning("live_message_unreadable", message=str(message)[:200])

    def _apply(self, generation_id: GenerationId, said: Any) -> None:
        if said == _CHANGED:
            self._local.changed(generation_id)
        elif said == _ENDED:
            self._local.ended(generation_id)
        else:
            fraction, source = said
            self._local.progressed(generation_id, Progress(float(fraction), str(source)))


def _percent(progress: Progress | None) -> tuple[int, str] | None:
    return None if progress is None else (int(progress.fraction * 100), progress.source)


def _messages(news: Iterable[tuple[GenerationId, Said]]) -> list[str]:
    """JSON objects from generation to what is said of it, each small enough to be sent."""
    messages: list[str] = []
    pairs: list[str] = []
    room = _MESSAGE_BYTES_MAX
    for generation_id, said in news:
        pair = orjson.dumps({generation_id: said}).decode()[1:-1]
        size = len(pair.encode()) + 1
        if size > room and pairs:
            messages.append(f"{{{','.join(pairs)}}}")
            pairs, room = [], _MESSAGE_BYTES_MAX
        pairs.append(pair)
        room -= size
    if pairs:
        messages.append(f"{{{','.join(pairs)}}}")
    return messages


async def _close(line: Line) -> None:
    try:
        await line.close(timeout=1)
    except _LOST:
        line.terminate()
