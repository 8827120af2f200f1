"""Where the time of one generation went, over all processes: spans, when a collector is named; else nothing at all.

A span holds ids, names and numbers: no prompt, no address, no text of an error. `reelway.kit.otlp` is the tracing
that is on; this one is off and costs a call.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import Final, Literal, Protocol, TypeAlias

Kind: TypeAlias = Literal["internal", "server", "client", "consumer"]
Attributes: TypeAlias = Mapping[str, str | int | float]

NONE: Final[Attributes] = MappingProxyType({})


class Span(Protocol):
    """Something that takes time."""

    def note(self, attributes: Attributes, *, name: str | None = None) -> None:
        """Add what is known by now; a better name too."""
        ...

    def end(self, attributes: Attributes = ...) -> None:
        """It is over; again changes nothing."""
        ...


class _NoSpan:
    def note(self, attributes: Attributes, *, name: str | None = None) -> None:
        """See Span."""

    def end(self, attributes: Attributes = NONE) -> None:
        """See Span."""


_NO_SPAN: Final = _NoSpan()
_NO_CONTEXT: Final = nullcontext(_NO_SPAN)


class Tracing:
    """Off. A parent is a `traceparent` as W3C writes it; what is none begins a trace of its own."""

    on = False

    def span(
        self, name: str, attributes: Attributes = NONE, *, kind: Kind = "internal", parent: str | None = None
    ) -> AbstractContextManager[Span]:
        """Around a block, below `parent` or the span around it; an error that leaves the block marks it."""
        return _NO_CONTEXT

    def begin(
        self, name: str, attributes: Attributes = NONE, *, parent: str | None = None, since_ms: int | None = None
    ) -> Span:
        """One that the caller ends, with nothing below it; `since_ms` for one that began earlier."""
        return _NO_SPAN

    def here(self) -> str | None:
        """The traceparent of the span around the caller, to go on from in another process."""
        return None

    def close(self) -> None:
        """Send what is still to be sent; blocks for some seconds at most."""


OFF: Final = Tracing()
