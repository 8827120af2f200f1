"""Two APIs race for one idempotency key, and for the last credits of a workspace."""

from chaos.setup import Mix, Setup
from chaos.world import World

SETUP = Setup(workers=2, mix=Mix(rate_per_s=6.0, twins=0.7, poor=0.5, cancelled=0.1))


async def harm(world: World) -> None:
    """The load itself is the race."""
