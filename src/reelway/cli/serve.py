"""`reelway serve`: its options; the work is in `server`."""

from reelway.cli.options import Config, Data, Database, Host, Port, Storage, settings_of


def command(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    database: Database = None,
    storage: Storage = None,
    config: Config = None,
) -> None:
    """Serve the API on this machine, and do the work.

    The first start makes the data folder, a workspace with free credits and its key, and prints a ready-to-paste
    curl, once. Ctrl-C and SIGTERM let open requests finish; unfinished generations go on at the next start.
    """
    settings = settings_of(data, config, database, storage=storage, host=host, port=port)
    from reelway.app import Part  # the whole program: not for `serve --help`, nor for a mistyped setting
    from reelway.cli.server import run

    run(settings, Part.ALL)
