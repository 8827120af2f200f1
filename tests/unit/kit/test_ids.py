"""Ids sort by time, also within one millisecond and when the clock goes back."""

from reelway.kit.ids import new_id, new_token


def test_ids_always_increase() -> None:
    made = [new_id("video", now) for now in (5, 5, 5, 4, 3, 6)]
    assert made == sorted(made)
    assert len({len(i) for i in made}) == 1


def test_tokens_have_256_bits_and_only_hex_digits() -> None:
    made = {new_token() for _ in range(100)}
    assert len(made) == 100
    assert all(t.isalnum() and t.isascii() and len(t) == 64 for t in made)
