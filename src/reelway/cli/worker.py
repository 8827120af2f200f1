"""`reelway worker`: its options; the work is in `server`."""

from typing import Annotated

import typer

from reelway.cli.options import Config, Data, Database, Host, Storage, settings_of


def command(
    lanes: Annotated[
        str | None,
        typer.Option(
            "--lanes",
            metavar="NAMES",
            help="Take only this work (or REELWAY_WORKER_LANES): providers' names, and delivery for webhooks.",
            show_default="all",
        ),
    ] = None,
    host: Host = None,
    health_port: Annotated[
        int | None,
        typer.Option(
            "--health-port",
            min=0,
            max=65535,
            help="TCP port of /healthz, /readyz and /metrics (or REELWAY_HEALTH_PORT); 0 takes a free one.",
            show_default="9090",
        ),
    ] = None,
    data: Data = None,
    database: Database = None,
    storage: Storage = None,
    config: Config = None,
) -> None:
    """Make clips and deliver webhooks, beside `reelway api`; any number of both share one PostgreSQL.

    Ctrl-C and SIGTERM hand unfinished generations over to the other workers.
    """
    settings = settings_of(
        data, config, database, storage=storage, host=host, health_port=health_port, worker_lanes=lanes
    )
    from reelway.app import Part  # the whole program: not for `worker --help`, nor for a mistyped setting
    from reelway.cli.server import run

    run(settings, Part.WORKER)
