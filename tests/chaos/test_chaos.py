"""The failure suite runs, small: three of its scenarios, real processes and all, with the auditor's bar at zero."""

from pathlib import Path

import pytest
from chaos.audit import details
from chaos.run import play, scenarios


@pytest.mark.parametrize(("name", "count"), [("races", 40), ("provider_faults", 30), ("kill_workers", 40)])
async def test_nothing_is_lost_doubled_or_unaccounted(tmp_path: Path, name: str, count: int) -> None:
    outcome = await play(scenarios()[name], tmp_path / name, seconds=60, seed=20261123, count=count)
    assert outcome.rested
    assert outcome.verdict.good, details(outcome.verdict)
    assert outcome.verdict.accepted >= count / 4, "the load did not come through"
    assert outcome.verdict.ends["succeeded"] >= outcome.verdict.accepted / 2


def test_every_scenario_says_what_it_does() -> None:
    for module in scenarios().values():
        assert (module.__doc__ or "").splitlines()[0].endswith(".")
        assert callable(module.harm)
