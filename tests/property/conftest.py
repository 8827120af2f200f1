"""The databases that the state machines play on."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeVar

import apsw
import pytest

from reelway.db.migrate import SQLITE, migrate
from reelway.db.postgres import PostgresDatabase
from reelway.db.script import Script, run_script
from reelway.db.sqlite import execute_on

T = TypeVar("T")


class Run(Protocol):
    """A script as one transaction, rolled back whole when it raises."""

    def __call__(self, script: Script[T]) -> T: ...


@dataclass(frozen=True)
class Board:
    """One database for all games of a test: each game brings its own workspace."""

    run: Run
    games: float  # how many of the usual number are played: a round trip takes its time


@pytest.fixture
def on_sqlite() -> Iterator[Board]:
    connection = apsw.Connection(":memory:")

    def run(script: Script[T]) -> T:
        with connection:
            return run_script(script, execute_on(connection))

    run(migrate(SQLITE, 0))
    yield Board(run, 1)
    connection.close()


@pytest.fixture
def on_postgres(database_url: str) -> Iterator[Board]:
    with asyncio.Runner() as loop:
        db = loop.run(PostgresDatabase.connect(database_url, most=1))

        def run(script: Script[T]) -> T:
            return loop.run(db.write(script))

        yield Board(run, 0.1)
        loop.run(db.aclose())


@pytest.fixture(params=["on_sqlite", "on_postgres"])
def board(request: pytest.FixtureRequest) -> Board:
    chosen: Board = request.getfixturevalue(request.param)
    return chosen
