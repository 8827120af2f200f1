"""What a key has and had: balance, videos in flight, finished files."""

from typing import Any, Final

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from reelway.accounts.keys import Scope
from reelway.api.dialects.modelslab.documents import form_document, query_document
from reelway.api.dialects.modelslab.endpoint import Asked, Endpoint, answer, receive
from reelway.api.dialects.modelslab.fields import Fields
from reelway.api.services import Services
from reelway.domain.money import MICROUSD_PER_USD, usd
from reelway.errors import InvalidRequest
from reelway.ledger import ledger

_PER_PAGE: Final = 10
_PER_PAGE_MAX: Final = 30
_PAGE_MAX: Final = 1_000_000
_TYPES: Final = ("image", "video", "voice", "3d")

_BALANCE: Final = {
    "status": "success",
    "data": {"balance": 43.6, "currency": "USD", "balance_usd": "43.60", "held_usd": "0.00", "purse": "live"},
}
_AGENT_BALANCE: Final = {"data": _BALANCE["data"], "error": None, "meta": {"request_id": "req_7Yx1"}}
_COUNT: Final = {
    "status": "success",
    "processing_count": 1,
    "message": "Current processing request count retrieved successfully",
}
_ASSETS: Final = {
    "status": "success",
    "type": "video",
    "data": [{"id": 147, "output": ["http://localhost:8080/files/mK2v8.mp4"]}],
    "pagination": {"current_page": 1, "per_page": 10, "total": 1, "last_page": 1, "from": 1, "to": 1},
}


def add_routes(routes: APIRouter, services: Services) -> None:
    """Balance, count and assets, under every spelling in use, by POST and by GET."""
    for path, name, endpoint, example in (
        ("/api/wallet_balance", "modelslab_wallet_balance", _balance(services), _BALANCE),
        ("/api/v6/wallet_balance", "modelslab_v6_wallet_balance", _balance(services), _BALANCE),
        (
            "/api/agents/v1/wallet/balance",
            "modelslab_agents_wallet_balance",
            _balance(services, agents=True),
            _AGENT_BALANCE,
        ),
        ("/api/v6/processing/request_count", "modelslab_request_count", _count(services), _COUNT),
        ("/api/v6/assets_generated", "modelslab_assets_generated", _assets(services), _ASSETS),
        ("/api/assets_generated", "modelslab_assets_generated_unversioned", _assets(services), _ASSETS),
    ):
        assets = "assets" in name
        summary = "Finished videos, newest first" if assets else "What is left, or how much is in flight"
        described = form_document(example, assets=assets)
        routes.add_api_route(
            path, endpoint, methods=["POST"], name=name, summary=summary, response_model=None, **described
        )
        described = query_document(example, ("type", "per_page", "page") if assets else ())
        routes.add_api_route(
            path, endpoint, methods=["GET"], name=f"{name}_get", summary=summary, response_model=None, **described
        )


def agent_envelope(data: Any, **meta: Any) -> dict[str, Any]:
    """The agents API wraps everything in data, error and meta."""
    request_id = structlog.contextvars.get_contextvars().get("request")
    return {"data": data, "error": None, "meta": {"request_id": request_id} | meta}


def whole_parameter(request: Request, asked: Asked, name: str, default: int, most: int) -> int:
    """From the body, else from the query; raises InvalidRequest below 1, and takes at most `most`."""
    fields = asked.fields if asked.fields.get(name) is not None else Fields(dict(request.query_params))
    value = fields.whole(name)
    if value is None:
        return default
    if value < 1:
        raise InvalidRequest(f"{name} {value} is not possible; it starts at 1", param=name)
    return min(value, most)


def _balance(services: Services, *, agents: bool = False) -> Endpoint:
    async def balance(request: Request) -> Response:
        asked = await receive(services, request)
        asked.caller.require(Scope.READ)
        balances = await services.db.read(ledger.balances(asked.caller.workspace_id))
        account = balances.get(asked.caller.purse)
        available, held = (account.available_microusd, account.held_microusd) if account else (0, 0)
        data = {
            "balance": available / MICROUSD_PER_USD,
            "currency": "USD",
            "balance_usd": usd(available),
            "held_usd": usd(held),
            "purse": asked.caller.purse,
        }
        return answer(request, agent_envelope(data) if agents else {"status": "success", "data": data})

    return balance


def _count(services: Services) -> Endpoint:
    async def count(request: Request) -> Response:
        asked = await receive(services, request)
        asked.caller.require(Scope.READ)
        in_flight = await services.queries.in_flight(asked.caller)
        return answer(request, _COUNT | {"processing_count": in_flight})

    return count


def _assets(services: Services) -> Endpoint:
    async def assets(request: Request) -> Response:
        asked = await receive(services, request)
        kind = asked.fields.text("type") or request.query_params.get("type") or "video"
        if kind not in _TYPES:
            raise InvalidRequest(f"type {kind[:40]!r} is not possible; {', '.join(_TYPES)} are", param="type")
        page = whole_parameter(request, asked, "page", 1, _PAGE_MAX)
        per_page = whole_parameter(request, asked, "per_page", _PER_PAGE, _PER_PAGE_MAX)
        found, total = await services.queries.clips(asked.caller, page=page, per_page=per_page)
        if kind != "video":
            found, total = [], 0
        data = [{"id": g.number, "output": [g.clip_url]} for g in found]
        pages = paging(page, per_page, len(data), total)
        return answer(request, {"status": "success", "type": kind, "data": data, "pagination": pages})

    return assets


def paging(page: int, per_page: int, there: int, total: int) -> dict[str, int | None]:
    """Where in the whole a page stands."""
    first = (page - 1) * per_page + 1
    return {
        "current_page": page,
        "per_page": per_page,
        "total": total,
        "last_page": max(-(-total // per_page), 1),
        "from": first if there else None,
        "to": first + there - 1 if there else None,
    }
