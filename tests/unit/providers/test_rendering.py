"""What engines in the worker share: how a clip is followed, stopped, started again and given up."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from builders import a_spec
from reelway.domain.generation import Asset, Role
from reelway.errors import ProviderError, ProviderFault, StorageError
from reelway.previz.engine import Engine
from reelway.providers.base import Done, Failed, Handle, NotStopped, Order, Progress, Stopped, Waiting
from reelway.providers.previz import Previz
from reelway.providers.rendering import Heard, ProcessLost, Rendering
from reelway.storage.base import MissingFile

PICTURE = Asset(role=Role.FIRST_FRAME, key="inputs/a.png", media_type="image/png", width=8, height=8, size_bytes=1)
ORDER = Order(key="gen:1", spec=a_spec(assets=(PICTURE,)), upstream_model="m")
Make = Callable[[dict[str, Any], Path, Heard], Awaitable[Done | Failed]]


class Inputs:
    """One file, which the storage may refuse; and how often it was taken and given back."""

    def __init__(self) -> None:
        self.refuses: StorageError | None = None
        self.taken = self.given_back = 0

    async def read(self, asset: Asset) -> bytes:
        raise AssertionError("an engine here takes a file")

    @asynccontextmanager
    async def at_hand(self, asset: Asset) -> AsyncIterator[Path]:
        if self.refuses is not None:
            raise self.refuses
        self.taken += 1
        try:
            yield Path("/files") / asset.key
        finally:
            self.given_back += 1


class Drawing(Rendering):
    """An engine that is a function of the test."""

    def __init__(self, make: Make, folder: Path) -> None:
        self.inputs = Inputs()
        super().__init__({Role.FIRST_FRAME: "image"}, self.inputs, folder)
        self._make = make

    async def submit(self, order: Order) -> Handle:
        handle = self.handle(order, {"prompt": order.spec.prompt}, order.spec.assets)
        return orjson.loads(orjson.dumps(handle))  # type: ignore[no-any-return]

    async def make(self, order: dict[str, Any], output: Path, heard: Heard) -> Done | Failed:
        return await self._make(order, output, heard)


def files_in(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def draw(text: str, output: Path) -> Done:
    output.write_text(text)
    return Done(path=output, cost_microusd=0)


async def drawn(order: dict[str, Any], output: Path, heard: Heard) -> Done:
    return draw(order["image"], output)


async def for_ever(order: dict[str, Any], output: Path, heard: Heard) -> Done:
    heard.on_progress(0.25)
    heard.on_preview(b"jpeg")
    await asyncio.Event().wait()
    raise AssertionError("nothing sets it")


async def looked(provider: Rendering, handle: Handle) -> Progress:
    """Until there is more than a start to tell."""
    async with asyncio.timeout(10):
        while (progress := await provider.poll(handle)) == Waiting(started=False):
            await asyncio.sleep(0)
    return progress


async def test_a_clip_is_made_at_the_first_look_with_its_files_at_hand_as_long(tmp_path: Path) -> None:
    provider = Drawing(drawn, tmp_path)
    handle = await provider.submit(ORDER)
    assert provider.inputs.taken == 0
    done = await looked(provider, handle)
    assert done == Done(path=tmp_path / "gen-1.mp4", cost_microusd=0)
    assert files_in(tmp_path) == {"gen-1.mp4": "/files/inputs/a.png"}
    assert (provider.inputs.taken, provider.inputs.given_back) == (1, 1)
    assert isinstance(await provider.cancel(handle), NotStopped)
    assert await provider.poll(handle) == done
    await provider.discard(handle)
    assert files_in(tmp_path) == {}


@pytest.mark.parametrize("how", ["cancel", "discard", "aclose"])
async def test_what_is_being_made_is_told_and_stopped(tmp_path: Path, how: str) -> None:
    provider = Drawing(for_ever, tmp_path)
    handle = await provider.submit(ORDER)
    assert await looked(provider, handle) == Waiting(started=True, fraction_done=0.25, picture=b"jpeg")
    match how:
        case "cancel":
            assert await provider.cancel(handle) == Stopped()
        case "discard":
            await provider.discard(handle)
            await asyncio.sleep(0)
        case _:
            await provider.aclose()
    assert (provider.inputs.taken, provider.inputs.given_back) == (1, 1)


async def test_one_that_was_never_looked_at_is_stopped_too(tmp_path: Path) -> None:
    provider = Drawing(drawn, tmp_path)
    assert await provider.cancel(await provider.submit(ORDER)) == Stopped()


async def test_storage_that_refuses_delays_it_and_a_lost_file_ends_it(tmp_path: Path) -> None:
    provider = Drawing(drawn, tmp_path)
    handle = await provider.submit(ORDER)
    provider.inputs.refuses = StorageError("the bucket is away")
    for _ in range(2):
        with pytest.raises(ProviderError, match="the bucket is away") as raised:
            await looked(provider, handle)
        assert raised.value.fault is ProviderFault.UNAVAILABLE
    provider.inputs.refuses = MissingFile("no file 'inputs/a.png'")
    assert await looked(provider, handle) == Failed(fault=ProviderFault.NOT_FOUND, message="no file 'inputs/a.png'")
    await provider.discard(handle)
    provider.inputs.refuses = None
    assert isinstance(await looked(provider, handle), Done)


@pytest.mark.parametrize(("deaths", "fault"), [(2, None), (3, ProviderFault.UNAVAILABLE)])
async def test_a_process_that_dies_under_it_twice_is_started_again(
    tmp_path: Path, deaths: int, fault: ProviderFault | None
) -> None:
    starts = 0

    async def deadly(order: dict[str, Any], output: Path, heard: Heard) -> Done:
        nonlocal starts
        starts += 1
        if starts <= deaths:
            raise ProcessLost("SIGSEGV", Failed(fault=ProviderFault.UNAVAILABLE, message="it died"))
        return await drawn(order, output, heard)

    provider = Drawing(deadly, tmp_path)
    end = await looked(provider, await provider.submit(ORDER))
    assert starts == 3
    assert (end.fault if isinstance(end, Failed) else None) == fault


async def test_a_render_process_that_does_not_start_is_the_machines_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody's order is at fault, so it is tried again, and then said to be unavailable."""
    previz = Previz(Engine(cache_dir=tmp_path), Inputs(), tmp_path)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    end = await looked(previz, await previz.submit(Order(key="gen:1", spec=a_spec(), upstream_model="previz-1")))
    assert isinstance(end, Failed)
    assert (end.fault, end.message.partition(":")[0]) == (
        ProviderFault.UNAVAILABLE,
        "the render process did not start",
    )
    await previz.aclose()
