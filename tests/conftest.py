"""Fixtures for every test."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import settings

from harness import Running, serving

# The gate plays the same games every time; on a developer's machine they are new each run.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """A real server on a free port."""
    async with serving(tmp_path / "data") as server:
        yield server
