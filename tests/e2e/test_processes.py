"""`reelway api` and `reelway worker` as processes of their own, on one PostgreSQL and one folder of files."""

import asyncio
import contextlib
import http.client
import http.server
import json
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from commands import Running, run, running
from servers import Postgres, postgres

pytestmark = pytest.mark.timeout(400)

SECRET = "0123456789abcdef" * 2
PASSWORD = "hunter2"
# wan2.2 lists 0.04 USD a second: 10 frames at 16 fps cost 0.025.
PAID = {"model": "wan2.2", "num_frames": 10, "fps": 16, "size": "512x512"}
TINY = {"model": "previz", "size": "128x72", "seconds": "1"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as ready:
        yield ready


class Installation:
    """One database and one data folder, and the processes that share them."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._folder = folder
        self._names = iter(range(1, 100))
        self.variables = {
            # The server does not ask for a password: it is there to be looked for in what is printed.
            "REELWAY_DATABASE": url.replace("reelway@", f"reelway:{PASSWORD}@"),
            "REELWAY_OPERATOR_SECRET": SECRET,
            "REELWAY_DATA": str(folder / "data"),
            "REELWAY_ALLOW_PRIVATE": "127.0.0.0/8",
            "REELWAY_WORKER_LOST_S": "2",
            "REELWAY_RETRY_FIRST_S": "0.05",
            "REELWAY_REQUESTS_PER_MINUTE": "0",
        }

    def api(self) -> contextlib.AbstractContextManager[Running]:
        return self._start("api", "--port", "0")

    def worker(self, *options: str) -> contextlib.AbstractContextManager[Running]:
        return self._start("worker", "--health-port", "0", *options)

    def _start(self, *args: str) -> contextlib.AbstractContextManager[Running]:
        return running(self._folder / f"{args[0]}{next(self._names)}.log", *args, **self.variables)

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        return run(*args, **self.variables)

    def make_key(self, *options: str) -> str:
        return self.run("keys", "create", *options).stdout.strip()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        async def asked() -> list[tuple[Any, ...]]:
            connection = await asyncpg.connect(self.url)
            try:
                return [tuple(row) for row in await connection.fetch(sql)]
            finally:
                await connection.close()

        return asyncio.run(asked())

    def audit(self) -> Any:
        return json.loads(self.run("credits", "audit", "--json").stdout)


@pytest.fixture
def place(cluster: Postgres, tmp_path: Path) -> Iterator[Installation]:
    name = asyncio.run(cluster.make())
    yield Installation(cluster.url(name), tmp_path)
    for log in tmp_path.glob("*.log"):
        assert PASSWORD not in log.read_text()
    asyncio.run(cluster.drop(name))


@contextlib.contextmanager
def receiver(port: int = 0) -> Iterator[tuple[str, list[str]]]:
    """A webhook receiver, and the ids that came."""
    ids: list[str] = []

    class Hook(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            ids.append(self.headers["webhook-id"])
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Hook) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/hook", ids
        finally:
            server.shutdown()


@contextlib.contextmanager
def asleep(worker: Running) -> Iterator[None]:
    """It takes no job until the block ends, and is there at once after it."""
    worker.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        worker.process.send_signal(signal.SIGCONT)


def until(api: Running, key: str, id: str, *statuses: str) -> dict[str, Any]:
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        video: dict[str, Any] = api.send(f"/v1/videos/{id}", key=key)
        if video["status"] in statuses:
            return video
        time.sleep(0.05)
    raise AssertionError(f"still {video}")


def follow(api: Running, key: str, id: str) -> list[str]:
    """The names of all events of the stream, to its end."""
    line = http.client.HTTPConnection(urlsplit(api.url).netloc, timeout=60)
    with contextlib.closing(line):
        line.request("GET", f"/v1/videos/{id}/events", headers={"authorization": f"Bearer {key}"})
        with line.getresponse() as response:
            return re.findall(r"^event: (\S+)$", response.read().decode(), re.M)


def test_a_clip_made_at_one_api_is_followed_at_another_to_its_end(place: Installation) -> None:
    with place.api() as first, place.api() as second, place.worker() as one, place.worker() as two:
        key = place.make_key()
        # Long enough to be seen on its way: progress is never written, so only LISTEN can bring it.
        order = TINY | {"prompt": "a red kite over the sea", "size": "480x270", "seconds": "3"}
        made = first.send("/v1/videos", order, key)
        told = follow(second, key, made["id"])
        assert told[0] == "generation.created"
        assert told[-1] == "generation.succeeded"
        assert "progress" in told
        video = second.send(f"/v1/videos/{made['id']}", key=key)
        status, clip = first.get(urlsplit(video["url"]).path)
        assert (status, clip[4:8]) == (200, b"ftyp")
        assert [w.get("/readyz")[0] for w in (one, two)] == [200, 200]
        assert b"reelway_" in one.get("/metrics")[1]
        assert [process.stop() for process in (one, two, first, second)] == [0, 0, 0, 0]
    assert place.audit() == []


def test_a_worker_that_is_stopped_hands_its_job_over(place: Installation) -> None:
    with place.api() as api, place.worker() as stopped, place.worker() as other:
        key = place.make_key("--test")
        with asleep(other):
            made = api.send("/v1/videos", PAID | {"prompt": "slow 10 a red kite"}, key)
            until(api, key, made["id"], "in_progress")
        assert stopped.stop() == 0
        assert "go on at another worker" in stopped.log
        assert until(api, key, made["id"], "completed", "failed")["status"] == "completed"
        assert made["id"] in other.log
    assert place.ask("SELECT kind, amount_microusd FROM transfers WHERE kind <> 'grant' ORDER BY kind") == [
        ("hold", 25_000),
        ("settle", 25_000),
    ]
    assert place.audit() == []


def test_a_worker_that_is_killed_is_replaced_and_its_job_is_paid_and_announced_once(place: Installation) -> None:
    with place.api() as api, receiver() as (hook, ids), place.worker() as killed, place.worker() as other:
        key = place.make_key("--test")
        with asleep(other):
            made = api.send("/v1/videos", PAID | {"prompt": "slow 10 a red kite", "webhook_url": hook}, key)
            until(api, key, made["id"], "in_progress")
        killed.process.send_signal(signal.SIGKILL)
        assert until(api, key, made["id"], "completed", "failed")["status"] == "completed"
        ends = time.monotonic() + 60
        while place.ask("SELECT state FROM deliveries") != [("delivered",)]:
            assert time.monotonic() < ends
            time.sleep(0.05)
        assert other.stop() == 0
    assert len(set(ids)) == 1
    assert place.ask("SELECT kind, amount_microusd FROM transfers WHERE kind <> 'grant' ORDER BY kind") == [
        ("hold", 25_000),
        ("settle", 25_000),
    ]
    assert place.ask("SELECT epoch >= 2 FROM generations") == [(True,)], "nobody took it over"
    assert place.audit() == []


def test_a_worker_takes_only_the_work_it_was_told_to(place: Installation) -> None:
    with (
        place.api() as api,
        receiver() as (hook, ids),
        place.worker("--lanes", "sandbox,previz") as renderer,
        place.worker("--lanes", "delivery") as deliverer,
    ):
        key = place.make_key("--test")
        made = api.send("/v1/videos", TINY | {"prompt": "a red kite", "webhook_url": hook}, key)
        assert until(api, key, made["id"], "completed", "failed")["status"] == "completed"
        ends = time.monotonic() + 60
        while not ids:
            assert time.monotonic() < ends
            time.sleep(0.05)
        assert renderer.stop() == deliverer.stop() == 0
        assert made["id"] in renderer.log
        assert made["id"] not in deliverer.log
        assert "lanes     sandbox, previz" in renderer.log


def test_of_several_servers_that_start_at_once_one_makes_the_first_key(place: Installation) -> None:
    with contextlib.ExitStack() as stack, ThreadPoolExecutor(3) as threads:
        starting = [place.api() for _ in range(3)]
        started = list(threads.map(stack.enter_context, starting))
        assert sum("rw_live_" in api.log for api in started) == 1
        assert all(api.get("/readyz")[0] == 200 for api in started)
    assert place.ask("SELECT COUNT(*) FROM api_keys") == [(1,)]
    assert place.ask("SELECT COUNT(*) FROM workspaces") == [(1,)]


def test_one_process_may_do_both_on_postgresql(place: Installation, tmp_path: Path) -> None:
    with running(tmp_path / "serve.log", "serve", "--port", "0", **place.variables) as server:
        assert f"database  {place.url}" in server.log
        key = place.make_key("--test")
        made = server.send("/v1/videos", TINY | {"prompt": "refuse: violence"}, key)
        until(server, key, made["id"], "failed")
        assert server.stop() == 0


@pytest.mark.parametrize("part", ["api", "worker"])
def test_sqlite_is_refused(part: str, tmp_path: Path) -> None:
    done = run(part, REELWAY_DATA=str(tmp_path / "data"), REELWAY_OPERATOR_SECRET=SECRET)
    assert done.returncode == 1
    assert f"`reelway {part}` cannot work on SQLite" in done.stderr
    assert "hint: use `reelway serve`" in done.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("part", ["api", "worker"])
def test_the_operator_secret_must_be_the_same_everywhere_so_it_must_be_given(part: str, place: Installation) -> None:
    del place.variables["REELWAY_OPERATOR_SECRET"]
    done = place.run(part)
    assert done.returncode == 1
    assert "hint: set REELWAY_OPERATOR_SECRET, which `openssl rand -hex 32` makes" in done.stderr


def test_a_lane_that_nobody_knows_is_named(place: Installation) -> None:
    done = place.run("worker", "--lanes", "previs")
    assert done.returncode == 1
    assert "error: no lane 'previs'\nhint: there are delivery, " in done.stderr


def test_files_on_a_local_disk_are_warned_of(place: Installation) -> None:
    with place.api() as api:
        assert "must share that disk" in api.log
        assert f"database  {place.url}" in api.log
