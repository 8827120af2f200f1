"""How the upstreams are doing: which ones nobody should be sent to now, and how long each takes.

A circuit is a row while an upstream is found failing; every process reads the rows every two seconds. When its time is
over, one job is let through: if that works the row is deleted, else it stays open for twice as long.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Final

import structlog

from reelway.db.base import Database
from reelway.db.script import Script, sql, tell
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.clock import Clock
from reelway.kit.metrics import Metrics

_log = structlog.get_logger(__name__)

ALL_MODELS: Final = ""  # the upstream model of a circuit that is about the provider's key or funds
_FAILURES_MAX: Final = 5  # in a row, before it is opened
_OPEN_FIRST_MS: Final = 30_000
_OPEN_MOST_MS: Final = 600_000
_OPERATOR_MS: Final = 300_000  # until somebody has acted: a key or funds
_GONE_MS: Final = 24 * 3600_000  # a withdrawn model hardly ever comes back
_NEWEST: Final = 0.2  # weight of the newest clip in the mean
_OF_PROVIDER: Final = frozenset({ProviderFault.CREDENTIALS, ProviderFault.FUNDS})
_DOWN: Final = frozenset({ProviderFault.UNAVAILABLE, ProviderFault.UNREADABLE})

_Key = tuple[str, str]  # provider, upstream model


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """An upstream that is failing."""

    provider: str
    upstream_model: str
    fault: ProviderFault
    message: str
    opened_at: int
    open_until: int
    pause_ms: int

    @property
    def needs_operator(self) -> bool:
        """It does not mend itself."""
        return self.fault in _OF_PROVIDER or self.fault is ProviderFault.MODEL_GONE


@dataclass(frozen=True, slots=True)
class Times:
    """How long an upstream took lately."""

    seconds: float
    clips: int


class Health:
    """What this process knows of the upstreams, and what it tells the others."""

    def __init__(self, db: Database, clock: Clock, metrics: Metrics) -> None:
        self._db = db
        self._clock = clock
        self._metrics = metrics
        self._circuits: dict[_Key, Circuit] = {}
        self._times: dict[_Key, Times] = {}
        self._failures: Counter[_Key] = Counter()
        self._trying: set[_Key] = set()  # this process has sent the one job that is let through
        self._took: dict[_Key, list[float]] = {}

    async def refresh(self) -> None:
        """Write what was measured here, read what everybody knows; a few milliseconds, every two seconds."""
        took, self._took = self._took, {}
        if took:
            await self._db.write(_measured(took, self._clock.now_ms()))
        circuits, times = await self._db.scan(_known())
        self._circuits = {(c.provider, c.upstream_model): c for c in circuits}
        self._times = times
        self._metrics.show_circuits((c.provider, c.upstream_model, c.fault) for c in circuits)

    def circuits(self) -> list[Circuit]:
        """All that are open or being tried."""
        return list(self._circuits.values())

    def circuit(self, provider: str, upstream_model: str) -> Circuit | None:
        """The one that keeps jobs from this upstream now; None when it may be used."""
        now = self._clock.now_ms()
        for model in (ALL_MODELS, upstream_model):
            circuit = self._circuits.get((provider, model))
            if circuit is not None and circuit.open_until > now:
                return circuit
        return None

    def times(self, provider: str, upstream_model: str) -> Times | None:
        """How long it took lately; None when it has made nothing yet."""
        return self._times.get((provider, upstream_model))

    def times_of(self, provider: str) -> dict[str, Times]:
        """The same of all its upstream models that have made something."""
        return {model: times for (name, model), times in sorted(self._times.items()) if name == provider}

    async def wait_s(self, provider: str, upstream_model: str) -> float:
        """Before a submit: how long this upstream is not to be asked; 0 when it may be, also as the one that tries."""
        for model in (ALL_MODELS, upstream_model):
            circuit = self._circuits.get((provider, model))
            if circuit is None:
                continue
            now = self._clock.now_ms()
            if circuit.open_until <= now and await self._db.write(_try(circuit, now)):
                self._trying.add((provider, model))
                continue
            return max(circuit.open_until - now, 1000) / 1000
        return 0.0

    async def failed(self, provider: str, upstream_model: str, error: ProviderError) -> None:
        """A call failed, or a job did; opens the circuit when that says something about the upstream."""
        now = self._clock.now_ms()
        if error.fault in _OF_PROVIDER:
            await self._open(provider, ALL_MODELS, error, _OPERATOR_MS, now)
        elif error.fault is ProviderFault.MODEL_GONE:
            await self._open(provider, upstream_model, error, _GONE_MS, now)
        elif error.fault in _DOWN:
            upstream = (provider, upstream_model)
            self._failures[upstream] += 1
            before = self._circuits.get(upstream)
            if before is None and self._failures[upstream] >= _FAILURES_MAX:
                await self._open(provider, upstream_model, error, _OPEN_FIRST_MS, now)
            elif before is not None and upstream in self._trying:  # others were on their way when it was opened
                self._trying.discard(upstream)
                await self._open(provider, upstream_model, error, min(before.pause_ms * 2, _OPEN_MOST_MS), now)

    async def worked(self, provider: str, upstream_model: str) -> None:
        """It took a job, or answered as one that lives."""
        self._failures.pop((provider, upstream_model), None)
        for model in (ALL_MODELS, upstream_model):
            self._trying.discard((provider, model))
            circuit = self._circuits.pop((provider, model), None)
            if circuit is not None:
                await self._db.write(good(provider, model))
                _log.info("circuit_closed", provider=provider, upstream_model=model)

    def took(self, provider: str, upstream_model: str, seconds: float) -> None:
        """A clip was finished in that time."""
        self._took.setdefault((provider, upstream_model), []).append(seconds)

    async def _open(self, provider: str, upstream_model: str, error: ProviderError, pause_ms: int, now: int) -> None:
        circuit = Circuit(
            provider=provider,
            upstream_model=upstream_model,
            fault=error.fault,
            message=error.message[:500],
            opened_at=now,
            open_until=now + pause_ms,
            pause_ms=pause_ms,
        )
        known = self._circuits.get((provider, upstream_model))
        self._circuits[provider, upstream_model] = circuit
        await self._db.write(_open(circuit))
        if known is None:
            _log.warning(
                "circuit_opened",
                provider=provider,
                upstream_model=upstream_model or "all",
                fault=error.fault,
                error=error.message,
                for_s=pause_ms / 1000,
            )


def gone(provider: str, upstream_model: str, message: str, now_ms: int) -> Script[None]:
    """A check has proven that the provider has no such model: nothing is sent there for a day."""
    circuit = Circuit(
        provider=provider,
        upstream_model=upstream_model,
        fault=ProviderFault.MODEL_GONE,
        message=message[:500],
        opened_at=now_ms,
        open_until=now_ms + _GONE_MS,
        pause_ms=_GONE_MS,
    )
    yield from _open(circuit)


def good(provider: str, upstream_model: str) -> Script[None]:
    """It works: whatever kept jobs from it is over. An empty model is the provider's key and funds."""
    yield tell("DELETE FROM circuits WHERE provider = $1 AND upstream_model = $2", provider, upstream_model)


def _open(circuit: Circuit) -> Script[None]:
    yield tell(
        "INSERT INTO circuits (provider, upstream_model, fault, message, opened_at, open_until, pause_ms)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (provider, upstream_model) DO UPDATE SET"
        " fault = EXCLUDED.fault, message = EXCLUDED.message, open_until = EXCLUDED.open_until,"
        " pause_ms = EXCLUDED.pause_ms",
        circuit.provider,
        circuit.upstream_model,
        circuit.fault,
        circuit.message,
        circuit.opened_at,
        circuit.open_until,
        circuit.pause_ms,
    )


def _try(circuit: Circuit, now_ms: int) -> Script[bool]:
    """Be the one that tries; all others wait for another pause."""
    rows = yield sql(
        "UPDATE circuits SET open_until = $4 WHERE provider = $1 AND upstream_model = $2 AND open_until = $3"
        " RETURNING 1",
        circuit.provider,
        circuit.upstream_model,
        circuit.open_until,
        now_ms + circuit.pause_ms,
    )
    return bool(rows)


def _known() -> Script[tuple[list[Circuit], dict[_Key, Times]]]:
    circuits = yield sql(
        "SELECT provider, upstream_model, fault, message, opened_at, open_until, pause_ms FROM circuits"
        " ORDER BY provider, upstream_model"
    )
    times = yield sql("SELECT provider, upstream_model, seconds, clips FROM route_times")
    return (
        [
            Circuit(
                provider=provider,
                upstream_model=model,
                fault=ProviderFault(fault),
                message=message,
                opened_at=opened_at,
                open_until=open_until,
                pause_ms=pause_ms,
            )
            for provider, model, fault, message, opened_at, open_until, pause_ms in circuits
        ],
        {(provider, model): Times(seconds, clips) for provider, model, seconds, clips in times},
    )


def _measured(took: dict[_Key, list[float]], now_ms: int) -> Script[None]:
    for (provider, model), seconds in sorted(took.items()):  # in one order everywhere: rows are locked
        mean, kept = sum(seconds) / len(seconds), (1 - _NEWEST) ** len(seconds)
        yield tell(
            "INSERT INTO route_times AS t (provider, upstream_model, seconds, clips, updated_at)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (provider, upstream_model) DO UPDATE SET"
            " seconds = t.seconds * $6 + $7, clips = t.clips + $4, updated_at = $5",
            provider,
            model,
            mean,
            len(seconds),
            now_ms,
            kept,
            mean * (1 - kept),
        )
