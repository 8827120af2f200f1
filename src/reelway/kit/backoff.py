"""How long to wait before trying again."""

import random


def backoff_s(attempt: int, *, first_s: float, most_s: float, rng: random.Random) -> float:
    """Seconds before attempt `attempt` + 1 (0 is the first retry): doubles, capped, with +-20 % jitter."""
    grown = min(first_s * 2.0 ** min(attempt, 32), most_s)
    return grown * rng.uniform(0.8, 1.2)
