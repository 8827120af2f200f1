"""The replica against the requests that MiniMax's own pages show; there is no client of MiniMax's for V2 to ask."""

import base64
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from PIL import Image

from replicas.minimax import MiniMax
from replicas.replica import KEY, Trouble

TEXT = {
    "model": "MiniMax-H3",
    "content": [{"type": "text", "text": "A boy playing basketball by the sea"}],
    "resolution": "2K",
    "duration": 5,
    "ratio": "16:9",
}
FRAME = {
    "type": "image_url",
    "image_url": {"url": "https://cdn.hailuoai.com/prod/frame.png"},
    "role": "first_frame",
}
Talk = Callable[..., Awaitable[tuple[int, Any]]]


@asynccontextmanager
async def talking(replica: MiniMax, key: str = KEY) -> AsyncIterator[Talk]:
    headers = {"Authorization": f"Bearer {key}"}
    async with replica.serving(), aiohttp.ClientSession(replica.url, headers=headers) as session:

        async def talk(method: str, path: str, body: Any = None) -> tuple[int, Any]:
            async with session.request(method, path, json=body) as answer:
                return answer.status, await answer.json()

        yield talk


async def test_the_life_of_a_task() -> None:
    async with talking(MiniMax()) as talk:
        status, made = await talk("POST", "/v2/video_generation", TEXT)
        assert (status, list(made)) == (200, ["task_id"])
        path = f"/v2/query/video_generation/{made['task_id']}"
        assert (await talk("GET", path))[1]["task"]["status"] == "running"
        _, seen = await talk("GET", path)
        task = seen["task"]
        assert (task["status"], task["resolution"], task["duration"], task["ratio"]) == ("succeeded", "2K", 5, "16:9")
        assert task["content"]["url"]
        assert task["usage"]["output_seconds"] == 5
        _, listed = await talk("GET", "/v2/query/video_generation?page_num=1&page_size=4")
        assert ([item["id"] for item in listed["items"]], listed["total"]) == ([made["task_id"]], 1)


async def test_delete_cancels_what_waits_and_forgets_what_has_ended() -> None:
    replica = MiniMax()
    async with talking(replica) as talk:
        ids = [(await talk("POST", "/v2/video_generation", TEXT))[1]["task_id"] for _ in range(3)]
        replica.jobs[ids[1]].state, replica.jobs[ids[2]].state = "running", "succeeded"
        answers = [await talk("DELETE", f"/v2/video_generation/{id}") for id in ids]
        assert [status for status, _ in answers] == [200, 400, 200]
        assert [body.get("status") for _, body in answers] == ["cancelled", None, "deleted"]
        assert (await talk("DELETE", f"/v2/video_generation/{ids[0]}"))[0] == 400
        status, body = await talk("GET", f"/v2/query/video_generation/{ids[2]}")
        assert (status, body["error"]["message"]) == (500, "record not found (1000)")


async def test_frames_by_url_file_and_data() -> None:
    file = io.BytesIO()
    Image.new("RGB", (640, 360), (30, 90, 200)).save(file, "PNG")
    data = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
    async with talking(MiniMax()) as talk:
        for url in (FRAME["image_url"]["url"], "mm_file://1", data):  # type: ignore[index]
            asked = TEXT | {"content": [*TEXT["content"], FRAME | {"image_url": {"url": url}}], "ratio": "adaptive"}  # type: ignore[misc]
            assert (await talk("POST", "/v2/video_generation", asked))[0] == 200


@pytest.mark.parametrize(
    "change",
    [
        {"model": "MiniMax-H2"},
        {"seed": 1},
        {"resolution": "480P"},
        {"duration": 3},
        {"duration": "5"},
        {"model": "MiniMax-H3-Max", "resolution": "768P", "duration": 4},
        {"content": [{"type": "text", "text": " "}]},
        {"ratio": "adaptive"},
        {"ratio": "2:1"},
        {"content": [*TEXT["content"], FRAME, FRAME | {"role": "reference_image"}]},  # type: ignore[misc]
        {"content": [*TEXT["content"], FRAME, FRAME]},  # type: ignore[misc]
        {"content": [*TEXT["content"], FRAME | {"image_url": {"url": "iVBORw0KGgo="}}]},  # type: ignore[misc]
    ],
)
async def test_what_the_pages_rule_out_is_refused(change: dict[str, Any]) -> None:
    async with talking(MiniMax()) as talk:
        status, refused = await talk("POST", "/v2/video_generation", TEXT | change)
        assert (status, refused["type"], refused["error"]["type"]) == (400, "error", "bad_request_error")
        assert refused["error"]["message"].endswith("(2013)")


@pytest.mark.parametrize(
    ("trouble", "status", "code"),
    [
        (Trouble.REFUSED, 422, "(1026)"),
        (Trouble.REJECTED, 400, "(2013)"),
        (Trouble.CREDENTIALS, 401, "(1004)"),
        (Trouble.FUNDS, 402, "(1008)"),
        (Trouble.THROTTLED, 429, "(1002)"),
        (Trouble.MODEL_GONE, 400, "(2013)"),
    ],
)
async def test_troubles(trouble: Trouble, status: int, code: str) -> None:
    replica = MiniMax()
    async with talking(replica) as talk:
        replica.trouble = trouble
        found, answer = await talk("POST", "/v2/video_generation", TEXT)
        assert (found, answer["error"]["message"][-6:]) == (status, code)
        assert (await talk("POST", "/v2/video_generation", TEXT))[0] == 200


async def test_a_wrong_key_is_refused() -> None:
    async with talking(MiniMax(), key="sk-wrong") as talk:
        status, answer = await talk("GET", "/v2/query/video_generation")
        assert (status, answer["error"]["type"]) == (401, "authorized_error")
