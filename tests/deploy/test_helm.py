"""The Helm chart: its values, its references, its scaler's query on a real queue; rendered where helm is installed."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import jsonschema
import pytest
import yaml

from cli_words import refusals
from harness import settings_for
from reelway.app import open_database
from reelway.dispatch.base import DELIVERIES, generation_lane
from reelway.kit.clock import SystemClock
from reelway.settings import describe
from servers import Postgres, database, postgres

PROJECT = Path(__file__).parents[2]
CHART = PROJECT / "deploy" / "helm" / "reelway"
CASES = sorted((CHART / "ci").glob("*.yaml"))
TEMPLATES = {p.name: p.read_text() for p in sorted((CHART / "templates").iterdir())}
ALL_TEMPLATES = "\n".join(TEMPLATES.values())
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
_OPENS = re.compile(r"\{\{-?\s*(?:if|range|with|define|block)\b")
_ENDS = re.compile(r"\{\{-?\s*end\b")


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """As Helm lays one values file over another."""
    both = {
        k: _merged(base[k], v) if isinstance(v, dict) and isinstance(base.get(k), dict) else v for k, v in over.items()
    }
    return base | both


@pytest.fixture(params=CASES, ids=lambda p: p.stem)
def case(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_its_own_values_and_every_case_fit_the_schema(case: Path) -> None:
    jsonschema.validate(VALUES, SCHEMA)
    jsonschema.validate(_merged(VALUES, yaml.safe_load(case.read_text())), SCHEMA)


@pytest.mark.parametrize(
    "wrong",
    [
        {"api": {"replica": 3}},
        {"workers": {"gpu": {"lanes": ["x"]}}},
        {"settings": {"REELWAY_OPERATOR_SECRET": "in the ConfigMap"}},
        {"settings": {"REELWAY_STORAGE": "local"}},
        {"secret": {"values": {"REELWAY_DATABASE": "sqlite"}}},
    ],
    ids=str,
)
def test_what_cannot_work_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(_merged(VALUES, wrong), SCHEMA)


def test_templates_read_only_values_that_exist() -> None:
    unknown = []
    for path in re.findall(r"\.Values((?:\.\w+)+)", ALL_TEMPLATES):
        found: Any = VALUES
        for name in path.strip(".").split("."):
            found = found.get(name, unknown) if isinstance(found, dict) else unknown
        if found is unknown:
            unknown.append(path)
    pool = VALUES["workers"]["default"]
    unknown += [name for name in re.findall(r"\$worker\.(\w+)", ALL_TEMPLATES) if name not in pool]
    assert unknown == []


def test_every_value_is_read_by_a_template() -> None:
    read = {path.split(".")[1] for path in re.findall(r"\.Values((?:\.\w+)+)", ALL_TEMPLATES)}
    assert set(VALUES) == read
    assert set(SCHEMA["properties"]) - {"global"} == set(VALUES)


def test_parts_are_defined_once_and_used() -> None:
    defined = re.findall(r'define "([^"]+)"', ALL_TEMPLATES)
    assert len(defined) == len(set(defined))
    assert set(re.findall(r'include "([^"]+)"', ALL_TEMPLATES)) == set(defined)


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_block_ends(name: str) -> None:
    assert len(_OPENS.findall(TEMPLATES[name])) == len(_ENDS.findall(TEMPLATES[name]))


def test_every_setting_it_names_is_real() -> None:
    real = {setting["variable"] for setting in describe()}
    texts = [p.read_text() for p in CHART.rglob("*") if p.is_file()]
    assert {name for text in texts for name in re.findall(r"REELWAY_[A-Z0-9_]*[A-Z0-9]", text)} <= real


def test_its_commands_are_real() -> None:
    worker = re.findall(r"^            - (worker|--[\w-]+=)", TEMPLATES["worker.yaml"], re.M)
    assert worker[0] == "worker"
    assert refusals(worker) == []
    listed = re.findall(r"args: \[([^\]]+)\]", ALL_TEMPLATES)
    assert listed
    assert [r for args in listed for r in refusals([a.strip(' "') for a in args.split(",")])] == []


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as running:
        yield running


async def test_the_scaler_counts_what_is_due_and_what_runs(cluster: Postgres, tmp_path: Path) -> None:
    """Work that waits for its time wakes nobody, and no worker is taken away under its jobs."""
    async with database(cluster) as url:
        db = await open_database(settings_for(tmp_path, database=url), SystemClock())
        await db.aclose()
        connection = await asyncpg.connect(url)
        try:
            await connection.executemany(
                "INSERT INTO pgqueuer (priority, status, entrypoint, execute_after)"
                " VALUES (0, $1, $2, now() + make_interval(secs => $3))",
                [
                    ("picked", generation_lane("previz"), 0),
                    ("queued", generation_lane("previz"), -1),
                    ("queued", generation_lane("previz"), 3600),
                    ("queued", DELIVERIES.name, -1),
                ],
            )
            query = VALUES["keda"]["query"]
            lanes = f" AND entrypoint IN ('generation:previz', '{DELIVERIES.name}')"
            assert 'printf "generation:%s"' in TEMPLATES["worker.yaml"]
            assert await connection.fetchval(query) == 3
            assert await connection.fetchval(query + lanes) == 3
            assert await connection.fetchval(f"{query} AND entrypoint IN ('generation:sandbox')") == 0
        finally:
            await connection.close()


@pytest.mark.skipif(shutil.which("helm") is None, reason="helm is not installed")
def test_helm_renders_what_kubernetes_takes(case: Path) -> None:
    kubernetes_validate = pytest.importorskip("kubernetes_validate")
    done = subprocess.run(
        ["helm", "template", "video", CHART, "--values", case], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    manifests = [m for m in yaml.safe_load_all(done.stdout) if m]
    assert {"Deployment", "Job", "Service"} <= {m["kind"] for m in manifests}
    for manifest in manifests:
        if not re.match(r"keda\.sh|monitoring\.coreos\.com", manifest["apiVersion"]):
            kubernetes_validate.validate(manifest, "1.31", strict=True)
