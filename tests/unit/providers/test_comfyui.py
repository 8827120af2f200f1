"""What goes into the graph, what start-up refuses, and how a job is stopped without harm to others."""

import io
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from builders import a_spec
from reelway.catalogue.load import load
from reelway.domain.generation import Asset, Control, GenerationRequest, InputFile, Mode, Role
from reelway.errors import ConfigError, ProviderError, ProviderFault
from reelway.media.probe import probe
from reelway.providers.base import Absent, Done, Failed, Found, NotStopped, Order, Serves, Stopped, Waiting
from reelway.providers.configured import configure
from replicas.case import adapter
from replicas.cases.comfyui import BINDINGS, EXAMPLES, MODELS
from replicas.comfyui import ComfyUI
from replicas.replica import Trouble, a_clip

SPEC = a_spec(width=1280, height=704, fps=24, frames=120, prompt="a red kite", seed=7)
TEXT = "wan2.2-5b-text-to-video.json"


def order(**changes: Any) -> Order:
    return Order(key="gen:1", spec=replace(SPEC, **changes), upstream_model="wan2.2-5b")


def picture() -> tuple[Asset, dict[str, bytes]]:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), (30, 90, 200)).save(file, "PNG")
    asset = Asset(
        role=Role.FIRST_FRAME, key="in.png", media_type="image/png", width=640, height=480, size_bytes=file.tell()
    )
    return asset, {"in.png": file.getvalue()}


def table(replica: ComfyUI, models: Mapping[str, Any] = MODELS) -> dict[str, Any]:
    return {"base_url": replica.url, "models": models}


def graph_of(replica: ComfyUI) -> dict[str, Any]:
    (job,) = replica.jobs.values()
    return {f"{id_}.{name}": value for id_, node in job.asked.items() for name, value in node["inputs"].items()}


async def sent(what: Order, models: Mapping[str, Any] = MODELS, files: dict[str, bytes] | None = None) -> ComfyUI:
    async with (
        ComfyUI().serving() as replica,
        adapter("comfyui", table(replica, models), files=files) as provider,
    ):
        assert isinstance(replica, ComfyUI)
        await provider.submit(what)
        return replica


# -- what is sent --------------------------------------------------------------------------------


async def test_an_order_goes_into_the_bound_places_and_nowhere_else() -> None:
    graph = graph_of(await sent(order(negative_prompt="blur")))
    asked = {"4.text": "a red kite", "5.text": "blur", "8.seed": 7, "6.width": 1280, "6.height": 704}
    asked |= {"6.length": 121, "10.fps": 24}
    template = json.loads((EXAMPLES / TEXT).read_text())
    was = {f"{id_}.{name}": value for id_, node in template.items() for name, value in node["inputs"].items()}
    assert graph == was | asked


async def test_an_empty_negative_prompt_leaves_the_workflows_own() -> None:
    assert graph_of(await sent(order()))["5.text"].startswith("static, blurred")


async def test_one_binding_may_have_several_places() -> None:
    models = {"wan2.2-5b": MODELS["wan2.2-5b"] | {"bindings": BINDINGS | {"seed": ["8.seed", "8.steps"]}}}
    graph = graph_of(await sent(order(), models))
    assert (graph["8.seed"], graph["8.steps"]) == (7, 7)


async def test_a_first_frame_is_uploaded_in_the_clips_size_and_bound_by_name() -> None:
    asset, files = picture()
    replica = await sent(order(mode=Mode.IMAGE_TO_VIDEO, assets=(asset,)), files=files)
    ((name, data),) = replica.inputs.items()
    assert re.fullmatch(r"reelway/[0-9a-f-]{36}-first_frame\.png", name)
    assert graph_of(replica)["12.image"] == name
    assert Image.open(io.BytesIO(data)).size == (1280, 704)


async def test_the_same_order_sent_again_leaves_one_file() -> None:
    asset, files = picture()
    async with ComfyUI().serving() as replica, adapter("comfyui", table(replica), files=files) as provider:
        for _ in range(2):
            await provider.submit(order(mode=Mode.IMAGE_TO_VIDEO, assets=(asset,)))
        assert isinstance(replica, ComfyUI)
        assert len(replica.inputs) == 1


def control_video() -> Asset:
    about: dict[str, Any] = {"width": 128, "height": 72, "size_bytes": 1}
    return Asset(role=Role.CONTROL_VIDEO, key="depth.mp4", media_type="video/mp4", **about)


async def test_a_control_video_is_uploaded_in_the_clips_size_rate_and_frames() -> None:
    clip = {"width": 832, "height": 480, "fps": 16, "frames": 80}
    what = replace(order(**clip, control=Control.DEPTH, assets=(control_video(),)), upstream_model="wan2.1-vace-14b")
    replica = await sent(what, files={"depth.mp4": a_clip(frames=120)})
    ((name, data),) = replica.inputs.items()
    assert re.fullmatch(r"reelway/[0-9a-f-]{36}-control_video\.mp4", name)
    facts = probe(io.BytesIO(data))
    assert (facts.width, facts.height, facts.fps, facts.frames) == (832, 480, 16, 81)
    graph = graph_of(replica)
    assert (graph["12.file"], graph["6.length"], graph["10.fps"]) == (name, 81, 16)


@pytest.mark.parametrize(
    ("model", "assets", "words"),
    [
        ("wan2.2-5b", True, "'wan2.2-5b' takes no first frame"),
        ("wan2.2-5b/image-to-video", False, "'wan2.2-5b/image-to-video' needs a first frame"),
        ("wan2.1-vace-14b", False, "'wan2.1-vace-14b' needs a control video"),
    ],
)
async def test_files_and_bindings_must_agree_or_nothing_is_sent(model: str, assets: bool, words: str) -> None:
    """LoadImage would take its example picture otherwise."""
    what = replace(order(assets=(picture()[0],) if assets else ()), upstream_model=model)
    async with ComfyUI().serving() as replica, adapter("comfyui", table(replica)) as provider:
        with pytest.raises(ProviderError, match=words) as caught:
            await provider.submit(what)
        assert (caught.value.fault, replica.seen) == (ProviderFault.REJECTED, [])


async def test_a_model_without_a_workflow_is_gone() -> None:
    with pytest.raises(ProviderError, match="no workflow for 'other'; there are wan2") as caught:
        await sent(replace(order(), upstream_model="other"))
    assert caught.value.fault is ProviderFault.MODEL_GONE


# -- what comes back -----------------------------------------------------------------------------


async def test_what_was_sent_and_what_was_left_out_are_told() -> None:
    few = {"prompt": "4.text", "frames": "6.length"}
    models = {"wan2.2-5b": MODELS["wan2.2-5b"] | {"bindings": few, "frames_step": 8}}
    async with ComfyUI().serving() as replica, adapter("comfyui", table(replica, models)) as provider:
        replica.looks = 1
        handle = await provider.submit(order(frames=122, negative_prompt="blur"))
        replica.force("success")
        done = await provider.poll(handle)
        assert isinstance(done, Done)
        assert done.meta["effective"] == {"frames": 129, "inference_time_s": 12.5}
        assert done.meta["left_out"] == ["fps", "height", "negative_prompt", "seed", "width"]
        assert done.cost_microusd is None


def _file(name: str, type_: str = "output") -> dict[str, str]:
    return {"filename": name, "subfolder": "", "type": type_}


@pytest.mark.parametrize(
    ("outputs", "found"),
    [
        ({"11": {"images": [_file("a.png"), _file("a.mp4")], "animated": [True]}}, "a.mp4"),
        ({"11": {"gifs": [_file("b.WEBM") | {"format": "video/webm"}]}}, "b.WEBM"),
        ({"11": {"videos": [_file("c.mov")], "text": ["done.mp4"]}}, "c.mov"),
        ({"9": {"gifs": [_file("preview.mp4", "temp")]}, "11": {"images": [_file("d d&e.mp4")]}}, "d+d%26e.mp4"),
        ({"9": {"gifs": [_file("preview.mp4", "temp")]}}, "preview.mp4"),
    ],
)
async def test_a_clip_is_found_wherever_a_node_lists_it(outputs: dict[str, Any], found: str) -> None:
    async with ComfyUI().serving() as replica, adapter("comfyui", table(replica)) as provider:
        assert isinstance(replica, ComfyUI)
        replica.outputs = outputs
        handle = await provider.submit(order())
        replica.force("success")
        done = await provider.poll(handle)
        assert isinstance(done, Done)
        assert done.url is not None
        assert done.url.startswith(f"{replica.url}/view?filename={found}&subfolder=&type=")
        assert done.via is not None
        chunks = done.via.download(done.url, size_bytes_max=1 << 20, timeout_s=10)
        assert b"".join([chunk async for chunk in chunks]) == replica.clip


async def test_a_workflow_that_saves_no_clip_is_our_mistake() -> None:
    async with ComfyUI().serving() as replica, adapter("comfyui", table(replica)) as provider:
        assert isinstance(replica, ComfyUI)
        replica.outputs = {"11": {"images": [_file("a.png")], "text": ["a red kite"]}}
        handle = await provider.submit(order())
        replica.force("success")
        failed = await provider.poll(handle)
        assert isinstance(failed, Failed)
        assert failed.fault is ProviderFault.REJECTED


async def test_a_failure_names_the_node_and_quotes_no_traceback() -> None:
    async with ComfyUI().serving() as replica, adapter("comfyui", table(replica)) as provider:
        handle = await provider.submit(order())
        replica.force("error")
        said = "node 8 (KSampler): CUDA out of memory"
        assert await provider.poll(handle) == Failed(fault=ProviderFault.UNAVAILABLE, message=said)


async def test_a_refused_graph_names_the_node_and_the_input() -> None:
    with pytest.raises(ProviderError) as caught:
        await sent(order(width=16))
    assert caught.value.fault is ProviderFault.REJECTED
    assert caught.value.message == "node 6 (Wan22ImageToVideoLatent): Value 16 smaller than min of 32: width"


async def test_a_file_that_the_server_lacks_is_named_and_those_that_it_has_are_not() -> None:
    async with ComfyUI().serving() as replica, adapter("comfyui", table(replica)) as provider:
        replica.trouble = Trouble.MODEL_GONE
        with pytest.raises(ProviderError) as caught:
            await provider.submit(order())
        assert caught.value.message == "node 1 (UNETLoader): Value not in list: unet_name: 'wan3.safetensors'"


async def test_a_server_that_is_no_comfyui_is_no_unknown_outcome() -> None:
    async with ComfyUI().serving() as replica:
        elsewhere = {"base_url": f"{replica.url}/v1", "models": MODELS}
        async with adapter("comfyui", elsewhere) as provider:
            with pytest.raises(ProviderError, match="no ComfyUI answers at base_url") as caught:
                await provider.submit(order())
            assert caught.value.fault is ProviderFault.REJECTED


# -- one id, one job -----------------------------------------------------------------------------


async def test_a_lost_job_is_found_wherever_it_is() -> None:
    async with ComfyUI().serving() as replica, adapter("comfyui", table(replica)) as provider:
        assert await provider.find(order()) == Absent()
        handle = await provider.submit(order())
        UUID(handle["id"])
        for state in ("pending", "running", "success", "error"):
            replica.force(state)
            assert await provider.find(order()) == Found(handle)
        assert await provider.find(replace(order(), key="gen:2")) == Absent()


async def test_an_older_server_calls_the_job_otherwise_and_it_is_still_ours() -> None:
    async with ComfyUI(ids="its own").serving() as replica, adapter("comfyui", table(replica)) as provider:
        assert isinstance(replica, ComfyUI)
        replica.trouble = Trouble.LOST_ANSWER
        with pytest.raises(ProviderError):
            await provider.submit(order())
        (id_,) = replica.jobs
        found = await provider.find(order())
        assert isinstance(found, Found)
        assert found.handle["id"] == id_
        assert await provider.poll(found.handle) == Waiting(started=True)


async def test_the_words_of_a_job_are_forgotten_with_it() -> None:
    async with ComfyUI().serving() as replica, adapter("comfyui", table(replica)) as provider:
        handle = await provider.submit(order())
        replica.force("success")
        await provider.discard(handle)
        assert replica.jobs == {}


# -- stopping ------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_id", [True, False])
async def test_only_our_own_job_is_stopped(by_id: bool) -> None:
    """An empty interrupt, and any to an older server, kills whatever runs."""
    async with (
        ComfyUI(interrupts_by_id=by_id).serving() as replica,
        adapter("comfyui", table(replica)) as provider,
    ):
        replica.looks = 100
        theirs, ours = [await provider.submit(replace(order(), key=key)) for key in ("gen:1", "gen:2")]
        assert await provider.poll(theirs) == Waiting(started=False)
        assert await provider.cancel(ours) == Stopped()
        assert list(replica.jobs) == [theirs["id"]]
        assert await provider.poll(theirs) == Waiting(started=True)
        assert [seen for seen in replica.seen if "interrupt" in seen.path] == []
        assert await provider.cancel(theirs) == Stopped()
        (interrupt,) = [seen for seen in replica.seen if "interrupt" in seen.path]
        assert json.loads(interrupt.body) == {"prompt_id": theirs["id"]}
        assert isinstance(await provider.poll(theirs), Failed)


async def test_a_job_that_has_ended_cannot_be_stopped_and_one_that_was_is() -> None:
    async with ComfyUI().serving() as replica, adapter("comfyui", table(replica)) as provider:
        handle = await provider.submit(order())
        for state, outcome in (
            ("success", NotStopped("it had ended already")),
            ("error", NotStopped("it had ended already")),
            ("interrupted", Stopped()),
        ):
            replica.force(state)
            assert await provider.cancel(handle) == outcome
        replica.restart()
        assert await provider.cancel(handle) == Stopped()


# -- probes --------------------------------------------------------------------------------------


async def test_a_probe_looks_at_every_node_of_every_workflow_of_the_model_once() -> None:
    """One that only its image-to-video has is looked at too; a picture that an order brings need not be there."""
    async with ComfyUI().serving() as replica, adapter("comfyui", table(replica)) as provider:
        assert await provider.probe("wan2.2-5b") == Serves()
        asked = [seen.path.removeprefix("/object_info/") for seen in replica.seen]
        assert len(asked) == len(set(asked))
        assert {"LoadImage", "UNETLoader", "SaveVideo"} <= set(asked)


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("1.unet_name", "wan3.safetensors", "node 1 (UNETLoader): the server has no unet_name 'wan3.safetensors'"),
        ("11.format", "gif", "node 11 (SaveVideo): the server has no format 'gif'"),
        ("9", "VAEDecodeTiled", "node 9: the server has no node VAEDecodeTiled"),
    ],
)
async def test_a_probe_names_what_the_server_lacks(tmp_path: Path, place: str, value: str, words: str) -> None:
    graph = json.loads((EXAMPLES / TEXT).read_text())
    id_, _, name = place.partition(".")
    if name:
        graph[id_]["inputs"][name] = value
    else:
        graph[id_]["class_type"] = value
    (tmp_path / "it.json").write_text(json.dumps(graph))
    models = {"wan2.2-5b": MODELS["wan2.2-5b"] | {"workflow": str(tmp_path / "it.json")}}
    async with ComfyUI().serving() as replica, adapter("comfyui", table(replica, models)) as provider:
        with pytest.raises(ProviderError) as caught:
            await provider.probe("wan2.2-5b")
        assert (caught.value.fault, caught.value.message) == (ProviderFault.MODEL_GONE, words)
        with pytest.raises(ProviderError):
            await provider.submit(order())


# -- start-up ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bindings", "words"),
    [
        ({"prompt": "4.text", "seed": "88.seed"}, "binding seed: the workflow has no node '88'; did you mean 8?"),
        ({"prompt": "zz.text"}, "binding prompt: the workflow has no node 'zz'; there are 1, 10, 11, 2, 3"),
        ({"prompt": "4.txt"}, "binding prompt: node 4 (CLIPTextEncode) has no input 'txt'; did you mean text?"),
        ({"prompt": "4.clip"}, "node 4 (CLIPTextEncode): input 'clip' comes from node 2; bind it there"),
        ({"prompt": "8.seed"}, "node 8 (KSampler): input 'seed' is '0', and prompt is text"),
        ({"prompt": "4.text", "seed": "4.text"}, "input 'text' is 'a red kite over the sea', and seed is a number"),
        ({"prompt": "text"}, "binding prompt: 'text' is no place; write NODE.INPUT, as in 6.text"),
        ({"prompt": "4.text", "promt": "4.text"}, "no binding 'promt'; did you mean prompt?"),
        ({"seed": "8.seed"}, 'no place for the prompt; add prompt = "NODE.INPUT" to its bindings'),
    ],
)
def test_a_binding_that_does_not_fit_stops_the_start(bindings: dict[str, str], words: str) -> None:
    models = {"wan": {"workflow": str(EXAMPLES / TEXT), "bindings": bindings}}
    with pytest.raises(ConfigError) as caught:
        configure({"comfyui": {"models": models}}, {})
    assert caught.value.message.startswith("[providers.comfyui] models.wan: ")
    assert words in caught.value.message


@pytest.mark.parametrize("places", [3, [], ""])
def test_a_binding_that_is_no_place_stops_the_start(places: Any) -> None:
    models = {"wan": {"workflow": str(EXAMPLES / TEXT), "bindings": BINDINGS | {"seed": places}}}
    with pytest.raises(ConfigError, match=r"models\.wan\.bindings\.seed: write NODE\.INPUT, or a list of them"):
        configure({"comfyui": {"models": models}}, {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot read"),
        ("{", "is not JSON"),
        ("[]", "is no workflow in API format"),
        ('{"nodes": [], "links": []}', "is what the editor saves; in ComfyUI use File, Export (API)"),
        ('{"4": {"class_type": "CLIPTextEncode"}}', "node 4 has no class_type or no inputs"),
    ],
)
def test_a_file_that_is_no_workflow_stops_the_start(tmp_path: Path, text: str | None, words: str) -> None:
    if text is not None:
        (tmp_path / "it.json").write_text(text)
    models = {"wan": {"workflow": str(tmp_path / "it.json"), "bindings": BINDINGS}}
    with pytest.raises(ConfigError) as caught:
        configure({"comfyui": {"models": models}}, {})
    assert caught.value.message.startswith("[providers.comfyui] models.wan.workflow: ")
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("model", "mode", "control", "frames"),
    [
        ("wan2.2-5b", Mode.TEXT_TO_VIDEO, None, 121),
        ("wan2.2-5b", Mode.IMAGE_TO_VIDEO, None, 121),
        ("wan2.1-vace-comfyui", Mode.TEXT_TO_VIDEO, Control.DEPTH, 81),
    ],
)
async def test_the_pages_own_settings_and_catalogue_make_a_clip(
    tmp_path: Path, model: str, mode: Mode, control: Control | None, frames: int
) -> None:
    page = (EXAMPLES.parent / "comfyui.md").read_text().replace("/etc/reelway/comfyui", str(EXAMPLES))
    settings, catalogue = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "own.toml").write_text(catalogue)
    card = load(tmp_path).find(model)
    (route,) = card.routes
    (first, files), video = picture(), control_video()
    files["depth.mp4"] = a_clip()
    assets = (first,) if mode is Mode.IMAGE_TO_VIDEO else () if control is None else (video,)
    inputs = tuple(InputFile(role=a.role, param="init_image", data=b"") for a in assets)
    request = GenerationRequest(model=card.id, mode=mode, prompt="a kite", inputs=inputs, control=control)
    spec = card.resolve(request, assets, seed=3)
    assert route.misfit(spec, request.roles) is None
    (name,) = tomllib.loads(settings)["providers"]
    assert name == route.provider
    async with ComfyUI().serving() as replica:
        mine = tomllib.loads(settings)["providers"][name] | {"base_url": replica.url}
        async with adapter(name, mine, files=files) as provider:
            handle = await provider.submit(Order(key="gen:1", spec=spec, upstream_model=route.upstream_model))
            replica.force("success")
            done = await provider.poll(handle)
            assert isinstance(done, Done)
            assert done.meta["effective"]["frames"] == frames
            assert "left_out" not in done.meta
