"""What a monitor reads of a real server: every figure after something really happened."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from collector import collector
from harness import TINY, Running, serving
from reelway.api.server import create_health
from reelway.app import open_database
from reelway.db.base import Database
from reelway.db.script import Script, sql
from reelway.errors import Overloaded
from reelway.kit.clock import Clock, SystemClock
from reelway.kit.metrics import Metrics, watch_loop
from reelway.settings import Settings

T = TypeVar("T")

DEPLOY = Path(__file__).parents[2] / "deploy"
PREVIZ = "generation:previz"
SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"


class Page:
    """One scrape."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = list(text_string_to_metric_families(text))
        self.samples = [sample for family in self.families for sample in family.samples]

    def __call__(self, name: str, **labels: str) -> float:
        """The sum of the series of that name with these labels; 0 when there is none."""
        return sum(s.value for s in self.samples if s.name == name and labels.items() <= s.labels.items())


class MovedClock(SystemClock):
    """The machine's, but for how long ago the last look was."""

    ahead_s = 0.0

    def monotonic_s(self) -> float:
        return super().monotonic_s() + self.ahead_s


class Monitor:
    """Reads the page of a server."""

    def __init__(self, server: Running, http: httpx2.AsyncClient) -> None:
        self.server, self.http = server, http
        self.clock = MovedClock()
        server.reelway.services.clock = self.clock

    async def look(self) -> Page:
        """As if the one before was long ago."""
        self.clock.ahead_s += 60
        answer = await self.http.get("/metrics")
        assert answer.status_code == 200, answer.text
        return Page(answer.text)

    async def until(self, name: str, value: float, **labels: str) -> Page:
        """The first page that says so: what is counted after a commit comes a moment later."""
        async with asyncio.timeout(90):
            while (page := await self.look())(name, **labels) != value:
                await asyncio.sleep(0.02)
        return page

    async def create(self, prompt: str, **changes: Any) -> str:
        answer = await self.http.post("/v1/videos", json=TINY | {"prompt": prompt} | changes)
        assert answer.status_code == 200, answer.text
        id: str = answer.json()["id"]
        return id

    async def priced(self, prompt: str) -> None:
        """Half a second of a model that lists 0.04 USD a second."""
        body = {"model_id": "wan2.2", "prompt": prompt, "num_frames": 8, "fps": 16, "width": 512, "height": 512}
        body["key"] = self.server.test_key
        answer = await self.http.post("/api/v7/video-fusion/text-to-video", json=body)
        assert answer.json()["status"] == "processing", answer.text


@pytest.fixture
async def monitor(running: Running) -> AsyncIterator[Monitor]:
    headers = running.headers(running.test_key)
    async with httpx2.AsyncClient(base_url=running.url, headers=headers, timeout=60) as http:
        yield Monitor(running, http)


async def test_a_life_is_counted_once_where_it_happened(monitor: Monitor) -> None:
    async with collector() as seen:
        seen.hook_status = [500]
        await monitor.http.post("/v1/webhook_endpoints", json={"url": f"{seen.url}/hook"})
        await monitor.priced("a red kite")
        page = await monitor.until("reelway_webhook_deliveries_ended_total", 1, state="delivered")
    at = {"provider": "sandbox", "model": "wan2.2"}
    assert page("reelway_generations_created_total", **at) == 1
    assert page("reelway_generations_ended_total", state="succeeded", **at) == 1
    for name in ("generation_start", "settle"):
        assert page(f"reelway_{name}_seconds_count", provider="sandbox") == 1
    assert page("reelway_generation_seconds_count", provider="sandbox", state="succeeded") == 1
    assert page("reelway_generation_seconds_sum") >= page("reelway_settle_seconds_sum") > 0
    assert page("reelway_provider_call_seconds_count", provider="sandbox", call="submit") == 1
    assert page("reelway_provider_call_seconds_count", provider="sandbox", call="poll") >= 1
    assert page("reelway_provider_call_seconds_count", provider="previz") == 0  # the sandbox's own affair
    assert page("reelway_provider_errors_total") == 0
    assert page("reelway_charged_microusd_total", purse="test", provider="sandbox") == 20_000
    assert page("reelway_webhook_attempts_total", outcome="5xx") == 1
    assert page("reelway_webhook_attempts_total", outcome="ok") == 1
    assert page("reelway_webhook_delivery_seconds_count") == 1
    assert page("reelway_storage_seconds_count", operation="put") >= 2
    assert page("reelway_database_write_seconds_count") > 5
    assert page("reelway_http_requests_total", method="POST", route="/v1/webhook_endpoints", status="201") == 1
    assert page("reelway_http_seconds_count", method="POST", route="/v1/webhook_endpoints") == 1
    assert page("reelway_build_info", part="serve") == page("reelway_database_up") == 1
    assert page("process_resident_memory_bytes") > 1e7
    assert 0 < page("reelway_disk_free_bytes") < page("reelway_disk_size_bytes")


async def test_what_has_not_ended_is_read_from_the_rows(monitor: Monitor) -> None:
    await monitor.priced("slow 9999")
    page = await monitor.until("reelway_generations_unfinished", 1, state="running", model="wan2.2")
    assert page("reelway_held_microusd", purse="test") == 20_000
    assert page("reelway_unaccounted_microusd") == 0
    assert page("reelway_queue_running", lane="generation:sandbox") == 1
    assert page("reelway_queue_waiting") == 0
    (video,) = (await monitor.http.get("/v1/videos")).json()["data"]
    await monitor.http.post(f"/v1/videos/{video['id']}/cancel")
    page = await monitor.until("reelway_generations_ended_total", 1, state="cancelled", provider="sandbox")
    assert page("reelway_generations_unfinished") == page("reelway_held_microusd") == 0
    assert page("reelway_charged_microusd_total") == 0


async def test_a_queue_has_a_depth_and_an_age(monitor: Monitor) -> None:
    """Previz makes one clip at a time."""
    monitor.http.headers.update(monitor.server.headers())
    ids = [await monitor.create("a red kite", size="1280x720", seconds="5") for _ in range(3)]
    page = await monitor.until("reelway_queue_waiting", 2, lane=PREVIZ)
    assert page("reelway_queue_running", lane=PREVIZ) == 1
    young = page("reelway_queue_oldest_seconds", lane=PREVIZ)
    assert 0 < young < (await monitor.look())("reelway_queue_oldest_seconds", lane=PREVIZ) < 30
    for id in reversed(ids):
        await monitor.http.post(f"/v1/videos/{id}/cancel")
    page = await monitor.until("reelway_queue_waiting", 0, lane=PREVIZ)
    assert page("reelway_generations_ended_total", state="cancelled", provider="previz") == 3
    assert page("reelway_queue_oldest_seconds") == 0


async def test_money_that_is_held_for_nothing_shows(monitor: Monitor) -> None:
    def steal() -> Script[None]:
        rows = yield sql("SELECT MIN(workspace_id) FROM accounts WHERE purse = 'test'")
        yield sql("UPDATE accounts SET held_microusd = 7 WHERE purse = 'test' AND workspace_id = $1", rows[0][0])

    await monitor.server.reelway.db.write(steal())
    page = await monitor.look()
    assert page("reelway_unaccounted_microusd", purse="test") == 7
    assert page("reelway_unaccounted_microusd", purse="live") == 0


async def test_faults_are_counted_by_provider_call_and_fault(monitor: Monitor) -> None:
    for prompt in ("reject: x", "refuse: x", "unreadable once x", "throttle once x"):
        await monitor.create(prompt)
    await monitor.until("reelway_generations_ended_total", 2, state="failed")
    page = await monitor.until("reelway_provider_errors_total", 3)
    errors = {(s.labels["call"], s.labels["fault"]): s.value for s in page.samples if "provider_errors" in s.name}
    assert {key: value for key, value in errors.items() if value} == {
        ("submit", "rejected"): 1,
        ("submit", "throttled"): 1,
        ("poll", "unreadable"): 1,
    }
    assert errors["submit", "funds"] == 0  # there before the first, so that the first is seen to rise
    assert page("reelway_provider_failures_total", provider="sandbox", fault="refused") == 1


async def test_what_callers_write_makes_no_series(monitor: Monitor) -> None:
    before = {(s.name, *sorted(s.labels.items())) for s in (await monitor.look()).samples}
    for path in ("/v1/zebra", "/zebra/1", "/files/zebra.mp4", "/v1/videos/zebra", "/v1/models/zebra"):
        await monitor.http.request("ZEBRA", path)
        await monitor.http.get(path, headers={"x-request-id": "zebra"})
    await monitor.http.post("/v1/videos", json=TINY | {"model": "zebra"})
    page = await monitor.look()
    assert "zebra" not in page.text.lower()
    new = {(s.name, *sorted(s.labels.items())) for s in page.samples} - before
    assert {name.partition("_seconds")[0] for name, *_ in new} <= {
        "reelway_http_requests_total",
        "reelway_http",
        "reelway_storage",
    }


class Counting:
    """A database that counts its scans, and refuses them when told to."""

    def __init__(self, inner: Database) -> None:
        self.inner, self.scans, self.gone = inner, 0, False

    async def write(self, script: Script[T]) -> T:
        return await self.inner.write(script)

    async def read(self, script: Script[T]) -> T:
        return await self.inner.read(script)

    async def scan(self, script: Script[T]) -> T:
        self.scans += 1
        if self.gone:
            script.close()
            raise Overloaded("gone")
        return await self.inner.scan(script)

    async def aclose(self) -> None:
        await self.inner.aclose()


async def test_ten_monitors_cost_the_database_no_more_than_one_and_its_end_is_told(tmp_path: Path) -> None:
    made: list[Counting] = []

    async def open_db(settings: Settings, clock: Clock) -> Database:
        made.append(Counting(await open_database(settings, clock)))
        return made[0]

    async with (
        serving(tmp_path / "data", open_db=open_db) as server,
        httpx2.AsyncClient(base_url=server.url) as http,
    ):
        before = made[0].scans
        pages = await asyncio.gather(*(http.get("/metrics") for _ in range(10)))
        assert {page.status_code for page in pages} == {200}
        assert made[0].scans == before + 1
        made[0].gone = True
        monitor = Monitor(server, http)
        page = await monitor.look()
        assert page("reelway_database_up") == 0
        assert page("reelway_database_refused_total") == 1
        assert "reelway_held_microusd{" not in page.text  # better nothing than what was true once
        made[0].gone = False
        assert (await monitor.look())("reelway_database_up") == 1


async def test_the_page_is_for_the_operator_alone_when_others_can_connect(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "data", host="0.0.0.0", operator_secret=SECRET) as server,
        httpx2.AsyncClient(base_url=server.url) as http,
    ):
        for wrong in ({}, {"authorization": "Bearer zebra"}, server.headers()):
            assert (await http.get("/metrics", headers=wrong)).status_code == 401
        assert (await http.get("/metrics", headers={"authorization": f"Bearer {SECRET}"})).status_code == 200


async def test_a_worker_shows_the_same_page(running: Running) -> None:
    transport = httpx2.ASGITransport(app=create_health(running.reelway.services))
    async with httpx2.AsyncClient(transport=transport, base_url="http://worker") as http:
        page = Page((await http.get("/metrics")).text)
        assert page("reelway_database_up") == 1
        assert (await http.get("/v1/videos")).status_code == 404


async def test_a_blocked_event_loop_shows() -> None:
    metrics = Metrics()
    watching = asyncio.create_task(watch_loop(metrics))
    await asyncio.sleep(0)
    end_s = asyncio.get_running_loop().time() + 0.7
    while asyncio.get_running_loop().time() < end_s:  # nobody else gets a turn
        pass
    await asyncio.sleep(0.01)
    watching.cancel()
    assert metrics.registry.get_sample_value("reelway_event_loop_lag_seconds_sum") == pytest.approx(0.2, abs=0.15)


# -- what is deployed beside the server --------------------------------------------------------


_NAME = re.compile(r"\b(?:reelway|process|python)_[a-z0-9_]+\b")


def _exported(page: Page) -> set[str]:
    """Every name that a query may use, also of what has not happened yet."""
    parts = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
    return {family.name + part for family in page.families for part in parts.get(family.type, ("",))}


def _expressions() -> list[tuple[str, str]]:
    """Where, and the query."""
    board = orjson.loads((DEPLOY / "grafana" / "reelway.json").read_bytes())
    found = [(p["title"], t["expr"]) for p in board["panels"] for t in p.get("targets", ())]
    found += [(v["name"], v["query"]["query"]) for v in board["templating"]["list"] if v["type"] == "query"]
    alerts = (DEPLOY / "prometheus" / "alerts.yml").read_text()
    return [*found, ("alerts", alerts)]


async def test_dashboard_and_alerts_ask_for_nothing_that_is_not_there(monitor: Monitor) -> None:
    await monitor.create("refuse: x")
    exported = _exported(await monitor.until("reelway_generations_ended_total", 1))
    asked = {(where, name) for where, query in _expressions() for name in _NAME.findall(query)}
    assert len({name for _, name in asked}) > 30
    assert {(where, name) for where, name in asked if name not in exported} == set()


async def test_every_figure_of_ours_is_on_the_dashboard(monitor: Monitor) -> None:
    asked = {name for _, query in _expressions() for name in _NAME.findall(query)}
    ours = {f.name for f in (await monitor.look()).families if f.name.startswith("reelway_")}
    assert {name for name in ours if not any(used.startswith(name) for used in asked)} == set()


async def test_every_figure_says_its_unit_and_its_meaning(monitor: Monitor) -> None:
    page = await monitor.look()
    units = ("_seconds", "_bytes", "_microusd")
    for family in page.families:
        assert family.documentation, family.name
        assert family.type != "histogram" or family.name.endswith(units), family.name


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    board = orjson.loads((DEPLOY / "grafana" / "reelway.json").read_bytes())
    assert [v["name"] for v in board["templating"]["list"] if v["type"] == "datasource"] == ["datasource"]
    panels = board["panels"]
    assert len({p["id"] for p in panels}) == len(panels)
    assert {p["datasource"]["uid"] for p in panels if p["type"] != "row"} == {"${datasource}"}
    rows = [p["title"] for p in panels if p["type"] == "row"]
    assert {"Traffic", "Queue", "Jobs", "Money", "Providers", "Webhooks"} <= set(rows)
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels]
    assert len(set(places)) == len(places)
