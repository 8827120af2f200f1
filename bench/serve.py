"""A Reelway process to measure: `python -m bench.serve DATA [--part api|worker] [--workers] [--webhook URL] …`.

As `reelway serve`, `api` and `worker` run it (cli/server.py: same uvicorn, same loop, same log lines), with three
differences: limits on requests and on generations in flight are off, a workspace with a fortune and its key are made,
and without --workers a `serve` takes no generations up: the API alone, as in the budgets. Prints one JSON line when it
listens. With --held it waits for a line on stdin before it begins to work; with --record every statement that goes to
PostgreSQL is also written into a file, as the driver sends it.
"""

import argparse
import asyncio
import json
import socket
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from bench.processes import HERE
from reelway.accounts.keys import Caller, authenticate, create_key
from reelway.accounts.workspaces import ensure_workspace
from reelway.api.server import create_api, create_health
from reelway.app import OpenDatabase, Part, Reelway, build, open_database
from reelway.domain.money import Purse
from reelway.kit import logs
from reelway.settings import Settings
from reelway.webhooks.endpoints import create_endpoint

FORTUNE_MICROUSD = 10**14


def settings_for(data: Path, **more: Any) -> Settings:
    """Limits off, the bench's model in the catalogue, loopback allowed: the clips come from there."""
    return Settings(
        data=data,
        catalogue=HERE / "catalogue",
        allow_private=(ip_network("127.0.0.0/8"),),
        requests_per_minute=0,
        in_flight_max=0,
        **more,
    )


async def open_workspace(reelway: Reelway) -> tuple[Caller, str]:
    """A caller who can pay for everything, and the key."""
    now = reelway.services.clock.now_ms()
    workspace = await reelway.db.write(ensure_workspace("bench", {Purse.LIVE: FORTUNE_MICROUSD}, now))
    _, key = await reelway.db.write(create_key(workspace.id, Purse.LIVE, "bench", (), now))
    return await reelway.db.read(authenticate(key)), key


async def _serve(asked: argparse.Namespace) -> None:
    part = Part(asked.part)
    open_db: OpenDatabase = open_database
    if asked.record is not None:
        from bench.recording import recording  # SQLite alone has no use for the other driver, nor its memory

        open_db = recording(asked.record)
    reelway = await build(settings_for(asked.data, **json.loads(asked.settings)), open_db=open_db, part=part)
    info: dict[str, object] = {}
    if part is not Part.WORKER:
        caller, info["key"] = await open_workspace(reelway)
        if asked.webhook is not None:
            now = reelway.services.clock.now_ms()
            await reelway.db.write(create_endpoint(caller.workspace_id, asked.webhook, None, "", now))
    if not asked.held and (asked.workers or part is not Part.ALL):
        await reelway.start()
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    config = uvicorn.Config(
        create_health(reelway.services) if part is Part.WORKER else create_api(reelway.services),
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
    print(json.dumps({"port": listener.getsockname()[1]} | info), flush=True)
    if asked.held:
        await asyncio.to_thread(sys.stdin.readline)
        await reelway.start()
    try:
        await uvicorn.Server(config).serve(sockets=[listener])
    finally:
        await reelway.stop()


def main() -> None:
    """Until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--part", default="serve")
    parser.add_argument("--workers", action="store_true")
    parser.add_argument("--held", action="store_true")
    parser.add_argument("--webhook")
    parser.add_argument("--record", type=Path)
    parser.add_argument("--settings", default="{}", help="more settings, as JSON")
    asked = parser.parse_args()
    logs.configure(level="info")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(asked))


if __name__ == "__main__":
    main()
