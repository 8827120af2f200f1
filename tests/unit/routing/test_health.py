"""Circuits: what opens them, who tries again, and what every process knows of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reelway.db.base import Database
from reelway.db.migrate import SQLITE, migrate
from reelway.db.postgres import PostgresDatabase
from reelway.db.sqlite import SqliteDatabase
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.metrics import Metrics
from reelway.routing import health
from reelway.routing.health import ALL_MODELS, Health


class Hands:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def now_ms(self) -> int:
        return self.now

    def monotonic_s(self) -> float:
        return self.now / 1000


@pytest.fixture
async def db(database_setting: str, tmp_path: Path) -> AsyncIterator[Database]:
    opened: Database
    if database_setting == "sqlite":
        opened = SqliteDatabase(tmp_path / "t.db")
        await opened.write(migrate(SQLITE, 0))
    else:
        opened = await PostgresDatabase.connect(database_setting, most=4)
    yield opened
    await opened.aclose()


@pytest.fixture
def clock() -> Hands:
    return Hands()


def error(fault: ProviderFault) -> ProviderError:
    return ProviderError(fault, f"it said {fault}", no_job=True)


async def test_five_failures_in_a_row_open_it_and_a_success_between_begins_anew(db: Database, clock: Hands) -> None:
    here = Health(db, clock, Metrics())
    for _ in range(4):
        await here.failed("p", "m", error(ProviderFault.UNAVAILABLE))
    await here.worked("p", "m")
    for _ in range(4):
        await here.failed("p", "m", error(ProviderFault.UNREADABLE))
    assert here.circuit("p", "m") is None
    await here.failed("p", "m", error(ProviderFault.UNAVAILABLE))
    circuit = here.circuit("p", "m")
    assert circuit is not None
    assert (circuit.fault, circuit.needs_operator, circuit.open_until) == ("unavailable", False, clock.now + 30_000)
    assert here.circuit("p", "another") is None


async def test_those_that_were_on_their_way_do_not_keep_it_open_longer(db: Database, clock: Hands) -> None:
    here = Health(db, clock, Metrics())
    for _ in range(30):
        await here.failed("p", "m", error(ProviderFault.UNAVAILABLE))
    circuit = here.circuit("p", "m")
    assert circuit is not None
    assert circuit.open_until == clock.now + 30_000


@pytest.mark.parametrize("fault", [ProviderFault.REFUSED, ProviderFault.REJECTED, ProviderFault.THROTTLED])
async def test_what_says_nothing_about_the_upstream_opens_nothing(
    db: Database, clock: Hands, fault: ProviderFault
) -> None:
    here = Health(db, clock, Metrics())
    for _ in range(20):
        await here.failed("p", "m", error(fault))
    assert here.circuits() == []


@pytest.mark.parametrize("fault", [ProviderFault.CREDENTIALS, ProviderFault.FUNDS])
async def test_a_bad_key_closes_the_whole_provider(db: Database, clock: Hands, fault: ProviderFault) -> None:
    here = Health(db, clock, Metrics())
    await here.failed("p", "m", error(fault))
    circuit = here.circuit("p", "another")
    assert circuit is not None
    assert circuit.needs_operator
    assert circuit.upstream_model == ALL_MODELS


async def test_one_of_all_workers_tries_again_and_the_pause_doubles(db: Database, clock: Hands) -> None:
    first, second = Health(db, clock, Metrics()), Health(db, clock, Metrics())
    for _ in range(5):
        await first.failed("p", "m", error(ProviderFault.UNAVAILABLE))
    await second.refresh()
    assert second.circuit("p", "m") is not None
    assert await second.wait_s("p", "m") == 30
    clock.now += 30_000
    assert await first.wait_s("p", "m") == 0  # this one tries
    assert await second.wait_s("p", "m") > 0
    await first.failed("p", "m", error(ProviderFault.UNAVAILABLE))
    assert await first.wait_s("p", "m") == 60
    clock.now += 60_000
    await second.refresh()
    assert await second.wait_s("p", "m") == 0
    await second.worked("p", "m")
    await first.refresh()
    assert first.circuits() == []
    assert await first.wait_s("p", "m") == 0


async def test_a_check_disables_one_model_for_a_day(db: Database, clock: Hands) -> None:
    await db.write(health.gone("p", "m", "no such model", clock.now))
    here = Health(db, clock, Metrics())
    await here.refresh()
    circuit = here.circuit("p", "m")
    assert circuit is not None
    assert circuit.needs_operator
    clock.now += 24 * 3600_000
    assert here.circuit("p", "m") is None
    await db.write(health.good("p", "m"))
    await here.refresh()
    assert here.circuits() == []


async def test_times_are_a_moving_mean_that_all_share(db: Database, clock: Hands) -> None:
    first, second = Health(db, clock, Metrics()), Health(db, clock, Metrics())
    for _ in range(50):
        first.took("p", "m", 10.0)
    await first.refresh()
    for _ in range(50):
        second.took("p", "m", 20.0)
    await second.refresh()
    await first.refresh()
    times = first.times("p", "m")
    assert times is not None
    assert times.clips == 100
    assert times.seconds == pytest.approx(20.0, abs=0.01)
    assert first.times("p", "another") is None
