"""How often a provider account may be called, exact over all workers: each submit takes the next free instant.

A schedule is one number, the instant after the last one taken. A tenth of a minute's submits may go at once when
nothing went before; no minute, wherever it begins, has more than the account allows.
"""

from dataclasses import dataclass
from typing import Final

from reelway.db.script import Script, sql

_MINUTE_MS: Final = 60_000
_AHEAD_MS: Final = 60_000  # further ahead nothing is taken


@dataclass(frozen=True, slots=True)
class Reserved:
    """This instant is the caller's."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Full:
    """Nothing was taken; ask again at this instant."""

    at_ms: int


def reserve(account: str, per_minute: int, now_ms: int) -> Script[Reserved | Full]:
    """Take the next free instant, by the caller's clock.

    Workers whose clocks differ are spaced by the one that is ahead. A schedule further ahead than anybody may take
    was left by a clock that was wrong, and begins anew.
    """
    burst = max(per_minute // 10, 1)
    # `burst` at once and then one each step is at most `per_minute` in any minute.
    step_ms = -(-_MINUTE_MS // (per_minute - burst + 1))
    slack_ms = (burst - 1) * step_ms
    rows = yield sql(
        "INSERT INTO provider_rates (account, next_at) VALUES ($1, $2)"
        " ON CONFLICT (account) DO UPDATE SET next_at ="
        " CASE WHEN provider_rates.next_at BETWEEN $3 AND $4 THEN provider_rates.next_at + $5 ELSE $2 END"
        " WHERE provider_rates.next_at <= $4 OR provider_rates.next_at > $6 RETURNING next_at",
        account,
        now_ms + step_ms,
        now_ms,
        now_ms + slack_ms + _AHEAD_MS,
        step_ms,
        now_ms + slack_ms + 2 * _AHEAD_MS,
    )
    if not rows:
        return Full(now_ms + _AHEAD_MS // 2)
    next_ms: int = rows[0][0]
    return Reserved(max(next_ms - step_ms - slack_ms, now_ms))
