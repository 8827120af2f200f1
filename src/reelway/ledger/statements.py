"""What moved, for its owner to read: transfers newest first, and the holds that are still open."""

from dataclasses import dataclass

from reelway.db.script import Row, Script, sql
from reelway.domain.generation import WorkspaceId
from reelway.domain.money import Purse, TransferKind
from reelway.errors import InvalidRequest

_COLUMNS = "t.id, t.purse, t.kind, t.amount_microusd, t.generation_id, t.note, t.created_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One line; the instant is milliseconds since 1970 UTC."""

    id: str
    purse: Purse
    kind: TransferKind
    amount_microusd: int
    generation_id: str | None
    note: str
    created_at: int


def transfers(workspace_id: WorkspaceId, after: str | None, limit: int) -> Script[list[Transfer]]:
    """Newest first, past the transfer `after`; raises InvalidRequest when that is none of theirs."""
    if after is None:
        rows = yield sql(
            f"SELECT {_COLUMNS} FROM transfers t WHERE t.workspace_id = $1"
            " ORDER BY t.created_at DESC, t.id DESC LIMIT $2",
            workspace_id,
            limit,
        )
        return [_transfer(row) for row in rows]
    last = yield sql("SELECT created_at FROM transfers WHERE workspace_id = $1 AND id = $2", workspace_id, after)
    if not last:
        raise InvalidRequest(f"no transfer {after[:80]!r} to list after", param="after", code="invalid_cursor")
    rows = yield sql(
        f"SELECT {_COLUMNS} FROM transfers t WHERE t.workspace_id = $1"
        " AND (t.created_at, t.id) < ($2, $3)"
        " ORDER BY t.created_at DESC, t.id DESC LIMIT $4",
        workspace_id,
        last[0][0],
        after,
        limit,
    )
    return [_transfer(row) for row in rows]


def open_holds(workspace_id: WorkspaceId, limit: int) -> Script[list[Transfer]]:
    """Holds of unfinished generations, newest first."""
    rows = yield sql(
        f"SELECT {_COLUMNS} FROM generations g JOIN transfers t ON t.generation_id = g.id AND t.kind = 'hold'"
        " WHERE g.workspace_id = $1 AND g.ended_at IS NULL ORDER BY g.id DESC LIMIT $2",
        workspace_id,
        limit,
    )
    return [_transfer(row) for row in rows]


def _transfer(row: Row) -> Transfer:
    return Transfer(
        id=row[0],
        purse=Purse(row[1]),
        kind=TransferKind(row[2]),
        amount_microusd=row[3],
        generation_id=row[4],
        note=row[5],
        created_at=row[6],
    )
