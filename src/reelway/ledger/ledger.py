"""Hold, settle, release: two-phase money, each step once, in the caller's transaction.

A hold is resolved once, by a settle (all or part; the rest goes back) or by a release. Transfers are inserted
and never edited; the balance columns move in the same transaction, and `audit` proves that they equal the sum.
"""

from typing import Final

from reelway.db.script import Script, sql, tell
from reelway.domain.generation import GenerationId, WorkspaceId
from reelway.domain.money import AMOUNT_MICROUSD_MAX, Balance, Purse, TransferKind, usd
from reelway.errors import Conflict, InsufficientCredits, InvalidRequest

_INSERT: Final = (
    "INSERT INTO transfers (id, workspace_id, purse, kind, amount_microusd, generation_id, note, created_at)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
)


def open_account(workspace_id: WorkspaceId, purse: Purse) -> Script[None]:
    """Make the account; again changes nothing."""
    yield tell(
        "INSERT INTO accounts (workspace_id, purse) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        workspace_id,
        purse,
    )


def grant(
    transfer_id: str, workspace_id: WorkspaceId, purse: Purse, amount_microusd: int, note: str, now_ms: int
) -> Script[bool]:
    """Give credits; the same `transfer_id` again changes nothing and returns False."""
    if not 0 < amount_microusd <= AMOUNT_MICROUSD_MAX:
        raise InvalidRequest(f"cannot grant {usd(amount_microusd)} USD; more than 0, at most 10^9")
    args = transfer_id, workspace_id, purse, TransferKind.GRANT, amount_microusd, None, note, now_ms
    written = yield sql(f"{_INSERT} ON CONFLICT DO NOTHING RETURNING 1", *args)
    if written:
        yield tell(
            "UPDATE accounts SET balance_microusd = balance_microusd + $3 WHERE workspace_id = $1 AND purse = $2",
            workspace_id,
            purse,
            amount_microusd,
        )
    return bool(written)


def hold(
    workspace_id: WorkspaceId, purse: Purse, generation_id: GenerationId, amount_microusd: int, now_ms: int
) -> Script[int]:
    """Set the price aside; returns what is available after it. Locks the account until the transaction ends.

    Raises InsufficientCredits: nothing was written; Conflict when there is a hold already.
    """
    yield tell(
        _INSERT,
        f"hold:{generation_id}",
        workspace_id,
        purse,
        TransferKind.HOLD,
        amount_microusd,
        generation_id,
        "",
        now_ms,
    )
    moved = yield sql(
        "UPDATE accounts SET held_microusd = held_microusd + $3 WHERE workspace_id = $1 AND purse = $2"
        " AND balance_microusd - held_microusd >= $3 RETURNING balance_microusd - held_microusd",
        workspace_id,
        purse,
        amount_microusd,
    )
    if not moved:
        raise InsufficientCredits("Insufficient credits. Please add more credits to continue.")
    available: int = moved[0][0]
    return available


def lock(workspace_id: WorkspaceId, purse: Purse) -> Script[None]:
    """Wait until no other transaction holds or resolves here, and keep them waiting until this one ends."""
    yield sql(
        "UPDATE accounts SET held_microusd = held_microusd WHERE workspace_id = $1 AND purse = $2 RETURNING 1",
        workspace_id,
        purse,
    )


def settle(generation_id: GenerationId, amount_microusd: int, now_ms: int) -> Script[None]:
    """Take all or part of the hold for good; the rest goes back. Raises Conflict when it is resolved already."""
    yield from _resolve(generation_id, TransferKind.SETTLE, amount_microusd, now_ms)


def release(generation_id: GenerationId, now_ms: int) -> Script[None]:
    """Give the whole hold back. Raises Conflict when it is resolved already."""
    yield from _resolve(generation_id, TransferKind.RELEASE, None, now_ms)


def balances(workspace_id: WorkspaceId) -> Script[dict[Purse, Balance]]:
    """Both accounts of a workspace."""
    rows = yield sql(
        "SELECT purse, balance_microusd, held_microusd FROM accounts WHERE workspace_id = $1", workspace_id
    )
    return {
        Purse(purse): Balance(purse=Purse(purse), balance_microusd=balance, held_microusd=held)
        for purse, balance, held in rows
    }


def _resolve(generation_id: GenerationId, kind: TransferKind, amount_microusd: int | None, now_ms: int) -> Script[None]:
    rows = yield sql(
        "SELECT workspace_id, purse, amount_microusd FROM transfers WHERE generation_id = $1 AND kind = 'hold'"
        " AND NOT EXISTS (SELECT 1 FROM transfers WHERE generation_id = $1 AND kind IN ('settle', 'release'))",
        generation_id,
    )
    if not rows:
        raise Conflict(f"no credits are held for {generation_id}, or not any more")
    workspace_id, purse, held = rows[0]
    taken = 0 if kind is TransferKind.RELEASE else amount_microusd
    if taken is None or not 0 <= taken <= held:
        raise Conflict(f"cannot settle {amount_microusd} of the {held} microusd held for {generation_id}")
    amount = held if kind is TransferKind.RELEASE else taken
    yield tell(_INSERT, f"{kind}:{generation_id}", workspace_id, purse, kind, amount, generation_id, "", now_ms)
    if held:
        yield tell(
            "UPDATE accounts SET held_microusd = held_microusd - $3, balance_microusd = balance_microusd - $4"
            " WHERE workspace_id = $1 AND purse = $2",
            workspace_id,
            purse,
            held,
            taken,
        )
