"""Signing in at Google, what is sent to Veo, clips within the answer, and its odd answers."""

import io
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from PIL import Image

from builders import a_spec
from reelway.catalogue.load import load
from reelway.domain.generation import Asset, Mode, Role
from reelway.domain.models import Likeness
from reelway.domain.money import parse_usd
from reelway.errors import ConfigError, ProviderError, ProviderFault
from reelway.kit.outbound import Outbound
from reelway.providers.base import CannotTell, Done, Failed, Found, Order, Provider, Serves
from reelway.providers.configured import configure
from reelway.providers.vertex_veo import _Tokens
from replicas.case import adapter, stored
from replicas.replica import Trouble
from replicas.vertex_veo import BLOCKED, PROJECT, TOKEN, VertexVeo

MODEL = "veo-3.1-generate-001"
SPEC = a_spec(width=1280, height=720, fps=24, frames=96, negative_prompt="blur", seed=7, audio=True)
WHERE = f"/v1/projects/{PROJECT}/locations/us-central1/publishers/google/models/{MODEL}"


def order(**changes: Any) -> Order:
    return Order(key="gen:1", spec=replace(SPEC, **changes), upstream_model=MODEL)


@asynccontextmanager
async def talking(files: dict[str, bytes] | None = None, **more: Any) -> AsyncIterator[tuple[VertexVeo, Provider]]:
    async with VertexVeo().serving() as replica:
        table = {
            "key": json.dumps(replica.account()),
            "base_url": f"{replica.url}/v1",
            "token_url": replica.token_url,
            "storage_url": replica.url,
        }
        async with adapter("vertex_veo", table | more, files=files) as made:
            yield replica, made


def asset(role: Role, data: bytes = b"") -> Asset:
    return Asset(role=role, key="in", media_type="image/png", width=640, height=480, size_bytes=len(data))


# -- signing in ------------------------------------------------------------------------------


async def test_one_token_serves_until_it_is_old() -> None:
    now = [1_000_000_000.0]
    async with VertexVeo().serving() as replica:
        outbound = Outbound(user_agent="test", trusted=replica.token_url)
        tokens = _Tokens(outbound, replica.token_url, replica.account(), timeout_s=5, now=lambda: now[0])
        replica.leeway_s = 10**12  # its clock is not ours
        first = await tokens.get()
        now[0] += 3_000
        assert await tokens.get() == first
        now[0] += 400  # the last five minutes of its hour are not used
        second = await tokens.get()
        assert (first, second) == (f"{TOKEN}.1", f"{TOKEN}.2")
        await outbound.aclose()


async def test_a_token_that_is_refused_is_replaced_once() -> None:
    async with talking() as (replica, made):
        handle = await made.submit(order())
        replica.tokens.clear()
        await made.poll(handle)
        assert len(replica.seen_at_tokens) == 2
        assert len(replica.jobs) == 1


@pytest.mark.parametrize(
    ("status", "fault", "no_job"),
    [(400, ProviderFault.CREDENTIALS, False), (503, ProviderFault.UNAVAILABLE, True)],
)
async def test_without_a_token_nothing_is_ordered(status: int, fault: ProviderFault, no_job: bool) -> None:
    """A key that is no good is final; Google being away is not."""
    async with talking() as (replica, made):
        replica.token_error = (status, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        with pytest.raises(ProviderError, match="no access token: Invalid JWT Signature") as caught:
            await made.submit(order())
        assert (caught.value.fault, caught.value.no_job) == (fault, no_job)
        assert replica.seen == []


async def test_a_private_key_that_is_none_is_told_and_not_shown() -> None:
    account = json.dumps(VertexVeo().account() | {"private_key": "-----BEGIN nothing-----"})
    async with talking(key=account) as (_, made):
        with pytest.raises(ProviderError, match="private key of the service account cannot be read") as caught:
            await made.submit(order())
        assert caught.value.fault is ProviderFault.CREDENTIALS


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"key": "sk-1234567890"}, "key: not the JSON key of a service account"),
        ({"key": '{"type": "authorized_user", "x": "sk-1234567890"}'}, "key: not the JSON key of a service account"),
        ({"key": '{"type": "service_account", "client_email": "sk-1234567890"}'}, "no private_key and no project_id"),
        ({"storage_uri": "s3://clips"}, "storage_uri: write a place like gs://bucket"),
        ({"location": "US/east"}, "location"),
    ],
)
def test_a_table_that_cannot_work_stops_the_start_without_quoting_the_key(table: dict[str, Any], message: str) -> None:
    good = json.dumps(VertexVeo().account())
    with pytest.raises(ConfigError, match=message) as caught:
        configure({"vertex_veo": {"key": good} | table}, {})
    assert "sk-1234567890" not in caught.value.message


def test_the_key_file_is_the_one_that_google_gave(tmp_path: Path) -> None:
    file = tmp_path / "account.json"
    file.write_text(json.dumps(VertexVeo().account(), indent=2))
    made = configure({"vertex_veo": {"key_file": str(file)}}, {})["vertex_veo"]
    settings: Any = made.settings
    assert settings.address() == "https://us-central1-aiplatform.googleapis.com/v1"
    everywhere = configure({"vertex_veo": {"key_file": str(file), "location": "global"}}, {})["vertex_veo"]
    assert everywhere.settings.address() == "https://aiplatform.googleapis.com/v1"  # type: ignore[union-attr]


# -- what is sent ----------------------------------------------------------------------------


async def test_an_order_is_an_instance_and_its_parameters() -> None:
    async with talking(storage_uri="gs://clips/out/") as (replica, made):
        await made.submit(order())
        (seen,) = replica.seen
        assert seen.path == f"{WHERE}:predictLongRunning"
        assert seen.headers["authorization"] == f"Bearer {TOKEN}.1"
        assert orjson.loads(seen.body) == {
            "instances": [{"prompt": "a red kite"}],
            "parameters": {
                "aspectRatio": "16:9",
                "resolution": "720p",
                "durationSeconds": 4,
                "sampleCount": 1,
                "seed": 7,
                "generateAudio": True,
                "negativePrompt": "blur",
                "storageUri": "gs://clips/out/gen-1/",
            },
        }


async def test_frames_go_along_in_the_clips_size() -> None:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), (30, 90, 200)).save(file, "PNG")
    assets = tuple(asset(role, file.getvalue()) for role in (Role.FIRST_FRAME, Role.LAST_FRAME))
    async with talking({"in": file.getvalue()}) as (replica, made):
        await made.submit(order(mode=Mode.IMAGE_TO_VIDEO, assets=assets, width=720, height=1280))
        (instance,) = orjson.loads(replica.seen[0].body)["instances"]
        assert instance.keys() == {"prompt", "image", "lastFrame"}
        assert instance["image"]["mimeType"] == "image/png"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 1280, "height": 1280}, "only 16:9, 9:16 are made there; 1280x1280"),
        ({"width": 640, "height": 360}, "only 720p, 1080p, 4k are made there; 640x360"),
        ({"frames": 97}, r"whole seconds are made there; 4\.04167 s"),
        ({"assets": (asset(Role.SOURCE_VIDEO),)}, "no source video is taken"),
        ({"assets": (asset(Role.LAST_FRAME),)}, "no last frame is taken there without a first"),
    ],
)
async def test_what_it_cannot_make_is_refused_before_anything_is_sent(changes: dict[str, Any], message: str) -> None:
    async with talking() as (replica, made):
        with pytest.raises(ProviderError, match=message) as caught:
            await made.submit(order(**changes))
        assert caught.value.fault is ProviderFault.REJECTED
        assert replica.seen == []
        assert replica.seen_at_tokens == []


async def test_a_length_that_google_does_not_make_is_rejected_by_google() -> None:
    async with talking() as (_, made):
        with pytest.raises(ProviderError, match="Unsupported output video duration 5 seconds") as caught:
            await made.submit(order(frames=120))
        assert caught.value.fault is ProviderFault.REJECTED


# -- probes ----------------------------------------------------------------------------------


async def test_a_probe_signs_in_and_asks_for_the_model() -> None:
    async with talking() as (replica, made):
        assert await made.probe(MODEL) == Serves(note="GA")
        assert [(seen.method, seen.path) for seen in replica.seen] == [("GET", f"/v1/publishers/google/models/{MODEL}")]
        replica.models.remove(MODEL)
        with pytest.raises(ProviderError) as caught:
            await made.probe(MODEL)
        assert caught.value.fault is ProviderFault.MODEL_GONE


@pytest.mark.parametrize(("status", "fault"), [(400, ProviderFault.CREDENTIALS), (503, ProviderFault.UNAVAILABLE)])
async def test_a_probe_tells_a_bad_key_from_google_being_away(status: int, fault: ProviderFault) -> None:
    async with talking() as (replica, made):
        replica.token_error = (status, {"error": "invalid_grant"})
        with pytest.raises(ProviderError) as caught:
            await made.probe(MODEL)
        assert caught.value.fault is fault


# -- what comes back -------------------------------------------------------------------------


async def test_a_clip_within_the_answer_becomes_a_file_until_it_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where the adapter of a test works
    async with talking() as (replica, made):
        replica.looks = 1
        handle = stored(await made.submit(order()))
        done = await made.poll(handle)
        assert isinstance(done, Done)
        assert done.path is not None
        assert done.path.read_bytes() == replica.clip
        assert (await made.poll(handle)) == done, "the same, should the storage have refused it"
        await made.discard(handle)
        assert os.listdir(tmp_path) == []
        await made.discard(handle)


async def test_a_clip_in_the_bucket_is_fetched_with_the_token() -> None:
    async with talking(storage_uri="gs://clips/out") as (replica, made):
        replica.looks = 1
        done = await made.poll(await made.submit(order()))
        assert isinstance(done, Done)
        assert done.url is not None
        assert done.url.startswith(f"{replica.url}/storage/v1/b/clips/o/out%2Fgen-1%2F")
        assert done.headers == (("Authorization", f"Bearer {TOKEN}.1"),)


async def test_a_lost_order_is_found_by_its_clip() -> None:
    """Until that is in the bucket nobody can tell: an empty folder may be a job that runs."""
    async with talking(storage_uri="gs://clips/out") as (replica, made):
        replica.trouble = Trouble.LOST_ANSWER
        with pytest.raises(ProviderError):
            await made.submit(order())
        assert await made.find(order()) == CannotTell()
        (job,) = replica.jobs.values()
        replica.finish(job, "gs://clips/out/gen-10/")
        assert await made.find(order()) == CannotTell(), "of another order"
        replica.finish(job, job.asked["parameters"]["storageUri"])
        found = await made.find(order())
        assert isinstance(found, Found)
        done = await made.poll(stored(found.handle))
        assert isinstance(done, Done)
        assert done.via is not None
        chunks = done.via.download(str(done.url), headers=dict(done.headers), size_bytes_max=1 << 20, timeout_s=5)
        assert b"".join([chunk async for chunk in chunks]) == replica.clip
        await made.discard(found.handle)


async def test_without_a_bucket_nobody_can_tell() -> None:
    async with talking() as (replica, made):
        assert await made.find(order()) == CannotTell()
        assert replica.seen == []


async def test_the_filters_say_why() -> None:
    async with talking() as (replica, made):
        handle = await made.submit(order())
        replica.force("filtered")
        assert await made.poll(handle) == Failed(fault=ProviderFault.REFUSED, message=BLOCKED)


@pytest.mark.parametrize(
    ("code", "message", "fault"),
    [
        (3, "The prompt could not be submitted. Support codes: 58061214", ProviderFault.REFUSED),
        (3, "Unsupported output video duration.", ProviderFault.REJECTED),
        (7, "The service account cannot write to the bucket.", ProviderFault.CREDENTIALS),
        (8, "The service is currently under heavy load.", ProviderFault.UNAVAILABLE),
        (13, "Video generation failed due to an internal error.", ProviderFault.UNAVAILABLE),
    ],
)
async def test_an_operation_that_fails_late_says_why(code: int, message: str, fault: ProviderFault) -> None:
    async with talking() as (replica, made):
        handle = await made.submit(order())
        for job in replica.jobs.values():
            job.about["error"] = {"code": code, "message": message}
        replica.force("error")
        assert await made.poll(handle) == Failed(fault=fault, message=message)


async def test_a_token_that_google_repeats_is_not_passed_on() -> None:
    async with talking() as (replica, made):
        handle = await made.submit(order())
        for job in replica.jobs.values():
            job.about["error"] = {"code": 13, "message": f"upstream refused {TOKEN}.1"}
        replica.force("error")
        progress = await made.poll(handle)
        assert progress == Failed(fault=ProviderFault.UNAVAILABLE, message="upstream refused [secret]")


# -- the catalogue ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "changes", "usd_per_s"),
    [
        ("veo-3.1", {}, "0.40"),
        ("veo-3.1", {"audio": False}, "0.20"),
        ("veo-3.1-fast", {}, "0.10"),
        ("veo-3.1-fast", {"width": 1080, "height": 1920}, "0.12"),
        ("veo-3.1-fast", {"audio": False}, "0.08"),
        ("veo-3.1-lite", {"width": 1920, "height": 1080, "audio": False}, "0.05"),
    ],
)
def test_what_a_clip_costs_us(model: str, changes: dict[str, Any], usd_per_s: str) -> None:
    route = load().find(model).routes[0]
    assert route.cost is not None
    assert route.cost.of(replace(SPEC, **changes), ()) == 4 * parse_usd(usd_per_s)


def test_a_length_that_veo_does_not_make_names_the_nearest() -> None:
    route = load().find("veo-3.1").routes[0]
    misfit = route.misfit(replace(SPEC, frames=120), ())
    assert misfit is not None
    assert (misfit.param, misfit.asked, misfit.allowed) == ("duration", "5 s", "4 or 6 s")


def test_what_stands_in_for_veo_is_said_to_and_makes_no_more_than_it_can() -> None:
    """Gemini Omni always speaks and takes no last frame; both are named as siblings, the paid ones before previews."""
    *_, omni, lite, previz = load().find("veo-3.1").routes
    assert (omni.likeness, lite.likeness, previz.likeness) == (Likeness.FAMILY, Likeness.FAMILY, Likeness.OTHER)
    both = (Role.FIRST_FRAME, Role.LAST_FRAME)
    assert [omni.misfit(SPEC, roles) is None for roles in ((), both[:1], both)] == [True, True, False]
    silent = replace(SPEC, audio=False)
    assert (omni.misfit(silent, ()) is None, lite.misfit(silent, ()) is None) == (False, True)
