"""A proxy in front of the S3 server that fails a share of the writes: before, in the middle, or after they are done."""

import asyncio
import contextlib
import random
from typing import Final

_WRITES: Final = ("PUT", "POST")
_WORDS: Final = b"<Error><Code>SlowDown</Code><Message>try again</Message></Error>"
_REFUSAL: Final = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\nContent-Length: "
    + f"{len(_WORDS)}\r\n\r\n".encode()
    + _WORDS
)
_CHUNK: Final = 64 * 1024


class Proxy:
    """Listens on a port of its own; `failing` is the share of writes that fail."""

    def __init__(self, upstream_port: int, rng: random.Random) -> None:
        self._upstream_port = upstream_port
        self._rng = rng
        self._server: asyncio.Server | None = None
        self.failing = 0.0
        self.failed = 0

    async def start(self) -> int:
        """The port."""
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        """No more connections."""
        if self._server is not None:
            self._server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Requests one after the other; what comes back is passed on as it is."""
        upstream_reader, upstream = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        back = asyncio.create_task(_copy(upstream_reader, writer))
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while await self._request(reader, writer, upstream, upstream_reader, back):
                    pass
        finally:
            back.cancel()
            for side in (upstream, writer):
                side.transport.abort()

    async def _request(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        upstream: asyncio.StreamWriter,
        upstream_reader: asyncio.StreamReader,
        back: "asyncio.Task[None]",
    ) -> bool:
        """Pass one on, or fail it; False when the connection is over."""
        head = await reader.readuntil(b"\r\n\r\n")
        size, kind = _length(head), "pass"
        if head.split(b" ", 1)[0].decode() in _WRITES and self._rng.random() < self.failing:
            kind = self._rng.choice(("refused", "halved", "unanswered"))
            self.failed += 1
        if kind == "refused":
            await reader.readexactly(size)
            writer.write(_REFUSAL)
            await writer.drain()
            writer.close()
            return False
        if kind == "unanswered":
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
        upstream.write(head)
        sent, wanted = 0, size // 2 if kind == "halved" else size
        while sent < wanted:
            upstream.write(await reader.readexactly(min(_CHUNK, wanted - sent)))
            sent = min(sent + _CHUNK, wanted)
            await upstream.drain()
        if kind == "unanswered":
            await upstream_reader.read(1)  # it is done there
        return kind == "pass"


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
        writer.close()


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":", 1)[1])
    return 0
