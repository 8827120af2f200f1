"""Reading fields: exact, tolerant, and never anything but a value or a refusal that names the field."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelway.api.dialects.modelslab.fields import NUMBER_MAX, Fields
from reelway.errors import InvalidRequest

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        ("5", 5),
        (" 5.50 ", Fraction(11, 2)),
        (0.1, Fraction(1, 10)),
        ("+3", 3),
        ("7.", 7),
        (-0.0, 0),
        (1e-9, Fraction(1, 10**9)),
    ],
)
def test_a_number_is_exactly_what_was_written(value: Any, number: Fraction) -> None:
    assert Fields({"n": value}).number("n") == number


@pytest.mark.parametrize("value", [None, "", "  ", b""])
def test_null_and_blank_are_absent(value: Any) -> None:
    fields = Fields({"n": value})
    assert (fields.get("n"), fields.number("n"), fields.flag("n")) == (None, None, None)


def test_a_padded_name_counts_unless_the_exact_one_is_there() -> None:
    assert Fields({"track_id ": 1}).get("track_id") == 1
    assert Fields({" a": 1, "a": 2, "a ": 3}).get("a") == 2


@pytest.mark.parametrize(("value", "flag"), [("Yes", True), ("no", False), (0, False), ("TRUE", True), ("off", False)])
def test_yes_and_no_are_understood_in_many_words(value: Any, flag: bool) -> None:
    assert Fields({"f": value}).flag("f") is flag


@given(ANYTHING)
def test_whatever_comes_a_reader_answers_or_refuses_by_name(value: Any) -> None:
    fields = Fields({"f": value})
    readers = (fields.number, fields.whole, fields.flag, fields.text, lambda name: fields.number(name, "s"))
    for read in readers:
        refusal, found = None, None
        try:
            found = read("f")
        except InvalidRequest as error:
            refusal = error
        assert refusal is None or (refusal.param == "f" and refusal.message.startswith("f "))
        assert not isinstance(found, Fraction) or 0 <= found <= NUMBER_MAX
    assert isinstance(fields.listed("f"), list)
