"""The unmodified `openai` package against a real server."""

import base64
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from openai import AsyncOpenAI, AuthenticationError, BadRequestError, ConflictError, NotFoundError, RateLimitError
from PIL import Image

from harness import Running, serving

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")


def client_of(server: Running, key: str | None = None) -> AsyncOpenAI:
    return AsyncOpenAI(api_key=key or server.live_key, base_url=f"{server.url}/v1", max_retries=0, timeout=60)


@pytest.fixture
async def client(running: Running) -> AsyncIterator[AsyncOpenAI]:
    async with client_of(running) as made:
        yield made


@pytest.fixture
async def sandbox(running: Running) -> AsyncIterator[AsyncOpenAI]:
    async with client_of(running, running.test_key) as made:
        yield made


async def test_the_life_of_a_video(client: AsyncOpenAI, tmp_path: Path) -> None:
    video = await client.videos.create_and_poll(
        model="previz",
        prompt="a red kite over the sea",
        size="128x72",
        seconds="1",  # type: ignore[arg-type]
    )
    assert (video.status, video.progress, video.error) == ("completed", 100, None)
    assert video.completed_at is not None
    content = await client.videos.download_content(video.id)
    content.write_to_file(tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").read_bytes()[4:8] == b"ftyp"
    thumbnail = (await client.videos.download_content(video.id, variant="thumbnail")).content
    assert Image.open(BytesIO(thumbnail)).format == "WEBP"
    sheet = (await client.videos.download_content(video.id, variant="spritesheet")).content
    assert Image.open(BytesIO(sheet)).format == "JPEG"
    assert (await client.videos.retrieve(video.id)).id == video.id
    deleted = await client.videos.delete(video.id)
    assert (deleted.id, deleted.deleted, deleted.object) == (video.id, True, "video.deleted")
    with pytest.raises(NotFoundError):
        await client.videos.retrieve(video.id)


async def test_a_reference_picture_can_be_uploaded(client: AsyncOpenAI, tmp_path: Path) -> None:
    Image.new("RGB", (128, 72), (30, 90, 200)).save(tmp_path / "frame.png")
    video = await client.videos.create_and_poll(
        model="previz",
        prompt="slow push in",
        size="128x72",  # type: ignore[arg-type]
        seconds="1",  # type: ignore[arg-type]
        input_reference=tmp_path / "frame.png",
    )
    assert video.status == "completed"


async def test_a_reference_picture_can_be_named_by_url(sandbox: AsyncOpenAI) -> None:
    out = BytesIO()
    Image.new("RGB", (128, 72)).save(out, "PNG")
    url = "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()
    # openai 3.54 refuses its own documented object on the client's side, so people put it into extra_body.
    reference = {"input_reference": {"image_url": url}}
    video = await sandbox.videos.create(prompt="refuse: x", model="previz", extra_body=reference)
    assert video.status == "queued"


async def test_a_finished_video_can_be_remixed_and_edited(client: AsyncOpenAI) -> None:
    video = await client.videos.create_and_poll(
        model="previz", prompt="a red kite over the sea", size="128x72", seconds="1"  # type: ignore[arg-type]
    )  # fmt: skip
    remix = await client.videos.remix(video.id, prompt="at night")
    assert (remix.remixed_from_video_id, remix.size, remix.seconds) == (video.id, "128x72", "1")
    clip = (await client.videos.download_content(video.id)).content
    small = {"size": "128x72", "seconds": "1"}
    upload = await client.videos.edit(prompt="in the rain", video=clip, extra_body=small)
    assert (upload.model, upload.remixed_from_video_id, upload.status) == ("previz", None, "queued")


async def test_what_only_reelway_says_comes_through(sandbox: AsyncOpenAI) -> None:
    video = await sandbox.videos.create(
        prompt="refuse: x", model="sora-2-pro", seconds="8", extra_body={"seed": 5, "track_id": "scene-1"}
    )
    assert (video.model, video.seconds, video.size) == ("sora-2-pro", "8", "720x1280")
    extra = video.model_extra or {}
    assert (extra["seed"], extra["track_id"], extra["served_by"], extra["preview"]) == (5, "scene-1", "sandbox", True)
    assert extra["price_usd"] == "2.40"


async def test_paging_goes_through_all(sandbox: AsyncOpenAI) -> None:
    ids = [(await sandbox.videos.create(prompt="refuse: x", model="previz")).id for _ in range(5)]
    assert [v.id async for v in sandbox.videos.list(limit=2)] == ids[::-1]
    assert [v.id async for v in sandbox.videos.list(limit=2, order="asc")] == ids


async def test_a_refused_video_ends_the_poll_as_failed(sandbox: AsyncOpenAI) -> None:
    video = await sandbox.videos.create_and_poll(prompt="refuse: violence", model="sora-2")
    assert video.status == "failed"
    assert video.error is not None
    assert "violence" in video.error.message


async def test_models_can_be_listed_and_retrieved(client: AsyncOpenAI) -> None:
    ids = [m.id async for m in client.models.list()]
    assert {"sora-2", "previz"} <= set(ids)
    assert (await client.models.retrieve("sora-2")).owned_by == "OpenAI"
    with pytest.raises(NotFoundError):
        await client.models.retrieve("nope")


async def test_errors_are_the_clients_own_classes(running: Running, sandbox: AsyncOpenAI) -> None:
    async with client_of(running, "rw_live_wrong") as stranger:
        with pytest.raises(AuthenticationError) as refused:
            await stranger.videos.list()
        assert refused.value.code == "invalid_api_key"
    with pytest.raises(NotFoundError):
        await sandbox.videos.retrieve("video_none")
    with pytest.raises(BadRequestError) as bad:
        await sandbox.videos.create(prompt="x", model="sora-2", seconds="5")  # type: ignore[arg-type]
    assert (bad.value.param, bad.value.type) == ("seconds", "invalid_request_error")
    slow = await sandbox.videos.create(prompt="slow 50", model="previz")
    with pytest.raises(BadRequestError):
        await sandbox.videos.download_content(slow.id)
    with pytest.raises(ConflictError):
        await sandbox.videos.delete(slow.id)


async def test_too_many_requests_are_a_rate_limit_error(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "data", requests_per_minute=60, requests_burst=2) as server,
        client_of(server) as client,
    ):
        with pytest.raises(RateLimitError) as limited:
            for _ in range(4):
                await client.models.list()
        assert int(limited.value.response.headers["retry-after"]) >= 1


async def test_too_many_in_flight_are_a_rate_limit_error(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", in_flight_max=1) as server, client_of(server, server.test_key) as client:
        await client.videos.create(prompt="slow 50", model="previz")
        with pytest.raises(RateLimitError):
            await client.videos.create(prompt="slow 50", model="previz")
