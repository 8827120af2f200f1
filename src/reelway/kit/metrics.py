"""What one process counts and times; `reelway.api.metrics` shows it, together with what the rows say.

Every label has few values: routes, providers and models of the catalogue, faults, states; never what a caller wrote.
Counters are each process's own: add them up (`sum by`). What is read from the database is the same in every
process: take any (`max by`).
"""

import asyncio
from collections.abc import Iterable
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from reelway import __version__

_QUICK_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_CALL_S: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_JOB_S: Final = (0.1, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 21600)
_DELIVERY_S: Final = (0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 36000)
_LAG_EVERY_S: Final = 0.5

# The instant at which each series began would be half of the page, and nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """One registry per server, so that two servers in one process do not share counts."""

    def __init__(self, *, part: str = "serve") -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        build = self._gauge("build_info", "1 for this process: its version and what it does", "version", "part")
        build.labels(__version__, part).set(1)

        # -- from the rows and the machine, when somebody asks --
        self.queue_waiting = self._gauge("queue_waiting", "Work that waits to be taken up", "lane")
        self.queue_running = self._gauge("queue_running", "Work that is being done", "lane")
        self._circuits = self._gauge(
            "circuit_open",
            "1 for an upstream that is found failing; no model: its key or funds",
            "provider",
            "model",
            "fault",
        )
        self.queue_oldest_s = self._gauge("queue_oldest_seconds", "Age of the oldest that waits", "lane")
        self.unfinished = self._gauge(
            "generations_unfinished", "Generations that have not ended", "state", "provider", "model"
        )
        self.held_microusd = self._gauge("held_microusd", "Micro-dollars held, over all workspaces", "purse")
        self.unaccounted_microusd = self._gauge(
            "unaccounted_microusd", "Micro-dollars held less the prices of what has not ended; always 0", "purse"
        )
        self.database_up = self._gauge("database_up", "1 when the database answered the last look, else 0")
        self.database_in_use = self._gauge("database_in_use", "Connections (SQLite: writers) that are busy")
        self.database_waiting = self._gauge(
            "database_waiting", "Scripts that wait for a connection (SQLite: the writer)"
        )
        self.disk_free_bytes = self._gauge("disk_free_bytes", "Bytes free where the data folder is")
        self.disk_size_bytes = self._gauge("disk_size_bytes", "Size of the disk that the data folder is on")

        # -- as it happens --
        self.requests = self._counter("http_requests", "Requests", "method", "route", "status")
        self.request_seconds = self._seconds("http", "Seconds to the end of the answer", _QUICK_S, "method", "route")

        self.created = self._counter("generations_created", "Generations accepted", "provider", "model")
        self.ended = self._counter(
            "generations_ended", "Generations that this process ended", "state", "provider", "model"
        )
        self.start_seconds = self._seconds(
            "generation_start", "Seconds from create until the provider had the job", _JOB_S, "provider"
        )
        self.generation_seconds = self._seconds(
            "generation", "Seconds from create to the end", _JOB_S, "provider", "state"
        )
        self.settle_seconds = self._seconds(
            "settle",
            "Seconds from the look that found the clip ready at the provider until it was stored and paid",
            _JOB_S,
            "provider",
        )
        self.takeovers = self._counter(
            "takeovers", "Jobs that changed under this worker: cancelled, or taken over by another", "provider"
        )
        self.charged_microusd = self._counter("charged_microusd", "Micro-dollars charged", "purse", "provider")

        self.provider_seconds = self._seconds(
            "provider_call", "Seconds of one call to a provider", _CALL_S, "provider", "call"
        )
        self.provider_errors = self._counter(
            "provider_errors", "Calls to a provider that came to nothing", "provider", "call", "fault"
        )
        self.provider_failures = self._counter(
            "provider_failures", "Jobs that the provider ended without a clip", "provider", "fault"
        )

        self.storage_seconds = self._seconds(
            "storage", "Seconds of one storage operation; read: to the first bytes", _CALL_S, "operation"
        )
        self.storage_errors = self._counter("storage_errors", "Storage operations that failed", "operation")

        self.webhook_attempts = self._counter(
            "webhook_attempts", "Webhook requests by what came of them: ok, an HTTP class, or why none", "outcome"
        )
        self.webhook_deliveries_ended = self._counter(
            "webhook_deliveries_ended", "Webhook deliveries that ended: delivered, or failed for good", "state"
        )
        self.webhook_seconds = self._seconds(
            "webhook_delivery", "Seconds from the event to the receiver's yes", _DELIVERY_S
        )
        self.webhook_endpoints_disabled = self._counter(
            "webhook_endpoints_disabled", "Webhook endpoints that were disabled after nothing but failures"
        )

        self.database_write_seconds = self._seconds(
            "database_write", "Seconds until a transaction was durable, waiting included", _QUICK_S
        )
        self.database_refused = self._counter("database_refused", "Transactions that the database did not take")
        self.loop_lag_seconds = self._seconds(
            "event_loop_lag", "Seconds by which the event loop was late for a timer", _QUICK_S
        )

    def show_circuits(self, found: Iterable[tuple[str, str, str]]) -> None:
        """Provider, upstream model and fault of each that is failing now."""
        self._circuits.clear()
        for labels in found:
            self._circuits.labels(*labels).set(1)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"reelway_{name}", meaning, labels, registry=self.registry)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"reelway_{name}", meaning, labels, registry=self.registry)

    def _seconds(self, name: str, meaning: str, buckets: Iterable[float], *labels: str) -> Histogram:
        return Histogram(f"reelway_{name}_seconds", meaning, labels, buckets=tuple(buckets), registry=self.registry)


async def watch_loop(metrics: Metrics) -> None:
    """Note how late the event loop is, until cancelled: what blocks it blocks everybody."""
    loop = asyncio.get_running_loop()
    while True:
        due_s = loop.time() + _LAG_EVERY_S
        await asyncio.sleep(_LAG_EVERY_S)
        metrics.loop_lag_seconds.observe(max(loop.time() - due_s, 0.0))
