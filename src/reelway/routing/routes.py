"""Which upstreams there are today: alive at their vendor, configured here, and wanted by the operator."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from reelway.domain.generation import Control
from reelway.domain.models import ModelCard, Route
from reelway.domain.passes import Pass
from reelway.kit.clock import Clock
from reelway.providers.base import Configured

BUILT_IN: Final = "previz"


@dataclass(frozen=True, slots=True)
class Upstream:
    """A route at one of the providers that it leads to: there are several where there are several accounts."""

    route: Route
    provider: str


def passes_of(upstreams: Iterable[Upstream]) -> tuple[Pass, ...]:
    """What one of them can make beside a clip, or another."""
    made = {one for upstream in upstreams for one in upstream.route.passes}
    return tuple(one for one in Pass if one in made)


def control_of(upstreams: Iterable[Upstream]) -> tuple[Control, ...]:
    """The kinds of control video that one of them takes, or another."""
    taken = {kind for upstream in upstreams for kind in upstream.route.control}
    return tuple(kind for kind in Control if kind in taken)


class Routes:
    """`providers` are those that are configured; a route to another one is not there. None: all are, by their kind.

    `wanted` names, for a model, the only providers that may serve it, first choice first.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        providers: Mapping[str, Configured] | None = None,
        previz_off: Collection[str] = (),
        wanted: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._clock = clock
        self._providers = providers
        self._previz_off = frozenset(previz_off)
        self._wanted = wanted or {}

    def upstreams(self, card: ModelCard) -> list[Upstream]:
        """All that can serve it now, first choice first; empty when none is left."""
        today = self.today()
        there = [
            Upstream(route, provider)
            for route in card.routes
            if route.alive(today)
            for provider in self._leads_to(route)
            if not self._is_off(card, provider)
        ]
        wanted = self._wanted.get(card.id)
        if wanted is None:
            return there
        return sorted((u for u in there if u.provider in wanted), key=lambda u: wanted.index(u.provider))

    def today(self) -> date:
        """UTC."""
        return datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC).date()

    def _leads_to(self, route: Route) -> list[str]:
        if self._providers is None:
            return [route.provider]
        return [name for name, one in self._providers.items() if one.serves(route.provider)]

    def _is_off(self, card: ModelCard, provider: str) -> bool:
        # The model called previz is itself: switching "previz" off is what removes it.
        off = self._previz_off
        return provider == BUILT_IN and (card.id in off or ("*" in off and card.id != BUILT_IN))
