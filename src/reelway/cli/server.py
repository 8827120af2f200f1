"""One server process: lock the folder, listen, build, serve, drain."""

import asyncio
import errno
import json
import os
import shlex
import signal
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from ipaddress import ip_address
from math import ceil
from pathlib import Path
from typing import Final

import structlog
import uvicorn
import uvloop

from reelway import __version__
from reelway.accounts.keys import create_key, list_keys
from reelway.accounts.workspaces import ensure_workspace
from reelway.api.server import create_api
from reelway.app import Reelway, build, check_exposure, prepare_data
from reelway.cli.data import free_credits
from reelway.cli.lock import locked
from reelway.cli.options import DEFAULT_WORKSPACE
from reelway.cli.output import note
from reelway.db.script import Script
from reelway.domain.money import Purse, usd
from reelway.errors import ConfigError
from reelway.kit import logs
from reelway.previz.engine import RenderError
from reelway.providers.previz import Previz
from reelway.settings import Settings

_log = structlog.get_logger(__name__)
_BACKLOG: Final = 2048
_KEEP_ALIVE_S: Final = 75  # longer than clients sleep between two polls, so that they do not race our close
_ECHO_S: Final = 0.5  # shells, `timeout` and supervisors pass one Ctrl-C on twice

FIRST_REQUEST: Final = {
    "prompt": "slow aerial shot over a futuristic city at dusk, cinematic",
    "model_id": "sora-2-pro-t2v",
    "num_frames": 120,
    "output_type": "mp4",
}


def run(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; raises ConfigError when it cannot start."""
    logs.configure(level=settings.log_level)
    check_exposure(settings)
    free = free_credits(settings)
    prepare_data(settings.data)
    with locked(settings.data) as tell, closing(listen(settings.host, settings.port)) as listener:
        url = url_of(settings.host, listener.getsockname()[1])
        tell(url)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, listener, url, free))


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises ConfigError saying what to change."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except socket.gaierror as error:
        raise ConfigError(f"cannot resolve host {host!r}: {error.strerror}; use an address like 127.0.0.1") from error
    except OSError as error:
        way_out = {
            errno.EADDRINUSE: f"port {port} is in use; name another with --port, 0 takes a free one",
            errno.EACCES: f"this user may not listen on port {port}; use one from 1024 up, behind a proxy",
            errno.EADDRNOTAVAIL: f"{host} is not an address of this machine; use one that is",
        }
        said = way_out.get(error.errno or 0, f"{error.strerror}; name others with --host and --port")
        raise ConfigError(f"cannot listen on {host}:{port}: {said}") from error


def url_of(host: str, port: int) -> str:
    """Where a person at this machine reaches it."""
    try:
        address = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        return f"http://127.0.0.1:{port}"
    return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"


async def _serve(settings: Settings, listener: socket.socket, url: str, free: dict[Purse, int]) -> None:
    signals = _Signals()
    reelway = await build(settings)
    try:
        first_key = await reelway.db.write(_first_start(free, reelway.services.clock.now_ms()))
        await reelway.start()
        server = _server(reelway, settings)

        def drain() -> None:
            reelway.services.stopping = True
            server.should_exit = True

        signals.on_first(drain)
        warming = asyncio.create_task(_warm(reelway, settings), name="warm")
        for line in _banner(url, settings.data.absolute()):
            note(line)
        if first_key is not None:
            for line in _first_words(url, first_key, free):
                note(line)
        await server.serve(sockets=[listener])
        warming.cancel()
        await asyncio.gather(warming, return_exceptions=True)
    finally:
        await reelway.stop()
    note("stopped; unfinished generations go on at the next start")


class _Signals:
    """The first SIGINT or SIGTERM drains; Ctrl-C after it ends the process where it stands, which loses no row."""

    def __init__(self) -> None:
        self._asked_at_s: float | None = None
        self._drain: Callable[[], None] = lambda: None
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._came, number)

    def on_first(self, drain: Callable[[], None]) -> None:
        """What the first one does; at once when it has come already."""
        self._drain = drain
        if self._asked_at_s is not None:
            drain()

    def _came(self, number: signal.Signals) -> None:
        now_s = time.monotonic()
        if self._asked_at_s is None:
            self._asked_at_s = now_s
            note("stopping: open requests may finish; Ctrl-C again to stop at once")
            self._drain()
        elif number == signal.SIGINT and now_s - self._asked_at_s > _ECHO_S:
            note("stopped at once")
            os._exit(128 + number)


class _Server(uvicorn.Server):
    """Ours are the signals: uvicorn's handlers end the process by the signal, not with exit code 0."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        return nullcontext()


def _server(reelway: Reelway, settings: Settings) -> _Server:
    return _Server(
        uvicorn.Config(
            create_api(reelway.services),
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=_BACKLOG,
            timeout_keep_alive=_KEEP_ALIVE_S,
            timeout_graceful_shutdown=ceil(settings.drain_s),
        )
    )


def _first_start(free: dict[Purse, int], now_ms: int) -> Script[str | None]:
    """The key of the first workspace, made now; None when there are keys already."""
    if (yield from list_keys(None)):
        return None
    workspace = yield from ensure_workspace(DEFAULT_WORKSPACE, free, now_ms)
    _, key = yield from create_key(workspace.id, Purse.LIVE, "first start", (), now_ms)
    return key


async def _warm(reelway: Reelway, settings: Settings) -> None:
    """Compile previz beside the server; a clip that is asked for meanwhile waits in its queue."""
    if {"*", "previz"} <= set(settings.previz_off):
        return
    provider = reelway.providers.get("previz")
    assert isinstance(provider, Previz)
    if provider.engine.warmed():
        return
    _log.info("previz_compiles", takes="a minute or two, once; a clip asked for meanwhile waits")
    try:
        seconds = await provider.engine.warm()
    except RenderError as error:
        _log.error("previz_not_compiled", error=str(error), mend="`reelway doctor`")
    else:
        _log.info("previz_compiled", seconds=round(seconds, 1))


def _banner(url: str, data: Path) -> list[str]:
    return [
        f"Reelway {__version__} listens on {url}",
        f"  data  {data}",
        f"  docs  {url}/docs",
        "  Ctrl-C stops it",
    ]


def _first_words(url: str, key: str, free: dict[Purse, int]) -> list[str]:
    body = json.dumps({"key": key} | FIRST_REQUEST)
    return [
        "",
        f"The first start made the workspace {DEFAULT_WORKSPACE!r} with {usd(free[Purse.LIVE])} USD of free credits,"
        f" {usd(free[Purse.TEST])} USD of test credits and a key.",
        "The key is shown this once; `reelway keys create` makes more. Try it:",
        "",
        f"curl {url}/api/v7/video-fusion/text-to-video \\",
        "  -H 'Content-Type: application/json' \\",
        f"  -d {shlex.quote(body)}",
        "",
    ]
