"""Rate limits: bursts, then an even pace; counted per key."""

import pytest

from reelway.accounts.limits import RateLimit
from reelway.errors import RateLimited


def test_a_burst_passes_and_the_next_call_says_how_long_to_wait() -> None:
    limit = RateLimit(per_minute=60, burst=3)
    assert [limit.take("k", 100.0).remaining for _ in range(3)] == [2, 1, 0]
    with pytest.raises(RateLimited, match="Maximum 60 requests per minute") as caught:
        limit.take("k", 100.0)
    assert caught.value.retry_after_s == 1
    assert limit.take("k", 101.0).remaining == 0


def test_a_refused_call_costs_nothing() -> None:
    limit = RateLimit(per_minute=60, burst=1)
    limit.take("k", 0.0)
    for _ in range(100):
        with pytest.raises(RateLimited):
            limit.take("k", 0.5)
    limit.take("k", 1.0)


def test_keys_do_not_share_a_limit() -> None:
    limit = RateLimit(per_minute=1, burst=1)
    limit.take("a", 0.0)
    limit.take("b", 0.0)


def test_zero_is_no_limit() -> None:
    limit = RateLimit(per_minute=0, burst=1)
    for _ in range(1000):
        limit.take("k", 0.0)
