"""One trace follows a generation from the request to the webhook, over restarts; nothing secret is in it."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from collector import Collector, Span, collector
from harness import TINY, Running, serving, settings_for
from integration.openai.watching import ended
from reelway.app import Part, build
from reelway.db.script import Script, sql
from reelway.errors import ConfigError
from servers import free_port

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"
PROMPT = "a zebra on the boulevard"


def client(server: Running) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(base_url=server.url, headers=server.headers(server.test_key), timeout=60)


async def make(http: httpx2.AsyncClient, to: Collector, prompt: str, **headers: str) -> dict[str, Any]:
    """Register the receiver, create, and wait for the end."""
    await http.post("/v1/webhook_endpoints", json={"url": f"{to.url}/hook?token=s3cret"})
    answer = await http.post("/v1/videos", json=TINY | {"prompt": prompt}, headers=headers)
    assert answer.status_code == 200, answer.text
    return await ended(http, answer.json()["id"])


def of_trace(spans: list[Span], trace: str) -> dict[str, Span]:
    return {span.name: span for span in spans if span.trace == trace}


async def test_one_trace_from_the_request_to_every_webhook_attempt(tmp_path: Path, database_setting: str) -> None:
    async with collector() as seen:
        seen.hook_status = [503]
        told = {"otlp_endpoint": seen.url, "database": database_setting}
        async with serving(tmp_path / "data", **told) as server, client(server) as http:
            video = await make(http, seen, PROMPT, traceparent=TRACEPARENT)
            assert (await http.get("/metrics")).status_code == 200
            await seen.hooked(2)
        spans = [span for span in seen.spans if span.trace == TRACE]
    names = [span.name for span in spans]
    expected = ["POST /v1/videos", "queue", "advance", "submit", "follow", "store", "settle", "webhook", "webhook"]
    assert sorted(names) == sorted(expected)
    by_name = of_trace(spans, TRACE)
    request, advance = by_name["POST /v1/videos"], by_name["advance"]
    assert request.parent == CALLER
    assert request.attributes["http.response.status_code"] == 200
    assert {by_name[name].parent for name in ("queue", "advance", "webhook")} == {request.id}
    assert {by_name[name].parent for name in ("submit", "follow", "store", "settle")} == {advance.id}
    assert advance.attributes["reelway.generation"] == video["id"]
    assert by_name["follow"].attributes["reelway.looks"] >= 1
    assert by_name["settle"].attributes["reelway.state"] == "succeeded"
    outcomes = [span.attributes["reelway.outcome"] for span in spans if span.name == "webhook"]
    assert outcomes == ["5xx", "ok"]
    assert {hook["traceparent"].split("-")[1] for hook in seen.hooks} == {TRACE}
    assert [hook["traceparent"].split("-")[2] for hook in seen.hooks] == [s.id for s in spans if s.name == "webhook"]


async def test_nothing_secret_is_in_a_trace(tmp_path: Path) -> None:
    async with collector() as seen:
        async with serving(tmp_path / "data", otlp_endpoint=seen.url) as server, client(server) as http:
            for prompt in ("reject: zebra", "fail: zebra", "unreadable once zebra"):
                video = await make(http, seen, prompt)
            tokens = await server.reelway.db.read(_tokens())
            content = await http.get(f"/files/{tokens[-1]}.mp4")
            assert content.status_code == 200
            await http.get(f"/v1/videos/{video['id']}?key={server.test_key}")
            await http.get("/v1/zebra")
        sent = b"".join(seen.raw)
    assert b"POST /v1/videos" in sent
    assert b"GET file" in sent
    assert b"provider_rejected" in sent
    for secret in (b"zebra", b"s3cret", server.test_key.encode(), *(t.encode() for t in tokens)):
        assert secret not in sent


def _tokens() -> Script[list[str]]:
    rows = yield sql("SELECT token FROM generations WHERE state = 'succeeded' ORDER BY number")
    return [row[0] for row in rows]


async def test_the_trace_goes_on_in_the_process_that_takes_the_job(tmp_path: Path) -> None:
    async with collector() as seen:
        async with serving(tmp_path / "data", otlp_endpoint=seen.url) as first, client(first) as http:
            headers = {"traceparent": TRACEPARENT}
            made = await http.post("/v1/videos", json=TINY | {"prompt": "slow 9999"}, headers=headers)
            async with asyncio.timeout(10):
                while (await http.get(f"/v1/videos/{made.json()['id']}")).json()["status"] == "queued":
                    await asyncio.sleep(0.02)
        async with serving(tmp_path / "data", otlp_endpoint=seen.url) as second, client(second) as http:
            assert (await http.post(f"/v1/videos/{made.json()['id']}/cancel")).status_code == 200
        spans = [span for span in seen.spans if span.trace == TRACE]
    advances = [span for span in spans if span.name == "advance"]
    assert len(advances) == 2
    assert {span.parent for span in advances} == {span.id for span in spans if span.name == "POST /v1/videos"}
    assert [span.attributes["reelway.epoch"] for span in advances] == [1, 2]
    assert not any(span.failed for span in spans)


async def test_what_is_no_traceparent_begins_a_trace_of_its_own(tmp_path: Path) -> None:
    async with collector() as seen:
        async with serving(tmp_path / "data", otlp_endpoint=seen.url) as server, client(server) as http:
            for odd in ("", "zebra", f"00-{'0' * 32}-{CALLER}-01", "ff" + TRACEPARENT[2:]):
                assert (await http.get("/v1/models", headers={"traceparent": odd})).status_code == 200
            unwanted = {"traceparent": TRACEPARENT[:-1] + "0"}  # the caller does not want this one recorded
            assert (await http.get("/v1/models", headers=unwanted)).status_code == 200
        spans = seen.spans
    assert [span.parent for span in spans] == [""] * 4
    assert len({span.trace for span in spans}) == 4


async def test_a_collector_that_is_gone_holds_nobody_up(tmp_path: Path) -> None:
    async with serving(tmp_path / "data", otlp_endpoint=f"http://127.0.0.1:{free_port()}") as server:
        async with client(server) as http:
            assert (await http.get("/v1/models")).status_code == 200
        started_s = time.monotonic()
        await server.reelway.stop()
        assert time.monotonic() - started_s < 10


async def test_off_is_off(running: Running) -> None:
    async with client(running) as http:
        made = await http.post("/v1/videos", json=TINY | {"prompt": "fail"}, headers={"traceparent": TRACEPARENT})
        await ended(http, made.json()["id"])
        stream = await http.get(f"/v1/videos/{made.json()['id']}/events")
    assert TRACE not in stream.text
    code = "import sys, reelway.app, reelway.api.server; print([m for m in sys.modules if 'opentelemetry.sdk' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_without_the_extra_the_setting_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reelway.kit.otlp", None)
    with pytest.raises(ConfigError, match=r"pip install 'reelway\[otel\]'"):
        await build(settings_for(tmp_path / "data", otlp_endpoint="http://127.0.0.1:4318"), part=Part.ALL)
