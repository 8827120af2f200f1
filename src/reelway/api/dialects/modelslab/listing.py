"""Model discovery: the catalogue in the shapes that ModelsLab's search, its CLI and its agents API use."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from reelway.accounts.keys import Scope
from reelway.api.dialects.modelslab.account import agent_envelope, paging, whole_parameter
from reelway.api.dialects.modelslab.documents import query_document
from reelway.api.dialects.modelslab.endpoint import Asked, Endpoint, answer, receive
from reelway.api.dialects.modelslab.schemas import ImageToVideoV7, TextToVideoV7, VideoToVideoV7
from reelway.api.services import Services
from reelway.domain.generation import Mode
from reelway.domain.models import ModelCard, typical_clip
from reelway.domain.money import MICROUSD_PER_USD, usd
from reelway.errors import NotFound
from reelway.routing.routes import control_of, passes_of

_PER_PAGE: Final = 20
_PER_PAGE_MAX: Final = 100
_PAGE_MAX: Final = 1_000_000
_FILTERS: Final = ("search", "feature", "provider", "model_type", "base_model", "page", "per_page", "limit")
_FEATURES: Final = frozenset({"video_fusion", "videofusion", "video", "video-fusion"})
_SCHEMAS: Final[dict[Mode, type[BaseModel]]] = {
    Mode.TEXT_TO_VIDEO: TextToVideoV7,
    Mode.IMAGE_TO_VIDEO: ImageToVideoV7,
    Mode.VIDEO_TO_VIDEO: VideoToVideoV7,
}
_ITEM: Final = {
    "model_id": "previz",
    "model_name": "Previz",
    "provider": "Reelway",
    "feature": "video_fusion",
    "model_type": "text-to-video, image-to-video, video-to-video",
    "model_price": 0.0,
    "model_price_type": "per_second",
    "served_by": "previz",
    "preview": True,
}
_PAGES: Final = {"current_page": 1, "per_page": 20, "total": 1, "last_page": 1, "from": 1, "to": 1}
_PLAIN: Final = {"status": "success", "data": [_ITEM], "pagination": _PAGES}
_AGENTS: Final = {"data": {"items": [_ITEM], "pagination": _PAGES}, "error": None, "meta": {"total": 1}}


def add_routes(routes: APIRouter, services: Services) -> None:
    """Lists, what they can be narrowed by, and one model in full."""
    for root, name, agents in (
        ("/api/v7/models", "modelslab_models", False),
        ("/api/v6/model-search", "modelslab_v6_model_search", False),
        ("/api/agents/v1/models", "modelslab_agents_models", True),
    ):
        example = _AGENTS if agents else _PLAIN
        one = {"data": _ITEM, "error": None, "meta": {}} if agents else {"status": "success", "data": _ITEM}
        _add(routes, root, name, _search(services, agents), "Search the models", query_document(example, _FILTERS))
        providers = _facts(services, agents, lambda cards: sorted({c.vendor for c in cards}))
        _add(routes, f"{root}/providers", f"{name}_providers", providers, "Who made the models", query_document(one))
        tags = _facts(services, agents, lambda cards: sorted({c.family for c in cards}))
        _add(routes, f"{root}/tags", f"{name}_tags", tags, "The families of models", query_document(one))
        filters = _facts(services, agents, _filters)
        _add(routes, f"{root}/filters", f"{name}_filters", filters, "What a search can filter by", query_document(one))
        detail = query_document(one, id="previz")
        _add(
            routes, root + "/{id}", f"{name}_detail", _detail(services, agents), "One model, and what it takes", detail
        )


def _add(routes: APIRouter, path: str, name: str, endpoint: Endpoint, summary: str, described: dict[str, Any]) -> None:
    routes.add_api_route(path, endpoint, methods=["GET"], name=name, summary=summary, response_model=None, **described)


def _search(services: Services, agents: bool) -> Endpoint:
    async def search(request: Request) -> Response:
        asked = await receive(services, request)
        asked.caller.require(Scope.READ)
        page, per_page = _page(request, asked)
        found = [card for card in _served(services) if _matches(card, request)]
        shown = found[(page - 1) * per_page : page * per_page]
        items = [item(services, card) for card in shown]
        pages = paging(page, per_page, len(items), len(found))
        if agents:
            return answer(request, agent_envelope({"items": items, "pagination": pages}, total=len(found)))
        return answer(request, {"status": "success", "data": items, "pagination": pages})

    return search


def _detail(services: Services, agents: bool) -> Endpoint:
    async def detail(request: Request) -> Response:
        asked = await receive(services, request)
        asked.caller.require(Scope.READ)
        id = str(request.path_params["id"])
        card = services.catalogue.get(id[:200])
        if card is None:
            raise NotFound(f"Model not found: {id[:80]}")
        data = item(services, card) | {"endpoints": [_endpoint(card, mode) for mode in card.modes]}
        return answer(request, agent_envelope(data) if agents else {"status": "success", "data": data})

    return detail


def _facts(services: Services, agents: bool, read: Callable[[list[ModelCard]], Any]) -> Endpoint:
    async def facts(request: Request) -> Response:
        asked = await receive(services, request)
        asked.caller.require(Scope.READ)
        data = read(_served(services))
        return answer(request, agent_envelope(data) if agents else {"status": "success", "data": data})

    return facts


def item(services: Services, card: ModelCard) -> dict[str, Any]:
    """One model as a line of a list."""
    router = services.router
    upstreams = router.upstreams(card)
    served = router.serving(upstreams)
    times = None if served is None else router.times(served)
    typical = typical_clip(card)
    per_s = card.price.microusd_per_s if card.price else 0
    return {
        "model_id": card.id,
        "model_name": card.name,
        "name": card.name,
        "provider": card.vendor,
        "model_category": "video",
        "feature": "video_fusion",
        "model_type": ", ".join(card.modes),
        "model_subcategory": card.modes[0],
        "base_model": card.family,
        "description": card.description,
        "model_price": per_s / MICROUSD_PER_USD,
        "model_price_usd": usd(per_s),
        "model_price_type": "per_second",
        "status": card.life,
        "successor": card.successor,
        "aliases": card.aliases,
        "durations": sorted(card.durations_s),
        "sizes": [f"{w}x{h}" if w else "any" for w, h in card.sizes],
        "fps": card.fps,
        "audio": card.audio,
        "last_frame": card.last_frame,
        "control": control_of(upstreams),
        "passes": passes_of(upstreams),
        "rules": [rule.say for rule in card.rules],
        "typical_clip": {"duration": card.durations_s[0], "price_usd": usd(card.price_microusd(typical))},
        "served_by": None if served is None else served.provider,
        "preview": None if served is None else served.route.free,
        "took_lately_s": None if times is None else round(times.seconds, 1),
    }


def _endpoint(card: ModelCard, mode: Mode) -> dict[str, Any]:
    parameters = _SCHEMAS[mode].model_json_schema()
    properties = parameters["properties"]
    properties["model_id"] |= {"const": card.id}
    properties["duration"] |= {"examples": sorted(card.durations_s), "default": card.durations_s[0]}
    properties["fps"] |= {"default": card.fps}
    return {"method": "POST", "endpoint": f"/api/v7/video-fusion/{mode}", "parameters": parameters}


def _served(services: Services) -> list[ModelCard]:
    return [card for card in services.catalogue.cards() if services.router.upstreams(card)]


def _matches(card: ModelCard, request: Request) -> bool:
    asked = {name: request.query_params.get(name, "").strip().lower() for name in _FILTERS}
    words = " ".join([card.id, card.name, card.description, card.family, card.vendor, *card.aliases]).lower()
    feature = asked["feature"]
    return (
        all(word in words for word in asked["search"].split())
        and (not feature or feature in _FEATURES or feature in card.modes)
        and asked["provider"] in ("", card.vendor.lower())
        and asked["base_model"] in ("", card.family.lower())
        and (not asked["model_type"] or asked["model_type"] in (*_FEATURES, *card.modes))
    )


def _page(request: Request, asked: Asked) -> tuple[int, int]:
    limit = whole_parameter(request, asked, "limit", _PER_PAGE, _PER_PAGE_MAX)
    return (
        whole_parameter(request, asked, "page", 1, _PAGE_MAX),
        whole_parameter(request, asked, "per_page", limit, _PER_PAGE_MAX),
    )


def _filters(cards: list[ModelCard]) -> dict[str, Any]:
    return {
        "features": ["video_fusion"],
        "model_types": sorted({mode for card in cards for mode in card.modes}),
        "base_models": sorted({card.family for card in cards}),
        "providers": sorted({card.vendor for card in cards}),
        "sorts": ["asc"],
    }
