"""The states of a generation, and the one table of what may follow what."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a generation is; drawn in docs/architecture.md."""

    QUEUED = "queued"  # accepted and held; waits for a place at the provider
    SUBMITTING = "submitting"  # an attempt is written; the provider may or may not know of it yet
    RUNNING = "running"  # the provider has it
    STORING = "storing"  # the provider is done; the bytes are on their way to our storage
    SUCCEEDED = "succeeded"  # the bytes are ours, probed and settled
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # took longer than the policy allows


FINAL: Final = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELLED, State.EXPIRED})
ACTIVE: Final = frozenset(State) - FINAL

_STOPS = frozenset({State.FAILED, State.CANCELLED, State.EXPIRED})

TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    State.QUEUED: _STOPS | {State.SUBMITTING},
    # Back to queued only when it is proven that the provider has no job.
    State.SUBMITTING: _STOPS | {State.QUEUED, State.RUNNING},
    State.RUNNING: _STOPS | {State.STORING},
    # Too late to cancel: the provider has been paid, the clip exists.
    State.STORING: (_STOPS - {State.CANCELLED}) | {State.SUCCEEDED},
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
}


def may_follow(before: State, after: State) -> bool:
    """Whether the table allows `before` -> `after`."""
    return after in TRANSITIONS[before]
