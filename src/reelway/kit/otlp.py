"""Spans for an OpenTelemetry collector, over OTLP/HTTP. Only imported where one is named: `pip install reelway[otel]`.

What else a deployment may want to say comes from OpenTelemetry's own variables: OTEL_EXPORTER_OTLP_HEADERS for a
collector that wants a key, OTEL_TRACES_SAMPLER for fewer traces, OTEL_RESOURCE_ATTRIBUTES for names.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from reelway import __version__
from reelway.errors import ReelwayError
from reelway.kit.tracing import NONE, Attributes, Kind, Tracing

_KINDS: Final = {
    "internal": SpanKind.INTERNAL,
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "consumer": SpanKind.CONSUMER,
}
_CALL_TIMEOUT_S: Final = 5.0  # the exporter's, tries included: how long a dead collector may hold up our end
_W3C: Final = TraceContextTextMapPropagator()


class _OtlpSpan:
    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._ended = False

    def note(self, attributes: Attributes, *, name: str | None = None) -> None:
        """See Span."""
        self._span.set_attributes(attributes)
        if name is not None:
            self._span.update_name(name)

    def end(self, attributes: Attributes = NONE) -> None:
        """See Span."""
        if not self._ended:
            self._ended = True
            self._span.set_attributes(attributes)
            self._span.end()


def _context(parent: str | None) -> Context | None:
    return None if parent is None else _W3C.extract({"traceparent": parent}, Context())


class OtlpTracing(Tracing):
    """On. Nothing global: two servers in one process keep their spans apart."""

    on = True

    def __init__(self, endpoint: str, *, part: str) -> None:
        resource = Resource.create({"service.name": "reelway", "service.version": __version__, "reelway.part": part})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=_CALL_TIMEOUT_S)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("reelway", __version__)

    @contextmanager
    def span(
        self, name: str, attributes: Attributes = NONE, *, kind: Kind = "internal", parent: str | None = None
    ) -> Iterator[_OtlpSpan]:
        """See Tracing. The text of an error stays out: it may quote a prompt."""
        with self._tracer.start_as_current_span(
            name,
            _context(parent),
            kind=_KINDS[kind],
            attributes=attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield _OtlpSpan(span)
            except Exception as error:
                code = error.code if isinstance(error, ReelwayError) else type(error).__name__
                span.set_attribute("error.type", code)
                span.set_status(StatusCode.ERROR)
                raise

    def begin(
        self, name: str, attributes: Attributes = NONE, *, parent: str | None = None, since_ms: int | None = None
    ) -> _OtlpSpan:
        """See Tracing."""
        start_ns = None if since_ms is None else since_ms * 1_000_000
        span = self._tracer.start_span(name, _context(parent), attributes=attributes, start_time=start_ns)
        return _OtlpSpan(span)

    def here(self) -> str | None:
        """See Tracing."""
        carrier: dict[str, str] = {}
        _W3C.inject(carrier)
        return carrier.get("traceparent")

    def close(self) -> None:
        """See Tracing."""
        self._provider.shutdown()
