"""GET /v1/account and its transfers: what there is, what is held, where it went."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from reelway.accounts.keys import Caller, Scope
from reelway.accounts.workspaces import require_workspace, set_substitution
from reelway.api.auth import find_key, sign_in
from reelway.api.dialects.native.bodies import read_model
from reelway.api.dialects.native.schemas import UpdateAccount
from reelway.api.dialects.openai.videos import page_limit
from reelway.api.headers import allowance_headers
from reelway.api.problems import json_response
from reelway.api.services import Services
from reelway.domain.money import Balance, Purse, usd
from reelway.ledger import ledger
from reelway.ledger.statements import Transfer, open_holds, transfers

_RECENT: Final = 10
_HOLDS_MAX: Final = 100


class Account:
    """The caller's workspace."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def show(self, request: Request) -> Response:
        """Both purses, open holds, the latest transfers, and what this key is."""
        services = self._services
        caller = await self._reader(request)
        workspace = await services.db.read(require_workspace(caller.workspace_id))
        balances = await services.db.read(ledger.balances(caller.workspace_id))
        holds = await services.db.scan(open_holds(caller.workspace_id, _HOLDS_MAX))
        recent = await services.db.scan(transfers(caller.workspace_id, None, _RECENT))
        body = {
            "object": "account",
            "workspace": {
                "id": workspace.id,
                "name": workspace.name,
                "created_at": workspace.created_at // 1000,
                "substitution": workspace.substitution or services.settings.substitution,
            },
            "key": {"id": caller.key_id, "purse": caller.purse, "scopes": sorted(caller.scopes)},
            "purses": {purse.value: _balance(balances.get(purse), purse) for purse in Purse},
            "in_flight": await services.queries.in_flight(caller),
            "open_holds": [shown(t) for t in holds],
            "recent_transfers": [shown(t) for t in recent],
        }
        return json_response(body, headers=allowance_headers(request))

    async def update(self, request: Request) -> Response:
        """What may stand in for a model, for all keys of the workspace."""
        services = self._services
        caller = await sign_in(services, request, find_key(request))
        caller.require(Scope.KEYS)
        asked = await read_model(request, UpdateAccount)
        if "substitution" in asked.model_fields_set:
            await services.db.write(set_substitution(caller.workspace_id, asked.substitution))
        return await self.show(request)

    async def transfers(self, request: Request) -> Response:
        """Newest first, a page at a time."""
        caller = await self._reader(request)
        limit = page_limit(request)
        after = request.query_params.get("after") or None
        found = await self._services.db.scan(transfers(caller.workspace_id, after, limit + 1))
        return json_response(listed([shown(t) for t in found], limit), headers=allowance_headers(request))

    async def _reader(self, request: Request) -> Caller:
        caller = await sign_in(self._services, request, find_key(request))
        caller.require(Scope.READ)
        return caller


def listed(data: list[dict[str, Any]], limit: int) -> dict[str, Any]:
    """A page of what was asked for with one more than `limit`."""
    page = data[:limit]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(data) > limit,
    }


def shown(transfer: Transfer) -> dict[str, Any]:
    """One line of the statement; `kind` says which way it goes."""
    return {
        "id": transfer.id,
        "object": "transfer",
        "kind": transfer.kind,
        "purse": transfer.purse,
        "amount_usd": usd(transfer.amount_microusd),
        "amount_microusd": transfer.amount_microusd,
        "video_id": transfer.generation_id,
        "note": transfer.note,
        "created_at": transfer.created_at // 1000,
    }


def _balance(balance: Balance | None, purse: Purse) -> dict[str, Any]:
    balance = balance or Balance(purse=purse, balance_microusd=0, held_microusd=0)
    return {
        "balance_usd": usd(balance.balance_microusd),
        "balance_microusd": balance.balance_microusd,
        "held_usd": usd(balance.held_microusd),
        "held_microusd": balance.held_microusd,
        "available_usd": usd(balance.available_microusd),
        "available_microusd": balance.available_microusd,
    }
