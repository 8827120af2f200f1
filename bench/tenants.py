"""Customers for databases where many share the load: workspaces, each with a fortune, a key and perhaps an endpoint.

Ids and keys are numbered from FIRST, so that pgbench can compute them as well.
"""

import asyncio

from bench.serve import FORTUNE_MICROUSD
from reelway.accounts.keys import ALL_SCOPES, PREFIX, hash_key
from reelway.app import build
from reelway.db.script import Script, tell, to_json
from reelway.domain.generation import WorkspaceId
from reelway.domain.money import Purse
from reelway.kit import logs
from reelway.ledger import ledger
from reelway.settings import Settings
from reelway.webhooks.endpoints import create_endpoint

FIRST = 100_000  # all numbers have six digits
WORKSPACE = "wsp_" + "0" * 20
KEY_ID = "key_" + "0" * 20
KEY = PREFIX[Purse.LIVE] + "0" * 58


def keys(count: int) -> list[str]:
    """What the customers sign in with."""
    return [f"{KEY}{number}" for number in range(FIRST, FIRST + count)]


def open_tenants(count: int, webhook: str | None, now_ms: int) -> Script[None]:
    """All of them in one transaction."""
    for number in range(FIRST, FIRST + count):
        workspace, key = WorkspaceId(f"{WORKSPACE}{number}"), f"{KEY}{number}"
        yield tell("INSERT INTO workspaces (id, name, created_at) VALUES ($1, $1, $2)", workspace, now_ms)
        for purse in Purse:
            yield from ledger.open_account(workspace, purse)
        yield from ledger.grant(f"free:{workspace}", workspace, Purse.LIVE, FORTUNE_MICROUSD, "bench", now_ms)
        yield tell(
            "INSERT INTO api_keys (id, workspace_id, hash, hint, name, purse, scopes, created_at)"
            " VALUES ($1, $2, $3, $4, 'bench', $5, $6, $7)",
            f"{KEY_ID}{number}",
            workspace,
            hash_key(key),
            key[:12],
            Purse.LIVE,
            to_json(ALL_SCOPES),
            now_ms,
        )
        if webhook is not None:
            yield from create_endpoint(workspace, webhook, None, "", now_ms)


def make_tenants(settings: Settings, count: int, webhook: str | None) -> None:
    """On a database that nobody else uses meanwhile."""

    async def run() -> None:
        reelway = await build(settings)
        await reelway.db.write(open_tenants(count, webhook, reelway.services.clock.now_ms()))
        await reelway.stop()

    logs.configure(level="warning")
    asyncio.run(run())
