"""Fixtures for every test."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from harness import Running, serving
from reelway.db.migrate import POSTGRES, migrate
from reelway.db.postgres import PostgresDatabase
from servers import Postgres, database, postgres
from tiny_pipelines import pipelines

__all__ = ["pipelines"]

DATABASES = ("sqlite", "postgres")

# The gate plays the same games every time; on a developer's machine they are new each run.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Postgres]:
    """A PostgreSQL server of our own, started when the first test wants it."""
    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def template(cluster: Postgres) -> str:
    """The name of a migrated database, to be copied."""

    async def migrated() -> str:
        name = await cluster.make()
        db = await PostgresDatabase.connect(cluster.url(name), most=1)
        await db.write(migrate(POSTGRES, 0))
        await db.aclose()
        return name

    return asyncio.run(migrated())


@pytest.fixture
async def database_url(cluster: Postgres, template: str) -> AsyncIterator[str]:
    """A migrated database on PostgreSQL with nothing in it."""
    async with database(cluster, template) as url:
        yield url


@pytest.fixture(params=DATABASES)
def database_setting(request: pytest.FixtureRequest) -> str:
    """The setting `database`: the same tests run on each."""
    url: str = "sqlite" if request.param == "sqlite" else request.getfixturevalue("database_url")
    return url


@pytest.fixture
async def running(tmp_path: Path, database_setting: str) -> AsyncIterator[Running]:
    """A real server on a free port."""
    async with serving(tmp_path / "data", database=database_setting) as server:
        yield server
