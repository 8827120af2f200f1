"""Who will serve a clip, and what that costs the caller. The quote, the hold and the pages all ask here."""

from collections.abc import Collection, Container
from dataclasses import dataclass
from datetime import UTC, date, datetime

from reelway.domain.generation import ClipSpec
from reelway.domain.models import ModelCard, Route
from reelway.domain.money import Purse
from reelway.errors import Gone
from reelway.kit.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A route and its price."""

    provider: str
    upstream_model: str
    preview: bool  # what comes is a preview by the built-in engine, not the named model's picture
    price_microusd: int
    list_price_microusd: int  # the named model's own price, whoever serves


class Router:
    """Orders the routes of a model by the operator's wish and what is alive today.

    `providers` are the names that are configured: a route to another one is not there. None: all are.
    """

    def __init__(self, *, previz_off: Collection[str], clock: Clock, providers: Container[str] | None = None) -> None:
        self._previz_off = frozenset(previz_off)
        self._clock = clock
        self._providers = providers

    def routes(self, card: ModelCard) -> list[Route]:
        """The upstreams that can serve it now, first choice first; empty when none is left."""
        today = self.today()
        return [r for r in card.routes if r.alive(today) and self._served(card, r)]

    def plan(self, card: ModelCard, route: Route, spec: ClipSpec, purse: Purse) -> Plan:
        """What this clip costs by that route."""
        list_price = card.price_microusd(spec)
        if purse is Purse.TEST:  # never reaches a provider that costs money
            return Plan(
                provider="sandbox",
                upstream_model=route.upstream_model if route.free else "previz-1",
                preview=True,
                price_microusd=list_price,
                list_price_microusd=list_price,
            )
        return Plan(
            provider=route.provider,
            upstream_model=route.upstream_model,
            preview=route.free,
            price_microusd=0 if route.free else list_price,
            list_price_microusd=list_price,
        )

    def first(self, card: ModelCard) -> Route:
        """The first choice; raises Gone naming the successor when no route is left."""
        routes = self.routes(card)
        if routes:
            return routes[0]
        ended = f" since {card.retired_on}" if card.retired_on else ""
        state = f"is retired{ended} and no route serves it" if card.life == "retired" else "has no route that serves it"
        hint = f"; use {card.successor}" if card.successor else "; GET /v1/models lists what is served"
        raise Gone(f"{card.id} {state}{hint}", successor=card.successor)

    def today(self) -> date:
        """UTC."""
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC).date()

    def _served(self, card: ModelCard, route: Route) -> bool:
        if self._providers is not None and route.provider not in self._providers:
            return False
        # The model called previz is itself: switching "previz" off is what removes it.
        off = self._previz_off
        return route.provider != "previz" or not (card.id in off or ("*" in off and card.id != "previz"))
