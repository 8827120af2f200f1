"""What an audit can find."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Kind(StrEnum):
    """The columns whose bar is zero."""

    LOST = "lost"
    DOUBLED = "doubled"
    MONEY = "money"
    LIMIT = "over limit"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that should not be; `microusd` is how much money it is about, for MONEY."""

    kind: Kind
    subject: str  # mostly a generation's id
    what: str
    microusd: int = 0


Findings: TypeAlias = Iterator[Finding]


def lost(subject: str, what: str) -> Finding:
    """Something that was promised and is not there."""
    return Finding(Kind.LOST, subject, what)


def doubled(subject: str, what: str) -> Finding:
    """Something that happened twice."""
    return Finding(Kind.DOUBLED, subject, what)


def money(subject: str, what: str, microusd: int) -> Finding:
    """An amount that nothing accounts for; what has no amount of its own counts as one micro-dollar."""
    return Finding(Kind.MONEY, subject, what, max(abs(microusd), 1))


def over_limit(subject: str, what: str) -> Finding:
    """More than the provider allows."""
    return Finding(Kind.LIMIT, subject, what)
