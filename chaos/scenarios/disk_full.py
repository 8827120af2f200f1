"""The disk is full again and again: no file grows past a kilobyte; database, clips and all."""

import resource

from chaos.processes import Process
from chaos.setup import PROVIDER_FAULTS, Mix, Setup
from chaos.world import World

SETUP = Setup(embedded=True, provider_faults=PROVIDER_FAULTS, mix=Mix(rate_per_s=4.0))


async def harm(world: World) -> None:
    """Full for one to five seconds; while it is, the server is also killed now and then."""
    [server] = world.apis
    try:
        while not world.over:
            await world.sleep(world.rng.uniform(2, 5))
            _limit(server, 1024)
            world.harms["full disks"] += 1
            await world.sleep(world.rng.uniform(1, 5))
            if world.rng.random() < 0.2:
                server.kill()  # its next life has room
                world.harms["SIGKILL"] += 1
                await world.wait_for_apis()
            _limit(server, resource.RLIM_INFINITY)
    finally:
        _limit(server, resource.RLIM_INFINITY)


def _limit(server: Process, size_bytes: int) -> None:
    if server.alive:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size_bytes, resource.RLIM_INFINITY))
