"""Connections to PostgreSQL, kept and lent: the last one given back goes out first.

asyncpg's own pool costs as much CPU as the point read it is taken for, and resets a connection that we never
change; this one lends what it has, opens what it lacks, and throws away what may be dirty.
"""

import asyncio
import contextlib
import time
from typing import Any, Final, TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

_STATEMENT_S: Final = 30.0
_IDLE_S: Final = 300.0  # after which a firewall in between may have forgotten it
_SETTINGS: Final = {
    "application_name": "reelway",
    # A process that was stopped in the middle of a transaction must not hold the others up.
    "idle_in_transaction_session_timeout": "10s",
    "lock_timeout": "5s",
    "jit": "off",  # our statements run for microseconds
}


class Pool:
    """At most `most` connections."""

    def __init__(self, url: str, most: int) -> None:
        self.most = most
        self._url = url
        self._places = asyncio.Semaphore(most)
        self._idle: list[tuple[Connection, float]] = []
        self.closed = False

    async def take(self, patience_s: float) -> Connection:
        """A connection for one task; raises TimeoutError when there is none for so long, or what connecting raises."""
        if self._places.locked():
            async with asyncio.timeout(patience_s):
                await self._places.acquire()
        else:
            await self._places.acquire()
        try:
            while self._idle:
                connection, since_s = self._idle.pop()
                if time.monotonic() - since_s < _IDLE_S and not connection.is_closed():
                    return connection
                connection.terminate()
            return await open_connection(self._url, patience_s)
        except BaseException:
            self._places.release()
            raise

    def give_back(self, connection: Connection) -> None:
        """For others to use; one that is closed or in a transaction is thrown away."""
        if self.closed or connection.is_closed() or connection.is_in_transaction():
            connection.terminate()
        else:
            self._idle.append((connection, time.monotonic()))
        self._places.release()

    def throw_away(self, connection: Connection) -> None:
        """Nobody knows what it is doing; the server rolls back what it had begun."""
        connection.terminate()
        self._places.release()

    async def aclose(self) -> None:
        """Say goodbye on every connection; one that is lent is closed when it comes back."""
        self.closed = True
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            with contextlib.suppress(Exception):
                await connection.close(timeout=1)


async def open_connection(url: str, timeout_s: float) -> Connection:
    """One connection with our settings."""
    connection: Connection = await asyncpg.connect(
        url,
        timeout=timeout_s,
        command_timeout=_STATEMENT_S,
        statement_cache_size=512,
        max_cached_statement_lifetime=0,
        server_settings=_SETTINGS,
    )
    try:  # a SUM of BIGINT is NUMERIC there, and a plain integer in SQLite
        await connection.set_type_codec("numeric", schema="pg_catalog", encoder=str, decoder=_number, format="text")
    except BaseException:
        connection.terminate()
        raise
    return connection


def _number(text: str) -> Any:
    return int(text) if text.lstrip("-").isdigit() else float(text)
