"""`GET /metrics`: what this process counted, and what the rows and the machine say when asked."""

import asyncio
import shutil
from dataclasses import dataclass
from math import inf
from typing import Final

import structlog
from prometheus_client import Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from reelway.api.operator import require_operator
from reelway.api.services import Services
from reelway.db.script import Rows, Script, sql
from reelway.dispatch.base import Backlog, Dispatch

_log = structlog.get_logger(__name__)
_FRESH_S: Final = 5.0  # ten monitors cost the database no more than one
_PATIENCE_S: Final = 5.0  # half of what Prometheus waits


@dataclass(frozen=True, slots=True)
class _Work:
    backlog: list[Backlog]
    unfinished: Rows  # state, provider, model, count
    held: Rows  # purse, microusd
    unaccounted: Rows


class MetricsPage:
    """Looks at the database at most every few seconds, and answers without it when it is gone."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._looked_at_s = -inf
        self._looking = asyncio.Lock()

    async def show(self, request: Request) -> Response:
        """Open on loopback, else with the operator secret as bearer token."""
        services = self._services
        if not services.settings.loopback:
            require_operator(services, request)
        async with self._looking:
            if services.clock.monotonic_s() - self._looked_at_s >= _FRESH_S:
                await self._look()
                self._looked_at_s = services.clock.monotonic_s()
        return Response(generate_latest(services.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    async def _look(self) -> None:
        services, metrics = self._services, self._services.metrics
        disk = shutil.disk_usage(services.settings.data)
        metrics.disk_free_bytes.set(disk.free)
        metrics.disk_size_bytes.set(disk.total)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                work = await services.db.scan(_work(services.dispatch))
        except Exception as error:  # noqa: BLE001  whatever it is: the page must say that the database is gone
            _log.warning("metrics_without_database", error=str(error) or type(error).__name__)
            work = _Work([], [], [], [])
            metrics.database_up.set(0)
        else:
            metrics.database_up.set(1)
        lanes = [(b.lane, b.waiting, b.running, b.oldest_s) for b in work.backlog]
        _show(metrics.queue_waiting, [(lane, waiting) for lane, waiting, _, _ in lanes])
        _show(metrics.queue_running, [(lane, running) for lane, _, running, _ in lanes])
        _show(metrics.queue_oldest_s, [(lane, oldest_s) for lane, _, _, oldest_s in lanes])
        _show(metrics.unfinished, work.unfinished)
        _show(metrics.held_microusd, work.held)
        _show(metrics.unaccounted_microusd, work.unaccounted)


def _show(gauge: Gauge, rows: Rows) -> None:
    """Labels, then the value; what is no longer there is no longer shown."""
    gauge.clear()
    for *labels, value in rows:
        gauge.labels(*labels).set(value)


def _work(dispatch: Dispatch) -> Script[_Work]:
    """What has not ended, by an index of nothing else: the finished million costs nothing here."""
    backlog = yield from dispatch.backlog()
    unfinished = yield sql(
        "SELECT state, provider, model, purse, COUNT(*), SUM(price_microusd) FROM generations"
        " WHERE ended_at IS NULL GROUP BY state, provider, model, purse"
    )
    held = yield sql("SELECT purse, SUM(held_microusd) FROM accounts GROUP BY purse")
    counts: dict[tuple[str, str, str], int] = {}
    owed: dict[str, int] = {}
    for state, provider, model, purse, count, price_microusd in unfinished:
        counts[state, provider, model] = counts.get((state, provider, model), 0) + count
        owed[purse] = owed.get(purse, 0) + int(price_microusd)
    return _Work(
        backlog=backlog,
        unfinished=[(*labels, count) for labels, count in counts.items()],
        held=held,
        unaccounted=[(purse, int(microusd) - owed.get(purse, 0)) for purse, microusd in held],
    )
