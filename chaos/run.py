"""One scenario from start to verdict: load and harm together, then heal, rest, write down, audit."""

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import chaos.scenarios
from chaos import records
from chaos.audit import Verdict, audit
from chaos.world import World, open_world

_REST_S = 300.0  # for what is in flight when the load ends, and the harm to wear off


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict and what it took."""

    verdict: Verdict
    seconds: float
    rested: bool
    surprises: int  # processes that ended by themselves
    statuses: Mapping[int, int]  # what the clients were answered
    harms: Mapping[str, int]

    def note(self) -> str:
        """One line beside the table."""
        answers = ", ".join(f"{count} x {status or 'no answer'}" for status, count in sorted(self.statuses.items()))
        harms = "".join(f"{count} x {harm}; " for harm, count in sorted(self.harms.items()))
        text = f"{self.seconds:.0f} s; {harms}clients got {answers}"
        if self.verdict.written_off_microusd:
            text += f"; written off {self.verdict.written_off_microusd} microusd"
        if self.surprises:
            text += f"; {self.surprises} processes ended by themselves"
        return text if self.rested else text + "; it did not come to rest"


def scenarios() -> dict[str, ModuleType]:
    """By name; the first line of its docstring says what a scenario does."""
    names = sorted(m.name for m in iter_modules(chaos.scenarios.__path__))
    return {name: import_module(f"chaos.scenarios.{name}") for name in names}


async def play(scenario: ModuleType, folder: Path, *, seconds: float, seed: int, count: int | None = None) -> Outcome:
    """Run it in `folder`, which keeps the records and logs."""
    started = time.monotonic()
    async with open_world(scenario.SETUP, folder, seed) as world:
        load = world.load()
        harm = asyncio.create_task(_harm(scenario, world))
        await load.run(seconds, count)
        await world.heal()
        await harm
        await world.heal()
        rested = await world.rest(_REST_S + seconds)
        await world.write_down()
        surprises = world.surprises
    verdict = audit(records.read(folder))
    return Outcome(verdict, time.monotonic() - started, rested, surprises, load.statuses, world.harms)


async def _harm(scenario: ModuleType, world: World) -> None:
    try:
        await scenario.harm(world)
    except Exception as error:
        print(f"the scenario itself broke: {error!r}", file=sys.stderr)
        raise
