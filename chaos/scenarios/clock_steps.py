"""The wall clocks of APIs and workers jump by minutes, forward and back, each by itself.

Needs libfaketime (Debian and Ubuntu: apt install libfaketime), which is loaded into Reelway's processes only.
"""

from pathlib import Path

from chaos.setup import PROVIDER_FAULTS, Setup
from chaos.world import World

_LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
_STEP_MAX_S = 240  # a receiver refuses signatures that are five minutes off

MISSING = None if _LIBRARY else "libfaketime is missing: apt install libfaketime"
SETUP = Setup(
    environ={
        "LD_PRELOAD": str(_LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": "{folder}/{name}.clock",
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    },
    provider_faults=PROVIDER_FAULTS,
    settings={"unknown_age_max_s": 86_400},  # an age by a clock that was ahead would keep the end waiting
    pace_slack=8,
)


async def harm(world: World) -> None:
    """One clock every second or two; at the end all are right again."""
    while not world.over:
        await world.sleep(world.rng.uniform(0.5, 2))
        process = world.rng.choice(world.processes)
        _set(world, process.name, world.rng.randint(-_STEP_MAX_S, _STEP_MAX_S))
        world.harms["steps"] += 1
    for process in world.processes:
        _set(world, process.name, 0)


def _set(world: World, name: str, offset_s: int) -> None:
    """By a rename, so that nobody reads half of it."""
    path = world.folder / f"{name}.clock"
    path.with_suffix(".new").write_text(f"{offset_s:+d}\n")
    path.with_suffix(".new").rename(path)
