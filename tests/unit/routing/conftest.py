"""A router asks a database for nothing while it plans; it has one all the same."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reelway.db.base import Database
from reelway.db.migrate import SQLITE, migrate
from reelway.db.sqlite import SqliteDatabase


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    opened = SqliteDatabase(tmp_path / "t.db")
    await opened.write(migrate(SQLITE, 0))
    yield opened
    await opened.aclose()
