"""What the API document says of these paths is true: its examples work as they stand."""

from typing import Any

import pytest
from fastapi import FastAPI

from integration.modelslab.wire import Client
from reelway.api.dialects import modelslab
from reelway.api.dialects.modelslab.documents import REQUESTS
from reelway.api.dialects.modelslab.routes import KINDS

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _document(client: Client) -> dict[str, Any]:
    app = FastAPI(generate_unique_id_function=lambda route: route.name)
    app.include_router(modelslab.router(client.server.reelway.services))
    return app.openapi()


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.name)
async def test_every_documented_request_works_as_it_stands(shared: Client, kind: Any) -> None:
    example = REQUESTS[kind.name][1]
    answer = await shared.post(kind.path, example, key=shared.server.live_key)
    assert answer.status_code == 200, answer.text
    ended = await shared.ended(answer.json()["id"], key=shared.server.live_key)
    assert ended["status"] == "success", ended


async def test_every_operation_has_a_name_of_its_own_words_examples_and_errors(shared: Client) -> None:
    operations = [op for path in _document(shared)["paths"].values() for op in path.values()]
    names = [op["operationId"] for op in operations]
    assert len(names) == len(set(names))
    for op in operations:
        assert op["operationId"].startswith("modelslab_")
        assert op["tags"] == ["ModelsLab"]
        assert op["summary"]
        assert "401" in op["responses"]
        assert "422" not in op["responses"]
        for answer in op["responses"].values():
            assert "example" in answer["content"]["application/json"]


async def test_every_parameter_of_a_path_is_documented(shared: Client) -> None:
    for path, operations in _document(shared)["paths"].items():
        for op in operations.values():
            in_path = [p["name"] for p in op.get("parameters", []) if p["in"] == "path"]
            assert in_path == (["id"] if "{id}" in path else [])
