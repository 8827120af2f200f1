"""Two API processes on one database, and callers who ask both at once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from harness import Running, make_key, serving
from reelway.db.script import Script, sql
from reelway.domain.money import Purse
from reelway.ledger.audit import audit

LISTED = {"model": "sora-2", "prompt": "slow 9999"}  # 4 seconds
PRICE = 400_000


@pytest.fixture
async def pair(tmp_path: Path, database_url: str) -> AsyncIterator[tuple[Running, Running]]:
    async with (
        serving(tmp_path / "one", database=database_url, in_flight_max=3) as one,
        serving(tmp_path / "other", database=database_url, in_flight_max=3) as other,
    ):
        yield one, other


async def ask_both(pair: tuple[Running, Running], key: str, times: int, **headers: str) -> list[httpx2.Response]:
    """The same request to both in turn, all at once."""
    async with (
        httpx2.AsyncClient(base_url=pair[0].url, headers=pair[0].headers(key) | headers, timeout=60) as one,
        httpx2.AsyncClient(base_url=pair[1].url, headers=pair[1].headers(key) | headers, timeout=60) as other,
    ):
        return await asyncio.gather(*((one, other)[n % 2].post("/v1/videos", json=LISTED) for n in range(times)))


def count() -> Script[int]:
    rows = yield sql("SELECT COUNT(*) FROM generations")
    made: int = rows[0][0]
    return made


async def test_one_idempotency_key_makes_one_generation_and_one_answer(pair: tuple[Running, Running]) -> None:
    key = await make_key(pair[0].reelway, "racer", Purse.TEST)
    for round in range(3):  # as many as may be in flight
        answers = await ask_both(pair, key, 12, **{"idempotency-key": f"round {round}"})
        assert {a.status_code for a in answers} == {200}
        assert len({a.content for a in answers}) == 1
        assert await pair[0].reelway.db.read(count()) == round + 1
    assert await pair[0].reelway.db.scan(audit()) == []


async def test_the_last_credits_are_spent_once(pair: tuple[Running, Running]) -> None:
    key = await make_key(pair[0].reelway, "poor", Purse.TEST, {Purse.TEST: 3 * PRICE - 1})
    answers = await ask_both(pair, key, 12)
    assert Counter(a.status_code for a in answers) == {200: 2, 402: 10}
    assert await pair[0].reelway.db.scan(audit()) == []


async def test_a_key_has_no_more_in_flight_than_it_may(pair: tuple[Running, Running]) -> None:
    key = await make_key(pair[0].reelway, "eager", Purse.TEST)
    answers = await ask_both(pair, key, 12)
    assert Counter(a.status_code for a in answers) == {200: 3, 429: 9}
    assert await pair[0].reelway.db.scan(audit()) == []
