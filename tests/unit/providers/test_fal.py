"""What each model is sent, and how a failure that is no state of its own is read."""

import base64
import io
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from builders import a_spec
from reelway.domain.generation import Asset, Control, Mode, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.media.probe import probe
from reelway.providers.base import Callback, CannotTell, Done, Failed, NotStopped, Order, Provider, Serves, Stopped
from replicas.case import adapter
from replicas.fal import FalQueue
from replicas.replica import KEY, Replica, a_clip

KLING, SEEDANCE, H3 = "fal-ai/kling-video/v3", "bytedance/seedance-2.5", "minimax/h3"
VACE = "fal-ai/wan-vace-14b"
SPEC = a_spec(width=1280, height=720, fps=24, frames=120, negative_prompt="blur", audio=True)


def order(model: str = KLING, **changes: Any) -> Order:
    return Order(key="gen:1", spec=replace(SPEC, **changes), upstream_model=model)


def picture(role: Role) -> tuple[Asset, bytes]:
    file = io.BytesIO()
    Image.new("RGB", (640, 640), (30, 90, 200)).save(file, "PNG")
    data = file.getvalue()
    key = f"{role}.png"
    return Asset(role=role, key=key, media_type="image/png", width=640, height=640, size_bytes=len(data)), data


@asynccontextmanager
async def talking(files: dict[str, bytes] | None = None, path: str = "") -> AsyncIterator[tuple[Provider, FalQueue]]:
    async with (
        FalQueue().serving() as replica,
        adapter("fal", table(replica) | {"base_url": f"{replica.url}{path}"}, files=files) as provider,
    ):
        assert isinstance(replica, FalQueue)
        yield provider, replica


def table(replica: Replica) -> dict[str, Any]:
    urls = {"platform_url": f"{replica.url}/platform/v1", "webhook_keys_url": f"{replica.url}/.well-known/jwks.json"}
    return {"key": KEY} | urls


async def sent(what: Order, files: dict[str, bytes] | None = None) -> tuple[str, dict[str, Any]]:
    async with talking(files) as (provider, replica):
        await provider.submit(what)
        (job,) = replica.jobs.values()
        return job.about["endpoint"], job.asked


async def test_each_model_is_sent_its_own_names() -> None:
    assert await sent(order()) == (
        "fal-ai/kling-video/v3/standard/text-to-video",
        {
            "prompt": "a red kite",
            "duration": "5",
            "aspect_ratio": "16:9",
            "generate_audio": True,
            "negative_prompt": "blur",
        },
    )
    assert await sent(order(SEEDANCE, width=480, height=854)) == (
        "bytedance/seedance-2.5/text-to-video",
        {"prompt": "a red kite", "duration": "5", "resolution": "480p", "aspect_ratio": "9:16", "generate_audio": True},
    )
    assert await sent(order(H3, width=2560, height=1440)) == (
        "minimax/h3/text-to-video",
        {"prompt": "a red kite", "duration": 5, "resolution": "2K", "aspect_ratio": "16:9"},
    )


@pytest.mark.parametrize(
    ("width", "height", "tier"), [(960, 960, "standard"), (1080, 1920, "pro"), (1440, 1440, "pro")]
)
async def test_a_size_is_a_number_of_pixels(width: int, height: int, tier: str) -> None:
    endpoint, _ = await sent(order(width=width, height=height))
    assert endpoint == f"fal-ai/kling-video/v3/{tier}/text-to-video"


@pytest.mark.parametrize(("model", "first"), [(KLING, "start_image_url"), (SEEDANCE, "image_url"), (H3, "image_url")])
async def test_pictures_go_as_data_and_decide_the_ratio(model: str, first: str) -> None:
    assets = [picture(Role.FIRST_FRAME), picture(Role.LAST_FRAME)]
    files = {asset.key: data for asset, data in assets}
    size = {"width": 1366, "height": 768} if model == H3 else {}
    what = order(model, mode=Mode.IMAGE_TO_VIDEO, assets=tuple(asset for asset, _ in assets), **size)
    endpoint, asked = await sent(what, files)
    assert endpoint.endswith("/image-to-video")
    assert "aspect_ratio" not in asked
    for name in (first, "end_image_url"):
        data = base64.b64decode(asked[name].removeprefix("data:image/png;base64,"))
        assert Image.open(io.BytesIO(data)).size == (what.spec.width, what.spec.height)


async def test_a_control_video_goes_as_data_in_the_clips_size_rate_and_frames() -> None:
    video = Asset(role=Role.CONTROL_VIDEO, key="depth.mp4", media_type="video/mp4", width=128, height=72, size_bytes=1)
    first, data = picture(Role.FIRST_FRAME)
    files = {"depth.mp4": a_clip(frames=144), first.key: data}
    what = order(VACE, width=832, height=480, fps=16, frames=80, audio=False, control=Control.DEPTH)
    endpoint, asked = await sent(replace(what, spec=replace(what.spec, assets=(video,))), files)
    facts = probe(io.BytesIO(base64.b64decode(asked.pop("video_url").removeprefix("data:video/mp4;base64,"))))
    assert (facts.width, facts.height, facts.fps, facts.frames) == (832, 480, 16, 81)
    assert endpoint == "fal-ai/wan-vace-14b/depth"
    assert asked == {
        "prompt": "a red kite",
        "negative_prompt": "blur",
        "num_frames": 81,
        "frames_per_second": 16,
        "match_input_num_frames": False,
        "match_input_frames_per_second": False,
        "resolution": "480p",
        "aspect_ratio": "16:9",
        "preprocess": False,
        "enable_prompt_expansion": False,
    }
    posed = replace(what.spec, control=Control.POSE, assets=(first, video))
    endpoint, asked = await sent(replace(what, spec=posed), files)
    assert endpoint == "fal-ai/wan-vace-14b/pose"
    assert Image.open(io.BytesIO(base64.b64decode(asked["first_frame_url"].partition(",")[2]))).size == (832, 480)


@pytest.mark.parametrize(
    ("model", "changes", "message"),
    [
        ("fal-ai/unheard-of", {}, "no inputs are known of 'fal-ai/unheard-of'"),
        (SEEDANCE, {"frames": 121}, r"whole seconds are made there; 5\.04167 s"),
        (KLING, {"width": 854, "height": 480}, "standard, pro are made there; 854x480 is none of them"),
        (KLING, {"width": 1920, "height": 480}, "1920x480 is none of them"),
        (KLING, {"assets": (picture(Role.LAST_FRAME)[0],)}, "no last frame is taken there without a first"),
        (KLING, {"assets": (picture(Role.SOURCE_VIDEO)[0],)}, "no source video is taken there"),
        (KLING, {"assets": (picture(Role.CONTROL_VIDEO)[0],)}, "no control video is taken there"),
        (VACE, {}, "only clips that follow a video of depth or pose are made there"),
        (VACE, {"control": Control.SEG}, "only clips that follow a video of depth or pose"),
        (VACE, {"control": Control.POSE, "assets": (picture(Role.SOURCE_VIDEO)[0],)}, "no source video is taken there"),
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


@pytest.mark.parametrize("changes", [{"frames": 24 * 31}, {"width": 1920, "height": 1080}])
async def test_what_only_the_model_knows_is_refused_by_fal_and_unpaid(changes: dict[str, Any]) -> None:
    """A route of the catalogue says it before; this is one that says too much."""
    async with talking() as (provider, replica):
        with pytest.raises(ProviderError, match="Input should be one of") as caught:
            await provider.submit(order(SEEDANCE, **changes))
        assert caught.value.fault is ProviderFault.REJECTED
        assert replica.jobs == {}


async def test_what_was_made_and_what_was_left_out_are_told() -> None:
    async with talking() as (provider, replica):
        replica.looks = 0
        done = await provider.poll(await provider.submit(order(SEEDANCE)))
        assert isinstance(done, Done)
        effective = {"model": "bytedance/seedance-2.5/text-to-video", "duration": "5", "resolution": "720p"}
        effective |= {"aspect_ratio": "16:9", "generate_audio": True}
        assert done.meta == {"effective": effective | {"seed": 4711}, "left_out": ["negative_prompt"]}


TYPED = [{"loc": ["body", "prompt"], "msg": "flagged", "type": "content_policy_violation"}]
WRONG = [{"loc": ["body", "image_url"], "msg": "too small", "type": "image_too_small"}]
BELOW = [{"loc": ["body"], "msg": "try later", "type": "downstream_service_error"}]


@pytest.mark.parametrize(
    ("error", "result", "fault", "message"),
    [
        (None, (422, {"detail": TYPED}), ProviderFault.REFUSED, "flagged"),
        ({"error": "Unprocessable"}, (422, {"detail": TYPED}), ProviderFault.REFUSED, "flagged"),
        (None, (422, {"detail": WRONG}), ProviderFault.REJECTED, "too small"),
        (None, (400, {"detail": BELOW}), ProviderFault.UNAVAILABLE, "try later"),
        (None, (500, {"detail": "gone", "error_type": "runner_disconnected"}), ProviderFault.UNAVAILABLE, "gone"),
        ({"error": "late", "error_type": "request_timeout"}, (504, "nginx"), ProviderFault.UNAVAILABLE, "late"),
        ({"error": "odd"}, None, ProviderFault.UNAVAILABLE, "odd"),
    ],
)
async def test_a_completed_job_may_have_failed(
    error: dict[str, Any] | None, result: tuple[int, Any] | None, fault: ProviderFault, message: str
) -> None:
    """There is no FAILED status; a client that waits for one takes these for clips."""
    async with talking() as (provider, replica):
        handle = await provider.submit(order())
        replica.force("COMPLETED")
        replica.error, replica.result = error, None if result is None else (*result, {})
        assert await provider.poll(handle) == Failed(fault=fault, message=message)


async def test_a_proxy_between_us_says_nothing_about_the_job() -> None:
    async with talking() as (provider, replica):
        handle = await provider.submit(order())
        replica.force("COMPLETED")
        replica.result = (502, "<html>nginx</html>", {})
        with pytest.raises(ProviderError) as caught:
            await provider.poll(handle)
        assert caught.value.fault is ProviderFault.UNAVAILABLE
        replica.result = None
        assert isinstance(await provider.poll(handle), Done)


async def test_a_result_without_a_clip_is_not_read_as_one() -> None:
    async with talking() as (provider, replica):
        handle = await provider.submit(order())
        replica.force("COMPLETED")
        replica.result = (200, {"images": []}, {})
        with pytest.raises(ProviderError, match="'video'") as caught:
            await provider.poll(handle)
        assert caught.value.fault is ProviderFault.UNREADABLE


@pytest.mark.parametrize("status", [500, 503])
async def test_what_came_through_to_the_queue_is_never_sent_again(status: int) -> None:
    """503 proves elsewhere that there is no job; here the queue itself may say it after it took one."""
    async with talking() as (provider, replica):
        replica.refuses_after_the_job = status
        with pytest.raises(ProviderError) as caught:
            await provider.submit(order())
        assert (caught.value.fault, caught.value.no_job) == (ProviderFault.UNAVAILABLE, False)
        assert len(replica.jobs) == 1


async def test_cancel_takes_out_what_waits_and_cannot_stop_what_runs() -> None:
    async with talking() as (provider, replica):
        replica.looks = 9
        handle = await provider.submit(order())
        assert await provider.cancel(handle) == Stopped()
        handle = await provider.submit(order())
        await provider.poll(handle)
        assert isinstance(await provider.cancel(handle), NotStopped)
        assert len(replica.told_to_stop) == 1
        replica.force("COMPLETED")
        assert await provider.cancel(handle) == NotStopped("it had ended already")


async def test_a_job_is_asked_for_at_our_address_whatever_the_answer_names() -> None:
    """Behind a proxy the answer still names fal's own host, and that one has no business with the proxy's key."""
    async with talking(path="/proxy") as (provider, replica):
        replica.looks = 0
        handle = await provider.submit(order())
        assert isinstance(await provider.poll(handle), Done)
        assert {seen.path.split("/")[1] for seen in replica.seen} == {"proxy"}


async def test_clips_do_not_stay_public_for_ever() -> None:
    async with talking() as (provider, replica):
        await provider.submit(order())
        assert "86400" in replica.seen[0].headers["x-fal-object-lifecycle-preference"]


async def called(provider: Provider, replica: FalQueue) -> Callback:
    replica.looks = 0
    await provider.submit(replace(order(), callback_url="https://reelway.example/c?a=b&c=d"))
    headers, body = replica.callback(next(reversed(replica.jobs)))
    headers = {name.lower(): value for name, value in headers.items()}
    return Callback(url="", headers=headers, body=body, now_ms=time.time_ns() // 1_000_000)


async def test_the_keys_of_webhooks_are_asked_for_once_and_without_ours() -> None:
    async with talking() as (provider, replica):
        call = await called(provider, replica)
        assert list(replica.callback_urls.values()) == ["https://reelway.example/c?a=b&c=d"]
        for _ in range(3):
            assert await provider.genuine(call)
        assert not await provider.genuine(replace(call, body=b"{}"))
        assert replica.keys_asked == 1
        (asked,) = (seen for seen in replica.seen if seen.path.endswith("jwks.json"))
        assert "authorization" not in asked.headers


async def test_a_key_that_is_new_is_found_and_guesses_do_not_have_us_ask_for_ever() -> None:
    async with talking() as (provider, replica):
        assert await provider.genuine(await called(provider, replica))
        replica.signing_key = Ed25519PrivateKey.generate()
        call = await called(provider, replica)
        later = replace(call, now_ms=call.now_ms + 61_000)
        assert await provider.genuine(later)
        assert replica.keys_asked == 2
        for _ in range(5):
            assert not await provider.genuine(replace(later, body=b"{}"))
        assert replica.keys_asked == 2


async def test_old_calls_do_not_have_us_ask_for_keys() -> None:
    async with talking() as (provider, replica):
        call = await called(provider, replica)
        assert not await provider.genuine(replace(call, now_ms=call.now_ms + 301_000))
        assert replica.keys_asked == 0


async def test_a_probe_tells_the_price_that_fal_has_for_the_endpoint() -> None:
    async with talking() as (provider, replica):
        assert await provider.probe(KLING) == Serves("0.084 USD for each second")
        assert replica.seen[-1].path.endswith("fal-ai%2Fkling-video%2Fv3%2Fstandard%2Ftext-to-video")
        assert await provider.probe(VACE) == Serves("0.084 USD for each second")
        replica.unpriced.add(f"{H3}/text-to-video")
        assert await provider.probe(H3) == Serves(f"the key is good; fal lists no price of {H3}/text-to-video")


async def test_the_key_of_another_queue_is_not_shown_to_fal() -> None:
    """A proxy before the queue has keys of its own."""
    async with FalQueue().serving() as replica, adapter("fal", {"key": KEY, "base_url": replica.url}) as provider:
        assert await provider.probe(KLING) == CannotTell()
        assert replica.seen == []
