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
from reelway.domain.models import ModelCard, typical_clip
from reelway.domain.money import Purse, usd
from reelway.domain.passes import Pass
from reelway.domain.prices import Price, Tier
from reelway.domain.shapes import Rule
from reelway.errors import ModelNotFound
from reelway.routing.routes import Upstream, control_of, passes_of


class Models:
    """`/v1/models`."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def page(self, request: Request) -> Response:
        """All that are served today."""
        caller = await self._reader(request)
        served = [card for card in self._services.catalogue.cards() if self._services.router.upstreams(card)]
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
        router = self._services.router
        upstreams = router.upstreams(card)
        served = router.serving(upstreams)
        in_sandbox = caller.purse is Purse.TEST and bool(upstreams)
        typical = typical_clip(card)
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
            "last_frame": card.last_frame,
            "control": control_of(upstreams),
            "passes": tuple(Pass) if in_sandbox else passes_of(upstreams),
            "prompt_chars_max": card.prompt_chars_max,
            "rules": [_rule(rule) for rule in card.rules],
            "rank": card.rank,
            "good_for": card.good_for,
            "price": None if card.price is None else _price(card.price),
            "typical_clip": {
                "seconds": card.durations_s[0],
                "size": typical.size,
                "audio": typical.audio,
                "price_usd": usd(card.price_microusd(typical)),
            },
            "free": served is not None and served.route.free and not in_sandbox,
            "life": card.life,
            "retired_on": card.retired_on,
            "successor": card.successor,
            "served_by": "sandbox" if in_sandbox else None if served is None else served.provider,
            "preview": in_sandbox or (served is not None and served.route.free),
            "routes": [self._route(upstream) for upstream in upstreams],
        }

    def _route(self, upstream: Upstream) -> dict[str, Any]:
        route, router = upstream.route, self._services.router
        circuit, times = router.circuit(upstream), router.times(upstream)
        return {
            "provider": upstream.provider,
            "upstream_model": route.upstream_model,
            "likeness": route.likeness,
            "life": route.life,
            "retires_on": route.retires_on,
            "preview": route.free,
            "makes": route.makes.to_json(),
            "rules": [_rule(rule) for rule in route.rules],
            "control": route.control,
            "passes": route.passes,
            "health": "good" if circuit is None else "failing",
            "fault": None if circuit is None else circuit.fault,
            "took_lately_s": None if times is None else round(times.seconds, 1),
        }


def _rule(rule: Rule) -> dict[str, Any]:
    return {"when": rule.when.to_json(), "need": rule.need.to_json(), "say": rule.say}


def _price(price: Price) -> dict[str, Any]:
    return {
        "usd_per_s": usd(price.microusd_per_s),
        "tiers": [_tier(tier) for tier in price.tiers],
        "source": price.source,
        "read_on": price.read_on,
    }


def _tier(tier: Tier) -> dict[str, Any]:
    by_s, whole = tier.microusd_per_s, tier.microusd
    return {
        "when": tier.when.to_json(),
        "usd_per_s": None if by_s is None else usd(by_s),
        "usd": None if whole is None else usd(whole),
    }


def _created(card: ModelCard) -> int:
    """The day its entry was checked last: nobody publishes the other one."""
    if card.price is None:
        return 0
    return int(datetime.combine(card.price.read_on, time.min, UTC).timestamp())
