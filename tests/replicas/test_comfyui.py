"""The replica against the unmodified `comfy-cli`, ComfyUI's own client, so that it cannot merely agree with ours."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from replicas.cases.comfyui import EXAMPLES
from replicas.comfyui import ComfyUI
from replicas.replica import Trouble

pytest.importorskip(
    "comfy_cli", reason="a client with telemetry and twenty packages: pip install comfy-cli to check the replica"
)
from comfy_cli.comfy_client import Client, HTTPError
from comfy_cli.target import Target

TEXT = json.loads((EXAMPLES / "wan2.2-5b-text-to-video.json").read_text())
IMAGE = json.loads((EXAMPLES / "wan2.2-5b-image-to-video.json").read_text())


@asynccontextmanager
async def talking(replica: ComfyUI) -> AsyncIterator[Client]:
    async with replica.serving():
        yield Client(Target(kind="local", base_url=replica.url), timeout=10)


async def submit(client: Client, graph: dict[str, Any]) -> str:
    made = await asyncio.to_thread(client.submit_prompt, graph, "a-client")
    return str(made.prompt_id)


async def command(replica: ComfyUI, home: Path, *words: str) -> dict[str, Any]:
    """What the command line says of this server; it reports to nobody and writes to no home but the test's."""
    silent = {"DO_NOT_TRACK": "1", "COMFY_NO_TELEMETRY": "1", "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    where = urlsplit(replica.url)
    arguments = ("--json", *words, "--host", str(where.hostname), "--port", str(where.port))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "comfy_cli", *arguments),
        env=os.environ | silent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    said, _ = await process.communicate()
    answer: dict[str, Any] = json.loads(said.splitlines()[-1])
    assert answer["ok"], answer
    data: dict[str, Any] = answer["data"]
    return data


async def test_the_life_of_a_job() -> None:
    replica = ComfyUI()
    async with talking(replica) as client:
        id_ = await submit(client, TEXT)
        record = await asyncio.to_thread(client.wait_for_completion, id_, poll_interval=0.001)
        assert record["status"]["status_str"] == "success"
        (output,) = client.extract_outputs(record)
        assert (output["node_id"], output["type"]) == ("11", "output")
        async with aiohttp.ClientSession() as http, http.get(output["url"]) as answer:
            assert await answer.read() == replica.clip


async def test_cancel_takes_out_of_the_queue_or_interrupts(tmp_path: Path) -> None:
    replica = ComfyUI()
    replica.looks = 100
    async with talking(replica) as client:
        first, second = await submit(client, TEXT), await submit(client, TEXT)
        replica.jobs[first].looks = 1
        listed = await asyncio.gather(*(command(replica, tmp_path, "jobs", "status", id_) for id_ in (first, second)))
        assert [job["status"] for job in listed] == ["running", "pending"]
        await command(replica, tmp_path, "jobs", "cancel", second)
        assert list(replica.jobs) == [first]
        await command(replica, tmp_path, "jobs", "cancel", first)
        assert (await command(replica, tmp_path, "jobs", "status", first))["status"] == "cancelled"


async def test_an_upload_is_what_a_workflow_loads(tmp_path: Path) -> None:
    replica = ComfyUI()
    async with talking(replica) as client:
        with pytest.raises(HTTPError) as caught:
            await submit(client, IMAGE)
        assert caught.value.status == 400
        assert "Invalid image file: example.png" in caught.value.body
        (tmp_path / "example.png").write_bytes(b"a picture")
        (saved,) = (await command(replica, tmp_path, "upload", str(tmp_path / "example.png")))["uploads"]
        assert (saved["cloud_name"], saved["type"], replica.inputs) == (
            "example.png",
            "input",
            {"example.png": b"a picture"},
        )
        assert await submit(client, IMAGE) in replica.jobs


@pytest.mark.parametrize(
    ("node", "inputs", "words"),
    [
        ("6", {"width": 16}, "Value 16 smaller than min of 32"),
        ("6", {"width": "wide"}, "Failed to convert an input value"),
        ("1", {"unet_name": "other.safetensors"}, "Value not in list"),
        ("8", {"model": ["4", 0]}, "received_type(CONDITIONING) mismatch input_type(MODEL)"),
    ],
)
async def test_a_graph_that_cannot_run_is_refused(node: str, inputs: dict[str, Any], words: str) -> None:
    graph = TEXT | {node: TEXT[node] | {"inputs": TEXT[node]["inputs"] | inputs}}
    async with talking(ComfyUI()) as client:
        with pytest.raises(HTTPError) as caught:
            await submit(client, graph)
        error = json.loads(caught.value.body)
        assert (caught.value.status, error["error"]["type"]) == (400, "prompt_outputs_failed_validation")
        assert words in error["error"]["details"]
        assert list(error["node_errors"]) == [node]


@pytest.mark.parametrize(
    ("graph", "type_"),
    [
        (TEXT | {"99": {"class_type": "VHS_VideoCombine", "inputs": {}}}, "missing_node_type"),
        ({"1": TEXT["1"]}, "prompt_no_outputs"),
    ],
)
async def test_a_graph_that_is_none_is_refused(graph: dict[str, Any], type_: str) -> None:
    async with talking(ComfyUI()) as client:
        with pytest.raises(HTTPError) as caught:
            await submit(client, graph)
        assert json.loads(caught.value.body)["error"]["type"] == type_


async def test_troubles() -> None:
    replica = ComfyUI(key="sk-proxy")
    async with talking(replica) as client:
        with pytest.raises(HTTPError) as caught:
            await submit(client, TEXT)
        assert caught.value.status == 401
        replica.key = None
        for trouble in (Trouble.REJECTED, Trouble.MODEL_GONE):
            replica.trouble = trouble
            with pytest.raises(HTTPError) as caught:
                await submit(client, TEXT)
            assert caught.value.status == 400
        assert await submit(client, TEXT) in replica.jobs
