"""Idempotency-Key: the same key and body get the same answer, word for word, for 24 hours."""

import hashlib
from typing import Final

from reelway.db.script import Script, sql, tell
from reelway.domain.generation import GenerationId, WorkspaceId
from reelway.errors import Conflict, InvalidRequest

KEPT_MS: Final = 24 * 3600 * 1000
KEY_CHARS_MAX: Final = 255


def request_hash(path: str, body: bytes) -> str:
    """What makes two requests the same: where they went and every byte they said."""
    return hashlib.sha256(path.encode() + b"\0" + body).hexdigest()


def check_key(key: str) -> str:
    """Raises InvalidRequest for a key no client would mean."""
    if not 1 <= len(key) <= KEY_CHARS_MAX or not key.isprintable():
        raise InvalidRequest(f"Idempotency-Key must have 1 to {KEY_CHARS_MAX} printable characters")
    return key


def replay(workspace_id: WorkspaceId, key: str, hashed: str, now_ms: int) -> Script[bytes | None]:
    """The first answer to this request, None when it is new; raises Conflict when the key was used for another."""
    rows = yield sql(
        "SELECT request_hash, answer FROM idempotency WHERE workspace_id = $1 AND key = $2 AND created_at > $3",
        workspace_id,
        key,
        now_ms - KEPT_MS,
    )
    if not rows:
        return None
    if rows[0][0] != hashed:
        raise Conflict("this Idempotency-Key was used with another request in the last 24 hours; use a new one")
    answer: str = rows[0][1]
    return answer.encode()


def claim(
    workspace_id: WorkspaceId, key: str, hashed: str, generation_id: GenerationId, now_ms: int
) -> Script[bytes | None]:
    """Take the key in the transaction that creates the generation: None. Or the first answer, as `replay`.

    Of two that race, one waits here until the other has committed.
    """
    claimed = yield sql(
        "INSERT INTO idempotency (workspace_id, key, request_hash, generation_id, answer, created_at)"
        " VALUES ($1, $2, $3, $4, '', $5) ON CONFLICT (workspace_id, key) DO UPDATE SET"
        " request_hash = $3, generation_id = $4, answer = '', created_at = $5"
        " WHERE idempotency.created_at <= $6 RETURNING 1",
        workspace_id,
        key,
        hashed,
        generation_id,
        now_ms,
        now_ms - KEPT_MS,
    )
    return None if claimed else (yield from replay(workspace_id, key, hashed, now_ms))


def remember(workspace_id: WorkspaceId, key: str, answer: bytes) -> Script[None]:
    """Keep the first answer, in the transaction that claimed the key."""
    yield tell(
        "UPDATE idempotency SET answer = $3 WHERE workspace_id = $1 AND key = $2",
        workspace_id,
        key,
        answer.decode(),
    )


def forget_old(now_ms: int) -> Script[None]:
    """Drop what is past its 24 hours."""
    yield tell("DELETE FROM idempotency WHERE created_at <= $1", now_ms - KEPT_MS)
