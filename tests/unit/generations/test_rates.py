"""A provider account is called no more often than it allows, whoever calls."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reelway.db.base import Database
from reelway.db.migrate import SQLITE, migrate
from reelway.db.postgres import PostgresDatabase
from reelway.db.sqlite import SqliteDatabase
from reelway.generations.rates import Full, Reserved, reserve

NOW = 1_000_000


@pytest.fixture
async def db(database_setting: str, tmp_path: Path) -> AsyncIterator[Database]:
    opened: Database
    if database_setting == "sqlite":
        opened = SqliteDatabase(tmp_path / "t.db")
        await opened.write(migrate(SQLITE, 0))
    else:
        opened = await PostgresDatabase.connect(database_setting, most=8)
    yield opened
    await opened.aclose()


def most_in_a_minute(instants: list[int]) -> int:
    return max(sum(first <= at < first + 60_000 for at in instants) for first in instants)


@pytest.mark.parametrize("per_minute", [1, 7, 30, 120])
async def test_no_minute_has_more_than_the_account_allows(db: Database, per_minute: int) -> None:
    """Eight callers at a time, for two and a half minutes, and more often than they may."""
    taken: list[int] = []
    for now_ms in range(NOW, NOW + 150_000, min(10_000, 8 * 24_000 // per_minute)):
        for answer in await asyncio.gather(*(db.write(reserve("acme", per_minute, now_ms)) for _ in range(8))):
            assert answer.at_ms >= now_ms
            if isinstance(answer, Reserved):
                taken.append(answer.at_ms)
    assert most_in_a_minute(taken) <= per_minute
    assert len(taken) >= 2 * per_minute + 1


async def test_nothing_is_taken_more_than_a_minute_ahead(db: Database) -> None:
    for number in range(7):
        assert await db.write(reserve("acme", 6, NOW)) == Reserved(NOW + number * 10_000)
    assert await db.write(reserve("acme", 6, NOW)) == Full(NOW + 30_000)
    assert await db.write(reserve("acme", 6, NOW + 30_000)) == Reserved(NOW + 70_000)


async def test_a_few_go_at_once_and_the_others_one_each_step(db: Database) -> None:
    instants = [(await db.write(reserve("acme", 20, NOW))).at_ms - NOW for _ in range(4)]
    assert instants == [0, 0, 3158, 6316]


async def test_accounts_do_not_wait_for_each_other(db: Database) -> None:
    assert await db.write(reserve("acme", 1, NOW)) == Reserved(NOW)
    assert await db.write(reserve("other", 1, NOW)) == Reserved(NOW)
    assert await db.write(reserve("acme", 1, NOW)) == Reserved(NOW + 60_000)


async def test_what_a_wrong_clock_left_is_forgotten(db: Database) -> None:
    await db.write(reserve("acme", 6, NOW + 3_600_000))
    assert await db.write(reserve("acme", 6, NOW)) == Reserved(NOW)
    assert await db.write(reserve("acme", 6, NOW)) == Reserved(NOW + 10_000)
