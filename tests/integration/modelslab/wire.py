"""Talking to a running server as a ModelsLab program would."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx2

from harness import Running

V7 = "/api/v7/video-fusion"
V6 = "/api/v6/video"
REFUSED = {"model_id": "previz", "prompt": "refuse: x", "width": 128, "height": 72, "duration": 1}
TINY = {"model_id": "previz", "prompt": "a red kite", "width": 128, "height": 72, "num_frames": 4, "fps": 8}


@dataclass(frozen=True)
class Client:
    """One program with a key."""

    server: Running
    http: httpx2.AsyncClient

    async def post(self, path: str, body: Any = None, *, key: str | None = None, **more: Any) -> httpx2.Response:
        """With the test key in the body, unless another is given; an empty `key` leaves it out."""
        sent = dict(body or {})
        if key != "":
            sent["key"] = key or self.server.test_key
        return await self.http.post(path, json=sent, **more)

    async def text(self, body: dict[str, Any] | None = None, *, key: str | None = None, **more: Any) -> httpx2.Response:
        """A v7 text-to-video that the sandbox refuses, so that nothing is rendered."""
        return await self.post(f"{V7}/text-to-video", {**REFUSED, **(body or {})}, key=key, **more)

    async def v6(self, body: dict[str, Any] | None = None, **more: Any) -> httpx2.Response:
        """The same on v6."""
        return await self.post(f"{V6}/text2video", {"prompt": "refuse: x", **(body or {})}, **more)

    async def balance(self) -> dict[str, Any]:
        """The test account."""
        data: dict[str, Any] = (await self.post("/api/wallet_balance")).json()["data"]
        return data

    async def ended(self, id: int, *, family: str = V7, key: str | None = None) -> dict[str, Any]:
        """The fetch answer once it is no longer processing."""
        for _ in range(900):
            answer = await self.post(f"{family}/fetch/{id}", key=key)
            body: dict[str, Any] = answer.json()
            if body["status"] != "processing":
                return body
            await asyncio.sleep(0.1)
        raise AssertionError(f"{id} is still processing")
