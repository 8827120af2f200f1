"""A control video from the request to the engine that follows it: a pass of one's own, an address of ours, a file."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import httpx2
import numpy as np
import numpy.typing as npt
import pytest
import pytest_asyncio
from PIL import Image

from builders import a_catalogue
from depth_videos import bands, broken_later, depth_video
from harness import Running, serving
from integration.openai.test_create import png
from integration.openai.watching import ended
from reelway.app import Part
from reelway.domain.generation import ClipSpec
from reelway.errors import StorageError
from reelway.generations.inputs import InputStore
from reelway.ledger.audit import audit
from reelway.media.probe import probe
from replicas.openai_videos import OpenAIVideos
from replicas.replica import KEY, Job, Trouble, a_clip

# One loop for the file: what only asks shares a server.
pytestmark = pytest.mark.asyncio(loop_scope="module")

SHOT = {"model": "previz", "prompt": "a red car on a coast road", "size": "128x72", "num_frames": 12, "fps": 12}
LED = {"model": "cosmos-here", "prompt": "a vintage car, golden hour"}
CLIP = "data:video/mp4;base64," + base64.b64encode(a_clip()).decode()


class Engine(OpenAIVideos):
    """Remembers what it was sent when the job is long deleted."""

    def __init__(self) -> None:
        super().__init__("vllm_omni")
        self.asked: dict[str, Any] = {}

    def _shown(self, job: Job, *, by: str) -> dict[str, Any]:
        self.asked = job.asked
        return super()._shown(job, by=by)


@dataclass(frozen=True)
class Place:
    """A server, the engine behind it, and a client."""

    server: Running
    engine: Engine
    http: httpx2.AsyncClient

    async def made(self, body: dict[str, Any], **form: Any) -> dict[str, Any]:
        answer = await self.http.post("/v1/videos", data=body, **form) if form else await self.asked(body)
        assert answer.status_code == 200, answer.text
        video = await ended(self.http, answer.json()["id"])
        assert video["status"] == "completed", video["error"]
        return video

    async def inputs_dropped(self) -> bool:
        """Once the end is committed and said, and some time after that at most."""
        async with asyncio.timeout(10):
            while [file async for file in self.server.reelway.services.storage.list("inputs")]:
                await asyncio.sleep(0.02)
        return True

    async def asked(self, body: dict[str, Any]) -> httpx2.Response:
        return await self.http.post("/v1/videos", json=body)


@asynccontextmanager
async def a_place(folder: Path, **changes: Any) -> AsyncIterator[Place]:
    catalogue = a_catalogue(
        folder,
        "cosmos-here",
        {"provider": "engine", "control": ["depth", "edge"]},
        modes=["text-to-video", "image-to-video"],
        durations_s=[1, 2],
        fps=16,
        sizes=["128x72", "96x96"],
    )
    engine = Engine()
    async with engine.serving():
        table = {"provider": "openai_compatible", "profile": "vllm_omni", "base_url": f"{engine.url}/v1", "key": KEY}
        table |= {"poll_first_s": 0.02, "poll_most_s": 0.05}
        async with (
            serving(folder / "data", providers={"engine": table}, catalogue=catalogue, **changes) as server,
            httpx2.AsyncClient(base_url=server.url, headers=server.headers(), timeout=60) as http,
        ):
            yield Place(server, engine, http)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """For questions that do not disturb each other."""
    async with a_place(tmp_path_factory.mktemp("shared")) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with a_place(tmp_path) as made:
        yield made


def grey_of(clip: bytes) -> npt.NDArray[np.uint8]:
    with av.open(io.BytesIO(clip)) as container:
        return np.stack([frame.to_ndarray(format="gray") for frame in container.decode(video=0)])


def depth_of(clip: bytes) -> npt.NDArray[np.uint16]:
    with av.open(io.BytesIO(clip)) as container:
        return np.stack([frame.to_ndarray() for frame in container.decode(video=0)])


async def test_a_shot_that_was_blocked_for_nothing_leads_a_model_that_follows_depth(tmp_path: Path) -> None:
    """By its id and by the address of its pass, on a server that may dial nothing of its own network but the engine."""
    async with a_place(tmp_path, allow_private=()) as place:
        shot = await place.made(SHOT | {"passes": ["depth"]})
        levels = depth_of((await place.http.get(shot["passes"]["depth"]["url"])).content)
        shown = []
        for video in ({"id": shot["id"]}, shot["id"], shot["passes"]["depth"]["url"]):
            led = await place.made(LED | {"control": {"type": "depth", "video": video}})
            assert (led["served_by"], led["preview"], led["price_usd"]) == ("engine", False, "0.04")
            asked = place.engine.asked
            assert (asked["control_type"], asked["num_frames"], asked["fps"]) == ("depth", "17", "16")
            facts = probe(io.BytesIO(asked["control_reference"]))
            assert (facts.width, facts.height, facts.fps, facts.frames, facts.codec) == (128, 72, 16, 17, "h264")
            shown.append(grey_of(asked["control_reference"]))
        assert np.array_equal(shown[0], shown[1])
        assert np.array_equal(shown[0], shown[2])
        # The sky is black, and what is nearer is whiter.
        first, near = shown[0][0].astype(int), levels[0]
        assert first[near == 0].max() <= 40  # an edge is soft in H.264
        assert first[near == 0].mean() <= 20
        assert first.max() >= 230
        order = np.argsort(near[near > 0])
        assert np.all(np.diff([part.mean() for part in np.array_split(first[near > 0][order], 4)]) < 0)
        assert await place.server.reelway.db.scan(audit()) == []


@pytest.mark.parametrize("way", ["data URL", "file", "bracketed file"])
async def test_a_control_video_comes_as_data_or_in_a_form(place: Place, way: str) -> None:
    match way:
        case "data URL":
            await place.made(LED | {"control": {"type": "edge", "video": CLIP}})
        case "file":  # vLLM-Omni's own fields
            file = {"control_reference": ("edges.mp4", a_clip(), "video/mp4")}
            await place.made(LED | {"control_type": "edge"}, files=file)
        case _:
            file = {"control[video]": ("edges.mp4", a_clip(), "video/mp4")}
            await place.made(LED | {"control[type]": "edge"}, files=file)
    assert place.engine.asked["control_type"] == "edge"
    assert probe(io.BytesIO(place.engine.asked["control_reference"])).frames == 17


async def test_a_depth_video_of_8_bits_goes_as_it_is_and_a_first_frame_goes_beside_it(place: Place) -> None:
    picture = {"input_reference": ("first.png", png(640, 360), "image/png")}
    control = {"control_reference": ("depth.mp4", a_clip(frames=48), "video/mp4")}
    await place.made(LED | {"control_type": "depth", "size": "96x96"}, files=picture | control)
    asked = place.engine.asked
    assert Image.open(io.BytesIO(asked["input_reference"])).size == (96, 96)
    grey = grey_of(asked["control_reference"])[:, 48, 48].astype(int)
    # a_clip's frame n is of brightness 10 n, 24 a second; 16 of them are wanted of the first second.
    assert np.abs(grey - [n * 3 // 2 * 10 for n in range(17)]).max() <= 16


def without(**control: Any) -> dict[str, Any]:
    return LED | {"control": control}


@pytest.mark.parametrize(
    ("body", "param", "says"),
    [
        (without(type="depth"), "control.video", "Missing required parameter: 'control.video'."),
        (without(video=CLIP), "control.type", "Missing required parameter: 'control.type'."),
        (without(type="depth", video=CLIP, strength=1), "control.strength", "Unknown parameter: 'control.strength'."),
        (without(type="deep", video=CLIP), "control.type", "there are depth, pose, scribble, edge, seg, blur"),
        (without(type=7, video=CLIP), "control.type", "expected a string"),
        (without(type="depth", video=7), "control.video", "expected a file"),
        (without(type="depth", video="clip.mp4"), "control.video", "expected a file"),
        (without(type="depth", video={"url": CLIP}), "control.video", "an object with the id of a video"),
        (LED | {"control": CLIP}, "control", "expected an object"),
        (LED | {"control_type": "depth"}, "control_reference", "Missing required parameter: 'control_reference'."),
        (LED | {"control_reference": CLIP, "control": {}}, "control", "not both"),
        (
            without(type="pose", video=CLIP),
            "control.type",
            "cosmos-here takes control videos of depth or edge, not pose",
        ),
        (
            without(type="depth", video=CLIP) | {"model": "previz"},
            "control.type",
            "takes no control video; cosmos-here can",
        ),
        (
            without(type="depth", video=CLIP) | {"model": "wan2.1-vace-14b"},
            "control.type",
            "is configured here; add diffusers-wan-vace-14b or fal, or use cosmos-here",
        ),
        (without(type="depth", video="data:video/mp4;base64,AAAA"), "control.video", "not a readable video"),
        (
            without(type="depth", video=CLIP) | {"seconds": 2},
            "control.video",
            "a control video of 1.0 s for a clip of 2 s",
        ),
        (without(type="edge", video="video_x"), "control.video", "no pass that shows edge, only depth"),
    ],
)
async def test_what_cannot_lead_is_refused_before_money_moves(
    shared: Place, body: dict[str, Any], param: str, says: str
) -> None:
    answer = await shared.asked(body)
    error = answer.json()["error"]
    assert (answer.status_code, error["param"]) == (400, param)
    assert says in error["message"]
    assert shared.engine.orders == 0


async def test_only_a_finished_video_of_ones_own_with_that_pass_leads(shared: Place) -> None:
    async def error_of(video: Any, **more: Any) -> tuple[int, str]:
        answer = await shared.http.post("/v1/videos", json=without(type="depth", video=video), **more)
        return answer.status_code, answer.json()["error"]["message"]

    plain = await shared.made(SHOT)
    assert await error_of({"id": plain["id"]}) == (
        400,
        f'{plain["id"]} has no depth pass; make it again with the model previz and passes ["depth"]',
    )
    assert await error_of("video_none") == (404, "no video 'video_none'")
    status, said = await error_of(plain["id"], headers=shared.server.headers(shared.server.other_key))
    assert (status, said) == (404, f"no video '{plain['id']}'")
    gone = f"{shared.server.url}/files/nothing-depth.mkv"
    assert await error_of(gone) == (400, "control.video: there is no such file here, or its video was deleted")
    sandbox = shared.server.headers(shared.server.test_key)
    slow = (await shared.http.post("/v1/videos", json=SHOT | {"prompt": "slow 99"}, headers=sandbox)).json()["id"]
    assert await error_of(slow, headers=sandbox) == (400, f"{slow} is queued; wait until it has succeeded")


async def test_a_quote_and_the_model_tell_of_it_and_an_edit_takes_none(shared: Place) -> None:
    quote = (await shared.http.post("/v1/quotes", json=without(type="depth", video="video_of_nobody"))).json()
    assert (quote["price_usd"], quote["served_by"]) == ("0.04", "engine")
    model = (await shared.http.get("/v1/models/cosmos-here")).json()
    assert (model["control"], model["routes"][0]["control"]) == (["depth", "edge"], ["depth", "edge"])
    assert (await shared.http.get("/v1/models/previz")).json()["control"] == []
    edit = await shared.http.post("/v1/videos/edits", json={"prompt": "x", "control": {}, "video": {"id": "video_x"}})
    assert (edit.status_code, edit.json()["error"]["param"]) == (400, "control")


async def test_depth_that_breaks_behind_its_first_picture_fails_the_job_and_the_hold_is_released(
    place: Place, tmp_path: Path
) -> None:
    """The answer says only what its head does; who makes 8 bits of it finds out, and nothing is sent."""
    video = broken_later(depth_video(tmp_path / "d.mkv", [bands(2, 4, 8, np.inf)] * 16), tmp_path / "broken.mkv")
    file = {"control_reference": ("depth.mkv", video.read_bytes(), "video/x-matroska")}
    answer = await place.http.post("/v1/videos", data=LED | {"control_type": "depth"}, files=file)
    failed = await ended(place.http, answer.json()["id"])
    assert (failed["status"], failed["charged_usd"]) == ("failed", "0.00")
    assert failed["error"]["code"] == "provider_rejected"
    assert failed["error"]["message"] == "the control video: it cannot be decoded (InvalidDataError)"
    assert (await place.http.get("/v1/account")).json()["purses"]["live"]["held_usd"] == "0.00"
    assert place.engine.orders == 0
    assert await place.server.reelway.db.scan(audit()) == []
    assert await place.inputs_dropped()


async def test_a_shot_may_be_deleted_once_another_video_is_to_follow_it(place: Place) -> None:
    """And the engine that takes it only at the second try is sent the same."""
    shot = await place.made(SHOT | {"passes": ["depth"]})
    place.engine.trouble = Trouble.UNAVAILABLE
    led = (await place.asked(without(type="depth", video=shot["id"]))).json()
    assert (await place.http.delete(f"/v1/videos/{shot['id']}")).status_code == 200
    assert (await ended(place.http, led["id"]))["status"] == "completed"
    assert place.engine.orders == 2
    assert probe(io.BytesIO(place.engine.asked["control_reference"])).frames == 17
    assert await place.inputs_dropped()


async def test_the_answer_comes_before_the_work_and_who_works_may_come_later(tmp_path: Path) -> None:
    """Between the two, nobody works: what is kept is the pass itself."""
    async with a_place(tmp_path) as place:
        shot = await place.made(SHOT | {"passes": ["depth"]})
    async with a_place(tmp_path, part=Part.API) as place:
        led = (await place.asked(without(type="depth", video=shot["id"]))).json()
        (kept,) = [file async for file in place.server.reelway.services.storage.list("inputs")]
        assert (led["status"], kept.media_type) == ("queued", "video/x-matroska")
        assert kept.size_bytes == shot["passes"]["depth"]["size_bytes"]
    async with a_place(tmp_path) as place:
        assert (await ended(place.http, led["id"]))["status"] == "completed"
        assert probe(io.BytesIO(place.engine.asked["control_reference"])).codec == "h264"


async def test_storage_that_refuses_delays_the_job_and_nothing_is_sent_meanwhile(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused, make_ready = asyncio.Event(), InputStore.make_ready
    mended = asyncio.Event()

    async def refuses(store: InputStore, spec: ClipSpec) -> None:
        if not mended.is_set():
            refused.set()
            raise StorageError("the bucket is away")
        await make_ready(store, spec)

    monkeypatch.setattr(InputStore, "make_ready", refuses)
    video = depth_video(tmp_path / "d.mkv", [bands(2, 4, 8, np.inf)] * 16, fps=16)
    file = {"control_reference": ("depth.mkv", video.read_bytes(), "video/x-matroska")}
    led = (await place.http.post("/v1/videos", data=LED | {"control_type": "depth"}, files=file)).json()
    await asyncio.wait_for(refused.wait(), 10)
    assert (await place.http.get(f"/v1/videos/{led['id']}")).json()["status"] == "queued"
    assert place.engine.orders == 0
    mended.set()
    assert (await ended(place.http, led["id"]))["status"] == "completed"
    assert probe(io.BytesIO(place.engine.asked["control_reference"])).codec == "h264"


async def test_a_test_key_gets_a_preview_of_what_would_be_led(shared: Place) -> None:
    body = without(type="depth", video=CLIP)
    answer = await shared.http.post("/v1/videos", json=body, headers=shared.server.headers(shared.server.test_key))
    assert (answer.status_code, answer.json()["served_by"]) == (200, "sandbox")
