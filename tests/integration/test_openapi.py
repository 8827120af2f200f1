"""The OpenAPI document: valid, fresh, true of the server, and shown at /docs without any other host."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import validate

from harness import TINY, Running, serving
from integration.openai.watching import ended
from reelway.api.openapi import text

EXAMPLES = 25
HEADERS = {"content-type", "idempotency-key", "last-event-id"}
FILE = Path(__file__).parents[2] / "docs/openapi.json"
DOCUMENT: dict[str, Any] = json.loads(text())
TINY_REFUSED = TINY | {"prompt": "refuse: x"}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def request_examples() -> Iterator[Any]:
    for method, path, operation in operations():
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        named = {name: e["value"] for name, e in content.get("examples", {}).items()}
        if "example" in content:
            named["example"] = content["example"]
        for name, body in named.items():
            yield pytest.param(method, path, operation, body, id=f"{operation['operationId']}-{name}")


async def test_the_document_is_valid(running: Running) -> None:
    validate(DOCUMENT)
    assert DOCUMENT["openapi"] == "3.1.0"


async def test_the_committed_file_is_fresh_and_is_what_is_served(running: Running) -> None:
    assert FILE.read_text() == text(), "write it again: python -m reelway.api.openapi > docs/openapi.json"
    async with httpx2.AsyncClient(base_url=running.url) as client:
        assert (await client.get("/openapi.json")).json() == DOCUMENT


def test_every_operation_has_an_id_of_its_own_a_tag_and_a_summary() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids)) > 30
    for _, path, operation in operations():
        assert operation["tags"], path
        assert operation["summary"], path
        assert re.fullmatch(r"[a-z][a-z0-9_]*", operation["operationId"]), path


def test_every_operation_but_the_open_ones_asks_for_a_key() -> None:
    open_ones = {path for _, path, operation in operations() if not operation.get("security")}
    assert open_ones == {"/files/{name}", "/healthz", "/metrics", "/readyz"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path / "data", in_flight_max=0, fetch_timeout_s=1.0) as made:
        yield made


@pytest.mark.parametrize(("method", "path", "operation", "body"), list(request_examples()))
async def test_every_request_example_works_as_it_stands(
    server: Running, method: str, path: str, operation: dict[str, Any], body: dict[str, Any]
) -> None:
    async with httpx2.AsyncClient(base_url=server.url, headers=server.headers(server.test_key)) as client:
        address = path.replace("{id}", await _id_for(client, path))
        answer = await client.request(method, address, json=body)
        assert str(answer.status_code) in operation["responses"], answer.text
        if operation["summary"].endswith("not served"):
            assert answer.status_code == 400
        else:
            assert 200 <= answer.status_code < 300, answer.text


async def _id_for(client: httpx2.AsyncClient, path: str) -> str:
    """An id of the kind that the path wants."""
    if "{id}" not in path:
        return ""
    if "webhook_endpoints" in path:
        made = await client.post("/v1/webhook_endpoints", json={"url": "https://example.com/hook"})
    elif path.endswith("/remix"):
        made = await client.post("/v1/videos", json=TINY)
        await ended(client, made.json()["id"])
    else:
        made = await client.post("/v1/videos", json=TINY_REFUSED)
        return str(made.json()["number"] if path.startswith("/api/") else made.json()["id"])
    return str(made.json()["id"])


async def test_no_generated_request_is_a_bug(tmp_path: Path) -> None:
    """Schemathesis, with a good key: whatever it thinks of, the answer is never a 5xx."""
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    async with (
        serving(tmp_path / "data", in_flight_max=50, fetch_timeout_s=0.5) as server,
        httpx2.AsyncClient(base_url=server.url, timeout=20) as client,
    ):
        ids = await _ids(client, server)
        for result in schema.get_all_operations():
            await _try(result.ok(), client, server, ids)


async def _ids(client: httpx2.AsyncClient, server: Running) -> list[str]:
    client.headers.update(server.headers(server.test_key))
    video = (await client.post("/v1/videos", json=TINY_REFUSED)).json()
    await ended(client, video["id"])
    endpoint = (await client.post("/v1/webhook_endpoints", json={"url": "https://example.com/hook"})).json()
    return [video["id"], str(video["number"]), endpoint["id"]]


async def _try(operation: Any, client: httpx2.AsyncClient, server: Running, ids: list[str]) -> None:
    if operation.label == "DELETE /v1/keys/{id}":  # it might revoke the key it is sent with
        return
    for number, case in enumerate(_cases(operation)):
        if "id" in (case.path_parameters or {}) and number % 2:
            case.path_parameters["id"] = ids[number // 2 % len(ids)]
        try:
            request = _request(client, case, server.url)
            await request.aread()
        except (TypeError, ValueError, AttributeError, httpx2.InvalidURL):
            continue  # what no client can send
        answer = await client.send(request, stream=True)
        try:
            assert answer.status_code < 500, f"{operation.label}: {request.url} {request.headers} {request.content!r}"
        finally:
            await answer.aclose()


def _cases(operation: Any) -> list[Any]:
    cases: list[Any] = []

    @given(case=operation.as_strategy())
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    def collect(case: Any) -> None:
        cases.append(case)

    collect()
    assert cases, operation.label
    return cases


def _request(client: httpx2.AsyncClient, case: Any, url: str) -> httpx2.Request:
    parts = case.as_transport_kwargs(base_url=url)
    headers = {n: v for n, v in (parts.get("headers") or {}).items() if n.lower() in HEADERS}
    if parts.get("files"):
        sent = {"files": [(name, (None, _spelled(part))) for name, part in dict(parts["files"]).items()]}
        headers.pop("Content-Type", None)
    elif "json" in parts:
        sent = {"content": json.dumps(parts["json"]).encode("utf-8", "surrogatepass")}
    else:
        data = parts.get("data")
        sent = {"content": data} if isinstance(data, str | bytes) else {"data": data}
    headers["authorization"] = client.headers["authorization"]
    return client.build_request(parts["method"], parts["url"], params=parts.get("params"), headers=headers, **sent)


def _spelled(part: Any) -> str | bytes:
    value = part[1] if isinstance(part, tuple | list) and len(part) > 1 else part
    return value if isinstance(value, str | bytes) else json.dumps(value, default=str)


async def test_the_reference_comes_from_this_server_alone(running: Running) -> None:
    async with httpx2.AsyncClient(base_url=running.url) as client:
        page = await client.get("/docs")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert named
        for address in named:
            assert address.startswith(("/docs/", "/openapi.json", "data:")), address
            if address.startswith("/docs/"):
                asset = await client.get(address)
                assert asset.status_code == 200
                assert "immutable" in asset.headers["cache-control"]
        assert (await client.get("/docs/assets/../pages.py")).status_code == 404
        assert (await client.get("/docs/assets/none.js")).status_code == 404
