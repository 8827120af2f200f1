"""What a monitor reads: requests here, the state of the work from the rows when asked."""

import hmac
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from reelway.api.problems import openai_shape, respond
from reelway.api.services import Services
from reelway.db.script import Rows, Script, sql
from reelway.errors import Unauthenticated

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """One registry per server, so that two servers in one process do not share counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "reelway_http_requests", "Requests by route and status", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "reelway_http_seconds",
            "Seconds to the end of the answer",
            ["route"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._generations = Gauge(
            "reelway_generations",
            "Generations by state, model and provider",
            ["state", "model", "provider"],
            registry=self.registry,
        )
        self._deliveries = Gauge(
            "reelway_webhook_deliveries", "Webhook deliveries by state", ["state"], registry=self.registry
        )
        self._oldest = Gauge(
            "reelway_queue_oldest_seconds", "Age of the oldest queued generation", registry=self.registry
        )
        self._held = Gauge("reelway_held_microusd", "Money held, by purse", ["purse"], registry=self.registry)

    async def page(self, services: Services, request: Request) -> Response:
        """`GET /metrics`: open on loopback, else with the operator secret as bearer token."""
        if not services.settings.loopback:
            given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
            if not hmac.compare_digest(given.encode(), services.operator_secret):
                return respond(
                    request, Unauthenticated("metrics need the operator secret as bearer token"), openai_shape
                )
        rows = await services.db.scan(_work(services.clock.now_ms()))
        states, deliveries, oldest_s, held = rows
        for gauge, values in ((self._generations, states), (self._deliveries, deliveries), (self._held, held)):
            gauge.clear()
            for *labels, value in values:
                gauge.labels(*labels).set(value)
        self._oldest.set(oldest_s)
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


def _work(now_ms: int) -> Script[tuple[Rows, Rows, float, Rows]]:
    states = yield sql("SELECT state, model, provider, COUNT(*) FROM generations GROUP BY state, model, provider")
    deliveries = yield sql("SELECT state, COUNT(*) FROM deliveries GROUP BY state")
    oldest = yield sql("SELECT MIN(created_at) FROM generations WHERE ended_at IS NULL AND state = 'queued'")
    held = yield sql("SELECT purse, SUM(held_microusd) FROM accounts GROUP BY purse")
    oldest_s = max(now_ms - oldest[0][0], 0) / 1000 if oldest[0][0] is not None else 0.0
    return states, deliveries, oldest_s, held
