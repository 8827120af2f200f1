"""What a provider may cost in a day and in a month, exact over all workers: taken before a submit, set right after."""

from dataclasses import dataclass
from datetime import UTC, datetime

from reelway.db.base import Database
from reelway.db.script import Script, sql, tell
from reelway.domain.money import usd
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.clock import Clock
from reelway.providers.base import Facts


@dataclass(frozen=True, slots=True)
class Limit:
    """One budget: of a day (`2026-11-23`) or a month (`2026-11`), UTC."""

    period: str
    microusd: int


def limits(facts: Facts, now_ms: int) -> list[Limit]:
    """The budgets of a provider that count now."""
    today = datetime.fromtimestamp(now_ms / 1000, UTC)
    named = ((f"{today:%Y-%m-%d}", facts.budget_microusd_per_day), (f"{today:%Y-%m}", facts.budget_microusd_per_month))
    return [Limit(period, microusd) for period, microusd in named if microusd is not None]


def take(provider: str, facts: Facts, cost_microusd: int, now_ms: int) -> Script[None]:
    """Part of the submit's transaction; raises FUNDS, and nothing is taken, when one of the budgets is spent."""
    for limit in limits(facts, now_ms):
        rows = yield sql(
            "INSERT INTO budgets AS b (provider, period, spent_microusd) VALUES ($1, $2, $3)"
            " ON CONFLICT (provider, period) DO UPDATE SET spent_microusd = b.spent_microusd + $3"
            " WHERE b.spent_microusd + $3 <= $4 RETURNING 1",
            provider,
            limit.period,
            cost_microusd,
            limit.microusd,
        )
        if not rows or cost_microusd > limit.microusd:
            raise ProviderError(ProviderFault.FUNDS, spent_message(provider, limit), no_job=True)


def correct(provider: str, facts: Facts, change_microusd: int, now_ms: int) -> Script[None]:
    """It cost more or less than was taken; part of the transaction that says so."""
    if change_microusd:
        for limit in limits(facts, now_ms):
            yield tell(
                "UPDATE budgets SET spent_microusd = spent_microusd + $3 WHERE provider = $1 AND period = $2",
                provider,
                limit.period,
                change_microusd,
            )


def spent_message(provider: str, limit: Limit) -> str:
    """What is said where a budget stops something."""
    return f"the budget of {provider} for {limit.period}, {usd(limit.microusd)} USD, is spent"


class Budgets:
    """What is spent, as this process knows it; a submit asks the rows themselves."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._spent: dict[tuple[str, str], int] = {}

    async def refresh(self) -> None:
        """Read the current periods."""
        today = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        self._spent = await self._db.scan(_spent(f"{today:%Y-%m-%d}", f"{today:%Y-%m}"))

    def spent_microusd(self, provider: str, period: str) -> int:
        """In that day or month so far."""
        return self._spent.get((provider, period), 0)

    def full(self, provider: str, facts: Facts, cost_microusd: int) -> Limit | None:
        """The budget that a job of that cost does not fit into any more, or None."""
        for limit in limits(facts, self._clock.now_ms()):
            if self.spent_microusd(provider, limit.period) + cost_microusd > limit.microusd:
                return limit
        return None


def _spent(day: str, month: str) -> Script[dict[tuple[str, str], int]]:
    rows = yield sql("SELECT provider, period, spent_microusd FROM budgets WHERE period IN ($1, $2)", day, month)
    return {(provider, period): spent for provider, period, spent in rows}
