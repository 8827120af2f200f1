"""A provider calls back over real sockets: a signed call has the job looked at, and no other call does."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from builders import a_catalogue
from harness import Running, serving
from reelway.domain.generation import GenerationId
from reelway.events.live import LocalLive
from replicas.replica import KEY
from replicas.replicate import ReplicateApi

PUBLIC_URL = "https://reelway.example"
HOUR_S = 3600


class Setting:
    """A server that looks once an hour, and the provider that may call it."""

    def __init__(self, running: Running, replica: ReplicateApi, http: aiohttp.ClientSession) -> None:
        self.running = running
        self.replica = replica
        self.http = http

    async def begun(self) -> str:
        """The id of a generation that has been looked at once."""
        order = {"model": "seedance-by-replicate", "prompt": "a red kite"}
        async with self.http.post(f"{self.running.url}/v1/videos", json=order) as answer:
            made = await answer.json()
        await self.waits(made["id"])
        return str(made["id"])

    async def waits(self, id_: str) -> None:
        """Until its worker waits for the next look."""
        while not self._waiting(id_):
            await asyncio.sleep(0.01)

    async def ends(self, id_: str) -> str:
        """How it ended."""
        while True:
            async with self.http.get(f"{self.running.url}/v1/videos/{id_}") as answer:
                if (status := (await answer.json())["status"]) not in ("queued", "in_progress"):
                    return str(status)

    async def call(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """As the provider does, by way of what answers at the public URL."""
        assert url.startswith(PUBLIC_URL)
        place = self.running.url + urlsplit(url).path
        async with aiohttp.ClientSession() as stranger, stranger.post(place, data=body, headers=headers) as answer:
            return answer.status

    async def wakes_nobody(self, id_: str, url: str, headers: Mapping[str, str], body: bytes, status: int) -> None:
        """It is answered so, and who waited waits on."""
        looks, waiting = self.looks, self._waiting(id_)
        assert await self.call(url, headers, body) == status
        assert self._waiting(id_) is waiting, "woken"
        assert self.looks == looks

    @property
    def looks(self) -> int:
        return len([seen for seen in self.replica.seen if seen.path.startswith("/v1/predictions/")])

    def _waiting(self, id_: str) -> Any:
        live = self.running.reelway.services.live
        assert isinstance(live, LocalLive)
        return live._waiting.get(GenerationId(id_))


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    route = {"provider": "replicate", "upstream_model": "bytedance/seedance-2.0"}
    catalogue = a_catalogue(tmp_path, "seedance-by-replicate", route, durations_s=[4], sizes=["1280x720"])
    async with ReplicateApi().serving() as replica:
        assert isinstance(replica, ReplicateApi)
        replica.looks = 1000
        table = {"base_url": f"{replica.url}/v1", "key": KEY, "poll_first_s": HOUR_S, "poll_most_s": HOUR_S}
        tables = {"replicate": table}
        async with (
            serving(tmp_path / "data", providers=tables, catalogue=catalogue, public_url=PUBLIC_URL) as running,
            aiohttp.ClientSession(headers=running.headers()) as http,
        ):
            yield Setting(running, replica, http)


async def test_a_job_is_found_done_as_soon_as_its_provider_calls(setting: Setting) -> None:
    id_ = await setting.begun()
    ((job, url),) = setting.replica.callback_urls.items()
    assert f"/{id_}/" in url
    setting.replica.force("succeeded")
    assert setting.looks == 1
    assert await setting.call(url, *setting.replica.callback(job)) == 204
    assert await setting.ends(id_) == "completed"
    assert setting.looks == 2


async def test_only_a_call_that_is_signed_and_new_wakes_anybody(setting: Setting) -> None:
    id_ = await setting.begun()
    ((job, url),) = setting.replica.callback_urls.items()
    headers, body = setting.replica.callback(job)
    await setting.wakes_nobody(id_, url, {}, body, 401)
    await setting.wakes_nobody(id_, url, headers | {"webhook-signature": "v1,AAAA"}, body, 401)
    await setting.wakes_nobody(id_, url, headers, body.replace(b"processing", b"succeeded"), 401)
    await setting.wakes_nobody(id_, url.replace(id_, "video_0"), headers, body, 404)
    await setting.wakes_nobody(id_, url[:-1] + ("0" if url[-1] != "0" else "1"), headers, body, 404)
    waiting = setting._waiting(id_)
    assert await setting.call(url, headers, body) == 204
    while setting._waiting(id_) in (None, waiting):
        await asyncio.sleep(0.01)
    assert setting.looks == 2
    await setting.wakes_nobody(id_, url, headers, body, 204)  # the same again


async def test_a_call_about_a_job_that_has_ended_is_taken_and_changes_nothing(setting: Setting) -> None:
    id_ = await setting.begun()
    ((job, url),) = setting.replica.callback_urls.items()
    setting.replica.force("failed")
    assert await setting.call(url, *setting.replica.callback(job)) == 204
    assert await setting.ends(id_) == "failed"
    setting.replica.force("succeeded")
    assert await setting.call(url, *setting.replica.callback(job)) == 204
    assert await setting.ends(id_) == "failed"
    assert setting.looks == 2
