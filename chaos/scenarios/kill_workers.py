"""kill -9, SIGTERM and SIGSTOP of random workers and APIs, under load; each is started again."""

import asyncio

from chaos.setup import PROVIDER_FAULTS, Setup
from chaos.world import World

SETUP = Setup(provider_faults=PROVIDER_FAULTS, pace_slack=8)
_LOST_S = 4.0  # as in the settings: after so much silence others take a worker's jobs


async def harm(world: World) -> None:
    """Mostly workers; pauses are shorter and longer than the time after which one is given up, and overlap."""
    loop = asyncio.get_running_loop()
    while not world.over:
        await world.sleep(world.rng.uniform(0.5, 2.5))
        victim = world.rng.choice([*world.workers, *world.workers, *world.apis])
        harm = world.rng.choice(("SIGKILL", "SIGKILL", "SIGSTOP", "SIGSTOP", "SIGTERM"))
        world.harms[harm] += 1
        match harm:
            case "SIGKILL":
                victim.kill()
            case "SIGTERM":
                victim.terminate()
            case "SIGSTOP":
                victim.pause()
                loop.call_later(world.rng.uniform(0.3, 2 * _LOST_S), victim.resume)
