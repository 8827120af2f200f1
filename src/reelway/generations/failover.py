"""It is proven that an upstream has no job of ours: go on at another one, or wait and try again, or end."""

from reelway.db.script import Script
from reelway.dispatch.base import Later, Outcome, Topic, generation_lane
from reelway.domain.events import EventType
from reelway.domain.generation import Generation
from reelway.domain.states import State
from reelway.errors import ProviderError, ProviderFault
from reelway.events import store as events
from reelway.generations import store
from reelway.generations.tools import Tools
from reelway.kit.backoff import backoff_s
from reelway.routing import budgets
from reelway.routing.router import Plan, Router


class Failover:
    """Three reasons why nothing was made, and where the generation goes from there."""

    def __init__(self, tools: Tools, router: Router) -> None:
        self._tools = tools
        self._router = router

    async def circuit_open(self, g: Generation, closed_s: float) -> Later:
        """Its upstream is found failing: to another one, else wait until that is tried again."""
        plan = await self._elsewhere(g)
        if plan is None:
            return Later(min(closed_s, self._tools.policy.retry_most_s))
        circuit = self._tools.health.circuit(g.provider, g.upstream_model)
        message = "it is found failing" if circuit is None else circuit.message
        return await self._reroute(g, plan, ProviderError(ProviderFault.UNAVAILABLE, message, no_job=True))

    async def budget_spent(self, g: Generation, error: ProviderError) -> Outcome:
        """Nothing was sent: to another upstream, else the end."""
        plan = await self._elsewhere(g)
        if plan is None:
            return await self._tools.ending.fail(g, error.code, error.message)
        return await self._reroute(g, plan, error)

    async def not_taken(self, g: Generation, number: int, error: ProviderError, *, outcome: str) -> Outcome:
        """Attempt `number` made no job: to another upstream at once, else back to the queue, after a while."""
        policy = self._tools.policy
        gave_up = number >= policy.submit_attempts_max
        plan = None if gave_up else await self._elsewhere(g)
        if plan is not None:
            return await self._reroute(g, plan, error, (number, outcome))
        if gave_up or error.final:
            await self._tools.db.write(store.fail_attempt(g, number, "rejected", error, self._tools.clock.now_ms()))
            message = error.message + (f"; gave up after {number} attempts" if gave_up else "")
            return await self._tools.ending.fail(g, error.code, message)
        wait_s = error.retry_after_s
        if wait_s is None:
            first_s, most_s = policy.retry_first_s, policy.retry_most_s
            wait_s = backoff_s(number - 1, first_s=first_s, most_s=most_s, rng=self._tools.rng)
        await self._tools.db.write(self._retry(g, number, outcome, error, wait_s))
        self._tools.live.changed(g.id)
        return Later(wait_s)

    async def _elsewhere(self, g: Generation) -> Plan | None:
        """Another upstream for it that was not tried yet, or None."""
        attempts = await self._tools.db.read(store.attempts(g.id))
        tried = {(a.provider, a.upstream_model) for a in attempts} | {(g.provider, g.upstream_model)}
        return self._router.next(g, tried)

    async def _reroute(
        self, g: Generation, plan: Plan, error: ProviderError, attempt: tuple[int, str] | None = None
    ) -> Later:
        lane = generation_lane(plan.provider)
        await self._tools.db.write(self._move(g, plan, lane, error, attempt))
        self._tools.live.changed(g.id)
        return Later(0, lane=lane)

    def _move(
        self, g: Generation, plan: Plan, lane: str, error: ProviderError, attempt: tuple[int, str] | None
    ) -> Script[None]:
        """The row, its place in the queue and its history go on at another upstream."""
        now = self._tools.clock.now_ms()
        if attempt is not None:
            g = yield from self._undo(g, *attempt, error, now)
        yield from store.reroute(g, plan.provider, plan.upstream_model, plan.expected_cost_microusd)
        yield from self._tools.dispatch.reroute(Topic.GENERATION, g.id, lane)
        data = {"from": g.provider, "to": plan.provider, "fault": error.fault, "message": error.message}
        yield from events.record(g.id, EventType.REROUTED, data, now)

    def _retry(self, g: Generation, number: int, outcome: str, error: ProviderError, wait_s: float) -> Script[None]:
        now = self._tools.clock.now_ms()
        yield from self._undo(g, number, outcome, error, now)
        data = {"fault": error.fault, "message": error.message, "again_in_s": round(wait_s, 3)}
        yield from events.record(g.id, EventType.RETRYING, data, now)

    def _undo(self, g: Generation, number: int, outcome: str, error: ProviderError, now_ms: int) -> Script[Generation]:
        """Queued again, with the budget given back that the attempt had taken."""
        yield from store.fail_attempt(g, number, outcome, error, now_ms)
        facts = self._tools.providers.facts(g.provider)
        yield from budgets.correct(g.provider, facts, -g.expected_cost_microusd, now_ms)
        return (yield from store.move(g, State.QUEUED))
