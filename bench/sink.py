"""The other side of a job: serves the provider's clip and receives the webhooks. `python -m bench.sink --clip FILE`.

GET /clip.mp4 is the clip, POST anything is a webhook (200), GET /seen tells how many different webhook-ids came and
when the last one did. As little HTTP as aiohttp accepts, so that it takes little of the machine.
"""

import argparse
import asyncio
import json
import signal
import time
from pathlib import Path
from typing import cast
from urllib.request import urlopen

import uvloop

from bench.processes import Process


def sink(folder: Path, clip: Path) -> Process:
    """Start one; stop it."""
    return Process(["-m", "bench.sink", "--clip", str(clip)], log=folder / "sink.log")


def seen(url: str) -> dict[str, float]:
    """What one has seen: `webhooks`, and `last_s` on the monotonic clock."""
    with urlopen(f"{url}/seen", timeout=10) as answer:
        told: dict[str, float] = json.loads(answer.read())
        return told


class Seen:
    """What came in."""

    def __init__(self, clip: bytes) -> None:
        self.clip = _answer(clip, "video/mp4")
        self.ids: set[bytes] = set()
        self.last_s = 0.0


class Connection(asyncio.Protocol):
    """Keep-alive; one request at a time, which is what clients send."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own are not registered as one

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            size = int(_header(head, b"content-length") or 0)
            if len(self._buffer) < end + 4 + size:
                return
            self._buffer = self._buffer[end + 4 + size :]
            self._transport.write(self._respond(head))

    def _respond(self, head: bytes) -> bytes:
        seen = self._seen
        if head.startswith(b"get /clip.mp4"):
            return seen.clip
        if head.startswith(b"post "):
            seen.ids.add(_header(head, b"webhook-id"))
            seen.last_s = time.monotonic()
            return _answer(b"ok", "text/plain")
        return _answer(json.dumps({"webhooks": len(seen.ids), "last_s": seen.last_s}).encode(), "application/json")


def _header(head: bytes, name: bytes) -> bytes:
    at = head.find(b"\r\n" + name + b":")
    return head[at + len(name) + 3 :].split(b"\r\n", 1)[0].strip() if at >= 0 else b""


def _answer(body: bytes, media_type: str) -> bytes:
    return f"HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


async def _serve(clip: bytes) -> None:
    seen = Seen(clip)
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    server = await loop.create_server(lambda: Connection(seen), "127.0.0.1", 0, backlog=1024)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await over.wait()
    server.close()


def main() -> None:
    """Until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, required=True)
    clip = parser.parse_args().clip.read_bytes()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(clip))


if __name__ == "__main__":
    main()
