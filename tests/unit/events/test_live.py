"""Wake-ups reach whoever waits; progress is forgotten at the end."""

import asyncio

from reelway.domain.generation import GenerationId
from reelway.events.live import LocalLive, Progress

G = GenerationId("video_1")


async def test_everybody_who_waits_is_told() -> None:
    live = LocalLive()
    waiting = [asyncio.create_task(live.wait(G, 5)) for _ in range(3)]
    await asyncio.sleep(0)
    live.changed(G)
    assert await asyncio.gather(*waiting) == [True, True, True]


async def test_who_waits_in_vain_is_told_so() -> None:
    assert await LocalLive().wait(G, 0.01) is False


async def test_progress_is_the_latest_and_ends_with_the_generation() -> None:
    live = LocalLive()
    assert live.progress(G) is None
    live.progressed(G, Progress(0.25, "previz"))
    assert live.progress(G) == Progress(0.25, "previz")
    live.ended(G)
    assert live.progress(G) is None
