"""The replica against the unmodified `openai` package, so that it cannot merely agree with our adapter."""

import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from openai import (
    AsyncOpenAI,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    RateLimitError,
    UnprocessableEntityError,
)
from PIL import Image

from replicas.openai_videos import OpenAIVideos
from replicas.replica import KEY, Trouble

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API is scheduled:DeprecationWarning")
PROFILES = ("openai", "sglang", "vllm_omni", "litellm")


@asynccontextmanager
async def talking(replica: OpenAIVideos, key: str = KEY) -> AsyncIterator[Any]:
    async with (
        replica.serving(),
        AsyncOpenAI(api_key=key, base_url=f"{replica.url}/v1", max_retries=0, timeout=10) as client,
    ):
        yield client.videos


def png(width: int, height: int) -> tuple[str, bytes, str]:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (30, 90, 200)).save(file, "PNG")
    return "frame.png", file.getvalue(), "image/png"


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_life_of_a_video(profile: str) -> None:
    replica = OpenAIVideos(profile)
    async with talking(replica) as videos:
        made = await videos.create(model="m", prompt="a red kite", seconds="4", size="1280x720")
        states = [made.status]
        while (states[-1]) not in ("completed", "failed"):
            states.append((await videos.retrieve(made.id)).status)
        assert states[0] == "queued"
        assert states[-1] == "completed"
        assert ("in_progress" in states) is (profile != "sglang")
        assert (await videos.download_content(made.id)).content == replica.clip
        assert len((await videos.list()).data) == 1
        gone = await videos.delete(made.id)
        assert gone.object == ("video" if profile == "sglang" else "video.deleted")
        with pytest.raises(NotFoundError):
            await videos.retrieve(made.id)


async def test_the_sdks_polling_ends() -> None:
    async with talking(OpenAIVideos()) as videos:
        made = await videos.create_and_poll(prompt="a red kite", poll_interval_ms=1)
        assert (made.status, made.progress, made.error) == ("completed", 100, None)


async def test_a_reference_has_the_size_of_the_clip() -> None:
    async with talking(OpenAIVideos()) as videos:
        await videos.create(prompt="a kite", size="1280x720", input_reference=png(1280, 720))
        with pytest.raises(BadRequestError, match="Inpaint image must match"):
            await videos.create(prompt="a kite", size="1280x720", input_reference=png(640, 360))
        with pytest.raises(BadRequestError, match="expected a file, but got a string"):
            await videos.create(prompt="a kite", extra_body={"input_reference": "https://example.com/a.png"})


async def test_vllm_omni_answers_for_a_failed_job_with_the_jobs_status() -> None:
    replica = OpenAIVideos("vllm_omni")
    async with talking(replica) as videos:
        made = await videos.create(prompt="a kite")
        replica.fail("out of memory", 500)
        with pytest.raises(InternalServerError):
            await videos.retrieve(made.id)


async def test_vllm_omni_takes_no_json() -> None:
    async with talking(OpenAIVideos("vllm_omni")) as videos:
        with pytest.raises(UnprocessableEntityError):
            await videos._client.post("/videos", body={"prompt": "a kite"}, cast_to=object)


@pytest.mark.parametrize("profile", ["openai", "sglang", "litellm"])
async def test_others_take_json(profile: str) -> None:
    async with talking(OpenAIVideos(profile)) as videos:
        made = await videos._client.post("/videos", body={"prompt": "a kite", "seconds": "4"}, cast_to=object)
        assert made["object"] == "video"


async def test_litellms_ids_change_and_all_of_them_work() -> None:
    async with talking(OpenAIVideos("litellm")) as videos:
        made = await videos.create(prompt="a kite")
        seen = await videos.retrieve(made.id)
        assert seen.id != made.id
        assert b"litellm" in base64.b64decode(seen.id.removeprefix("video_"))
        assert (await videos.retrieve(seen.id)).status == "completed"


async def test_sglang_with_a_bucket_names_the_url_instead_of_the_content() -> None:
    replica = OpenAIVideos("sglang")
    replica.elsewhere = True
    async with talking(replica) as videos:
        made = await videos.create_and_poll(prompt="a kite", poll_interval_ms=1)
        with pytest.raises(BadRequestError) as caught:
            await videos.download_content(made.id)
        assert "cloud storage" in caught.value.response.text
        assert made.model_dump()["url"].startswith(replica.files_url)


@pytest.mark.parametrize(
    ("trouble", "error", "code"),
    [
        (Trouble.REFUSED, BadRequestError, "moderation_blocked"),
        (Trouble.REJECTED, BadRequestError, "invalid_value"),
        (Trouble.CREDENTIALS, AuthenticationError, "invalid_api_key"),
        (Trouble.FUNDS, RateLimitError, "insufficient_quota"),
        (Trouble.THROTTLED, RateLimitError, "rate_limit_exceeded"),
        (Trouble.MODEL_GONE, NotFoundError, "model_not_found"),
        (Trouble.UNAVAILABLE, InternalServerError, None),
    ],
)
async def test_troubles(trouble: Trouble, error: type[Exception], code: str | None) -> None:
    replica = OpenAIVideos()
    async with talking(replica) as videos:
        replica.trouble = trouble
        with pytest.raises(error) as caught:
            await videos.create(prompt="a kite")
        assert getattr(caught.value, "code", None) == code
        assert (await videos.create(prompt="a kite")).status == "queued"


async def test_a_wrong_key_is_refused() -> None:
    async with talking(OpenAIVideos(), key="sk-wrong") as videos:
        with pytest.raises(AuthenticationError):
            await videos.create(prompt="a kite")


@pytest.mark.parametrize("profile", PROFILES)
async def test_the_list_of_models(profile: str) -> None:
    async with talking(OpenAIVideos(profile)) as videos:
        served = [model.id async for model in videos._client.models.list()]
        assert served == (["m"] if profile in ("sglang", "vllm_omni") else ["m", "sora-2"])
