"""Unmodified ModelsLab clients against a running server: the Python SDK, sync and async, and the Go CLI."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from harness import Running, serving

modelslab_py = pytest.importorskip("modelslab_py")

from modelslab_py.core.apis.video import Video  # noqa: E402
from modelslab_py.core.client import Client  # noqa: E402
from modelslab_py.providers.openai import OpenAIProvider, Sora2Schema  # noqa: E402
from modelslab_py.schemas.video import Image2Video, Text2Video, Text2VideoUltra  # noqa: E402

from reelway.api.dialects.modelslab.samples import PICTURE_DATA_URI  # noqa: E402

CLI = Path(sys.executable).parent / "modelslab"
# Their schemas are pydantic v1 style, and their session is closed by whoever remembers to.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
TINY = {"model_id": "previz", "width": 128, "height": 72, "num_frames": 4, "fps": 8}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path / "data") as running:
        yield running


def _client(server: Running, key: str | None = None) -> Client:
    client = Client(api_key=key or server.live_key, fetch_retry=100, fetch_timeout=1)
    client.base_url = f"{server.url}/api/"
    return client


async def _download(url: str) -> bytes:
    async with httpx2.AsyncClient() as http:
        return (await http.get(url)).content


async def test_the_python_sdk_creates_fetches_and_downloads(server: Running) -> None:
    video = Video(client=_client(server))

    def run() -> tuple[dict[str, Any], dict[str, Any]]:
        made = video.text_to_video(Text2Video(prompt="a red kite", track_id="t1", **TINY))
        return made, video.fetch(str(made["id"]))

    made, fetched = await asyncio.to_thread(run)
    assert made["status"] == "processing"
    assert fetched["status"] == "success"
    assert fetched["track_id"] == "t1"
    assert (await _download(fetched["output"][0]))[4:8] == b"ftyp"


async def test_the_python_sdk_works_asynchronously_and_with_a_picture(server: Running) -> None:
    async with Client(api_key=server.live_key, fetch_retry=100, fetch_timeout=5) as client:
        client.base_url = f"{server.url}/api/"
        video = Video(client=client)
        schema = Image2Video(prompt="it turns", init_image=PICTURE_DATA_URI, **TINY)
        made = await video.async_image_to_video(schema)
        client.fetch_timeout = 1  # also the pause between fetches
        fetched = await video.async_fetch(str(made["id"]))
    assert fetched["status"] == "success"
    assert (await _download(fetched["output"][0]))[4:8] == b"ftyp"


async def test_the_python_sdks_own_defaults_are_taken(server: Running) -> None:
    """512x512, 30 frames, 50 steps: past ModelsLab's own maxima. The ultra schema has no model at all."""
    video = Video(client=_client(server, server.test_key))
    plain = await asyncio.to_thread(video.text_to_video, Text2Video(model_id="cogvideox", prompt="refuse: x"))
    ultra = await asyncio.to_thread(video.text_to_video_ultra, Text2VideoUltra(prompt="refuse: x"))
    assert (plain["meta"]["model_id"], plain["meta"]["width"], plain["meta"]["num_frames"]) == ("wan2.2", 512, 30)
    assert ultra["meta"]["model_id"] == "wan2.2"


async def test_a_provider_class_of_the_python_sdk_creates_on_v7_and_fetches_on_v6(server: Running) -> None:
    client = _client(server, server.test_key)
    client.fetch_retry = 1
    schema = Sora2Schema(prompt="refuse: x", aspect_ratio="9:16", duration="4")
    made = await asyncio.to_thread(OpenAIProvider(client=client).sora_2, schema)
    assert made["meta"]["model_id"] == "sora-2"
    assert (made["meta"]["width"], made["meta"]["num_frames"]) == (720, 96)
    async with httpx2.AsyncClient() as http:
        url = f"{server.url}/api/v6/video/fetch/{made['id']}"
        assert (await http.post(url, json={"key": server.test_key})).json()["id"] == made["id"]


async def test_the_python_sdk_shows_our_message_when_a_create_is_refused(server: Running) -> None:
    video = Video(client=_client(server, "rw_live_wrong"))
    with pytest.raises(Exception, match="Invalid API key"):
        await asyncio.to_thread(video.text_to_video, Text2Video(prompt="x", **TINY))


@pytest.mark.skipif(not CLI.exists(), reason="modelslab-cli is not installed")
class TestCli:
    async def test_it_generates_a_video_and_downloads_it_once(self, server: Running, tmp_path: Path) -> None:
        flags = ["--model", "previz", "--width", "128", "--height", "72", "--output-dir", "out", "--timeout", "2m"]
        code, _, told = await _cli(server, tmp_path, "generate", "video", "--prompt", "a red kite", *flags)
        assert code == 0, told
        saved = list((tmp_path / "out").iterdir())
        assert [f.suffix for f in saved] == [".mp4"]
        assert saved[0].read_bytes()[4:8] == b"ftyp"

    async def test_it_shows_our_message_and_ends_at_once_when_a_create_is_refused(
        self, server: Running, tmp_path: Path
    ) -> None:
        code, out, told = await _cli(server, tmp_path, "generate", "video", "--prompt", "x", "--model", "sora-3")
        assert code != 0
        assert "Model not found: sora-3" in out + told

    async def test_it_ends_when_a_video_failed(self, server: Running, tmp_path: Path) -> None:
        flags = ["--model", "previz", "--timeout", "1m"]
        code, out, told = await _cli(
            server, tmp_path, "generate", "video", "--prompt", "refuse: too violent", *flags, key=server.test_key
        )
        assert code == 1
        assert "too violent" in out + told or "failed" in (out + told).lower()

    async def test_it_tells_a_wrong_key_by_its_exit_code(self, server: Running, tmp_path: Path) -> None:
        code, *_ = await _cli(
            server, tmp_path, "generate", "video", "--prompt", "x", "--model", "previz", key="rw_live_wrong"
        )
        assert code == 3

    async def test_it_tells_missing_credits_by_its_exit_code(self, server: Running, tmp_path: Path) -> None:
        from harness import make_key
        from reelway.domain.money import Purse

        poor = await make_key(server.reelway, "poor", Purse.TEST, {Purse.TEST: 1})
        code, *_ = await _cli(server, tmp_path, "generate", "video", "--prompt", "x", "--model", "sora-2", key=poor)
        assert code == 6

    async def test_it_searches_models_and_reads_the_balance(self, server: Running, tmp_path: Path) -> None:
        code, out, told = await _cli(server, tmp_path, "models", "search", "--search", "sora", "-o", "json")
        assert code == 0, told
        assert "sora-2" in json.dumps(json.loads(out))
        code, out, told = await _cli(server, tmp_path, "wallet", "balance", "-o", "json")
        assert code == 0, told
        assert "10" in out


async def _cli(server: Running, cwd: Path, *args: str, key: str | None = None) -> tuple[int, str, str]:
    key = key or server.live_key
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(cwd),
        "MODELSLAB_BASE_URL": server.url,
        "MODELSLAB_API_KEY": key,
        "MODELSLAB_TOKEN": key,
        "MODELSLAB_NO_UPDATE_CHECK": "1",
    }
    process = await asyncio.create_subprocess_exec(
        CLI,
        "--no-update-check",
        *args,
        cwd=cwd,
        env=environment,
        stdout=-1,
        stderr=-1,
        stdin=asyncio.subprocess.DEVNULL,
    )
    out, told = await asyncio.wait_for(process.communicate(), 150)
    assert process.returncode is not None
    return process.returncode, out.decode(), told.decode()
