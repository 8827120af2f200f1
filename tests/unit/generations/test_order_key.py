"""What an attempt is called at the provider."""

from builders import a_generation
from reelway.generations.store import Attempt, order_key


def key_after(*outcomes: str) -> str:
    """Of one more attempt after attempts that came to these outcomes."""
    attempts = [
        Attempt(
            number=number,
            provider="p",
            upstream_model="m",
            outcome=outcome,
            handle=None,
            fault=None,
            message=None,
            started_at=0,
            ended_at=None,
        )
        for number, outcome in enumerate((*outcomes, "started"), 1)
    ]
    return order_key(a_generation(), attempts).rpartition(":")[2]


def test_an_attempt_after_a_refusal_is_another_order() -> None:
    assert key_after() == "1"
    assert key_after("rejected") == "2"
    assert key_after("rejected", "rejected") == "3"


def test_an_attempt_that_never_arrived_is_made_again_as_the_same_order() -> None:
    """It may still be on its way, from a worker that fell asleep before it sent it."""
    assert key_after("absent") == "1"
    assert key_after("absent", "absent") == "1"
    assert key_after("rejected", "absent") == "2"
    assert key_after("absent", "rejected") == "3"
    assert key_after("absent", "rejected", "absent") == "3"
