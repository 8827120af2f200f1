"""The diffusers provider: the real process and real pipelines with random weights; a fake child for odd words only."""

import asyncio
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest
import pytest_asyncio
from aiohttp import web
from PIL import Image

from builders import a_spec
from reelway.diffusion import Engine, Pipeline
from reelway.domain.generation import Asset, ClipSpec, Control, Mode, Role
from reelway.errors import ConfigError, ProviderError, ProviderFault
from reelway.media.probe import probe
from reelway.providers import diffusers
from reelway.providers.base import Absent, Context, Done, Failed, NotStopped, Order, Progress, Serves, Stopped, Waiting
from reelway.providers.configured import configure
from reelway.storage.base import MissingFile

# One loop for the file: a process that holds a model takes seconds to start, so tests share one.
pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[3]
# Sides and frames that no pipeline makes as they are: every clip is made larger and longer, and cut.
SMALL: dict[str, Any] = {"width": 100, "height": 70, "frames": 6, "fps": 8, "prompt": "a red kite over the sea"}
LONG = 1000  # steps: a clip that no test waits for
KEYS = itertools.count()


@pytest.fixture(scope="module", autouse=True)
def _one_thread(pipelines: Path) -> Iterator[None]:
    """Torch takes every core otherwise; its processes inherit this. Without the pipelines there is nothing to test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wan(pipelines: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[diffusers.Diffusers]:
    """A provider with a model for words."""
    async with serving(tmp_path_factory.mktemp("wan"), pipelines / "wan") as provider:
        yield provider


class Pictures:
    """Input files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def read(self, asset: Asset) -> bytes:
        raise AssertionError("an engine here takes a file")

    @asynccontextmanager
    async def at_hand(self, asset: Asset) -> AsyncIterator[Path]:
        path = self.folder / asset.key
        if not path.exists():
            raise MissingFile(asset.key)
        yield path


@asynccontextmanager
async def serving(
    folder: Path, model: Path, engine: Engine | None = None, **more: Any
) -> AsyncIterator[diffusers.Diffusers]:
    """As a server makes it; `folder` is where its files are."""
    table = {"provider": "diffusers", "model": str(model), "steps": 3, "device": "cpu", "idle_s": 60.0} | more
    one = configure({"tested": table}, {})["tested"]
    context = Context(
        http=None,  # type: ignore[arg-type]
        trusting=None,  # type: ignore[arg-type]
        inputs=Pictures(folder),
        work_dir=folder,
        cache_dir=folder,
        settings=one.settings,
        find_provider=None,  # type: ignore[arg-type]
    )
    if engine is None:
        provider = diffusers.build(context)
    else:
        provider = diffusers.Diffusers(engine, context.settings, context.inputs, folder)
    try:
        yield provider
    finally:
        await provider.aclose()


def an_order(**changes: Any) -> Order:
    return Order(key=f"gen:{next(KEYS)}", spec=a_spec(**SMALL | changes), upstream_model="tiny")


def an_asset(key: str, role: Role = Role.FIRST_FRAME) -> Asset:
    return Asset(role=role, key=key, media_type="image/png", width=256, height=256, size_bytes=1)


def from_picture(folder: Path) -> dict[str, Any]:
    """What makes an order start from a picture, and that picture."""
    Image.linear_gradient("L").convert("RGB").save(folder / "first.png")
    return {"mode": Mode.IMAGE_TO_VIDEO, "assets": (an_asset("first.png"),)}


async def ended(provider: diffusers.Diffusers, handle: dict[str, Any]) -> tuple[list[float], Progress]:
    """What it said on the way, and the end; the handle as it comes back from the row."""
    stored = json.loads(json.dumps(handle))
    said: list[float] = []
    while isinstance(progress := await provider.poll(stored), Waiting):
        if progress.fraction_done is not None and progress.fraction_done not in said:
            said.append(progress.fraction_done)
        await asyncio.sleep(0.002)
    return said, progress


async def made(provider: diffusers.Diffusers, order: Order) -> Done:
    _, done = await ended(provider, await provider.submit(order))
    assert isinstance(done, Done), done
    return done


async def failed(provider: diffusers.Diffusers, order: Order) -> Failed:
    _, end = await ended(provider, await provider.submit(order))
    assert isinstance(end, Failed), end
    return end


async def in_the_middle(provider: diffusers.Diffusers, order: Order | None = None, steps: int = LONG) -> dict[str, Any]:
    """The handle of a clip of which a step is done."""
    handle = await provider.submit(order or an_order())
    handle["order"]["steps"] = steps
    while True:
        progress = await provider.poll(handle)
        assert isinstance(progress, Waiting), progress
        if progress.fraction_done:
            return handle
        await asyncio.sleep(0.01)


def children() -> set[int]:
    """Our living processes that hold a model."""
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    pids = [int(pid) for task in tasks for pid in task.read_text().split()]
    return {pid for pid in pids if b"reelway.diffusion.child" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def pictures(done: Done) -> npt.NDArray[np.int16]:
    assert done.path is not None
    with av.open(str(done.path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]).astype(np.int16)


def alike(one: npt.NDArray[np.int16], other: npt.NDArray[np.int16]) -> bool:
    """The same frames: x264 does not always make the same bytes of them, and the difference is in a few pixels."""
    return float(np.abs(one - other).mean()) < 1


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def clips_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if ".mp4" in path.name)


# -- clips -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "pipeline", "size_made"),
    [
        ("wan", "WanPipeline", "112x80"),
        ("ltx", "LTXPipeline", "128x96"),
        ("cogvideox", "CogVideoXPipeline", "112x80"),
    ],
)
async def test_words_to_a_clip_of_exactly_what_was_asked(
    pipelines: Path, tmp_path: Path, model: str, pipeline: str, size_made: str
) -> None:
    async with serving(tmp_path, pipelines / model, guidance=2.5) as provider:
        order = an_order()
        handle = await provider.submit(order)
        said, done = await ended(provider, handle)
        assert isinstance(done, Done), done
        assert said == sorted(said)
        assert {0.25, 0.5, 0.75} & set(said)  # of three steps; a look may miss one
        assert set(said) <= {0.0, 0.25, 0.5, 0.75}
        assert done.path is not None
        facts = probe(done.path)
        assert (facts.width, facts.height, facts.frames, facts.fps) == (100, 70, 6, 8)
        assert (facts.codec, facts.has_audio, facts.faststart) == ("h264", False, True)
        assert done.cost_microusd == 0
        effective = dict(done.meta["effective"])
        assert effective.pop("load_s") > 0
        assert effective.pop("inference_time_s") > 0
        assert effective == {
            "pipeline": pipeline,
            "device": "cpu",
            "dtype": "float32",
            "offload": "none",
            "steps": 3,
            "guidance": 2.5,
            "frames_asked": 6,
            "frames_made": 9,
            "size_made": size_made,
        }
        assert clips_in(tmp_path) == [done.path.name]
        await provider.discard(handle)
        assert clips_in(tmp_path) == []


@pytest.mark.parametrize("model", ["wan-i2v", "cogvideox-i2v"])
async def test_a_first_frame_to_a_clip(pipelines: Path, tmp_path: Path, model: str) -> None:
    async with serving(tmp_path, pipelines / model) as provider:
        done = await made(provider, an_order(**from_picture(tmp_path)))
        assert pictures(done).shape == (6, 70, 100, 3)
        assert "ImageToVideo" in done.meta["effective"]["pipeline"]
        refused = await failed(provider, an_order())
        assert refused.fault is ProviderFault.REJECTED
        assert refused.message == "this model makes clips from a first frame only"


@pytest.mark.parametrize(("model", "offload"), [("wan-ti2v", "model"), ("ltx", "none")])
async def test_one_model_for_words_and_first_frames(pipelines: Path, tmp_path: Path, model: str, offload: str) -> None:
    """Offload is accelerate's own, here from CPU to CPU."""
    async with serving(tmp_path, pipelines / model, offload=offload) as provider:
        before = children()
        first = await made(provider, an_order())
        second = await made(provider, an_order(**from_picture(tmp_path)))
        third = await made(provider, an_order())
        names = [done.meta["effective"]["pipeline"] for done in (first, second, third)]
        assert names == [names[0], names[0].replace("Pipeline", "ImageToVideoPipeline"), names[0]]
        assert first.meta["effective"]["offload"] == offload
        assert len(children() - before) == 1
        assert alike(pictures(first), pictures(third))
        assert not alike(pictures(first), pictures(second))


async def test_a_model_for_words_takes_no_first_frame(wan: diffusers.Diffusers, tmp_path: Path) -> None:
    refused = await failed(wan, an_order(**from_picture(wan._work_dir)))
    assert (refused.fault, refused.message) == (ProviderFault.REJECTED, "this model makes clips from words only")


def led_by(folder: Path, name: str, grey: list[int], fps: int = 8) -> dict[str, Any]:
    """What makes an order follow a video of those grey levels, a picture each, and that video."""
    with av.open(str(folder / name), "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=fps)  # without loss: how it is stored is not what is asked here
        stream.width, stream.height, stream.pix_fmt = 160, 90, "bgr0"
        for level in grey:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.full((90, 160, 3), level, np.uint8))))
        container.mux(stream.encode(None))
    return {"control": Control.DEPTH, "assets": (an_asset(name, Role.CONTROL_VIDEO),)}


async def test_a_model_of_vace_follows_a_control_video_from_a_first_frame_or_without_one(
    pipelines: Path, tmp_path: Path
) -> None:
    async with serving(tmp_path, pipelines / "wan-vace") as provider:
        rising = led_by(tmp_path, "rising.control", [10, 60, 110, 160, 210, 250])
        falling = led_by(tmp_path, "falling.control", [250, 210, 160, 110, 60, 10])
        # The same at twice the rate, and longer than the clip: what is on screen at the clip's times counts.
        quick = led_by(tmp_path, "quick.control", [n for n in (10, 60, 110, 160, 210, 250) for _ in "ab"] + [0], fps=16)
        from_one = from_picture(tmp_path)
        both = rising | from_one | {"assets": (*from_one["assets"], *rising["assets"])}
        clips = [await made(provider, an_order(**how)) for how in ({}, rising, falling, quick, from_one, both)]
        words, up, down, up_again, first, first_and_up = [pictures(done) for done in clips]
        assert {done.meta["effective"]["pipeline"] for done in clips} == {"WanVACEPipeline"}
        assert up.shape == (6, 70, 100, 3)
        assert alike(up, up_again)
        apart = [words, up, down, first, first_and_up]
        assert not any(alike(one, other) for one, other in itertools.combinations(apart, 2))


async def test_a_control_video_that_cannot_be_read_or_followed_is_refused(
    wan: diffusers.Diffusers, pipelines: Path, tmp_path: Path
) -> None:
    refused = await failed(wan, an_order(**led_by(wan._work_dir, "any.control", [9, 99])))
    assert (refused.fault, refused.message) == (ProviderFault.REJECTED, "this model follows no control video")
    (tmp_path / "no.control").write_bytes(b"<html>")
    async with serving(tmp_path, pipelines / "wan-vace") as provider:
        order = an_order(control=Control.DEPTH, assets=(an_asset("no.control", Role.CONTROL_VIDEO),))
        refused = await failed(provider, order)
        assert (refused.fault, "cannot be read" in refused.message) == (ProviderFault.REJECTED, True)


async def test_a_clip_that_an_older_version_began_is_made(pipelines: Path, tmp_path: Path) -> None:
    async with serving(tmp_path, pipelines / "wan-i2v") as provider:
        handle = await provider.submit(an_order(**from_picture(tmp_path)))
        (handle["asset"],) = handle.pop("assets")
        del handle["order"]["control"]
        _, done = await ended(provider, handle)
        assert isinstance(done, Done), done


async def test_a_first_frame_that_is_gone_is_not_found(wan: diffusers.Diffusers) -> None:
    order = an_order(mode=Mode.IMAGE_TO_VIDEO, assets=(an_asset("gone.png"),))
    assert (await failed(wan, order)).fault is ProviderFault.NOT_FOUND


async def test_seed_and_words_decide_the_clip(wan: diffusers.Diffusers) -> None:
    one, again, seed, words = [
        pictures(await made(wan, an_order(**changes))) for changes in ({}, {}, {"seed": 2}, {"prompt": "a blue whale"})
    ]
    assert alike(one, again)
    assert not alike(one, seed)
    assert not alike(one, words)


async def test_odd_words_cross_the_pipe(wan: diffusers.Diffusers) -> None:
    await made(wan, an_order(prompt="\ud800 a\nkite \x00 \U0001f600", negative_prompt="fog", frames=1))


async def test_a_model_of_the_hub_is_fetched_once(
    pipelines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    async with a_hub(pipelines / "wan") as (url, fetched):
        monkeypatch.setenv("HF_ENDPOINT", url)
        for clip in ("first", "second"):
            folder = tmp_path / clip
            folder.mkdir()
            async with serving(folder, Path("tiny/model"), allow_download=True) as provider:
                await made(provider, an_order())
            assert ("transformer/diffusion_pytorch_model.safetensors" in fetched) is (clip == "first")
            fetched.clear()
    monkeypatch.setenv("HF_HOME", str(tmp_path / "empty"))
    async with serving(tmp_path, Path("tiny/model"), allow_download=True) as provider:
        assert (await failed(provider, an_order())).fault is ProviderFault.UNAVAILABLE


@asynccontextmanager
async def a_hub(folder: Path) -> AsyncIterator[tuple[str, list[str]]]:
    """A hub with one model, as huggingface_hub 2.4 speaks to it; its URL, and the files that were fetched."""
    commit = "a" * 40
    names = files_in(folder)
    fetched: list[str] = []

    async def about(request: web.Request) -> web.Response:
        files = [{"rfilename": name} for name in names]
        return web.json_response({"id": "tiny/model", "sha": commit, "private": False, "tags": [], "siblings": files})

    async def tree(request: web.Request) -> web.Response:
        sizes = {name: (folder / name).stat().st_size for name in names}
        return web.json_response([{"type": "file", "path": n, "size": s, "oid": "b" * 40} for n, s in sizes.items()])

    async def file(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if request.method == "GET":
            fetched.append(name)
        headers = {"ETag": f'"{names.index(name)}"', "X-Repo-Commit": commit}
        return web.Response(body=(folder / name).read_bytes(), headers=headers)

    app = web.Application()
    app.add_routes(
        [
            web.get("/api/models/tiny/model", about),
            web.get("/api/models/tiny/model/revision/main", about),
            web.get(f"/api/models/tiny/model/tree/{commit}", tree),
            web.get(f"/tiny/model/resolve/{commit}/{{name:.*}}", file),
        ]
    )
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", fetched
    finally:
        await runner.cleanup()


# -- cancelled, killed, restarted, idle ------------------------------------------------------


async def test_cancel_stops_it_after_a_step_and_keeps_the_model(wan: diffusers.Diffusers) -> None:
    await made(wan, an_order())
    before = children()
    handle = await in_the_middle(wan)
    async with asyncio.timeout(2):
        assert isinstance(await wan.cancel(handle), Stopped)
    another = await in_the_middle(wan)
    assert children() == before
    # One that waits for its turn is stopped too, and the one before it goes on.
    waiting = await wan.submit(an_order())
    assert await wan.poll(waiting) == Waiting(started=False)
    assert isinstance(await wan.cancel(waiting), Stopped)
    assert isinstance(await wan.poll(another), Waiting)
    assert isinstance(await wan.cancel(another), Stopped)
    left = clips_in(wan._work_dir)
    assert [h["key"] for h in (handle, another, waiting) if any(h["key"].replace(":", "-") in n for n in left)] == []


async def test_cancel_kills_a_process_that_does_not_listen(tmp_path: Path) -> None:
    deaf = fake("say('ready')\nhear()\nsay('started', id=n)\nsay('progress', id=n, share=0.5)\ntime.sleep(600)")
    engine = Engine(Pipeline(model="x"), idle_s=1, cancel_s=0.2, command=deaf)
    async with serving(tmp_path, Path("/models/x"), engine) as provider:
        handle = await in_the_middle(provider)
        async with asyncio.timeout(2):
            assert isinstance(await provider.cancel(handle), Stopped)
        assert engine._child is None


async def test_a_finished_clip_cannot_be_cancelled(wan: diffusers.Diffusers) -> None:
    handle = await wan.submit(an_order())
    await ended(wan, handle)
    assert isinstance(await wan.cancel(handle), NotStopped)
    assert isinstance(await wan.poll(handle), Done)


async def test_a_killed_process_is_started_again_and_makes_the_clip(wan: diffusers.Diffusers) -> None:
    before = children()
    await made(wan, an_order())
    handle = await in_the_middle(wan, steps=100)
    (pid,) = children() - before or children()
    os.kill(pid, signal.SIGKILL)
    _, done = await ended(wan, handle)
    assert isinstance(done, Done)
    assert done.meta["effective"]["load_s"] > 0
    assert [name for name in clips_in(wan._work_dir) if name.startswith(".")] == []


async def test_a_clip_that_kills_its_process_every_time_is_given_up(tmp_path: Path) -> None:
    mortal = fake("say('ready')\nhear()\nsay('started', id=n)\nos.kill(os.getpid(), 9)")
    async with serving(tmp_path, Path("/models/x"), Engine(Pipeline(model="x"), idle_s=1, command=mortal)) as provider:
        end = await failed(provider, an_order())
        assert (end.fault, end.message) == (ProviderFault.UNAVAILABLE, "the model's pipeline failed")


async def test_after_a_restart_it_is_made_again_and_is_the_same(
    wan: diffusers.Diffusers, pipelines: Path, tmp_path: Path
) -> None:
    whole = await made(wan, an_order())
    before = children()
    async with serving(tmp_path, pipelines / "wan") as provider:
        handle = await in_the_middle(provider, an_order())
        assert len(children() - before) == 1
    assert clips_in(tmp_path) == []
    assert children() == before
    handle["order"]["steps"] = 3
    async with serving(tmp_path, pipelines / "wan") as provider:
        assert await provider.find(an_order()) == Absent()
        _, done = await ended(provider, handle)
        assert isinstance(done, Done)
        assert alike(pictures(done), pictures(whole))


async def test_an_idle_process_ends_and_gives_its_memory_back(tmp_path: Path) -> None:
    before = children()
    async with serving(tmp_path, tmp_path / "nowhere", idle_s=0.2) as provider:
        for _ in range(2):
            await failed(provider, an_order())
            assert children() - before
            while children() - before:
                await asyncio.sleep(0.02)


async def test_a_process_whose_server_is_gone_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "reelway.diffusion.child", "--idle-s", "60"]
    command += ["--pipeline", json.dumps(Pipeline(model=str(tmp_path)).to_json())]
    with subprocess.Popen(command, cwd=ROOT / "src", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert b"ready" in child.stdout.readline()
        child.stdin.close()
        assert child.wait(timeout=10) == 0


# -- what goes wrong -------------------------------------------------------------------------


async def test_a_clip_that_memory_cannot_hold_is_the_machines_fault_and_the_next_is_made(
    wan: diffusers.Diffusers,
) -> None:
    await made(wan, an_order())
    before = children()
    end = await failed(wan, an_order(width=262144, height=262144, frames=100_000))
    assert end.fault is ProviderFault.UNAVAILABLE
    assert end.message == "this machine has too little memory for a clip of this size and length"
    assert len(before - children()) == 1  # gone, with whatever it still held
    await made(wan, an_order())


@pytest.mark.parametrize("model", ["wan-nan", "wan-flat"])
async def test_pictures_of_nothing_are_no_clip(pipelines: Path, tmp_path: Path, model: str) -> None:
    async with serving(tmp_path, pipelines / model) as provider:
        end = await failed(provider, an_order())
        assert (end.fault, end.message) == (ProviderFault.UNREADABLE, "the model made pictures of nothing")
        assert clips_in(tmp_path) == []


async def test_a_missing_model_is_gone_and_says_nothing_of_our_folders(tmp_path: Path) -> None:
    async with serving(tmp_path, tmp_path / "nowhere") as provider:
        end = await failed(provider, an_order())
        assert (end.fault, end.message) == (ProviderFault.MODEL_GONE, "the model is not on this machine")
        with pytest.raises(ProviderError, match="holds no saved pipeline") as caught:
            await provider.probe("tiny")
        assert caught.value.fault is ProviderFault.MODEL_GONE


@pytest.mark.parametrize("harm", ["another class", "a part is missing", "no JSON"])
async def test_a_folder_that_is_no_pipeline_of_ours_is_gone(pipelines: Path, tmp_path: Path, harm: str) -> None:
    model = tmp_path / "model"
    shutil.copytree(pipelines / "wan", model)
    index = model / "model_index.json"
    match harm:
        case "another class":
            index.write_text(index.read_text().replace('"WanPipeline"', '"StableDiffusionPipeline"'))
        case "a part is missing":
            shutil.rmtree(model / "transformer")
        case _:
            index.write_text("<html>")
    work = tmp_path / "work"
    work.mkdir()
    async with serving(work, model) as provider:
        assert (await failed(provider, an_order())).fault is ProviderFault.MODEL_GONE


async def test_a_probe_says_what_is_in_the_folder(pipelines: Path, tmp_path: Path) -> None:
    async with serving(tmp_path, pipelines / "ltx") as provider:
        assert await provider.probe("tiny") == Serves("a LTXPipeline")


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (an_order(assets=(an_asset("x", Role.LAST_FRAME),)).spec, "they take no last frame"),
        (an_order(assets=(an_asset("x", Role.SOURCE_VIDEO),)).spec, "they take no source video"),
        (an_order(audio=True).spec, "silent clips"),
    ],
)
async def test_what_no_pipeline_makes_is_refused_at_once(tmp_path: Path, spec: ClipSpec, says: str) -> None:
    async with serving(tmp_path, Path("/models/x"), Engine(Pipeline(model="x"), idle_s=1)) as provider:
        with pytest.raises(ProviderError, match=says) as caught:
            await provider.submit(Order(key="gen:1", spec=spec, upstream_model="tiny"))
        assert caught.value.fault is ProviderFault.REJECTED


# -- the wire --------------------------------------------------------------------------------


def fake(script: str) -> tuple[str, ...]:
    """A child that plays a script; after `hear()`, `n` is the order's number."""
    tools = (
        "import json, os, sys, time\n"
        "def say(event, **more): print(json.dumps({'event': event, **more}), flush=True)\n"
        "def hear():\n    global n\n    n = json.loads(sys.stdin.readline())['id']\n"
    )
    return (sys.executable, "-c", tools + script)


@pytest.mark.parametrize(
    "word",
    [
        "say('zzz', id=n)",
        "say('progress', id=n, share='much')",
        "say('done', id=n)",
        "say('failed', id=n, reason='zzz', message='x')",
        "print('<html>', flush=True)",
        "print('[]', flush=True)",
        "print('x' * (2 << 20), flush=True)",
    ],
)
async def test_a_word_that_nobody_knows_is_never_waiting(tmp_path: Path, word: str) -> None:
    odd = fake(f"say('ready')\nhear()\nsay('progress', id=0, share=0.1)\nsay('started', id=n)\n{word}\ntime.sleep(600)")
    async with serving(tmp_path, Path("/models/x"), Engine(Pipeline(model="x"), idle_s=1, command=odd)) as provider:
        assert (await failed(provider, an_order())).fault is ProviderFault.UNREADABLE


@pytest.mark.parametrize("script", ["sys.exit('no luck')", "say('ready')"])
async def test_a_process_that_never_begins_is_tried_again_and_given_up(tmp_path: Path, script: str) -> None:
    engine = Engine(Pipeline(model="x"), idle_s=1, command=fake(script))
    async with serving(tmp_path, Path("/models/x"), engine) as provider:
        assert (await failed(provider, an_order())).fault is ProviderFault.UNAVAILABLE


# -- settings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"model": "Wan-AI/Wan2.1-T2V-1.3B-Diffusers"}, "set allow_download = true for an id"),
        ({"model": "./wan"}, "write its whole path"),
        ({"model": "/m", "device": "gpu"}, r"\[providers.tested\] device"),
        ({"model": "/m", "dtype": "int8"}, "dtype"),
        ({"model": "/m", "offload": "disk"}, "offload"),
        ({"model": "/m", "steps": 0}, "steps"),
        ({}, "model"),
    ],
)
async def test_a_table_with_a_mistake_stops_the_start(table: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        configure({"tested": {"provider": "diffusers"} | table}, {})


async def test_a_table_without_the_packages_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # what Python itself takes for "there is none"
    with pytest.raises(ConfigError, match=r"torch not installed: pip install 'reelway\[diffusers\]'"):
        configure({"tested": {"provider": "diffusers", "model": "/m"}}, {})


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1"])
async def test_a_hub_id_and_every_device_can_be_named(pipelines: Path, device: str) -> None:
    table = {"provider": "diffusers", "model": "Wan-AI/Wan2.1-T2V-1.3B-Diffusers", "allow_download": True}
    one = configure({"tested": table | {"device": device}}, {})["tested"]
    assert isinstance(one.settings, diffusers.Settings)
    assert one.settings.pipeline.download
    assert (one.facts.in_flight_max, one.facts.per_worker, one.facts.previews) == (1, True, False)


async def test_the_gateway_never_loads_torch(pipelines: Path) -> None:
    code = (
        "import sys, reelway.app\n"
        "from reelway.providers.configured import configure\n"
        f"configure({{'x': {{'provider': 'diffusers', 'model': {str(pipelines)!r}}}}}, {{}})\n"
        "print([m for m in ('torch', 'diffusers', 'transformers', 'av', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "src", capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
