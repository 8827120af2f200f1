"""A provider whose calls are timed, counted and traced: every adapter the same, and none knows of it."""

from collections.abc import Awaitable
from itertools import product
from time import perf_counter
from typing import Final, TypeVar

from reelway.errors import ProviderError, ProviderFault
from reelway.kit.metrics import Metrics
from reelway.kit.tracing import Tracing
from reelway.providers.base import (
    Callback,
    CancelOutcome,
    Failed,
    FindOutcome,
    Handle,
    Order,
    ProbeOutcome,
    Progress,
    Provider,
)

T = TypeVar("T")

_OPERATOR_MUST_ACT: Final = (ProviderFault.CREDENTIALS, ProviderFault.FUNDS, ProviderFault.MODEL_GONE)


class WatchedProvider(Provider):
    """See Provider."""

    def __init__(self, name: str, inner: Provider, metrics: Metrics, tracing: Tracing) -> None:
        self._name = name
        self._inner = inner
        self._metrics = metrics
        self._tracing = tracing
        for call, fault in product(("submit", "poll"), _OPERATOR_MUST_ACT):
            metrics.provider_errors.labels(name, call, fault)  # a first one is only seen to rise from a zero

    async def submit(self, order: Order) -> Handle:
        """See Provider."""
        return await self._traced("submit", self._inner.submit(order))

    async def poll(self, handle: Handle) -> Progress:
        """See Provider. No span: a job is looked at hundreds of times."""
        progress = await self._counted("poll", self._inner.poll(handle))
        if isinstance(progress, Failed):
            self._metrics.provider_failures.labels(self._name, progress.fault).inc()
        return progress

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """See Provider."""
        return await self._traced("cancel", self._inner.cancel(handle))

    async def find(self, order: Order) -> FindOutcome:
        """See Provider."""
        return await self._traced("find", self._inner.find(order))

    async def discard(self, handle: Handle) -> None:
        """See Provider."""
        await self._inner.discard(handle)

    async def aclose(self) -> None:
        """See Provider."""
        await self._inner.aclose()

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """See Provider."""
        return await self._counted("probe", self._inner.probe(upstream_model))

    async def genuine(self, callback: Callback) -> bool:
        """See Provider."""
        return await self._inner.genuine(callback)

    async def _traced(self, call: str, made: Awaitable[T]) -> T:
        with self._tracing.span(call, {"reelway.provider": self._name}, kind="client"):
            return await self._counted(call, made)

    async def _counted(self, call: str, made: Awaitable[T]) -> T:
        started_s = perf_counter()
        try:
            return await made
        except Exception as error:
            fault = error.fault if isinstance(error, ProviderError) else "bug"
            self._metrics.provider_errors.labels(self._name, call, fault).inc()
            raise
        finally:
            self._metrics.provider_seconds.labels(self._name, call).observe(perf_counter() - started_s)
