"""What a script makes of an order; the clips themselves are previz's."""

import pytest

from builders import a_spec
from reelway.errors import ProviderError, ProviderFault
from reelway.providers.base import (
    Absent,
    CancelOutcome,
    CannotTell,
    Done,
    Failed,
    FindOutcome,
    Found,
    Handle,
    NotStopped,
    Order,
    Progress,
    Provider,
    Serves,
    Stopped,
    Waiting,
)
from reelway.providers.sandbox import Sandbox, script_of


class Renderer(Provider):
    """Is done at once."""

    async def submit(self, order: Order) -> Handle:
        return {"prompt": order.spec.prompt}

    async def poll(self, handle: Handle) -> Progress:
        return Done(url="file:" + handle["prompt"])

    async def cancel(self, handle: Handle) -> CancelOutcome:
        return Stopped()

    async def find(self, order: Order) -> FindOutcome:
        return Absent()

    async def discard(self, handle: Handle) -> None: ...

    async def aclose(self) -> None: ...


def order(prompt: str) -> Order:
    return Order(key="gen:1", spec=a_spec(prompt=prompt), upstream_model="previz-1")


@pytest.mark.parametrize(
    ("prompt", "script"),
    [
        ("a red kite", ("", "a red kite")),
        ("Refuse: violence", ("refuse", "violence")),
        ("slow 3 a kite", ("slow", "3 a kite")),
        ("lost answer for good", ("lost answer for good", "")),
        ("slowly a kite rises", ("", "slowly a kite rises")),
        ("unavailable once a kite", ("unavailable once", "a kite")),
    ],
)
def test_the_script_starts_the_prompt(prompt: str, script: tuple[str, str]) -> None:
    assert script_of(prompt) == script


async def test_what_is_no_script_is_rendered() -> None:
    sandbox = Sandbox(Renderer())
    for prompt, shown in (("a red kite", "a red kite"), ("lost answer", "lost answer"), ("slow 1 a kite", "a kite")):
        found = await sandbox.find(order(prompt))
        handle = found.handle if isinstance(found, Found) else await sandbox.submit(order(prompt))
        if prompt.startswith("slow"):
            assert await sandbox.poll(handle) == Waiting(started=False)
        assert await sandbox.poll(handle) == Done(url=f"file:{shown}")


async def test_once_is_once() -> None:
    sandbox = Sandbox(Renderer())
    for prompt, fault in (
        ("throttle once", ProviderFault.THROTTLED),
        ("unavailable once", ProviderFault.UNAVAILABLE),
    ):
        with pytest.raises(ProviderError) as caught:
            await sandbox.submit(order(prompt))
        assert caught.value.fault is fault
        assert await sandbox.poll(await sandbox.submit(order(prompt))) == Done(url=f"file:{prompt}")


@pytest.mark.parametrize(
    ("prompt", "fault"),
    [("refuse: violence", ProviderFault.REFUSED), ("fail: out of memory", ProviderFault.UNAVAILABLE)],
)
async def test_a_job_fails_as_it_is_written(prompt: str, fault: ProviderFault) -> None:
    sandbox = Sandbox(Renderer())
    failed = await sandbox.poll(await sandbox.submit(order(prompt)))
    assert failed == Failed(fault=fault, message=script_of(prompt)[1])


async def test_a_lost_answer_is_found_unless_it_is_lost_for_good() -> None:
    sandbox = Sandbox(Renderer())
    for prompt, outcome in (("lost answer", Found), ("lost answer for good", CannotTell), ("a kite", Absent)):
        assert isinstance(await sandbox.find(order(prompt)), outcome)


async def test_what_cannot_be_stopped_says_so() -> None:
    sandbox = Sandbox(Renderer())
    assert isinstance(await sandbox.cancel(await sandbox.submit(order("uncancellable"))), NotStopped)
    assert await sandbox.cancel(await sandbox.submit(order("slow 9"))) == Stopped()


async def test_it_serves_whatever_is_asked() -> None:
    assert isinstance(await Sandbox(Renderer()).probe("anything"), Serves)
