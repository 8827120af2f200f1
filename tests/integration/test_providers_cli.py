"""`reelway providers` as processes, against a replica: what is kept, what is asked, and the key is nowhere."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from builders import a_catalogue
from commands import Running, run, running
from harness import serving as in_this_process
from reelway.cli.main import main
from reelway.kit.logs import hide_secrets
from replicas.openrouter import OpenRouter
from replicas.replica import KEY, Trouble
from servers import Postgres

SECRET, NEW_SECRET = "0123456789abcdef" * 2, "fedcba9876543210" * 2
CLIP = {"model": "seedance-2.5", "prompt": "a red kite", "size": "864x496", "seconds": "4"}


@dataclass
class Installation:
    """Its settings, as variables, and the provider that it knows."""

    variables: dict[str, str]
    replica: OpenRouter

    async def reelway(self, *args: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Beside the replica, which answers meanwhile; no command ever shows the key."""
        done = await asyncio.to_thread(lambda: run(*args, **self.variables | {"THE_KEY": KEY} | variables))
        assert "Traceback" not in done.stderr, done.stderr
        assert KEY not in done.stdout + done.stderr
        return done

    async def add(self, name: str = "openrouter", *args: str, **variables: str) -> subprocess.CompletedProcess[str]:
        kind = ("--kind", "openrouter", "--set", f"base_url={self.replica.url}/api/v1")
        return await self.reelway("providers", "add", name, *kind, "--key-env", "THE_KEY", *args, **variables)

    async def listed(self, **variables: str) -> dict[str, dict[str, Any]]:
        done = await self.reelway("providers", "list", "--json", **variables)
        return {one["name"]: one for one in json.loads(done.stdout)}


@pytest.fixture
async def here(tmp_path: Path, database_setting: str) -> AsyncIterator[Installation]:
    variables = {
        "REELWAY_DATA": str(tmp_path / "data"),
        "REELWAY_DATABASE": database_setting,
        "REELWAY_OPERATOR_SECRET": SECRET,
        "REELWAY_LOG_LEVEL": "debug",
        "REELWAY_RETRY_FIRST_S": "0.05",
        "REELWAY_PREVIZ_OFF": "*",
    }
    async with OpenRouter().serving() as replica:
        assert isinstance(replica, OpenRouter)
        yield Installation(variables, replica)


def errors(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    return done.stderr


async def test_a_provider_is_added_shown_changed_and_removed(here: Installation) -> None:
    added = await here.add("openrouter", "--set", "weight=2", "--set", "budget_usd_per_day=12.50")
    assert added.returncode == 0, added.stderr
    assert "openrouter takes the key" in added.stderr
    assert "added openrouter; processes that run take this at their next start" in added.stderr
    assert {seen.path for seen in here.replica.seen} == {"/api/v1/key", "/api/v1/videos/models"}

    listed = (await here.listed())["openrouter"]
    assert (listed["from"], listed["weight"], listed["budget_usd_per_day"]) == ("database", 2.0, "12.50")
    assert listed["key"] == f"…{KEY[-4:]}"
    shown = json.loads((await here.reelway("providers", "show", "openrouter", "--json")).stdout)
    assert shown["table"]["base_url"] == f"{here.replica.url}/api/v1"
    assert shown["upstream_models"]["bytedance/seedance-2.5"] == ["seedance-2.5"]

    assert "there is a provider openrouter already" in errors(await here.add())
    assert (await here.add("openrouter", "--replace", "--no-check")).returncode == 0
    assert (await here.listed())["openrouter"]["weight"] == 1.0

    assert (await here.reelway("providers", "remove", "openrouter")).returncode == 0
    assert "openrouter" not in await here.listed()
    assert "there is no provider openrouter" in errors(await here.reelway("providers", "remove", "openrouter"))


async def test_a_key_that_is_not_taken_is_not_kept(here: Installation) -> None:
    here.replica.key = "another-key-that-we-do-not-have"
    assert "openrouter does not take the key" in errors(await here.add())
    assert "openrouter" not in await here.listed()
    assert (await here.add("openrouter", "--no-check")).returncode == 0
    checked = await here.reelway("providers", "check", "--json")
    [one] = json.loads(checked.stdout)
    assert (checked.returncode, one["result"], one["upstream_model"]) == (1, "bad key", "")


def with_a_withdrawn_model(folder: Path) -> Path:
    route = {"provider": "openrouter", "upstream_model": "old/one"}
    return a_catalogue(folder, "old-one", route, durations_s=[5], sizes=["1280x720"], successor="seedance-2.5")


async def test_a_check_says_who_must_act(here: Installation, tmp_path: Path) -> None:
    mine = {"REELWAY_CATALOGUE": str(with_a_withdrawn_model(tmp_path))}
    await here.add()
    here.replica.key_left_usd = 3.5
    checked = await here.reelway("providers", "check", **mine)
    assert checked.returncode == 0, checked.stdout
    lines = {line.split()[1]: line for line in checked.stdout.splitlines()}
    assert "serves  " in lines["bytedance/seedance-2.5"]
    assert "3.5 USD left" in lines["bytedance/seedance-2.5"]
    assert "model gone" in lines["old/one"]
    assert "openrouter has withdrawn old/one, a route of old-one; seedance-2.5 succeeds it" in checked.stderr

    here.replica.key_left_usd = 0.0
    assert "no funds" in (broke := await here.reelway("providers", "check", "openrouter")).stdout
    assert broke.returncode == 1
    assert "no provider 'x'" in errors(await here.reelway("providers", "check", "x"))


async def test_what_is_gone_gets_no_work_and_the_rest_does(here: Installation, tmp_path: Path) -> None:
    here.variables["REELWAY_CATALOGUE"] = str(with_a_withdrawn_model(tmp_path))
    await here.add()
    await here.reelway("providers", "check")
    key = (await here.reelway("keys", "create")).stdout.strip()
    async with serving(here, tmp_path) as server:
        status, said = await posted(server, key, CLIP | {"model": "old-one", "size": "1280x720", "seconds": "5"})
        assert status == 410
        assert "seedance-2.5" in said
        status, _ = await posted(server, key, CLIP)
        assert status == 200


async def test_a_server_works_with_the_key_and_writes_it_nowhere(here: Installation, tmp_path: Path) -> None:
    await here.add("openrouter", "--set", "poll_first_s=0.1", "--set", "poll_most_s=0.2")
    here.replica.seen.clear()
    key = (await here.reelway("keys", "create")).stdout.strip()
    async with serving(here, tmp_path) as server:
        answers = []
        for trouble in (None, Trouble.REDIRECT, Trouble.CREDENTIALS):
            here.replica.trouble = trouble
            status, said = await posted(server, key, CLIP)
            if status == 200:
                said = await ended(server, key, json.loads(said)["id"])
            answers.append(said)
        answers += [
            str(await asyncio.to_thread(server.get, path)) for path in ("/v1/models", "/openapi.json", "/metrics")
        ]
        log = server.log
    assert {seen.headers["authorization"] for seen in here.replica.seen} == {f"Bearer {KEY}"}
    assert here.replica.orders >= 2
    assert not any("authorization" in seen.headers for seen in here.replica.seen_at_files)
    assert KEY not in log + "".join(answers)
    for doing in (["doctor"], ["settings"], ["models"]):
        await here.reelway(*doing, REELWAY_PORT="0")
    for file in (tmp_path / "data").rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file


async def test_a_new_operator_secret_opens_nothing_until_all_is_sealed_again(here: Installation) -> None:
    await here.add()
    new = {"REELWAY_OPERATOR_SECRET": NEW_SECRET}
    both = new | {"REELWAY_PREVIOUS_OPERATOR_SECRET": SECRET}
    refused = errors(await here.reelway("serve", "--port", "0", **new))
    assert refused.startswith("error: the secrets of provider openrouter cannot be opened")
    assert "hint: set the secret that was in use as REELWAY_PREVIOUS_OPERATOR_SECRET" in refused
    assert "cannot be opened" in (await here.listed(**new))["openrouter"]["wrong"]
    doctor = await here.reelway("doctor", "--json", REELWAY_PORT="0", **both)
    assert {f["check"]: f["mend"] for f in json.loads(doctor.stdout)}["providers"] == "`reelway providers reseal`"

    assert (await here.reelway("providers", "reseal", **both)).stderr == "sealed openrouter\n"
    assert (await here.listed(**new))["openrouter"]["wrong"] is None
    assert "cannot be opened" in (await here.listed())["openrouter"]["wrong"]
    # A wrong secret is no reason why a provider could not be replaced or dropped.
    assert (await here.add("openrouter", "--replace")).returncode == 0
    assert (await here.reelway("providers", "remove", "openrouter", **new)).returncode == 0


async def test_one_that_is_working_is_not_removed(here: Installation, tmp_path: Path) -> None:
    await here.add()
    here.replica.looks = 1_000_000
    key = (await here.reelway("keys", "create")).stdout.strip()
    async with serving(here, tmp_path) as server:
        assert (await posted(server, key, CLIP))[0] == 200
        assert "1 generations of openrouter are not finished" in errors(
            await here.reelway("providers", "remove", "openrouter")
        )
        assert (await here.reelway("providers", "remove", "openrouter", "--force")).returncode == 0


async def test_a_move_takes_the_providers_along(tmp_path: Path, cluster: Postgres) -> None:
    variables = {"REELWAY_DATA": str(tmp_path / "data")}
    url = cluster.url(await cluster.make())
    async with OpenRouter().serving() as replica:
        old = Installation(variables, replica)  # type: ignore[arg-type]
        await old.add()
        moved = await old.reelway("move", "--to-database", url)
        assert moved.returncode == 0, moved.stderr
        secret = (tmp_path / "data" / "operator.secret").read_text().strip()
        new = {"REELWAY_DATABASE": url, "REELWAY_OPERATOR_SECRET": secret, "REELWAY_DATA": str(tmp_path / "other")}
        checked = await Installation(new, replica).reelway("providers", "check", "--json")  # type: ignore[arg-type]
        results = {one["upstream_model"]: one["result"] for one in json.loads(checked.stdout)}
        assert results["bytedance/seedance-2.5"] == "serves"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ("x", "no kind of provider 'x'"),
        ("previz --key-env THE_KEY", "previz is always there and takes no table"),
        ("Fal --kind fal --key-env THE_KEY", "a name is of a-z"),
        ("fal", "provider fal key: field required; give key_env, key_file or key"),
        ("fal --key-env NO_KEY", "key_env: the environment variable NO_KEY is missing or empty"),
        ("fal --key-file missing.key", "key_file: cannot read missing.key"),
        ("fal --key-env THE_KEY --key-stdin", "--key-env and --key-stdin are given; one of them is enough"),
        (f"fal --set key={KEY}", "--set key would show a secret to everybody on this machine"),
        (f"kling --set api=legacy --set secret_key={KEY}", "give it by --set secret_key_env=VAR"),
        ("fal --key-env THE_KEY --set wieght=2", "there is no key 'wieght'; did you mean weight?"),
        ("fal --key-env THE_KEY --set weight", "--set weight says no value"),
        ("fal --key-env THE_KEY --set weight=much", "provider fal weight: input should be a valid number"),
        ("fal --key-env THE_KEY --set base_url=[", "--set base_url is not JSON"),
        ("fal --key-env THE_KEY --set a=1 --set a.b=2", "--set a.b: a has a value already"),
        ("file --kind fal --key-env THE_KEY", "[providers.file] is in the settings file"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_kept(
    args: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REELWAY_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("REELWAY_PROVIDERS", json.dumps({"file": {"provider": "fal", "key": KEY}}))
    monkeypatch.setenv("THE_KEY", KEY)
    with pytest.raises(SystemExit) as ended:
        main(["providers", "add", *args.split(), "--no-check"])
    assert ended.value.code == 1
    written = capsys.readouterr().err.replace("error: ", "").replace("\nhint: ", "; ")
    assert said in written
    assert KEY not in written
    assert not (tmp_path / "data" / "reelway.db").exists()


async def test_a_process_keeps_its_keys_out_of_its_log_whoever_quotes_them(tmp_path: Path) -> None:
    table = {"provider": "openai_compatible", "base_url": "http://127.0.0.1:1/v1", "key": KEY}
    async with in_this_process(tmp_path, providers={"paid": table}):
        assert KEY not in str(hide_secrets(None, "info", {"event": "x", "error": [f"quoted {KEY}"]}))


def test_postgresql_without_a_shared_secret_keeps_no_key(database_url: str, tmp_path: Path) -> None:
    on = {"REELWAY_DATABASE": database_url, "REELWAY_DATA": str(tmp_path / "data"), "THE_KEY": KEY}
    done = run("providers", "add", "fal", "--key-env", "THE_KEY", "--no-check", **on)
    assert "set REELWAY_OPERATOR_SECRET to the one that all processes share" in errors(done)
    weak = run("providers", "add", "fal", "--key-env", "THE_KEY", "--no-check", **on, REELWAY_OPERATOR_SECRET="short")
    assert "operator_secret is too short to seal with" in errors(weak)


def serving(here: Installation, tmp_path: Path) -> "Serving":
    return Serving(lambda: running(tmp_path / "log", "serve", "--port", "0", **here.variables))


class Serving:
    """A server as a process, started and stopped while the replica goes on answering."""

    def __init__(self, start: Callable[[], Any]) -> None:
        self._start = start

    async def __aenter__(self) -> Running:
        self._running = self._start()
        server: Running = await asyncio.to_thread(self._running.__enter__)
        return server

    async def __aexit__(self, *error: object) -> None:
        await asyncio.to_thread(self._running.__exit__, None, None, None)


async def posted(server: Running, key: str, body: dict[str, Any]) -> tuple[int, str]:
    return await asked(server, key, "/v1/videos", body)


async def asked(server: Running, key: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, str]:
    """Status and body, whatever the status."""
    headers = {"authorization": f"Bearer {key}"}
    method = "GET" if body is None else "POST"
    async with (
        aiohttp.ClientSession() as http,
        http.request(method, server.url + path, json=body, headers=headers) as answer,
    ):
        return answer.status, await answer.text()


async def ended(server: Running, key: str, id: str) -> str:
    """What the status says at the end."""
    async with asyncio.timeout(60):
        while True:
            _, said = await asked(server, key, f"/v1/videos/{id}")
            if json.loads(said)["status"] in ("completed", "failed"):
                return said
            await asyncio.sleep(0.1)
