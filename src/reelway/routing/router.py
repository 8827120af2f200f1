"""Who will serve a clip, and what that costs. The quote, the hold, a failover and the pages all ask here."""

import math
import random
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from reelway.catalogue.load import Catalogue
from reelway.domain.generation import ClipSpec, Control, Generation, GenerationRequest, Role
from reelway.domain.models import Likeness, ModelCard, Substitution, parse_substitution
from reelway.domain.money import Purse
from reelway.domain.shapes import Misfit, roles_of
from reelway.errors import Gone, InvalidRequest, Overloaded
from reelway.providers.base import Facts
from reelway.routing.budgets import Budgets, spent_message
from reelway.routing.health import Circuit, Health, Times
from reelway.routing.policies import Policy, asks_auto, parse_policy
from reelway.routing.routes import BUILT_IN, Routes, Upstream, control_of
from reelway.routing.wishes import Wishes

_RETRY_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An upstream, the clip it will make, and what that costs."""

    provider: str
    upstream_model: str
    preview: bool  # what comes is a preview by the built-in engine, not the named model's picture
    likeness: Likeness
    spec: ClipSpec
    price_microusd: int
    list_price_microusd: int  # the named model's own price, whoever serves
    expected_cost_microusd: int  # what the provider should take from us
    substitution: Substitution


class Router:
    """Chooses by policy among what can make the clip, is not failing, and has budget left."""

    def __init__(
        self,
        *,
        routes: Routes,
        catalogue: Catalogue,
        health: Health,
        budgets: Budgets,
        facts: Mapping[str, Facts],
        wishes: Wishes,
        rng: random.Random,
    ) -> None:
        self._routes = routes
        self._catalogue = catalogue
        self._health = health
        self._budgets = budgets
        self._facts = facts
        self._wishes = wishes
        self._rng = rng

    def plan(self, request: GenerationRequest, purse: Purse, workspace_wish: Substitution | None) -> Plan:
        """The first choice for a request.

        Raises InvalidRequest with the nearest values that are possible, Gone for a model that nobody serves, and
        Overloaded when nobody can serve it until the operator acts.
        """
        wish = None if request.substitution is None else parse_substitution(request.substitution)
        substitution = wish or workspace_wish or self._wishes.substitution
        policy = None if request.policy is None else parse_policy(request.policy)
        auto = asks_auto(request.model)
        if auto is not None:
            return self._any_model(request, purse, substitution, policy or auto)
        card = self._catalogue.find(request.model)
        return self._of_model(card, request, purse, substitution, policy or self._policy(card))

    def next(self, g: Generation, tried: Collection[tuple[str, str]]) -> Plan | None:
        """Another upstream for a generation whose submit came to nothing: exactly its clip, at the price it has.

        Never a preview in place of what is paid for, and never one that costs more than it brings.
        """
        card = self._catalogue.get(g.model)
        if card is None or self._facts[g.provider].previews or g.purse is Purse.TEST:
            return None
        substitution = Substitution(g.substitution)
        plans = self._plans(card, g.spec, roles_of(g.spec), substitution, self._routes.upstreams(card))
        others = [
            p
            for p in plans
            if (p.provider, p.upstream_model) not in tried
            and not p.preview
            and p.expected_cost_microusd <= g.price_microusd
        ]
        usable = [p for p in self._ordered(others, self._policy(card)) if self._obstacle(p) is None]
        return replace(usable[0], price_microusd=g.price_microusd) if usable else None

    # -- for pages ---------------------------------------------------------------------------

    def upstreams(self, card: ModelCard) -> list[Upstream]:
        """All that can serve it today, first choice first; previews only where nothing else is there."""
        return _paid_first(self._routes.upstreams(card))

    def circuit(self, upstream: Upstream) -> Circuit | None:
        """Why nothing is sent there now, or None."""
        return self._health.circuit(upstream.provider, upstream.route.upstream_model)

    def serving(self, upstreams: Iterable[Upstream]) -> Upstream | None:
        """The first of them that jobs are sent to now."""
        return next((u for u in upstreams if self.circuit(u) is None), None)

    def times(self, upstream: Upstream) -> Times | None:
        """How long it took lately."""
        return self._health.times(upstream.provider, upstream.route.upstream_model)

    # -- choosing ----------------------------------------------------------------------------

    def _policy(self, card: ModelCard) -> Policy:
        return self._wishes.policy_of.get(card.id, self._wishes.policy)

    def _of_model(
        self, card: ModelCard, request: GenerationRequest, purse: Purse, substitution: Substitution, policy: Policy
    ) -> Plan:
        upstreams = self._routes.upstreams(card)
        if not upstreams:  # said first, whatever else is wrong
            raise _gone(card)
        allowed = _paid_first([u for u in upstreams if substitution.allows(u.route.likeness)])
        if not allowed:
            raise _only_substitutes(card, upstreams, substitution)
        if request.control is not None and request.control not in card.control:
            raise self._no_control(card, request.control)
        spec = card.resolve(request, (), seed=self._rng.getrandbits(32))
        if purse is Purse.TEST:
            return self._sandbox(card, spec, request.roles, substitution)
        if request.control is not None and not control_of(upstreams):
            raise self._no_follower(card, request.control)
        plans = self._plans(card, spec, request.roles, substitution, allowed)
        if not plans and request.substitution is not None and substitution is not Substitution.FORBID:
            plans = self._nearest(card, spec, request.roles, substitution, allowed)
        if not plans:
            raise card.refuse(_misfit(allowed, spec, request.roles))
        return self._usable(card, self._ordered(plans, policy))

    def _no_control(self, card: ModelCard, kind: Control) -> InvalidRequest:
        """For a model that takes none of that kind, with the way out."""
        if card.control:
            message = f"{card.id} takes control videos of {' or '.join(card.control)}, not {kind}"
        else:
            others = self._followers(kind)
            way_out = f"{others} can" if others else "nor does any other model that is served here"
            message = f"{card.id} takes no control video; {way_out}"
        return InvalidRequest(message, param="control_type")

    def _no_follower(self, card: ModelCard, kind: Control) -> InvalidRequest:
        """For a model that takes one, at providers that are not here; with the way out."""
        names = dict.fromkeys(route.provider for route in card.routes if kind in route.control)
        others = self._followers(kind)
        message = f"no provider of {card.id} that follows {kind} is configured here; add {' or '.join(names)}"
        return InvalidRequest(message + (f", or use {others}" if others else ""), param="control_type")

    def _followers(self, kind: Control) -> str:
        """The models that take a control video of that kind here; empty when none does."""
        cards = self._catalogue.cards()
        return " or ".join(card.id for card in cards if kind in control_of(self._routes.upstreams(card)))

    def _any_model(self, request: GenerationRequest, purse: Purse, substitution: Substitution, policy: Policy) -> Plan:
        """The policy's choice among all models that can make it; the built-in engine when there is none."""
        plans = []
        refused: InvalidRequest | None = None
        busy: Overloaded | None = None
        for card in self._catalogue.cards():
            if card.id == BUILT_IN or not any(not u.route.free for u in self._routes.upstreams(card)):
                continue
            named = replace(request, model=card.id, substitution=None, policy=None)
            try:
                plan = self._of_model(card, named, purse, Substitution.FORBID, self._policy(card))
            except InvalidRequest as error:
                refused = error
            except Gone:
                continue
            except Overloaded as error:
                busy = error
            else:
                plans.append((self._model_key(card, plan, policy), card.id, plan))
        if plans:
            return replace(min(plans, key=lambda p: p[:2])[2], substitution=substitution)
        if busy is not None:
            raise busy
        if refused is not None and not substitution.allows(Likeness.OTHER):
            raise refused
        card = self._catalogue.find(BUILT_IN)
        return self._of_model(card, replace(request, model=card.id), purse, Substitution.ANY, Policy.ORDER)

    def _model_key(self, card: ModelCard, plan: Plan, policy: Policy) -> tuple[float, ...]:
        match policy:
            case Policy.CHEAPEST:
                return (plan.price_microusd, card.rank)
            case Policy.FASTEST:
                return (self._seconds(plan), card.rank)
            case _:
                unfit = policy.is_use and policy not in card.good_for
                return (unfit, card.rank, plan.price_microusd)

    def _plans(
        self,
        card: ModelCard,
        spec: ClipSpec,
        roles: Collection[Role],
        substitution: Substitution,
        upstreams: Iterable[Upstream],
    ) -> list[Plan]:
        """One for each upstream that can make exactly this clip."""
        return [
            self._plan(card, upstream, spec, roles, substitution)
            for upstream in upstreams
            if substitution.allows(upstream.route.likeness) and upstream.route.misfit(spec, roles) is None
        ]

    def _nearest(
        self,
        card: ModelCard,
        spec: ClipSpec,
        roles: Collection[Role],
        substitution: Substitution,
        upstreams: Iterable[Upstream],
    ) -> list[Plan]:
        """One for each upstream that can make a clip like it: asked for by naming a substitution."""
        made = ((u, card.nearest(u.route, spec, roles)) for u in upstreams)
        return [self._plan(card, u, other, roles, substitution) for u, other in made if other is not None]

    def _plan(
        self,
        card: ModelCard,
        upstream: Upstream,
        spec: ClipSpec,
        roles: Collection[Role],
        substitution: Substitution,
    ) -> Plan:
        route, list_price = upstream.route, card.price_microusd(spec, roles)
        if route.free:
            cost = 0
        else:
            price = card.vendor_price if route.cost is None else route.cost
            cost = 0 if price is None else price.of(spec, roles)
        return Plan(
            provider=upstream.provider,
            upstream_model=route.upstream_model,
            preview=route.free,
            likeness=route.likeness,
            spec=spec,
            price_microusd=0 if route.free else max(list_price, cost),  # nothing is sold at a loss
            list_price_microusd=list_price,
            expected_cost_microusd=cost,
            substitution=substitution,
        )

    def _sandbox(self, card: ModelCard, spec: ClipSpec, roles: Collection[Role], substitution: Substitution) -> Plan:
        """A test key never reaches a provider that costs money; the price is the named model's, in test credits."""
        price = card.price_microusd(spec, roles)
        return Plan(
            provider="sandbox",
            upstream_model="previz-1",
            preview=True,
            likeness=Likeness.OTHER,
            spec=spec,
            price_microusd=price,
            list_price_microusd=price,
            expected_cost_microusd=0,
            substitution=substitution,
        )

    def _ordered(self, plans: list[Plan], policy: Policy) -> list[Plan]:
        """By the policy; the accounts of one route take turns by their weights."""
        places = {(p.upstream_model, p.likeness): n for n, p in reversed(list(enumerate(plans)))}

        def key(plan: Plan) -> tuple[float, float, float]:
            place = places[plan.upstream_model, plan.likeness]
            match policy:
                case Policy.CHEAPEST:
                    first = float(plan.expected_cost_microusd)
                case Policy.FASTEST:
                    first = self._seconds(plan)
                case _:
                    first = place
            return first, place, self._turn(plan.provider)

        return sorted(plans, key=key)

    def _turn(self, provider: str) -> float:
        """The smallest of these is `provider` with a probability in proportion to its weight."""
        weight = self._facts[provider].weight if provider in self._facts else 1.0
        return math.inf if weight <= 0 else -math.log(1.0 - self._rng.random()) / weight

    def _seconds(self, plan: Plan) -> float:
        times = self._health.times(plan.provider, plan.upstream_model)
        return math.inf if times is None else times.seconds

    def _usable(self, card: ModelCard, plans: list[Plan]) -> Plan:
        """The first that nothing stands in the way of; else the one that may come back by itself soonest."""
        obstacles = []
        for plan in plans:
            obstacle = self._obstacle(plan)
            if obstacle is None:
                return plan
            obstacles.append((plan, obstacle))
        passing = [(p, o) for p, o in obstacles if isinstance(o, Circuit) and not o.needs_operator]
        if passing:  # it waits in the queue until the upstream is back
            return min(passing, key=lambda found: found[1].open_until)[0]
        plan, obstacle = obstacles[0]
        if isinstance(obstacle, str):
            raise Overloaded(f"{card.id} cannot be made now: {obstacle}", retry_after_s=_RETRY_S)
        if obstacle.fault == "model_gone":
            hint = f"; use {card.successor}" if card.successor else ""
            raise Gone(
                f"{card.id}: {plan.provider} has withdrawn {plan.upstream_model}{hint}", successor=card.successor
            )
        raise Overloaded(f"{card.id} cannot be made now: {obstacle.message}", retry_after_s=_RETRY_S)

    def _obstacle(self, plan: Plan) -> Circuit | str | None:
        circuit = self._health.circuit(plan.provider, plan.upstream_model)
        if circuit is not None or plan.provider not in self._facts:
            return circuit
        limit = self._budgets.full(plan.provider, self._facts[plan.provider], plan.expected_cost_microusd)
        return None if limit is None else spent_message(plan.provider, limit)


def _paid_first(upstreams: list[Upstream]) -> list[Upstream]:
    """Previews only where nothing else is there: neither for want of a value nor of a free place is a film a sketch."""
    return [u for u in upstreams if not u.route.free] or upstreams


def _misfit(upstreams: Iterable[Upstream], spec: ClipSpec, roles: Collection[Role]) -> Misfit:
    """What the first choice says against it."""
    return next(m for u in upstreams if (m := u.route.misfit(spec, roles)) is not None)


def _gone(card: ModelCard) -> Gone:
    ended = f" since {card.retired_on}" if card.retired_on else ""
    state = f"is retired{ended} and no route serves it" if card.life == "retired" else "has no route that serves it"
    hint = f"; use {card.successor}" if card.successor else "; GET /v1/models lists what is served"
    return Gone(f"{card.id} {state}{hint}", successor=card.successor)


def _only_substitutes(card: ModelCard, upstreams: list[Upstream], substitution: Substitution) -> Gone:
    nearest = min((u.route.likeness for u in upstreams), key=list(Likeness).index)
    needed = Substitution.SAME_FAMILY if nearest is Likeness.FAMILY else Substitution.ANY
    others = ", ".join(dict.fromkeys(f"{u.provider} ({u.route.upstream_model})" for u in upstreams))
    return Gone(
        f"{card.id} itself is not served here, only stand-ins by {others}; substitution is {substitution}:"
        f" allow {needed}" + (f", or use {card.successor}" if card.successor else ""),
        successor=card.successor,
    )
