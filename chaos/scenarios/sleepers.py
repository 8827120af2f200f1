"""Workers fall asleep in the worst place, just before an order leaves, until after their jobs were taken over."""

from chaos.setup import Setup
from chaos.world import World

SETUP = Setup(environ={"REPLICA_NAPS": "0.05"}, pace_slack=8)
_ASLEEP_S = 7.0  # longer than the time after which others take over


async def harm(world: World) -> None:
    """Wake whoever has slept long enough."""
    asleep: dict[str, float] = {}
    while not world.over:
        await world.sleep(0.5)
        for worker in world.workers:
            asleep[worker.name] = asleep.get(worker.name, 0.0) + 0.5 if worker.paused else 0.0
            if asleep[worker.name] >= _ASLEEP_S:
                worker.resume()
                world.harms["naps"] += 1
