"""What is shown of a provider; of a secret, at most its last four characters."""

from typing import Any, Final

from reelway.cli.configured import Kept
from reelway.domain.money import usd
from reelway.providers import secrets
from reelway.providers.base import Configured
from reelway.settings import Settings

_BUILT_IN, _FILE, _DATABASE = "built in", "settings file", "database"
COLUMNS: Final = ("name", "kind", "from", "weight", "in_flight_max", "submits_per_minute", "budget", "key")


def facts(one: Configured, settings: Settings) -> dict[str, Any]:
    """One that a server would have."""
    per_day, per_month = (
        None if microusd is None else usd(microusd)
        for microusd in (one.facts.budget_microusd_per_day, one.facts.budget_microusd_per_month)
    )
    return {
        "name": one.name,
        "kind": one.kind,
        "from": source(one, settings),
        "weight": one.facts.weight,
        "in_flight_max": one.facts.in_flight_max,
        "submits_per_minute": one.facts.submits_per_minute,
        "budget_usd_per_day": per_day,
        "budget_usd_per_month": per_month,
        "key": ", ".join(hints(one).values()) or None,
        "wrong": None,
    }


def facts_of_wrong(kept: Kept) -> dict[str, Any]:
    """One that a server would refuse."""
    table = kept.table
    known = {"name": table.name, "kind": table.kind, "from": _DATABASE, "wrong": kept.wrong}
    unknown = ("weight", "in_flight_max", "submits_per_minute", "budget_usd_per_day", "budget_usd_per_month", "key")
    return known | dict.fromkeys(unknown)


def line(facts: dict[str, Any]) -> dict[str, Any]:
    """For a table of people."""
    budgets = (facts["budget_usd_per_day"], "day"), (facts["budget_usd_per_month"], "month")
    return facts | {"budget": ", ".join(f"{amount}/{per}" for amount, per in budgets if amount is not None)}


def source(one: Configured, settings: Settings) -> str:
    """Where its table is."""
    if one.settings is None:
        return _BUILT_IN
    return _FILE if one.name in settings.providers else _DATABASE


def hints(one: Configured) -> dict[str, str]:
    """The ends of its secrets."""
    known = {} if one.settings is None else secrets.values(one.settings)
    return {path: secrets.hint(secret) for path, secret in known.items()}
