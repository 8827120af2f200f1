"""The composition root: settings in, a running Reelway out. The only place that knows every room."""

import asyncio
import contextlib
import random
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import structlog

from reelway.accounts import idempotency
from reelway.accounts.keys import touch_keys
from reelway.accounts.limits import RateLimit
from reelway.api.services import Services
from reelway.catalogue.load import load
from reelway.db.base import Database
from reelway.db.migrate import SQLITE_WORDS, migrate
from reelway.db.sqlite import SqliteDatabase
from reelway.dispatch.base import Topic
from reelway.dispatch.local import LocalDispatch
from reelway.errors import ConfigError, Overloaded
from reelway.events.live import LocalLive
from reelway.generations.advance import Advancer, Policy
from reelway.generations.cancel import Canceller
from reelway.generations.create import Creator
from reelway.generations.finish import Finisher
from reelway.generations.inputs import InputStore
from reelway.generations.queries import Queries
from reelway.generations.routing import Router
from reelway.kit.clock import Clock, SystemClock
from reelway.kit.outbound import Outbound
from reelway.providers.base import Context
from reelway.providers.registry import Providers
from reelway.settings import SECRET_CHARS_LEAST, Settings
from reelway.storage.choose import choose
from reelway.webhooks.announce import Announcer
from reelway.webhooks.deliver import Deliverer

_log = structlog.get_logger(__name__)
_CHORES_EVERY_S: Final = 30.0


@dataclass(slots=True, kw_only=True)
class Reelway:
    """One process's worth: the API's services and the workers behind them."""

    services: Services
    advancer: Advancer
    deliverer: Deliverer
    outbound: Outbound
    providers: Providers
    db: Database
    dispatch: LocalDispatch
    _chores: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take up every unfinished job, from the rows."""
        await self.dispatch.start({Topic.GENERATION: self.advancer.advance, Topic.DELIVERY: self.deliverer.deliver})
        self._chores = asyncio.create_task(self._do_chores(), name="chores")

    async def stop(self) -> None:
        """Stop working; what is unfinished goes on from its row at the next start."""
        self.services.stopping = True
        if self._chores is not None:
            self._chores.cancel()
            await asyncio.gather(self._chores, return_exceptions=True)
        await self.dispatch.stop()
        await self.providers.aclose()
        await self.outbound.aclose()
        with contextlib.suppress(Overloaded):
            await self._flush_keys()
        await self.db.aclose()

    async def _do_chores(self) -> None:
        while True:
            await asyncio.sleep(_CHORES_EVERY_S)
            try:
                await self._flush_keys()
                await self.db.write(idempotency.forget_old(self.services.clock.now_ms()))
            except Overloaded as error:
                _log.warning("chores_refused", error=error.message)

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
        probe.unlink()
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


async def open_database(settings: Settings, clock: Clock) -> Database:
    """Open and migrate."""
    db = SqliteDatabase(settings.data / "reelway.db")
    try:
        applied = await db.write(migrate(SQLITE_WORDS, clock.now_ms()))
    except BaseException:
        await db.aclose()
        raise
    if applied:
        _log.info("migrated", migrations=applied)
    return db


OpenDatabase: TypeAlias = Callable[[Settings, Clock], Awaitable[Database]]


async def build(settings: Settings, clock: Clock | None = None, *, open_db: OpenDatabase = open_database) -> Reelway:
    """Everything wired and nothing running; `start` sets it going. Raises ConfigError."""
    clock = clock or SystemClock()
    check_exposure(settings)
    catalogue = load(settings.catalogue)  # before anything is written: a bad entry stops the start
    prepare_data(settings.data)
    secret = operator_secret(settings)
    db = await open_db(settings, clock)
    rng = random.Random()  # noqa: S311  seeds of clips and jitter, no secrets
    outbound = Outbound(allow_private=settings.allow_private, user_agent="Reelway")
    storage = choose("local", settings.data)
    dispatch = LocalDispatch(db, clock)
    live = LocalLive()
    work_dir = settings.data / "work"
    providers = Providers(_context_for(settings, outbound))
    announcer = Announcer(dispatch, previews=lambda name: providers.facts(name).previews)
    inputs = InputStore(
        storage,
        outbound,
        work_dir,
        picture_bytes_max=settings.picture_bytes_max,
        clip_bytes_max=settings.clip_bytes_max,
        timeout_s=settings.fetch_timeout_s,
    )
    finisher = Finisher(
        storage=storage,
        outbound=outbound,
        catalogue=catalogue,
        clock=clock,
        work_dir=work_dir,
        result_bytes_max=settings.result_bytes_max,
    )
    advancer = Advancer(
        db=db,
        providers=providers,
        finisher=finisher,
        inputs=inputs,
        dispatch=dispatch,
        live=live,
        announcer=announcer,
        clock=clock,
        policy=Policy(
            job_age_max_s=settings.job_age_max_s,
            unknown_age_max_s=settings.unknown_age_max_s,
            submit_attempts_max=settings.submit_attempts_max,
            retry_first_s=settings.retry_first_s,
            retry_most_s=settings.retry_most_s,
        ),
        rng=rng,
    )
    deliverer = Deliverer(
        db=db,
        outbound=outbound,
        clock=clock,
        schedule_s=settings.webhook_schedule_s,
        timeout_s=settings.webhook_timeout_s,
        disable_after_s=settings.webhook_disable_after_s,
        operator_secret=secret,
    )
    router = Router(previz_off=settings.previz_off, clock=clock)
    services = Services(
        settings=settings,
        clock=clock,
        db=db,
        storage=storage,
        catalogue=catalogue,
        router=router,
        creator=Creator(
            db=db,
            catalogue=catalogue,
            router=router,
            inputs=inputs,
            dispatch=dispatch,
            clock=clock,
            in_flight_max=settings.in_flight_max,
            rng=rng,
        ),
        canceller=Canceller(
            db=db,
            dispatch=dispatch,
            live=live,
            announcer=announcer,
            inputs=inputs,
            storage=storage,
            clock=clock,
        ),
        queries=Queries(db, live),
        dispatch=dispatch,
        providers=providers,
        announcer=announcer,
        rate_limit=RateLimit(per_minute=settings.requests_per_minute, burst=settings.requests_burst),
        operator_secret=secret,
    )
    return Reelway(
        services=services,
        advancer=advancer,
        deliverer=deliverer,
        outbound=outbound,
        providers=providers,
        db=db,
        dispatch=dispatch,
    )


def _context_for(settings: Settings, outbound: Outbound) -> Callable[[str, Providers], Context]:
    own = {"previz": {"idle_s": settings.previz_idle_s, "threads": settings.previz_threads}}

    def context(name: str, providers: Providers) -> Context:
        work = settings.data / "work" / name
        cache = settings.data / "cache" / name
        if name == "previz" and settings.previz_cache is not None:
            cache = settings.previz_cache
        work.mkdir(parents=True, exist_ok=True)
        cache.mkdir(parents=True, exist_ok=True)
        return Context(
            http=outbound,
            work_dir=work,
            cache_dir=cache,
            settings=own.get(name, {}),
            find_provider=providers.get,
        )

    return context
