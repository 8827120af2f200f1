"""What each kind of order becomes at Runway, and its odd answers."""

import base64
import io
import random
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from PIL import Image

from builders import a_spec
from reelway.domain.generation import Asset, Mode, Role
from reelway.errors import OutboundError, ProviderError, ProviderFault
from reelway.providers.base import Done, Failed, NotStopped, Order, Serves, Stopped, Waiting
from replicas.case import adapter
from replicas.replica import KEY, Trouble, a_clip
from replicas.runway import Runway

LOOPBACK = (ip_network("127.0.0.0/8"),)
SPEC = a_spec(width=1280, height=720, frames=120, seed=7)
FIRST = Asset(role=Role.FIRST_FRAME, key="a.png", media_type="image/png", width=64, height=64, size_bytes=1)
LAST = replace(FIRST, role=Role.LAST_FRAME, key="b.png")
SOURCE = Asset(role=Role.SOURCE_VIDEO, key="in.mp4", media_type="video/mp4", width=128, height=72, size_bytes=1)


def order(model: str = "gen4.5", **changes: Any) -> Order:
    return Order(key="gen:1", spec=replace(SPEC, **changes), upstream_model=model)


def picture(width: int = 640, height: int = 480, *, noise: bool = False) -> bytes:
    image = Image.new("RGB", (width, height), (30, 90, 200))
    if noise:
        image = Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def table(replica: Runway) -> dict[str, Any]:
    return {"base_url": replica.url, "key": KEY}


async def sent(what: Order, files: dict[str, bytes] | None = None, **more: Any) -> Runway:
    async with Runway().serving() as replica, adapter("runway", table(replica), files=files, **more) as provider:
        await provider.submit(what)
        return replica


def asked_of(replica: Runway) -> dict[str, Any]:
    (job,) = replica.jobs.values()
    return job.asked


async def refused(what: Order, files: dict[str, bytes] | None = None) -> str:
    """The message of a REJECTED that was said before any task could be made."""
    async with Runway().serving() as replica, adapter("runway", table(replica), files=files) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.submit(what)
        assert caught.value.fault is ProviderFault.REJECTED
        assert replica.seen == []
        return caught.value.message


async def test_words_become_text_to_video() -> None:
    replica = await sent(order())
    assert asked_of(replica) == {
        "model": "gen4.5",
        "promptText": "a red kite",
        "ratio": "1280:720",
        "duration": 5,
        "seed": 7,
    }
    assert [seen.path for seen in replica.seen] == ["/v1/text_to_video"]
    assert replica.seen[0].headers["x-runway-version"] == "2024-11-06"


async def test_a_picture_of_the_clips_size_becomes_image_to_video() -> None:
    spec = {"mode": Mode.IMAGE_TO_VIDEO, "assets": (FIRST,)}
    replica = await sent(order("gen4_turbo", **spec), {"a.png": picture()})
    (frame,) = asked_of(replica)["promptImage"]
    assert frame["position"] == "first"
    start, _, encoded = frame["uri"].partition(",")
    assert start == "data:image/png;base64"
    assert Image.open(io.BytesIO(base64.b64decode(encoded))).size == (1280, 720)


async def test_first_and_last_frame_where_both_are_taken() -> None:
    spec = {
        "mode": Mode.IMAGE_TO_VIDEO,
        "assets": (FIRST, LAST),
        "frames": 96,
        "audio": True,
        "negative_prompt": "blur",
    }
    files = {"a.png": picture(), "b.png": picture()}
    asked = asked_of(await sent(order("veo3.1", **spec), files))
    assert [frame["position"] for frame in asked["promptImage"]] == ["first", "last"]
    assert (asked["audio"], asked["negativePrompt"], asked["duration"]) == (True, "blur", 4)


async def test_aleph2_edits_a_video_as_it_is() -> None:
    spec = {"mode": Mode.VIDEO_TO_VIDEO, "assets": (SOURCE,)}
    asked = asked_of(await sent(order("aleph2", **spec), {"in.mp4": a_clip()}))
    assert asked.keys() == {"model", "promptText", "videoUri", "seed"}
    assert base64.b64decode(asked["videoUri"].partition(",")[2]) == a_clip()


async def test_a_source_that_is_longer_than_what_is_charged_is_refused() -> None:
    """Runway bills the length of the source."""
    spec = {"mode": Mode.VIDEO_TO_VIDEO, "assets": (SOURCE,), "frames": 24}
    assert asked_of(await sent(order("aleph2", **spec), {"in.mp4": a_clip()}))
    message = await refused(order("aleph2", **spec), {"in.mp4": a_clip(frames=72)})
    assert message.startswith("the source video lasts 3.0 s and 1 s were ordered")


async def test_what_is_too_large_for_a_data_uri_is_uploaded_without_our_key() -> None:
    data = picture(1920, 1080, noise=True)
    assert len(data) > 5 << 20
    spec = {"mode": Mode.IMAGE_TO_VIDEO, "assets": (FIRST,), "width": 1920, "height": 1080, "frames": 96}
    replica = await sent(order("veo3.1", **spec), {"a.png": data}, allow_private=LOOPBACK)
    (frame,) = asked_of(replica)["promptImage"]
    assert replica.uploads == {frame["uri"]: data}
    assert [seen.path for seen in replica.seen] == ["/v1/uploads", "/v1/image_to_video"]
    assert replica.keys_at_storage == []


async def test_an_upload_that_fails_made_no_task() -> None:
    spec = {"mode": Mode.IMAGE_TO_VIDEO, "assets": (FIRST,), "width": 1920, "height": 1080, "frames": 96}
    files = {"a.png": picture(1920, 1080, noise=True)}
    for allowed, said in ((LOOPBACK, "HTTP 403"), ((), "not a public address")):
        async with (
            Runway().serving() as replica,
            adapter("runway", table(replica), files=files, allow_private=allowed) as provider,
        ):
            replica.uploads_refused = True
            with pytest.raises(ProviderError, match=said) as caught:
                await provider.submit(order("veo3.1", **spec))
            assert (caught.value.fault, caught.value.no_job) == (ProviderFault.UNAVAILABLE, True)
            assert replica.uploads == {}


@pytest.mark.parametrize(
    ("family", "size", "model"),
    [
        ("kling3.0", (1280, 720), "kling3.0_standard"),
        ("kling3.0", (960, 960), "kling3.0_standard"),
        ("kling3.0", (1080, 1920), "kling3.0_pro"),
        ("klingO3", (1440, 1440), "klingO3_pro"),
        ("klingO3", (3840, 2160), "klingO3_4k"),
    ],
)
async def test_one_name_for_klings_three_sizes(family: str, size: tuple[int, int], model: str) -> None:
    asked = asked_of(await sent(order(family, width=size[0], height=size[1])))
    assert (asked["model"], asked["ratio"]) == (model, f"{size[0]}:{size[1]}")


@pytest.mark.parametrize(
    ("model", "size", "said"),
    [
        ("hailuo3", (1366, 768), {"ratio": "16:9", "resolution": "768p"}),
        ("hailuo3", (1440, 2560), {"ratio": "9:16", "resolution": "2k"}),
        ("grok_imagine_1_5", (960, 960), {"ratio": "1:1", "resolution": "720p"}),
        ("h3_max", (832, 480), {"resolution": "480p"}),
    ],
)
async def test_a_size_is_said_as_the_model_wants_it(model: str, size: tuple[int, int], said: dict[str, str]) -> None:
    asked = asked_of(await sent(order(model, width=size[0], height=size[1])))
    assert {k: asked[k] for k in ("ratio", "resolution") if k in asked} == said


async def test_a_model_that_is_newer_than_the_table_gets_the_plain_body() -> None:
    asked = asked_of(await sent(order("gen9", negative_prompt="blur")))
    assert asked == {"model": "gen9", "promptText": "a red kite", "ratio": "1280:720", "duration": 5}


async def test_what_cannot_be_made_is_refused_before_anything_is_sent() -> None:
    assert "makes no text-to-video" in await refused(order("gen4_turbo"))
    assert "whole seconds are made there; 4.04167 s" in await refused(order(frames=97))
    assert "1280x700 is none of them" in await refused(order("hailuo3", height=700))
    spec = {"mode": Mode.VIDEO_TO_VIDEO, "assets": (replace(SOURCE, role=Role.AUDIO),)}
    assert "takes no audio" in await refused(order("aleph2", **spec), {"in.mp4": b"abc"})
    assert "source video" in await refused(order("aleph2", **(spec | {"assets": (SOURCE,)})), {"in.mp4": b"abc"})


async def test_the_bill_and_what_was_asked_for_are_told() -> None:
    async with Runway().serving() as replica, adapter("runway", table(replica)) as provider:
        replica.looks = 1
        done = await provider.poll(await provider.submit(order(negative_prompt="blur")))
        assert isinstance(done, Done)
        assert done.cost_microusd == 600_000  # 5 s of 12 credits of a cent
        effective = {"model": "gen4.5", "ratio": "1280:720", "duration": 5, "seed": 7}
        assert done.meta == {"effective": effective, "left_out": ["negative_prompt"]}


async def test_an_expired_url_is_followed_by_a_fresh_one() -> None:
    async with Runway().serving() as replica, adapter("runway", table(replica)) as provider:
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
    ("code", "fault"),
    [
        ("SAFETY.INPUT.TEXT", ProviderFault.REFUSED),
        ("SAFETY.OUTPUT.VIDEO", ProviderFault.REFUSED),
        ("INPUT_PREPROCESSING.SAFETY.THIRD_PARTY", ProviderFault.REFUSED),
        ("ASSET.INVALID", ProviderFault.REJECTED),
        ("THIRD_PARTY.INPUT_VALIDATION", ProviderFault.REJECTED),
        ("INPUT_PREPROCESSING.INTERNAL", ProviderFault.UNAVAILABLE),
        ("INTERNAL.BAD_OUTPUT.CODE01", ProviderFault.UNAVAILABLE),
        ("THIRD_PARTY.UNAVAILABLE", ProviderFault.UNAVAILABLE),
        (None, ProviderFault.UNAVAILABLE),
    ],
)
async def test_a_task_that_fails_says_why(code: str | None, fault: ProviderFault) -> None:
    async with Runway().serving() as replica, adapter("runway", table(replica)) as provider:
        handle = await provider.submit(order())
        replica.fail("Something about it.", code)
        assert await provider.poll(handle) == Failed(fault=fault, message="Something about it.")


async def test_what_has_not_started_is_refunded_and_what_runs_is_not() -> None:
    for state, refunded in (("PENDING", True), ("THROTTLED", True), ("RUNNING", False)):
        async with Runway().serving() as replica, adapter("runway", table(replica)) as provider:
            handle = await provider.submit(order())
            replica.force(state)
            assert await provider.cancel(handle) == Stopped(refunded=refunded)
            assert replica.jobs == {}
            assert await provider.cancel(handle) == Stopped(refunded=False), (
                "the answer to the first may have been lost"
            )


async def test_a_finished_task_is_not_thrown_away() -> None:
    """DELETE would take the clip that is paid for."""
    async with Runway().serving() as replica, adapter("runway", table(replica)) as provider:
        handle = await provider.submit(order())
        replica.force("SUCCEEDED")
        assert await provider.cancel(handle) == NotStopped("the task has ended already")
        assert isinstance(await provider.poll(handle), Done)


async def test_a_retired_model_is_gone_and_a_disabled_key_is_not_quoted() -> None:
    async with Runway().serving() as replica, adapter("runway", table(replica)) as provider:
        with pytest.raises(ProviderError, match="gen4_aleph is not available") as caught:
            await provider.submit(order("gen4_aleph"))
        assert caught.value.fault is ProviderFault.MODEL_GONE
        replica.trouble = Trouble.CREDENTIALS
        with pytest.raises(ProviderError) as caught:
            await provider.submit(order())
        assert KEY not in caught.value.message


async def test_a_refusal_names_the_field() -> None:
    async with Runway().serving() as replica, adapter("runway", table(replica)) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.submit(order(width=960, height=960))
        expected = "Validation of body failed: ratio: `ratio` must be one of: 1280:720, 720:1280."
        assert (caught.value.fault, caught.value.message) == (ProviderFault.REJECTED, expected)


async def test_progress_is_told_once_it_runs() -> None:
    async with Runway().serving() as replica, adapter("runway", table(replica)) as provider:
        replica.looks = 5
        handle = await provider.submit(order())
        assert await provider.poll(handle) == Waiting(started=False)
        assert await provider.poll(handle) == Waiting(started=True, fraction_done=0.2)


async def test_runway_counts_a_prompt_in_other_units_and_refuses_it_unpaid() -> None:
    async with Runway().serving() as replica, adapter("runway", table(replica)) as provider:
        with pytest.raises(ProviderError, match="<=1000 characters") as caught:
            await provider.submit(order(prompt="🪁" * 501))
        assert caught.value.fault is ProviderFault.REJECTED
        assert replica.jobs == {}


async def test_a_probe_tells_the_credits_and_the_models_limit() -> None:
    async with Runway().serving() as replica, adapter("runway", table(replica)) as provider:
        assert await provider.probe("gen4.5") == Serves("1000 credits left, 2 tasks at a time")
        assert await provider.probe("kling3.0") == Serves("1000 credits left")
        replica.credits = 0
        with pytest.raises(ProviderError, match="no credits are left") as caught:
            await provider.probe("gen4.5")
        assert caught.value.fault is ProviderFault.FUNDS
