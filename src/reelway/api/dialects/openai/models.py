"""The model list: OpenAI's four keys, then everything a caller may want to know before paying."""

from datetime import UTC, datetime, time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from reelway.accounts.keys import Caller, Scope
from reelway.api.auth import find_key, sign_in
from reelway.api.headers import allowance_headers
from reelway.api.problems import json_response
from reelway.api.services import Services
from reelway.domain.models import ModelCard, Price
from reelway.domain.money import Purse, usd
from reelway.errors import ModelNotFound


class Models:
    """`/v1/models`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def page(self, request: Request) -> Response:
        """All that are served today."""
        caller = await self._reader(request)
        served = [card for card in self._services.catalogue.cards() if self._services.router.routes(card)]
        body = {"object": "list", "data": [self._model(card, caller) for card in served]}
        return json_response(body, headers=allowance_headers(request))

    async def retrieve(self, request: Request) -> Response:
        """One, by id or alias; also one that nobody serves any more, with its successor."""
        caller = await self._reader(request)
        try:
            card = self._services.catalogue.find(request.path_params["id"])
        except ModelNotFound as error:
            error.http_status = 404  # here the model is what the address names, not a field of the request
            raise
        return json_response(self._model(card, caller), headers=allowance_headers(request))

    async def _reader(self, request: Request) -> Caller:
        caller = await sign_in(self._services, request, find_key(request))
        caller.require(Scope.READ)
        return caller

    def _model(self, card: ModelCard, caller: Caller) -> dict[str, Any]:
        routes = self._services.router.routes(card)
        in_sandbox = caller.purse is Purse.TEST and routes
        return {
            "id": card.id,
            "object": "model",
            "created": _created(card),
            "owned_by": card.vendor,
            # -- ours ------------------------------------------------------------------------------
            "name": card.name,
            "family": card.family,
            "description": card.description,
            "aliases": card.aliases,
            "modes": card.modes,
            "durations_s": sorted(card.durations_s),
            "duration_default_s": card.durations_s[0],
            "frames": {"min": card.frames_min, "max": card.frames_max},
            "fps": card.fps,
            "fps_max": card.fps_max,
            "sizes": [f"{w}x{h}" for w, h in card.sizes if (w, h) != (0, 0)],
            "any_size": (0, 0) in card.sizes,
            "audio": card.audio,
            "prompt_chars_max": card.prompt_chars_max,
            "price": None if card.price is None else _price(card.price),
            "free": bool(routes) and routes[0].free and not in_sandbox,
            "life": card.life,
            "retired_on": card.retired_on,
            "successor": card.successor,
            "served_by": ("sandbox" if in_sandbox else routes[0].provider) if routes else None,
            "preview": bool(routes) and bool(in_sandbox or routes[0].free),
            "routes": [
                {"provider": r.provider, "life": r.life, "retires_on": r.retires_on, "preview": r.free} for r in routes
            ],
        }


def _price(price: Price) -> dict[str, Any]:
    return {
        "usd_per_s": usd(price.microusd_per_s),
        "by_resolution": {f"{side}p": usd(microusd) for side, microusd in price.by_resolution},
        "source": price.source,
        "read_on": price.read_on,
    }


def _created(card: ModelCard) -> int:
    """The day its entry was checked last: nobody publishes the other one."""
    if card.price is None:
        return 0
    return int(datetime.combine(card.price.read_on, time.min, UTC).timestamp())
