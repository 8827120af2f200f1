"""What each kind of order becomes at Luma, and its odd answers."""

import base64
import io
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from builders import a_spec
from reelway.domain.generation import Asset, Mode, Role
from reelway.errors import OutboundError, ProviderError, ProviderFault
from reelway.providers.base import Done, Failed, NotStopped, Order, Serves
from replicas.case import adapter
from replicas.luma import Luma
from replicas.replica import KEY, a_clip

SPEC = a_spec(width=1280, height=720, frames=120, seed=7)
FIRST = Asset(role=Role.FIRST_FRAME, key="a.png", media_type="image/png", width=64, height=64, size_bytes=1)
LAST = replace(FIRST, role=Role.LAST_FRAME, key="b.png")
SOURCE = Asset(role=Role.SOURCE_VIDEO, key="in.mp4", media_type="video/mp4", width=128, height=72, size_bytes=1)


def order(model: str = "ray-3.2", **changes: Any) -> Order:
    return Order(key="gen:1", spec=replace(SPEC, **changes), upstream_model=model)


def pictures() -> dict[str, bytes]:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), (30, 90, 200)).save(file, "PNG")
    return {"a.png": file.getvalue(), "b.png": file.getvalue()}


def table(replica: Luma) -> dict[str, Any]:
    return {"base_url": f"{replica.url}{replica.base}", "api": replica.profile, "key": KEY}


async def asked(what: Order, files: dict[str, bytes] | None = None, profile: str = "agents") -> dict[str, Any]:
    async with Luma(profile).serving() as replica, adapter("luma", table(replica), files=files) as provider:
        await provider.submit(what)
        (job,) = replica.jobs.values()
        return job.asked


async def refused(what: Order, files: dict[str, bytes] | None = None, profile: str = "agents") -> str:
    """The message of a REJECTED that was said before anything was sent."""
    async with Luma(profile).serving() as replica, adapter("luma", table(replica), files=files) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.submit(what)
        assert caught.value.fault is ProviderFault.REJECTED
        assert replica.seen == []
        return caught.value.message


async def test_words_become_a_video_of_either_api() -> None:
    assert await asked(order()) == {
        "model": "ray-3.2",
        "type": "video",
        "prompt": "a red kite",
        "aspect_ratio": "16:9",
        "video": {"resolution": "720p", "duration": "5s"},
    }
    assert await asked(order("ray-2", frames=216), profile="dream_machine") == {
        "model": "ray-2",
        "generation_type": "video",
        "prompt": "a red kite",
        "aspect_ratio": "16:9",
        "resolution": "720p",
        "duration": "9s",
    }


@pytest.mark.parametrize(
    ("size", "ratio", "resolution"),
    [
        ((640, 360), "16:9", "360p"),
        ((540, 960), "9:16", "540p"),
        ((960, 960), "1:1", "720p"),
        ((1104, 832), "4:3", "720p"),
        ((1680, 720), "21:9", "720p"),
        ((1080, 1920), "9:16", "1080p"),
    ],
)
async def test_a_size_is_a_ratio_and_a_resolution(size: tuple[int, int], ratio: str, resolution: str) -> None:
    made = await asked(order(width=size[0], height=size[1]))
    assert (made["aspect_ratio"], made["video"]["resolution"]) == (ratio, resolution)


async def test_frames_are_named_for_5_seconds_and_pinned_for_10() -> None:
    spec = {"mode": Mode.IMAGE_TO_VIDEO, "assets": (FIRST, LAST)}
    video = (await asked(order(**spec), pictures()))["video"]
    assert video.keys() == {"resolution", "duration", "start_frame", "end_frame"}
    assert Image.open(io.BytesIO(base64.b64decode(video["start_frame"]["data"]))).size == (1280, 720)
    assert video["end_frame"]["media_type"] == "image/png"
    video = (await asked(order(frames=240, **spec), pictures()))["video"]
    assert video.keys() == {"resolution", "duration", "keyframes", "keyframe_indexes"}
    assert (video["duration"], video["keyframe_indexes"]) == ("10s", [0, 240])


async def test_a_video_is_edited_in_its_own_shape_and_length() -> None:
    spec = {"mode": Mode.VIDEO_TO_VIDEO, "assets": (SOURCE,)}
    made = await asked(order(**spec), {"in.mp4": a_clip()})
    assert made.keys() == {"model", "type", "prompt", "video", "source"}
    assert (made["type"], made["video"]) == ("video_edit", {"resolution": "720p", "edit": {"auto_controls": True}})
    assert made["source"]["media_type"] == "video/mp4"
    assert base64.b64decode(made["source"]["data"]) == a_clip()


async def test_what_cannot_be_made_is_refused_before_anything_is_sent() -> None:
    edit = {"mode": Mode.VIDEO_TO_VIDEO, "assets": (SOURCE,)}
    files = {"in.mp4": a_clip(frames=72)}
    assert "lasts 3.0 s and 1 s were ordered" in await refused(order(frames=24, **edit), files)
    assert "the source video: neither MP4" in await refused(order(**edit), {"in.mp4": b"abc"})
    assert "has 52428801 bytes" in await refused(order(**edit), {"in.mp4": bytes((50 << 20) + 1)})
    assert "4.04167 s is not possible" in await refused(order(frames=97))
    assert "1280x640 is none of them" in await refused(order(height=640))
    assert "text-to-video at Luma takes no first frame" in await refused(order(assets=(FIRST,)), pictures())
    assert "takes no audio" in await refused(order(**(edit | {"assets": (replace(SOURCE, role=Role.AUDIO),)})), files)
    assert "takes a first frame" in await refused(order(mode=Mode.IMAGE_TO_VIDEO))


async def test_dream_machine_takes_no_files_because_it_takes_urls_alone() -> None:
    for mode, asset in ((Mode.IMAGE_TO_VIDEO, FIRST), (Mode.VIDEO_TO_VIDEO, SOURCE)):
        what = order("ray-2", mode=mode, assets=(asset,))
        assert "of our files" in await refused(what, pictures(), profile="dream_machine")


async def test_what_was_asked_for_and_left_out_is_told() -> None:
    for profile, model in (("agents", "ray-3.2"), ("dream_machine", "ray-2")):
        async with Luma(profile).serving() as replica, adapter("luma", table(replica)) as provider:
            replica.looks = 1
            done = await provider.poll(await provider.submit(order(model, negative_prompt="blur")))
            assert isinstance(done, Done)
            effective = {"model": model, "aspect_ratio": "16:9", "resolution": "720p", "duration": "5s"}
            effective |= {"type": "video"} if profile == "agents" else {}
            assert done.meta == {"effective": effective, "left_out": ["negative_prompt"]}
            assert done.cost_microusd is None


async def test_an_expired_url_is_followed_by_a_fresh_one() -> None:
    async with Luma().serving() as replica, adapter("luma", table(replica)) as provider:
        replica.looks = 1
        handle = await provider.submit(order())

        async def clip() -> bytes:
            assert isinstance(done, Done)
            assert done.via is not None
            assert done.url is not None
            return b"".join([c async for c in done.via.download(done.url, size_bytes_max=1 << 20, timeout_s=5)])

        done = await provider.poll(handle)
        replica.expire()
        with pytest.raises(OutboundError) as caught:
            await clip()
        assert caught.value.reason == "bad_status"
        done = await provider.poll(handle)
        assert await clip() == replica.clip


@pytest.mark.parametrize(
    ("profile", "reason", "code", "fault"),
    [
        ("agents", "It was flagged.", "content_moderated", ProviderFault.REFUSED),
        ("agents", "Insufficient credits.", "budget_exhausted", ProviderFault.FUNDS),
        ("agents", "Not a picture.", "corrupt_input", ProviderFault.REJECTED),
        ("agents", "Generation failed", "generation_failed", ProviderFault.UNAVAILABLE),
        ("agents", "Slow down.", "rate_limited", ProviderFault.UNAVAILABLE),
        ("agents", "The moderation is out of order.", "generation_failed", ProviderFault.UNAVAILABLE),
        ("dream_machine", "400: prompt not allowed because advanced moderation failed", None, ProviderFault.REFUSED),
        ("dream_machine", "500: internal", None, ProviderFault.UNAVAILABLE),
    ],
)
async def test_a_generation_that_fails_says_why(
    profile: str, reason: str, code: str | None, fault: ProviderFault
) -> None:
    async with Luma(profile).serving() as replica, adapter("luma", table(replica)) as provider:
        handle = await provider.submit(order("ray-3.2" if profile == "agents" else "ray-2"))
        replica.fail(reason, code)
        assert await provider.poll(handle) == Failed(fault=fault, message=reason)
        replica.fail(None, None)
        last = Failed(fault=ProviderFault.UNAVAILABLE, message="Luma gives no reason")
        assert await provider.poll(handle) == last


async def test_one_apis_state_is_no_state_of_the_other() -> None:
    for profile, model, state in (("agents", "ray-3.2", "dreaming"), ("dream_machine", "ray-2", "processing")):
        async with Luma(profile).serving() as replica, adapter("luma", table(replica)) as provider:
            handle = await provider.submit(order(model))
            replica.force(state)
            with pytest.raises(ProviderError, match="unknown state"):
                await provider.poll(handle)


async def test_a_generation_is_not_deleted_in_the_hope_that_it_stops() -> None:
    async with Luma("dream_machine").serving() as replica, adapter("luma", table(replica)) as provider:
        handle = await provider.submit(order("ray-2"))
        assert isinstance(await provider.cancel(handle), NotStopped)
        assert [seen.method for seen in replica.seen] == ["POST"]


async def test_a_refusal_names_the_field() -> None:
    async with Luma("dream_machine").serving() as replica, adapter("luma", table(replica)) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.submit(order("ray-9"))
        expected = "body.model: Input should be 'ray-2' or 'ray-flash-2'"
        assert (caught.value.fault, caught.value.message) == (ProviderFault.REJECTED, expected)


async def test_an_account_of_the_other_api_has_not_the_model() -> None:
    """Both are one kind of provider, so that a route may lead to either account."""
    for profile, model in (("agents", "ray-2"), ("agents", "ray-flash-2"), ("dream_machine", "ray-3.2")):
        async with Luma(profile).serving() as replica, adapter("luma", table(replica)) as provider:
            for call in (provider.probe(model), provider.submit(order(model))):
                with pytest.raises(ProviderError, match=f"not {model}") as caught:
                    await call
                assert caught.value.fault is ProviderFault.MODEL_GONE
            assert replica.seen == []


async def test_a_probe_of_dream_machine_tells_what_is_left() -> None:
    async with Luma("dream_machine").serving() as replica, adapter("luma", table(replica)) as provider:
        assert await provider.probe("ray-2") == Serves("12.50 USD are left")
        replica.credit_cents = 0
        with pytest.raises(ProviderError) as caught:
            await provider.probe("ray-2")
        assert caught.value.fault is ProviderFault.FUNDS
