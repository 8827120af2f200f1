"""One generation from create to end, with every fault a provider can have; money and history checked each time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from harness import make_key, settings_for
from reelway.accounts.idempotency import KEPT_MS
from reelway.accounts.keys import Caller, authenticate
from reelway.app import Reelway, build
from reelway.domain.events import EventType
from reelway.domain.generation import Dialect, Generation, GenerationRequest, InputFile, Mode, OutputType, Role
from reelway.domain.money import Balance, Purse
from reelway.domain.states import State
from reelway.errors import Conflict, Gone, InsufficientCredits, InvalidRequest, RateLimited
from reelway.events.store import events_after
from reelway.generations import store
from reelway.generations.create import Submission
from reelway.generations.ending import end
from reelway.ledger import ledger
from reelway.ledger.audit import audit
from reelway.media.probe import probe

E = EventType


class Life:
    """Reelway without its server: create, wait, look."""

    def __init__(self, reelway: Reelway, caller: Caller) -> None:
        self.reelway = reelway
        self.caller = caller

    async def create(self, prompt: str = "a red kite", *, key: str | None = None, **changes: Any) -> Generation:
        """A tenth of a second of wan2.2, which lists 0.04 USD per second."""
        facts: dict[str, Any] = {
            "model": "wan2.2",
            "mode": Mode.TEXT_TO_VIDEO,
            "prompt": prompt,
            "frames": 8,
            "fps": 16,
            "width": 512,
            "height": 512,
        }
        submission = Submission(
            request=GenerationRequest(**(facts | changes)),
            dialect=Dialect.OPENAI,
            family="v1",
            echo={},
            base_url="http://127.0.0.1",
            idempotency_key=key,
            request_hash=prompt,
        )
        created = await self.reelway.services.creator.create(self.caller, submission, lambda g, _: g.id.encode())
        found = await self.reelway.db.read(store.by_id(created.body.decode()))
        assert found is not None
        return found

    async def ended(self, g: Generation, timeout_s: float = 60) -> Generation:
        return await self.reaches(g, lambda now: now.ended, timeout_s)

    async def reaches(self, g: Generation, there: Any, timeout_s: float = 60) -> Generation:
        async with asyncio.timeout(timeout_s):
            while True:
                now = await self.reelway.db.read(store.by_id(g.id))
                assert now is not None
                if there(now):
                    return now
                await asyncio.sleep(0.02)

    async def history(self, g: Generation) -> list[EventType]:
        return [e.type for e in await self.reelway.db.read(events_after(g.id, 0))]

    async def balance(self) -> Balance:
        return (await self.reelway.db.read(ledger.balances(self.caller.workspace_id)))[self.caller.purse]

    async def charged(self) -> int:
        """What is gone of the free credits; the audit must agree that everything adds up."""
        assert await self.reelway.db.scan(audit()) == []
        return 100_000_000 - (await self.balance()).balance_microusd


OpenLife: TypeAlias = Callable[..., Awaitable[Life]]


@pytest.fixture
def open_life(tmp_path: Path, database_setting: str) -> OpenLife:
    """Starts Reelway on the same rows and files each time."""

    async def opened(purse: Purse = Purse.TEST, **changes: Any) -> Life:
        reelway = await build(settings_for(tmp_path, database=database_setting, **changes))
        key = await make_key(reelway, "w", purse)
        caller = await reelway.db.read(authenticate(key))
        await reelway.start()
        return Life(reelway, caller)

    return opened


@pytest.fixture
async def life(open_life: OpenLife) -> AsyncIterator[Life]:
    opened = await open_life()
    yield opened
    await opened.reelway.stop()


PRICE = 20_000  # 8 frames at 16 fps


async def test_a_clip_is_held_for_made_stored_and_settled(life: Life) -> None:
    g = await life.create()
    assert (await life.balance()).held_microusd == PRICE
    g = await life.ended(g)
    assert (g.state, g.charged_microusd, g.error_code) == (State.SUCCEEDED, PRICE, None)
    assert await life.history(g) == [E.CREATED, E.SUBMITTING, E.RUNNING, E.STORING, E.SUCCEEDED]
    assert await life.charged() == PRICE
    assert g.output is not None
    path = life.reelway.services.storage.local_path(f"videos/{g.token}.mp4")
    assert path is not None
    facts = probe(path)
    assert (facts.width, facts.height, facts.frames, facts.fps) == (512, 512, 8, 16)
    assert (g.output.width, g.output.frames, g.output.size_bytes) == (512, 8, path.stat().st_size)
    for suffix in (".jpg", ".webp", "-sheet.jpg"):
        assert await life.reelway.services.storage.open(f"videos/{g.token}{suffix}") is not None
    half_made = life.reelway.services.settings.data / "work" / "previz"
    await life.reaches(g, lambda _: not list(half_made.iterdir()), timeout_s=10)  # the worker clears up after the end


@pytest.mark.parametrize(
    ("prompt", "code"),
    [
        ("refuse: violence", "provider_refused"),
        ("reject: bad size", "provider_rejected"),
        ("fail: out of memory", "provider_unavailable"),
    ],
)
async def test_every_failure_gives_the_money_back_and_says_why(life: Life, prompt: str, code: str) -> None:
    g = await life.ended(await life.create(prompt))
    assert (g.state, g.error_code, g.charged_microusd) == (State.FAILED, code, 0)
    assert prompt.partition(": ")[2] in str(g.error_message)
    assert await life.charged() == 0


@pytest.mark.parametrize("prompt", ["throttle once", "unavailable once"])
async def test_a_submit_that_made_no_job_is_tried_again(life: Life, prompt: str) -> None:
    g = await life.ended(await life.create(prompt))
    assert g.state is State.SUCCEEDED
    assert await life.history(g) == [
        *(E.CREATED, E.SUBMITTING, E.RETRYING),
        *(E.SUBMITTING, E.RUNNING, E.STORING, E.SUCCEEDED),
    ]
    attempts = await life.reelway.db.read(store.attempts(g.id))
    assert [a.outcome for a in attempts] == ["rejected", "accepted"]
    assert await life.charged() == PRICE


async def test_a_lost_answer_is_found_again_and_never_sent_twice(life: Life) -> None:
    g = await life.ended(await life.create("lost answer"))
    assert g.state is State.SUCCEEDED
    assert [a.outcome for a in await life.reelway.db.read(store.attempts(g.id))] == ["accepted"]
    assert await life.charged() == PRICE


async def test_an_outcome_nobody_knows_stays_held_is_told_and_expires_by_policy(open_life: OpenLife) -> None:
    life = await open_life(unknown_age_max_s=0.6)
    g = await life.create("lost answer for good")
    await life.reaches(g, lambda now: now.state is State.SUBMITTING)
    async with asyncio.timeout(5):
        while E.UNKNOWN not in await life.history(g):
            await asyncio.sleep(0.02)
    assert (await life.balance()).held_microusd == PRICE
    g = await life.ended(g)
    assert (g.state, g.error_code) == (State.EXPIRED, "outcome_unknown")
    assert await life.history(g) == [E.CREATED, E.SUBMITTING, E.UNKNOWN, E.EXPIRED]
    assert len(await life.reelway.db.read(store.attempts(g.id))) == 1
    assert await life.charged() == 0
    await life.reelway.stop()


async def test_an_answer_we_do_not_understand_is_looked_at_again(life: Life) -> None:
    g = await life.ended(await life.create("unreadable once"))
    assert g.state is State.SUCCEEDED


async def test_a_job_that_takes_too_long_is_stopped_and_expires(open_life: OpenLife) -> None:
    life = await open_life(job_age_max_s=0.5)
    g = await life.ended(await life.create("slow 9999"))
    assert (g.state, g.error_code) == (State.EXPIRED, "expired")
    assert await life.charged() == 0
    await life.reelway.stop()


async def test_a_queued_job_is_cancelled_at_once(life: Life) -> None:
    await life.reelway.dispatch.stop()  # nobody works
    g = await life.create()
    g = await life.reelway.services.canceller.cancel(life.caller, g)
    assert (g.state, g.charged_microusd) == (State.CANCELLED, 0)
    assert await life.charged() == 0


async def test_a_running_job_is_cancelled_by_its_worker(life: Life) -> None:
    g = await life.create("slow 9999")
    g = await life.reaches(g, lambda now: now.state is State.RUNNING)
    g = await life.reelway.services.canceller.cancel(life.caller, g)
    assert g.state is State.CANCELLED
    assert await life.history(g) == [E.CREATED, E.SUBMITTING, E.RUNNING, E.CANCEL_REQUESTED, E.CANCELLED]
    assert await life.charged() == 0
    again = await life.reelway.services.canceller.cancel(life.caller, g)
    assert again.state is State.CANCELLED


async def test_what_the_provider_cannot_stop_goes_on_and_says_so(life: Life) -> None:
    g = await life.create("uncancellable")
    g = await life.reaches(g, lambda now: now.state is State.RUNNING)
    with pytest.raises(Conflict, match="cannot stop it"):
        await life.reelway.services.canceller.cancel(life.caller, g)
    assert (await life.ended(g)).state is State.SUCCEEDED


async def test_what_has_ended_cannot_be_cancelled_but_deleted(life: Life) -> None:
    g = await life.ended(await life.create())
    with pytest.raises(Conflict, match="succeeded already"):
        await life.reelway.services.canceller.cancel(life.caller, g)
    await life.reelway.services.canceller.delete(life.caller, g)
    assert await life.reelway.db.read(store.of_workspace(g.workspace_id, g.id)) is None
    assert await life.reelway.services.storage.open(f"videos/{g.token}.mp4") is None
    assert await life.charged() == PRICE, "the ledger stays"


async def test_what_is_running_cannot_be_deleted(life: Life) -> None:
    g = await life.create("slow 9999")
    with pytest.raises(Conflict, match="cancel it first"):
        await life.reelway.services.canceller.delete(life.caller, g)


async def test_without_credits_nothing_is_written(life: Life) -> None:
    with pytest.raises(InsufficientCredits):
        await life.create(model="sora-2-pro", frames=480, fps=24, width=1920, height=1080, prompt="x" * 10)
        for _ in range(10):
            await life.create(model="sora-2-pro", frames=480, fps=24, width=1920, height=1080)
    assert await life.reelway.db.scan(audit()) == []
    held = (await life.balance()).held_microusd
    assert held % 14_000_000 == 0
    assert held <= 100_000_000


async def test_the_last_credits_are_spent_once_by_racing_requests(life: Life) -> None:
    """100 USD; one costs 14: seven pass, however many come at once."""
    big: dict[str, Any] = {"model": "sora-2-pro", "frames": 480, "fps": 24, "width": 1920, "height": 1080}
    tries = await asyncio.gather(*(life.create("slow 9999", **big) for _ in range(20)), return_exceptions=True)
    assert sum(isinstance(t, Generation) for t in tries) == 7
    assert all(isinstance(t, Generation | InsufficientCredits) for t in tries)
    assert (await life.balance()).available_microusd == 2_000_000


async def test_the_same_key_twice_at_once_makes_one_job_and_one_answer(life: Life) -> None:
    made = await asyncio.gather(*(life.create("slow 9999", key="k") for _ in range(10)))
    assert len({g.id for g in made}) == 1
    assert (await life.balance()).held_microusd == PRICE
    with pytest.raises(Conflict, match="used with another request"):
        await life.create("slow 1", key="k")
    assert KEPT_MS == 24 * 3600 * 1000


async def test_a_key_has_no_more_in_flight_than_it_may(open_life: OpenLife) -> None:
    life = await open_life(in_flight_max=2)
    first = [await life.create("slow 9999") for _ in range(2)]
    with pytest.raises(RateLimited, match="Maximum 2 queued requests allowed"):
        await life.create()
    await life.reelway.services.canceller.cancel(life.caller, first[0])
    await life.create("slow 9999")
    await life.reelway.stop()


async def test_a_live_key_gets_previews_for_nothing(open_life: OpenLife) -> None:
    life = await open_life(Purse.LIVE)
    g = await life.create(model="sora-2-pro-t2v", frames=None, fps=None, width=None, height=None)
    assert (g.provider, g.price_microusd) == ("previz", 0)
    await life.reelway.services.canceller.cancel(life.caller, g)
    assert await life.reelway.db.scan(audit()) == []
    await life.reelway.stop()


@pytest.mark.parametrize("off", [("sora-2-pro-t2v",), ("*",)])
async def test_a_shape_without_a_route_is_gone_and_names_its_successor(
    open_life: OpenLife, off: tuple[str, ...]
) -> None:
    life = await open_life(previz_off=off)
    with pytest.raises(Gone, match=r"retired since 2026-09-24 and no route serves it; use veo-3\.1") as caught:
        await life.create(model="sora-2-pro-t2v")
    assert caught.value.successor == "veo-3.1"
    await life.reelway.stop()


async def test_a_gif_is_made_when_asked(life: Life) -> None:
    g = await life.ended(await life.create(output_type=OutputType.GIF))
    assert g.output is not None
    assert (g.output.media_type, g.clip_url.endswith(".gif")) == ("image/gif", True)
    stored = life.reelway.services.storage.local_path(f"videos/{g.token}.gif")
    assert stored is not None
    assert stored.read_bytes()[:6] == b"GIF89a"


async def test_an_input_that_is_no_picture_leaves_nothing(life: Life) -> None:
    svg = InputFile(role=Role.FIRST_FRAME, param="init_image", data=b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    with pytest.raises(InvalidRequest, match="init_image"):
        await life.create(mode=Mode.IMAGE_TO_VIDEO, inputs=(svg,))
    assert await life.charged() == 0
    assert list((life.reelway.services.settings.data / "files").rglob("*.png")) == []


async def test_work_goes_on_after_a_restart_where_it_was(open_life: OpenLife) -> None:
    first = await open_life()
    g = await first.create("slow 12")
    await first.reaches(g, lambda now: now.state is State.RUNNING)
    await first.reelway.stop()
    second = await open_life()
    g = await second.ended(g)
    assert g.state is State.SUCCEEDED
    assert [a.outcome for a in await second.reelway.db.read(store.attempts(g.id))] == ["accepted"]
    assert await second.charged() == PRICE
    await second.reelway.stop()


async def test_a_worker_that_slept_through_a_takeover_changes_nothing(life: Life) -> None:
    await life.reelway.dispatch.stop()
    g = await life.create()
    sleeper = await life.reelway.db.write(store.claim(g.id))
    assert sleeper is not None
    awake = await life.reelway.db.write(store.claim(g.id))
    assert awake is not None
    with pytest.raises(Conflict):
        await life.reelway.db.write(store.move(sleeper, State.SUBMITTING))
    with pytest.raises(Conflict):
        await life.reelway.db.write(store.fence(sleeper))
    moved = await life.reelway.db.write(store.move(awake, State.SUBMITTING))
    assert moved == replace(awake, state=State.SUBMITTING)


async def test_a_job_that_somebody_else_changed_is_not_let_go_of_before_it_has_ended(life: Life) -> None:
    g = await life.create("slow 4")
    g = await life.reaches(g, lambda now: now.state is State.RUNNING)
    await life.reelway.db.write(store.claim(g.id))  # as another worker would, which then dies
    ended = await life.ended(g)
    assert ended.state is State.SUCCEEDED
    assert await life.charged() == PRICE


async def test_a_job_that_is_accepted_after_its_generation_ended_is_stopped(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = life.reelway.providers.plain("sandbox")
    submit, cancel, stopped = sandbox.submit, sandbox.cancel, list[Any]()

    async def submit_late(order: Any) -> Any:
        handle = await submit(order)
        row = await life.reelway.db.read(store.by_id(order.key.partition(":")[0]))
        assert row is not None
        now = life.reelway.services.clock.now_ms()
        await life.reelway.db.write(end(row, State.EXPIRED, life.reelway.services.announcer, now))
        return handle

    async def cancel_heard(handle: Any) -> Any:
        stopped.append(handle["key"])
        return await cancel(handle)

    monkeypatch.setattr(sandbox, "submit", submit_late)
    monkeypatch.setattr(sandbox, "cancel", cancel_heard)
    g = await life.ended(await life.create())
    async with asyncio.timeout(10):
        while not stopped:
            await asyncio.sleep(0.02)
    assert stopped == [f"{g.id}:1"]
    assert g.state is State.EXPIRED
    assert await life.charged() == 0
