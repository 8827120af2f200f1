"""How often a key may call, and how many generations it may have in flight."""

from dataclasses import dataclass
from math import ceil

from reelway.db.script import Script, sql
from reelway.domain.generation import KeyId
from reelway.errors import RateLimited


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left for a key; for the X-RateLimit headers."""

    limit: int
    remaining: int
    reset_s: int  # until all of it is back


class RateLimit:
    """GCRA: `per_minute` calls spread evenly, with bursts of up to `burst`. In memory, per process.

    State is one float a key (the time at which its bucket is empty again); keys idle for a minute are forgotten.
    """

    def __init__(self, *, per_minute: int, burst: int) -> None:
        self._per_minute = per_minute
        self._interval_s = 60.0 / per_minute if per_minute else 0.0
        self._burst = max(burst, 1)
        self._empty_at: dict[str, float] = {}

    def take(self, key: str, now_s: float) -> Allowance:
        """One call by `key` at monotonic `now_s`; raises RateLimited with the seconds to wait."""
        if not self._per_minute:
            return Allowance(0, 0, 0)
        if len(self._empty_at) > 100_000:
            self._empty_at = {k: t for k, t in self._empty_at.items() if t > now_s}
        empty_at = max(self._empty_at.get(key, now_s), now_s) + self._interval_s
        over_s = empty_at - now_s - self._burst * self._interval_s
        if over_s > 1e-9:
            raise RateLimited(
                f"Rate limit exceeded. Maximum {self._per_minute} requests per minute allowed.",
                retry_after_s=max(ceil(over_s), 1),
            )
        self._empty_at[key] = empty_at
        remaining = int((self._burst * self._interval_s - (empty_at - now_s)) / self._interval_s + 1e-9)
        return Allowance(self._per_minute, remaining, ceil(empty_at - now_s))


def check_in_flight(key_id: KeyId, most: int, retry_after_s: int) -> Script[None]:
    """Raises RateLimited when the key has more than `most` unfinished generations; 0 is no limit.

    In the create transaction, the new one included; after the hold, whose lock keeps other creates from counting.
    """
    if not most:
        return
    rows = yield sql(
        "SELECT COUNT(*) FROM (SELECT 1 FROM generations WHERE key_id = $1 AND ended_at IS NULL LIMIT $2) AS busy",
        key_id,
        most + 1,
    )
    if rows[0][0] > most:
        raise RateLimited(f"Rate limit exceeded. Maximum {most} queued requests allowed.", retry_after_s=retry_after_s)
