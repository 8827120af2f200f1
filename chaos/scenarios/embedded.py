"""SQLite: `reelway serve` killed with -9 again and again, under load."""

from chaos.setup import PROVIDER_FAULTS, Mix, Setup
from chaos.world import World

SETUP = Setup(embedded=True, provider_faults=PROVIDER_FAULTS, mix=Mix(rate_per_s=4.0))


async def harm(world: World) -> None:
    """Lives of one to six seconds."""
    [server] = world.apis
    while not world.over:
        await world.sleep(world.rng.uniform(1, 6))
        server.kill()
        world.harms["SIGKILL"] += 1
        await world.wait_for_apis()
