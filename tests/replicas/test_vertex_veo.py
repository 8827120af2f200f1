"""The replica against unmodified `google-genai` and `google-auth`, so that it cannot merely agree with our adapter."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from google import genai
from google.auth.exceptions import RefreshError
from google.genai import types
from google.genai.errors import APIError
from google.oauth2.service_account import Credentials
from PIL import Image

from replicas.replica import Trouble
from replicas.vertex_veo import BLOCKED, PROJECT, TOKEN, VertexVeo

pytestmark = pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
MODEL = "veo-3.1-generate-001"
CONFIG: dict[str, Any] = {
    "number_of_videos": 1,
    "duration_seconds": 4,
    "aspect_ratio": "16:9",
    "resolution": "720p",
    "seed": 7,
    "generate_audio": False,
    "negative_prompt": "blur",
}


@asynccontextmanager
async def talking(replica: VertexVeo) -> AsyncIterator[Any]:
    async with replica.serving():
        account = Credentials.from_service_account_info(  # type: ignore[no-untyped-call]
            replica.account(), scopes=["https://www.googleapis.com/auth/cloud-platform"]
        )
        options = types.HttpOptions(
            base_url=replica.url, api_version="v1", retry_options=types.HttpRetryOptions(attempts=1)
        )
        made = genai.Client(
            vertexai=True, project=PROJECT, location="us-central1", credentials=account, http_options=options
        )
        async with made.aio as client:
            yield client


async def finished(client: Any, operation: Any) -> tuple[int, Any]:
    looks = 0
    while not operation.done:
        operation = await client.operations.get(operation)
        looks += 1
    return looks, operation


async def test_the_life_of_an_operation_with_the_clip_in_its_answer() -> None:
    replica = VertexVeo()
    async with talking(replica) as client:
        made = await client.models.generate_videos(
            model=MODEL, source=types.GenerateVideosSource(prompt="a red kite"), config=CONFIG
        )
        looks, done = await finished(client, made)
        assert looks == replica.looks
        (video,) = done.response.generated_videos
        assert (video.video.video_bytes, video.video.mime_type) == (replica.clip, "video/mp4")
        assert replica.seen[0].headers["authorization"] == f"Bearer {TOKEN}.1"
        assert len(replica.seen_at_tokens) == 1


async def test_a_clip_in_the_bucket_needs_a_token() -> None:
    replica = VertexVeo()
    async with talking(replica) as client, aiohttp.ClientSession() as http:
        made = await client.models.generate_videos(
            model=MODEL,
            source=types.GenerateVideosSource(prompt="a kite"),
            config=CONFIG | {"output_gcs_uri": "gs://clips/out"},
        )
        _, done = await finished(client, made)
        uri = done.response.generated_videos[0].video.uri
        assert uri.startswith("gs://clips/out/")
        name = uri.removeprefix("gs://clips/").replace("/", "%2F")
        place = f"{replica.url}/storage/v1/b/clips/o"
        async with http.get(f"{place}/{name}?alt=media") as answer:
            assert answer.status == 401
        signed = {"Authorization": replica.seen[0].headers["authorization"]}
        async with http.get(f"{place}/{name}?alt=media", headers=signed) as answer:
            assert await answer.read() == replica.clip
        async with http.get(f"{place}?prefix=out/", headers=signed) as answer:
            assert [item["name"] for item in (await answer.json())["items"]] == [uri.removeprefix("gs://clips/")]


async def test_frames_go_along() -> None:
    file = io.BytesIO()
    Image.new("RGB", (1280, 720), (30, 90, 200)).save(file, "PNG")
    frame = types.Image(image_bytes=file.getvalue(), mime_type="image/png")
    async with talking(VertexVeo()) as client:
        source = types.GenerateVideosSource(prompt="it flies", image=frame)
        made = await client.models.generate_videos(model=MODEL, source=source, config=CONFIG | {"last_frame": frame})
        assert (await finished(client, made))[1].error is None


async def test_done_without_videos_is_a_block_and_an_error_is_an_error() -> None:
    replica = VertexVeo()
    async with talking(replica) as client:
        source = types.GenerateVideosSource(prompt="a kite")
        made = await client.models.generate_videos(model=MODEL, source=source, config=CONFIG)
        replica.force("filtered")
        blocked = await client.operations.get(made)
        assert (blocked.done, blocked.response.generated_videos) == (True, None)
        assert blocked.response.rai_media_filtered_reasons == [BLOCKED]
        replica.force("error")
        assert (await client.operations.get(made)).error["code"] == 13
        replica.force("done false")
        assert not (await client.operations.get(made)).done


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"duration_seconds": 5}, "supported durations are"),
        ({"resolution": "480p"}, "Unsupported resolution 480p"),
        ({"aspect_ratio": "1:1"}, "aspect ratio"),
        ({"number_of_videos": 5}, "Out of range"),
    ],
)
async def test_what_it_does_not_take(changes: dict[str, Any], message: str) -> None:
    async with talking(VertexVeo()) as client:
        with pytest.raises(APIError, match=message) as caught:
            await client.models.generate_videos(
                model=MODEL, source=types.GenerateVideosSource(prompt="a kite"), config=CONFIG | changes
            )
        assert caught.value.code == 400


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (Trouble.REFUSED, 400),
        (Trouble.REJECTED, 400),
        (Trouble.CREDENTIALS, 403),
        (Trouble.FUNDS, 403),
        (Trouble.THROTTLED, 429),
        (Trouble.MODEL_GONE, 404),
    ],
)
async def test_troubles(trouble: Trouble, status: int) -> None:
    replica = VertexVeo()
    async with talking(replica) as client:
        replica.trouble = trouble
        with pytest.raises(APIError) as caught:
            await client.models.generate_videos(
                model=MODEL, source=types.GenerateVideosSource(prompt="a kite"), config=CONFIG
            )
        assert caught.value.code == status


async def test_a_key_that_google_does_not_know_gets_no_token() -> None:
    replica = VertexVeo()
    async with talking(replica) as client:
        replica.token_error = (400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        with pytest.raises(RefreshError, match="Invalid JWT Signature"):
            await client.models.generate_videos(
                model=MODEL, source=types.GenerateVideosSource(prompt="a kite"), config=CONFIG
            )


async def test_a_model_that_is_gone_and_an_operation_that_nobody_knows() -> None:
    replica = VertexVeo()
    async with talking(replica) as client:
        source = types.GenerateVideosSource(prompt="a kite")
        with pytest.raises(APIError) as caught:
            await client.models.generate_videos(model="veo-3.0-generate-001", source=source, config=CONFIG)
        assert caught.value.code == 404
        made = await client.models.generate_videos(model=MODEL, source=source, config=CONFIG)
        replica.restart()
        with pytest.raises(APIError) as caught:
            await client.operations.get(made)
        assert caught.value.code == 404


async def test_a_publishers_model_is_listed() -> None:
    replica = VertexVeo()
    async with talking(replica) as client:
        name = f"publishers/google/models/{MODEL}"
        assert (await client.models.get(model=name)).name == name
        replica.models.remove(MODEL)
        with pytest.raises(APIError) as caught:
            await client.models.get(model=name)
        assert caught.value.code == 404
