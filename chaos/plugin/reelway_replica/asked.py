"""The account that can be asked by external id: a lost answer is found again."""

from reelway.providers.base import Context, Facts
from reelway_replica.adapter import Replica

FACTS = Facts(in_flight_max=8, submits_per_minute=240, poll_first_s=0.2, poll_most_s=0.6)


def build(context: Context) -> Replica:
    """Make the provider."""
    return Replica(context.http, account="replica", can_tell=True)
