"""What nobody works on is found, and what waited too long is ended with its money returned."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from builders import a_generation, a_spec
from reelway.accounts.workspaces import ensure_workspace
from reelway.db.base import Database
from reelway.db.migrate import SQLITE, migrate
from reelway.db.postgres import PostgresDatabase
from reelway.db.script import Script
from reelway.db.sqlite import SqliteDatabase
from reelway.dispatch.base import Dispatch, Entry, Topic
from reelway.dispatch.local import LocalDispatch
from reelway.dispatch.pgqueuer import PgQueuerDispatch
from reelway.domain.generation import Asset, Generation, Role, WorkspaceId
from reelway.domain.money import Purse
from reelway.domain.states import State
from reelway.events.live import LocalLive
from reelway.generations import store
from reelway.generations.ending import Ending
from reelway.generations.sweep import Sweeper
from reelway.kit.ids import new_id
from reelway.kit.metrics import Metrics
from reelway.kit.tracing import OFF
from reelway.ledger import ledger
from reelway.ledger.audit import audit
from reelway.providers.sandbox import FACTS
from reelway.webhooks.announce import Announcer
from reelway.webhooks.deliveries import Message, add_delivery, list_deliveries

DAY_MS = 24 * 3_600_000
PRICE = 1_000


class At:
    """A clock that shows what it is told."""

    def __init__(self) -> None:
        self.ms = 50 * DAY_MS

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return self.ms / 1000


class Inputs:
    def __init__(self) -> None:
        self.dropped: list[Asset] = []

    async def drop(self, assets: tuple[Asset, ...]) -> None:
        self.dropped += assets


class World:
    """A database with one workspace, and a sweeper over it."""

    def __init__(self, db: Database, dispatch: Dispatch, workspace: WorkspaceId, clock: At) -> None:
        self.db = db
        self.dispatch = dispatch
        self.workspace = workspace
        self.clock = clock
        self.inputs = Inputs()
        ending = Ending(
            db=db,
            dispatch=dispatch,
            live=LocalLive(),
            announcer=Announcer(dispatch, previews=lambda name: False),
            inputs=self.inputs,  # type: ignore[arg-type]
            early_pictures=None,  # type: ignore[arg-type]
            clock=clock,
            metrics=Metrics(),
            tracing=OFF,
            facts=lambda name: FACTS,
        )
        self.sweeper = Sweeper(db=db, dispatch=dispatch, ending=ending, clock=clock, job_age_max_s=3600)

    async def generation(self, *, age_s: float, state: State = State.QUEUED, **changes: Any) -> Generation:
        created_ms = self.clock.ms - int(age_s * 1000)
        g = a_generation(
            id=new_id("video", created_ms),
            workspace_id=self.workspace,
            created_at=created_ms,
            price_microusd=PRICE,
            **changes,
        )

        def script() -> Script[Generation]:
            yield from ledger.hold(self.workspace, Purse.LIVE, g.id, PRICE, created_ms)
            yield from store.insert(g)
            row = yield from store.by_id(g.id)
            assert row is not None
            return row if state is State.QUEUED else (yield from store.move(row, state))

        return await self.db.write(script())

    async def delivery(self, g: Generation, *, age_s: float) -> str:
        """One whose row in the queue is lost."""
        message = Message(
            workspace_id=self.workspace,
            generation_id=g.id,
            endpoint_id=None,
            url="http://127.0.0.1:9/",
            event_id="evt_1",
            event_type="video.failed",
            body="{}",
        )
        script = add_delivery(_Nowhere(), message, self.clock.ms - int(age_s * 1000))  # type: ignore[arg-type]
        return await self.db.write(script)

    async def enqueue(self, g: Generation) -> None:
        lane = f"generation:{g.provider}"
        entry = Entry(topic=Topic.GENERATION, subject=g.id, lane=lane, owner=g.workspace_id, due_at=0)
        await self.db.write(self.dispatch.enqueue(entry))

    async def missing(self, topic: Topic, *subjects: str) -> list[str]:
        return await self.db.read(self.dispatch.missing(topic, subjects))


class _Nowhere:
    def enqueue(self, entry: Entry) -> Script[None]:
        yield from ()


@pytest.fixture
async def world(database_setting: str, tmp_path: Path) -> AsyncIterator[World]:
    clock = At()
    db: Database
    dispatch: Dispatch
    if database_setting == "sqlite":
        db = SqliteDatabase(tmp_path / "t.db")
        await db.write(migrate(SQLITE, 0))
        dispatch = LocalDispatch(db, clock)
    else:
        db = await PostgresDatabase.connect(database_setting, most=4)
        dispatch = PgQueuerDispatch(database_setting, clock, in_flight_max=1, lost_s=5)
    workspace = await db.write(ensure_workspace("w", {Purse.LIVE: 2_000 * PRICE}, 0))
    yield World(db, dispatch, workspace.id, clock)
    await dispatch.stop()
    await db.aclose()


async def test_what_is_unfinished_and_not_enqueued_is_enqueued(world: World) -> None:
    lost = await world.generation(age_s=120, state=State.SUBMITTING)
    young = await world.generation(age_s=5, state=State.SUBMITTING)
    kept = await world.generation(age_s=120)
    await world.enqueue(kept)
    delivery = await world.delivery(lost, age_s=120)
    fresh = await world.delivery(lost, age_s=5)
    await world.sweeper.sweep()
    assert await world.missing(Topic.GENERATION, lost.id, young.id, kept.id) == [young.id]
    assert await world.missing(Topic.DELIVERY, delivery, fresh) == [fresh]


async def test_what_has_ended_is_left_alone(world: World) -> None:
    g = await world.generation(age_s=7200)
    await world.sweeper.sweep()
    row = await world.db.read(store.by_id(g.id))
    assert row is not None
    assert row.state is State.EXPIRED
    await world.sweeper.sweep()
    assert await world.missing(Topic.GENERATION, g.id) == [g.id]


async def test_a_sweep_goes_on_where_the_last_one_stopped(world: World) -> None:
    lost = (world.generation(age_s=100 + n / 1000, state=State.SUBMITTING) for n in range(501))
    ids = [g.id for g in await asyncio.gather(*lost)]
    await world.sweeper.sweep()
    assert len(await world.missing(Topic.GENERATION, *ids)) == 1
    await world.sweeper.sweep()
    assert await world.missing(Topic.GENERATION, *ids) == []


async def test_what_waited_too_long_is_expired_and_its_credits_are_returned(world: World) -> None:
    asset = Asset(role=Role.FIRST_FRAME, key="input", media_type="image/png", width=1, height=1, size_bytes=1)
    old = await world.generation(age_s=3601, spec=a_spec(assets=(asset,)), webhook_url="http://127.0.0.1:9/")
    in_time = await world.generation(age_s=3500)
    begun = await world.generation(age_s=3601, state=State.SUBMITTING)
    await world.sweeper.sweep()
    rows = [await world.db.read(store.by_id(g.id)) for g in (old, in_time, begun)]
    assert [row.state for row in rows if row] == [State.EXPIRED, State.QUEUED, State.SUBMITTING]
    assert rows[0] is not None
    assert rows[0].error_code == "expired"
    assert world.inputs.dropped == [asset]
    account = (await world.db.read(ledger.balances(world.workspace)))[Purse.LIVE]
    assert account.held_microusd == 2 * PRICE
    assert account.balance_microusd == 2_000 * PRICE
    assert await world.db.read(audit()) == []
    (told,) = await world.db.read(list_deliveries(world.workspace))
    assert (told.generation_id, told.event_type) == (old.id, "video.expired")
    assert await world.missing(Topic.DELIVERY, told.id) == []
