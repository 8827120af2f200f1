"""What a server talks to while it works: an OpenTelemetry collector and a webhook receiver, on 127.0.0.1."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, kw_only=True)
class Span:
    """One that was received."""

    name: str
    trace: str
    id: str
    parent: str
    kind: int
    started_ns: int
    ended_ns: int
    failed: bool
    attributes: dict[str, Any]


@dataclass
class Collector:
    """What came."""

    url: str = ""
    raw: list[bytes] = field(default_factory=list)
    hooks: list[dict[str, str]] = field(default_factory=list)
    hook_status: list[int] = field(default_factory=list)  # to answer with, then 200

    @property
    def spans(self) -> list[Span]:
        """In the order of their beginnings."""
        return sorted((span for body in self.raw for span in _spans(body)), key=lambda s: s.started_ns)

    async def hooked(self, count: int) -> None:
        """Wait until that many webhooks came."""
        async with asyncio.timeout(20):
            while len(self.hooks) < count:
                await asyncio.sleep(0.01)


def _spans(body: bytes) -> list[Span]:
    sent = ExportTraceServiceRequest.FromString(body)
    return [
        Span(
            name=span.name,
            trace=span.trace_id.hex(),
            id=span.span_id.hex(),
            parent=span.parent_span_id.hex(),
            kind=span.kind,
            started_ns=span.start_time_unix_nano,
            ended_ns=span.end_time_unix_nano,
            failed=span.status.code == 2,
            attributes={a.key: getattr(a.value, a.value.WhichOneof("value")) for a in span.attributes},
        )
        for resource in sent.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


@asynccontextmanager
async def collector() -> AsyncIterator[Collector]:
    """Listens until the block ends."""
    made = Collector()

    async def traces(request: web.Request) -> web.Response:
        made.raw.append(await request.read())
        return web.Response(content_type="application/x-protobuf")

    async def hook(request: web.Request) -> web.Response:
        made.hooks.append({name.lower(): value for name, value in request.headers.items()})
        return web.Response(status=made.hook_status.pop(0) if made.hook_status else 200)

    app = web.Application()
    app.router.add_post("/v1/traces", traces)
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield made
    finally:
        await runner.cleanup()
