"""Waiting for a video over HTTP, with an end to the wait."""

import asyncio
from typing import Any

import httpx2


async def ended(client: httpx2.AsyncClient, id: str, timeout_s: float = 60) -> dict[str, Any]:
    """The video object once it is completed or failed."""
    async with asyncio.timeout(timeout_s):
        while True:
            video: dict[str, Any] = (await client.get(f"/v1/videos/{id}")).json()
            if video["status"] in ("completed", "failed"):
                return video
            await asyncio.sleep(0.05)
