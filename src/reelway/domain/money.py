"""Integer micro-dollars: 1 USD = 1,000,000 microusd. Never a float."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from reelway.errors import InvalidRequest

MICROUSD_PER_USD: Final = 1_000_000
AMOUNT_MICROUSD_MAX: Final = 10**15  # a thousand million dollars: far past any real amount, far below 2**63


class Purse(StrEnum):
    """A workspace has two accounts: real credits, and test credits that pay for nothing real."""

    LIVE = "live"
    TEST = "test"


class TransferKind(StrEnum):
    """What moved money. Transfers are inserted and never edited."""

    GRANT = "grant"  # credits given
    HOLD = "hold"  # set aside when a generation is created
    SETTLE = "settle"  # taken from a hold, all or part; the rest goes back
    RELEASE = "release"  # the whole hold goes back


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One account; `available` is what a new hold may take."""

    purse: Purse
    balance_microusd: int
    held_microusd: int

    @property
    def available_microusd(self) -> int:
        """Balance less open holds."""
        return self.balance_microusd - self.held_microusd


def usd(microusd: int) -> str:
    """Exact decimal dollars for people and JSON strings: 1_800_000 -> '1.80', 1 -> '0.000001'."""
    sign = "-" if microusd < 0 else ""
    whole, rest = divmod(abs(microusd), MICROUSD_PER_USD)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}{whole}.{decimals}"


def parse_usd(text: str) -> int:
    """'12.50' -> 12_500_000; raises InvalidRequest for what is not an amount of at most 6 decimals."""
    try:
        exact = Decimal(text) * MICROUSD_PER_USD
    except InvalidOperation:
        raise InvalidRequest(f"{text!r} is not an amount in USD; write it like 12.50") from None
    if not exact.is_finite() or exact != exact.to_integral_value() or abs(exact) > AMOUNT_MICROUSD_MAX:
        raise InvalidRequest(f"{text!r} is not an amount in USD of at most 6 decimals and 10^9 dollars")
    return int(exact)
