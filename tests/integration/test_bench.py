"""The benchmark runs, at a scale that says nothing about speed: so that it is there on the day it is wanted."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_kind_of_answer_is_measured_and_none_is_refused(tmp_path: Path) -> None:
    """`status` and `jobs` between them use the servers, the plugin, the load generator, the floor and the sink."""
    report = tmp_path / "report.json"
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--tiny", "--only", "status,jobs", "--json", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(report.read_text())["figures"]
    assert [f["measure"] for f in figures] == ["status, 2 connections", "status without HTTP", "jobs, end to end"]
    assert all(f["value"] > 0 and f["limit"] > 0 for f in figures)
    assert "jobs, end to end" in done.stdout
