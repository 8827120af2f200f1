"""What test keys get: previz, or a fault written in the prompt, so that every path can be tried for nothing.

    refuse: violence        the provider's content policy refuses, after it was accepted
    reject: bad size        the provider says our request is malformed, at submit
    slow 3                  three more looks before it starts
    throttle once           429 at the first submit, then it works
    unavailable once        503 at the first submit, then it works
    lost answer             the answer to submit is lost, but the provider has the job: found again, not doubled
    lost answer for good    the answer is lost and the provider cannot be asked: held, then expired by policy
    fail: out of memory     accepted, then fails without a clip
    unreadable once         one answer in a language nobody knows, then it works
    uncancellable           like slow 20, and cannot be stopped

The script words start the prompt; anything after them (or a prompt without them) is rendered by previz.
"""

import re
from collections import Counter
from dataclasses import replace
from typing import Final

from reelway.errors import ProviderError, ProviderFault
from reelway.providers.base import (
    Absent,
    CancelOutcome,
    CannotTell,
    Context,
    Facts,
    Failed,
    FindOutcome,
    Found,
    Handle,
    NotStopped,
    Order,
    ProbeOutcome,
    Progress,
    Provider,
    Serves,
    Stopped,
    Waiting,
)

FACTS = Facts(in_flight_max=64, poll_first_s=0.1, poll_most_s=0.5, per_worker=True, previews=True)

_SCRIPT: Final = re.compile(
    r"^\s*(?P<word>refuse|reject|fail|slow|throttle once|unavailable once|unreadable once"
    r"|lost answer for good|lost answer|uncancellable)\b\s*:?\s*(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)


def build(context: Context) -> "Sandbox":
    """Make the provider; the pictures come from previz."""
    return Sandbox(context.find_provider("previz"))


class Sandbox(Provider):
    """Plays the script, then hands on to `renderer`."""

    def __init__(self, renderer: Provider) -> None:
        self._renderer = renderer
        self._seen: Counter[str] = Counter()

    async def submit(self, order: Order) -> Handle:
        """Do what the prompt says."""
        word, rest = script_of(order.spec.prompt)
        first = self._first(order.key.rpartition(":")[0] + word)
        match word:
            case "reject":
                raise ProviderError(ProviderFault.REJECTED, rest or "rejected by script")
            case "throttle once" if first:
                raise ProviderError(ProviderFault.THROTTLED, "slow down (by script)", retry_after_s=0.2)
            case "unavailable once" if first:
                raise ProviderError(ProviderFault.UNAVAILABLE, "connection refused (by script)", no_job=True)
            case "lost answer for good":
                raise ProviderError(ProviderFault.UNAVAILABLE, "the answer was lost (by script)")
            case "lost answer":
                raise ProviderError(ProviderFault.UNAVAILABLE, "the answer was lost (by script)")
        return await self._begin(order, word, rest)

    async def poll(self, handle: Handle) -> Progress:
        """Look; scripted waits first."""
        match handle["word"]:
            case "refuse":
                return Failed(fault=ProviderFault.REFUSED, message=handle["rest"] or "refused by script")
            case "fail":
                return Failed(fault=ProviderFault.UNAVAILABLE, message=handle["rest"] or "failed by script")
            case "unreadable once" if self._first(handle["key"] + "poll"):
                raise ProviderError(ProviderFault.UNREADABLE, "unknown state 'zzz' (by script)")
            case "slow" | "uncancellable":
                self._seen[handle["key"]] += 1
                if self._seen[handle["key"]] <= handle["looks"]:
                    return Waiting(started=False)
        return await self._renderer.poll(handle["inner"])

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """Stop, unless the script says otherwise."""
        if handle["word"] == "uncancellable":
            return NotStopped("this provider cannot stop a job (by script)")
        return Stopped() if handle["inner"] is None else await self._renderer.cancel(handle["inner"])

    async def find(self, order: Order) -> FindOutcome:
        """After a lost answer."""
        word, rest = script_of(order.spec.prompt)
        if word == "lost answer for good":
            return CannotTell()
        if word == "lost answer":
            return Found(await self._begin(order, word, rest))
        return Absent()

    async def discard(self, handle: Handle) -> None:
        """Hand on."""
        if handle["inner"] is not None:
            await self._renderer.discard(handle["inner"])

    async def aclose(self) -> None:
        """The renderer is closed by whoever made it."""

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """It is here, and everything is its model."""
        return Serves(note="plays scripts")

    async def _begin(self, order: Order, word: str, rest: str) -> Handle:
        looks = 20 if word == "uncancellable" else 0
        if word == "slow":
            number = re.match(r"(\d{1,4})\s*", rest)
            looks, rest = (int(number[1]), rest[number.end() :]) if number else (3, rest)
        inner = None
        if word not in ("refuse", "fail"):
            scene = replace(order, spec=replace(order.spec, prompt=rest or order.spec.prompt))
            inner = await self._renderer.submit(scene)
        return {"key": order.key, "word": word, "rest": rest, "looks": looks, "inner": inner}

    def _first(self, what: str) -> bool:
        self._seen[what] += 1
        return self._seen[what] == 1


def script_of(prompt: str) -> tuple[str, str]:
    """The script word ('' for none) and what follows it."""
    found = _SCRIPT.match(prompt)
    return (found["word"].lower(), found["rest"].strip()) if found else ("", prompt)
