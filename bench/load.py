"""The load generator: keep-alive HTTP/1.1 over raw asyncio protocols on uvloop, in a process of its own.

`python -m bench.load` reads a Load as JSON and prints a Result. It parses as little as it must: the status, the
Content-Length, and that the body came. Any status but the expected one ends the run with an error: a fast refusal is
not a fast answer. It costs 20 to 30 microseconds a request, all of one core at the rates of a bare server: a limit
above some 25,000 requests/s is the generator's own (`client_busy` near 1 says so).
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import cast

import uvloop

KEY_MARK = "{unique}"  # in a header value or body: replaced by a number that never comes twice
CALLER_MARK = "{caller}"  # there as well: replaced by one of the load's callers, whichever comes


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to send: to each connection in turn the next of `paths`, again as soon as the answer is there."""

    port: int
    connections: int
    seconds: float = 0.0  # of measuring; or
    count: int = 0  # so many requests, however long that takes
    warm_s: float = 0.0
    method: str = "GET"
    paths: list[str] = field(default_factory=lambda: ["/"])
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    callers: list[str] = field(default_factory=list)
    expect: int = 200
    keep: bool = False  # hand back the bodies
    start: int = 0  # of the unique numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it; latencies are of the measured part only."""

    requests: int
    seconds: float
    per_s: float
    p50_ms: float
    p99_ms: float
    body_bytes: int
    client_busy: float  # share of one core that the generator used
    bodies: list[str]


class Failed(Exception):
    """An answer that was not the expected one."""


class Run:
    """Shared by all connections."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.requests = _rendered(load)
        self.left = load.count or sys.maxsize
        self.measuring = not load.warm_s
        self.latencies: list[float] = []
        self.body_bytes = 0
        self.bodies: list[str] = []
        self.over = asyncio.get_running_loop().create_future()
        self.open = load.connections
        self.stopping = False

    def fail(self, message: str) -> None:
        """End everything."""
        self.stopping = True
        if not self.over.done():
            self.over.set_exception(Failed(message))

    def closed(self) -> None:
        """A connection has nothing more to do."""
        self.open -= 1
        if not self.open and not self.over.done():
            self.over.set_result(None)


def _rendered(load: Load) -> Iterator[bytes]:
    """Requests, rendered ahead but for the unique number; the mark has the width of the number."""
    width = len(KEY_MARK)
    ready: list[tuple[bytes, ...]] = []
    for path in load.paths:
        lines = [f"{load.method} {path} HTTP/1.1", f"Host: 127.0.0.1:{load.port}"]
        lines += [f"{name}: {value}" for name, value in load.headers.items()]
        if load.method == "POST":
            lines.append(f"Content-Length: {len(load.body.encode())}")
        whole = "\r\n".join([*lines, "", load.body])
        ready += [tuple(whole.replace(CALLER_MARK, c).encode().split(KEY_MARK.encode())) for c in load.callers or [""]]
    number, chance = load.start, random.Random(load.start)
    while True:
        for parts in ready if not load.callers else chance.choices(ready, k=len(ready)):
            if len(parts) == 1:
                yield parts[0]
            else:
                number += 1
                yield str(number).zfill(width).encode().join(parts)


class Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._expected = b"HTTP/1.1 " + str(run.load.expect).encode()
        self._transport: asyncio.Transport | None = None
        self._head = b""
        self._body_left = -1  # -1: the head is not whole yet
        self._body: list[bytes] = []
        self._sent_at = 0.0
        self._done = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's own are not registered as one
        self._next()

    def data_received(self, data: bytes) -> None:
        if self._body_left < 0:
            data = self._take_head(data)
        if self._body_left >= 0:
            self._take_body(data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done:
            self._run.fail(f"the server closed a connection ({exc})")

    def _next(self) -> None:
        run = self._run
        assert self._transport is not None
        if run.stopping or run.left <= 0:
            self._done = True
            self._transport.close()
            run.closed()
            return
        run.left -= 1
        self._sent_at = time.perf_counter()
        self._transport.write(next(run.requests))

    def _take_head(self, data: bytes) -> bytes:
        self._head += data
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            return b""
        head, rest = self._head[:end].lower(), self._head[end + 4 :]
        self._head = b""
        at = head.find(b"\r\ncontent-length:")
        if not head.startswith(self._expected.lower()) or at < 0:
            self._run.fail(f"expected {self._run.load.expect}, got {(head + rest)[:600]!r}")
            return b""
        self._body_left = int(head[at + 17 :].split(b"\r\n", 1)[0])
        return rest

    def _take_body(self, data: bytes) -> None:
        run = self._run
        self._body_left -= len(data)
        run.body_bytes += len(data) if run.measuring else 0
        if run.load.keep:
            self._body.append(data)
        if self._body_left > 0:
            return
        if self._body_left < 0:
            run.fail("an answer was longer than its Content-Length")
            return
        self._body_left = -1
        if run.measuring:
            run.latencies.append(time.perf_counter() - self._sent_at)
        if run.load.keep:
            run.bodies.append(b"".join(self._body).decode())
            self._body.clear()
        self._next()


async def drive(load: Load) -> Result:
    """Send the load; raises Failed."""
    loop = asyncio.get_running_loop()
    run = Run(load)
    loop.set_exception_handler(lambda _, context: run.fail(f"the generator broke: {context}"))
    opened = [loop.create_connection(lambda: Connection(run), "127.0.0.1", load.port) for _ in range(load.connections)]
    await asyncio.gather(*opened)
    if load.warm_s:
        await asyncio.wait([run.over], timeout=load.warm_s)
        run.measuring = True
    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.wait([run.over], timeout=None if load.count else load.seconds)
    seconds, busy = time.perf_counter() - started, time.process_time() - cpu
    run.measuring, run.stopping = False, True
    await run.over
    took = sorted(run.latencies) or [0.0]
    return Result(
        requests=len(run.latencies),
        seconds=seconds,
        per_s=len(run.latencies) / seconds,
        p50_ms=took[len(took) // 2] * 1000,
        p99_ms=took[min(len(took) * 99 // 100, len(took) - 1)] * 1000,
        body_bytes=run.body_bytes,
        client_busy=busy / seconds,
        bodies=run.bodies,
    )


def main() -> None:
    """JSON in, JSON out."""
    load = Load(**json.load(sys.stdin))
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            result = runner.run(drive(load))
    except Failed as error:
        sys.exit(str(error))
    print(json.dumps(asdict(result)))


if __name__ == "__main__":
    main()
