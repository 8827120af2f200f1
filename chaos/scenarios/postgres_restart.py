"""PostgreSQL is restarted under load: fast (SIGINT) and as in a crash (SIGQUIT)."""

import asyncio
import signal

from chaos.setup import PROVIDER_FAULTS, Setup
from chaos.world import World

SETUP = Setup(provider_faults=PROVIDER_FAULTS, pace_slack=8)


async def harm(world: World) -> None:
    """Down for up to two seconds, every few seconds."""
    assert world.cluster is not None
    while not world.over:
        await world.sleep(world.rng.uniform(4, 8))
        how = world.rng.choice((signal.SIGINT, signal.SIGQUIT))
        world.harms[f"restarts by {how.name}"] += 1
        await asyncio.to_thread(world.cluster.stop, how)
        await asyncio.sleep(world.rng.uniform(0, 2))
        await asyncio.to_thread(world.cluster.start)
