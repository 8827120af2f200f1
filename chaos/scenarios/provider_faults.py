"""The provider hangs, answers late, loses answers, refuses, garbles and cuts; half of it cannot be asked."""

from chaos.setup import PROVIDER_FAULTS, Setup
from chaos.world import World

# Held for longer than any run: what nobody can clear up is in the column `held`.
SETUP = Setup(
    workers=2,
    provider_faults={name: share * 1.5 for name, share in PROVIDER_FAULTS.items()},
    settings={"unknown_age_max_s": 86_400},
)


async def harm(world: World) -> None:
    """The faults are shares of all calls; there is nothing more to do."""
