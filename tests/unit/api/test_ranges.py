"""Range headers, one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelway.api.ranges import Unsatisfiable, range_of


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 10)),
        ("bytes=3-5", (3, 6)),
        ("bytes=3-99", (3, 10)),
        ("bytes=9-", (9, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("Bytes = 1 - 2 ", (1, 3)),
    ],
)
def test_a_range_is_cut_to_the_file(header: str, expected: tuple[int, int]) -> None:
    assert range_of(header, 10) == expected


@pytest.mark.parametrize(
    "header",
    "|bytes|bytes=|bytes=-|bytes=a-b|bytes=5-3|bytes=0-1,3-4|items=0-1|bytes=1|bytes=--1|bytes=+1-2|bytes=1_0-|bytes=²-"
    f"|bytes={'9' * 5000}-".split("|"),
)
def test_what_we_do_not_know_is_answered_with_the_whole_file(header: str) -> None:
    assert range_of(header, 10) is None


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=10-12", "bytes=99-", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        range_of(header, 10)


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=0-0", "bytes=-1"])
def test_an_empty_file_has_no_ranges(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        range_of(header, 0)


@given(st.text(alphabet="bytes=-0123456789, \t", max_size=20) | st.text(), st.integers(0, 40))
def test_no_header_leads_out_of_the_file(header: str, size_bytes: int) -> None:
    try:
        found = range_of(header, size_bytes)
    except Unsatisfiable:
        return
    assert found is None or 0 <= found[0] < found[1] <= size_bytes
