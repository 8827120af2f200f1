"""What MiniMax is sent, what DELETE does to a job, and MiniMax's odd answers."""

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
from reelway.errors import ProviderError, ProviderFault
from reelway.providers.base import Done, Failed, Handle, NotStopped, Order, Provider, Stopped
from replicas.case import adapter
from replicas.minimax import MiniMax
from replicas.replica import KEY

SPEC = a_spec(width=1344, height=768, fps=24, frames=120, negative_prompt="blur", seed=7)


def order(model: str = "MiniMax-H3", **changes: Any) -> Order:
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
    replica: MiniMax | None = None, files: dict[str, bytes] | None = None
) -> AsyncIterator[tuple[Provider, MiniMax]]:
    async with (
        (replica or MiniMax()).serving() as served,
        adapter("minimax", {"base_url": served.url, "key": KEY}, files=files) as provider,
    ):
        yield provider, served  # type: ignore[misc]


async def sent(what: Order, files: dict[str, bytes] | None = None) -> dict[str, Any]:
    async with talking(files=files) as (provider, replica):
        await provider.submit(what)
        (job,) = replica.jobs.values()
        return job.asked


async def refused(what: Order, files: dict[str, bytes] | None = None) -> str:
    """The reason of a refusal before anything is sent."""
    async with talking(files=files) as (provider, replica):
        with pytest.raises(ProviderError) as caught:
            await provider.submit(what)
        assert (caught.value.fault, replica.seen) == (ProviderFault.REJECTED, [])
        return caught.value.message


async def done(provider: Provider, handle: Handle) -> Done:
    for _ in range(5):
        if isinstance(progress := await provider.poll(handle), Done):
            return progress
    raise AssertionError("never done")


async def test_text_goes_with_a_ratio() -> None:
    assert await sent(order()) == {
        "model": "MiniMax-H3",
        "content": [{"type": "text", "text": "a red kite"}],
        "resolution": "768P",
        "duration": 5,
        "ratio": "16:9",
    }


async def test_frames_go_as_data_of_the_clips_shape_and_decide_the_ratio() -> None:
    changes, files = frames(Role.FIRST_FRAME, Role.LAST_FRAME)
    asked = await sent(order(**changes), files)
    assert [item.get("role") for item in asked["content"]] == [None, "first_frame", "last_frame"]
    start, _, data = asked["content"][1]["image_url"]["url"].partition(",")
    assert start == "data:image/png;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (1344, 768)
    assert asked["ratio"] == "adaptive"


@pytest.mark.parametrize(
    ("model", "width", "height", "resolution", "ratio"),
    [
        ("MiniMax-H3", 768, 1344, "768P", "9:16"),
        ("MiniMax-H3", 1024, 768, "768P", "4:3"),
        ("MiniMax-H3", 2560, 1440, "2K", "16:9"),
        ("MiniMax-H3", 1440, 1440, "2K", "1:1"),
        ("MiniMax-H3", 1440, 1920, "2K", "3:4"),
        ("MiniMax-H3-Max", 848, 480, "480P", "16:9"),
    ],
)
async def test_a_size_is_a_resolution_and_a_ratio(
    model: str, width: int, height: int, resolution: str, ratio: str
) -> None:
    asked = await sent(order(model, width=width, height=height))
    assert (asked["resolution"], asked["ratio"]) == (resolution, ratio)


async def test_what_minimax_cannot_make_is_refused_before_anything_is_sent() -> None:
    first, files = frames(Role.FIRST_FRAME)
    video, _ = frames(Role.SOURCE_VIDEO)
    assert "1280x720" in await refused(order(width=1280, height=720))
    assert "1536x768" in await refused(order(width=1536, height=768))
    assert "4.5 s" in await refused(order(frames=108))
    assert "source video" in await refused(order(**video), files)
    assert "needs a prompt" in await refused(order(prompt=" ", **first), files)
    assert "gone from storage" in await refused(order(**first), {})


async def test_what_was_made_and_what_was_left_out_are_told() -> None:
    async with talking() as (provider, _):
        made = await done(provider, await provider.submit(order()))
        assert made.meta["effective"] == {
            "model": "MiniMax-H3",
            "resolution": "768P",
            "ratio": "16:9",
            "duration": 5,
        }
        assert made.meta["usage"]["output_seconds"] == 5
        assert made.meta["left_out"] == ["negative_prompt"]
        assert made.cost_microusd is None


async def test_a_url_that_expired_is_followed_by_another() -> None:
    async with talking() as (provider, _):
        handle = await provider.submit(order())
        first, second = await done(provider, handle), await provider.poll(handle)
        assert isinstance(second, Done)
        assert first.url != second.url


async def test_a_job_that_waits_is_stopped() -> None:
    async with talking() as (provider, replica):
        handle = await provider.submit(order())
        replica.force("queued")
        assert await provider.cancel(handle) == Stopped()
        assert await provider.poll(handle) == Failed(
            fault=ProviderFault.UNAVAILABLE, message="the job was cancelled at MiniMax"
        )
        assert isinstance(await provider.cancel(handle), NotStopped)


async def test_a_job_that_is_ready_is_not_deleted_by_a_cancel() -> None:
    """DELETE would take the clip, which is paid for."""
    async with talking() as (provider, replica):
        handle = await provider.submit(order())
        replica.force("succeeded")
        assert isinstance(await provider.cancel(handle), NotStopped)
        assert isinstance(await provider.poll(handle), Done)


async def test_a_job_that_begins_while_it_is_cancelled_goes_on() -> None:
    class Hasty(MiniMax):
        async def _delete(self, request: web.Request) -> web.Response:
            self.force("running")
            return await super()._delete(request)

    async with talking(Hasty()) as (provider, replica):
        handle = await provider.submit(order())
        replica.force("queued")
        outcome = await provider.cancel(handle)
        assert isinstance(outcome, NotStopped)
        assert "running" in outcome.message


@pytest.mark.parametrize(
    ("code", "message", "fault"),
    [
        ("1026", "video description contains sensitive content", ProviderFault.REFUSED),
        ("1027", "generated video contains sensitive content", ProviderFault.REFUSED),
        ("1002", "rate limit", ProviderFault.UNAVAILABLE),
        ("1000", "internal error", ProviderFault.UNAVAILABLE),
    ],
)
async def test_a_job_that_fails_late_says_why(code: str, message: str, fault: ProviderFault) -> None:
    async with talking() as (provider, replica):
        handle = await provider.submit(order())
        replica.fail(code, message)
        assert await provider.poll(handle) == Failed(fault=fault, message=message)


@pytest.mark.parametrize(
    ("status", "message", "fault", "no_job"),
    [
        (422, "output contains sensitive content (1027)", ProviderFault.REFUSED, False),
        (401, "invalid api key (2049)", ProviderFault.CREDENTIALS, False),
        (429, "usage limit exceeded (2056)", ProviderFault.FUNDS, False),
        (429, "rate growth limit (2045)", ProviderFault.THROTTLED, True),
        (400, "invalid params, model MiniMax-H1 is not supported (2013)", ProviderFault.MODEL_GONE, False),
        (422, "what", ProviderFault.REJECTED, False),
        (500, "internal error (1000)", ProviderFault.UNAVAILABLE, False),
        (529, "overloaded", ProviderFault.UNAVAILABLE, False),
    ],
)
async def test_every_code_means_what_its_page_says(
    status: int, message: str, fault: ProviderFault, no_job: bool
) -> None:
    class Refusing(MiniMax):
        async def _create(self, request: web.Request) -> web.Response:
            return self.error(status, message)

    async with talking(Refusing()) as (provider, _):
        with pytest.raises(ProviderError) as caught:
            await provider.submit(order())
        assert (caught.value.fault, caught.value.no_job) == (fault, no_job)


async def test_an_error_may_come_as_a_good_answer() -> None:
    class Polite(MiniMax):
        async def _create(self, request: web.Request) -> web.Response:
            answer = self.error(422, "video description contains sensitive content (1026)")
            answer.set_status(200)
            return answer

    async with talking(Polite()) as (provider, _):
        with pytest.raises(ProviderError, match="sensitive") as caught:
            await provider.submit(order())
        assert caught.value.fault is ProviderFault.REFUSED


async def test_an_unknown_job_is_not_taken_for_a_broken_server() -> None:
    """MiniMax answers with HTTP 500."""
    async with talking() as (provider, replica):
        handle = await provider.submit(order())
        replica.restart()
        with pytest.raises(ProviderError, match="7 days") as caught:
            await provider.poll(handle)
        assert caught.value.fault is ProviderFault.NOT_FOUND
