"""Half of the writes to S3 fail: refused, broken off in the middle, or done without an answer."""

from chaos.setup import PROVIDER_FAULTS, Mix, Setup
from chaos.world import World

SETUP = Setup(s3=True, workers=2, provider_faults=PROVIDER_FAULTS, mix=Mix(rate_per_s=3.0))


async def harm(world: World) -> None:
    """From the first moment to the last."""
    assert world.proxy is not None
    world.proxy.failing = 0.5
