"""API keys: 256 random bits, shown once, stored as a hash, scoped, revocable."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from reelway.db.script import Script, from_json, sql, tell, to_json
from reelway.domain.generation import KeyId, WorkspaceId
from reelway.domain.models import Substitution
from reelway.domain.money import Purse
from reelway.errors import Forbidden, InvalidRequest, NotFound, Unauthenticated
from reelway.kit.ids import new_id, new_token

PREFIX: Final = {Purse.LIVE: "rw_live_", Purse.TEST: "rw_test_"}


class Scope(StrEnum):
    """What a key may do. A key without a list has all of them."""

    GENERATE = "generate"  # create, cancel, delete generations
    READ = "read"  # see generations, files, balance, models
    WEBHOOKS = "webhooks"  # manage webhook endpoints and deliveries
    KEYS = "keys"  # make, list and revoke keys


ALL_SCOPES: Final = tuple(Scope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who sent a request."""

    workspace_id: WorkspaceId
    key_id: KeyId
    purse: Purse
    scopes: frozenset[Scope]
    substitution: Substitution | None = None  # the workspace's wish

    def require(self, scope: Scope) -> None:
        """Raises Forbidden naming the scope the key lacks."""
        if scope not in self.scopes:
            raise Forbidden(f"this key may not {scope}; its scopes are {', '.join(sorted(self.scopes))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it may be shown: never the key itself."""

    id: KeyId
    workspace_id: WorkspaceId
    name: str
    hint: str
    purse: Purse
    scopes: tuple[Scope, ...]
    created_at: int
    last_used_at: int | None
    revoked_at: int | None


def hash_key(key: str) -> str:
    """The stored form. Plain SHA-256 is enough for 256 random bits; a slow hash would only slow us."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def create_key(
    workspace_id: WorkspaceId, purse: Purse, name: str, scopes: tuple[Scope, ...], now_ms: int
) -> Script[tuple[ApiKey, str]]:
    """Make a key; the second value is the key itself, to be shown this once."""
    if len(name) > 200:
        raise InvalidRequest("name has more than 200 characters", param="name")
    key = PREFIX[purse] + new_token()
    made = ApiKey(
        id=KeyId(new_id("key", now_ms)),
        workspace_id=workspace_id,
        name=name,
        hint=key[:12],
        purse=purse,
        scopes=scopes or ALL_SCOPES,
        created_at=now_ms,
        last_used_at=None,
        revoked_at=None,
    )
    yield sql(
        "INSERT INTO api_keys (id, workspace_id, hash, hint, name, purse, scopes, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        made.id,
        workspace_id,
        hash_key(key),
        made.hint,
        name,
        purse,
        to_json(made.scopes),
        now_ms,
    )
    return made, key


def authenticate(key: str | None) -> Script[Caller]:
    """The caller behind a key; raises Unauthenticated.

    The look-up is by the key's hash, so its timing tells nothing about the key.
    """
    if not key:
        raise Unauthenticated("API key required", missing=True)
    rows = yield sql(
        "SELECT k.id, k.workspace_id, k.purse, k.scopes, w.substitution FROM api_keys AS k"
        " JOIN workspaces AS w ON w.id = k.workspace_id WHERE k.hash = $1 AND k.revoked_at IS NULL",
        hash_key(key),
    )
    if not rows:
        raise Unauthenticated("Invalid API key")
    key_id, workspace_id, purse, scopes, substitution = rows[0]
    return Caller(
        workspace_id=WorkspaceId(workspace_id),
        key_id=KeyId(key_id),
        purse=Purse(purse),
        scopes=_scopes(scopes),
        substitution=None if substitution is None else Substitution(substitution),
    )


@lru_cache(maxsize=256)
def _scopes(text: str) -> frozenset[Scope]:
    """There are few different lists, and every request reads one."""
    return frozenset(Scope(s) for s in from_json(text))


_COLUMNS = "id, workspace_id, name, hint, purse, scopes, created_at, last_used_at, revoked_at"


def list_keys(workspace_id: WorkspaceId | None) -> Script[list[ApiKey]]:
    """All keys of a workspace, or of all (None), oldest first."""
    if workspace_id is None:
        rows = yield sql(f"SELECT {_COLUMNS} FROM api_keys ORDER BY id")
    else:
        rows = yield sql(f"SELECT {_COLUMNS} FROM api_keys WHERE workspace_id = $1 ORDER BY id", workspace_id)
    return [
        ApiKey(
            id=KeyId(r[0]),
            workspace_id=WorkspaceId(r[1]),
            name=r[2],
            hint=r[3],
            purse=Purse(r[4]),
            scopes=tuple(Scope(s) for s in from_json(r[5])),
            created_at=r[6],
            last_used_at=r[7],
            revoked_at=r[8],
        )
        for r in rows
    ]


def revoke_key(workspace_id: WorkspaceId | None, key_id: str, now_ms: int) -> Script[None]:
    """From the next request on the key is bad; again changes nothing. Raises NotFound."""
    rows = yield sql(
        "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $2)"
        " WHERE id = $1 AND workspace_id = COALESCE($3, workspace_id) RETURNING 1",
        key_id,
        now_ms,
        workspace_id,
    )
    if not rows:
        raise NotFound(f"no key {key_id!r}")


def touch_keys(used_at: dict[str, int]) -> Script[None]:
    """Record when keys were last used; batched by the caller, never in a request."""
    for key_id, at in sorted(used_at.items()):  # in one order everywhere: rows are locked as they are changed
        yield tell("UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND COALESCE(last_used_at, 0) < $2", key_id, at)
