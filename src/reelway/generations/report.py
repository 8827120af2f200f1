"""What was made and what it brought: price, cost and margin for each model and provider."""

from dataclasses import dataclass
from typing import Any

from reelway.db.script import Script, sql
from reelway.domain.money import Purse
from reelway.domain.states import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One model at one upstream; money in micro-dollars."""

    model: str
    provider: str
    upstream_model: str
    generations: int  # that ended
    succeeded: int
    charged_microusd: int
    cost_microusd: int  # the provider's own figure where it gives one, else what was expected
    told: int  # generations whose cost the provider told


def report(from_ms: int, to_ms: int) -> Script[list[Line]]:
    """Of live generations that ended in [from, to), the largest charge first. Reads every row: for an operator."""
    rows = yield sql(
        "SELECT model, provider, upstream_model, COUNT(*), SUM(CASE WHEN state = $1 THEN 1 ELSE 0 END),"
        " SUM(COALESCE(charged_microusd, 0)),"
        " SUM(COALESCE(cost_microusd, CASE WHEN state = $1 OR charged_microusd > 0 THEN expected_cost_microusd"
        " ELSE 0 END)), COUNT(cost_microusd)"
        " FROM generations WHERE purse = $2 AND ended_at >= $3 AND ended_at < $4"
        " GROUP BY model, provider, upstream_model",
        State.SUCCEEDED,
        Purse.LIVE,
        from_ms,
        to_ms,
    )
    lines = [
        Line(
            model=model,
            provider=provider,
            upstream_model=upstream,
            generations=int(count),
            succeeded=int(done),
            charged_microusd=int(charged),
            cost_microusd=int(cost),
            told=int(told),
        )
        for model, provider, upstream, count, done, charged, cost, told in rows
    ]
    return sorted(lines, key=lambda line: (-line.charged_microusd, line.model, line.provider, line.upstream_model))


class Money:
    """Micro-dollars in the currency of reports."""

    def __init__(self, currency: str, per_usd: float) -> None:
        self.currency = currency
        self._per_usd = per_usd

    def line(self, line: Line) -> dict[str, Any]:
        """One line of a report."""
        about = {"model": line.model, "provider": line.provider, "upstream_model": line.upstream_model}
        return about | self._sums([line])

    def total(self, lines: list[Line]) -> dict[str, Any]:
        """All of them."""
        return self._sums(lines)

    def _sums(self, lines: list[Line]) -> dict[str, Any]:
        charged = sum(line.charged_microusd for line in lines)
        cost = sum(line.cost_microusd for line in lines)
        return {
            "generations": sum(line.generations for line in lines),
            "succeeded": sum(line.succeeded for line in lines),
            "charged": self._amount(charged),
            "cost": self._amount(cost),
            "margin": self._amount(charged - cost),
            "margin_percent": round(100 * (charged - cost) / charged, 1) if charged else None,
            "costs_told": sum(line.told for line in lines),
        }

    def _amount(self, microusd: int) -> str:
        return f"{microusd * self._per_usd / 1e6:.4f}"
