"""SQL for generations and their attempts: one function a question, one guarded statement a transition."""

from dataclasses import dataclass
from sys import intern
from typing import Any

from reelway.db.script import Row, Script, Value, from_json, sql, tell, to_json
from reelway.domain.generation import (
    ClipSpec,
    Dialect,
    Generation,
    GenerationId,
    KeyId,
    Output,
    WorkspaceId,
)
from reelway.domain.money import Purse
from reelway.domain.states import State, may_follow
from reelway.errors import Conflict, ProviderError

_COLUMNS = (
    "id, number, workspace_id, key_id, purse, dialect, family, state, epoch, model, provider, upstream_model, spec,"
    " echo, base_url, token, price_microusd, charged_microusd, cost_microusd, output, meta, error_code,"
    " error_message, cancel_requested, webhook_url, track_id, created_at, started_at, ended_at, deleted_at,"
    " expected_cost_microusd, substitution, early_picture"
)


def _generation(row: Row) -> Generation:
    output = from_json(row[19])
    return Generation(
        id=GenerationId(row[0]),
        number=row[1],
        workspace_id=WorkspaceId(intern(row[2])),  # thousands of jobs share these
        key_id=KeyId(intern(row[3])),
        purse=Purse(row[4]),
        dialect=Dialect(row[5]),
        family=row[6],
        state=State(row[7]),
        epoch=row[8],
        model=intern(row[9]),
        provider=intern(row[10]),
        upstream_model=intern(row[11]),
        spec=ClipSpec.from_json(from_json(row[12])),
        echo=from_json(row[13]),
        base_url=intern(row[14]),
        token=row[15],
        price_microusd=row[16],
        charged_microusd=row[17],
        cost_microusd=row[18],
        output=Output.from_json(output) if output else None,
        meta=from_json(row[20]),
        error_code=row[21],
        error_message=row[22],
        cancel_requested=bool(row[23]),
        webhook_url=row[24],
        track_id=from_json(row[25]),
        created_at=row[26],
        started_at=row[27],
        ended_at=row[28],
        deleted_at=row[29],
        expected_cost_microusd=row[30],
        substitution=intern(row[31]),
        early_picture=bool(row[32]),
    )


def insert(g: Generation) -> Script[int]:
    """Write a new row; returns its number. `g.number` is ignored."""
    rows = yield sql(
        "INSERT INTO generations (id, workspace_id, key_id, purse, dialect, family, state, model, provider,"
        " upstream_model, spec, echo, base_url, token, price_microusd, webhook_url, track_id, created_at,"
        " expected_cost_microusd, substitution)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"
        " RETURNING number",
        g.id,
        g.workspace_id,
        g.key_id,
        g.purse,
        g.dialect,
        g.family,
        g.state,
        g.model,
        g.provider,
        g.upstream_model,
        to_json(g.spec.to_json()),
        to_json(g.echo),
        g.base_url,
        g.token,
        g.price_microusd,
        g.webhook_url,
        None if g.track_id is None else to_json(g.track_id),
        g.created_at,
        g.expected_cost_microusd,
        g.substitution,
    )
    number: int = rows[0][0]
    return number


def by_id(generation_id: str) -> Script[Generation | None]:
    """Whoever owns it: for workers only."""
    rows = yield sql(f"SELECT {_COLUMNS} FROM generations WHERE id = $1", generation_id)
    return _generation(rows[0]) if rows else None


def of_workspace(workspace_id: WorkspaceId, generation_id: str) -> Script[Generation | None]:
    """By public id, scoped to its owner; deleted ones are gone."""
    rows = yield sql(
        f"SELECT {_COLUMNS} FROM generations WHERE id = $1 AND workspace_id = $2 AND deleted_at IS NULL",
        generation_id,
        workspace_id,
    )
    return _generation(rows[0]) if rows else None


def of_workspace_by_number(workspace_id: WorkspaceId, number: int) -> Script[Generation | None]:
    """By the integer of ModelsLab clients, scoped to its owner."""
    rows = yield sql(
        f"SELECT {_COLUMNS} FROM generations WHERE number = $1 AND workspace_id = $2 AND deleted_at IS NULL",
        number,
        workspace_id,
    )
    return _generation(rows[0]) if rows else None


def by_token(token: str) -> Script[Generation | None]:
    """For file URLs, which are the secret themselves."""
    rows = yield sql(f"SELECT {_COLUMNS} FROM generations WHERE token = $1 AND deleted_at IS NULL", token)
    return _generation(rows[0]) if rows else None


def page(
    workspace_id: WorkspaceId | None, after: str | None, limit: int, *, newest_first: bool
) -> Script[list[Generation]]:
    """Up to `limit` generations past the id `after`; None for `workspace_id` is the operator's view of all."""
    compare, order = ("<", "DESC") if newest_first else (">", "ASC")
    conditions, args = ["deleted_at IS NULL"], list[Value]()
    for condition, value in ((f"id {compare}", after), ("workspace_id =", workspace_id)):
        if value is not None:
            args.append(value)
            conditions.append(f"{condition} ${len(args)}")
    args.append(limit)
    rows = yield sql(
        f"SELECT {_COLUMNS} FROM generations WHERE {' AND '.join(conditions)} ORDER BY id {order} LIMIT ${len(args)}",
        *args,
    )
    return [_generation(row) for row in rows]


def succeeded(workspace_id: WorkspaceId, limit: int, offset: int) -> Script[tuple[list[Generation], int]]:
    """Finished clips, newest first, and how many there are in all."""
    where = "workspace_id = $1 AND output IS NOT NULL AND deleted_at IS NULL"  # as the index says it
    counted = yield sql(f"SELECT COUNT(*) FROM generations WHERE {where}", workspace_id)
    rows = yield sql(
        f"SELECT {_COLUMNS} FROM generations WHERE {where} ORDER BY id DESC LIMIT $2 OFFSET $3",
        workspace_id,
        limit,
        offset,
    )
    return [_generation(row) for row in rows], counted[0][0]


def count_in_flight(workspace_id: WorkspaceId) -> Script[int]:
    """Unfinished generations of a workspace."""
    rows = yield sql(
        "SELECT COUNT(*) FROM generations WHERE ended_at IS NULL"
        " AND key_id IN (SELECT id FROM api_keys WHERE workspace_id = $1)",
        workspace_id,
    )
    count: int = rows[0][0]
    return count


# -- transitions -----------------------------------------------------------------------------


def claim(generation_id: str) -> Script[Generation | None]:
    """Take an unfinished job: its epoch goes up, so whoever had it before can change nothing any more."""
    rows = yield sql(
        f"UPDATE generations SET epoch = epoch + 1 WHERE id = $1 AND ended_at IS NULL RETURNING {_COLUMNS}",
        generation_id,
    )
    return _generation(rows[0]) if rows else None


def move(g: Generation, to: State, **columns: Value) -> Script[Generation]:
    """One guarded transition; raises Conflict when the row is no longer as `g` says. Returns the new row."""
    if not may_follow(g.state, to):
        raise Conflict(f"generation is {g.state}; it cannot become {to}")
    names = ["state = $4"]
    args: list[Value] = [g.id, g.state, g.epoch, to]
    for name, value in columns.items():
        args.append(value)
        names.append(f"{name} = ${len(args)}")
    rows = yield sql(
        f"UPDATE generations SET {', '.join(names)} WHERE id = $1 AND state = $2 AND epoch = $3 RETURNING {_COLUMNS}",
        *args,
    )
    if not rows:
        raise Conflict(f"generation {g.id} changed meanwhile")
    return _generation(rows[0])


def reroute(g: Generation, provider: str, upstream_model: str, expected_cost_microusd: int) -> Script[None]:
    """Another upstream for one that is queued; raises Conflict when the row is no longer as `g` says."""
    rows = yield sql(
        "UPDATE generations SET provider = $4, upstream_model = $5, expected_cost_microusd = $6"
        " WHERE id = $1 AND state = $2 AND epoch = $3 RETURNING 1",
        g.id,
        State.QUEUED,
        g.epoch,
        provider,
        upstream_model,
        expected_cost_microusd,
    )
    if not rows:
        raise Conflict(f"generation {g.id} changed meanwhile")


def fence(g: Generation) -> Script[None]:
    """Lock the row; raises Conflict when another worker has taken the job meanwhile."""
    rows = yield sql("UPDATE generations SET epoch = epoch WHERE id = $1 AND epoch = $2 RETURNING 1", g.id, g.epoch)
    if not rows:
        raise Conflict(f"generation {g.id} was taken over")


def request_cancel(g: Generation) -> Script[bool]:
    """Leave word for the worker that has it; False when it has ended meanwhile."""
    rows = yield sql("UPDATE generations SET cancel_requested = 1 WHERE id = $1 AND ended_at IS NULL RETURNING 1", g.id)
    return bool(rows)


def cancel_requested(generation_id: GenerationId) -> Script[bool]:
    """Looked at with every look at a running job, so it reads nothing else."""
    rows = yield sql("SELECT cancel_requested FROM generations WHERE id = $1", generation_id)
    return bool(rows and rows[0][0])


def forget_cancel(g: Generation) -> Script[None]:
    """The provider could not stop it: the word is taken back, so that it can be given again."""
    yield tell("UPDATE generations SET cancel_requested = 0 WHERE id = $1 AND epoch = $2", g.id, g.epoch)


def show_early_picture(g: Generation) -> Script[Generation]:
    """It is in storage; raises Conflict when the row is no longer as `g` says. Returns the new row."""
    rows = yield sql(
        f"UPDATE generations SET early_picture = 1 WHERE id = $1 AND state = $2 AND epoch = $3 RETURNING {_COLUMNS}",
        g.id,
        g.state,
        g.epoch,
    )
    if not rows:
        raise Conflict(f"generation {g.id} changed meanwhile")
    return _generation(rows[0])


def mark_deleted(g: Generation, now_ms: int) -> Script[bool]:
    """Only what has ended can go; the row stays for the ledger, nobody sees it."""
    rows = yield sql(
        "UPDATE generations SET deleted_at = $2 WHERE id = $1 AND ended_at IS NOT NULL AND deleted_at IS NULL"
        " RETURNING 1",
        g.id,
        now_ms,
    )
    return bool(rows)


def finished_columns(output: Output, meta: dict[str, Any], cost_microusd: int | None) -> dict[str, Value]:
    """The columns that come with success."""
    return {"output": to_json(output.to_json()), "meta": to_json(meta), "cost_microusd": cost_microusd}


# -- attempts --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One submit to a provider."""

    number: int
    provider: str
    upstream_model: str
    outcome: str  # started | accepted | rejected | unknown | absent
    handle: dict[str, Any] | None
    fault: str | None
    message: str | None
    started_at: int
    ended_at: int | None


def attempts(generation_id: GenerationId) -> Script[list[Attempt]]:
    """All, in order."""
    rows = yield sql(
        "SELECT number, provider, upstream_model, outcome, handle, fault, message, started_at, ended_at"
        " FROM attempts WHERE generation_id = $1 ORDER BY number",
        generation_id,
    )
    return [
        Attempt(
            number=r[0],
            provider=r[1],
            upstream_model=r[2],
            outcome=r[3],
            handle=from_json(r[4]),
            fault=r[5],
            message=r[6],
            started_at=r[7],
            ended_at=r[8],
        )
        for r in rows
    ]


def order_key(g: Generation, attempts: list[Attempt]) -> str:
    """What the newest attempt is called at the provider: as those right before it that never arrived there.

    One of them may still be on its way, from a worker that fell asleep before it was sent: then both are one order.
    """
    arrived = [a.number for a in attempts[:-1] if a.outcome != "absent"]
    return f"{g.id}:{max(arrived, default=0) + 1}"


def start_attempt(g: Generation, now_ms: int) -> Script[int]:
    """Write that we are about to call, after the `move` that makes it ours; returns the attempt's number."""
    rows = yield sql(
        "INSERT INTO attempts (generation_id, number, provider, upstream_model, outcome, started_at)"
        " SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, 'started', $4 FROM attempts WHERE generation_id = $1"
        " RETURNING number",
        g.id,
        g.provider,
        g.upstream_model,
        now_ms,
    )
    number: int = rows[0][0]
    return number


def end_attempt(
    g: Generation,
    number: int,
    outcome: str,
    now_ms: int,
    *,
    handle: dict[str, Any] | None = None,
    fault: str | None = None,
    message: str | None = None,
) -> Script[None]:
    """Write what came of it: accepted (with the handle), rejected or unknown."""
    yield tell(
        "UPDATE attempts SET outcome = $3, ended_at = $4, handle = $5, fault = $6, message = $7"
        " WHERE generation_id = $1 AND number = $2",
        g.id,
        number,
        outcome,
        now_ms,
        None if handle is None else to_json(handle),
        fault,
        message,
    )


def fail_attempt(g: Generation, number: int, outcome: str, error: ProviderError, now_ms: int) -> Script[None]:
    """Write what went wrong with it; raises Conflict when another worker has taken the job meanwhile."""
    yield from fence(g)
    yield from end_attempt(g, number, outcome, now_ms, fault=error.fault, message=error.message)
