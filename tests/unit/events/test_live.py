"""Wake-ups reach whoever waits; progress is forgotten at the end. Every `Live` keeps these promises."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from reelway.domain.generation import GenerationId
from reelway.events.live import Live, LocalLive, Progress
from reelway.events.postgres import PostgresLive
from servers import Postgres

G = GenerationId("video_1")


@pytest.fixture(params=["local", "postgres"])
async def live(request: pytest.FixtureRequest, cluster: Postgres) -> AsyncIterator[Live]:
    made: Live = LocalLive() if request.param == "local" else PostgresLive(cluster.url())
    await made.start()
    yield made
    await made.stop()


async def test_everybody_who_waits_is_told(live: Live) -> None:
    waiting = [asyncio.create_task(live.wait(G, 5)) for _ in range(3)]
    await asyncio.sleep(0)
    live.changed(G)
    assert await asyncio.gather(*waiting) == [True, True, True]


async def test_who_waits_in_vain_is_told_so(live: Live) -> None:
    waiting = asyncio.create_task(live.wait(G, 0.01))
    live.changed(GenerationId("video_2"))
    assert await waiting is False


async def test_a_wait_is_over_at_the_first_word(live: Live) -> None:
    first = asyncio.create_task(live.wait(G, 5))
    await asyncio.sleep(0)
    live.changed(G)
    assert await first is True
    assert await live.wait(G, 0.1) is False


async def test_progress_is_the_latest_and_ends_with_the_generation(live: Live) -> None:
    assert live.progress(G) is None
    live.progressed(G, Progress(0.25, "previz"))
    live.progressed(G, Progress(0.5, "previz"))
    assert live.progress(G) == Progress(0.5, "previz")
    live.ended(G)
    assert live.progress(G) is None


async def test_progress_and_the_end_wake_and_the_same_progress_does_not(live: Live) -> None:
    for say, woken in (
        (lambda: live.progressed(G, Progress(0.25, "previz")), True),
        (lambda: live.progressed(G, Progress(0.25, "previz")), False),
        (lambda: live.ended(G), True),
    ):
        waiting = asyncio.create_task(live.wait(G, 0.2))
        await asyncio.sleep(0)
        say()
        assert await waiting is woken


async def test_everybody_is_told_when_something_may_have_been_missed(live: Live) -> None:
    waiting = [asyncio.create_task(live.wait(GenerationId(f"video_{n}"), 5)) for n in range(3)]
    await asyncio.sleep(0)
    live.changed_all()
    assert await asyncio.gather(*waiting) == [True, True, True]


async def test_after_a_stop_it_still_tells_within_the_process(live: Live) -> None:
    await live.stop()
    waiting = asyncio.create_task(live.wait(G, 5))
    await asyncio.sleep(0)
    live.ended(G)
    assert await waiting is True
