"""A server of its own for every test, or one for a module whose questions do not disturb each other."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from harness import serving
from integration.modelslab.wire import Client


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    async with (
        serving(tmp_path, in_flight_max=0, fetch_timeout_s=1.0) as server,
        httpx2.AsyncClient(base_url=server.url, timeout=30) as http,
    ):
        yield Client(server, http)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Client]:
    async with (
        serving(tmp_path_factory.mktemp("shared"), in_flight_max=0, fetch_timeout_s=1.0) as server,
        httpx2.AsyncClient(base_url=server.url, timeout=30) as http,
    ):
        yield Client(server, http)
