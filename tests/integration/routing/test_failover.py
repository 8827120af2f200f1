"""Two accounts of one provider, real servers on sockets: who serves, who is left alone, and what it costs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from aiohttp import web

from harness import Running, serving
from reelway.ledger.audit import audit
from replicas.openai_videos import OpenAIVideos
from replicas.replica import KEY, Trouble, a_clip

CATALOGUE = """
[family]
id = "aurora"
vendor = "Northlight"

[[models]]
id = "aurora-1"
name = "Aurora 1"
description = "For tests."
modes = ["text-to-video"]
durations_s = [4, 8]
fps = 24
sizes = ["1280x720", "720x1280"]
audio = "none"
rank = 1
good_for = ["motion"]
source = "a test"

[models.price]
usd_per_s = "0.10"
source = "a test"
read_on = 2026-11-22

[[models.routes]]
provider = "east"
upstream_model = "m"

[[models.routes]]
provider = "previz"
upstream_model = "previz-1"
free = true

[[models]]
id = "borealis-1"
name = "Borealis 1"
description = "For tests; cheaper."
modes = ["text-to-video"]
durations_s = [4]
fps = 24
sizes = ["1280x720"]
audio = "none"
rank = 2
successor = "aurora-1"
source = "a test"

[models.price]
usd_per_s = "0.01"
source = "a test"
read_on = 2026-11-22

[[models.rules]]
when = { sizes = ["1280x720"] }
need = { negative_prompt = false }
say = "wide clips take no negative prompt"

[[models.routes]]
provider = "west"
upstream_model = "m"
makes = { durations_s = [4] }
cost = { usd_per_s = "0.005", source = "a test", read_on = 2026-11-22 }

[[models]]
id = "solstice-1"
name = "Solstice 1"
description = "For tests; its only provider takes more than the list says."
modes = ["text-to-video"]
durations_s = [4]
fps = 24
sizes = ["1280x720"]
audio = "none"
source = "a test"

[models.price]
usd_per_s = "0.01"
source = "a test"
read_on = 2026-11-22

[[models.routes]]
provider = "west"
upstream_model = "m"
cost = { usd_per_s = "0.02", source = "a test", read_on = 2026-11-22 }

[[models]]
id = "relic-1"
name = "Relic 1"
description = "For tests; retired, a sibling stands in for it."
modes = ["text-to-video"]
durations_s = [4, 8]
fps = 24
sizes = ["1280x720"]
audio = "none"
life = "retired"
retired_on = 2026-01-01
successor = "aurora-1"
source = "a test"

[models.price]
usd_per_s = "0.10"
source = "a test"
read_on = 2026-11-22

[[models.routes]]
provider = "west"
upstream_model = "m"
likeness = "family"
makes = { durations_s = [4] }
"""
CLIP = {"model": "aurora-1", "prompt": "a kite", "seconds": "4"}


@dataclass(kw_only=True)
class Two:
    """A server with two accounts, and the replicas that they are at."""

    server: Running
    client: httpx2.AsyncClient
    east: OpenAIVideos
    west: OpenAIVideos

    async def create(self, **changes: Any) -> httpx2.Response:
        return await self.client.post("/v1/videos", json=CLIP | changes)

    async def ended(self, id: str) -> dict[str, Any]:
        async with asyncio.timeout(30):
            while True:
                video: dict[str, Any] = (await self.client.get(f"/v1/videos/{id}")).json()
                if video["status"] in ("completed", "failed", "cancelled", "expired"):
                    return video
                await asyncio.sleep(0.02)

    async def make(self, **changes: Any) -> dict[str, Any]:
        created = await self.create(**changes)
        assert created.status_code == 200, created.text
        return await self.ended(created.json()["id"])

    async def model(self, id: str) -> dict[str, Any]:
        return (await self.client.get(f"/v1/models/{id}")).json()

    async def providers(self) -> dict[str, Any]:
        secret = self.server.reelway.services.operator_secret.decode()
        answer = await self.client.get("/admin/providers", headers={"authorization": f"Bearer {secret}"})
        assert answer.status_code == 200, answer.text
        return {one["name"]: one for one in answer.json()["data"]}


@asynccontextmanager
async def two(
    tmp_path: Path, database: str, *, east_more: Any = (), west_more: Any = (), **changes: Any
) -> AsyncIterator[Two]:
    async with AsyncExitStack() as stack:
        east = await stack.enter_async_context(OpenAIVideos().serving())
        west = await stack.enter_async_context(OpenAIVideos().serving())
        east.clip = west.clip = a_clip(frames=96, width=1280, height=720)
        folder = tmp_path / "catalogue"
        folder.mkdir(exist_ok=True)
        (folder / "aurora.toml").write_text(CATALOGUE)
        quick = {"provider": "openai_compatible", "key": KEY, "poll_first_s": 0.02, "poll_most_s": 0.05}
        tables = {
            "east": quick | {"base_url": f"{east.url}/v1"} | dict(east_more),
            "west": quick | {"base_url": f"{west.url}/v1", "routes_of": "east"} | dict(west_more),
        }
        server = await stack.enter_async_context(
            serving(tmp_path / "data", database=database, catalogue=folder, providers=tables, **changes)
        )
        client = await stack.enter_async_context(
            httpx2.AsyncClient(base_url=server.url, headers=server.headers(), timeout=30)
        )
        yield Two(server=server, client=client, east=east, west=west)  # type: ignore[arg-type]
        assert await server.reelway.db.scan(audit()) == []


BACKUP = {"weight": 0.0}


@pytest.mark.parametrize("trouble", [Trouble.UNAVAILABLE, Trouble.THROTTLED, Trouble.CREDENTIALS, Trouble.FUNDS])
async def test_another_account_serves_when_one_has_made_nothing(
    tmp_path: Path, database_setting: str, trouble: Trouble
) -> None:
    async with two(tmp_path, database_setting, west_more=BACKUP) as both:
        both.east.trouble = trouble
        video = await both.make()
        assert (video["status"], video["served_by"], video["upstream_model"]) == ("completed", "west", "m")
        assert (video["price_usd"], video["charged_usd"]) == ("0.40", "0.40")
        assert (both.east.orders, len(both.west.jobs)) == (1, 1)
        told = await both.server.reelway.db.read(_history(video["id"]))
        assert "generation.rerouted" in told


def _history(id: str) -> Any:
    from reelway.events.store import events_after

    def script() -> Any:
        history = yield from events_after(id, 0)
        return [event.type for event in history]

    return script()


async def test_refused_content_is_not_offered_to_the_next(tmp_path: Path, database_setting: str) -> None:
    async with two(tmp_path, database_setting, west_more=BACKUP) as both:
        both.east.trouble = Trouble.REFUSED
        video = await both.make()
        assert (video["status"], video["error"]["code"]) == ("failed", "provider_refused")
        assert (video["charged_usd"], both.west.orders) == ("0.00", 0)


@pytest.mark.parametrize("trouble", [Trouble.BROKEN, Trouble.LOST_ANSWER])
async def test_an_unknown_outcome_is_never_ordered_again(
    tmp_path: Path, database_setting: str, trouble: Trouble
) -> None:
    async with two(tmp_path, database_setting, west_more=BACKUP) as both:
        both.east.trouble = trouble
        id = (await both.create()).json()["id"]
        async with asyncio.timeout(20):
            while "generation.unknown" not in await both.server.reelway.db.read(_history(id)):
                await asyncio.sleep(0.05)
        assert (both.east.orders, both.west.orders) == (1, 0)


async def test_a_circuit_opens_after_five_and_lets_one_through(
    tmp_path: Path, database_setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reelway.routing.health._OPEN_FIRST_MS", 1500)
    async with two(tmp_path, database_setting, west_more=BACKUP) as both:
        for _ in range(5):
            both.east.trouble = Trouble.UNAVAILABLE
            assert (await both.make())["served_by"] == "west"
        await both.server.reelway.health.refresh()
        assert both.east.orders == 5
        assert (await both.make())["served_by"] == "west"
        assert both.east.orders == 5  # it was not even asked
        failing = (await both.providers())["east"]["failing"]
        assert [(f["upstream_model"], f["fault"], f["needs_operator"]) for f in failing] == [
            ("m", "unavailable", False)
        ]
        routes = {r["provider"]: r for r in (await both.model("aurora-1"))["routes"]}
        assert (routes["east"]["health"], routes["west"]["health"]) == ("failing", "good")
        await asyncio.sleep(1.6)
        both.east.trouble = None
        assert (await both.make())["served_by"] == "east"
        assert (await both.providers())["east"]["failing"] == []


async def test_a_withdrawn_model_disables_that_model_alone(tmp_path: Path, database_setting: str) -> None:
    async with two(tmp_path, database_setting) as both:
        both.west.trouble = Trouble.MODEL_GONE
        video = await both.make(model="borealis-1")
        assert (video["status"], video["error"]["code"]) == ("failed", "provider_model_gone")
        refused = await both.create(model="borealis-1")
        assert refused.status_code == 410
        assert "use aurora-1" in refused.json()["error"]["message"]
        failing = (await both.providers())["west"]["failing"]
        assert [(f["upstream_model"], f["fault"]) for f in failing] == [("m", "model_gone")]


async def test_a_budget_is_exact_and_the_rest_goes_elsewhere(tmp_path: Path, database_setting: str) -> None:
    spends = {"budget_usd_per_day": "0.80", "weight": 1.0}
    async with two(tmp_path, database_setting, east_more=spends, west_more=BACKUP) as both:
        created = await asyncio.gather(*(both.create() for _ in range(5)))
        videos = [await both.ended(one.json()["id"]) for one in created]
        assert sorted(v["served_by"] for v in videos) == ["east", "east", "west", "west", "west"]
        await both.server.reelway.budgets.refresh()
        day = (await both.providers())["east"]["budgets"][0]
        assert (day["usd"], day["spent_usd"]) == ("0.80", "0.80")


async def test_a_spent_budget_of_the_only_provider_is_told_before_money_moves(
    tmp_path: Path, database_setting: str
) -> None:
    """Whoever leaves the model to us gets no sketch in place of the film that somebody here makes."""
    spent = {"budget_usd_per_month": "0.01"}
    async with two(tmp_path, database_setting, east_more=spent, west_more=spent) as both:
        for model, whose in (("borealis-1", "west"), ("auto", "")):
            refused = await both.create(model=model)
            assert refused.status_code == 503
            assert f"budget of {whose}" in refused.json()["error"]["message"]
        assert both.east.orders + both.west.orders == 0


async def test_weights_share_the_work(tmp_path: Path, database_setting: str) -> None:
    async with two(tmp_path, database_setting, east_more={"weight": 1.0}, west_more={"weight": 1.0}) as both:
        both.server.reelway.services.router._rng.seed(7)  # type: ignore[attr-defined]
        for one in await asyncio.gather(*(both.create() for _ in range(20))):
            assert one.status_code == 200, one.text
        async with asyncio.timeout(30):
            while both.east.orders + both.west.orders < 20:
                await asyncio.sleep(0.05)
        assert min(both.east.orders, both.west.orders) >= 4


async def test_auto_chooses_by_policy(tmp_path: Path, database_setting: str) -> None:
    async with two(tmp_path, database_setting) as both:

        async def quoted(**changes: Any) -> tuple[str, str]:
            answer = (await both.client.post("/v1/quotes", json=CLIP | changes)).json()
            return answer["model"], answer["served_by"]

        assert (await quoted(model="auto", policy="cheapest"))[0] == "borealis-1"
        assert (await quoted(model="auto:cheapest"))[0] == "borealis-1"
        assert (await quoted(model="auto", policy="best"))[0] == "aurora-1"
        assert (await quoted(model="auto", policy="motion"))[0] == "aurora-1"
        assert (await quoted(model="auto:cheapest", seconds="8"))[0] == "aurora-1"  # the cheaper one makes no 8 s
        assert await quoted(model="auto", seconds="7") == ("previz", "previz")  # nobody else makes 7 s
        wrong = await both.client.post("/v1/quotes", json=CLIP | {"model": "auto", "policy": "prettiest"})
        assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "policy")
        video = await both.make(model="auto:cheapest")
        assert (video["model"], video["served_by"], video["charged_usd"]) == ("borealis-1", "west", "0.04")


async def test_substitution_is_never_silent(tmp_path: Path, database_setting: str) -> None:
    async with two(tmp_path, database_setting) as both:
        forbidden = await both.create(model="relic-1", substitution="forbid")
        assert forbidden.status_code == 410
        assert "same_family" in forbidden.json()["error"]["message"]
        video = await both.make(model="relic-1", substitution="same_family")
        assert (video["served_by"], video["status"]) == ("west", "completed")
        too_long = await both.create(model="relic-1", seconds="8")
        assert (too_long.status_code, too_long.json()["error"]["param"]) == (400, "seconds")
        nearest = await both.make(model="relic-1", seconds="8", substitution="same_family")
        assert (nearest["seconds"], nearest["charged_usd"]) == ("4", "0.40")
        strict = await both.client.patch("/v1/account", json={"substitution": "forbid"})
        assert strict.json()["workspace"]["substitution"] == "forbid"
        assert (await both.create(model="relic-1")).status_code == 410
        back = await both.client.patch("/v1/account", json={"substitution": None})
        assert back.json()["workspace"]["substitution"] == "any"


async def test_rules_are_told_before_a_hold(tmp_path: Path, database_setting: str) -> None:
    async with two(tmp_path, database_setting) as both:
        refused = await both.create(model="borealis-1", negative_prompt="rain")
        assert refused.status_code == 400
        error = refused.json()["error"]
        assert error["param"] == "negative_prompt"
        assert "wide clips take no negative prompt" in error["message"]
        account = (await both.client.get("/v1/account")).json()
        assert account["purses"]["live"]["held_usd"] == "0.00"


async def test_the_report_adds_up(tmp_path: Path, database_setting: str) -> None:
    async with two(tmp_path, database_setting, margin_percent=50.0, currency="EUR", currency_per_usd=0.5) as both:
        video = await both.make(model="borealis-1")
        assert video["charged_usd"] == "0.06"  # 4 s at 0.01, and half as much again
        secret = both.server.reelway.services.operator_secret.decode()
        headers = {"authorization": f"Bearer {secret}"}
        report = (await both.client.get("/admin/report", headers=headers)).json()
        (line,) = report["data"]
        assert (line["model"], line["provider"], line["charged"], line["cost"]) == (
            "borealis-1", "west", "0.0300", "0.0100",
        )  # fmt: skip
        assert (line["margin"], line["margin_percent"]) == ("0.0200", 66.7)
        assert (await both.client.get("/admin/report")).status_code == 401


async def test_nothing_is_sold_at_a_loss(tmp_path: Path, database_setting: str) -> None:
    async with two(tmp_path, database_setting) as both:
        quote = (await both.client.post("/v1/quotes", json=CLIP | {"model": "solstice-1"})).json()
        assert (quote["price_usd"], quote["list_price_usd"]) == ("0.08", "0.04")


async def test_the_operator_names_the_providers_of_a_model(tmp_path: Path, database_setting: str) -> None:
    wanted = {"aurora-1": {"providers": ["west", "previz"], "routing_policy": "order"}}
    async with two(tmp_path, database_setting, models=wanted) as both:
        assert [r["provider"] for r in (await both.model("aurora-1"))["routes"]] == ["west"]
        assert (await both.make())["served_by"] == "west"


async def test_a_clip_that_is_not_where_the_provider_says_ends_with_the_money_back(
    tmp_path: Path, database_setting: str
) -> None:
    async def gone(request: web.Request) -> web.Response:
        return web.Response(status=404)

    async with two(tmp_path, database_setting, west_more=BACKUP) as both:
        both.east.send_clip = gone  # type: ignore[assignment]
        video = await both.make()
        assert (video["status"], video["error"]["code"], video["charged_usd"]) == ("failed", "clip_gone", "0.00")
        assert (both.east.orders, both.west.orders) == (1, 0)
