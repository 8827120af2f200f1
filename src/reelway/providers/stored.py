"""Providers that the server keeps itself: a row is what a table of the settings file would be, its secrets sealed.

The secrets are sealed about the whole row: a token in another row, or beside a changed base_url, does not open. So
whoever can write to the database, and does not have the operator secret, cannot have a key sent anywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reelway.db.script import Script, from_json, sql, to_json
from reelway.errors import ConfigError
from reelway.kit.sealed import NotOpened, Seal
from reelway.providers.secrets import put_back


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTable:
    """One row; instants are milliseconds since 1970 UTC."""

    name: str
    kind: str
    settings: str  # JSON without the secrets, as it is stored: they are sealed about this very text
    secrets: str | None = field(repr=False)
    created_at: int
    updated_at: int

    def plain(self) -> dict[str, Any]:
        """The table without its secrets, as the settings file would have it."""
        return {"provider": self.kind, **from_json(self.settings)}

    def opened(self, seal: Seal) -> dict[str, Any]:
        """The whole table; raises ConfigError when its secrets cannot be opened."""
        table = self.plain()
        if self.secrets is None:
            return table
        try:
            taken = from_json(seal.open(self.secrets, _about(self)))
        except NotOpened:
            raise ConfigError(
                f"the secrets of provider {self.name} cannot be opened: they were sealed with another operator secret,"
                " or its row was changed by hand; set the secret that was in use as"
                " REELWAY_PREVIOUS_OPERATOR_SECRET and run `reelway providers reseal`, or give the key again with"
                f" `reelway providers add {self.name} --replace`"
            ) from None
        put_back(table, taken)
        return table

    def is_newest(self, seal: Seal) -> bool:
        """Whether it opens without the previous operator secret."""
        return self.secrets is None or seal.is_newest(self.secrets, _about(self))


def put_table(
    name: str, kind: str, settings: Mapping[str, Any], secrets: Mapping[str, str], seal: Seal, now_ms: int
) -> Script[None]:
    """Keep a table, in place of one of that name; `secrets` as `take_out` names them."""
    text = to_json(settings)
    made = StoredTable(name=name, kind=kind, settings=text, secrets=None, created_at=now_ms, updated_at=now_ms)
    token = seal.close(to_json(secrets), _about(made)) if secrets else None
    yield sql(
        "INSERT INTO provider_tables (name, kind, settings, secrets, created_at, updated_at)"
        " VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (name) DO UPDATE SET kind = excluded.kind,"
        " settings = excluded.settings, secrets = excluded.secrets, updated_at = excluded.updated_at RETURNING 1",
        name,
        kind,
        text,
        token,
        now_ms,
    )


def list_tables() -> Script[list[StoredTable]]:
    """All, by name."""
    rows = yield sql("SELECT name, kind, settings, secrets, created_at, updated_at FROM provider_tables ORDER BY name")
    return [
        StoredTable(name=name, kind=kind, settings=text, secrets=token, created_at=created_at, updated_at=updated_at)
        for name, kind, text, token, created_at, updated_at in rows
    ]


def open_tables(seal: Seal) -> Script[dict[str, dict[str, Any]]]:
    """All by name, as the settings file would have them; raises ConfigError naming one that cannot be opened."""
    return {table.name: table.opened(seal) for table in (yield from list_tables())}


def remove_table(name: str) -> Script[bool]:
    """Whether there was one."""
    return bool((yield sql("DELETE FROM provider_tables WHERE name = $1 RETURNING 1", name)))


def reseal_tables(seal: Seal, now_ms: int) -> Script[list[str]]:
    """Seal everything with the newest secret alone; the names. Raises ConfigError, and nothing is changed."""
    sealed = [table for table in (yield from list_tables()) if table.secrets is not None]
    for table in sealed:
        table.opened(seal)
        assert table.secrets is not None
        text = seal.open(table.secrets, _about(table))
        yield sql(
            "UPDATE provider_tables SET secrets = $2, updated_at = $3 WHERE name = $1 RETURNING 1",
            table.name,
            seal.close(text, _about(table)),
            now_ms,
        )
    return [table.name for table in sealed]


def count_unfinished(provider: str) -> Script[int]:
    """Generations that this provider is making, or has in its queue."""
    rows = yield sql("SELECT COUNT(*) FROM generations WHERE provider = $1 AND ended_at IS NULL", provider)
    return int(rows[0][0])


def _about(table: StoredTable) -> str:
    return to_json(["provider", table.name, table.kind, table.settings])
