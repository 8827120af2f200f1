"""What OpenRouter is sent, and what its answers mean."""

import base64
import io
import time
from dataclasses import replace
from typing import Any

import orjson
import pytest
from PIL import Image

from builders import a_spec
from reelway.domain.generation import Asset, Mode, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.providers.base import Callback, Done, Failed, Order, Serves
from replicas.case import adapter
from replicas.openrouter import WEBHOOK_SECRET, OpenRouter, error
from replicas.replica import KEY, Trouble

SEEDANCE, KLING = "bytedance/seedance-2.5", "kwaivgi/kling-v3.0-std"
SOURCE = Asset(role=Role.SOURCE_VIDEO, key="in.mp4", media_type="video/mp4", width=8, height=8, size_bytes=3)
SPEC = a_spec(width=1280, height=720, fps=24, frames=120, audio=True, seed=7, negative_prompt="blur")


def order(model: str = SEEDANCE, **changes: Any) -> Order:
    return Order(key="gen:1", spec=replace(SPEC, **changes), upstream_model=model)


def table(replica: OpenRouter) -> dict[str, Any]:
    return {"base_url": f"{replica.url}/api/v1", "key": KEY}


async def sent(what: Order, files: dict[str, bytes] | None = None) -> dict[str, Any]:
    async with OpenRouter().serving() as replica, adapter("openrouter", table(replica), files=files) as provider:
        await provider.submit(what)
        body: dict[str, Any] = orjson.loads(replica.seen[0].body)
        return body


async def test_words_become_a_job() -> None:
    assert await sent(order()) == {
        "model": SEEDANCE,
        "prompt": "a red kite",
        "resolution": "720p",
        "aspect_ratio": "16:9",
        "duration": 5,
        "seed": 7,
        "session_id": "gen:1",
    }


async def test_no_seed_goes_where_it_may_be_refused_and_silence_is_asked_for() -> None:
    job = await sent(order(KLING, audio=False))
    assert "seed" not in job
    assert job["generate_audio"] is False
    assert "generate_audio" not in await sent(order("runway/gen-4.5", audio=False)), (
        "it makes no sound and has no switch"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frames": 121}, r"whole seconds are made there; 5\.04167 s"),
        ({"width": 1792, "height": 1024}, "1792x1024 is none of them"),
        ({"width": 1920, "height": 480}, "1920x480 is none of them"),
        ({"mode": Mode.VIDEO_TO_VIDEO, "assets": (SOURCE,)}, "no source video is taken there"),  # it would be fetched
    ],
)
async def test_what_has_no_name_there_is_refused_before_anything_is_sent(changes: dict[str, Any], message: str) -> None:
    async with OpenRouter().serving() as replica, adapter("openrouter", table(replica)) as provider:
        with pytest.raises(ProviderError, match=message) as caught:
            await provider.submit(order(**changes))
        assert caught.value.fault is ProviderFault.REJECTED
        assert replica.seen == []


async def test_frames_go_as_bytes_of_the_clips_shape() -> None:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), (30, 90, 200)).save(file, "PNG")
    assets = tuple(
        Asset(role=role, key="in.png", media_type="image/png", width=640, height=480, size_bytes=1)
        for role in (Role.FIRST_FRAME, Role.LAST_FRAME)
    )
    job = await sent(order(mode=Mode.IMAGE_TO_VIDEO, prompt="", assets=assets), {"in.png": file.getvalue()})
    assert "prompt" not in job
    assert [frame["frame_type"] for frame in job["frame_images"]] == ["first_frame", "last_frame"]
    for frame in job["frame_images"]:
        kind, _, data = frame["image_url"]["url"].partition(",")
        assert kind == "data:image/png;base64"
        assert Image.open(io.BytesIO(base64.b64decode(data))).size == (1280, 720)


@pytest.mark.parametrize(("usd", "microusd"), [(1.155, 1_155_000), (0, None), (None, None)])
async def test_the_cost_is_theirs_and_unknown_is_not_zero(usd: float | None, microusd: int | None) -> None:
    async with OpenRouter().serving() as replica, adapter("openrouter", table(replica)) as provider:
        replica.looks, replica.cost = 1, usd
        handle = await provider.submit(order())
        done = await provider.poll(handle)
        assert isinstance(done, Done)
        assert done.cost_microusd == microusd
        assert done.meta == {"generation_id": handle["id"], "left_out": ["negative_prompt"]}
        assert done.url == f"{replica.url}/api/v1/videos/{handle['id']}/content?index=0"


async def test_a_signed_url_is_taken_before_the_one_that_wants_the_key() -> None:
    async with OpenRouter().serving() as replica, adapter("openrouter", table(replica)) as provider:
        replica.looks, replica.elsewhere = 1, True
        done = await provider.poll(await provider.submit(order()))
        assert isinstance(done, Done)
        assert (done.url or "").startswith(replica.files_url)
        assert done.headers == ()


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("The request failed because the output video may contain sensitive information.", ProviderFault.REFUSED),
        ("Video was blocked by content moderation", ProviderFault.REFUSED),
        ("Upstream timed out", ProviderFault.UNAVAILABLE),
    ],
)
async def test_a_job_that_fails_late_says_why(said: str, fault: ProviderFault) -> None:
    """Its error is a text: a refusal is known by its words alone."""
    async with OpenRouter().serving() as replica, adapter("openrouter", table(replica)) as provider:
        handle = await provider.submit(order())
        replica.fail(said)
        assert await provider.poll(handle) == Failed(fault=fault, message=said)


@pytest.mark.parametrize(
    ("status", "message", "metadata", "fault"),
    [
        (403, "Your input was flagged", {"flagged_input": "a red…"}, ProviderFault.REFUSED),
        (403, "Key limit exceeded (total limit)", None, ProviderFault.FUNDS),
        (403, "Not allowed", None, ProviderFault.CREDENTIALS),
        (400, "Provider returned error", {"raw": "InputImageSensitiveContentDetected"}, ProviderFault.REFUSED),
        (400, "bytedance/seedance-9 is not a valid model ID", None, ProviderFault.MODEL_GONE),
        (400, "Unsupported duration 3", None, ProviderFault.REJECTED),
        (413, "Payload too large", None, ProviderFault.REJECTED),
        (499, "Client closed request", None, ProviderFault.UNAVAILABLE),
    ],
)
async def test_an_error_is_known_by_its_words(
    monkeypatch: pytest.MonkeyPatch, status: int, message: str, metadata: dict[str, Any] | None, fault: ProviderFault
) -> None:
    async with OpenRouter().serving() as replica, adapter("openrouter", table(replica)) as provider:
        monkeypatch.setattr(replica, "refusal", lambda _: error(status, message, metadata))
        replica.trouble = Trouble.REJECTED
        with pytest.raises(ProviderError) as caught:
            await provider.submit(order())
        assert (caught.value.fault, caught.value.no_job) == (fault, False)


async def test_callbacks_are_asked_for_where_they_can_be_checked() -> None:
    """Without the workspace's secret a call could be anybody's; and OpenRouter refuses a URL without TLS."""
    secret = {"webhook_secret": WEBHOOK_SECRET}
    for more, url, asked in (
        (secret, "https://reelway.example/c", True),
        (secret, "http://reelway.example/c", False),
        ({}, "https://reelway.example/c", False),
    ):
        async with OpenRouter().serving() as replica, adapter("openrouter", table(replica) | more) as provider:
            await provider.submit(replace(order(), callback_url=url))
            assert bool(replica.callback_urls) is asked


async def test_without_the_secret_nothing_is_genuine() -> None:
    async with OpenRouter().serving() as replica, adapter("openrouter", table(replica)) as provider:
        handle = await provider.submit(order())
        headers, body = replica.callback(handle["id"])
        call = Callback(
            url="", headers={n.lower(): v for n, v in headers.items()}, body=body, now_ms=time.time_ns() // 1_000_000
        )
        assert not await provider.genuine(call)


@pytest.mark.parametrize(("left_usd", "note"), [(None, ""), (7.5, "7.5 USD left of the key's limit")])
async def test_a_probe_says_what_is_left(left_usd: float | None, note: str) -> None:
    async with OpenRouter().serving() as replica, adapter("openrouter", table(replica)) as provider:
        replica.key_left_usd = left_usd
        assert await provider.probe(SEEDANCE) == Serves(note)


@pytest.mark.parametrize("left_usd", [0.0, -0.25])
async def test_a_probe_finds_a_key_that_is_at_its_limit(left_usd: float) -> None:
    async with OpenRouter().serving() as replica, adapter("openrouter", table(replica)) as provider:
        replica.key_left_usd = left_usd
        with pytest.raises(ProviderError, match="at its limit") as caught:
            await provider.probe(SEEDANCE)
        assert caught.value.fault is ProviderFault.FUNDS
