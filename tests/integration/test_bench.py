"""The benchmark runs, at a scale that says nothing about speed: so that it is there on the day it is wanted."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.pgbench import Script

ROOT = Path(__file__).parents[2]


def measured(tmp_path: Path, *measures: str) -> list[dict[str, Any]]:
    """The figures of a run that went well."""
    report = tmp_path / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--tiny", "--only", ",".join(measures), "--json", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures: list[dict[str, Any]] = json.loads(report.read_text())["figures"]
    assert all(f["measure"] in done.stdout for f in figures)
    return figures


def test_every_kind_of_answer_is_measured_and_none_is_refused(tmp_path: Path) -> None:
    """`status` and `jobs` between them use the servers, the plugin, the load generator, the floor and the sink."""
    figures = measured(tmp_path, "status", "jobs")
    assert [f["measure"] for f in figures] == ["status, 2 connections", "status without HTTP", "jobs, end to end"]
    assert all(f["value"] > 0 and f["limit"] > 0 for f in figures)


def test_postgres_is_measured_beside_pgbench_and_bare_workers(tmp_path: Path) -> None:
    """Also that what one request sends can still be turned into a script."""
    figures = measured(tmp_path, "pg-create", "pg-status", "pg-jobs")
    assert len(figures) == 3 + 1 + 2
    assert all(f["value"] > 0 and f["limit"] > 0 for f in figures)


def test_what_lasts_is_measured(tmp_path: Path) -> None:
    """Generations in flight, a takeover, and tables with a past."""
    figures = {f["measure"]: f for f in measured(tmp_path, "pg-in-flight", "growth")}
    assert len(figures) == 2 + 2 + 2 * 4
    assert figures["PostgreSQL memory, 20 in flight on a worker"]["value"] > 0
    assert figures["SQLite jobs finished, 20 finished before"]["limit"] > 0


def test_a_script_keeps_the_statements_and_makes_ids_anew() -> None:
    """Else pgbench measures something else than we do."""
    text = "INSERT INTO generations (id, token, spec, seed, note) VALUES ($1, $2, $3, $4, $5)"
    first: tuple[Any, ...] = ("hold:video_1", "a" * 64, '{"prompt":"rain"}', 7, None)
    other: tuple[Any, ...] = ("hold:video_2", "b" * 64, '{"prompt":"rain"}', 9, None)
    script = Script([(text, first)], [(text, other)], {"video_1": "'video_' || :n::text"})
    token = f"('{'0' * 46}' || :r::text)"
    assert script.text == (
        "INSERT INTO generations (id, token, spec, seed, note)"
        f" VALUES ((:v0::text || 'video_' || :n::text), {token}, :v1, :v2, NULL);\n"
    )
    assert script.values == {"v0": "hold:", "v1": '{"prompt":"rain"}', "v2": "7"}
