"""A provider for the benchmark, installed the way a third party's would be: done at the third look, or never.

A prompt that starts with "sleep" waits for ever and asks to be looked at again in ten minutes; one that starts with
"busy" waits for ever and is looked at as often as FACTS allow. Everything else is a tiny clip at INSTANT_CLIP_URL.

With INSTANT_UPSTREAM it asks an OpenAI-compatible API at that URL instead of its own memory: one request to submit, one
for each look.
"""

import os
from collections import Counter
from typing import Any

from reelway.errors import OutboundError, ProviderError, ProviderFault
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
    raise_for_status,
    read_field,
)

# The longest wait is what a patient client of a hosted service does; the first is short, to keep jobs/s a question
# of work and not of waiting.
FACTS = Facts(in_flight_max=1_000_000, poll_first_s=0.02, poll_most_s=15.0)
LOOKS = 3
ASLEEP_S = 600.0


_CALL_S = 30.0


def build(context: Context) -> "Instant":
    """Make the provider."""
    if upstream := os.environ.get("INSTANT_UPSTREAM"):
        return Remote(context, upstream)
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


class Remote(Instant):
    """The same, at the other end of a connection; "sleep" and "busy" are not asked about there."""

    def __init__(self, context: Context, upstream: str) -> None:
        super().__init__("")
        self._http = context.http
        self._videos = f"{upstream}/v1/videos"

    async def submit(self, order: Order) -> Handle:
        """POST /v1/videos."""
        sent = {"model": "sora-2", "prompt": order.spec.prompt, "seconds": "1", "size": "64x64"}
        return await super().submit(order) | {"id": await self._ask("POST", self._videos, "id", json=sent)}

    async def poll(self, handle: Handle) -> Progress:
        """GET /v1/videos/{id}."""
        if handle["word"] in ("sleep", "busy"):
            return await super().poll(handle)
        url = f"{self._videos}/{handle['id']}"
        if await self._ask("GET", url, "status") == "completed":
            return Done(url=f"{url}/content")
        return Waiting(started=True, look_again_s=FACTS.poll_first_s)

    async def _ask(self, method: str, url: str, field: str, **more: Any) -> str:
        try:
            reply = await self._http.send(method, url, timeout_s=_CALL_S, **more)
        except OutboundError as error:
            raise ProviderError(ProviderFault.UNAVAILABLE, error.message, no_job=not error.sent) from error
        raise_for_status(reply.status, reply.headers)
        value: str = read_field(reply.json, field, str)
        return value
