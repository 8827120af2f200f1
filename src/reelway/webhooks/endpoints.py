"""Registered endpoints: where a workspace wants its events sent, and how their receivers are doing."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from reelway.db.script import Row, Script, Value, from_json, sql, tell, to_json
from reelway.domain.generation import WorkspaceId
from reelway.errors import Conflict, InvalidRequest, NotFound
from reelway.kit.ids import new_id
from reelway.webhooks.payloads import EVENT_NAMES
from reelway.webhooks.signing import secret_of

EVENT_TYPES: Final = tuple(EVENT_NAMES.values())
ENDPOINTS_MAX: Final = 20
URL_CHARS_MAX: Final = 2048
DESCRIPTION_CHARS_MAX: Final = 500
ROTATION_MS: Final = 24 * 3600 * 1000

_UNPRINTABLE: Final = re.compile(r"[\x00-\x20\x7f\\]")
_COLUMNS: Final = (
    "id, workspace_id, url, event_types, description, secret_version, previous_secret_until, failing_since,"
    " disabled_at, disabled_reason, created_at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One row; instants are milliseconds since 1970 UTC. Its secrets are derived, see `secrets`."""

    id: str  # whe_…
    workspace_id: WorkspaceId
    url: str
    event_types: tuple[str, ...]
    description: str
    secret_version: int
    previous_secret_until: int | None  # until then the secret before signs too
    failing_since: int | None  # first of the failures since the last success
    disabled_at: int | None
    disabled_reason: str | None
    created_at: int

    @property
    def enabled(self) -> bool:
        """Whether anything is sent to it."""
        return self.disabled_at is None

    def secret(self, operator_secret: bytes) -> str:
        """The newest `whsec_…`, for its owner."""
        return secret_of(operator_secret, self.id, self.secret_version)

    def secrets(self, operator_secret: bytes, now_ms: int) -> tuple[str, ...]:
        """All that sign at that instant, the newest first."""
        newest = self.secret(operator_secret)
        if self.previous_secret_until is None or now_ms >= self.previous_secret_until:
            return (newest,)
        return newest, secret_of(operator_secret, self.id, self.secret_version - 1)


def create_endpoint(
    workspace_id: WorkspaceId, url: str, event_types: Sequence[str] | None, description: str, now_ms: int
) -> Script[Endpoint]:
    """Register a URL; None for `event_types` means all there are today. Raises InvalidRequest or Conflict."""
    _check_url(url)
    _check_description(description)
    wanted = _checked_types(EVENT_TYPES if event_types is None else event_types)
    yield sql("UPDATE workspaces SET name = name WHERE id = $1", workspace_id)  # one at a time, so the count holds
    rows = yield sql(
        "SELECT COUNT(*) FROM webhook_endpoints WHERE workspace_id = $1 AND deleted_at IS NULL", workspace_id
    )
    if rows[0][0] >= ENDPOINTS_MAX:
        raise Conflict(f"this workspace has {ENDPOINTS_MAX} webhook endpoints, the most; delete one first")
    rows = yield sql(
        "INSERT INTO webhook_endpoints (id, workspace_id, url, event_types, description, created_at)"
        f" VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_COLUMNS}",
        new_id("whe", now_ms),
        workspace_id,
        url,
        to_json(wanted),
        description,
        now_ms,
    )
    return _endpoint(rows[0])


def list_endpoints(workspace_id: WorkspaceId) -> Script[list[Endpoint]]:
    """All of a workspace, oldest first; at most ENDPOINTS_MAX."""
    rows = yield sql(
        f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE workspace_id = $1 AND deleted_at IS NULL ORDER BY id",
        workspace_id,
    )
    return [_endpoint(row) for row in rows]


def get_endpoint(workspace_id: WorkspaceId, endpoint_id: str) -> Script[Endpoint]:
    """Raises NotFound, also for other people's."""
    rows = yield sql(
        f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE id = $1 AND workspace_id = $2 AND deleted_at IS NULL",
        endpoint_id,
        workspace_id,
    )
    return _one(rows, endpoint_id)


def endpoint_of_delivery(endpoint_id: str) -> Script[Endpoint | None]:
    """Whoever owns it: for the deliverer only. None when it was deleted."""
    rows = yield sql(
        f"SELECT {_COLUMNS} FROM webhook_endpoints WHERE id = $1 AND deleted_at IS NULL",
        endpoint_id,
    )
    return _endpoint(rows[0]) if rows else None


def update_endpoint(
    workspace_id: WorkspaceId,
    endpoint_id: str,
    now_ms: int,
    *,
    url: str | None = None,
    event_types: Sequence[str] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
) -> Script[Endpoint]:
    """Change what is given. Deliveries that still wait go to the new URL.

    `enabled` True forgets the failures so far. Raises InvalidRequest, or NotFound.
    """
    changes: dict[str, Value] = {}
    if url is not None:
        _check_url(url)
        changes |= {"url": url, "failing_since": None}
    if event_types is not None:
        changes["event_types"] = to_json(_checked_types(event_types))
    if description is not None:
        _check_description(description)
        changes["description"] = description
    if enabled is not None:
        reason = None if enabled else "disabled by its owner"
        changes |= {
            "failing_since": None,
            "disabled_at": None if enabled else now_ms,
            "disabled_reason": reason,
        }
    if not changes:
        return (yield from get_endpoint(workspace_id, endpoint_id))
    assignments = ", ".join(f"{name} = ${number}" for number, name in enumerate(changes, start=3))
    rows = yield sql(
        f"UPDATE webhook_endpoints SET {assignments}"
        f" WHERE id = $1 AND workspace_id = $2 AND deleted_at IS NULL RETURNING {_COLUMNS}",
        endpoint_id,
        workspace_id,
        *changes.values(),
    )
    return _one(rows, endpoint_id)


def rotate_secret(
    workspace_id: WorkspaceId, endpoint_id: str, now_ms: int, *, overlap_ms: int = ROTATION_MS
) -> Script[Endpoint]:
    """A new secret; the last one signs too for `overlap_ms` (0 after a leak), the one before it no more."""
    rows = yield sql(
        "UPDATE webhook_endpoints SET secret_version = secret_version + 1, previous_secret_until = $3"
        f" WHERE id = $1 AND workspace_id = $2 AND deleted_at IS NULL RETURNING {_COLUMNS}",
        endpoint_id,
        workspace_id,
        now_ms + overlap_ms,
    )
    return _one(rows, endpoint_id)


def delete_endpoint(workspace_id: WorkspaceId, endpoint_id: str, now_ms: int) -> Script[None]:
    """Nothing is sent to it any more, what still waits included; its log stays. Raises NotFound."""
    rows = yield sql(
        "UPDATE webhook_endpoints SET deleted_at = $3"
        f" WHERE id = $1 AND workspace_id = $2 AND deleted_at IS NULL RETURNING {_COLUMNS}",
        endpoint_id,
        workspace_id,
        now_ms,
    )
    _one(rows, endpoint_id)


# -- how its receiver is doing ---------------------------------------------------------------


def note_success(endpoint_id: str) -> Script[None]:
    """It answered: what failed before is forgiven."""
    yield tell(
        "UPDATE webhook_endpoints SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL",
        endpoint_id,
    )


def note_failure(endpoint_id: str, now_ms: int, disable_after_ms: int) -> Script[str | None]:
    """Count from the first failure in a row; after `disable_after_ms` disable it, and return why."""
    rows = yield sql(
        "UPDATE webhook_endpoints SET failing_since = COALESCE(failing_since, $2)"
        " WHERE id = $1 AND disabled_at IS NULL RETURNING failing_since",
        endpoint_id,
        now_ms,
    )
    if not rows or now_ms - rows[0][0] < disable_after_ms:
        return None
    hours = (now_ms - rows[0][0]) / 3_600_000
    return (yield from disable(endpoint_id, f"every delivery failed for {hours:.1f} hours", now_ms))


def disable(endpoint_id: str, reason: str, now_ms: int) -> Script[str | None]:
    """Send nothing to it until its owner enables it; returns `reason`, or None if it was disabled already."""
    rows = yield sql(
        "UPDATE webhook_endpoints SET disabled_at = $2, disabled_reason = $3"
        " WHERE id = $1 AND disabled_at IS NULL RETURNING 1",
        endpoint_id,
        now_ms,
        reason,
    )
    return reason if rows else None


# -- what may be in one ----------------------------------------------------------------------


def _check_url(url: str) -> None:
    """Its form alone; where the name leads is judged at each delivery, on the address that is dialled."""
    if len(url) > URL_CHARS_MAX:
        raise InvalidRequest(f"url has {len(url)} characters; at most {URL_CHARS_MAX}", param="url")
    unlike = InvalidRequest(f"{url[:200]!r} is not like https://example.com/hook", param="url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise unlike from None
    if parts.scheme not in ("http", "https") or not parts.hostname or _UNPRINTABLE.search(url):
        raise unlike
    if port is not None and port < 1024 and port not in (80, 443):  # Outbound would refuse it each time
        raise InvalidRequest(f"url has port {port}; use 80, 443 or one from 1024 up", param="url")
    if "@" in parts.netloc:
        raise InvalidRequest("url has a user name or password in it; verify the signature instead", param="url")


def _checked_types(given: Sequence[str]) -> tuple[str, ...]:
    """In our order, each once."""
    allowed = ", ".join(EVENT_TYPES)
    for name in given:
        if name not in EVENT_TYPES:
            raise InvalidRequest(f"no event type {str(name)[:100]!r}; there are {allowed}", param="event_types")
    if not given:
        raise InvalidRequest(f"event_types is empty; there are {allowed}", param="event_types")
    return tuple(name for name in EVENT_TYPES if name in given)


def _check_description(description: str) -> None:
    if len(description) > DESCRIPTION_CHARS_MAX:
        raise InvalidRequest(
            f"description has {len(description)} characters; at most {DESCRIPTION_CHARS_MAX}",
            param="description",
        )


def _one(rows: list[Row], endpoint_id: str) -> Endpoint:
    if not rows:
        raise NotFound(f"no webhook endpoint {endpoint_id[:100]!r}")
    return _endpoint(rows[0])


def _endpoint(row: Row) -> Endpoint:
    return Endpoint(
        id=row[0],
        workspace_id=WorkspaceId(row[1]),
        url=row[2],
        event_types=tuple(from_json(row[3])),
        description=row[4],
        secret_version=row[5],
        previous_secret_until=row[6],
        failing_since=row[7],
        disabled_at=row[8],
        disabled_reason=row[9],
        created_at=row[10],
    )
