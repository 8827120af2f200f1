"""What Kling's answers mean, in either API."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from reelway.domain.money import MICROUSD_PER_USD
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.outbound import Reply
from reelway.providers.wire import brief, json_or_none

# Four of the codes with HTTP 429 (1100 to 1102, 1304) are no reason to wait. 5000 to 5002 come with their own status.
_FAULTS: Final = {
    **dict.fromkeys((1000, 1001, 1002, 1003, 1004, 1100, 1103, 1304), ProviderFault.CREDENTIALS),
    **dict.fromkeys((1101, 1102), ProviderFault.FUNDS),
    **dict.fromkeys((1200, 1201), ProviderFault.REJECTED),
    **dict.fromkeys((1202, 1203), ProviderFault.MODEL_GONE),
    **dict.fromkeys((1300, 1301), ProviderFault.REFUSED),
    **dict.fromkeys((1302, 1303), ProviderFault.THROTTLED),
    **dict.fromkeys((5000, 5001, 5002), ProviderFault.UNAVAILABLE),
}
# A job that moderation ends late has no code, only words.
_MODERATED: Final = re.compile(r"risk control|content security|sensitive|moderation|platform polic", re.I)
_BILL: Final = ("charge_type", "amount", "currency", "package_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What either API says of one."""

    status: str
    message: str
    url: Any
    duration: Any
    billing: list[dict[str, str]]

    @property
    def fault(self) -> ProviderFault:
        """Why it failed."""
        return ProviderFault.REFUSED if _MODERATED.search(self.message) else ProviderFault.UNAVAILABLE

    @property
    def cost_microusd(self) -> int | None:
        """What was taken from a balance in USD; a pack's units have the price that was paid for the pack."""
        if not self.billing or any(b.get("charge_type") != "cash" or b.get("currency") != "USD" for b in self.billing):
            return None
        try:
            cost = sum(Decimal(b.get("amount", "")) for b in self.billing) * MICROUSD_PER_USD
            return int(cost) or None
        except (InvalidOperation, ValueError, OverflowError):
            return None


def classify(reply: Reply) -> ProviderError | None:
    """The code in the body, which may be an error under HTTP 200 too; None leaves it to the status."""
    body = json_or_none(reply)
    code = body.get("code") if isinstance(body, dict) else None
    if not code:
        return None
    fault = _FAULTS.get(code, ProviderFault.UNREADABLE) if isinstance(code, int) else ProviderFault.UNREADABLE
    if reply.status >= 500 or (reply.status == 429 and fault is ProviderFault.THROTTLED):
        return None  # the status says as much, and how long to wait
    if fault is ProviderFault.UNREADABLE and reply.status >= 400:
        return None
    return ProviderError(fault, f"Kling {brief(code)}: {brief(body.get('message', ''))}")


def dicts(values: Any) -> list[dict[str, Any]]:
    """The objects in a list; none where there is no list."""
    return [v for v in values if isinstance(v, dict)] if isinstance(values, list) else []


def bills(task: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the new API says that a job took: the fields that are passed on."""
    return [
        {name: bill[name] for name in _BILL if isinstance(bill.get(name), str)} for bill in dicts(task.get("billing"))
    ]
