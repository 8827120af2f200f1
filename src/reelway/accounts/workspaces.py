"""Workspaces: the customers. Each has a live and a test account, keys, generations and endpoints."""

from dataclasses import dataclass

from reelway.db.script import Row, Script, sql, tell
from reelway.domain.generation import WorkspaceId
from reelway.domain.models import Substitution
from reelway.domain.money import Purse
from reelway.errors import NotFound
from reelway.kit.ids import new_id
from reelway.ledger import ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """One customer."""

    id: WorkspaceId
    name: str
    created_at: int
    substitution: str | None = None  # forbid, same_family or any; None: as the server's setting says


def find_workspace(name: str) -> Script[Workspace | None]:
    """By name or id."""
    rows = yield sql("SELECT id, name, created_at, substitution FROM workspaces WHERE name = $1 OR id = $1", name)
    return _workspace(rows[0]) if rows else None


def require_workspace(name: str) -> Script[Workspace]:
    """By name or id; raises NotFound naming the ones there are."""
    found = yield from find_workspace(name)
    if found is None:
        there_are = yield from list_workspaces()
        raise NotFound(f"no workspace {name!r}; there are {', '.join(w.name for w in there_are) or 'none'}")
    return found


def list_workspaces() -> Script[list[Workspace]]:
    """All, oldest first."""
    rows = yield sql("SELECT id, name, created_at, substitution FROM workspaces ORDER BY id")
    return [_workspace(row) for row in rows]


def set_substitution(workspace_id: WorkspaceId, substitution: Substitution | None) -> Script[None]:
    """What may stand in for the models that its requests name; None: as the server's setting says."""
    yield tell("UPDATE workspaces SET substitution = $2 WHERE id = $1", workspace_id, substitution)


def ensure_workspace(name: str, free_microusd: dict[Purse, int], now_ms: int) -> Script[Workspace]:
    """The workspace of that name, made with its free credits if it is new."""
    found = yield from find_workspace(name)
    if found is not None:
        return found
    workspace = Workspace(id=WorkspaceId(new_id("wsp", now_ms)), name=name, created_at=now_ms)
    made = yield sql(
        "INSERT INTO workspaces (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING RETURNING 1",
        workspace.id,
        name,
        now_ms,
    )
    if not made:  # by somebody else, a moment ago
        return (yield from require_workspace(name))
    for purse in Purse:
        yield from ledger.open_account(workspace.id, purse)
        if free := free_microusd.get(purse, 0):
            yield from ledger.grant(f"free:{workspace.id}:{purse}", workspace.id, purse, free, "free credits", now_ms)
    return workspace


def _workspace(row: Row) -> Workspace:
    return Workspace(id=WorkspaceId(row[0]), name=row[1], created_at=row[2], substitution=row[3])
