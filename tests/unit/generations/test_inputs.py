"""A control video of depth: taken as it is, made what models know when it is needed, once, by whoever has the job."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from builders import a_spec
from depth_videos import bands, broken_later, depth_video
from reelway.domain.generation import Asset, ClipSpec, Control, InputFile, Role
from reelway.errors import InvalidRequest, ProviderError, ProviderFault, StorageError
from reelway.generations.inputs import InputStore
from reelway.kit.outbound import Outbound
from reelway.media.control import is_deep
from reelway.media.probe import probe
from reelway.storage.base import StoredFile
from reelway.storage.local import LocalStorage
from replicas.replica import a_clip

LED = a_spec(frames=8, fps=8, control=Control.DEPTH)


class Files(LocalStorage):
    """What all machines share; remembers what was stored, and calls back just before it is."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.stored: list[str] = []
        self.before_put: Callable[[], object] = lambda: None

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, media_type: str) -> StoredFile:
        self.stored.append(key)
        if asyncio.iscoroutine(waited := self.before_put()):
            await waited
        return await super().put(key, chunks, media_type=media_type)

    async def names(self) -> list[str]:
        return [file.key for file in [file async for file in self.list()]]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


@pytest.fixture
def machine(tmp_path: Path, files: Files) -> Callable[[str], InputStore]:
    def made(name: str) -> InputStore:
        (tmp_path / name).mkdir()
        about = {"picture_bytes_max": 1 << 20, "clip_bytes_max": 1 << 20, "timeout_s": 5}
        return InputStore(files, Outbound(user_agent="tests"), tmp_path / name, **about)  # type: ignore[arg-type]

    return made


def sent(path: Path) -> InputFile:
    return InputFile(role=Role.CONTROL_VIDEO, param="control_video", data=path.read_bytes())


async def taken(store: InputStore, file: InputFile, spec: ClipSpec = LED) -> ClipSpec:
    """As another machine gets it: by way of the row."""
    return ClipSpec.from_json(replace(spec, assets=await store.take([file], spec)).to_json())


def asset_of(spec: ClipSpec) -> Asset:
    asset = spec.asset(Role.CONTROL_VIDEO)
    assert asset is not None
    return asset


@pytest.fixture
def deep(tmp_path: Path) -> Path:
    return depth_video(tmp_path / "d.mkv", [bands(2, 4, 8, np.inf)] * 8)


async def test_it_is_taken_as_it_is_and_made_ready_once(
    machine: Callable[[str], InputStore], files: Files, deep: Path
) -> None:
    store = machine("one")
    spec = await taken(store, sent(deep))
    (kept,) = await files.names()
    assert b"".join([chunk async for chunk in files.read(kept)]) == sent(deep).data
    assert files.stored == []  # nothing was encoded
    for _ in range(3):  # a retry, a failover
        await store.make_ready(spec)
    assert files.stored == [asset_of(spec).key]
    async with store.at_hand(asset_of(spec)) as path:
        facts = probe(path)
        assert (facts.width, facts.height, facts.frames, facts.codec, is_deep(path)) == (128, 64, 8, "h264", False)
        assert await store.read(asset_of(spec)) == path.read_bytes()
    await store.drop(spec.assets)
    assert await files.names() == []


async def test_another_machine_goes_on_wherever_the_first_stopped(
    machine: Callable[[str], InputStore], files: Files, deep: Path
) -> None:
    spec = await taken(machine("api"), sent(deep))
    one, other = machine("one"), machine("other")
    await asyncio.gather(one.make_ready(spec), other.make_ready(spec))  # both believe that it is theirs
    assert await one.read(asset_of(spec)) == await other.read(asset_of(spec))
    assert len(await files.names()) == 2


async def test_what_is_made_when_the_job_is_over_does_not_stay(
    machine: Callable[[str], InputStore], files: Files, deep: Path
) -> None:
    store = machine("one")
    spec = await taken(store, sent(deep))
    files.before_put = lambda: store.drop(spec.assets)  # it is cancelled meanwhile
    await store.make_ready(spec)
    assert await files.names() == []


async def test_storage_that_refuses_leaves_what_the_next_try_needs(
    machine: Callable[[str], InputStore], files: Files, deep: Path, tmp_path: Path
) -> None:
    def refuse() -> None:
        raise StorageError("the bucket is away")

    store = machine("one")
    spec = await taken(store, sent(deep))
    kept = await files.names()
    files.before_put = refuse
    with pytest.raises(StorageError, match="the bucket is away"):
        await store.make_ready(spec)
    assert await files.names() == kept
    assert list((tmp_path / "one" / "scratch").iterdir()) == []
    files.before_put = lambda: None
    await store.make_ready(spec)
    assert probe(io.BytesIO(await store.read(asset_of(spec)))).codec == "h264"


async def test_only_depth_of_16_bits_is_made_ready(
    machine: Callable[[str], InputStore], files: Files, deep: Path
) -> None:
    store = machine("one")
    edges = await taken(store, sent(deep), replace(LED, control=Control.EDGE))
    grey = await taken(store, InputFile(role=Role.CONTROL_VIDEO, param="control_video", data=a_clip()))
    for spec in (edges, grey, LED):  # the last is of words alone
        await store.make_ready(spec)
    assert await store.read(asset_of(edges)) == sent(deep).data
    assert await store.read(asset_of(grey)) == a_clip()
    assert files.stored == []


async def test_what_cannot_be_decoded_to_its_end_is_rejected(
    machine: Callable[[str], InputStore], tmp_path: Path, deep: Path
) -> None:
    store = machine("one")
    spec = await taken(store, sent(broken_later(deep, tmp_path / "broken.mkv")))
    with pytest.raises(ProviderError, match="the control video: it cannot be decoded") as raised:
        await store.make_ready(spec)
    assert raised.value.fault is ProviderFault.REJECTED
    await store.drop(spec.assets)
    with pytest.raises(ProviderError, match="the control video is gone from storage"):
        await store.make_ready(spec)


async def test_what_its_head_tells_is_said_before_anything_is_kept(
    machine: Callable[[str], InputStore], files: Files, deep: Path
) -> None:
    with pytest.raises(InvalidRequest, match=r"control_video: a control video of 1\.0 s for a clip of 2 s"):
        await machine("one").take([sent(deep)], replace(LED, frames=16))
    gone = InputFile(role=Role.CONTROL_VIDEO, param="control_video", stored="videos/x-depth.mkv")
    with pytest.raises(InvalidRequest, match="control_video: there is no such file here, or its video was deleted"):
        await machine("two").take([gone], LED)
    assert await files.names() == []
