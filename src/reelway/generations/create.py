"""Accept a generation: everything that must be true with it is one transaction, then the answer."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import structlog

from reelway.accounts import idempotency
from reelway.accounts.keys import Caller, Scope
from reelway.accounts.limits import check_in_flight
from reelway.db.base import Database
from reelway.db.script import Script
from reelway.dispatch.base import Dispatch, Entry, Topic, generation_lane
from reelway.domain.events import EventType
from reelway.domain.generation import (
    ClipSpec,
    Dialect,
    Generation,
    GenerationId,
    GenerationRequest,
)
from reelway.domain.money import Purse
from reelway.domain.states import State
from reelway.errors import CommitUnknown, InvalidRequest, Overloaded
from reelway.events import store as events
from reelway.generations import store
from reelway.generations.inputs import InputStore
from reelway.generations.ours import ours
from reelway.kit import logs
from reelway.kit.clock import Clock
from reelway.kit.ids import new_id, new_token
from reelway.kit.metrics import Metrics
from reelway.kit.tracing import Tracing
from reelway.ledger import ledger
from reelway.routing.router import Plan, Router

_log = structlog.get_logger(__name__)
_RETRY_WHEN_FULL_S: Final = 30  # the documented retry_after of a full queue
_FIND_OUT_S: Final = 10.0
_LOOK_AGAIN_S: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A request and everything around it that the generation keeps."""

    request: GenerationRequest
    dialect: Dialect
    family: str  # "v7", "v6", "v1"
    echo: dict[str, Any]
    base_url: str
    webhook_url: str | None = None
    track_id: Any = None
    idempotency_key: str | None = None
    request_hash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The answer, and the generation behind it (None when an earlier answer is repeated)."""

    body: bytes
    generation: Generation | None
    available_microusd: int = 0  # the account after the hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What a request would cost, by the same code as the hold."""

    plan: Plan
    purse: Purse
    available_microusd: int

    @property
    def affordable(self) -> bool:
        """Whether a create right now would pass the 402."""
        return self.plan.price_microusd <= self.available_microusd


Answer: TypeAlias = Callable[[Generation, int], bytes]


class Creator:
    """Quotes and creates."""

    def __init__(
        self,
        *,
        db: Database,
        router: Router,
        inputs: InputStore,
        dispatch: Dispatch,
        clock: Clock,
        in_flight_max: int,
        metrics: Metrics,
        tracing: Tracing,
    ) -> None:
        self._db = db
        self._router = router
        self._inputs = inputs
        self._dispatch = dispatch
        self._clock = clock
        self._in_flight_max = in_flight_max
        self._metrics = metrics
        self._tracing = tracing

    async def quote(self, caller: Caller, request: GenerationRequest) -> Quote:
        """Check and price without making anything; inputs are not fetched."""
        caller.require(Scope.READ)
        plan = self._router.plan(request, caller.purse, caller.substitution)
        balances = await self._db.read(ledger.balances(caller.workspace_id))
        available = balances[caller.purse].available_microusd if caller.purse in balances else 0
        return Quote(plan=plan, purse=caller.purse, available_microusd=available)

    async def create(self, caller: Caller, submission: Submission, answer: Answer) -> Created:
        """Accept, or raise with nothing written and nothing held.

        `answer` renders the body inside the transaction, from the generation and what is available after its hold,
        so that a repeated request gets it word for word.
        """
        caller.require(Scope.GENERATE)
        logs.hide(submission.request.prompt, submission.request.negative_prompt)
        earlier = await self._earlier(caller, submission)
        if earlier is not None:
            return Created(body=earlier, generation=None)
        plan = self._router.plan(submission.request, caller.purse, caller.substitution)
        _check_webhook(submission.webhook_url)
        request = submission.request
        inputs = await ours(self._db, caller, request.inputs, request.control, submission.base_url)
        assets = await self._inputs.take(inputs, plan.spec)
        generation = _new(caller, submission, replace(plan.spec, assets=assets), plan, self._clock.now_ms())
        try:
            created = await self._db.write(self._create(caller, submission, generation, answer, self._tracing.here()))
        except CommitUnknown as unknown:
            created = await self._found_out(generation, unknown)
        except Exception:  # not when cancelled: the write goes on
            await self._inputs.drop(assets)
            raise
        if created.generation is None:
            await self._inputs.drop(assets)
        else:
            self._dispatch.wake(Topic.GENERATION, created.generation.id)
            model = plan.spec.model
            self._metrics.created.labels(plan.provider, model).inc()
            _log.info("generation_created", generation=created.generation.id, model=model, served_by=plan.provider)
        return created

    async def _found_out(self, generation: Generation, unknown: CommitUnknown) -> Created:
        """What became of a create whose commit was not answered; raises Overloaded.

        Its inputs are dropped only when it is certain that the generation was not saved.
        """
        created: Created = unknown.result  # type: ignore[assignment]
        if created.generation is None:
            return created
        ends_s = self._clock.monotonic_s() + _FIND_OUT_S
        while True:
            try:
                saved = await self._db.write(_saved(generation))
            except CommitUnknown as again:
                saved = bool(again.result)
            except Overloaded:
                if self._clock.monotonic_s() > ends_s:
                    raise unknown from None
                await asyncio.sleep(_LOOK_AGAIN_S)
                continue
            if saved:
                return created
            await self._inputs.drop(generation.spec.assets)
            raise Overloaded("the database went away; nothing was created")

    async def _earlier(self, caller: Caller, submission: Submission) -> bytes | None:
        if submission.idempotency_key is None:
            return None
        key = idempotency.check_key(submission.idempotency_key)
        return await self._db.read(
            idempotency.replay(caller.workspace_id, key, submission.request_hash, self._clock.now_ms())
        )

    def _create(
        self,
        caller: Caller,
        submission: Submission,
        generation: Generation,
        answer: Answer,
        traceparent: str | None,
    ) -> Script[Created]:
        now, price = generation.created_at, generation.price_microusd
        key = submission.idempotency_key
        if key is not None:  # two equal requests may have got this far together
            hashed = submission.request_hash
            earlier = yield from idempotency.claim(caller.workspace_id, key, hashed, generation.id, now)
            if earlier is not None:
                return Created(body=earlier, generation=None)
        number = yield from store.insert(generation)
        generation = replace(generation, number=number)
        told = {"price_microusd": price} | ({"traceparent": traceparent} if traceparent else {})
        yield from events.record_first(generation.id, EventType.CREATED, told, now)
        yield from self._dispatch.enqueue(
            Entry(
                topic=Topic.GENERATION,
                subject=generation.id,
                lane=generation_lane(generation.provider),
                owner=generation.workspace_id,
                due_at=now,
            )
        )
        # The hold locks the account, so it comes late; what is counted after it, no other create can change.
        available = yield from ledger.hold(caller.workspace_id, caller.purse, generation.id, price, now)
        yield from check_in_flight(caller.key_id, self._in_flight_max, _RETRY_WHEN_FULL_S)
        body = answer(generation, available)
        if key is not None:
            yield from idempotency.remember(caller.workspace_id, key, body)
        return Created(body=body, generation=generation, available_microusd=available)


def _saved(generation: Generation) -> Script[bool]:
    """Whether it is there, once the transaction that made it is over: that one locks the account too."""
    yield from ledger.lock(generation.workspace_id, generation.purse)
    return (yield from store.by_id(generation.id)) is not None


def _new(caller: Caller, submission: Submission, spec: ClipSpec, plan: Plan, now_ms: int) -> Generation:
    return Generation(
        id=GenerationId(new_id("video", now_ms)),
        number=0,
        workspace_id=caller.workspace_id,
        key_id=caller.key_id,
        purse=caller.purse,
        dialect=submission.dialect,
        family=submission.family,
        state=State.QUEUED,
        epoch=0,
        model=spec.model,
        provider=plan.provider,
        upstream_model=plan.upstream_model,
        spec=spec,
        echo=submission.echo,
        base_url=submission.base_url,
        token=new_token(),
        price_microusd=plan.price_microusd,
        expected_cost_microusd=plan.expected_cost_microusd,
        substitution=plan.substitution,
        webhook_url=submission.webhook_url,
        track_id=submission.track_id,
        created_at=now_ms,
    )


def _check_webhook(url: str | None) -> None:
    """The shape only; the address is checked on every delivery, by the address that is dialled."""
    if url is None:
        return
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and len(url) <= 2048
        _ = parts.port  # raises for one that is no number
    except ValueError:
        good = False
    if not good:
        raise InvalidRequest(f"webhook {url[:80]!r} is not an http or https URL", param="webhook")
