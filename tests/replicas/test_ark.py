"""The replica against the unmodified `byteplus-python-sdk-v2`, so that it cannot merely agree with our adapter."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from replicas.ark import Ark
from replicas.replica import KEY, Trouble

pytest.importorskip(
    "byteplussdkarkruntime", reason="an SDK of 250 MB: pip install byteplus-python-sdk-v2 to check the replica"
)
from byteplussdkarkruntime import AsyncArk
from byteplussdkarkruntime._exceptions import (
    ArkAuthenticationError,
    ArkBadRequestError,
    ArkConflictError,
    ArkInternalServerError,
    ArkNotFoundError,
    ArkPermissionDeniedError,
    ArkRateLimitError,
)

MODEL = "dreamina-seedance-2-5-260628"
WORDS = [{"type": "text", "text": "a red kite"}]
FRAME = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}, "role": "first_frame"}


@asynccontextmanager
async def talking(replica: Ark, key: str = KEY) -> AsyncIterator[Any]:
    async with replica.serving():
        client = AsyncArk(api_key=key, base_url=f"{replica.url}/api/v3", max_retries=0, timeout=10)
        try:
            yield client.content_generation.tasks
        finally:
            await client.close()


async def test_the_life_of_a_task() -> None:
    replica = Ark()
    async with talking(replica) as tasks:
        made = await tasks.create(model=MODEL, content=WORDS, resolution="720p", ratio="16:9", duration=5)
        task = await tasks.get(task_id=made.id)
        assert (task.status, task.generate_audio) == ("running", True)
        task = await tasks.get(task_id=made.id)
        assert (task.status, task.resolution, task.ratio, task.duration) == ("succeeded", "720p", "16:9", 5)
        assert task.usage.completion_tokens == 108900, "as a live call was billed"
        async with aiohttp.ClientSession() as http:
            async with http.get(task.content.video_url) as answer:
                assert await answer.read() == replica.clip
            replica.expired = True
            async with http.get(task.content.video_url) as answer:
                assert answer.status == 403
        listed = await tasks.list(status="succeeded", task_ids=[made.id])
        assert (listed.total, listed.items[0].id) == (1, made.id)
        await tasks.delete(task_id=made.id)
        with pytest.raises(ArkNotFoundError):
            await tasks.get(task_id=made.id)


async def test_only_a_queued_task_is_cancelled() -> None:
    replica = Ark()
    async with talking(replica) as tasks:
        made = await tasks.create(model=MODEL, content=WORDS)
        await tasks.delete(task_id=made.id)
        assert (await tasks.get(task_id=made.id)).status == "cancelled"
        made = await tasks.create(model=MODEL, content=WORDS)
        await tasks.get(task_id=made.id)
        with pytest.raises(ArkConflictError, match="currently running"):
            await tasks.delete(task_id=made.id)


@pytest.mark.parametrize(
    "asked",
    [
        {"content": WORDS, "duration": 3},
        {"content": WORDS, "resolution": "1440p"},
        {"content": WORDS, "seed": 7},
        {"content": [{"type": "text", "text": ""}]},
        {"content": [*WORDS, FRAME], "ratio": "16:9"},
        {"content": [FRAME, FRAME]},
        {"content": [FRAME | {"image_url": {"url": "http://127.0.0.1/a.png"}}]},
        {"content": []},
    ],
)
async def test_what_is_checked(asked: dict[str, Any]) -> None:
    async with talking(Ark()) as tasks:
        with pytest.raises(ArkBadRequestError):
            await tasks.create(model=MODEL, **asked)


async def test_a_failed_task_says_why() -> None:
    replica = Ark()
    async with talking(replica) as tasks:
        made = await tasks.create(model=MODEL, content=[*WORDS, FRAME])
        replica.fail("OutputVideoSensitiveContentDetected", "The output video may contain sensitive information.")
        task = await tasks.get(task_id=made.id)
        assert (task.status, task.error.code) == ("failed", "OutputVideoSensitiveContentDetected")


@pytest.mark.parametrize(
    ("trouble", "error", "code"),
    [
        (Trouble.REFUSED, ArkBadRequestError, "InputTextSensitiveContentDetected"),
        (Trouble.REJECTED, ArkBadRequestError, "InvalidParameter"),
        (Trouble.CREDENTIALS, ArkAuthenticationError, "AuthenticationError"),
        (Trouble.FUNDS, ArkPermissionDeniedError, "AccountOverdueError"),
        (Trouble.THROTTLED, ArkRateLimitError, "RateLimitExceeded.EndpointRPMExceeded"),
        (Trouble.MODEL_GONE, ArkNotFoundError, "InvalidEndpointOrModel.NotFound"),
        (Trouble.UNAVAILABLE, ArkInternalServerError, None),
    ],
)
async def test_troubles(trouble: Trouble, error: type[Exception], code: str | None) -> None:
    replica = Ark()
    async with talking(replica) as tasks:
        replica.trouble = trouble
        with pytest.raises(error) as caught:
            await tasks.create(model=MODEL, content=WORDS)
        assert getattr(caught.value, "code", None) == code
        assert (await tasks.create(model=MODEL, content=WORDS)).id.startswith("cgt-")


async def test_a_wrong_key_is_refused() -> None:
    async with talking(Ark(), key="sk-wrong") as tasks:
        with pytest.raises(ArkAuthenticationError):
            await tasks.create(model=MODEL, content=WORDS)
