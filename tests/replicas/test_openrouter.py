"""The replica against the unmodified `openrouter` package, so that it cannot merely agree with our adapter."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import openrouter
import pytest
from openrouter import errors

from replicas.openrouter import OpenRouter
from replicas.replica import KEY, Trouble

MODEL = "bytedance/seedance-2.5"
WORDS: dict[str, Any] = {"model": MODEL, "prompt": "a red kite"}


@asynccontextmanager
async def talking(replica: OpenRouter, key: str = KEY) -> AsyncIterator[Any]:
    async with (
        replica.serving(),
        openrouter.OpenRouter(
            api_key=key, server_url=f"{replica.url}/api/v1", retry_config=None, timeout_ms=10_000
        ) as client,
    ):
        yield client.video_generation


async def test_the_life_of_a_job() -> None:
    replica = OpenRouter()
    async with talking(replica) as videos:
        made = await videos.generate_async(**WORDS, resolution="720p", aspect_ratio="16:9", duration=5)
        assert (made.status, made.usage) == ("pending", None)
        with pytest.raises(errors.ConflictResponseError):
            await videos.get_video_content_async(job_id=made.id)
        assert (await videos.get_generation_async(job_id=made.id)).status == "in_progress"
        done = await videos.get_generation_async(job_id=made.id)
        assert (done.status, done.usage.cost, done.urls) == ("completed", 1.155, None)
        content = await videos.get_video_content_async(job_id=made.id, index=0)
        assert await content.aread() == replica.clip
        async with aiohttp.ClientSession() as http, http.get(done.unsigned_urls[0]) as answer:
            assert answer.status == 401, "an unsigned URL needs the key"
        replica.expired = True
        with pytest.raises(errors.GoneResponseError):
            await videos.get_video_content_async(job_id=made.id)


async def test_a_signed_url_needs_no_key() -> None:
    replica = OpenRouter()
    replica.elsewhere, replica.looks = True, 0
    async with talking(replica) as videos:
        made = await videos.generate_async(**WORDS)
        done = await videos.get_generation_async(job_id=made.id)
        assert done.expires_at is not None
        async with aiohttp.ClientSession() as http, http.get(done.urls[0]) as answer:
            assert await answer.read() == replica.clip


async def test_the_models_tell_what_they_can() -> None:
    async with talking(OpenRouter()) as videos:
        listed = (await videos.list_videos_models_async()).data
        assert listed[0].id == MODEL
        assert listed[0].supported_resolutions == ["480p", "720p"]
        assert {model.id: model.seed for model in listed}["kwaivgi/kling-v3.0-std"] is False


@pytest.mark.filterwarnings("ignore:.*DEPRECATED:DeprecationWarning")  # of fields that the package itself reads
async def test_a_key_tells_what_is_left_of_its_limit() -> None:
    replica = OpenRouter()
    async with replica.serving(), openrouter.OpenRouter(api_key=KEY, server_url=f"{replica.url}/api/v1") as client:
        for left in (None, 7.5):
            replica.key_left_usd = left
            told = (await client.api_keys.get_current_key_metadata_async()).data
            assert told.limit_remaining == left
            assert (told.effective_budget.remaining_usd if told.effective_budget else None) == left


async def test_the_url_of_a_callback_has_to_be_https() -> None:
    replica = OpenRouter()
    async with talking(replica) as videos:
        with pytest.raises(errors.BadRequestResponseError):
            await videos.generate_async(**WORDS, callback_url="http://reelway.example/c")
        made = await videos.generate_async(**WORDS, callback_url="https://reelway.example/c")
        assert replica.callback_urls == {made.id: "https://reelway.example/c"}


@pytest.mark.parametrize(
    "asked",
    [
        WORDS | {"duration": 3},
        WORDS | {"resolution": "1080p"},
        WORDS | {"aspect_ratio": "9:21"},
        WORDS | {"size": "1280x720", "resolution": "720p"},
        WORDS | {"model": "kwaivgi/kling-v3.0-std", "seed": 7},
        {"model": MODEL},
        WORDS
        | {
            "frame_images": [
                {"type": "image_url", "image_url": {"url": "http://127.0.0.1/a.png"}, "frame_type": "first_frame"}
            ]
        },
    ],
)
async def test_what_is_checked(asked: dict[str, Any]) -> None:
    async with talking(OpenRouter()) as videos:
        with pytest.raises(errors.BadRequestResponseError):
            await videos.generate_async(**asked)


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (Trouble.REFUSED, errors.ForbiddenResponseError),
        (Trouble.REJECTED, errors.BadRequestResponseError),
        (Trouble.CREDENTIALS, errors.UnauthorizedResponseError),
        (Trouble.FUNDS, errors.PaymentRequiredResponseError),
        (Trouble.THROTTLED, errors.TooManyRequestsResponseError),
        (Trouble.MODEL_GONE, errors.NotFoundResponseError),
    ],
)
async def test_troubles(trouble: Trouble, error: type[Exception]) -> None:
    replica = OpenRouter()
    async with talking(replica) as videos:
        replica.trouble = trouble
        with pytest.raises(error):
            await videos.generate_async(**WORDS)
        assert (await videos.generate_async(**WORDS)).id.startswith("gen-vid-")


async def test_a_failed_job_says_why_in_words() -> None:
    replica = OpenRouter()
    async with talking(replica) as videos:
        made = await videos.generate_async(**WORDS)
        replica.fail("The output video may contain sensitive information.")
        job = await videos.get_generation_async(job_id=made.id)
        assert (job.status, job.error) == ("failed", "The output video may contain sensitive information.")
        replica.restart()
        with pytest.raises(errors.NotFoundResponseError):
            await videos.get_generation_async(job_id=made.id)


async def test_a_wrong_key_is_refused() -> None:
    async with talking(OpenRouter(), key="sk-wrong") as videos:
        with pytest.raises(errors.UnauthorizedResponseError):
            await videos.generate_async(**WORDS)
