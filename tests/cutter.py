"""A wire to a server that can be cut at a word."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import Enum
from typing import Final

_MOST: Final = 1 << 16


class Cut(Enum):
    """When, for a message of the client with the word in it."""

    BEFORE = "it never arrives"
    AFTER = "it is answered, the answer never arrives"


class Cutter:
    """Passes on bytes between its port and the server's, until it is told a word."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.cuts = 0
        self._server_port = port
        self._word: bytes | None = None
        self._when = Cut.BEFORE
        self._refuses = self._then_refuse = False
        self._open: set[asyncio.StreamWriter] = set()

    def cut_at(self, word: bytes, when: Cut, *, then_refuse: bool = False) -> None:
        """Once: the connection on which the client says that word breaks."""
        self._word, self._when, self._then_refuse = word, when, then_refuse

    def cut_all(self) -> None:
        """Every connection, now."""
        for writer in self._open:
            writer.transport.abort()

    def refuse(self) -> None:
        """From now on nobody gets through."""
        self._refuses = True
        self.cut_all()

    async def serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        if self._refuses:
            to_client.transport.abort()
            return
        server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        self._open |= {to_client, to_server}
        answers = asyncio.create_task(_pass_on(server, to_client))
        try:
            while message := await client.read(_MOST):
                if self._word is None or self._word not in message:
                    to_server.write(message)
                    continue
                self._word = None
                self.cuts += 1
                self._refuses = self._then_refuse
                answers.cancel()
                if self._when is Cut.AFTER:
                    to_server.write(message)
                    await server.read(_MOST)
                break
        except ConnectionError:
            pass
        finally:
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)
            self._open -= {to_client, to_server}
            for writer in (to_client, to_server):
                writer.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_MOST):
            writer.write(data)
        writer.close()


@asynccontextmanager
async def cutter(port: int) -> AsyncIterator[Cutter]:
    """Listens on a free port of 127.0.0.1 until the block ends."""
    wire = Cutter(port)
    listener = await asyncio.start_server(wire.serve, "127.0.0.1", 0)
    wire.port = listener.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        listener.close()
        wire.cut_all()
