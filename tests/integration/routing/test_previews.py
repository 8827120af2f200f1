"""A model with an account of its own is asked for what its routes cannot make: no preview, no hold, on both wires."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import pytest_asyncio

from builders import a_catalogue
from harness import serving
from reelway.db.script import sql

pytestmark = pytest.mark.asyncio(loop_scope="module")

KLING = {"provider": "kling", "makes": {"durations_s": [4], "sizes": ["1280x720"], "audio": False}}
PREVIZ = {"provider": "previz", "free": True}
MORE: dict[str, Any] = {"durations_s": [4, 8], "sizes": ["1280x720", "1920x1080"], "audio": "optional"}
OPENAI = {"model": "aurora-1", "prompt": "a kite"}
V7 = {"model_id": "aurora-1", "prompt": "a kite"}


@asynccontextmanager
async def a_client(folder: Path, providers: dict[str, Any]) -> AsyncIterator[httpx2.AsyncClient]:
    catalogue = a_catalogue(folder, "aurora-1", KLING, PREVIZ, usd_per_s="0.10", **MORE)
    async with (
        serving(folder / "data", providers=providers, catalogue=catalogue, substitution="any") as server,
        httpx2.AsyncClient(base_url=server.url, headers=server.headers(), timeout=30) as client,
    ):
        yield client
        assert await server.reelway.db.scan(_generations()) == 0


def _generations() -> Any:
    rows = yield sql("SELECT COUNT(*) FROM generations")
    return rows[0][0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx2.AsyncClient]:
    async with a_client(tmp_path_factory.mktemp("kling"), {"kling": {"key": "k-0123456789"}}) as made:
        yield made


@pytest.mark.parametrize(
    ("asked", "param", "says"),
    [
        ({"seconds": "8"}, "seconds", "8 s is not possible here, 4 s is"),
        ({"size": "1920x1080"}, "size", "size 1920x1080 is not possible here, 1280x720 is"),
        ({"generate_audio": True}, "generate_audio", "with sound is not possible here, without sound is"),
    ],
)
async def test_openai_programs_are_told_the_nearest_values(
    client: httpx2.AsyncClient, asked: dict[str, Any], param: str, says: str
) -> None:
    for path in ("/v1/videos", "/v1/quotes"):
        answer = await client.post(path, json=OPENAI | asked)
        error = answer.json()["error"]
        assert (answer.status_code, error["param"]) == (400, param)
        assert says in error["message"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"duration": 8}, "8 s is not possible here, 4 s is"),
        ({"resolution": "1080p"}, "size 1920x1080 is not possible here, 1280x720 is"),
        ({"generate_audio": True}, "with sound is not possible here, without sound is"),
    ],
)
async def test_modelslab_programs_are_told_the_nearest_values(
    client: httpx2.AsyncClient, asked: dict[str, Any], says: str
) -> None:
    key = client.headers["authorization"].removeprefix("Bearer ")
    answer = await client.post("/api/v7/video-fusion/text-to-video", json=V7 | asked | {"key": key})
    assert (answer.status_code, answer.json()["status"]) == (400, "error")
    assert says in answer.json()["message"]


async def test_a_request_that_names_a_substitution_is_quoted_the_nearest_clip(client: httpx2.AsyncClient) -> None:
    wanted = OPENAI | {"seconds": "8", "size": "1920x1080", "substitution": "any"}
    quote = (await client.post("/v1/quotes", json=wanted)).json()
    assert (quote["served_by"], quote["preview"], quote["price_usd"]) == ("kling", False, "0.40")


async def test_the_same_is_a_preview_on_a_server_without_the_account(tmp_path: Path) -> None:
    async with a_client(tmp_path, {}) as client:
        for asked in ({"seconds": "8"}, {"size": "1920x1080"}, {"generate_audio": True}):
            quote = (await client.post("/v1/quotes", json=OPENAI | asked)).json()
            assert (quote["served_by"], quote["preview"], quote["price_usd"]) == ("previz", True, "0.00")
