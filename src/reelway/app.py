"""The composition root: settings in, a running Reelway out. The only place that knows every room."""

import asyncio
import contextlib
import os
import random
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeAlias

import structlog

from reelway.accounts import idempotency
from reelway.accounts.keys import touch_keys
from reelway.accounts.limits import RateLimit
from reelway.api.services import Services
from reelway.catalogue.load import Catalogue, load
from reelway.db.base import Database
from reelway.db.choose import connect
from reelway.db.migrate import migrate
from reelway.db.watched import WatchedDatabase
from reelway.dispatch.base import DELIVERIES, Dispatch, Lane, Topic, generation_lane
from reelway.dispatch.local import LocalDispatch
from reelway.errors import ConfigError, Overloaded
from reelway.events.live import Live, LocalLive
from reelway.generations.advance import Advancer
from reelway.generations.callbacks import CallbackUrls
from reelway.generations.cancel import Canceller
from reelway.generations.create import Creator
from reelway.generations.early import EarlyPictures
from reelway.generations.ending import Ending
from reelway.generations.failover import Failover
from reelway.generations.finish import Finisher
from reelway.generations.follow import Follower
from reelway.generations.inputs import InputStore
from reelway.generations.queries import Queries
from reelway.generations.submit import Submitter
from reelway.generations.sweep import Sweeper
from reelway.generations.tools import Policy, Tools
from reelway.kit.clock import Clock, SystemClock
from reelway.kit.logs import hide_always
from reelway.kit.metrics import Metrics, watch_loop
from reelway.kit.outbound import Outbound
from reelway.kit.sealed import Seal
from reelway.kit.tracing import OFF, Tracing
from reelway.providers.base import Configured, Context, Inputs
from reelway.providers.configured import configure, secrets_of
from reelway.providers.registry import Providers
from reelway.providers.stored import open_tables
from reelway.routing.budgets import Budgets
from reelway.routing.health import Health
from reelway.routing.router import Router
from reelway.routing.routes import Routes
from reelway.routing.wishes import wishes
from reelway.settings import SECRET_CHARS_LEAST, Settings
from reelway.storage.choose import choose
from reelway.storage.disk import clear_abandoned
from reelway.storage.watched import WatchedStorage
from reelway.webhooks.announce import Announcer
from reelway.webhooks.deliver import Deliverer

_log = structlog.get_logger(__name__)
_CHORES_EVERY_S: Final = 30.0
_FRESH_EVERY_S: Final = 2.0


class Part(StrEnum):
    """What a process does; any number of API processes and workers share one PostgreSQL."""

    ALL = "serve"  # the API and the work
    API = "api"
    WORKER = "worker"


@dataclass(slots=True, kw_only=True)
class Reelway:
    """One process's worth: the API's services and the workers behind them."""

    services: Services
    advancer: Advancer
    deliverer: Deliverer
    sweeper: Sweeper
    health: Health
    budgets: Budgets
    outbound: Outbound
    providers: Providers
    db: Database
    dispatch: Dispatch
    live: Live
    part: Part
    _chores: tuple[asyncio.Task[None], ...] = ()

    async def start(self) -> None:
        """Take up every unfinished job, from the rows, unless this process only answers requests."""
        await self.live.start()
        await self._refresh()
        self._chores = (
            asyncio.create_task(self._keep_fresh(), name="routing"),
            asyncio.create_task(self._do_chores(), name="chores"),
            asyncio.create_task(watch_loop(self.services.metrics), name="watch_loop"),
        )
        if self.part is Part.API:
            return
        handlers = {Topic.GENERATION: self.advancer.advance, Topic.DELIVERY: self.deliverer.deliver}
        await self.dispatch.start(handlers, self.lanes())

    def lanes(self) -> list[Lane]:
        """One for each provider, and one for webhooks; of these, the ones that this process is to take."""
        facts = {name: self.providers.facts(name) for name in self.providers.names()}
        lanes = {DELIVERIES.name: DELIVERIES} | {
            name: Lane(generation_lane(name), f.in_flight_max, per_worker=f.per_worker) for name, f in facts.items()
        }
        wanted = self.services.settings.worker_lanes
        return [lane for name, lane in lanes.items() if not wanted or name in wanted]

    @property
    def renders(self) -> bool:
        """Whether this process may be asked for a picture by previz."""
        wanted = self.services.settings.worker_lanes
        return self.part is not Part.API and (not wanted or not {"previz", "sandbox"}.isdisjoint(wanted))

    def drain(self) -> None:
        """Take nothing new from now on; what only waits stops waiting."""
        self.services.stopping = True
        self.dispatch.drain()
        self.live.changed_all()

    async def stop(self) -> None:
        """Stop working; what is unfinished goes on from its row, at the next start or at another worker."""
        self.drain()
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self.dispatch.stop(self.services.settings.drain_s)
        await self.live.stop()
        await self.providers.aclose()
        await self.outbound.aclose()
        with contextlib.suppress(Overloaded):
            await self._flush_keys()
        await self.db.aclose()
        await asyncio.to_thread(self.services.tracing.close)

    async def _do_chores(self) -> None:
        while True:
            await asyncio.sleep(_CHORES_EVERY_S)
            try:
                await self._flush_keys()
                await self.db.write(idempotency.forget_old(self.services.clock.now_ms()))
                if self.part is not Part.API:
                    await self.sweeper.sweep()
            except Overloaded as error:
                _log.warning("chores_refused", error=error.message)
            except Exception:  # noqa: BLE001  a bug in one round must not end all the others
                _log.exception("chores_failed")

    async def _keep_fresh(self) -> None:
        """What routing goes by: upstreams that fail, times, budgets."""
        while True:
            await asyncio.sleep(_FRESH_EVERY_S)
            try:
                await self._refresh()
            except Overloaded as error:
                _log.warning("routing_refused", error=error.message)
            except Exception:  # noqa: BLE001  as above
                _log.exception("routing_failed")

    async def _refresh(self) -> None:
        await self.health.refresh()
        await self.budgets.refresh()

    async def _flush_keys(self) -> None:
        used, self.services.keys_used = self.services.keys_used, {}
        if used:
            await self.db.write(touch_keys(used))


def prepare_data(data: Path) -> None:
    """Make the data folder and its rooms; raises ConfigError when it cannot be written."""
    try:
        for folder in ("", "files", "work", "cache"):
            (data / folder).mkdir(parents=True, exist_ok=True)
        probe = data / ".writable"
        probe.write_bytes(b"")
        probe.unlink(missing_ok=True)  # processes that share the folder may look at the same time
    except OSError as error:
        raise ConfigError(
            f"cannot write to the data folder {data}: {error.strerror}; mend its rights or free space, or name"
            " another with --data"
        ) from error


def operator_secret(settings: Settings) -> bytes:
    """The configured secret, or the one in the data folder, made at first start; raises ConfigError for a weak one."""
    if settings.operator_secret is not None:
        return settings.operator_secret.get_secret_value().encode()
    path = settings.data / "operator.secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32) + "\n")
    text = path.read_text().strip()
    if len(text) < SECRET_CHARS_LEAST:
        raise ConfigError(f"{path} is damaged: it holds {len(text)} characters; restore it from a backup")
    return text.encode()


def seal_of(settings: Settings) -> Seal:
    """What closes and opens the secrets of the providers that are kept in the database; raises ConfigError."""
    previous = settings.previous_operator_secret
    older = [] if previous is None else [previous.get_secret_value().encode()]
    return Seal(operator_secret(settings), *older)


def check_exposure(settings: Settings) -> None:
    """Refuse to listen on another address than loopback with a secret that can be guessed."""
    given = settings.operator_secret
    if given is None or settings.loopback:
        return
    text = given.get_secret_value()
    if len(text) < SECRET_CHARS_LEAST or len(set(text)) < 10:
        raise ConfigError(
            f"operator_secret is too weak to listen on {settings.host}: use at least {SECRET_CHARS_LEAST} random"
            " characters, or leave it out and one is made"
        )


def check_lanes(settings: Settings, providers: Iterable[str]) -> None:
    """Raise ConfigError for work that nobody brings."""
    there_are = (DELIVERIES.name, *sorted(providers))
    for name in settings.worker_lanes:
        if name not in there_are:
            raise ConfigError(f"no lane {name!r}; there are {', '.join(there_are)}")


async def open_database(settings: Settings, clock: Clock) -> Database:
    """Open and migrate; raises ConfigError."""
    db, spelling = await connect(settings)
    try:
        applied = await db.write(migrate(spelling, clock.now_ms()))
    except BaseException:
        await db.aclose()
        raise
    if applied:
        _log.info("migrated", migrations=applied)
    return db


OpenDatabase: TypeAlias = Callable[[Settings, Clock], Awaitable[Database]]


def _engines(settings: Settings, db: Database, clock: Clock) -> tuple[Dispatch, Live]:
    """What carries work and news: within this process, or between all that share the database."""
    if not settings.on_postgres:
        return LocalDispatch(db, clock), LocalLive()
    from reelway.dispatch.pgqueuer import PgQueuerDispatch
    from reelway.events.postgres import PostgresLive

    dispatch = PgQueuerDispatch(
        settings.database, clock, in_flight_max=settings.worker_in_flight_max, lost_s=settings.worker_lost_s
    )
    return dispatch, PostgresLive(settings.database)


def _tracing(settings: Settings, part: Part) -> Tracing:
    if settings.otlp_endpoint is None:
        return OFF
    try:
        from reelway.kit.otlp import OtlpTracing
    except ImportError as error:
        raise ConfigError(
            "otlp_endpoint is set and OpenTelemetry is not installed; pip install 'reelway[otel]'"
        ) from error
    return OtlpTracing(settings.otlp_endpoint, part=part)


def _router(
    settings: Settings,
    catalogue: Catalogue,
    configured: Mapping[str, Configured],
    health: Health,
    budgets: Budgets,
    *,
    clock: Clock,
    rng: random.Random,
) -> Router:
    """Who serves what, by the providers that are configured and what the settings wish; raises ConfigError."""
    wished = wishes(settings, catalogue, configured)
    return Router(
        routes=Routes(clock=clock, providers=configured, previz_off=settings.previz_off, wanted=wished.providers_of),
        catalogue=catalogue,
        health=health,
        budgets=budgets,
        facts={name: one.facts for name, one in configured.items()},
        wishes=wished,
        rng=rng,
    )


async def build(
    settings: Settings,
    clock: Clock | None = None,
    *,
    open_db: OpenDatabase = open_database,
    part: Part = Part.ALL,
) -> Reelway:
    """Everything wired and nothing running; `start` sets it going. Raises ConfigError."""
    clock = clock or SystemClock()
    check_exposure(settings)
    # Before anything is written: a bad table or entry stops the start.
    configure(settings.providers, os.environ)
    catalogue = load(settings.catalogue, margin_percent=settings.margin_percent)
    prepare_data(settings.data)
    secret = operator_secret(settings)
    rng = random.Random()  # noqa: S311  seeds of clips and jitter, no secrets
    metrics, tracing = Metrics(part=part), _tracing(settings, part)
    most = settings.database_connections if settings.on_postgres else 1
    db = WatchedDatabase(await open_db(settings, clock), metrics, most=most)
    try:
        stored = await db.read(open_tables(seal_of(settings)))
        configured = configure(settings.providers, os.environ, stored)
        check_lanes(settings, configured)
        hide_always(*secrets_of(configured.values()))
        health, budgets = Health(db, clock, metrics), Budgets(db, clock)
        router = _router(settings, catalogue, configured, health, budgets, clock=clock, rng=rng)
    except BaseException:
        await db.aclose()
        raise
    outbound = Outbound(allow_private=settings.allow_private, user_agent="Reelway")
    storage = WatchedStorage(choose(settings), metrics)
    dispatch, live = _engines(settings, db, clock)
    work_dir = settings.data / "work"
    inputs = InputStore(
        storage,
        outbound,
        work_dir,
        picture_bytes_max=settings.picture_bytes_max,
        clip_bytes_max=settings.clip_bytes_max,
        timeout_s=settings.fetch_timeout_s,
    )
    providers = Providers(configured, _context_for(settings, outbound, inputs), metrics, tracing)
    announcer = Announcer(dispatch, previews=providers.previews)
    finisher = Finisher(
        storage=storage,
        outbound=outbound,
        catalogue=catalogue,
        clock=clock,
        work_dir=work_dir,
        result_bytes_max=settings.result_bytes_max,
    )
    early_pictures = EarlyPictures(storage)
    ending = Ending(
        db=db,
        dispatch=dispatch,
        live=live,
        announcer=announcer,
        inputs=inputs,
        early_pictures=early_pictures,
        clock=clock,
        metrics=metrics,
        tracing=tracing,
        facts=providers.facts,
    )
    tools = Tools(
        db=db,
        providers=providers,
        health=health,
        dispatch=dispatch,
        live=live,
        ending=ending,
        clock=clock,
        rng=rng,
        policy=Policy(
            job_age_max_s=settings.job_age_max_s,
            unknown_age_max_s=settings.unknown_age_max_s,
            submit_attempts_max=settings.submit_attempts_max,
            retry_first_s=settings.retry_first_s,
            retry_most_s=settings.retry_most_s,
        ),
        metrics=metrics,
        tracing=tracing,
    )
    callback_urls = CallbackUrls(secret, settings.public_url)
    submitter = Submitter(tools, inputs, Failover(tools, router), callback_urls)
    advancer = Advancer(tools, submitter, Follower(tools, finisher, early_pictures))
    deliverer = Deliverer(
        db=db,
        outbound=outbound,
        clock=clock,
        schedule_s=settings.webhook_schedule_s,
        timeout_s=settings.webhook_timeout_s,
        disable_after_s=settings.webhook_disable_after_s,
        operator_secret=secret,
        metrics=metrics,
        tracing=tracing,
    )
    services = Services(
        settings=settings,
        clock=clock,
        db=db,
        storage=storage,
        catalogue=catalogue,
        router=router,
        health=health,
        budgets=budgets,
        creator=Creator(
            db=db,
            router=router,
            inputs=inputs,
            dispatch=dispatch,
            clock=clock,
            in_flight_max=settings.in_flight_max,
            metrics=metrics,
            tracing=tracing,
        ),
        canceller=Canceller(
            db=db,
            dispatch=dispatch,
            live=live,
            ending=ending,
            storage=storage,
            clock=clock,
        ),
        queries=Queries(db, live),
        dispatch=dispatch,
        live=live,
        providers=providers,
        announcer=announcer,
        rate_limit=RateLimit(per_minute=settings.requests_per_minute, burst=settings.requests_burst),
        operator_secret=secret,
        metrics=metrics,
        tracing=tracing,
    )
    return Reelway(
        services=services,
        advancer=advancer,
        deliverer=deliverer,
        sweeper=Sweeper(
            db=db,
            dispatch=dispatch,
            ending=ending,
            clock=clock,
            job_age_max_s=settings.job_age_max_s,
        ),
        health=health,
        budgets=budgets,
        outbound=outbound,
        providers=providers,
        db=db,
        dispatch=dispatch,
        live=live,
        part=part,
    )


def _context_for(settings: Settings, outbound: Outbound, inputs: Inputs) -> Callable[[Configured, Providers], Context]:
    own = {"previz": {"idle_s": settings.previz_idle_s, "threads": settings.previz_threads}}

    def context(one: Configured, providers: Providers) -> Context:
        work = settings.data / "work" / one.name
        cache = settings.data / "cache" / one.name
        if one.name == "previz" and settings.previz_cache is not None:
            cache = settings.previz_cache
        work.mkdir(parents=True, exist_ok=True)
        clear_abandoned(work)
        cache.mkdir(parents=True, exist_ok=True)
        return Context(
            http=outbound,
            trusting=outbound.trusting,
            inputs=inputs,
            work_dir=work,
            cache_dir=cache,
            settings=one.settings or own.get(one.name, {}),
            find_provider=providers.plain,
        )

    return context
