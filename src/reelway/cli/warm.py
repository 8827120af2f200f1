"""`reelway warm`: a set-up step, so that the first clip does not wait for a compiler."""

import asyncio

from reelway.cli.options import Config, Data, settings_of
from reelway.cli.output import note
from reelway.previz.engine import Engine
from reelway.settings import Settings


def command(data: Data = None, config: Config = None) -> None:
    """Compile the previz engine into its cache: REELWAY_PREVIZ_CACHE, else cache/previz in the data folder."""
    seconds = asyncio.run(_warm(engine_of(settings_of(data, config))))
    note("previz is compiled" if seconds is None else f"previz is compiled; it took {seconds:.0f} s")


def engine_of(settings: Settings) -> Engine:
    """The engine as the server would make it."""
    cache = (settings.previz_cache or settings.data / "cache" / "previz").absolute()
    return Engine(cache_dir=cache, idle_s=settings.previz_idle_s, threads=settings.previz_threads)


async def _warm(engine: Engine) -> float | None:
    """Seconds it took; None when there was nothing to do."""
    try:
        if engine.warmed():
            return None
        note("compiling previz: half a minute, once")
        return await engine.warm()
    finally:
        await engine.aclose()
