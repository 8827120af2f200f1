"""Fixtures for every test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from harness import Running, serving


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """A real server on a free port."""
    async with serving(tmp_path / "data") as server:
        yield server
