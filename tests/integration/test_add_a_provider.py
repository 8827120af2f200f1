"""docs/how-to/add-a-provider.md as it stands: its files in an empty folder, installed, tested, and making a clip."""

import asyncio
import importlib
import os
import re
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from commands import Running, environment, run, running
from replicas.replica import KEY, Replica, a_clip

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "add-a-provider.md"
FILE = re.compile(r"^`([\w./-]+)`\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PUBLIC = "https://reelway.example"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every file of the page by its name, and the package as an installer leaves it."""
    page = PAGE.read_text()
    files = dict(FILE.findall(page))
    assert len(files) == page.count("```") // 2, "a block without the name of its file above it"
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    project = tomllib.loads(files["pyproject.toml"])["project"]
    info = tmp_path / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = [
        f"[{group}]\n" + "".join(f"{name} = {module}\n" for name, module in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (info / "entry_points.txt").write_text("\n".join(points))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(tmp_path / "tests")]))
    return tmp_path


@pytest.fixture
def aurora(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The page's module of the replica."""
    monkeypatch.syspath_prepend(str(folder / "tests"))
    yield importlib.import_module("replicas.aurora")
    del sys.modules["replicas.aurora"]


def test_the_contract_suite_is_content_with_it(folder: Path) -> None:
    """With as many tests as there are for a provider that can do as much: none is left out by mistake."""
    suite = str(ROOT / "tests" / "contract" / "test_providers.py")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "aurora", suite]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stdout
    passed = re.search(r"^(\d+) passed", done.stdout, re.MULTILINE)
    assert passed is not None
    assert int(passed[1]) >= 30


async def test_it_makes_a_clip_by_the_api(folder: Path, aurora: Any) -> None:
    replica: Replica = aurora.Aurora()
    replica.clip = a_clip(frames=120, width=1280, height=720)
    async with replica.serving():
        with (folder / "reelway.toml").open("a") as settings:  # its last table is the provider's
            settings.write(f'base_url = "{replica.url}/v2"\npoll_first_s = 0.05\npoll_most_s = 0.1\n')
        secrets = {"AURORA_KEY": KEY, "AURORA_WEBHOOK_SECRET": aurora.SECRET}
        await asyncio.to_thread(_make_a_clip, folder, replica, secrets)


def _make_a_clip(folder: Path, replica: Replica, secrets: dict[str, str]) -> None:
    """From a request to a file and money, with a call of the provider's on the way."""
    data = folder / "data"
    key = run("keys", "create", "--data", str(data)).stdout.strip()
    options = ("serve", "--port", "0", "--data", str(data), "--config", str(folder / "reelway.toml"))
    with running(folder / "log", *options, REELWAY_PUBLIC_URL=PUBLIC, **secrets) as server:
        replica.looks = 1_000_000  # until it is asked for the rest
        made = server.send("/v1/videos", {"model": "aurora-2", "prompt": "a red kite", "seconds": "5"}, key)
        assert (made["served_by"], made["preview"], made["price_usd"]) == ("aurora", False, "0.50")
        _until(lambda: replica.callback_urls)
        ((job_id, url),) = replica.callback_urls.items()
        assert url.startswith(PUBLIC + "/callbacks/aurora/")
        headers, body = replica.callback(job_id)
        assert [_call(server, url, headers, text) for text in (body + b" ", body)] == [401, 204]
        replica.looks = 0
        video = _until(lambda: _ended(server, made["id"], key))
        assert (video["status"], video["charged_usd"]) == ("completed", "0.50")
        assert server.get(urlsplit(video["url"]).path) == (200, replica.clip)
    asked = {name: replica.jobs[job_id].asked[name] for name in ("model", "prompt", "seconds", "size")}
    assert asked == {"model": "aurora-2", "prompt": "a red kite", "seconds": 5, "size": "1280x720"}
    for secret in secrets.values():
        assert secret not in server.log


def _call(server: Running, url: str, headers: dict[str, str], body: bytes) -> int:
    request = urllib.request.Request(server.url + urlsplit(url).path, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def _ended(server: Running, id_: str, key: str) -> Any:
    video = server.send(f"/v1/videos/{id_}", key=key)
    return video if video["status"] in ("completed", "failed") else None


def _until(look: Any) -> Any:
    """What is there to be seen at last."""
    ends = time.monotonic() + 30
    while not (found := look()):
        assert time.monotonic() < ends, "nothing came"
        time.sleep(0.02)
    return found
