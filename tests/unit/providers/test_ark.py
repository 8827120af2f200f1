"""What Ark is sent, and what its answers mean."""

import base64
import io
from dataclasses import replace
from typing import Any

import orjson
import pytest
from PIL import Image

from builders import a_spec
from reelway.catalogue.load import load
from reelway.domain.generation import Asset, Mode, Role
from reelway.errors import OutboundError, ProviderError, ProviderFault
from reelway.providers.ark import _SHAPES
from reelway.providers.base import Done, Failed, NotStopped, Order, Stopped
from replicas.ark import Ark, _error
from replicas.case import adapter
from replicas.replica import KEY, Trouble

MODEL = "dreamina-seedance-2-5-260628"
SPEC = a_spec(width=1280, height=720, fps=24, frames=120, audio=True, negative_prompt="blur")


def order(**changes: Any) -> Order:
    return Order(key="gen:1", spec=replace(SPEC, **changes), upstream_model=MODEL)


def table(replica: Ark) -> dict[str, Any]:
    return {"base_url": f"{replica.url}/api/v3", "key": KEY}


def frame(role: Role, width: int = 640, height: int = 480) -> tuple[Asset, dict[str, bytes]]:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (30, 90, 200)).save(file, "PNG")
    key = f"{role}.png"
    asset = Asset(role=role, key=key, media_type="image/png", width=width, height=height, size_bytes=1)
    return asset, {key: file.getvalue()}


async def sent(what: Order, files: dict[str, bytes] | None = None) -> dict[str, Any]:
    async with Ark().serving() as replica, adapter("ark", table(replica), files=files) as provider:
        await provider.submit(what)
        body: dict[str, Any] = orjson.loads(replica.seen[0].body)
        return body


async def test_words_become_a_task() -> None:
    assert await sent(order()) == {
        "model": MODEL,
        "content": [{"type": "text", "text": "a red kite"}],
        "resolution": "720p",
        "ratio": "16:9",
        "duration": 5,
        "generate_audio": True,
        "watermark": False,
    }


async def test_silence_is_asked_for() -> None:
    """Left out, the sound is on."""
    assert (await sent(order(audio=False)))["generate_audio"] is False


async def test_frames_go_as_bytes_of_the_clips_shape_and_no_ratio_with_them() -> None:
    first, files = frame(Role.FIRST_FRAME)
    last, more = frame(Role.LAST_FRAME)
    asked = order(mode=Mode.IMAGE_TO_VIDEO, prompt=" ", width=496, height=864, assets=(first, last))
    task = await sent(asked, files | more)
    assert "ratio" not in task
    assert task["resolution"] == "480p"
    assert [(part["type"], part["role"]) for part in task["content"]] == [
        ("image_url", "first_frame"),
        ("image_url", "last_frame"),
    ]
    for part in task["content"]:
        kind, _, data = part["image_url"]["url"].partition(",")
        assert kind == "data:image/png;base64"
        assert Image.open(io.BytesIO(base64.b64decode(data))).size == (496, 864)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 1024, "height": 576}, "makes no 1024x576"),
        ({"frames": 121}, r"whole seconds .* 5\.04167 s"),
        ({"fps": 16, "frames": 80}, "24 fps, not 16"),
    ],
)
async def test_what_seedance_cannot_make_is_refused_before_anything_is_sent(
    changes: dict[str, Any], message: str
) -> None:
    async with Ark().serving() as replica, adapter("ark", table(replica)) as provider:
        with pytest.raises(ProviderError, match=message) as caught:
            await provider.submit(order(**changes))
        assert caught.value.fault is ProviderFault.REJECTED
        assert replica.seen == []


async def test_a_source_video_is_refused_because_ark_would_fetch_it() -> None:
    asset = Asset(role=Role.SOURCE_VIDEO, key="in.mp4", media_type="video/mp4", width=8, height=8, size_bytes=3)
    with pytest.raises(ProviderError, match="no source video") as caught:
        await sent(order(mode=Mode.VIDEO_TO_VIDEO, assets=(asset,)), {"in.mp4": b"abc"})
    assert caught.value.fault is ProviderFault.REJECTED


async def test_what_was_made_and_billed_is_told() -> None:
    async with Ark().serving() as replica, adapter("ark", table(replica)) as provider:
        replica.looks = 1
        done = await provider.poll(await provider.submit(order()))
        assert isinstance(done, Done)
        assert done.meta == {
            "effective": {
                "model": MODEL,
                "resolution": "720p",
                "ratio": "16:9",
                "duration": 5,
                "framespersecond": 24,
                "seed": 99588,
                "generate_audio": True,
            },
            "left_out": ["negative_prompt"],
            "tokens": 108900,
        }
        assert done.cost_microusd is None, "Ark tells tokens, not money"


async def test_a_clip_of_yesterday_cannot_be_fetched() -> None:
    async with Ark().serving() as replica, adapter("ark", table(replica)) as provider:
        replica.looks = 1
        done = await provider.poll(await provider.submit(order()))
        replica.expired = True
        assert isinstance(done, Done)
        assert done.via is not None
        with pytest.raises(OutboundError, match="answered 403"):
            async for _ in done.via.download(done.url or "", size_bytes_max=1 << 20, timeout_s=10):
                pass


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("OutputVideoSensitiveContentDetected.PolicyViolation", ProviderFault.REFUSED),
        ("OutputAudioSensitiveContentDetected", ProviderFault.REFUSED),
        ("InputImageSensitiveContentDetected.PrivacyInformation", ProviderFault.REFUSED),
        ("InputTextRiskDetection", ProviderFault.REFUSED),
        ("InvalidParameter.TaskTypeConstraint", ProviderFault.REJECTED),
        ("InternalServiceError", ProviderFault.UNAVAILABLE),
    ],
)
async def test_a_task_that_fails_late_says_why(code: str, fault: ProviderFault) -> None:
    """Moderation of the picture comes after the money is held, and some parameters are read only then."""
    async with Ark().serving() as replica, adapter("ark", table(replica)) as provider:
        handle = await provider.submit(order())
        replica.fail(code, "The request failed because so it is.")
        assert await provider.poll(handle) == Failed(fault=fault, message="The request failed because so it is.")


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (400, "InputImageSensitiveContentDetected", ProviderFault.REFUSED),
        (404, "ModelNotOpen", ProviderFault.MODEL_GONE),
        (400, "InvalidEndpoint.ClosedEndpoint", ProviderFault.MODEL_GONE),
        (429, "SetLimitExceeded", ProviderFault.FUNDS),
        (429, "ServerOverloaded", ProviderFault.THROTTLED),
        (403, "AccessDenied", ProviderFault.CREDENTIALS),
    ],
)
async def test_the_code_tells_more_than_the_status(
    monkeypatch: pytest.MonkeyPatch, status: int, code: str, fault: ProviderFault
) -> None:
    async with Ark().serving() as replica, adapter("ark", table(replica)) as provider:
        monkeypatch.setattr(replica, "refusal", lambda _: _error(status, code, "no"))
        replica.trouble = Trouble.REJECTED
        with pytest.raises(ProviderError) as caught:
            await provider.submit(order())
        assert caught.value.fault is fault


async def test_only_what_waits_is_stopped() -> None:
    async with Ark().serving() as replica, adapter("ark", table(replica)) as provider:
        replica.looks = 10
        handle = await provider.submit(order())
        replica.force("queued")
        assert await provider.cancel(handle) == Stopped()
        assert replica.jobs[handle["id"]].stopped
        assert await provider.cancel(handle) == Stopped(), "the answer to the first may have been lost"


@pytest.mark.parametrize("state", ["running", "succeeded", "failed", "expired"])
async def test_what_has_ended_is_not_erased_by_a_late_cancel(state: str) -> None:
    async with Ark().serving() as replica, adapter("ark", table(replica)) as provider:
        handle = await provider.submit(order())
        replica.force(state)
        assert isinstance(await provider.cancel(handle), NotStopped)
        assert [seen.method for seen in replica.seen] == ["POST", "GET"]


async def test_a_task_that_starts_between_look_and_delete_goes_on() -> None:
    async with Ark().serving() as replica, adapter("ark", table(replica)) as provider:
        handle = await provider.submit(order())
        job = replica.jobs[handle["id"]]
        shown = replica._shown

        def started(*args: Any) -> dict[str, Any]:
            job.state = "queued"
            told = shown(*args)
            job.state = "running"
            return told

        replica._shown = started  # type: ignore[method-assign]
        outcome = await provider.cancel(handle)
        assert isinstance(outcome, NotStopped)
        assert "currently running" in outcome.message


def test_every_size_of_the_catalogue_has_a_name_at_ark() -> None:
    cards = [card for card in load().cards() if any(route.provider == "ark" for route in card.routes)]
    assert len(cards) == 4
    for card in cards:
        assert set(card.sizes) <= set(_SHAPES), card.id
        assert (card.fps, card.fps_max) == (24, 24)


@pytest.mark.parametrize(
    ("model", "usd_per_million", "size"),
    [
        ("seedance-2.5", 10.7, (1112, 834)),
        ("seedance-2.5", 11.7, (1664, 1248)),
        ("seedance-2.5", 10.7, (864, 496)),
        ("seedance-2.0", 7.0, (1112, 834)),
        ("seedance-2.0", 7.7, (1664, 1248)),
        ("seedance-2.0-fast", 5.6, (640, 640)),
        ("seedance-2.0-mini", 3.5, (960, 960)),
    ],
)
def test_no_clip_is_sold_below_the_tokens_it_costs(model: str, usd_per_million: float, size: tuple[int, int]) -> None:
    """Ark makes and bills a frame more than was asked for."""
    spec = replace(SPEC, width=size[0], height=size[1], frames=96)
    cost = size[0] * size[1] * 97 / 1024 * usd_per_million
    assert cost <= load().find(model).price_microusd(spec) <= cost * 1.07
