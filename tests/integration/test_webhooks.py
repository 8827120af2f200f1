"""Webhooks over a real socket and a real database: announced once, delivered at least once, signed."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from reelway.accounts.workspaces import ensure_workspace
from reelway.db.migrate import SQLITE, migrate
from reelway.db.script import Script, sql
from reelway.db.sqlite import SqliteDatabase
from reelway.dispatch.base import DELIVERIES, Done, Later, Topic
from reelway.dispatch.local import LocalDispatch
from reelway.domain.events import EventType
from reelway.domain.generation import Dialect, Generation, GenerationId, WorkspaceId
from reelway.domain.states import State
from reelway.errors import Conflict, NotFound
from reelway.generations import store
from reelway.kit.clock import SystemClock
from reelway.kit.ids import new_id, new_token
from reelway.kit.metrics import Metrics
from reelway.kit.outbound import Outbound
from reelway.kit.tracing import OFF
from reelway.webhooks import deliveries, endpoints
from reelway.webhooks.announce import REPLAY_MAX, Announcer
from reelway.webhooks.deliver import Deliverer
from reelway.webhooks.deliveries import Delivery, DeliveryAttempt, DeliveryState
from reelway.webhooks.endpoints import Endpoint
from unit.webhooks.examples import ended

OPERATOR = b"operator-secret-of-at-least-32-characters"
LOOPBACK = (ip_network("127.0.0.0/8"),)
SCHEDULE_S = (0, 0.05, 0.1)
HOUR_MS = 3_600_000


class MovableClock(SystemClock):
    """The machine's clock, set forward or back by the test."""

    def __init__(self) -> None:
        self.offset_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.offset_ms


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Receiver:
    """Somebody's server: answers from a list, the last answer for ever."""

    def __init__(self) -> None:
        self.got: list[Received] = []
        self.answers: list[int] = [200]
        self.slow_s = 0.0
        self.said = "ok"
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.got.append(Received(headers, body))
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        await asyncio.sleep(self.slow_s)
        location = {"Location": f"{self.url}/elsewhere"} if 300 <= status < 400 else {}
        return web.Response(status=status, text=self.said, headers=location)

    async def count(self, wanted: int) -> None:
        """Wait until that many came."""
        await until(lambda: len(self.got) >= wanted)


async def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.005)
    raise TimeoutError


class Gateway:
    """Database, dispatch and deliverer, as app.py puts them together."""

    def __init__(self, path: Path, clock: MovableClock, outbound: Outbound) -> None:
        self.path, self.clock, self.outbound = path, clock, outbound
        self.disable_after_s = 3600.0
        self.timeout_s = 2.0
        self.schedule_s: tuple[float, ...] = SCHEDULE_S
        self.workspace = WorkspaceId("")

    async def open(self) -> None:
        self.db = SqliteDatabase(self.path)
        await self.db.write(migrate(SQLITE, self.now()))
        self.dispatch = LocalDispatch(self.db, self.clock)
        self.announcer = Announcer(self.dispatch, previews=lambda name: name == "previz")
        self.workspace = (await self.db.write(ensure_workspace("first", {}, self.now()))).id

    async def run(self) -> None:
        await self.dispatch.start({Topic.DELIVERY: self.deliverer().deliver}, [DELIVERIES])

    async def close(self) -> None:
        await self.dispatch.stop()
        await self.db.aclose()

    def deliverer(self) -> Deliverer:
        return Deliverer(
            self.db,
            self.outbound,
            self.clock,
            operator_secret=OPERATOR,
            schedule_s=self.schedule_s,
            timeout_s=self.timeout_s,
            disable_after_s=self.disable_after_s,
            metrics=Metrics(),
            tracing=OFF,
        )

    def now(self) -> int:
        return self.clock.now_ms()

    async def endpoint(self, url: str, *types: str) -> Endpoint:
        made = endpoints.create_endpoint(self.workspace, url, types or None, "", self.now())
        return await self.db.write(made)

    async def see(self, endpoint: Endpoint) -> Endpoint:
        return await self.db.read(endpoints.get_endpoint(self.workspace, endpoint.id))

    async def finish(self, state: State = State.SUCCEEDED, **changes: Any) -> list[str]:
        """A generation that ends now; returns the ids of its deliveries, woken."""
        now = self.now()
        fresh: dict[str, Any] = {
            "id": GenerationId(new_id("video", now)),
            "token": new_token(),
            "workspace_id": self.workspace,
            "started_at": now,
            "ended_at": now,
        }
        g = ended(state, **(fresh | changes))
        delivery_ids = await self.db.write(self._finish(g))
        for delivery_id in delivery_ids:
            self.dispatch.wake(Topic.DELIVERY, delivery_id)
        return delivery_ids

    def _finish(self, g: Generation) -> Script[list[str]]:
        number = yield from store.insert(g)
        yield sql("UPDATE generations SET ended_at = $2, started_at = $3 WHERE id = $1", g.id, g.ended_at, g.started_at)
        event = {State.SUCCEEDED: EventType.SUCCEEDED, State.FAILED: EventType.FAILED}[g.state]
        return (yield from self.announcer.announce(replace(g, number=number), event, self.now()))

    async def look(self, delivery_id: str) -> tuple[Delivery, list[DeliveryAttempt]]:
        return await self.db.read(deliveries.get_delivery(self.workspace, delivery_id))

    async def ended(self, delivery_id: str) -> tuple[Delivery, list[DeliveryAttempt]]:
        """Wait until it has ended."""
        async with asyncio.timeout(5):
            while True:
                delivery, attempts = await self.look(delivery_id)
                if delivery.state is not DeliveryState.PENDING:
                    return delivery, attempts
                await asyncio.sleep(0.005)


Serve = Callable[[], Awaitable[Receiver]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    runners: list[web.AppRunner] = []

    async def start() -> Receiver:
        receiver = Receiver()
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", receiver.handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return receiver

    yield start
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def receiver(serve: Serve) -> Receiver:
    return await serve()


@pytest.fixture
async def stopped(tmp_path: Path) -> AsyncIterator[Gateway]:
    """Everything but the running of handlers."""
    outbound = Outbound(user_agent="test", allow_private=LOOPBACK)
    gateway = Gateway(tmp_path / "reelway.db", MovableClock(), outbound)
    await gateway.open()
    yield gateway
    await gateway.close()
    await outbound.aclose()


@pytest.fixture
async def gateway(stopped: Gateway) -> Gateway:
    await stopped.run()
    return stopped


# -- announced and delivered -----------------------------------------------------------------


async def test_an_endpoint_gets_an_event_that_the_reference_library_verifies(
    gateway: Gateway, receiver: Receiver
) -> None:
    endpoint = await gateway.endpoint(receiver.url)
    (delivery_id,) = await gateway.finish(dialect=Dialect.OPENAI)
    delivery, attempts = await gateway.ended(delivery_id)
    got = receiver.got[0]
    verifier = Webhook(endpoint.secret(OPERATOR))
    event = verifier.verify(got.body, got.headers)
    assert event["type"] == "video.completed"
    assert event["data"]["id"] == delivery.generation_id
    assert event["id"] == got.headers["webhook-id"] == delivery.event_id
    assert got.headers["user-agent"].startswith("Reelway-Webhooks/")
    assert got.headers["content-type"] == "application/json"
    assert [(a.status, a.error, a.response) for a in attempts] == [(200, None, "ok")]
    flipped = got.body.replace(b"completed", b"complated", 1)
    with pytest.raises(WebhookVerificationError):
        verifier.verify(flipped, got.headers)


@pytest.mark.parametrize("track_id", ["mine-1", 17, None])
async def test_the_webhook_field_gets_modelslabs_body_with_the_track_id_as_sent(
    gateway: Gateway, receiver: Receiver, track_id: Any
) -> None:
    (delivery_id,) = await gateway.finish(webhook_url=receiver.url, track_id=track_id)
    await gateway.ended(delivery_id)
    body, headers = receiver.got[0].json, receiver.got[0].headers
    assert (body["status"], type(body["id"])) == ("success", int)
    assert (body["track_id"], type(body["track_id"])) == (track_id, type(track_id))
    assert "webhook-id" in headers
    assert "webhook-timestamp" in headers
    assert "webhook-signature" not in headers


async def test_everybody_who_wants_it_is_told_with_one_event_id(gateway: Gateway, serve: Serve) -> None:
    own, all_events, failures, off = [await serve() for _ in range(4)]
    await gateway.endpoint(all_events.url)
    await gateway.endpoint(failures.url, "video.failed")
    disabled = await gateway.endpoint(off.url)
    await gateway.db.write(endpoints.update_endpoint(gateway.workspace, disabled.id, gateway.now(), enabled=False))
    told = await gateway.finish(webhook_url=own.url)
    for delivery_id in told:
        await gateway.ended(delivery_id)
    assert [len(r.got) for r in (own, all_events, failures, off)] == [1, 1, 0, 0]
    assert own.got[0].headers["webhook-id"] == all_events.got[0].headers["webhook-id"]


async def test_nothing_is_told_when_the_finish_is_rolled_back(gateway: Gateway, receiver: Receiver) -> None:
    g = ended(workspace_id=gateway.workspace, webhook_url=receiver.url)

    def finish_and_fail() -> Script[None]:
        yield from gateway._finish(g)
        raise Conflict("somebody was quicker")

    with pytest.raises(Conflict):
        await gateway.db.write(finish_and_fail())
    assert await gateway.db.read(deliveries.list_deliveries(gateway.workspace)) == []


# -- tried again -----------------------------------------------------------------------------


async def test_a_failing_receiver_is_tried_by_the_schedule_with_the_same_id_and_body(
    gateway: Gateway, receiver: Receiver
) -> None:
    receiver.answers, receiver.said = [500, 503, 204], "x" * 5000
    await gateway.endpoint(receiver.url)
    (delivery_id,) = await gateway.finish()
    delivery, attempts = await gateway.ended(delivery_id)
    assert (delivery.state, delivery.attempts, delivery.next_at) == (DeliveryState.DELIVERED, 3, None)
    assert [a.status for a in attempts] == [500, 503, 204]
    assert len(attempts[0].response or "") == 1024
    assert attempts[1].at - attempts[0].at >= 50
    assert attempts[2].at - attempts[1].at >= 100
    assert len({(r.headers["webhook-id"], r.body) for r in receiver.got}) == 1


async def test_the_schedule_ends_in_failed(gateway: Gateway, receiver: Receiver) -> None:
    receiver.answers = [500]
    (delivery_id,) = await gateway.finish(webhook_url=receiver.url)
    delivery, attempts = await gateway.ended(delivery_id)
    assert (delivery.state, len(attempts)) == (DeliveryState.FAILED, len(SCHEDULE_S))
    assert len(receiver.got) == len(SCHEDULE_S)


async def test_a_delivery_survives_a_restart(stopped: Gateway, receiver: Receiver) -> None:
    endpoint = await stopped.endpoint(receiver.url)
    (delivery_id,) = await stopped.finish(track_id=5)
    await stopped.close()
    await stopped.open()
    await stopped.run()
    await stopped.ended(delivery_id)
    got = receiver.got[0]
    assert Webhook(endpoint.secret(OPERATOR)).verify(got.body, got.headers)["data"]["track_id"] == 5


async def test_a_crash_before_the_record_sends_again_with_the_same_id(stopped: Gateway, receiver: Receiver) -> None:
    receiver.slow_s = 0.5
    (delivery_id,) = await stopped.finish(webhook_url=receiver.url)
    await stopped.run()
    await receiver.count(1)
    await stopped.close()  # it was sent, and nobody wrote that down
    receiver.slow_s = 0
    await stopped.open()
    await stopped.run()
    _, attempts = await stopped.ended(delivery_id)
    assert len(attempts) == 1
    assert len({r.headers["webhook-id"] for r in receiver.got}) == 1
    assert len(receiver.got) == 2


async def test_a_redirect_is_not_followed(gateway: Gateway, receiver: Receiver) -> None:
    receiver.answers = [302]
    (delivery_id,) = await gateway.finish(webhook_url=receiver.url)
    delivery, attempts = await gateway.ended(delivery_id)
    assert delivery.state is DeliveryState.FAILED
    assert len(receiver.got) == len(attempts) == len(SCHEDULE_S)
    assert "redirects are not followed" in (attempts[0].error or "")


async def test_a_slow_receiver_times_out(stopped: Gateway, receiver: Receiver) -> None:
    receiver.slow_s, stopped.timeout_s, stopped.schedule_s = 1.0, 0.1, (0,)
    await stopped.run()
    (delivery_id,) = await stopped.finish(webhook_url=receiver.url)
    delivery, attempts = await stopped.ended(delivery_id)
    assert delivery.state is DeliveryState.FAILED
    assert attempts[0].status is None
    assert (attempts[0].error or "").startswith("timeout")
    assert 100 <= attempts[0].took_ms < 900


async def test_a_private_address_is_refused_and_written_down(stopped: Gateway) -> None:
    stopped.outbound = Outbound(user_agent="test")  # nothing allowed: not one packet leaves
    await stopped.run()
    (delivery_id,) = await stopped.finish(webhook_url="http://127.0.0.1:9999/")
    delivery, attempts = await stopped.ended(delivery_id)
    await stopped.outbound.aclose()
    assert delivery.state is DeliveryState.FAILED
    assert len(attempts) == len(SCHEDULE_S)
    assert all((a.error or "").startswith("refused_address") for a in attempts)


async def test_what_is_no_url_fails_at_once(gateway: Gateway) -> None:
    (delivery_id,) = await gateway.finish(webhook_url="not a url")
    delivery, attempts = await gateway.ended(delivery_id)
    assert (delivery.state, len(attempts)) == (DeliveryState.FAILED, 1)


async def test_a_clock_set_back_costs_one_step_of_the_schedule_at_most(stopped: Gateway, receiver: Receiver) -> None:
    receiver.answers = [500, 200]
    (delivery_id,) = await stopped.finish(webhook_url=receiver.url)
    deliverer = stopped.deliverer()
    assert isinstance(await deliverer.deliver(delivery_id), Later)
    stopped.clock.offset_ms = -24 * HOUR_MS
    outcome = await deliverer.deliver(delivery_id)
    assert isinstance(outcome, Later)
    assert outcome.after_s <= 0.05
    await asyncio.sleep(0.06)
    assert await deliverer.deliver(delivery_id) == Done()
    assert len(receiver.got) == 2


# -- endpoints in trouble --------------------------------------------------------------------


async def test_410_disables_the_endpoint_at_once(gateway: Gateway, receiver: Receiver) -> None:
    receiver.answers = [410]
    endpoint = await gateway.endpoint(receiver.url)
    (delivery_id,) = await gateway.finish()
    delivery, _ = await gateway.ended(delivery_id)
    assert (delivery.state, len(receiver.got)) == (DeliveryState.FAILED, 1)
    seen = await gateway.see(endpoint)
    assert not seen.enabled
    assert "410" in (seen.disabled_reason or "")
    assert await gateway.finish() == []
    with pytest.raises(Conflict, match="410"):
        await gateway.db.write(deliveries.resend(gateway.dispatch, gateway.workspace, delivery_id, gateway.now()))


async def test_only_failures_for_long_enough_disable_and_enabling_starts_anew(
    gateway: Gateway, receiver: Receiver
) -> None:
    receiver.answers = [500]
    endpoint = await gateway.endpoint(receiver.url)
    (first,) = await gateway.finish()
    await gateway.ended(first)
    seen = await gateway.see(endpoint)
    assert seen.enabled
    assert seen.failing_since is not None
    gateway.clock.offset_ms = 2 * HOUR_MS
    (second,) = await gateway.finish()
    delivery, attempts = await gateway.ended(second)
    assert delivery.state is DeliveryState.FAILED
    assert "disabled" in (attempts[-1].error or "")
    seen = await gateway.see(endpoint)
    assert not seen.enabled
    assert "every delivery failed for 2.0 hours" in (seen.disabled_reason or "")
    enabled = await gateway.db.write(
        endpoints.update_endpoint(gateway.workspace, endpoint.id, gateway.now(), enabled=True)
    )
    assert (enabled.enabled, enabled.failing_since, enabled.disabled_reason) == (True, None, None)


async def test_a_success_forgives_what_failed_before(gateway: Gateway, receiver: Receiver) -> None:
    receiver.answers = [500, 200]
    endpoint = await gateway.endpoint(receiver.url)
    (first,) = await gateway.finish()
    await gateway.ended(first)
    seen = await gateway.see(endpoint)
    assert (seen.enabled, seen.failing_since) == (True, None)


async def test_a_mended_url_gets_what_still_waits_and_a_deleted_endpoint_nothing(
    stopped: Gateway, serve: Serve
) -> None:
    wrong, right = await serve(), await serve()
    moved, deleted = await stopped.endpoint(wrong.url), await stopped.endpoint(wrong.url)
    to_moved, to_deleted = await stopped.finish()
    await stopped.db.write(endpoints.update_endpoint(stopped.workspace, moved.id, stopped.now(), url=right.url))
    await stopped.db.write(endpoints.delete_endpoint(stopped.workspace, deleted.id, stopped.now()))
    await stopped.run()
    delivery, _ = await stopped.ended(to_moved)
    _, attempts = await stopped.ended(to_deleted)
    assert (len(wrong.got), len(right.got), delivery.url) == (0, 1, right.url)
    assert attempts[0].error == "not_sent: the endpoint was deleted"


async def test_after_a_rotation_both_secrets_sign_for_a_day(gateway: Gateway, receiver: Receiver) -> None:
    before = await gateway.endpoint(receiver.url)
    after = await gateway.db.write(endpoints.rotate_secret(gateway.workspace, before.id, gateway.now()))
    assert before.secret(OPERATOR) != after.secret(OPERATOR)
    (first,) = await gateway.finish()
    await gateway.ended(first)
    for endpoint in (before, after):
        Webhook(endpoint.secret(OPERATOR)).verify(receiver.got[0].body, receiver.got[0].headers)
    assert after.secrets(OPERATOR, gateway.now() + 24 * HOUR_MS) == (after.secret(OPERATOR),)


# -- sent again ------------------------------------------------------------------------------


async def test_a_resend_is_a_new_delivery_of_the_same_event(gateway: Gateway, receiver: Receiver) -> None:
    await gateway.endpoint(receiver.url)
    (old_id,) = await gateway.finish()
    await gateway.ended(old_id)
    new = await gateway.db.write(deliveries.resend(gateway.dispatch, gateway.workspace, old_id, gateway.now()))
    gateway.dispatch.wake(Topic.DELIVERY, new.id)
    await gateway.ended(new.id)
    assert new.id != old_id
    first, second = receiver.got
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


async def test_a_replay_tells_a_new_endpoint_of_the_ends_it_wants_since_then(
    gateway: Gateway, receiver: Receiver
) -> None:
    await gateway.finish(ended_at=gateway.now() - 2 * HOUR_MS)
    await gateway.finish()
    await gateway.finish(State.FAILED)
    await gateway.finish()
    endpoint = await gateway.endpoint(receiver.url, "video.completed")
    replay = await gateway.db.write(
        gateway.announcer.replay(
            gateway.workspace, endpoint.id, gateway.now() - HOUR_MS, gateway.now(), load=store.by_id
        )
    )
    assert (len(replay.delivery_ids), replay.next_since_ms) == (2, None)
    for delivery_id in replay.delivery_ids:
        gateway.dispatch.wake(Topic.DELIVERY, delivery_id)
        await gateway.ended(delivery_id)
    assert [r.json["type"] for r in receiver.got] == ["video.completed"] * 2


async def test_a_replay_stops_at_its_most_and_says_where_to_go_on(stopped: Gateway) -> None:
    start = stopped.now() - HOUR_MS

    def many() -> Script[None]:
        for n in range(REPLAY_MAX + 5):
            changes = {"id": f"video_{n:05}", "token": f"t{n}", "workspace_id": stopped.workspace}
            yield from stopped._finish(ended(ended_at=start + n, **changes))

    await stopped.db.write(many())
    endpoint = await stopped.endpoint("http://127.0.0.1:9999/")
    counts = []
    since: int | None = start
    while since is not None:
        replay = await stopped.db.write(
            stopped.announcer.replay(stopped.workspace, endpoint.id, since, stopped.now(), load=store.by_id)
        )
        counts.append(len(replay.delivery_ids))
        since = replay.next_since_ms
    assert counts == [REPLAY_MAX, 5]


# -- whose is what ---------------------------------------------------------------------------


async def test_other_peoples_endpoints_and_deliveries_are_not_found(gateway: Gateway, receiver: Receiver) -> None:
    endpoint = await gateway.endpoint(receiver.url)
    (delivery_id,) = await gateway.finish()
    other = (await gateway.db.write(ensure_workspace("other", {}, gateway.now()))).id
    now, announcer, dispatch = gateway.now(), gateway.announcer, gateway.dispatch
    for theirs, missing in (
        (endpoints.get_endpoint(other, endpoint.id), endpoints.get_endpoint(other, "whe_0")),
        (
            endpoints.update_endpoint(other, endpoint.id, now, description="x"),
            endpoints.update_endpoint(other, "whe_0", now, description="x"),
        ),
        (endpoints.rotate_secret(other, endpoint.id, now), endpoints.rotate_secret(other, "whe_0", now)),
        (endpoints.delete_endpoint(other, endpoint.id, now), endpoints.delete_endpoint(other, "whe_0", now)),
        (deliveries.get_delivery(other, delivery_id), deliveries.get_delivery(other, "dlv_0")),
        (
            deliveries.resend(dispatch, other, delivery_id, now),
            deliveries.resend(dispatch, other, "dlv_0", now),
        ),
        (
            announcer.replay(other, endpoint.id, 0, now, load=store.by_id),
            announcer.replay(other, "whe_0", 0, now, load=store.by_id),
        ),
    ):
        messages = []
        for script, subject in ((theirs, None), (missing, "0")):
            with pytest.raises(NotFound) as caught:
                await gateway.db.write(script)  # type: ignore[arg-type]
            shown = "whe_0" if "endpoint" in caught.value.message else "dlv_0"
            messages.append(
                caught.value.message.replace(shown if subject else endpoint.id, "ID").replace(delivery_id, "ID")
            )
        assert messages[0] == messages[1]
    assert await gateway.db.read(deliveries.list_deliveries(other)) == []
    assert await gateway.db.read(endpoints.list_endpoints(other)) == []
    assert await gateway.see(endpoint) == endpoint


async def test_a_workspace_has_twenty_endpoints_at_most(gateway: Gateway) -> None:
    made = [await gateway.endpoint("https://example.com/hook") for _ in range(endpoints.ENDPOINTS_MAX)]
    with pytest.raises(Conflict, match="20"):
        await gateway.endpoint("https://example.com/hook")
    await gateway.db.write(endpoints.delete_endpoint(gateway.workspace, made[0].id, gateway.now()))
    await gateway.endpoint("https://example.com/hook")


async def test_the_log_is_filtered_and_paged_newest_first(gateway: Gateway, receiver: Receiver) -> None:
    endpoint = await gateway.endpoint(receiver.url)
    ids = []
    for _ in range(5):
        ids += await gateway.finish()
    own, to_endpoint = await gateway.finish(webhook_url=receiver.url)
    for delivery_id in (*ids, own, to_endpoint):
        await gateway.ended(delivery_id)

    async def listed(**filters: Any) -> list[str]:
        found = await gateway.db.read(deliveries.list_deliveries(gateway.workspace, **filters))
        return [d.id for d in found]

    assert await listed(limit=2) == [to_endpoint, own]
    assert await listed(after=own) == ids[::-1]
    assert await listed(endpoint_id=endpoint.id, limit=3) == [to_endpoint, ids[4], ids[3]]
    assert await listed(state=DeliveryState.FAILED) == []
    generation_id = (await gateway.look(own))[0].generation_id
    assert await listed(generation_id=generation_id) == [to_endpoint, own]


async def test_a_dispatch_entry_is_gone_once_its_delivery_has_ended(gateway: Gateway, receiver: Receiver) -> None:
    (delivery_id,) = await gateway.finish(webhook_url=receiver.url)
    await gateway.ended(delivery_id)
    for _ in range(1000):
        if not await gateway.db.read(_entries()):
            return
        await asyncio.sleep(0.005)
    pytest.fail("the entry is still there")


def _entries() -> Script[list[tuple[Any, ...]]]:
    return (yield sql("SELECT topic, subject FROM dispatch_entries"))
