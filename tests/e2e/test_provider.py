"""A whole generation by a configured provider: a table in the settings, a model in the catalogue, a real server."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from builders import a_catalogue
from harness import Running, serving
from reelway.errors import ConfigError
from reelway.generations import store
from reelway.settings import load_settings
from replicas.openai_videos import OpenAIVideos
from replicas.replica import Trouble

TABLE = """
[providers.{name}]
provider = "openai_compatible"
base_url = "{url}/v1"
profile = "{name}"
poll_first_s = 0.02
poll_most_s = 0.05
"""
Serve = Callable[..., AbstractAsyncContextManager["Setting"]]


class Setting:
    """A server, the provider behind it, and somebody who has a key."""

    def __init__(self, running: Running, replica: OpenAIVideos, http: aiohttp.ClientSession) -> None:
        self.running = running
        self.replica = replica
        self._http = http

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        async with self._http.request(method, f"{self.running.url}{path}", **more) as answer:
            return await answer.json()

    async def create(self, **more: Any) -> Any:
        return await self.ask("POST", "/v1/videos", json={"model": "wan-local", "prompt": "a red kite"} | more)

    async def reaches(self, id_: str, *states: str) -> Any:
        """Asked again and again; each asking waits for the server, and the test's own timeout ends it."""
        while (video := await self.ask("GET", f"/v1/videos/{id_}"))["status"] not in states:
            assert video["status"] in ("queued", "in_progress"), video
        return video


@pytest.fixture
def serve(tmp_path: Path) -> Serve:
    @asynccontextmanager
    async def started(name: str = "sglang", *, table: str = TABLE, more: str = "") -> AsyncIterator[Setting]:
        async with OpenAIVideos(name, key=None).serving() as replica:
            file = tmp_path / "reelway.toml"
            file.write_text(table.format(name=name, url=replica.url) + more)
            route = {"provider": name, "upstream_model": "Wan-AI/Wan2.2-TI2V-5B-Diffusers"}
            catalogue = a_catalogue(tmp_path, "wan-local", route, modes=["text-to-video", "image-to-video"])
            tables = load_settings({}, file=file, environ={}).providers
            async with (
                # Nothing private is allowed: the provider's own address is, because the file names it.
                serving(tmp_path / "data", providers=tables, catalogue=catalogue, allow_private=()) as running,
                aiohttp.ClientSession(headers=running.headers()) as http,
            ):
                assert isinstance(replica, OpenAIVideos)
                yield Setting(running, replica, http)

    return started


async def test_from_request_to_file_and_money(serve: Serve) -> None:
    async with serve() as s:
        made = await s.create()
        assert (made["served_by"], made["preview"], made["price_usd"]) == ("sglang", False, "0.04")
        video = await s.reaches(made["id"], "completed")
        assert (video["charged_usd"], video["size"]) == ("0.04", "128x72")
        async with aiohttp.ClientSession(headers=s.running.headers()) as http, http.get(video["url"]) as answer:
            assert await answer.read() == s.replica.clip
        row = await s.running.reelway.db.read(store.by_id(made["id"]))
        assert row is not None
        assert (row.cost_microusd, row.charged_microusd) == (None, 40_000)
        assert row.meta["effective"]["model"] == "Wan-AI/Wan2.2-TI2V-5B-Diffusers"
        assert row.meta["effective"]["inference_time_s"] == 12.5


async def test_a_lost_answer_is_made_again_by_an_engine_of_our_own_and_paid_once(serve: Serve) -> None:
    async with serve() as s:
        s.replica.trouble = Trouble.LOST_ANSWER
        video = await s.reaches((await s.create())["id"], "completed")
        assert video["charged_usd"] == "0.04"
        assert len([seen for seen in s.replica.seen if seen.method == "POST"]) == 2


async def test_a_refused_order_costs_nothing(serve: Serve) -> None:
    async with serve() as s:
        s.replica.trouble = Trouble.REJECTED
        video = await s.reaches((await s.create())["id"], "failed")
        assert video["charged_usd"] == "0.00"
        assert video["error"]["code"] == "provider_rejected"


async def test_cancel_frees_the_gpu_where_the_engine_can(serve: Serve) -> None:
    async with serve("vllm_omni") as s:
        s.replica.looks = 100_000
        made = await s.create()
        while not s.replica.gpu_busy:
            await s.ask("GET", f"/v1/videos/{made['id']}")
        await s.ask("POST", f"/v1/videos/{made['id']}/cancel")
        video = await s.reaches(made["id"], "failed")
        assert (video["error"]["code"], video["charged_usd"]) == ("cancelled", "0.00")
        assert s.replica.gpu_busy == set()


async def test_a_cancel_that_the_engine_cannot_do_lets_the_clip_be_finished(serve: Serve) -> None:
    async with serve() as s:
        s.replica.looks = 100_000
        made = await s.create()
        while not s.replica.gpu_busy:
            await s.ask("GET", f"/v1/videos/{made['id']}")
        await s.ask("POST", f"/v1/videos/{made['id']}/cancel")
        s.replica.looks = 0
        assert (await s.reaches(made["id"], "completed"))["charged_usd"] == "0.04"


async def test_a_route_to_a_provider_that_is_not_configured_is_not_there(serve: Serve) -> None:
    async with serve(table="") as s:
        refused = await s.create()
        assert refused["error"]["code"] == "model_gone"
        assert s.replica.seen == []


async def test_a_table_with_a_mistake_stops_the_start(serve: Serve) -> None:
    with pytest.raises(ConfigError, match=r"\[providers\.sglang\]: there is no key 'fps'"):
        async with serve(more="fps = 16\n"):
            pass
