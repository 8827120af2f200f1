"""`reelway serve`: its options; the work is in `server`."""

from typing import Annotated

import typer

from reelway.cli.options import Config, Data, settings_of


def command(
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on (or REELWAY_HOST).", show_default="127.0.0.1")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            "--port", min=0, max=65535, help="TCP port (or REELWAY_PORT); 0 takes a free one.", show_default="8080"
        ),
    ] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Serve the API on this machine.

    The first start makes the data folder, a workspace with free credits and its key, and prints a ready-to-paste
    curl, once. Ctrl-C and SIGTERM let open requests finish; unfinished generations go on at the next start.
    """
    settings = settings_of(data, config, host=host, port=port)
    from reelway.cli.server import run  # the whole program: not for `serve --help`, nor for a mistyped setting

    run(settings)
