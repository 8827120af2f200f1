"""running -> storing -> the end: look at the job until it is over; heed a cancel, expire what takes too long."""

from dataclasses import dataclass
from typing import Final, Self

import structlog

from reelway.db.script import Script
from reelway.dispatch.base import Done, Later, Outcome
from reelway.domain.events import EventType
from reelway.domain.generation import Generation
from reelway.domain.states import State
from reelway.errors import Conflict, ProviderError, ProviderFault
from reelway.events import store as events
from reelway.events.live import Progress
from reelway.generations import store
from reelway.generations.early import EarlyPictures
from reelway.generations.finish import Finisher, NotAClip
from reelway.generations.tools import Tools
from reelway.kit.backoff import backoff_s
from reelway.kit.tracing import Span
from reelway.providers import base as providers
from reelway.providers.base import Handle, NotStopped, Stopped

_log = structlog.get_logger(__name__)

_HEED_EVERY_S: Final = 2.0  # who cancels wakes who follows; that may be missed, so look now and then
_BAD_LOOKS_MAX: Final = 8  # unreadable or not-found answers in a row before the job is given up


@dataclass(slots=True)
class _Watch:
    """Following one job at the provider: one span for all its looks."""

    span: Span
    looks: int = 0
    ready_s: float | None = None  # monotonic: the look that found the clip
    pictured: bool = False  # an early picture was kept, or could not be: it is tried once

    def over(self) -> None:
        self.span.end({"reelway.looks": self.looks})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.over()


class Follower:
    """From a job at the provider to its end here."""

    def __init__(self, tools: Tools, finisher: Finisher, early_pictures: EarlyPictures) -> None:
        self._tools = tools
        self._finisher = finisher
        self._early_pictures = early_pictures

    async def follow(self, g: Generation, handle: Handle) -> Outcome:
        """Look until it has ended; `Later` when this worker is to stop: another one goes on."""
        clock, live, ending = self._tools.clock, self._tools.live, self._tools.ending
        facts = self._tools.providers.facts(g.provider)
        provider = self._tools.providers.get(g.provider)
        age_s = max(clock.now_ms() - g.created_at, 0) / 1000
        deadline_s = clock.monotonic_s() + max(self._tools.policy.job_age_max_s - age_s, 0)
        wait_s, bad_looks, not_there = facts.poll_first_s, 0, 0
        told, heeded_s = g.cancel_requested, clock.monotonic_s()
        with _Watch(self._tools.tracing.begin("follow")) as watch:
            while not self._tools.dispatch.draining:
                if g.state is State.RUNNING and (told or clock.monotonic_s() - heeded_s > _HEED_EVERY_S):
                    if await self._heed_cancel(g, handle):
                        return Done()
                    heeded_s = clock.monotonic_s()
                if clock.monotonic_s() > deadline_s:
                    return await self._expire(g, handle)
                watch.looks += 1
                try:
                    progress = await provider.poll(handle)
                    bad_looks = 0
                except ProviderError as error:
                    progress = self._bad_look(g, error, bad_looks)
                    bad_looks += error.fault is not ProviderFault.UNAVAILABLE
                match progress:
                    case providers.Waiting(fraction_done=fraction, look_again_s=again_s, picture=picture):
                        if fraction is not None:
                            live.progressed(g.id, Progress(min(max(fraction, 0.0), 1.0), g.provider))
                        if picture is not None and not watch.pictured:
                            watch.pictured = True
                            g = await self._show_early(g, picture)
                        told = await live.wait(g.id, again_s or wait_s)
                        wait_s = min(wait_s * 1.3, facts.poll_most_s)
                    case providers.Failed(fault=fault, message=message):
                        await self._tools.health.failed(g.provider, g.upstream_model, ProviderError(fault, message))
                        await provider.discard(handle)
                        return await ending.fail(g, f"provider_{fault}", message)
                    case providers.Done() as clip:
                        watch.over()
                        if watch.ready_s is None:
                            watch.ready_s = clock.monotonic_s()
                        if g.state is State.RUNNING:
                            g = await self._begin_storing(g)
                        stored = await self._store(g, handle, clip, deadline_s, watch.ready_s)
                        if isinstance(stored, Done):
                            return stored
                        not_there += stored is ProviderFault.NOT_FOUND
                        if not_there > _BAD_LOOKS_MAX:
                            await provider.discard(handle)
                            message = "the provider says it is done, but its file is not there"
                            return await ending.fail(g, "clip_gone", message)
                        await live.wait(g.id, self._pause_s(not_there, self._tools.policy.retry_first_s))
        return Later(0)

    async def _show_early(self, g: Generation, picture: bytes) -> Generation:
        """Keep a first look at the clip; raises Conflict when somebody else changed the row first."""
        if g.early_picture or not await self._early_pictures.keep(g, picture):
            return g
        try:
            shown = await self._tools.db.write(store.show_early_picture(g))
        except Conflict:
            row = await self._tools.db.read(store.by_id(g.id))
            if row is None or row.ended:  # else whoever has it now shows the same
                await self._early_pictures.drop(g)
            raise
        self._tools.live.changed(g.id)
        return shown

    def _bad_look(self, g: Generation, error: ProviderError, bad_looks: int) -> providers.Progress:
        """An answer that says nothing about the job: look again, but not for ever."""
        _log.warning("poll_failed", generation=g.id, provider=g.provider, fault=error.fault, error=error.message)
        if error.final or bad_looks >= _BAD_LOOKS_MAX:
            return providers.Failed(fault=error.fault, message=error.message)
        wait_s = self._pause_s(bad_looks, 0.5)
        return providers.Waiting(started=True, look_again_s=error.retry_after_s or wait_s)

    def _pause_s(self, times: int, first_s: float) -> float:
        return backoff_s(times, first_s=first_s, most_s=self._tools.policy.retry_most_s, rng=self._tools.rng)

    async def _heed_cancel(self, g: Generation, handle: Handle) -> bool:
        """Whether it was cancelled: when that is asked for, and the provider can stop the job."""
        if not await self._tools.db.read(store.cancel_requested(g.id)):
            return False
        try:
            outcome = await self._tools.providers.get(g.provider).cancel(handle)
        except ProviderError as error:
            outcome = NotStopped(error.message)
        match outcome:
            case Stopped(refunded=refunded):
                charge = 0 if refunded else g.price_microusd
                message = "cancelled" if refunded else "cancelled; the provider gives no refund for a running job"
                await self._tools.ending.end(
                    g, State.CANCELLED, charge_microusd=charge, error_code="cancelled", error_message=message
                )
                return True
            case NotStopped(message):
                _log.info("cancel_impossible", generation=g.id, reason=message)
                await self._tools.db.write(store.forget_cancel(g))
                self._tools.live.changed(g.id)
                return False

    async def _expire(self, g: Generation, handle: Handle) -> Done:
        try:
            await self._tools.providers.get(g.provider).cancel(handle)
        except ProviderError as error:
            _log.warning("cancel_failed", generation=g.id, error=error.message)
        message = f"not finished within {self._tools.policy.job_age_max_s:g} s; credits are returned"
        return await self._tools.ending.end(g, State.EXPIRED, error_code="expired", error_message=message)

    async def _begin_storing(self, g: Generation) -> Generation:
        def script() -> Script[Generation]:
            moved = yield from store.move(g, State.STORING)
            yield from events.record(g.id, EventType.STORING, {}, self._tools.clock.now_ms())
            return moved

        moved = await self._tools.db.write(script())
        self._tools.live.changed(g.id)
        return moved

    async def _store(
        self, g: Generation, handle: Handle, clip: providers.Done, deadline_s: float, ready_s: float
    ) -> Done | ProviderFault:
        """storing -> succeeded; or why the bytes could not be had: look again."""
        provider, metrics = self._tools.providers.get(g.provider), self._tools.metrics
        try:
            with self._tools.tracing.span("store"):
                finished = await self._finisher.store(g, clip, retry_until_s=deadline_s)
        except NotAClip as error:
            await provider.discard(handle)
            return await self._tools.ending.fail(g, "unreadable_clip", error.message)
        except ProviderError as error:
            metrics.provider_errors.labels(g.provider, "download", error.fault).inc()
            _log.warning("download_failed", generation=g.id, provider=g.provider, error=error.message)
            return error.fault
        columns = store.finished_columns(finished.output, finished.meta, clip.cost_microusd)
        done = await self._tools.ending.end(g, State.SUCCEEDED, charge_microusd=finished.charge_microusd, **columns)
        if g.started_at is not None:
            took_s = max(self._tools.clock.now_ms() - g.started_at, 0) / 1000
            self._tools.health.took(g.provider, g.upstream_model, took_s)
        metrics.settle_seconds.labels(g.provider).observe(self._tools.clock.monotonic_s() - ready_s)
        await provider.discard(handle)
        return done
