"""What a scenario asks for: which processes, which settings, what goes wrong by share, and what load."""

from dataclasses import dataclass, field
from typing import Any, Final

PROVIDER_FAULTS: Final = {
    "order_hangs": 0.03,
    "order_late": 0.03,
    "order_lost": 0.05,
    "order_garbled": 0.02,
    "throttled": 0.08,
    "unavailable": 0.08,
    "job_fails": 0.05,
    "find_hangs": 0.15,
    "look_hangs": 0.02,
    "look_fails": 0.05,
    "look_garbled": 0.05,
    "cancel_lost": 0.3,
    "file_cut": 0.15,
}
RECEIVER_FAULTS: Final = {"refused": 0.15, "hangs": 0.03}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What the clients do: shares of all arrivals, and of the creates."""

    rate_per_s: float = 5.0
    twins: float = 0.15  # sent to two APIs at the same instant, with one idempotency key
    keyed: float = 0.5  # of the others: with a key, sent again when no answer came
    poor: float = 0.1  # from workspaces that can pay for a few
    blind: float = 0.3  # at the account that cannot be asked
    cancelled: float = 0.05  # soon after
    own_webhook: float = 0.2  # with a webhook of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The processes of a scenario."""

    apis: int = 2
    workers: int = 3
    embedded: bool = False  # one `reelway serve` on SQLite instead
    s3: bool = False  # files in a bucket instead of a folder that all share
    postgres_options: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)  # over those of world.py
    provider_faults: dict[str, float] = field(default_factory=dict)
    receiver_faults: dict[str, float] = field(default_factory=lambda: RECEIVER_FAULTS)
    mix: Mix = Mix()
    environ: dict[str, str] = field(default_factory=dict)  # of Reelway's processes; {folder} and {name} are filled in
    pace_slack: int = 3  # orders in a window that may come later than their turn
