"""Time as an argument: milliseconds since 1970 for rows, monotonic seconds for waiting."""

import time
from typing import Protocol


class Clock(Protocol):
    """What time it is; tests hand in one that stands still or jumps."""

    def now_ms(self) -> int:
        """Wall clock, milliseconds since 1970-01-01 UTC; may jump."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never go back."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now_ms(self) -> int:
        """See Clock."""
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        """See Clock."""
        return time.monotonic()
