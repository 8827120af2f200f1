"""The replica against Luma's unmodified packages: `luma-agents`, and `lumaai` for Dream Machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import luma_agents
import lumaai
import pytest

from replicas.luma import Luma
from replicas.replica import KEY, Trouble


@asynccontextmanager
async def talking(replica: Luma, key: str = KEY) -> AsyncIterator[Any]:
    kind = luma_agents.AsyncLuma if replica.profile == "agents" else lumaai.AsyncLumaAI
    async with (
        replica.serving(),
        kind(auth_token=key, base_url=f"{replica.url}{replica.base}", max_retries=0, timeout=10) as client,
    ):
        yield client.generations


async def made(generations: Any, profile: str) -> Any:
    if profile == "agents":
        video = {"resolution": "720p", "duration": "5s"}
        return await generations.create(model="ray-3.2", type="video", prompt="a red kite", video=video)
    return await generations.video.create(model="ray-2", prompt="a red kite", resolution="720p", duration="5s")


def errors(profile: str) -> Any:
    return luma_agents if profile == "agents" else lumaai


@pytest.mark.parametrize(("profile", "working"), [("agents", "processing"), ("dream_machine", "dreaming")])
async def test_the_life_of_a_generation(profile: str, working: str) -> None:
    replica = Luma(profile)
    replica.looks = 3
    async with talking(replica) as generations:
        new = await made(generations, profile)
        assert (new.state, new.failure_reason) == ("queued", None)
        seen = [await generations.get(new.id) for _ in range(4)]
        assert [one.state for one in seen] == ["queued", working, "completed", "completed"]
        urls = {one.output[0].url if profile == "agents" else one.assets.video for one in seen[2:]}
        assert len(urls) == 2, "each look has a fresh URL"
        assert all(url.startswith(f"{replica.url}/bucket/{new.id}.mp4?X-Amz-") for url in urls)
        with pytest.raises(errors(profile).NotFoundError):
            await generations.get("00000000-0000-0000-0000-000000000000")


@pytest.mark.parametrize("profile", ["agents", "dream_machine"])
async def test_a_generation_fails_with_a_reason(profile: str) -> None:
    async with talking(replica := Luma(profile)) as generations:
        new = await made(generations, profile)
        replica.fail("no", "content_moderated")
        failed = await generations.get(new.id)
        assert (failed.state, failed.failure_reason) == ("failed", "no")
        if profile == "agents":
            assert failed.failure_code == "content_moderated"


async def test_dream_machine_lists_and_forgets() -> None:
    async with talking(replica := Luma("dream_machine")) as generations:
        ids = [(await made(generations, "dream_machine")).id for _ in range(3)]
        page = await generations.list(limit=2)
        assert [one.id for one in page.generations] == [ids[2], ids[1]]
        assert (page.has_more, page.generations[0].request.prompt) == (True, "a red kite")
        await generations.delete(ids[0])
        assert set(replica.jobs) == set(ids[1:])


FRAME = {"data": "iVBORw0KGgo=", "media_type": "image/png"}


async def test_agents_takes_frames_by_name_or_by_place() -> None:
    async with talking(Luma()) as generations:

        async def ask(**video: Any) -> Any:
            return await generations.create(model="ray-3.2", type="video", prompt="a kite", video=video)

        await ask(duration="5s", start_frame=FRAME, end_frame=FRAME)
        await ask(duration="10s", keyframes=[FRAME, FRAME], keyframe_indexes=[0, 240])
        for wrong in (
            {"duration": "10s", "start_frame": FRAME},
            {"duration": "5s", "keyframes": [FRAME], "keyframe_indexes": [0, 1]},
            {"duration": "5s", "keyframes": [FRAME], "keyframe_indexes": [121]},
            {"duration": "9s"},
            {"start_frame": {"data": FRAME["data"]}},
            {"start_frame": FRAME | {"url": "https://example.com/a.png"}},
        ):
            with pytest.raises(luma_agents.BadRequestError):
                await ask(**wrong)
        with pytest.raises(luma_agents.UnprocessableEntityError):
            await ask(start_frame=FRAME | {"data": "not-valid-base64!!!"})


async def test_agents_makes_an_image_unless_told() -> None:
    async with talking(Luma()) as generations:
        assert (await generations.create(prompt="a kite")).type == "image"
        with pytest.raises(luma_agents.BadRequestError, match=r"'image' is not supported for model 'ray-3\.2'"):
            await generations.create(model="ray-3.2", prompt="a kite")
        with pytest.raises(luma_agents.BadRequestError, match="source is required"):
            await generations.create(model="ray-3.2", type="video_edit", prompt="a kite")
        with pytest.raises(luma_agents.BadRequestError, match="Unknown model: ray-9"):
            await generations.create(model="ray-9", type="video", prompt="a kite")


@pytest.mark.parametrize(
    ("profile", "trouble", "error"),
    [
        ("dream_machine", Trouble.REFUSED, "BadRequestError"),
        ("agents", Trouble.REJECTED, "BadRequestError"),
        ("agents", Trouble.CREDENTIALS, "AuthenticationError"),
        ("agents", Trouble.FUNDS, "APIStatusError"),
        ("dream_machine", Trouble.FUNDS, "BadRequestError"),
        ("agents", Trouble.THROTTLED, "RateLimitError"),
        ("agents", Trouble.MODEL_GONE, "BadRequestError"),
        ("agents", Trouble.UNAVAILABLE, "InternalServerError"),
    ],
)
async def test_troubles(profile: str, trouble: Trouble, error: str) -> None:
    async with talking(replica := Luma(profile)) as generations:
        replica.trouble = trouble
        with pytest.raises(getattr(errors(profile), error)):
            await made(generations, profile)
        assert (await made(generations, profile)).state == "queued"


@pytest.mark.parametrize("profile", ["agents", "dream_machine"])
async def test_a_wrong_key_is_refused(profile: str) -> None:
    async with talking(Luma(profile), key="luma-wrong") as generations:
        with pytest.raises(errors(profile).AuthenticationError):
            await made(generations, profile)
