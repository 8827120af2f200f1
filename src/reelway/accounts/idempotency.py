"""Idempotency-Key: the same key and body get the same answer, word for word, for 24 hours."""

import hashlib
from typing import Final

from reelway.db.script import Script, sql
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


def remember(
    workspace_id: WorkspaceId, key: str, hashed: str, generation_id: GenerationId, answer: bytes, now_ms: int
) -> Script[None]:
    """Keep the first answer, in the transaction that created the generation."""
    yield sql(
        "INSERT INTO idempotency (workspace_id, key, request_hash, generation_id, answer, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (workspace_id, key) DO UPDATE SET"
        " request_hash = $3, generation_id = $4, answer = $5, created_at = $6",
        workspace_id,
        key,
        hashed,
        generation_id,
        answer.decode(),
        now_ms,
    )


def forget_old(now_ms: int) -> Script[None]:
    """Drop what is past its 24 hours."""
    yield sql("DELETE FROM idempotency WHERE created_at <= $1", now_ms - KEPT_MS)
