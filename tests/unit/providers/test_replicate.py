"""What each model is sent, and what a prediction's end says."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from builders import a_spec
from reelway.domain.generation import Asset, Mode, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.providers.base import Done, Failed, NotStopped, Order, Provider, Stopped, Waiting
from replicas.case import adapter
from replicas.replica import KEY
from replicas.replicate import ReplicateApi

KLING, SEEDANCE = "kwaivgi/kling-v3-video", "bytedance/seedance-2.0"
SPEC = a_spec(width=1280, height=720, fps=24, frames=120, negative_prompt="blur", audio=True, seed=7)


def order(model: str = SEEDANCE, **changes: Any) -> Order:
    return Order(key="gen:1", spec=replace(SPEC, **changes), upstream_model=model)


def picture(role: Role) -> tuple[Asset, bytes]:
    file = io.BytesIO()
    Image.new("RGB", (640, 640), (30, 90, 200)).save(file, "PNG")
    data = file.getvalue()
    key = f"{role}.png"
    return Asset(role=role, key=key, media_type="image/png", width=640, height=640, size_bytes=len(data)), data


@asynccontextmanager
async def talking(files: dict[str, bytes] | None = None) -> AsyncIterator[tuple[Provider, ReplicateApi]]:
    async with (
        ReplicateApi().serving() as replica,
        adapter("replicate", {"base_url": f"{replica.url}/v1", "key": KEY}, files=files) as provider,
    ):
        assert isinstance(replica, ReplicateApi)
        yield provider, replica


async def sent(what: Order) -> dict[str, Any]:
    async with talking() as (provider, replica):
        await provider.submit(what)
        (job,) = replica.jobs.values()
        assert job.about["model"] == what.upstream_model
        return job.asked


async def test_each_model_is_sent_its_own_names() -> None:
    plain = {"prompt": "a red kite", "duration": 5, "generate_audio": True}
    assert await sent(order()) == plain | {"resolution": "720p", "aspect_ratio": "16:9", "seed": 7}
    assert await sent(order(KLING, width=1440, height=1440)) == plain | {
        "mode": "pro",
        "aspect_ratio": "1:1",
        "negative_prompt": "blur",
    }


@pytest.mark.parametrize(
    ("model", "names"), [(SEEDANCE, ("image", "last_frame_image")), (KLING, ("start_image", "end_image"))]
)
async def test_pictures_are_uploaded_in_the_clips_size(model: str, names: tuple[str, str]) -> None:
    assets = [picture(Role.FIRST_FRAME), picture(Role.LAST_FRAME)]
    async with talking({asset.key: data for asset, data in assets}) as (provider, replica):
        await provider.submit(order(model, mode=Mode.IMAGE_TO_VIDEO, assets=tuple(asset for asset, _ in assets)))
        (job,) = replica.jobs.values()
        for name in names:
            assert Image.open(io.BytesIO(replica.uploads[job.asked[name]])).size == (1280, 720)


@pytest.mark.parametrize(
    ("status", "fault", "no_job"), [(500, ProviderFault.UNAVAILABLE, True), (401, ProviderFault.CREDENTIALS, False)]
)
async def test_an_upload_that_fails_has_made_no_prediction(status: int, fault: ProviderFault, no_job: bool) -> None:
    """Else a 500 there would keep the money held for a job that cannot be."""
    asset, data = picture(Role.FIRST_FRAME)
    async with talking({asset.key: data}) as (provider, replica):
        replica.refuses_files = status
        with pytest.raises(ProviderError) as caught:
            await provider.submit(order(mode=Mode.IMAGE_TO_VIDEO, assets=(asset,)))
        assert (caught.value.fault, caught.value.no_job) == (fault, no_job)
        assert replica.jobs == {}


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        ("somebody/unheard-of", {}, "no inputs are known of 'somebody/unheard-of'"),
        (SEEDANCE, {"frames": 384}, "4 to 15 whole seconds; 16 s is not possible"),
        (KLING, {"frames": 121}, r"3 to 15 whole seconds; 5\.04167 s"),
        (KLING, {"width": 854, "height": 480}, "does not make 854x480"),
        (KLING, {"width": 1470, "height": 630}, "makes 16:9, 9:16, 1:1; 1470x630 is none of them"),
        (SEEDANCE, {"assets": (picture(Role.LAST_FRAME)[0],)}, "no last frame without a first"),
        (SEEDANCE, {"assets": (picture(Role.SOURCE_VIDEO)[0],)}, "takes no source video"),
    ],
)
async def test_what_a_model_cannot_do_is_refused_before_anything_is_sent(
    model: str, changes: dict[str, Any], message: str
) -> None:
    async with talking() as (provider, replica):
        with pytest.raises(ProviderError, match=message) as caught:
            await provider.submit(order(model, **changes))
        assert caught.value.fault is ProviderFault.REJECTED
        assert replica.seen == []


async def test_progress_is_read_from_the_log() -> None:
    async with talking() as (provider, replica):
        replica.looks = 9
        handle = await provider.submit(order())
        seen = [await provider.poll(handle) for _ in range(7)]
        assert seen[:3] == [
            Waiting(started=False),
            Waiting(started=True, fraction_done=0.2),
            Waiting(started=True, fraction_done=0.4),
        ]
        assert seen[-1] == Waiting(started=True, fraction_done=0.99), "a full bar is not a clip"


async def test_what_was_made_and_what_was_left_out_are_told() -> None:
    async with talking() as (provider, replica):
        replica.looks = 0
        done = await provider.poll(await provider.submit(order()))
        assert isinstance(done, Done)
        effective = {"model": SEEDANCE, "duration": 5, "resolution": "720p", "aspect_ratio": "16:9"}
        effective |= {"generate_audio": True, "seed": 7, "predict_time_s": 12.5}
        assert done.meta == {"effective": effective, "left_out": ["negative_prompt"]}


async def test_an_output_may_be_a_list() -> None:
    async with talking() as (provider, replica):
        replica.looks, replica.output_is_a_list = 0, True
        done = await provider.poll(await provider.submit(order()))
        assert isinstance(done, Done)
        assert done.url == f"{replica.url}/delivery/{next(iter(replica.jobs))}.mp4"


async def test_a_clip_that_was_deleted_there_is_not_waited_for() -> None:
    async with talking() as (provider, replica):
        handle = await provider.submit(order())
        replica.force("succeeded")
        replica.removed = True
        progress = await provider.poll(handle)
        assert isinstance(progress, Failed)
        assert progress.fault is ProviderFault.NOT_FOUND


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        ("The input or output was flagged as sensitive. Please try again. (E005) (uIJ6)", ProviderFault.REFUSED),
        ("NSFW content detected", ProviderFault.REFUSED),
        ("The input was invalid (E006) (x)", ProviderFault.REJECTED),
        ("Service is temporarily unavailable (E004)", ProviderFault.UNAVAILABLE),
        (None, ProviderFault.UNAVAILABLE),
    ],
)
async def test_a_prediction_that_fails_says_why(error: str | None, fault: ProviderFault) -> None:
    async with talking() as (provider, replica):
        handle = await provider.submit(order())
        replica.force("failed")
        replica.error = error
        assert await provider.poll(handle) == Failed(fault=fault, message=error or "Replicate gives no reason")


async def test_cancel_is_billed_once_it_has_started() -> None:
    async with talking() as (provider, replica):
        replica.looks = 9
        early = await provider.submit(order())
        assert await provider.cancel(early) == Stopped(refunded=True)
        late = await provider.submit(order())
        await provider.poll(late)
        assert await provider.cancel(late) == Stopped(refunded=False)
        assert await provider.cancel(late) == Stopped(refunded=False), "the answer to the first may have been lost"
        replica.force("aborted")
        assert await provider.cancel(late) == Stopped(refunded=True)
        replica.force("succeeded")
        assert await provider.cancel(late) == NotStopped("it had ended already")


async def test_what_goes_on_is_not_called_stopped() -> None:
    async with talking() as (provider, replica):
        replica.slow_to_stop = True
        handle = await provider.submit(order())
        assert isinstance(await provider.cancel(handle), NotStopped)
