"""A provider for the benchmark, installed the way a third party's would be: done at the third look, or never.

A prompt that starts with "sleep" waits for ever and asks to be looked at again in ten minutes; one that starts with
"busy" waits for ever and is looked at as often as FACTS allow. Everything else is a tiny clip at INSTANT_CLIP_URL.
"""

import os
from collections import Counter

from reelway.providers.base import (
    Absent,
    CancelOutcome,
    Context,
    Done,
    Facts,
    FindOutcome,
    Handle,
    Order,
    Progress,
    Stopped,
    Waiting,
)

# The longest wait is what a patient client of a hosted service does; the first is short, to keep jobs/s a question
# of work and not of waiting.
FACTS = Facts(in_flight_max=1_000_000, poll_first_s=0.02, poll_most_s=15.0)
LOOKS = 3
ASLEEP_S = 600.0


def build(context: Context) -> "Instant":
    """Make the provider."""
    return Instant(os.environ.get("INSTANT_CLIP_URL", ""))


class Instant:
    """Counts looks; the rest is in the handle."""

    def __init__(self, clip_url: str) -> None:
        self._clip_url = clip_url
        self._looks: Counter[str] = Counter()

    async def submit(self, order: Order) -> Handle:
        """Taken at once."""
        return {"key": order.key, "word": order.spec.prompt.partition(" ")[0]}

    async def poll(self, handle: Handle) -> Progress:
        """Waiting twice, then done."""
        if handle["word"] == "sleep":
            return Waiting(started=True, look_again_s=ASLEEP_S)
        if handle["word"] == "busy":
            return Waiting(started=True)
        self._looks[handle["key"]] += 1
        if self._looks[handle["key"]] < LOOKS:
            return Waiting(started=True, look_again_s=FACTS.poll_first_s)
        return Done(url=self._clip_url)

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """Stopped."""
        return Stopped()

    async def find(self, order: Order) -> FindOutcome:
        """There is nobody to ask."""
        return Absent()

    async def discard(self, handle: Handle) -> None:
        """Forget the count."""
        self._looks.pop(handle["key"], None)

    async def aclose(self) -> None:
        """Nothing to stop."""
