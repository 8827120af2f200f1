"""MiniMax calls only where its challenge was repeated: https://platform.minimax.io/docs/api-reference, callback_url."""

from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from harness import serving
from reelway.domain.generation import GenerationId
from reelway.generations.callbacks import CallbackUrls


async def test_a_challenge_is_repeated_to_who_knows_the_url_and_to_nobody_else(tmp_path: Path) -> None:
    table = {"key": "sk-nobody", "base_url": "http://127.0.0.1:9"}
    async with (
        serving(tmp_path, providers={"minimax": table}, public_url="https://reelway.example") as running,
        aiohttp.ClientSession(running.url) as minimax,
    ):
        urls = CallbackUrls(running.reelway.services.operator_secret, "https://reelway.example")
        path = urlsplit(urls.url("minimax", GenerationId("video_1"))).path
        for _ in range(2):
            async with minimax.post(path, json={"challenge": "c0ffee"}) as answer:
                assert (answer.status, await answer.json()) == (200, {"challenge": "c0ffee"})
        async with minimax.post(path[:-4] + "0000", json={"challenge": "c0ffee"}) as answer:
            assert answer.status == 404
            assert "c0ffee" not in await answer.text()
        for body in (b'{"task": {"id": "1", "status": "queued"}}', b'{"challenge": {"a": 1}}', b"[1]", b"{"):
            async with minimax.post(path, data=body) as answer:
                assert (answer.status, await answer.read()) == (204, b"")
