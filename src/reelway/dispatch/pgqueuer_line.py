"""The line between PgQueuer and the server: a small pool for statements, and a connection that listens."""

import asyncio
from typing import Any, Final, TypeAlias

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.domain.models import TableChangedEvent, utc_now
from pgqueuer.domain.types import Channel
from pgqueuer.ports.driver import NotifyCallback

from reelway.dispatch.pgqueuer_sql import SETTINGS

_log = structlog.get_logger(__name__)

CONNECTIONS: Final = 6  # of its own: an API that has used up its pool must not stop heartbeats
PATIENCE_S: Final = 10.0  # for the server to answer
_ALIVE_S: Final = 15.0  # a line that is silent for so long is tried: a cut one may not say so
_RETRY_FIRST_S: Final = 0.1
_RETRY_MOST_S: Final = 2.0

LOST: Final = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What any statement may raise while the server is away."""

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"


async def open_pool(url: str) -> Pool:
    """Connects when it is used first: a server that is away now may come."""
    # What is claimed or given back may be forgotten by a server that crashes: a heartbeat that stops, or the next
    # claim, finds the row again. So nobody waits for the disk here; what must not be lost is in other transactions.
    given = {"application_name": "reelway dispatch", "synchronous_commit": "off"}
    return await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=CONNECTIONS,
        timeout=PATIENCE_S,
        command_timeout=PATIENCE_S,
        server_settings=given,
        reset=_nothing,
    )


async def _nothing(connection: object) -> None:
    """Nothing that is said here leaves anything behind, and cleaning up after it is a round trip."""


def notice() -> str:
    """What PgQueuer's own trigger would say, for PgQueuer's listener."""
    return TableChangedEvent(
        channel=Channel(SETTINGS.channel),
        sent_at=utc_now(),
        type="table_changed_event",
        operation="update",
        table=SETTINGS.queue_table,
    ).model_dump_json()


class Line(AsyncpgPoolDriver):
    """PgQueuer's driver; its listening connection comes back by itself.

    `nudge` tells the listener without the server. Notices that arrive before anybody looked are one.
    """

    def __init__(self, url: str, pool: Pool) -> None:
        super().__init__(pool)
        self._url = url
        self._callback: NotifyCallback | None = None
        self._nudged = False
        self._listening: asyncio.Task[None] | None = None

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """See Driver."""
        self._callback = callback
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen(channel), name="dispatch line")

    def nudge(self) -> None:
        """There may be something to claim."""
        if self._callback is not None and not self._nudged:
            self._nudged = True
            self._callback(notice())

    def looked(self) -> None:
        """A claim begins: what is said from now on is news."""
        self._nudged = False

    async def hang_up(self) -> None:
        """Listen no more."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)

    async def _listen(self, channel: str) -> None:
        wait_s = _RETRY_FIRST_S
        while True:
            try:
                connection = await asyncpg.connect(self._url, timeout=PATIENCE_S)
                try:
                    cut = asyncio.Event()
                    connection.add_termination_listener(lambda _, cut=cut: cut.set())
                    await connection.add_listener(channel, self._hear)
                    self.nudge()  # whatever was said before
                    wait_s = _RETRY_FIRST_S
                    await _until_cut(connection, cut)
                finally:
                    connection.terminate()
            except LOST as error:
                _log.warning("dispatch_line_lost", error=str(error) or type(error).__name__)
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, _RETRY_MOST_S)

    def _hear(self, connection: Any, sender: int, channel: str, message: object) -> None:
        if self._callback is None or not isinstance(message, str):
            return
        if "table_changed_event" in message:
            self.nudge()
        else:
            self._callback(message)


async def _until_cut(connection: "asyncpg.Connection[asyncpg.Record]", cut: asyncio.Event) -> None:
    while not cut.is_set():
        try:
            await asyncio.wait_for(cut.wait(), _ALIVE_S)
        except TimeoutError:
            await connection.execute("SELECT 1", timeout=PATIENCE_S)
