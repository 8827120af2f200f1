"""`reelway move`: its options, its progress, and what to do next; the work is in `move`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reelway.cli.options import Config, Data, settings_of
from reelway.cli.output import note, say_progress
from reelway.errors import ConfigError, Overloaded, StorageError

if TYPE_CHECKING:
    from reelway.move.installation import Report
    from reelway.settings import Settings


def command(
    to_database: Annotated[
        str | None, typer.Option("--to-database", metavar="URL", help="An empty one: postgresql://user@host/name.")
    ] = None,
    to_storage: Annotated[
        str | None, typer.Option("--to-storage", metavar="URL", help="A bucket: s3://bucket/prefix.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a move that was interrupted.")] = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Copy an installation on this machine to PostgreSQL, to a bucket, or both.

    Stop all its servers first. Ids, numbers, balances, keys and URLs stay as they are, unfinished generations go on
    at the new place, and the old one refuses to start. Nothing is deleted here.
    """
    old, new = _old_and_new(data, config, to_database, to_storage)
    import asyncio  # late, as is the program: not for `move --help`

    import apsw
    import asyncpg

    from reelway.cli.lock import locked
    from reelway.kit.clock import SystemClock
    from reelway.move.installation import move

    try:
        with locked(old.data), say_progress() as tell:
            report = asyncio.run(move(old, new, SystemClock(), resume=resume, tell=tell))
    except (StorageError, Overloaded, apsw.Error, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        why = str(error) or type(error).__name__
        raise ConfigError(f"the move was interrupted ({why}); mend that, and go on with --resume") from error
    for line in _next_steps(old, new, report):
        note(line)


def _old_and_new(
    data: Path | None, config: Path | None, to_database: str | None, to_storage: str | None
) -> "tuple[Settings, Settings]":
    """Raises ConfigError for what is no move. What goes, goes from the data folder, whatever the environment says."""
    if to_database is None and to_storage is None:
        raise ConfigError("nothing to move; name --to-database postgresql://…, --to-storage s3://…, or both")
    old = settings_of(data, config, "sqlite" if to_database else None, storage="local" if to_storage else None)
    new = settings_of(data, config, to_database, storage=to_storage)
    if to_database and not new.on_postgres:
        raise ConfigError("--to-database sqlite is no move; name postgresql://user@host/name")
    if to_storage == "local":
        raise ConfigError("--to-storage local is no move; name s3://bucket/prefix")
    if not old.data.is_dir() or not (old.on_postgres or (old.data / "reelway.db").exists()):
        raise ConfigError(f"there is no Reelway data in {old.data}; name the folder with --data")
    return old, new


def _next_steps(old: "Settings", new: "Settings", report: "Report") -> list[str]:
    from reelway.kit.dsn import without_password
    from reelway.move.moved import note_path

    lines = ["", "moved, and checked: no row, no cent and no file is missing."]
    if old.storage != new.storage:
        copied = report.copied
        lines.append(f"  files     {copied.files} copied ({copied.size_bytes} bytes), {copied.skipped} were there")
    for wrong in report.lost_before:
        lines.append(f"  warning: {wrong.generation_id}: {wrong.detail}, as it was before the move")
    lines += [
        "",
        "Start the servers on the new place with",
        f"  REELWAY_DATABASE   {without_password(new.database)} (with its password)",
        f"  REELWAY_STORAGE    {without_password(new.storage)}",
    ]
    if old.operator_secret is None:
        path = (old.data / "operator.secret").absolute()
        lines += [
            f"  REELWAY_OPERATOR_SECRET   the contents of {path}",
            "It signs webhooks and opens the keys of providers: with another one, receivers refuse ours, and no server",
            "starts that has keys to open.",
        ]
    else:
        lines.append("  REELWAY_OPERATOR_SECRET   as it is set now: it signs webhooks and opens keys")
    return [
        *lines,
        f"The old data stays in {old.data.absolute()} until you delete it; {note_path(old.data).name} in it keeps a",
        "server from working on it again.",
    ]
