"""Previz on many machines: whoever takes a render over has the handle and the bucket, and no file of the other's."""

import asyncio
import uuid
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import orjson
import pytest
from aiohttp import web
from PIL import Image

from builders import a_spec
from harness import PREVIZ_CACHE
from reelway.domain.generation import Asset, ClipSpec, InputFile, Mode, OutputType, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.generations.inputs import InputStore
from reelway.kit.outbound import Outbound
from reelway.previz.engine import Engine
from reelway.providers.base import Done, Failed, Handle, Order, Progress, Waiting
from reelway.providers.previz import Previz
from reelway.settings import Settings
from reelway.storage.base import Storage
from reelway.storage.s3 import S3Storage
from s3 import S3Server, faulty


class Machine:
    """A worker's share: a data folder of its own, and the bucket that all have."""

    def __init__(self, data: Path, settings: dict[str, Any]) -> None:
        self.data = data
        (data / "previz").mkdir(parents=True)
        self.storage: Storage = S3Storage.from_settings(Settings(**settings))
        self.inputs = InputStore(
            self.storage,
            Outbound(user_agent="tests"),
            data,
            picture_bytes_max=1 << 20,
            clip_bytes_max=1 << 20,
            timeout_s=5,
        )
        self.previz = Previz(Engine(cache_dir=PREVIZ_CACHE), self.inputs, data / "previz")

    async def render(self, handle: Handle) -> Progress:
        async with asyncio.timeout(90):
            while isinstance(progress := await self.previz.poll(handle), Waiting):
                await asyncio.sleep(0.05)
        return progress


def spec(asset: Asset) -> ClipSpec:
    return ClipSpec(
        model="previz",
        mode=Mode.VIDEO_TO_VIDEO if asset.role is Role.SOURCE_VIDEO else Mode.IMAGE_TO_VIDEO,
        prompt="slow push in",
        negative_prompt="",
        width=128,
        height=72,
        fps=8,
        frames=8,
        seed=1,
        audio=False,
        output_type=OutputType.MP4,
        assets=(asset,),
    )


def red_picture() -> bytes:
    file = BytesIO()
    Image.new("RGB", (128, 72), (210, 20, 20)).save(file, "PNG")
    return file.getvalue()


async def submitted(machine: Machine, file: InputFile) -> tuple[Handle, Asset]:
    """As another machine gets it: by way of the row."""
    (asset,) = await machine.inputs.take([file], a_spec())
    handle = await machine.previz.submit(Order(key=f"video_1:{asset.role}", spec=spec(asset), upstream_model="previz"))
    return orjson.loads(orjson.dumps(handle)), asset


def redness(path: Path) -> float:
    with av.open(str(path)) as clip:
        red, green, blue = next(clip.decode(video=0)).to_image().resize((1, 1)).getpixel((0, 0))
    return red / max(green, blue, 1)


async def test_a_render_goes_on_at_a_machine_that_never_saw_its_inputs(tmp_path: Path, s3: S3Server) -> None:
    settings = s3.settings(uuid.uuid4().hex)
    one, other = Machine(tmp_path / "one", settings), Machine(tmp_path / "other", settings)
    try:
        picture, _ = await submitted(one, InputFile(role=Role.FIRST_FRAME, param="image", data=red_picture()))
        assert str(tmp_path) not in str(picture)
        done = await other.render(picture)
        assert isinstance(done, Done)
        assert done.path is not None
        assert done.path.is_relative_to(tmp_path / "other")
        assert redness(done.path) > 2
        source = InputFile(role=Role.SOURCE_VIDEO, param="video", data=await asyncio.to_thread(done.path.read_bytes))
        clip, _ = await submitted(other, source)
        edited = await one.render(clip)
        assert isinstance(edited, Done)
        assert edited.path is not None
        assert redness(edited.path) > 1.2
        for machine in (one, other):
            assert list((machine.data / "scratch").iterdir()) == []
    finally:
        await one.previz.aclose()
        await other.previz.aclose()


async def test_a_bucket_that_fails_delays_a_render_and_a_lost_input_ends_it(tmp_path: Path, s3: S3Server) -> None:
    down = False

    def fault(request: web.Request) -> int | None:
        return 500 if down else None

    async with faulty(s3, fault) as endpoint:
        machine = Machine(tmp_path / "one", s3.settings(uuid.uuid4().hex, endpoint=endpoint))
        try:
            file = InputFile(role=Role.FIRST_FRAME, param="image", data=red_picture())
            handle, asset = await submitted(machine, file)
            down = True
            with pytest.raises(ProviderError, match="the bucket reelway answered 500") as caught:
                await machine.render(handle)
            assert caught.value.fault is ProviderFault.UNAVAILABLE
            down = False
            assert isinstance(await machine.render(handle), Done)
            await machine.previz.discard(handle)
            await machine.inputs.drop([asset])
            lost = await machine.render(handle)
            assert isinstance(lost, Failed)
            assert lost.fault is ProviderFault.NOT_FOUND
        finally:
            await machine.previz.aclose()
