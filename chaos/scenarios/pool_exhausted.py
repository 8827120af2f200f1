"""A neighbour takes every connection of PostgreSQL and cuts ours, while pools are at their smallest."""

import asyncio
import contextlib

import asyncpg

from chaos.setup import PROVIDER_FAULTS, Setup
from chaos.world import World

SETUP = Setup(
    provider_faults=PROVIDER_FAULTS,
    postgres_options=("max_connections=48", "superuser_reserved_connections=1"),
    settings={"database_connections": 3},
    pace_slack=8,
)
_NAME = {"application_name": "neighbour"}
_CUT = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE backend_type = 'client backend' AND application_name <> $1 AND random() < 0.5"
)


async def harm(world: World) -> None:
    """For some seconds cut ours and take what gets free, then let go."""
    assert world.cluster is not None
    while not world.over:
        await world.sleep(world.rng.uniform(3, 6))
        taken: list[asyncpg.Connection] = []
        try:
            for _ in range(world.rng.randint(2, 8)):
                with contextlib.suppress(asyncpg.PostgresError, OSError, TimeoutError):
                    while True:
                        taken.append(await asyncpg.connect(world.cluster.url(), timeout=5, server_settings=_NAME))
                if taken:
                    cut = await taken[0].fetch(_CUT, _NAME["application_name"])
                    world.harms["connections cut"] += len(cut)
                await world.sleep(0.4)
        finally:
            world.harms["connections taken"] += len(taken)
            await asyncio.gather(*(c.close(timeout=5) for c in taken), return_exceptions=True)
