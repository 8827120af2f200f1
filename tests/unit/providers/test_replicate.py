"""What each model is sent, and what a prediction's end says."""

import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson
import pytest
from PIL import Image

from builders import a_spec
from reelway.domain.generation import Asset, Mode, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.providers.base import Callback, Done, Failed, NotStopped, Order, Provider, Serves, Stopped, Waiting
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
        (KLING, {"frames": 121}, r"whole seconds are made there; 5\.04167 s"),
        (KLING, {"width": 854, "height": 480}, "standard, pro are made there; 854x480 is none of them"),
        (KLING, {"width": 1920, "height": 480}, "1920x480 is none of them"),
        (SEEDANCE, {"assets": (picture(Role.LAST_FRAME)[0],)}, "no last frame is taken there without a first"),
        (SEEDANCE, {"assets": (picture(Role.SOURCE_VIDEO)[0],)}, "no source video is taken there"),
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


@pytest.mark.parametrize(("model", "changes"), [(SEEDANCE, {"frames": 384}), (KLING, {"width": 1470, "height": 630})])
async def test_what_only_the_model_knows_is_refused_by_replicate_and_unpaid(
    model: str, changes: dict[str, Any]
) -> None:
    """A route of the catalogue says it before; this is one that says too much."""
    async with talking() as (provider, replica):
        with pytest.raises(ProviderError, match="must be one of") as caught:
            await provider.submit(order(model, **changes))
        assert caught.value.fault is ProviderFault.REJECTED
        assert replica.jobs == {}


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


async def called(provider: Provider, replica: ReplicateApi) -> Callback:
    replica.looks = 0
    await provider.submit(replace(order(), callback_url="https://reelway.example/c"))
    headers, body = replica.callback(next(reversed(replica.jobs)))
    return Callback(url="", headers=headers, body=body, now_ms=time.time_ns() // 1_000_000)


async def test_only_the_end_is_called_for_and_only_over_tls() -> None:
    async with talking() as (provider, replica):
        await provider.submit(replace(order(), callback_url="http://reelway.example/c"))
        assert replica.callback_urls == {}, "Replicate would refuse it"
        await called(provider, replica)
        assert orjson.loads(replica.seen[-1].body)["webhook_events_filter"] == ["completed"]


async def test_the_secret_of_webhooks_is_asked_for_once_and_again_when_it_was_changed() -> None:
    async with talking() as (provider, replica):
        call = await called(provider, replica)
        for _ in range(3):
            assert await provider.genuine(call)
            assert not await provider.genuine(replace(call, body=b"{}"))
        assert replica.secret_asked == 1
        replica.webhook_secret = "whsec_b3RoZXIgc2VjcmV0"
        call = await called(provider, replica)
        assert not await provider.genuine(call), "asked a moment ago"
        assert await provider.genuine(replace(call, now_ms=call.now_ms + 61_000))
        assert replica.secret_asked == 2


async def test_a_secret_that_is_none_is_not_taken_for_one() -> None:
    async with talking() as (provider, replica):
        replica.webhook_secret = "whsec_AAAA"
        call = await called(provider, replica)
        replica.webhook_secret = "whsec_A"
        with pytest.raises(ProviderError, match="no base64") as caught:
            await provider.genuine(call)
        assert caught.value.fault is ProviderFault.UNREADABLE


async def test_a_probe_asks_for_the_model() -> None:
    async with talking() as (provider, replica):
        assert await provider.probe(KLING) == Serves()
        assert [seen.path for seen in replica.seen] == ["/v1/models/kwaivgi/kling-v3-video"]
