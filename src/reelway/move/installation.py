"""The whole move: rows, files, proof, and the note that keeps the old data from being worked on again."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from reelway.db.base import Database
from reelway.db.choose import connect
from reelway.db.migrate import pending
from reelway.db.pool import Connection, open_connection
from reelway.dispatch.pgqueuer import PgQueuerDispatch
from reelway.errors import ConfigError
from reelway.kit.clock import Clock
from reelway.kit.dsn import without_password
from reelway.ledger.audit import audit
from reelway.move.files import Copied, Wrong, check_files, copy_files
from reelway.move.moved import Moved, note_path, read_note, write_note
from reelway.move.rows import BATCH_ROWS, RowMove, Tell
from reelway.settings import Settings
from reelway.storage.choose import choose

_CONNECT_S: Final = 10.0


@dataclass(slots=True)
class Report:
    """What happened; a move that raises nothing is finished."""

    copied: Copied = field(default_factory=Copied)
    lost_before: list[Wrong] = field(default_factory=list)  # clips that were damaged in the old place already


async def move(
    old: Settings, new: Settings, clock: Clock, *, resume: bool, tell: Tell, batch_rows: int = BATCH_ROWS
) -> Report:
    """From where `old` says to where `new` says, in database, storage or both; nobody may work on either meanwhile.

    Raises ConfigError when it may not begin, or when something is missing at the end. Run again with `resume` it
    goes on where it was interrupted, at whatever point.
    """
    report = Report()
    rows_go, files_go = old.database != new.database, old.storage != new.storage
    goes = Moved(
        database=without_password(new.database) if rows_go else None,
        storage=without_password(new.storage) if files_go else None,
        finished=False,
    )
    noted = read_note(old.data)
    _check_note(old.data, noted, goes, resume=resume)
    async with AsyncExitStack() as stack:
        source = await stack.enter_async_context(_opened(old))
        if missing := await source.scan(pending()):
            raise ConfigError(f"the old database lacks {missing[0].name}; run `reelway db migrate` on it first")
        target, rows = source, None
        if rows_go:
            target = await stack.enter_async_context(_opened(new))
            line = await stack.enter_async_context(_line(new.database))
            dispatch = PgQueuerDispatch(
                new.database, clock, in_flight_max=new.worker_in_flight_max, lost_s=new.worker_lost_s
            )
            rows = RowMove(source, target, line, dispatch, now_ms=clock.now_ms(), batch_rows=batch_rows)
            if noted.database and noted.finished and not await rows.under_way():
                return report  # it was killed after its last step
            await rows.check(begun=noted.database is not None)
        write_note(old.data, goes)  # first: what is worked on after its rows were copied would be lost
        if rows is not None:
            await rows.begin()
            await rows.copy(tell)
        if files_go:
            report.copied = await copy_files(choose(old), choose(new), tell)
        found = [] if rows is None else [*await rows.differences(), *await _findings(target)]
        for wrong in await check_files(target, choose(old), choose(new), tell):
            if wrong.before:
                report.lost_before.append(wrong)
            else:
                found.append(f"{wrong.generation_id}: {wrong.detail}")
        if found:
            raise ConfigError(
                f"{len(found)} things are not as they were, the first: {found[0]}; nothing was taken from the old"
                " place: mend that, and go on with --resume"
            )
        write_note(old.data, replace(goes, finished=True))
        if rows is not None:
            await rows.finish()
    return report


def _check_note(data: Path, noted: Moved, goes: Moved, *, resume: bool) -> None:
    """Raises ConfigError when an earlier move took what is to go now, unless that one is to be finished."""
    for before, now, what in ((noted.database, goes.database, "rows"), (noted.storage, goes.storage, "files")):
        if not before or not now or (resume and before == now):
            continue
        if noted.finished:
            raise ConfigError(f"the {what} of {data} were moved to {before} already; there is nothing more to move")
        raise ConfigError(
            f"the {what} of {data} are half moved to {before}; go on with --resume, or remove {note_path(data)} to"
            " give that move up"
        )


async def _findings(target: Database) -> list[str]:
    return [f"{f.what} of {f.workspace_id}: {f.detail}" for f in await target.scan(audit())]


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[Database]:
    db, _ = await connect(settings)
    try:
        yield db
    finally:
        await db.aclose()


@asynccontextmanager
async def _line(url: str) -> AsyncIterator[Connection]:
    """A connection for what `Database` has no words for: COPY."""
    line = await open_connection(url, _CONNECT_S)
    try:
        yield line
    finally:
        await line.close(timeout=5)
