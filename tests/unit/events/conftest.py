"""One PostgreSQL for the tests of this folder."""

from collections.abc import Iterator

import pytest

from servers import Postgres, postgres


@pytest.fixture(scope="package")
def cluster() -> Iterator[Postgres]:
    with postgres() as running:
        yield running
