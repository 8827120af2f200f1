"""A Reelway server to measure: `python -m bench.serve DATA [--workers] [--webhook URL]`.

As `reelway serve` runs it (cli/server.py: same uvicorn, same loop, same log lines), with three differences: limits on
requests and on generations in flight are off, a workspace with a fortune and its key are made, and without --workers
nothing takes the generations up: the API alone, as in the budgets. Prints one JSON line when it listens.
"""

import argparse
import asyncio
import json
import socket
from ipaddress import ip_network
from pathlib import Path

import uvicorn
import uvloop

from bench.processes import HERE
from reelway.accounts.keys import Caller, authenticate, create_key
from reelway.accounts.workspaces import ensure_workspace
from reelway.api.server import create_api
from reelway.app import Reelway, build
from reelway.domain.money import Purse
from reelway.kit import logs
from reelway.settings import Settings
from reelway.webhooks.endpoints import create_endpoint

_FORTUNE_MICROUSD = 10**14


def settings_for(data: Path) -> Settings:
    """Limits off, the bench's model in the catalogue, loopback allowed: the clips come from there."""
    return Settings(
        data=data,
        catalogue=HERE / "catalogue",
        allow_private=(ip_network("127.0.0.0/8"),),
        requests_per_minute=0,
        in_flight_max=0,
    )


async def open_workspace(reelway: Reelway) -> tuple[Caller, str]:
    """A caller who can pay for everything, and the key."""
    now = reelway.services.clock.now_ms()
    workspace = await reelway.db.write(ensure_workspace("bench", {Purse.LIVE: _FORTUNE_MICROUSD}, now))
    _, key = await reelway.db.write(create_key(workspace.id, Purse.LIVE, "bench", (), now))
    return await reelway.db.read(authenticate(key)), key


async def _serve(data: Path, *, workers: bool, webhook: str | None) -> None:
    reelway = await build(settings_for(data))
    caller, key = await open_workspace(reelway)
    if webhook is not None:
        now = reelway.services.clock.now_ms()
        await reelway.db.write(create_endpoint(caller.workspace_id, webhook, None, "", now))
    if workers:
        await reelway.start()
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    config = uvicorn.Config(
        create_api(reelway.services),
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=2048,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
    )
    print(json.dumps({"port": listener.getsockname()[1], "key": key}), flush=True)
    try:
        await uvicorn.Server(config).serve(sockets=[listener])
    finally:
        await reelway.stop()


def main() -> None:
    """Until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--workers", action="store_true")
    parser.add_argument("--webhook")
    asked = parser.parse_args()
    logs.configure(level="info")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(asked.data, workers=asked.workers, webhook=asked.webhook))


if __name__ == "__main__":
    main()
