"""Amounts are exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelway.domain.money import AMOUNT_MICROUSD_MAX, parse_usd, usd
from reelway.errors import InvalidRequest


@given(st.integers(-AMOUNT_MICROUSD_MAX, AMOUNT_MICROUSD_MAX))
def test_every_amount_survives_being_written_and_read(microusd: int) -> None:
    assert parse_usd(usd(microusd)) == microusd


@pytest.mark.parametrize(("microusd", "text"), [(0, "0.00"), (1, "0.000001"), (1_800_000, "1.80"), (-5, "-0.000005")])
def test_amounts_are_written_for_people(microusd: int, text: str) -> None:
    assert usd(microusd) == text


@pytest.mark.parametrize("text", ["", "x", "NaN", "Infinity", "0.0000001", "1e30", "1,5"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="is not an amount"):
        parse_usd(text)
