"""What one process says, the others hear: soon, together, and again after the line was cut."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from reelway.domain.generation import GenerationId
from reelway.errors import ConfigError
from reelway.events.live import Progress
from reelway.events.postgres import CHANNEL, PostgresLive
from servers import Postgres, free_port, postgres

G = GenerationId("video_1")
HALF = Progress(0.5, "previz")


@asynccontextmanager
async def line(cluster: Postgres) -> AsyncIterator[PostgresLive]:
    live = PostgresLive(cluster.url())
    await live.start()
    try:
        yield live
    finally:
        await live.stop()


@asynccontextmanager
async def overheard(cluster: Postgres) -> AsyncIterator[list[str]]:
    """Every message on the channel, as PostgreSQL delivers it."""
    messages: list[str] = []
    connection = await asyncpg.connect(cluster.url())
    await connection.add_listener(CHANNEL, lambda _c, _pid, _channel, message: messages.append(str(message)))
    try:
        yield messages
    finally:
        await connection.close()


@pytest.fixture
async def here(cluster: Postgres) -> AsyncIterator[PostgresLive]:
    async with line(cluster) as live:
        yield live


@pytest.fixture
async def there(cluster: Postgres) -> AsyncIterator[PostgresLive]:
    async with line(cluster) as live:
        yield live


async def until(live: PostgresLive, progress: Progress | None, id: GenerationId = G) -> None:
    async with asyncio.timeout(10):
        while live.progress(id) != progress:
            await live.wait(id, 0.05)


async def test_a_change_there_wakes_here(here: PostgresLive, there: PostgresLive) -> None:
    waiting = asyncio.create_task(here.wait(G, 10))
    await asyncio.sleep(0)
    there.changed(G)
    assert await waiting is True


async def test_progress_and_the_end_travel(here: PostgresLive, there: PostgresLive) -> None:
    there.progressed(G, HALF)
    await until(here, HALF)
    there.ended(G)
    await until(here, None)


async def test_the_end_is_not_lost_in_the_change_that_follows_it(here: PostgresLive, there: PostgresLive) -> None:
    there.progressed(G, HALF)
    await until(here, HALF)
    there.ended(G)
    there.changed(G)
    await until(here, None)


async def test_what_was_said_here_is_not_heard_again(cluster: Postgres, here: PostgresLive) -> None:
    """Else every wait of a worker would end twice for each of its own changes."""
    async with overheard(cluster) as messages:
        here.changed(G)
        waiting = asyncio.create_task(here.wait(G, 0.5))
        async with asyncio.timeout(5):
            while not messages:
                await asyncio.sleep(0.01)
        assert await waiting is False


async def test_others_hear_whole_percents(cluster: Postgres, here: PostgresLive) -> None:
    async with overheard(cluster) as messages:
        for thousandth in (500, 503, 507, 510):
            here.progressed(G, Progress(thousandth / 1000, "previz"))
            await asyncio.sleep(0.06)  # longer than the pause between two publishes
        assert messages == ['{"video_1":[0.5,"previz"]}', '{"video_1":[0.51,"previz"]}']


async def test_a_burst_arrives_whole_in_few_messages(cluster: Postgres, here: PostgresLive) -> None:
    ids = [GenerationId(f"video_{n:026}") for n in range(5000)]
    async with overheard(cluster) as messages, line(cluster) as there:
        waiting = [asyncio.create_task(here.wait(id, 20)) for id in ids]
        await asyncio.sleep(0)
        for _ in range(3):
            for id in ids:
                there.changed(id)
        assert all(await asyncio.gather(*waiting))
        assert len(messages) < 5000 // 150
        assert all(len(message.encode()) < 8000 for message in messages)


async def test_what_was_said_just_before_the_stop_is_heard(cluster: Postgres, here: PostgresLive) -> None:
    async with line(cluster) as there:
        there.progressed(G, HALF)
    await until(here, HALF)


async def test_a_stranger_on_the_channel_does_no_harm(
    cluster: Postgres, here: PostgresLive, there: PostgresLive
) -> None:
    connection = await asyncpg.connect(cluster.url())
    for odd in ("", "hello", "[1, 2]", '{"video_1": "x"}', '{"video_1": [1]}', '{"video_1": ["x", 2]}', "null"):
        await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, odd)
    await connection.close()
    there.progressed(G, HALF)
    await until(here, HALF)


async def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    live = PostgresLive(f"postgresql://reelway:hunter2@127.0.0.1:{free_port()}/reelway")
    with pytest.raises(ConfigError, match="cannot reach the database postgresql://reelway@127") as refused:
        await live.start()
    assert "hunter2" not in refused.value.message
    await live.stop()


@pytest.fixture
def own_cluster() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


async def test_a_restarted_server_is_found_again_and_nobody_waits_for_what_was_missed(own_cluster: Postgres) -> None:
    async with line(own_cluster) as here, line(own_cluster) as there:
        there.progressed(G, HALF)
        await until(here, HALF)
        waiting = asyncio.create_task(here.wait(G, 30))
        await asyncio.to_thread(own_cluster.stop, signal.SIGQUIT)
        there.ended(G)  # nobody can hear it
        await asyncio.to_thread(own_cluster.start)
        assert await waiting is True
        assert here.progress(G) is None, "what may be out of date is forgotten"
        async with asyncio.timeout(20):
            while here.progress(G) != HALF:  # until both are back
                there.ended(G)
                there.progressed(G, HALF)
                await here.wait(G, 0.1)


async def test_a_stop_does_not_wait_for_a_server_that_is_gone(own_cluster: Postgres) -> None:
    async with line(own_cluster) as live:
        await asyncio.to_thread(own_cluster.stop)
        await asyncio.sleep(0.3)
        async with asyncio.timeout(2):
            await live.stop()
