"""One server process, whichever part it plays: listen, build, serve, drain."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from math import ceil
from typing import Final

import structlog
import uvicorn
import uvloop
from fastapi import FastAPI

from reelway import __version__
from reelway.api.server import create_api, create_health
from reelway.app import Part, Reelway, build, check_exposure, prepare_data
from reelway.cli.data import free_credits
from reelway.cli.first_start import first_key, first_words
from reelway.cli.listening import BACKLOG, listen, url_of
from reelway.cli.lock import locked
from reelway.cli.output import note
from reelway.cli.signals import Signals
from reelway.domain.money import Purse
from reelway.errors import ConfigError
from reelway.kit import logs
from reelway.kit.dsn import without_password
from reelway.move.moved import check_not_moved
from reelway.previz.engine import RenderError
from reelway.providers.previz import Previz
from reelway.settings import Settings

_log = structlog.get_logger(__name__)
_KEEP_ALIVE_S: Final = 75  # longer than clients sleep between two polls, so that they do not race our close
_DRAINS: Final = {
    Part.ALL: "open requests may finish",
    Part.API: "open requests may finish",
    Part.WORKER: "what is in the middle of a call may finish, the rest is handed over",
}
_STOPPED: Final = {
    Part.ALL: "stopped; unfinished generations go on at the next start",
    Part.API: "stopped",
    Part.WORKER: "stopped; unfinished generations go on at another worker",
}


def run(settings: Settings, part: Part) -> None:
    """Serve until SIGINT or SIGTERM; raises ConfigError when it cannot start."""
    logs.configure(level=settings.log_level, format=settings.log_format)
    check_exposure(settings)
    check_not_moved(settings)
    if part is not Part.ALL:
        check_shared(settings, part)
    free = free_credits(settings)
    prepare_data(settings.data)
    with _owning(settings, part) as tell, closing(_listener(settings, part)) as listener:
        url = url_of(settings.host, listener.getsockname()[1])
        tell(url)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, part, listener, url, free))


def check_shared(settings: Settings, part: Part) -> None:
    """Raise ConfigError for what processes that work together cannot do with; warn of what they must see to."""
    if not settings.on_postgres:
        raise ConfigError(
            f"`reelway {part}` cannot work on SQLite: that is one process for each data folder; use `reelway serve`,"
            " or --database postgresql://…"
        )
    if settings.operator_secret is None:
        raise ConfigError(
            f"`reelway {part}` needs the operator secret that all processes share; set REELWAY_OPERATOR_SECRET, which"
            " `openssl rand -hex 32` makes"
        )
    if settings.storage == "local":
        note(
            f"warning: files are in {settings.data.absolute()}: all api and worker processes must share that disk; or"
            " keep them in a bucket, with --storage s3://…"
        )


@contextmanager
def _owning(settings: Settings, part: Part) -> Iterator[Callable[[str], None]]:
    """A data folder has one `serve`; processes that work together may share it."""
    if part is Part.ALL:
        with locked(settings.data) as tell:
            yield tell
    else:
        yield lambda url: None


def _listener(settings: Settings, part: Part) -> socket.socket:
    if part is Part.WORKER:
        return listen(settings.host, settings.health_port, option="--health-port")
    return listen(settings.host, settings.port)


async def _serve(settings: Settings, part: Part, listener: socket.socket, url: str, free: dict[Purse, int]) -> None:
    signals = Signals(_DRAINS[part])
    reelway = await build(settings, part=part)
    try:
        key = None
        if part is not Part.WORKER:
            key = await reelway.db.write(first_key(free, reelway.services.clock.now_ms()))
        await reelway.start()
        server = _server(
            create_health(reelway.services) if part is Part.WORKER else create_api(reelway.services), settings
        )

        def drain() -> None:
            reelway.drain()
            server.should_exit = True

        signals.on_first(drain)
        warming = asyncio.create_task(_warm(reelway, settings), name="warm")
        for line in [*_banner(url, settings, part), *(first_words(url, key, free) if key else [])]:
            note(line)
        await server.serve(sockets=[listener])
        warming.cancel()
        await asyncio.gather(warming, return_exceptions=True)
    finally:
        await reelway.stop()
    note(_STOPPED[part])


class _Server(uvicorn.Server):
    """Ours are the signals: uvicorn's handlers end the process by the signal, not with exit code 0."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()


def _server(app: FastAPI, settings: Settings) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=ceil(settings.drain_s),
        )
    )


async def _warm(reelway: Reelway, settings: Settings) -> None:
    """Compile previz beside the server; a clip that is asked for meanwhile waits in its queue."""
    if not reelway.renders or {"*", "previz"} <= set(settings.previz_off):
        return
    provider = reelway.providers.plain("previz")
    assert isinstance(provider, Previz)
    if provider.engine.warmed():
        return
    _log.info("previz_compiles", takes="some seconds, once; a clip asked for meanwhile waits")
    try:
        seconds = await provider.engine.warm()
    except RenderError as error:
        _log.error("previz_not_compiled", error=str(error), mend="`reelway doctor`")
    else:
        _log.info("previz_compiled", seconds=round(seconds, 1))


def _banner(url: str, settings: Settings, part: Part) -> list[str]:
    name = "Reelway" if part is Part.ALL else f"Reelway {part}"
    facts = {"data": str(settings.data.absolute())}
    if settings.on_postgres:
        facts["database"] = without_password(settings.database)
    if settings.storage != "local":
        facts["storage"] = without_password(settings.storage)
    if part is Part.WORKER:
        facts["lanes"] = ", ".join(settings.worker_lanes) or "all"
        facts["health"] = f"{url}/readyz"
    else:
        facts["docs"] = f"{url}/docs"
    width = max(map(len, facts))
    return [
        f"{name} {__version__} listens on {url}",
        *(f"  {fact:{width}}  {value}" for fact, value in facts.items()),
        "  Ctrl-C stops it",
    ]
