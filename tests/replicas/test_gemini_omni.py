"""The replica against the unmodified `google-genai` package, so that it cannot merely agree with our adapter."""

import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from google import genai
from google.genai import types
from google.genai._interactions.core.error import APIStatusError
from google.genai.errors import APIError
from PIL import Image

from replicas.gemini_omni import GeminiOmni
from replicas.replica import KEY, Trouble

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
MODEL = "gemini-omni-1.1-flash"
CLIP = {"type": "video", "aspect_ratio": "16:9", "resolution": "720p", "duration": "4s", "delivery": "uri"}


@asynccontextmanager
async def talking(replica: GeminiOmni, key: str = KEY) -> AsyncIterator[Any]:
    async with replica.serving():
        options = types.HttpOptions(base_url=replica.url, retry_options=types.HttpRetryOptions(attempts=1))
        async with genai.Client(api_key=key, http_options=options).aio as client:
            yield client.interactions


def picture() -> dict[str, str]:
    file = io.BytesIO()
    Image.new("RGB", (1280, 720), (30, 90, 200)).save(file, "PNG")
    return {"type": "image", "data": base64.b64encode(file.getvalue()).decode(), "mime_type": "image/png"}


async def test_a_clip_within_one_request() -> None:
    replica = GeminiOmni()
    async with talking(replica) as interactions:
        made = await interactions.create(model=MODEL, input="a red kite", response_format=CLIP)
        assert made.status == "completed"
        assert made.output_video.uri.startswith(f"{replica.url}/v1beta/files/")
        assert made.output_video.data is None
        assert made.usage.output_tokens_by_modality[0].tokens == 4 * 5792
        assert [step.type for step in made.steps] == ["thought", "model_output"]


async def test_the_file_is_served_to_the_key_alone() -> None:
    replica = GeminiOmni()
    async with talking(replica) as interactions, aiohttp.ClientSession() as http:
        replica.looks = 2
        made = await interactions.create(model=MODEL, input="a red kite", response_format=CLIP)
        about, signed = made.output_video.uri.partition(":download")[0], {"x-goog-api-key": KEY}
        async with http.get(made.output_video.uri) as answer:
            assert answer.status == 403
        for state in ("PROCESSING", "ACTIVE"):
            async with http.get(about, headers=signed) as answer:
                assert (await answer.json())["state"] == state
        async with http.get(made.output_video.uri, headers=signed) as answer:
            assert await answer.read() == replica.clip


async def test_the_life_of_a_job_in_the_background() -> None:
    replica = GeminiOmni()
    async with talking(replica) as interactions:
        ask = {"model": MODEL, "input": "a red kite", "response_format": CLIP}
        made = await interactions.create(**ask, background=True, store=True)
        assert (made.status, made.output_video) == ("in_progress", None)
        replica.hidden_looks = 1
        with pytest.raises(APIStatusError) as caught:
            await interactions.get(made.id)
        assert caught.value.status_code == 403
        seen = await interactions.get(made.id)
        assert (seen.status, seen.steps[0].type) == ("completed", "user_input")
        assert seen.output_video.uri is not None
        await interactions.delete(made.id)
        with pytest.raises(APIStatusError) as caught:
            await interactions.get(made.id)
        assert caught.value.status_code == 404


async def test_a_job_is_cancelled_while_it_runs() -> None:
    replica = GeminiOmni()
    async with talking(replica) as interactions:
        made = await interactions.create(model=MODEL, input="a kite", response_format=CLIP, background=True)
        assert (await interactions.cancel(made.id)).status == "cancelled"
        replica.no_cancel = True
        with pytest.raises(APIStatusError) as caught:
            await interactions.cancel(made.id)
        assert caught.value.status_code == 403


async def test_pictures_and_inline_clips() -> None:
    replica = GeminiOmni()
    async with talking(replica) as interactions:
        made = await interactions.create(
            model=MODEL,
            input=[picture(), {"type": "text", "text": "it flies"}],
            response_format={"type": "video"},
            generation_config={"video_config": {"task": "image_to_video"}},
        )
        assert base64.b64decode(str(made.output_video.data)) == replica.clip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"response_format": CLIP | {"duration": "2s"}}, "response_format"),
        ({"response_format": CLIP | {"duration": "11s"}}, "response_format"),
        ({"response_format": CLIP | {"aspect_ratio": "1:1"}}, "Supported values: '16:9', '9:16'"),
        ({"generation_config": {"video_config": {"task": "dream"}}}, "text_to_video"),
        (
            {"generation_config": {"video_config": {"task": "edit"}}, "previous_interaction_id": "v1_0"},
            "not allowed when video task is set",
        ),
        ({"background": True, "store": False}, "background requires store"),
    ],
)
async def test_what_it_does_not_take(changes: dict[str, Any], message: str) -> None:
    async with talking(GeminiOmni()) as interactions:
        with pytest.raises(APIStatusError, match=message) as caught:
            await interactions.create(**({"model": MODEL, "input": "a kite", "response_format": CLIP} | changes))
        assert caught.value.status_code == 400


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (Trouble.REFUSED, 400),
        (Trouble.REJECTED, 400),
        (Trouble.CREDENTIALS, 400),
        (Trouble.FUNDS, 429),
        (Trouble.THROTTLED, 429),
        (Trouble.MODEL_GONE, 404),
        (Trouble.UNAVAILABLE, 503),
    ],
)
async def test_troubles(trouble: Trouble, status: int) -> None:
    replica = GeminiOmni()
    async with talking(replica) as interactions:
        replica.trouble = trouble
        with pytest.raises(APIStatusError) as caught:
            await interactions.create(model=MODEL, input="a kite", response_format=CLIP)
        assert caught.value.status_code == status
        assert (await interactions.create(model=MODEL, input="a kite", response_format=CLIP)).status == "completed"


async def test_a_wrong_key_and_an_unknown_model() -> None:
    async with talking(GeminiOmni(), key="wrong") as interactions:
        with pytest.raises(APIStatusError, match="API key not valid"):
            await interactions.create(model=MODEL, input="a kite", response_format=CLIP)
    async with talking(GeminiOmni()) as interactions:
        with pytest.raises(APIStatusError) as caught:
            await interactions.create(model="gemini-omni-flash-preview", input="a kite", response_format=CLIP)
        assert caught.value.status_code == 404


async def test_a_model_is_known_to_whoever_has_the_key() -> None:
    replica = GeminiOmni()
    async with replica.serving():
        options = types.HttpOptions(base_url=replica.url, retry_options=types.HttpRetryOptions(attempts=1))
        async with genai.Client(api_key=KEY, http_options=options).aio as client:
            assert (await client.models.get(model=MODEL)).name == f"models/{MODEL}"
            with pytest.raises(APIError) as caught:
                await client.models.get(model="gemini-omni-0-flash")
            assert caught.value.code == 404
        async with genai.Client(api_key="wrong", http_options=options).aio as client:
            with pytest.raises(APIError, match="API key not valid"):
                await client.models.get(model=MODEL)


async def test_a_webhook_of_one_job_needs_the_background() -> None:
    replica = GeminiOmni()
    async with talking(replica) as interactions:
        ask = {"model": MODEL, "input": "a kite", "response_format": CLIP}
        hook = {"uris": ["https://reelway.example/callbacks"], "user_metadata": {}}
        made = await interactions.create(**ask, background=True, webhook_config=hook)
        assert replica.callback_urls == {made.id: "https://reelway.example/callbacks"}
        with pytest.raises(APIStatusError, match="webhook_config requires background"):
            await interactions.create(**ask, webhook_config=hook)
