"""An installation moves from SQLite and a folder to a real PostgreSQL and a real bucket, and nobody notices."""

import asyncio
import base64
import contextlib
import io
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import apsw
import asyncpg
import pytest
from PIL import Image

from commands import Running, environment, run, running
from e2e.test_processes import receiver
from harness import serving
from s3 import S3Server, s3_server
from servers import Postgres, free_port, postgres

pytestmark = pytest.mark.timeout(400)

CRASH_MOVE = Path(__file__).with_name("crash_move.py")
# wan2.2 lists 0.04 USD a second: 10 frames at 16 fps cost 0.025.
PAID = {"model": "wan2.2", "num_frames": 10, "fps": 16, "size": "512x512"}
QUICK = {
    "REELWAY_ALLOW_PRIVATE": "127.0.0.0/8",
    "REELWAY_WEBHOOK_SCHEDULE_S": "0," + ",".join(["1"] * 60),
    "REELWAY_RETRY_FIRST_S": "0.05",
    "REELWAY_REQUESTS_PER_MINUTE": "0",
    "REELWAY_DRAIN_S": "1",
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as ready:
        yield ready


@pytest.fixture(scope="module")
def bucket() -> Iterator[S3Server]:
    with s3_server() as ready:
        yield ready


@dataclass
class New:
    """Where it goes: an empty database and an empty prefix."""

    url: str
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def place(self) -> dict[str, str]:
        return {"REELWAY_DATABASE": self.url} | self.variables


@pytest.fixture
def new(cluster: Postgres, bucket: S3Server, tmp_path: Path) -> Iterator[New]:
    name = asyncio.run(cluster.make())
    variables = {f"REELWAY_{n.upper()}": str(v) for n, v in bucket.settings(name).items()}
    yield New(cluster.url(name), variables)
    asyncio.run(cluster.drop(name))


def picture() -> str:
    made = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(made, "PNG")
    return "data:image/png;base64," + base64.b64encode(made.getvalue()).decode()


def video(server: Running, key: str, id: str) -> dict[str, Any]:
    found: dict[str, Any] = server.send(f"/v1/videos/{id}", key=key)
    return found


def until(server: Running, key: str, id: str, *statuses: str) -> dict[str, Any]:
    ends = time.monotonic() + 120
    while (found := video(server, key, id))["status"] not in statuses:
        assert time.monotonic() < ends, found
        time.sleep(0.05)
    return found


def old_rows(data: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of the old database but those that are not copied."""
    connection = apsw.Connection(str(data / "reelway.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()]
        wanted = [n for n in names if not n.startswith("sqlite_") and n not in ("migrations", "dispatch_entries")]
        return {n: sorted(connection.execute(f"SELECT * FROM {n}").fetchall(), key=repr) for n in wanted}
    finally:
        connection.close()


def new_rows(url: str, tables: list[str]) -> dict[str, list[tuple[Any, ...]]]:
    async def asked() -> dict[str, list[tuple[Any, ...]]]:
        connection = await asyncpg.connect(url)
        try:
            return {
                t: sorted([tuple(r) for r in await connection.fetch(f"SELECT * FROM {t}")], key=repr) for t in tables
            }
        finally:
            await connection.close()

    return asyncio.run(asked())


def ask(url: str, sql: str) -> list[tuple[Any, ...]]:
    async def asked() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    return asyncio.run(asked())


def balances(server: Running, key: str) -> Any:
    return server.send("/v1/account", key=key)["balances"]


def test_a_server_with_everything_going_on_is_moved_and_goes_on_where_it_was(new: New, tmp_path: Path) -> None:
    data = tmp_path / "data"
    port = free_port()
    hook = f"http://127.0.0.1:{port}/hook"  # nobody listens there yet: its deliveries are pending
    old = QUICK | {"REELWAY_DATA": str(data)}
    with running(tmp_path / "old.log", "serve", "--port", "0", **old) as server:
        test_key = run("keys", "create", "--test", **old).stdout.strip()
        live_key = run("keys", "create", **old).stdout.strip()

        def create(prompt: str, **more: Any) -> str:
            return str(server.send("/v1/videos", PAID | {"prompt": prompt} | more, test_key)["id"])

        finished = create("a red kite", webhook_url=hook)
        until(server, test_key, finished, "completed")
        failed = create("refuse: violence")
        until(server, test_key, failed, "failed")
        cancelled = create("slow 900")
        until(server, test_key, cancelled, "in_progress")
        server.send(f"/v1/videos/{cancelled}/cancel", {}, test_key)
        # previz makes one at a time: the first of these runs, the other is queued, and both have an input file.
        order = {
            "key": live_key,
            "model_id": "previz",
            "prompt": "a red kite over the sea",
            "init_image": picture(),
            "width": 480,
            "height": 270,
            "duration": 3,
        }
        images = [server.send("/api/v7/video-fusion/image-to-video", order)["id"] for _ in range(2)]
        waiting = [create("slow 15 a red kite", webhook_url=hook) for _ in range(2)]
        until(server, test_key, waiting[0], "in_progress")
        before = {id: video(server, test_key, id) for id in (finished, failed, cancelled, *waiting)}
        clip_path = urlsplit(before[finished]["url"]).path
        status, clip = server.get(clip_path)
        assert status == 200
        assert server.stop() == 0
    rows = old_rows(data)
    assert [row for row in rows["accounts"] if row[3] > 0], "nothing is held"
    assert [row for row in rows["deliveries"] if "pending" in row], "no webhook is pending"

    moving = ["--to-database", new.url, "--to-storage", new.variables["REELWAY_STORAGE"]]
    moved = run("move", *moving, **(old | new.variables))
    assert moved.returncode == 0, moved.stderr
    assert f"the contents of {data / 'operator.secret'}" in moved.stderr
    assert old_rows(data) == rows, "the old database is only read"
    assert new_rows(new.url, list(rows)) == rows

    refused = run("serve", "--port", "0", **old)
    assert refused.returncode == 1
    assert f"the rows of {data} were moved to {new.url}" in refused.stderr
    assert run("keys", "create", **old).returncode == 1
    again = run("move", *moving, **(old | new.variables))
    assert again.returncode == 1
    assert "there is nothing more to move" in again.stderr
    assert run("move", *moving, "--resume", **(old | new.variables)).returncode == 0

    secret = (data / "operator.secret").read_text().strip()
    data.rename(tmp_path / "gone")  # nothing in the new place may lead to the old one
    there = QUICK | new.place | {"REELWAY_OPERATOR_SECRET": secret, "REELWAY_DATA": str(tmp_path / "elsewhere")}
    with (
        receiver(port) as (_, ids),
        running(tmp_path / "api.log", "api", "--port", "0", **there) as api,
        running(tmp_path / "worker.log", "worker", "--health-port", "0", **there) as worker,
    ):
        for id, was in before.items():
            now = video(api, test_key, id)
            assert (now["id"], now["number"], now["created_at"]) == (was["id"], was["number"], was["created_at"])
            if was["status"] not in ("queued", "in_progress"):
                assert now["status"] == was["status"]
        assert api.get(clip_path) == (200, clip)
        for id in waiting:
            assert until(api, test_key, id, "completed", "failed")["status"] == "completed"
        for number in images:
            found = run("generations", "show", str(number), "--json", **there)
            id = json.loads(found.stdout)["id"]
            assert until(api, live_key, id, "completed", "failed")["status"] == "completed"
        newest = api.send("/v1/videos", PAID | {"prompt": "refuse: x"}, test_key)
        assert newest["number"] > max(row[0] for row in rows["generations"])
        ends = time.monotonic() + 60
        while ask(new.url, "SELECT 1 FROM deliveries WHERE state <> 'delivered'"):
            assert time.monotonic() < ends
            time.sleep(0.1)
        until(api, test_key, newest["id"], "failed")
        assert (worker.stop(), api.stop()) == (0, 0)
    events = {event for (event,) in ask(new.url, "SELECT event_id FROM deliveries")}
    assert set(ids) == events
    assert {row[5] for row in rows["deliveries"]} <= events
    resolved = ask(
        new.url,
        "SELECT generation_id FROM transfers WHERE kind IN ('settle', 'release')"
        " GROUP BY generation_id HAVING count(*) <> 1",
    )
    assert resolved == []
    assert ask(new.url, "SELECT id FROM generations WHERE ended_at IS NULL") == []
    assert json.loads(run("credits", "audit", "--json", **there).stdout) == []


async def _make_much(data: Path) -> None:
    """Finished, failed and unfinished generations, more than a few batches of them."""
    async with serving(data, webhook_schedule_s=(0, 3600)) as server:
        import httpx2

        headers = server.headers(server.test_key)
        async with httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=60) as client:

            async def create(prompt: str) -> str:
                hook = {"webhook_url": "http://127.0.0.1:9/hook"}
                answer = await client.post("/v1/videos", json=PAID | {"prompt": prompt} | hook)
                return str(answer.json()["id"])

            made = [await create(p) for p in ["a red kite", "a boat", *["refuse: x"] * 12]]
            for id in made:
                async with asyncio.timeout(60):
                    while (await client.get(f"/v1/videos/{id}")).json()["status"] not in ("completed", "failed"):
                        await asyncio.sleep(0.05)
            for _ in range(8):
                await create("slow 900")


def test_a_move_that_is_killed_again_and_again_goes_on_where_it_was(new: New, tmp_path: Path) -> None:
    data = tmp_path / "data"
    asyncio.run(_make_much(data))
    rows = old_rows(data)
    variables = environment(**new.place, REELWAY_DATA=str(data))
    rng = random.Random(20261123)
    kills = 0
    while True:
        # Later and later: a run that goes on tells of the files that are there already, too.
        batches = rng.randint(2 + kills, 5 + kills)
        command = [sys.executable, str(CRASH_MOVE), str(batches), str(rng.random() * 0.03)]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        kills += 1
        assert kills < 20
        if kills == 2:
            there = run("serve", "--port", "0", **new.place, REELWAY_DATA=str(tmp_path / "other"))
            assert there.returncode == 1
            assert "hint: finish it with `reelway move --resume`" in there.stderr
            here = run("serve", "--port", "0", REELWAY_DATA=str(data))
            assert here.returncode == 1
            assert "hint: go on with `reelway move --resume`" in here.stderr
            again = run("move", "--to-database", new.url, REELWAY_DATA=str(data))
            assert again.returncode == 1
            assert "hint: go on with --resume" in again.stderr
    assert kills >= 4
    assert new_rows(new.url, list(rows)) == rows
    there = QUICK | new.place | {"REELWAY_DATA": str(tmp_path / "elsewhere")}
    assert json.loads(run("credits", "audit", "--json", **there).stdout) == []
    unfinished = [row for row in rows["generations"] if "submitting" in row or "running" in row or "queued" in row]
    assert len(unfinished) == 8
    queued = ask(new.url, "SELECT convert_from(payload, 'UTF8') FROM pgqueuer WHERE entrypoint LIKE 'generation:%'")
    assert sorted(subject for (subject,) in queued) == sorted(row[1] for row in unfinished)
    assert ask(new.url, "SELECT to_regclass('moving')") == [(None,)]


def test_what_cannot_be_moved_is_refused_before_anything_is_written(new: New, tmp_path: Path) -> None:
    data = tmp_path / "data"
    old = QUICK | {"REELWAY_DATA": str(data)}
    to_database = ["--to-database", new.url]

    def refused(*args: str, **more: str) -> str:
        done = run("move", *args, **(old | more))
        assert done.returncode == 1, done
        assert "Traceback" not in done.stderr
        return done.stderr

    assert "there is no Reelway data" in refused(*to_database)
    run("keys", "create", **old)
    assert "nothing to move" in refused()
    assert "is no move" in refused("--to-database", "sqlite")
    assert "is no move" in refused("--to-storage", "local")
    assert "cannot connect" in refused("--to-database", f"postgresql://reelway:hunter2@127.0.0.1:{free_port()}/x")
    with running(tmp_path / "old.log", "serve", "--port", "0", **old) as server:
        assert f"process {server.process.pid} on {server.url}" in refused(*to_database)
    assert run("keys", "create", REELWAY_DATABASE=new.url).returncode == 0
    assert "name an empty one" in refused(*to_database)
    assert "name an empty one" in refused(*to_database, "--resume")
    assert not (data / "moved.json").exists()


def test_a_move_that_was_given_up_does_not_go_on_with_rows_that_changed(new: New, tmp_path: Path) -> None:
    data = tmp_path / "data"
    run("keys", "create", REELWAY_DATA=str(data))
    command = [sys.executable, str(CRASH_MOVE), "2", "0"]
    variables = environment(**new.place, REELWAY_DATA=str(data))
    killed = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    (data / "moved.json").unlink()
    assert run("credits", "grant", "5", REELWAY_DATA=str(data)).returncode == 0
    done = run("move", "--to-database", new.url, "--resume", REELWAY_DATA=str(data))
    assert done.returncode == 1
    assert "half of a move that was given up" in done.stderr


def test_the_rows_alone_may_move_and_the_files_later(new: New, tmp_path: Path) -> None:
    data = tmp_path / "data"
    old = QUICK | {"REELWAY_DATA": str(data)}
    key = run("keys", "create", **old).stdout.strip()
    rows_moved = run("move", "--to-database", new.url, **old)
    assert rows_moved.returncode == 0, rows_moved.stderr
    secret = {"REELWAY_OPERATOR_SECRET": "0123456789abcdef" * 2}
    on_postgres = old | secret | {"REELWAY_DATABASE": new.url}
    with running(tmp_path / "1.log", "serve", "--port", "0", **on_postgres) as server:
        order = {"model": "previz", "prompt": "a red kite", "size": "128x72", "seconds": "1"}
        made = server.send("/v1/videos", order, key)
        done = until(server, key, made["id"], "completed", "failed")
        clip = server.get(urlsplit(done["url"]).path)
        assert clip[0] == 200
        assert server.stop() == 0
    storage = new.variables["REELWAY_STORAGE"]
    files_moved = run("move", "--to-storage", storage, **(on_postgres | new.variables))
    assert files_moved.returncode == 0, files_moved.stderr
    assert "4 copied" in files_moved.stderr  # the clip, its poster, thumbnail and contact sheet
    refused = run("serve", "--port", "0", **on_postgres)
    assert f"the files of {data} were moved to {storage}" in refused.stderr
    with running(tmp_path / "2.log", "serve", "--port", "0", **(on_postgres | new.variables)) as server:
        assert server.get(urlsplit(done["url"]).path) == clip
        assert server.stop() == 0


def test_a_clip_that_was_lost_before_the_move_is_told(new: New, tmp_path: Path) -> None:
    data = tmp_path / "data"
    old = QUICK | {"REELWAY_DATA": str(data)}
    with running(tmp_path / "old.log", "serve", "--port", "0", **old) as server:
        key = run("keys", "create", **old).stdout.strip()
        order = {"model": "previz", "prompt": "a red kite", "size": "128x72", "seconds": "1"}
        made = server.send("/v1/videos", order, key)
        done = until(server, key, made["id"], "completed", "failed")
        assert server.stop() == 0
    clip = data / "files" / "videos" / Path(urlsplit(done["url"]).path).name
    clip.unlink()
    moved = run("move", "--to-storage", new.variables["REELWAY_STORAGE"], **(old | new.variables))
    assert moved.returncode == 0
    assert f"warning: {made['id']}: videos/{clip.name} is missing, as it was before the move" in moved.stderr


def test_the_same_move_twice_at_once_is_refused(new: New, tmp_path: Path) -> None:
    from reelway.cli.lock import locked

    data = tmp_path / "data"
    run("keys", "create", REELWAY_DATA=str(data))
    with contextlib.ExitStack() as stack:
        stack.enter_context(locked(data))
        done = run("move", "--to-database", new.url, REELWAY_DATA=str(data))
    assert done.returncode == 1
    assert "already uses the data folder" in done.stderr
