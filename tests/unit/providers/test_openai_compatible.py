"""What each profile sends, and the odd answers of each server."""

import io
from dataclasses import replace
from typing import Any

import orjson
import pytest
from PIL import Image

from builders import a_spec
from reelway.domain.generation import Asset, Control, Mode, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.media.probe import probe
from reelway.providers.base import CannotTell, Done, Failed, NotStopped, Order, Serves, Stopped, Waiting
from replicas.case import adapter
from replicas.openai_videos import OpenAIVideos
from replicas.replica import KEY, Trouble, a_clip

PROFILES = ("openai", "litellm", "sglang", "vllm_omni")
SPEC = a_spec(width=1280, height=720, fps=24, frames=96, negative_prompt="blur", seed=7)


def order(**changes: Any) -> Order:
    return Order(key="gen:1", spec=replace(SPEC, **changes), upstream_model="m")


def picture(width: int, height: int) -> tuple[Asset, dict[str, bytes]]:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (30, 90, 200)).save(file, "PNG")
    data = file.getvalue()
    asset = Asset(
        role=Role.FIRST_FRAME, key="in.png", media_type="image/png", width=width, height=height, size_bytes=len(data)
    )
    return asset, {"in.png": data}


def table(replica: OpenAIVideos, **more: Any) -> dict[str, Any]:
    return {"base_url": f"{replica.url}/v1", "profile": replica.profile, "key": KEY} | more


async def sent(profile: str, what: Order, files: dict[str, bytes] | None = None, **more: Any) -> OpenAIVideos:
    async with (
        OpenAIVideos(profile).serving() as replica,
        adapter("openai_compatible", table(replica, **more), files=files) as provider,
    ):
        await provider.submit(what)
        return replica


def asked_of(replica: OpenAIVideos) -> dict[str, Any]:
    (job,) = replica.jobs.values()
    return job.asked


async def test_openai_and_litellm_get_the_plain_protocol() -> None:
    plain = {"model": "m", "prompt": "a red kite", "seconds": "4", "size": "1280x720"}
    assert asked_of(await sent("openai", order())) == plain
    assert asked_of(await sent("litellm", order())) == plain


async def test_engines_get_frames_that_they_can_make() -> None:
    """They would round a count of their own, and take 24 fps for a model of 16."""
    made = asked_of(await sent("sglang", order(fps=16, frames=80)))
    assert made["num_frames"] == 81
    assert (made["seconds"], made["fps"], made["seed"], made["negative_prompt"]) == (5, 16, 7, "blur")
    made = asked_of(await sent("vllm_omni", order(fps=16, frames=80), frames_step=8))
    assert (made["seconds"], made["num_frames"], made["fps"]) == ("5", "81", "16")
    assert asked_of(await sent("sglang", order(frames=97)))["num_frames"] == 97


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_first_frame_goes_as_a_file_of_the_clips_size(profile: str) -> None:
    asset, files = picture(640, 480)
    replica = await sent(profile, order(mode=Mode.IMAGE_TO_VIDEO, assets=(asset,)), files)
    assert Image.open(io.BytesIO(asked_of(replica)["input_reference"])).size == (1280, 720)
    assert replica.paths_opened == []


@pytest.mark.parametrize("profile", ["openai", "vllm_omni"])
async def test_an_input_that_a_server_does_not_take_is_refused_before_anything_is_sent(profile: str) -> None:
    asset = Asset(role=Role.SOURCE_VIDEO, key="in.mp4", media_type="video/mp4", width=8, height=8, size_bytes=3)
    with pytest.raises(ProviderError, match="takes no source video") as caught:
        await sent(profile, order(mode=Mode.VIDEO_TO_VIDEO, assets=(asset,)), {"in.mp4": b"abc"})
    assert caught.value.fault is ProviderFault.REJECTED


async def test_sglang_gets_a_source_video_as_a_file() -> None:
    asset = Asset(role=Role.SOURCE_VIDEO, key="in.mp4", media_type="video/mp4", width=8, height=8, size_bytes=3)
    replica = await sent("sglang", order(mode=Mode.VIDEO_TO_VIDEO, assets=(asset,)), {"in.mp4": b"abc"})
    assert asked_of(replica)["video_reference"] == b"abc"
    assert replica.paths_opened == []


def control_video() -> Asset:
    about: dict[str, Any] = {"width": 128, "height": 72, "size_bytes": 1}
    return Asset(role=Role.CONTROL_VIDEO, key="depth.mp4", media_type="video/mp4", **about)


async def test_vllm_omni_gets_a_control_video_of_the_frames_it_makes() -> None:
    what = order(fps=16, frames=80, control=Control.DEPTH, assets=(control_video(),))
    asked = asked_of(await sent("vllm_omni", what, {"depth.mp4": a_clip(frames=120)}))
    assert (asked["control_type"], asked["num_frames"]) == ("depth", "81")
    facts = probe(io.BytesIO(asked["control_reference"]))
    assert (facts.width, facts.height, facts.fps, facts.frames) == (1280, 720, 16, 81)


async def test_a_model_without_control_refuses_it_and_nothing_is_made() -> None:
    with pytest.raises(ProviderError, match="'pose' is not supported by this model") as caught:
        await sent("vllm_omni", order(control=Control.POSE, assets=(control_video(),)), {"depth.mp4": a_clip()})
    assert caught.value.fault is ProviderFault.REJECTED


@pytest.mark.parametrize("profile", [profile for profile in PROFILES if profile != "vllm_omni"])
async def test_no_other_server_takes_a_control_video(profile: str) -> None:
    with pytest.raises(ProviderError, match="takes no control video") as caught:
        await sent(profile, order(control=Control.DEPTH, assets=(control_video(),)), {"depth.mp4": a_clip()})
    assert caught.value.fault is ProviderFault.REJECTED


@pytest.mark.parametrize("data", [b"<html>", b""])
async def test_a_control_video_that_cannot_be_read_is_final(data: bytes) -> None:
    with pytest.raises(ProviderError, match="the control video: ") as caught:
        await sent("vllm_omni", order(control=Control.DEPTH, assets=(control_video(),)), {"depth.mp4": data})
    assert caught.value.fault is ProviderFault.REJECTED


async def test_an_input_that_is_gone_is_final() -> None:
    asset, _ = picture(64, 64)
    with pytest.raises(ProviderError) as caught:
        await sent("openai", order(mode=Mode.IMAGE_TO_VIDEO, assets=(asset,)))
    assert caught.value.fault is ProviderFault.REJECTED


async def test_a_length_that_is_no_whole_second_is_refused_where_only_seconds_are_taken() -> None:
    with pytest.raises(ProviderError, match=r"whole seconds are made there; 4\.04167 s") as caught:
        await sent("openai", order(frames=97))
    assert caught.value.fault is ProviderFault.REJECTED


async def test_what_was_made_and_what_was_left_out_are_told() -> None:
    async with (
        OpenAIVideos("openai").serving() as replica,
        adapter("openai_compatible", table(replica)) as provider,
    ):
        replica.looks = 1
        done = await provider.poll(await provider.submit(order()))
        assert isinstance(done, Done)
        effective = {"model": "m", "size": "1280x720", "seconds": "4"}
        assert done.meta == {"effective": effective, "left_out": ["negative_prompt"]}
        assert (done.url, done.cost_microusd) == (f"{replica.url}/v1{_path_of(replica)}/content", None)


def _path_of(replica: OpenAIVideos) -> str:
    return "/videos/" + next(iter(replica.jobs))


@pytest.mark.parametrize(
    ("profile", "message", "code", "fault"),
    [
        ("openai", "Your request was blocked.", "moderation_blocked", ProviderFault.REFUSED),
        ("openai", "Out of capacity.", "server_error", ProviderFault.UNAVAILABLE),
        ("openai", "Out of money.", "insufficient_quota", ProviderFault.FUNDS),
        ("sglang", "CUDA out of memory", None, ProviderFault.UNAVAILABLE),
        ("vllm_omni", "height must be divisible by 16", 400, ProviderFault.REJECTED),
        ("vllm_omni", "CUDA out of memory", 500, ProviderFault.UNAVAILABLE),
        ("vllm_omni", "busy", 429, ProviderFault.UNAVAILABLE),
    ],
)
async def test_a_job_that_fails_late_says_why(
    profile: str, message: str, code: str | int | None, fault: ProviderFault
) -> None:
    """vLLM-Omni answers with the job's own status, and that is no error of the transport."""
    async with OpenAIVideos(profile).serving() as replica, adapter("openai_compatible", table(replica)) as provider:
        handle = await provider.submit(order())
        replica.fail(message, code)
        assert await provider.poll(handle) == Failed(fault=fault, message=message)


async def test_sglang_starts_when_its_progress_does() -> None:
    """Its state stays queued until the end."""
    async with OpenAIVideos("sglang").serving() as replica, adapter("openai_compatible", table(replica)) as provider:
        replica.looks = 3
        handle = await provider.submit(order())
        assert await provider.poll(handle) == Waiting(started=False)
        assert await provider.poll(handle) == Waiting(started=True, fraction_done=0.3)


async def test_sglang_is_not_asked_to_stop_because_it_would_only_forget() -> None:
    async with OpenAIVideos("sglang").serving() as replica, adapter("openai_compatible", table(replica)) as provider:
        handle = await provider.submit(order())
        assert isinstance(await provider.cancel(handle), NotStopped)
        assert [seen.method for seen in replica.seen] == ["POST"]
        assert replica.gpu_busy == set(replica.jobs)


async def test_vllm_omni_frees_the_gpu() -> None:
    async with OpenAIVideos("vllm_omni").serving() as replica, adapter("openai_compatible", table(replica)) as provider:
        handle = await provider.submit(order())
        replica.conflict = "Video output not yet available"
        assert await provider.cancel(handle) == NotStopped("Video output not yet available")
        replica.conflict = "Cancellation in progress"
        assert await provider.cancel(handle) == Stopped()
        replica.conflict = None
        assert await provider.cancel(handle) == Stopped()
        assert replica.gpu_busy == set()
        assert await provider.cancel(handle) == Stopped(), "the answer to the first may have been lost"


async def test_an_engines_disk_is_cleaned_and_nobody_elses() -> None:
    for profile in PROFILES:
        async with OpenAIVideos(profile).serving() as replica, adapter("openai_compatible", table(replica)) as provider:
            handle = await provider.submit(order())
            await provider.discard(handle)
            assert (not replica.jobs) is (profile in ("sglang", "vllm_omni"))


async def test_a_key_that_the_provider_repeats_is_not_passed_on() -> None:
    async with (
        OpenAIVideos("openai").serving() as replica,
        adapter("openai_compatible", table(replica)) as provider,
    ):
        replica.trouble = Trouble.CREDENTIALS
        with pytest.raises(ProviderError) as caught:
            await provider.submit(order())
        assert caught.value.fault is ProviderFault.CREDENTIALS
        assert KEY not in str(caught.value)
        handle = await provider.submit(order())
        replica.fail(f"upstream refused {KEY}", "server_error")
        assert await provider.poll(handle) == Failed(
            fault=ProviderFault.UNAVAILABLE, message="upstream refused [secret]"
        )


@pytest.mark.parametrize("profile", ["sglang", "vllm_omni"])
async def test_a_probe_of_an_engine_tells_what_it_serves(profile: str) -> None:
    """It would make a clip with that, whatever the order says: nothing proves that the route is wrong."""
    async with OpenAIVideos(profile).serving() as replica, adapter("openai_compatible", table(replica)) as provider:
        replica.models = ["Wan-AI/Wan2.2-TI2V-5B-Diffusers"]
        assert await provider.probe("wan") == Serves(note="Wan-AI/Wan2.2-TI2V-5B-Diffusers")


async def test_a_proxy_that_passes_whole_vendors_on_does_not_list_their_models() -> None:
    async with OpenAIVideos("litellm").serving() as replica, adapter("openai_compatible", table(replica)) as provider:
        replica.models = ["gpt-5", "openai/*"]
        assert await provider.probe("openai/sora-2") == CannotTell()


async def test_a_server_without_a_list_proves_nothing() -> None:
    async with OpenAIVideos("openai").serving() as replica:
        elsewhere = table(replica) | {"base_url": f"{replica.url}/v2"}
        async with adapter("openai_compatible", elsewhere) as provider:
            assert await provider.probe("m") == CannotTell()


async def test_json_goes_only_where_it_is_read() -> None:
    assert orjson.loads((await sent("sglang", order())).seen[0].body)["seconds"] == 4
    for profile in ("openai", "vllm_omni"):
        replica = await sent(profile, order())
        assert replica.seen[0].headers["content-type"].startswith("multipart/form-data")
