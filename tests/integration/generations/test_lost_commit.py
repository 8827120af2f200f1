"""A create whose commit is not answered: the caller hears what is true, and money and files follow it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import asyncpg
import pytest

from builders import a_router
from cutter import Cut, Cutter, cutter
from reelway.accounts.keys import Caller, authenticate, create_key
from reelway.accounts.workspaces import ensure_workspace
from reelway.db.postgres import PostgresDatabase
from reelway.dispatch.local import LocalDispatch
from reelway.domain.generation import Asset, ClipSpec, Dialect, Generation, GenerationRequest, InputFile, Mode
from reelway.domain.money import Purse
from reelway.errors import CommitUnknown, Overloaded
from reelway.generations import create, store
from reelway.generations.create import Created, Creator, Submission
from reelway.kit.clock import SystemClock
from reelway.kit.metrics import Metrics
from reelway.kit.tracing import Tracing
from reelway.ledger import ledger
from reelway.ledger.audit import audit
from servers import Postgres


@dataclass
class Inputs:
    """Takes nothing, and remembers whether it was told to drop it."""

    dropped: int = 0

    async def take(self, inputs: Sequence[InputFile], spec: ClipSpec) -> tuple[Asset, ...]:
        return ()

    async def drop(self, assets: Sequence[Asset]) -> None:
        self.dropped += 1


@dataclass(kw_only=True)
class Desk:
    """A creator behind a wire that can be cut."""

    creator: Creator
    caller: Caller
    db: PostgresDatabase
    wire: Cutter
    inputs: Inputs = field(default_factory=Inputs)

    async def create(self, key: str | None = None) -> Created:
        submission = Submission(
            request=GenerationRequest(model="sora-2", mode=Mode.TEXT_TO_VIDEO, prompt="a red kite"),
            dialect=Dialect.OPENAI,
            family="v1",
            echo={},
            base_url="http://127.0.0.1",
            idempotency_key=key,
            request_hash="same",
        )
        return await self.creator.create(self.caller, submission, body_of)

    async def there_are(self) -> list[Generation]:
        found = await self.db.read(store.page(self.caller.workspace_id, None, 10, newest_first=False))
        assert await self.db.scan(audit()) == []
        held = (await self.db.read(ledger.balances(self.caller.workspace_id)))[Purse.TEST].held_microusd
        assert held == sum(g.price_microusd for g in found)
        return found


def body_of(g: Generation, available_microusd: int) -> bytes:
    return f"{g.id} {g.number} {available_microusd}".encode()


@pytest.fixture
async def desk(cluster: Postgres, database_url: str) -> AsyncIterator[Desk]:
    async with cutter(cluster.port) as wire:
        db = await PostgresDatabase.connect(database_url.replace(f":{cluster.port}/", f":{wire.port}/"), most=3)
        clock, inputs = SystemClock(), Inputs()
        workspace = await db.write(ensure_workspace("w", {Purse.TEST: 10_000_000}, 0))
        _, key = await db.write(create_key(workspace.id, Purse.TEST, "k", (), 0))
        creator = Creator(
            db=db,
            router=a_router(db, clock),
            inputs=inputs,  # type: ignore[arg-type]
            dispatch=LocalDispatch(db, clock),
            clock=clock,
            in_flight_max=100,
            metrics=Metrics(),
            tracing=Tracing(),
        )
        yield Desk(creator=creator, caller=await db.read(authenticate(key)), db=db, wire=wire, inputs=inputs)
        await db.aclose()


async def test_what_was_saved_is_answered_as_if_nothing_had_happened(desk: Desk) -> None:
    desk.wire.cut_at(b"COMMIT", Cut.AFTER)
    created = await desk.create("key")
    assert desk.wire.cuts == 1
    (g,) = await desk.there_are()
    assert created.body == body_of(g, 10_000_000 - g.price_microusd)
    assert desk.inputs.dropped == 0
    assert (await desk.create("key")).body == created.body


async def test_what_was_not_saved_may_be_asked_for_again(desk: Desk) -> None:
    desk.wire.cut_at(b"COMMIT", Cut.BEFORE)
    with pytest.raises(Overloaded, match="nothing was created") as caught:
        await desk.create("key")
    assert not isinstance(caught.value, CommitUnknown)
    assert await desk.there_are() == []
    assert desk.inputs.dropped == 1
    created = await desk.create("key")
    assert [g.id for g in await desk.there_are()] == [created.body.split()[0].decode()]


async def test_a_commit_that_still_goes_on_is_waited_for(desk: Desk, database_url: str) -> None:
    """The server may commit long after the wire broke: until then, its not being there means nothing."""
    other = await asyncpg.connect(database_url)
    await other.execute(
        "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END $$;"
        " CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON generations DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION slowly()"
    )
    async with other.transaction():
        await other.execute("SELECT pg_advisory_xact_lock(1)")
        creating = asyncio.create_task(desk.create())
        await blocked(other, "advisory")
        desk.wire.cut_all()
        await blocked(other, "transactionid")  # the look waits for the account
        assert not creating.done()
    created = await creating
    assert [g.id for g in await desk.there_are()] == [created.body.split()[0].decode()]
    assert desk.inputs.dropped == 0
    await other.close()


async def test_while_nobody_can_tell_the_files_stay(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create, "_FIND_OUT_S", 0.0)
    monkeypatch.setattr("reelway.db.postgres._PATIENCE_S", 0.2)
    desk.wire.cut_at(b"COMMIT", Cut.AFTER, then_refuse=True)
    with pytest.raises(CommitUnknown, match="may or may not be saved"):
        await desk.create()
    assert desk.inputs.dropped == 0


async def blocked(connection: asyncpg.Connection, kind: str) -> None:
    async with asyncio.timeout(10):
        while not await connection.fetchval(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = $1 AND pid <> pg_backend_pid()", kind
        ):
            await asyncio.sleep(0.01)
