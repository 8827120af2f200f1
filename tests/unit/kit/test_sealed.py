"""What is sealed opens for who has the secret, for what it was sealed about, and is changed by nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelway.kit.sealed import NotOpened, Seal

SECRET, OTHER = b"a" * 32, b"b" * 32
KEY = "sk-0123456789-secret"


@given(st.text().filter(lambda text: text.isprintable()), st.text().filter(lambda text: text.isprintable()))
def test_what_was_closed_opens(text: str, about: str) -> None:
    assert Seal(SECRET).open(Seal(SECRET).close(text, about), about) == text


def test_a_token_shows_nothing_and_is_another_each_time() -> None:
    first, second = Seal(SECRET).close(KEY, "kling"), Seal(SECRET).close(KEY, "kling")
    assert first != second
    assert KEY not in first
    assert "kling" not in first


@pytest.mark.parametrize("about", ["kling-2", "klin", "kling ", ""])
def test_a_token_does_not_open_for_anything_else(about: str) -> None:
    with pytest.raises(NotOpened):
        Seal(SECRET).open(Seal(SECRET).close(KEY, "kling"), about)


@pytest.mark.parametrize(
    "damage", [str.lower, lambda token: token[:-4], lambda token: "", lambda token: "é", lambda token: "A" + token]
)
def test_a_damaged_token_does_not_open(damage) -> None:
    with pytest.raises(NotOpened):
        Seal(SECRET).open(damage(Seal(SECRET).close(KEY, "kling")), "kling")


def test_another_secret_does_not_open_it_and_the_previous_one_does() -> None:
    token = Seal(SECRET).close(KEY, "kling")
    with pytest.raises(NotOpened):
        Seal(OTHER).open(token, "kling")
    assert Seal(OTHER, SECRET).open(token, "kling") == KEY


def test_the_newest_secret_closes() -> None:
    old, both = Seal(SECRET).close(KEY, "kling"), Seal(OTHER, SECRET)
    new = both.close(KEY, "kling")
    assert (both.is_newest(old, "kling"), both.is_newest(new, "kling")) == (False, True)
    assert Seal(OTHER).open(new, "kling") == KEY


def test_the_error_quotes_nothing() -> None:
    with pytest.raises(NotOpened) as caught:
        Seal(OTHER).open(Seal(SECRET).close(KEY, "kling"), "kling")
    assert str(caught.value) == ""
    assert caught.value.__cause__ is None
