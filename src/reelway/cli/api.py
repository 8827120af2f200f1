"""`reelway api`: its options; the work is in `server`."""

from reelway.cli.options import Config, Data, Database, Host, Port, Storage, settings_of


def command(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    database: Database = None,
    storage: Storage = None,
    config: Config = None,
) -> None:
    """Answer requests, and leave the work to `reelway worker`; any number of both share one PostgreSQL.

    Ctrl-C and SIGTERM let open requests finish.
    """
    settings = settings_of(data, config, database, storage=storage, host=host, port=port)
    from reelway.app import Part  # the whole program: not for `api --help`, nor for a mistyped setting
    from reelway.cli.server import run

    run(settings, Part.API)
