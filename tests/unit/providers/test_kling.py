"""What each model is sent by each API, and Kling's odd answers."""

import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from builders import a_spec
from reelway.domain.generation import Asset, Mode, Role
from reelway.errors import ConfigError, OutboundError, ProviderError, ProviderFault
from reelway.providers.base import Absent, Callback, CannotTell, Done, Failed, Found, Order, Provider
from replicas.case import adapter
from replicas.kling import ACCESS_KEY, SECRET_KEY, WEBHOOK_SECRET, Kling
from replicas.replica import KEY, Trouble

SPEC = a_spec(width=1280, height=720, fps=24, frames=120, negative_prompt="blur", seed=7)
PAIR = {"api": "legacy", "access_key": ACCESS_KEY, "secret_key": SECRET_KEY}


def order(model: str = "kling-3.0", **changes: Any) -> Order:
    return Order(key="video_1:1", spec=replace(SPEC, **changes), upstream_model=model)


def frames(*roles: Role) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Fields of a spec with those pictures, and their bytes."""
    file = io.BytesIO()
    Image.new("RGB", (640, 480), (30, 90, 200)).save(file, "PNG")
    data = file.getvalue()
    facts: dict[str, Any] = {"media_type": "image/png", "width": 640, "height": 480, "size_bytes": len(data)}
    assets = tuple(Asset(role=role, key=f"{role}.png", **facts) for role in roles)
    return {"mode": Mode.IMAGE_TO_VIDEO, "assets": assets}, {asset.key: data for asset in assets}


@asynccontextmanager
async def talking(
    replica: Kling | None = None, files: dict[str, bytes] | None = None, **table: Any
) -> AsyncIterator[tuple[Provider, Kling]]:
    async with (replica or Kling()).serving() as served:
        made = {"base_url": served.url} | ({} if "access_key" in table else {"key": KEY}) | table
        async with adapter("kling", made, files=files) as provider:
            yield provider, served  # type: ignore[misc]


async def sent(what: Order, files: dict[str, bytes] | None = None, **table: Any) -> tuple[str, dict[str, Any]]:
    async with talking(files=files, **table) as (provider, replica):
        await provider.submit(what)
        (job,) = replica.jobs.values()
        return replica.seen[0].path, job.asked


async def refused(what: Order, files: dict[str, bytes] | None = None, **table: Any) -> str:
    """The reason of a refusal before anything is sent."""
    async with talking(files=files, **table) as (provider, replica):
        with pytest.raises(ProviderError) as caught:
            await provider.submit(what)
        assert (caught.value.fault, replica.seen) == (ProviderFault.REJECTED, [])
        return caught.value.message


async def done(provider: Provider, what: Order) -> Done:
    handle = await provider.submit(what)
    for _ in range(5):
        if isinstance(progress := await provider.poll(handle), Done):
            return progress
    raise AssertionError("never done")


async def test_text_goes_with_settings_and_the_orders_key() -> None:
    path, asked = await sent(order())
    assert path == "/text-to-video/kling-3.0"
    assert asked == {
        "model": "kling-3.0",
        "prompt": "a red kite",
        "settings": {
            "resolution": "720p",
            "duration": 5,
            "aspect_ratio": "16:9",
            "audio": "off",
            "multi_shot": False,
        },
        "options": {"external_task_id": "video_1-1"},
    }


async def test_frames_go_as_plain_base64_of_the_clips_shape() -> None:
    changes, files = frames(Role.FIRST_FRAME, Role.LAST_FRAME)
    path, asked = await sent(order(audio=True, **changes), files)
    assert path == "/image-to-video/kling-3.0"
    assert [item["type"] for item in asked["contents"]] == ["prompt", "first_frame", "last_frame"]
    assert Image.open(io.BytesIO(base64.b64decode(asked["contents"][1]["url"]))).size == (1280, 720)
    assert asked["settings"] == {"resolution": "720p", "duration": 5, "audio": "native", "multi_shot": False}


@pytest.mark.parametrize(
    ("model", "path", "settings"),
    [
        ("kling-3.0-turbo", "/text-to-video/kling-3.0-turbo", set()),
        ("kling-3.0-omni", "/omni-video/kling-3.0-omni", {"audio", "multi_shot"}),
        ("kling-o1", "/omni-video/kling-o1", set()),
        ("kling-2.6", "/text-to-video/kling-2.6", {"audio"}),
        ("kling-2.5-turbo", "/text-to-video/kling-2.5-turbo", set()),
    ],
)
async def test_every_model_gets_the_settings_that_it_has(model: str, path: str, settings: set[str]) -> None:
    """The replica refuses those that it has not."""
    found, asked = await sent(order(model))
    assert found == path
    assert asked["settings"].keys() == {"resolution", "duration", "aspect_ratio"} | settings
    changes, files = frames(Role.FIRST_FRAME)
    found, asked = await sent(order(model, **changes), files)
    assert found == path.replace("text-to-video", "image-to-video")
    assert "aspect_ratio" not in asked["settings"]


@pytest.mark.parametrize(
    ("width", "height", "resolution", "ratio"),
    [
        (720, 1280, "720p", "9:16"),
        (960, 960, "720p", "1:1"),
        (1440, 1440, "1080p", "1:1"),
        (1080, 1920, "1080p", "9:16"),
        (3840, 2160, "4k", "16:9"),
    ],
)
async def test_a_size_is_a_resolution_and_a_ratio(width: int, height: int, resolution: str, ratio: str) -> None:
    _, asked = await sent(order(width=width, height=height))
    assert (asked["settings"]["resolution"], asked["settings"]["aspect_ratio"]) == (resolution, ratio)


async def test_what_kling_cannot_make_is_refused_before_anything_is_sent() -> None:
    first, files = frames(Role.FIRST_FRAME)
    last, _ = frames(Role.LAST_FRAME)
    video, _ = frames(Role.SOURCE_VIDEO)
    assert "640x480" in await refused(order(width=640, height=480))
    assert "4.5 s" in await refused(order(frames=108))
    assert "source video" in await refused(order(**video), files)
    assert "without a first" in await refused(order(**last), files)
    assert "gone from storage" in await refused(order(**first), {})


@pytest.mark.parametrize("model", ["kling-o1", "kling-3.0-omni", "kling-3.0-turbo"])
async def test_the_legacy_api_has_not_every_model(model: str) -> None:
    """Found out without an order, so that another account gets it."""
    async with talking(api="legacy") as (provider, replica):
        for call in (provider.probe(model), provider.submit(order(model))):
            with pytest.raises(ProviderError, match=f"has no {model}") as caught:
                await call
            assert caught.value.fault is ProviderFault.MODEL_GONE
        assert replica.seen == []


EXAMPLE = Callback(
    url="https://reelway.example/callbacks",
    headers={
        "webhook-id": "9876543210",
        "webhook-timestamp": "1781080794",
        "webhook-signature": "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=",
    },
    body=b'{"id":"1234567890","status":"succeeded","message":"",'
    b'"create_time":1781080778802,"update_time":1781080794151}',
    now_ms=1781080794_000,
)


async def test_klings_own_example_of_a_signature_is_genuine() -> None:
    """Of its page on callbacks; while a secret is exchanged, there are two signatures."""
    async with talking(webhook_secret=WEBHOOK_SECRET) as (provider, _):
        assert await provider.genuine(EXAMPLE)
        both = "v1,K5oZfzeVuQvI4x1jrjAgMlkpJDoe1JhVmAbjR6eKeTM= " + EXAMPLE.headers["webhook-signature"]
        exchanged = EXAMPLE.headers | {"webhook-signature": both}  # type: ignore[operator]
        assert await provider.genuine(replace(EXAMPLE, headers=exchanged))
    async with talking() as (provider, _):
        assert not await provider.genuine(EXAMPLE), "nothing was asked for, so nothing is believed"


async def test_1080p_has_sound_and_a_last_frame() -> None:
    changes, files = frames(Role.FIRST_FRAME, Role.LAST_FRAME)
    _, asked = await sent(order("kling-2.6", width=1920, height=1080, audio=True, **changes), files)
    assert asked["settings"] == {"resolution": "1080p", "duration": 5, "audio": "native"}


async def test_the_legacy_api_gets_flat_fields() -> None:
    path, asked = await sent(order(audio=True), **PAIR)
    assert path == "/v1/videos/text2video"
    assert asked == {
        "model_name": "kling-v3",
        "prompt": "a red kite",
        "negative_prompt": "blur",
        "mode": "std",
        "duration": "5",
        "sound": "on",
        "aspect_ratio": "16:9",
        "external_task_id": "video_1-1",
    }
    changes, files = frames(Role.FIRST_FRAME, Role.LAST_FRAME)
    path, asked = await sent(order("kling-v2-1", width=1920, height=1080, **changes), files, **PAIR)
    assert path == "/v1/videos/image2video"
    assert (asked["model_name"], asked["mode"]) == ("kling-v2-1", "pro")
    assert Image.open(io.BytesIO(base64.b64decode(asked["image_tail"]))).size == (1920, 1080)
    assert not asked.keys() & {"sound", "aspect_ratio"}


async def test_what_was_made_what_was_left_out_and_what_it_cost_are_told() -> None:
    async with talking() as (provider, _):
        made = await done(provider, order())
        assert made.cost_microusd == 420_000
        assert made.meta["left_out"] == ["negative_prompt"]
        assert made.meta["effective"] == {
            "resolution": "720p",
            "duration": "5.04",
            "aspect_ratio": "16:9",
            "audio": "off",
            "multi_shot": False,
        }
        assert made.meta["billing"] == [{"charge_type": "cash", "amount": "0.42", "currency": "USD"}]
    async with talking(**PAIR) as (provider, _):
        made = await done(provider, order())
        assert (made.cost_microusd, made.meta["billing"]) == (None, [{"charge_type": "unit", "amount": "3"}])
        assert made.meta["effective"] == {
            "resolution": "720p",
            "duration": "5",
            "aspect_ratio": "16:9",
            "audio": "off",
        }
        assert "left_out" not in made.meta


@pytest.mark.parametrize(("charge_type", "currency"), [("unit", "USD"), ("cash", "CNY")])
async def test_units_of_a_pack_and_yuan_are_no_dollars(charge_type: str, currency: str) -> None:
    replica = Kling()
    replica.charge_type, replica.currency = charge_type, currency
    async with talking(replica) as (provider, _):
        made = await done(provider, order())
        assert made.cost_microusd is None
        assert made.meta["billing"][0]["charge_type"] == charge_type


@pytest.mark.parametrize("table", [{}, {"api": "legacy"}, PAIR])
async def test_find_knows_an_order_by_its_key(table: dict[str, Any]) -> None:
    async with talking(**table) as (provider, _):
        assert await provider.find(order()) == Absent()
        handle = await provider.submit(order())
        assert await provider.find(order()) == Found(handle)
        assert await provider.find(replace(order(), key="video_1:2")) == Absent()


async def test_nothing_known_may_be_null() -> None:
    class Terse(Kling):
        async def _tasks(self, request: web.Request) -> web.Response:
            return self._answer(None)

    async with talking(Terse()) as (provider, _):
        assert await provider.find(order()) == Absent()
        with pytest.raises(ProviderError) as caught:
            await provider.poll(await provider.submit(order()))
        assert caught.value.fault is ProviderFault.NOT_FOUND


@pytest.mark.parametrize("table", [{}, {"api": "legacy"}])
async def test_an_order_that_arrived_after_all_is_not_doubled(table: dict[str, Any]) -> None:
    """The answer was lost, the job could not be seen yet, and the same order went out again."""
    async with talking(**table) as (provider, replica):
        replica.trouble = Trouble.LOST_ANSWER
        with pytest.raises(ProviderError):
            await provider.submit(order())
        replica.hides_new_jobs = True
        assert await provider.find(order()) == Absent()
        replica.hides_new_jobs = False
        handle = await provider.submit(order())
        assert list(replica.jobs) == [handle["id"]]


async def test_the_legacy_api_that_refuses_the_question_leaves_the_order_alone() -> None:
    class Strict(Kling):
        async def _task_legacy(self, request: web.Request) -> web.Response:
            return self.error(1201, "task_id is invalid")

    async with talking(Strict(), **PAIR) as (provider, _):
        assert await provider.find(order()) == CannotTell()


@pytest.mark.parametrize(
    ("code", "fault", "no_job"),
    [
        (1004, ProviderFault.CREDENTIALS, False),
        (1100, ProviderFault.CREDENTIALS, False),
        (1103, ProviderFault.CREDENTIALS, False),
        (1304, ProviderFault.CREDENTIALS, False),
        (1101, ProviderFault.FUNDS, False),
        (1200, ProviderFault.REJECTED, False),
        (1202, ProviderFault.MODEL_GONE, False),
        (1300, ProviderFault.REFUSED, False),
        (1302, ProviderFault.THROTTLED, True),
        (5000, ProviderFault.UNAVAILABLE, False),
        (5001, ProviderFault.UNAVAILABLE, True),
        (5002, ProviderFault.UNAVAILABLE, False),
    ],
)
async def test_every_code_means_what_its_page_says(code: int, fault: ProviderFault, no_job: bool) -> None:
    class Refusing(Kling):
        async def _create(self, request: web.Request) -> web.Response:
            return self.error(code, "no")

    async with talking(Refusing()) as (provider, _):
        with pytest.raises(ProviderError) as caught:
            await provider.submit(order())
        assert (caught.value.fault, caught.value.no_job) == (fault, no_job)


@pytest.mark.parametrize(
    ("code", "fault"),
    [(1301, ProviderFault.REFUSED), (1303, ProviderFault.THROTTLED), (9999, ProviderFault.UNREADABLE)],
)
async def test_an_error_may_come_as_a_good_answer(code: int, fault: ProviderFault) -> None:
    class Polite(Kling):
        async def _create(self, request: web.Request) -> web.Response:
            return self.error(code, "no", status=200)

    async with talking(Polite()) as (provider, _):
        with pytest.raises(ProviderError, match=f"Kling {code}: no") as caught:
            await provider.submit(order())
        assert caught.value.fault is fault


@pytest.mark.parametrize("table", [{}, {"api": "legacy"}])
@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("Failure to pass the risk control system", ProviderFault.REFUSED),
        ("Image pixel is invalid", ProviderFault.UNAVAILABLE),
    ],
)
async def test_a_job_that_fails_late_says_why(table: dict[str, Any], message: str, fault: ProviderFault) -> None:
    async with talking(**table) as (provider, replica):
        handle = await provider.submit(order())
        replica.fail(message)
        assert await provider.poll(handle) == Failed(fault=fault, message=message)


async def test_a_result_that_was_cleared_is_not_a_clip() -> None:
    async with talking() as (provider, replica):
        made = await done(provider, order())
        replica.expired = True
        assert made.via is not None
        assert made.url is not None
        with pytest.raises(OutboundError, match="403"):
            async for _ in made.via.download(made.url, headers={}, size_bytes_max=1 << 20, timeout_s=5):
                pass


async def test_a_success_without_a_video_is_not_done() -> None:
    class Forgetful(Kling):
        def _url(self, job: Any) -> str:
            return ""

    async with talking(Forgetful()) as (provider, _):
        with pytest.raises(ProviderError, match="names no video") as caught:
            await done(provider, order())
        assert caught.value.fault is ProviderFault.UNREADABLE


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, "the new API takes a key"),
        ({"key": KEY, "access_key": "a", "secret_key": "b"}, "the new API takes a key"),
        ({"api": "legacy"}, "give a key, or access_key and secret_key"),
        ({"api": "legacy", "access_key": "a"}, "belong together"),
        ({"api": "legacy", "key": KEY, "access_key": "a", "secret_key": "b"}, "not both"),
        ({"key": KEY, "webhook_secret": "whsec_"}, "no Webhook Secret"),
    ],
)
async def test_a_table_says_how_to_sign_in(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        async with adapter("kling", table):
            pass
