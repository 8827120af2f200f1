"""Owners take turns; a waiter that gives up passes its place on."""

import asyncio

from reelway.dispatch.turns import Turns


class Jobs:
    """Starts jobs that hold a place until told, and remembers the order they got it in."""

    def __init__(self, most: int) -> None:
        self.turns = Turns(most)
        self.started: list[str] = []
        self.ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def begin(self, name: str) -> None:
        """Its owner is the first letter of its name."""
        self.ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._job(name))

    async def _job(self, name: str) -> None:
        async with self.turns.place(name[0]):
            self.started.append(name)
            await self.ends[name].wait()

    async def end(self, name: str) -> None:
        self.ends[name].set()
        await self.tasks[name]
        await settle()

    async def end_all(self) -> None:
        ended = 0
        while ended < len(self.started):
            await self.end(self.started[ended])
            ended += 1


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_an_owner_alone_is_served_in_order() -> None:
    jobs = Jobs(2)
    names = [f"a{number}" for number in range(5)]
    for name in names:
        jobs.begin(name)
    await settle()
    assert jobs.started == names[:2]
    await jobs.end_all()
    assert jobs.started == names


async def test_two_owners_alternate_however_much_the_first_brought_before() -> None:
    jobs = Jobs(1)
    for number in range(20):
        jobs.begin(f"a{number:02}")
    await settle()
    for number in range(3):
        jobs.begin(f"b{number}")
    await settle()
    await jobs.end_all()
    assert [jobs.started.index(f"b{number}") for number in range(3)] == [2, 4, 6]


async def test_who_comes_back_after_a_pause_has_no_credit_from_it() -> None:
    jobs = Jobs(1)
    for number in range(10):
        jobs.begin(f"a{number}")
    await settle()
    for number in range(5):
        await jobs.end(f"a{number}")
    for number in range(5):
        jobs.begin(f"b{number}")
    await settle()
    await jobs.end_all()
    assert [name[0] for name in jobs.started[6:]] == list("ababababb")


async def test_a_waiter_that_gives_up_passes_its_place_on() -> None:
    jobs = Jobs(1)
    for name in "abc":
        jobs.begin(name)
    await settle()
    jobs.ends["a"].set()
    await jobs.tasks["a"]  # the place is handed to b, which is cancelled before it could take it
    jobs.tasks["b"].cancel()
    await settle()
    assert "c" in jobs.started
    await jobs.end("c")
    jobs.begin("d")
    await settle()
    assert "d" in jobs.started
    await jobs.end("d")
