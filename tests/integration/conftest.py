"""Clients of the running server."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from harness import Running
from s3 import s3

__all__ = ["s3"]


@pytest.fixture
async def live(running: Running) -> AsyncIterator[httpx2.AsyncClient]:
    """With a live key."""
    async with httpx2.AsyncClient(base_url=running.url, headers=running.headers(), timeout=60) as client:
        yield client


@pytest.fixture
async def sandbox(running: Running) -> AsyncIterator[httpx2.AsyncClient]:
    """With a test key of the same workspace."""
    headers = running.headers(running.test_key)
    async with httpx2.AsyncClient(base_url=running.url, headers=headers, timeout=60) as client:
        yield client


@pytest.fixture
async def stranger(running: Running) -> AsyncIterator[httpx2.AsyncClient]:
    """With a key of another workspace."""
    headers = running.headers(running.other_key)
    async with httpx2.AsyncClient(base_url=running.url, headers=headers, timeout=60) as client:
        yield client
