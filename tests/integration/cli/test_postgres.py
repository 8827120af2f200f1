"""The nouns on PostgreSQL: the same words, the same answers, and never the password."""

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest

from s3 import S3Server
from servers import Postgres, free_port, postgres

Reelway = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


@pytest.fixture
async def url(cluster: Postgres) -> str:
    """A new database, and a password that the server does not ask for."""
    name = await cluster.make()
    return cluster.url(name).replace("reelway@", "reelway:hunter2@")


async def run(url: str, sql: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def test_the_nouns_say_the_same_on_postgresql(reelway: Reelway, url: str, tmp_path) -> None:
    on = {"REELWAY_DATABASE": url}
    created = reelway("keys", "create", **on)
    assert created.stdout.startswith("rw_live_"), created.stderr
    assert "made workspace default" in created.stderr
    assert [k["workspace"] for k in json.loads(reelway("keys", "list", "--json", **on).stdout)] == ["default"]
    assert reelway("credits", "grant", "12.50", **on).stdout == "22.50\n"
    assert json.loads(reelway("credits", "audit", "--json", **on).stdout) == []
    assert json.loads(reelway("generations", "list", "--json", **on).stdout) == []
    assert reelway("keys", "revoke", created.stdout.strip(), **on).returncode == 0
    assert json.loads(reelway("db", "migrate", "--json", **on).stdout) == []
    assert not (tmp_path / "data" / "reelway.db").exists()


def test_the_option_names_the_database_too(reelway: Reelway, url: str) -> None:
    assert "0001_first.sql" in reelway("db", "migrate", "--database", url).stdout
    assert reelway("credits", "show", "--database", url).stderr.startswith("no workspaces")


async def test_an_audit_finds_what_does_not_add_up(reelway: Reelway, url: str) -> None:
    reelway("keys", "create", REELWAY_DATABASE=url)
    await run(url, "UPDATE accounts SET balance_microusd = balance_microusd + 1 WHERE purse = 'live'")
    audit = reelway("credits", "audit", "--json", REELWAY_DATABASE=url)
    assert audit.returncode == 1
    assert [f["what"] for f in json.loads(audit.stdout)] == ["sums"]


def test_looking_makes_no_tables(reelway: Reelway, url: str) -> None:
    done = reelway("keys", "list", REELWAY_DATABASE=url)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: there is no Reelway data in postgresql://reelway@127.0.0.1:")
    assert "hunter2" not in done.stderr
    assert "0001_first.sql" in reelway("db", "migrate", REELWAY_DATABASE=url).stdout


@pytest.mark.parametrize("command", [["keys", "list"], ["keys", "create"], ["db", "migrate"], ["credits", "audit"]])
def test_a_server_that_is_not_there_is_one_line_and_a_hint(reelway: Reelway, command: list[str]) -> None:
    url = f"postgresql://reelway:hunter2@127.0.0.1:{free_port()}/reelway"
    done = reelway(*command, REELWAY_DATABASE=url)
    assert done.returncode == 1
    assert [line.partition(":")[0] for line in done.stderr.splitlines()] == ["error", "hint"]
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize("url", ["mysql://root:hunter2@db/reelway", "hunter2", "postgresql", ""])
def test_a_database_of_another_kind_is_refused(reelway: Reelway, url: str) -> None:
    done = reelway("keys", "list", REELWAY_DATABASE=url)
    assert done.returncode == 1
    assert "hint: there is sqlite, postgresql://" in done.stderr
    assert "Traceback" not in done.stderr


async def test_what_the_database_refuses_is_an_error_and_no_traceback(reelway: Reelway, url: str) -> None:
    reelway("keys", "create", REELWAY_DATABASE=url)
    await run(url, "ALTER TABLE api_keys RENAME TO api_keys_away")
    done = reelway("keys", "list", REELWAY_DATABASE=url)
    assert done.returncode == 1
    assert 'relation "api_keys" does not exist' in done.stderr
    assert "hint: `reelway doctor` says more" in done.stderr
    assert "Traceback" not in done.stderr


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    return {f["check"]: f for f in json.loads(done.stdout)}


def test_the_doctor_knows_the_server(reelway: Reelway, url: str) -> None:
    reelway("keys", "create", REELWAY_DATABASE=url)
    done = reelway("doctor", "--json", REELWAY_DATABASE=url, REELWAY_PORT="0")
    found = findings(done)
    assert found["postgresql"]["status"] == found["database"]["status"] == "ok", done.stdout
    assert "connections are taken" in found["postgresql"]["detail"]
    assert "sqlite" not in found
    assert "hunter2" not in done.stdout


def test_the_doctor_counts_the_connections(reelway: Reelway, url: str) -> None:
    found = findings(reelway("doctor", "--json", REELWAY_DATABASE=url, REELWAY_DATABASE_CONNECTIONS="400"))
    assert found["postgresql"]["status"] == "warn"
    assert "database_connections" in found["postgresql"]["mend"]


def test_the_doctor_finds_a_server_that_is_not_there(reelway: Reelway) -> None:
    url = f"postgresql://reelway:hunter2@127.0.0.1:{free_port()}/reelway"
    done = reelway("doctor", "--json", REELWAY_DATABASE=url, REELWAY_PORT="0")
    assert done.returncode == 1
    assert {name for name, f in findings(done).items() if f["status"] == "fail"} == {
        "postgresql",
        "database",
        "providers",
        "catalogue",
    }
    assert all(f["mend"] for f in findings(done).values() if f["status"] == "fail")
    assert "hunter2" not in done.stdout


def test_the_doctor_puts_reads_and_deletes_a_file_in_the_bucket(reelway: Reelway, s3: S3Server) -> None:
    variables = {f"REELWAY_{name.upper()}": str(value) for name, value in s3.settings("doctor").items()}
    done = reelway("doctor", "--json", REELWAY_PORT="0", **variables)
    assert findings(done)["storage"] == {
        "check": "storage",
        "status": "ok",
        "detail": "s3://reelway/doctor: put, read and deleted a file",
        "mend": "",
    }
    assert s3.secret not in done.stdout
    assert list(s3.store("doctor").list()) == []
    closed = variables | {"REELWAY_S3_SECRET_ACCESS_KEY": "another"}
    refused = findings(reelway("doctor", "--json", REELWAY_PORT="0", **closed))["storage"]
    assert refused["status"] == "fail"
    assert "s3_" in refused["mend"]
