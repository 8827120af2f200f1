"""First come, first served; a waiter that gives up passes its place on."""

import asyncio

from reelway.generations.slots import Slots


class Jobs:
    """Starts jobs that hold a slot until told, and remembers the order they got it in."""

    def __init__(self, most: int) -> None:
        self.slots, self.most = Slots(), most
        self.started: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, name: str, *, running_already: bool = False) -> None:
        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._job(name, running_already))

    async def _job(self, name: str, running_already: bool) -> None:
        async with self.slots.hold("p", self.most, running_already=running_already):
            self.started.append(name)
            await self.ends[name].wait()

    async def end(self, name: str) -> None:
        self.ends[name].set()
        await self.tasks[name]
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_slots_are_given_in_the_order_they_were_asked_for() -> None:
    jobs = Jobs(2)
    for name in "abcde":
        jobs.begin(name)
    await settle()
    assert jobs.started == ["a", "b"]
    for name in "abcde":
        await jobs.end(name)
    assert jobs.started == list("abcde")


async def test_a_waiter_that_gives_up_passes_its_place_on() -> None:
    jobs = Jobs(1)
    for name in "abc":
        jobs.begin(name)
    await settle()
    jobs.ends["a"].set()
    await jobs.tasks["a"]  # the slot is handed to b, which is cancelled before it could take it
    jobs.tasks["b"].cancel()
    await settle()
    assert "c" in jobs.started
    await jobs.end("c")
    jobs.begin("d")
    await settle()
    assert jobs.started[-1] == "d", "no slot was lost"
    await jobs.end("d")


async def test_what_runs_already_takes_a_slot_even_when_none_is_free() -> None:
    jobs = Jobs(1)
    jobs.begin("a")
    jobs.begin("b", running_already=True)
    jobs.begin("c")
    await settle()
    assert sorted(jobs.started) == ["a", "b"]
    await jobs.end("a")
    assert sorted(jobs.started) == ["a", "b"], "two were too many: one end frees nothing"
    await jobs.end("b")
    assert jobs.started[-1] == "c"
    await jobs.end("c")


async def test_providers_do_not_share_slots() -> None:
    slots = Slots()
    async with slots.hold("a", 1), slots.hold("b", 1):
        pass
