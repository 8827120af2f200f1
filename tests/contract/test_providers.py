"""One suite over every adapter that the registry finds; each speaks to the replica of its provider.

A provider without an entry fails with the name of the file to write. What other gateways got wrong is here, once
for all.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest

from reelway.catalogue.load import load
from reelway.domain.models import smallest_clip
from reelway.errors import OutboundError, ProviderError, ProviderFault
from reelway.providers import registry
from reelway.providers.base import (
    Callback,
    CannotTell,
    Done,
    Failed,
    NotStopped,
    Progress,
    Provider,
    Serves,
    Stopped,
    Waiting,
)
from replicas.case import Case, adapter, cases_of, stored
from replicas.replica import VENDORS_OWN, Replica, Trouble

WITHOUT_A_WIRE = {
    "diffusers": "an engine here: no wire; tests/unit/providers/test_diffusers.py runs the real one",
    "previz": "the built-in engine: no wire; tests/unit/previz and tests/integration run it",
    "sandbox": "plays scripts and hands on to previz",
}
LOOPBACK = (ip_network("127.0.0.0/8"),)
KINDS = [name for name in registry.names() if name not in WITHOUT_A_WIRE]
CASES = [pytest.param(case, id=case.name) for kind in KINDS for case in cases_of(kind)]
every_case = pytest.mark.parametrize("case", CASES)
callers = pytest.mark.parametrize("case", [one for one in CASES if one.values[0].calls_back])
signers = pytest.mark.parametrize("case", [one for one in CASES if one.values[0].signed])
probed = pytest.mark.parametrize("case", [one for one in CASES if one.values[0].probes != "nothing"])
CALLBACK = "https://reelway.example/callbacks/tested/video_1/0123456789abcdef"


@asynccontextmanager
async def talking(case: Case, **table: Any) -> AsyncIterator[tuple[Provider, Replica]]:
    async with (
        case.serve().serving() as replica,
        adapter(case.provider, case.table(replica) | table) as provider,
    ):
        yield provider, replica


async def finished(provider: Provider, handle: dict[str, Any], looks: int = 20) -> tuple[list[Progress], Progress]:
    waits: list[Progress] = []
    for _ in range(looks):
        progress = await provider.poll(stored(handle))
        if not isinstance(progress, Waiting):
            return waits, progress
        waits.append(progress)
    raise AssertionError(f"still waiting after {looks} looks")


async def downloaded(done: Done) -> bytes:
    assert done.via is not None
    assert done.url is not None
    chunks = done.via.download(done.url, headers=dict(done.headers), size_bytes_max=1 << 20, timeout_s=10)
    return b"".join([chunk async for chunk in chunks])


async def in_trouble(case: Case, trouble: Trouble, **table: Any) -> ProviderError:
    async with talking(case, **table) as (provider, replica):
        replica.trouble = trouble
        with pytest.raises(ProviderError) as caught:
            await provider.submit(case.order)
        assert not [secret for secret in case.secrets if secret in caught.value.message]
        assert replica.seen_at_files == []
        return caught.value


@pytest.mark.parametrize("kind", KINDS)
def test_every_provider_has_a_replica(kind: str) -> None:
    assert cases_of(kind), f"write tests/replicas/cases/{kind}.py with CASES, and the replica that they speak to"


@every_case
async def test_a_clip_from_order_to_bytes(case: Case) -> None:
    async with talking(case) as (provider, replica):
        handle = await provider.submit(case.order)
        waits, done = await finished(provider, handle)
        assert isinstance(done, Done)
        assert waits, "the replica is done at the first look"
        assert await downloaded(done) == replica.clip
        assert done.cost_microusd is None or done.cost_microusd > 0
        assert stored(dict(done.meta)) == dict(done.meta)
        await provider.discard(handle)


@every_case
async def test_progress_is_a_fraction(case: Case) -> None:
    async with talking(case) as (provider, replica):
        replica.looks = 4
        waits, _ = await finished(provider, await provider.submit(case.order))
        fractions = [w.fraction_done for w in waits if isinstance(w, Waiting) and w.fraction_done is not None]
        assert fractions == sorted(fractions)
        assert all(0 <= fraction < 1 for fraction in fractions)


@every_case
async def test_every_state_means_what_the_documents_say(case: Case) -> None:
    """A poll loop that stops, or never stops, at a state it did not expect."""
    async with talking(case) as (provider, replica):
        handle = await provider.submit(case.order)
        for state, means in case.states.items():
            replica.force(state)
            match await provider.poll(handle):
                case Waiting(started=started):
                    found: str = "started" if started else "waiting"
                case Done():
                    found = "done"
                case Failed(fault=fault, message=message):
                    found = fault
                    assert message
            assert found == means, state


@every_case
async def test_a_state_we_do_not_know_is_never_waiting(case: Case) -> None:
    """Else a finished job is looked at for ever."""
    async with talking(case) as (provider, replica):
        handle = await provider.submit(case.order)
        replica.force("zzz")
        with pytest.raises(ProviderError) as caught:
            await provider.poll(handle)
        assert caught.value.fault is ProviderFault.UNREADABLE


FAULTS = {
    Trouble.UNAVAILABLE: (ProviderFault.UNAVAILABLE, True),
    Trouble.BROKEN: (ProviderFault.UNAVAILABLE, False),
    Trouble.LOST_ANSWER: (ProviderFault.UNAVAILABLE, False),
    Trouble.NOT_JSON: (ProviderFault.UNREADABLE, False),
    Trouble.REDIRECT: (ProviderFault.UNREADABLE, True),
    Trouble.REFUSED: (ProviderFault.REFUSED, False),
    Trouble.REJECTED: (ProviderFault.REJECTED, False),
    Trouble.CREDENTIALS: (ProviderFault.CREDENTIALS, False),
    Trouble.FUNDS: (ProviderFault.FUNDS, False),
    Trouble.THROTTLED: (ProviderFault.THROTTLED, True),
    Trouble.MODEL_GONE: (ProviderFault.MODEL_GONE, False),
}
TROUBLES = [
    pytest.param(case, trouble, id=f"{case.name}-{trouble}")
    for kind in KINDS
    for case in cases_of(kind)
    for trouble in FAULTS
    if trouble in case.troubles or trouble not in VENDORS_OWN
]


@pytest.mark.parametrize(("case", "trouble"), TROUBLES)
async def test_every_refusal_is_what_it_is(case: Case, trouble: Trouble) -> None:
    """Refused is not rejected; and only what certainly made no job may be sent again."""
    error = await in_trouble(case, trouble)
    assert (error.fault, error.no_job) == FAULTS[trouble]
    if trouble is Trouble.THROTTLED:
        assert error.retry_after_s == 7


@every_case
async def test_a_provider_that_hangs_is_given_up(case: Case) -> None:
    error = await in_trouble(case, Trouble.HANGS, timeout_s=0.2)
    assert (error.fault, error.no_job) == (ProviderFault.UNAVAILABLE, False)


@every_case
async def test_after_a_lost_answer_find_says_what_is_known(case: Case) -> None:
    async with talking(case) as (provider, replica):
        replica.trouble = Trouble.LOST_ANSWER
        with pytest.raises(ProviderError):
            await provider.submit(case.order)
        assert len(replica.jobs) == 1
        assert isinstance(await provider.find(case.order), case.lost)


@every_case
async def test_a_refused_connection_made_no_job(case: Case) -> None:
    async with case.serve().serving() as replica:
        table = case.table(replica)
    async with adapter(case.provider, table) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.submit(case.order)
        assert (caught.value.fault, caught.value.no_job) == (ProviderFault.UNAVAILABLE, True)


@every_case
async def test_the_key_goes_to_its_origin_and_nowhere_else(case: Case) -> None:
    """The clip lies at another host, and that host never sees the key."""
    async with (
        case.serve().serving() as replica,
        adapter(case.provider, case.table(replica), allow_private=LOOPBACK) as provider,
    ):
        replica.elsewhere = True
        handle = await provider.submit(case.order)
        _, done = await finished(provider, handle)
        assert isinstance(done, Done)
        assert await downloaded(done) == replica.clip
        assert len(replica.seen_at_files) == 1
        for seen in replica.seen_at_files:
            said = f"{seen.path} {dict(seen.headers)}"
            assert not [secret for secret in case.secrets if secret in said]
        if case.key_header is not None:
            assert {case.key_header in seen.headers for seen in replica.seen} == {True}
        assert not [secret for secret in case.secrets if secret in repr(done)]


@every_case
async def test_a_file_at_a_private_host_that_nobody_named_is_not_fetched(case: Case) -> None:
    async with talking(case) as (provider, replica):
        replica.elsewhere = True
        _, done = await finished(provider, await provider.submit(case.order))
        assert isinstance(done, Done)
        with pytest.raises(OutboundError) as caught:
            await downloaded(done)
        assert caught.value.reason == "refused_address"
        assert replica.seen_at_files == []


@every_case
async def test_a_download_that_breaks_off_is_no_clip(case: Case) -> None:
    async with talking(case) as (provider, replica):
        _, done = await finished(provider, await provider.submit(case.order))
        assert isinstance(done, Done)
        replica.cut_downloads = 1
        with pytest.raises(OutboundError):
            await downloaded(done)
        assert await downloaded(done) == replica.clip


@every_case
async def test_cancel_says_what_happened(case: Case) -> None:
    async with talking(case) as (provider, replica):
        replica.looks = 10
        handle = await provider.submit(case.order)
        await provider.poll(handle)
        outcome = await provider.cancel(stored(handle))
        assert isinstance(outcome, Stopped if case.stops else NotStopped)
        if isinstance(outcome, NotStopped):
            assert outcome.message
            assert isinstance(await provider.poll(handle), Waiting)


@every_case
async def test_a_job_that_nobody_knows_any_more_is_not_found(case: Case) -> None:
    async with talking(case) as (provider, replica):
        handle = await provider.submit(case.order)
        replica.restart()
        with pytest.raises(ProviderError) as caught:
            await provider.poll(handle)
        assert caught.value.fault is ProviderFault.NOT_FOUND


@every_case
async def test_discard_never_fails(case: Case) -> None:
    async with case.serve().serving() as replica:
        async with adapter(case.provider, case.table(replica)) as provider:
            handle = await provider.submit(case.order)
            replica.restart()
            await provider.discard(handle)
        table = case.table(replica)
    async with adapter(case.provider, table) as provider:
        await provider.discard(handle)


async def called(case: Case, provider: Provider, replica: Replica) -> Callback:
    """The call about a job that is done, as it arrives."""
    replica.looks = 0
    await provider.submit(replace(case.order, callback_url=CALLBACK))
    headers, body = replica.callback(next(reversed(replica.jobs)))
    headers = {name.lower(): value for name, value in headers.items()}
    return Callback(url=CALLBACK, headers=headers, body=body, now_ms=time.time_ns() // 1_000_000)


@every_case
async def test_a_callback_is_asked_for_by_an_order_that_wants_one_and_by_no_other(case: Case) -> None:
    async with talking(case) as (provider, replica):
        await provider.submit(case.order)
        assert replica.callback_urls == {}
        said = [f"{seen.path} {seen.body!r}" for seen in replica.seen]
        assert not [words for words in said if "callback" in words or "webhook" in words]
        await provider.submit(replace(case.order, key="gen:2", callback_url=CALLBACK))
        asked = {next(reversed(replica.jobs)): CALLBACK}
        assert replica.callback_urls == (asked if case.calls_back else {})
        if not case.calls_back:
            assert not [seen for seen in replica.seen if b"reelway.example" in seen.body]


@callers
async def test_a_callback_as_the_provider_makes_it_is_genuine(case: Case) -> None:
    async with talking(case) as (provider, replica):
        assert await provider.genuine(await called(case, provider, replica))


@signers
async def test_a_callback_that_was_changed_is_not_genuine(case: Case) -> None:
    async with talking(case) as (provider, replica):
        good = await called(case, provider, replica)
        assert not await provider.genuine(replace(good, body=good.body + b" "))
        assert not await provider.genuine(replace(good, body=b""))
        assert not await provider.genuine(replace(good, headers={}))
        for name, value in good.headers.items():
            others = {header: text for header, text in good.headers.items() if header != name}
            assert not await provider.genuine(replace(good, headers=others)), f"without {name}"
            for changed in (
                value[:-1],
                value + "0",
                "0" + value,
                "",
                "v1,",
                "t=,v1=",
                "1,2,3",
                "a.b.c",
                "\xff",
                "1" * 400,
            ):
                headers = others | {name: changed}
                assert not await provider.genuine(replace(good, headers=headers)), f"{name}: {changed}"


@signers
async def test_a_callback_of_another_hour_is_not_genuine(case: Case) -> None:
    async with talking(case) as (provider, replica):
        good = await called(case, provider, replica)
        for minutes in (-60, -6, 6, 60):
            assert not await provider.genuine(replace(good, now_ms=good.now_ms + minutes * 60_000)), minutes
        for minutes in (-4, 4):
            assert await provider.genuine(replace(good, now_ms=good.now_ms + minutes * 60_000)), minutes


@every_case
async def test_a_probe_makes_no_job(case: Case) -> None:
    async with talking(case) as (provider, replica):
        outcome = await provider.probe(case.order.upstream_model)
        assert isinstance(outcome, CannotTell if case.probes == "nothing" else Serves)
        assert replica.jobs == {}
        assert replica.orders == 0


@probed
async def test_a_probe_finds_out_that_the_key_is_not_good(case: Case) -> None:
    async with talking(case) as (provider, replica):
        replica.key = "another-key-that-we-do-not-have"
        with pytest.raises(ProviderError) as caught:
            await provider.probe(case.order.upstream_model)
        assert caught.value.fault is ProviderFault.CREDENTIALS
        assert not [secret for secret in case.secrets if secret in caught.value.message]


@probed
async def test_a_probe_says_of_a_model_what_it_can(case: Case) -> None:
    async with talking(case) as (provider, _):
        if case.probes == "account":
            assert isinstance(await provider.probe("nobody/has-this-model"), Serves)
            return
        with pytest.raises(ProviderError) as caught:
            await provider.probe("nobody/has-this-model")
        assert caught.value.fault is ProviderFault.MODEL_GONE


@probed
async def test_a_probe_of_what_cannot_be_reached_proves_nothing(case: Case) -> None:
    async with case.serve().serving() as replica:
        table = case.table(replica)
    async with adapter(case.provider, table) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.probe(case.order.upstream_model)
        assert caught.value.fault is ProviderFault.UNAVAILABLE


def test_no_catalogue_entry_is_sold_for_nothing() -> None:
    """Price data that is missing is a free clip elsewhere."""
    sold = [card for card in load().cards() if any(not route.free for route in card.routes)]
    assert [card.id for card in sold if card.price_microusd(smallest_clip(card)) <= 0] == []
