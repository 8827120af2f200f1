"""The replica against the unmodified `runwayml` package, and our bodies against that package's types."""

import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal, Required, get_args, get_origin, get_type_hints

import pytest
import runwayml.types.image_to_video_create_params as image_params
import runwayml.types.text_to_video_create_params as text_params
import runwayml.types.video_to_video_create_params as video_params
from PIL import Image
from runwayml import (
    AsyncRunwayML,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
)

from builders import a_spec
from reelway.domain.generation import Asset, Mode, Role
from reelway.providers.base import Order
from replicas.case import adapter
from replicas.replica import KEY, Trouble, a_clip
from replicas.runway import Runway

PIXEL = "data:image/png;base64,iVBORw0KGgo="
MOVIE = "data:video/mp4;base64,AAAA"


@asynccontextmanager
async def talking(replica: Runway, key: str = KEY) -> AsyncIterator[Any]:
    async with (
        replica.serving(),
        AsyncRunwayML(api_key=key, base_url=replica.url, max_retries=0, timeout=10) as client,
    ):
        yield client


async def made(client: Any) -> Any:
    return await client.text_to_video.create(model="gen4.5", prompt_text="a red kite", ratio="1280:720", duration=5)


async def test_the_life_of_a_task() -> None:
    replica = Runway()
    replica.looks = 4
    async with talking(replica) as client:
        task = await made(client)
        assert task.estimated_cost.credits == 60
        seen = [await client.tasks.retrieve(task.id) for _ in range(4)]
        assert [one.status for one in seen] == ["PENDING", "RUNNING", "RUNNING", "SUCCEEDED"]
        assert 0 < seen[1].progress < seen[2].progress < 1
        assert seen[3].cost.credits == 60
        assert seen[3].output[0].startswith(f"{replica.url}/outputs/")
        await client.tasks.delete(task.id)
        with pytest.raises(NotFoundError):
            await client.tasks.retrieve(task.id)


async def test_the_sdks_waiting_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runwayml.lib.polling.POLL_TIME", 0.0)
    monkeypatch.setattr("runwayml.lib.polling.POLL_JITTER", 0.0)
    async with talking(Runway()) as client:
        done = await (await made(client)).wait_for_task_output(timeout=5)
        assert done.status == "SUCCEEDED"


async def test_each_look_gives_fresh_urls() -> None:
    async with talking(replica := Runway()) as client:
        replica.looks = 0
        task = await made(client)
        urls = {(await client.tasks.retrieve(task.id)).output[0] for _ in range(3)}
        assert len(urls) == 3


@pytest.mark.parametrize("code", [None, "SAFETY.INPUT.TEXT"])
async def test_a_task_fails_with_or_without_a_code(code: str | None) -> None:
    async with talking(replica := Runway()) as client:
        task = await made(client)
        replica.fail("no", code)
        failed = await client.tasks.retrieve(task.id)
        assert (failed.status, failed.failure, failed.failure_code, failed.cost.credits) == ("FAILED", "no", code, 0)


@pytest.mark.parametrize("state", ["THROTTLED", "CANCELLED"])
async def test_other_states_are_as_the_sdk_types_them(state: str) -> None:
    async with talking(replica := Runway()) as client:
        task = await made(client)
        replica.force(state)
        shown = await client.tasks.retrieve(task.id)
        assert type(shown).__name__.lower().endswith(state.lower())
        assert (shown.cost if state == "CANCELLED" else shown.estimated_cost).credits >= 0


async def test_pictures_and_videos_come_as_data_or_uploads() -> None:
    async with talking(replica := Runway()) as client:
        await client.image_to_video.create(
            model="gen4_turbo", prompt_image=PIXEL, ratio="960:960", duration=5, prompt_text="a kite"
        )
        upload = await client.uploads.create_ephemeral(file=("a.mp4", b"abc"))
        assert replica.uploads == {upload.uri: b"abc"}
        await client.video_to_video.create(model="aleph2", video_uri=upload.uri, prompt_text="at night")
        for uri in ("runway://nothing", "http://example.com/a.mp4", PIXEL):
            with pytest.raises(BadRequestError, match="videoUri"):
                await client.video_to_video.create(model="aleph2", video_uri=uri)


async def test_bodies_are_checked() -> None:
    async with talking(Runway()) as client:
        ask = client.text_to_video.create
        with pytest.raises(BadRequestError, match="1280:720, 720:1280"):
            await ask(model="gen4.5", prompt_text="a kite", ratio="960:960", duration=5)
        with pytest.raises(BadRequestError, match="promptText"):
            await ask(model="gen4.5", prompt_text="🪁" * 501, ratio="1280:720", duration=5)
        with pytest.raises(BadRequestError, match="duration"):
            await ask(model="gen4.5", prompt_text="a kite", ratio="1280:720", duration=11)
        with pytest.raises(PermissionDeniedError, match="gen4_aleph is not available"):
            await client.video_to_video.create(model="gen4_aleph", video_uri=MOVIE)


async def test_the_version_is_asked_for() -> None:
    async with talking(Runway()) as client:
        with pytest.raises(BadRequestError, match="X-Runway-Version"):
            await client.tasks.retrieve("1", extra_headers={"X-Runway-Version": "2023-01-01"})


async def test_the_organization() -> None:
    async with talking(Runway()) as client:
        assert (await client.organization.retrieve()).credit_balance == 1000


@pytest.mark.parametrize(
    ("trouble", "error", "said"),
    [
        (Trouble.REJECTED, BadRequestError, "Validation of body failed"),
        (Trouble.CREDENTIALS, AuthenticationError, "invalid"),
        (Trouble.FUNDS, BadRequestError, "enough credits"),
        (Trouble.THROTTLED, RateLimitError, "daily limit"),
        (Trouble.MODEL_GONE, PermissionDeniedError, "not available"),
        (Trouble.UNAVAILABLE, InternalServerError, "unavailable"),
    ],
)
async def test_troubles(trouble: Trouble, error: type[Exception], said: str) -> None:
    async with talking(replica := Runway()) as client:
        replica.trouble = trouble
        with pytest.raises(error, match=said):
            await made(client)
        assert (await made(client)).id


async def test_a_wrong_key_is_refused() -> None:
    async with talking(Runway(), key="key_wrong") as client:
        with pytest.raises(AuthenticationError):
            await made(client)


# -- our bodies, model by model, against the types of the package -------------------------------

KINDS = {
    Mode.TEXT_TO_VIDEO: text_params.TextToVideoCreateParams,
    Mode.IMAGE_TO_VIDEO: image_params.ImageToVideoCreateParams,
    Mode.VIDEO_TO_VIDEO: video_params.VideoToVideoCreateParams,
}


def variants() -> list[Any]:
    """(mode, model, what each field may be by its name on the wire, the fields that must be there)."""
    found = []
    for mode, union in KINDS.items():
        for variant in get_args(union):
            hints = get_type_hints(variant, include_extras=True)
            (model,) = get_args(bare(hints["model"]))
            fields = {wire_name(name, hint): bare(hint) for name, hint in hints.items()}
            needed = {wire_name(name, hint) for name, hint in hints.items() if get_origin(hint) is Required}
            found.append(pytest.param(mode, model, fields, needed, id=f"{mode}-{model}"))
    return found


def bare(hint: Any) -> Any:
    while get_origin(hint) is Required or hasattr(hint, "__metadata__"):
        hint = get_args(hint)[0]
    return hint


def wire_name(name: str, hint: Any) -> str:
    while get_origin(hint) is Required:
        (hint,) = get_args(hint)
    return next((m.alias for m in getattr(hint, "__metadata__", ()) if m.alias), name)


def inputs(mode: Mode) -> tuple[tuple[Asset, ...], dict[str, bytes]]:
    if mode is Mode.TEXT_TO_VIDEO:
        return (), {}
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "PNG")
    files = {"in.mp4": a_clip(), "in.png": file.getvalue()}
    role, key, kind = (
        (Role.FIRST_FRAME, "in.png", "image/png")
        if mode is Mode.IMAGE_TO_VIDEO
        else (Role.SOURCE_VIDEO, "in.mp4", "video/mp4")
    )
    return (Asset(role=role, key=key, media_type=kind, width=64, height=64, size_bytes=1),), files


@pytest.mark.parametrize(("mode", "model", "fields", "needed"), variants())
async def test_a_body_of_ours_is_what_the_package_types(
    mode: Mode, model: str, fields: dict[str, Any], needed: set[str]
) -> None:
    pixels = [r for r in get_args(fields.get("ratio")) if re.fullmatch(r"\d{3,4}:\d{3,4}", r)] or [
        "1366:768" if "768p" in get_args(fields.get("resolution")) else "1280:720"
    ]
    width, height = (int(side) for side in pixels[0].split(":"))
    seconds = min(get_args(fields.get("duration")), default=5, key=str) if "duration" in fields else 5
    assets, files = inputs(mode)
    spec = a_spec(
        mode=mode,
        width=width,
        height=height,
        frames=24 * (seconds if isinstance(seconds, int) else 5),
        assets=assets,
        negative_prompt="blur",
    )
    async with (
        Runway().serving() as replica,
        adapter("runway", {"base_url": replica.url, "key": KEY}, files=files) as provider,
    ):
        await provider.submit(Order(key="gen:1", spec=spec, upstream_model=model))
        (job,) = replica.jobs.values()
    assert job.about["kind"] == mode.replace("-", "_")
    assert needed <= job.asked.keys() <= fields.keys()
    for name, value in job.asked.items():
        if get_origin(fields[name]) is Literal:
            assert value in get_args(fields[name]), name
    assert ("seed" in job.asked) is ("seed" in fields)
    assert ("audio" in job.asked) is ("audio" in fields)
    assert ("negativePrompt" in job.asked) is ("negativePrompt" in fields)
