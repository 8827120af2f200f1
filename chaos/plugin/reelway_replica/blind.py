"""The account that cannot be asked: after a lost answer the money stays held until policy ends it."""

from reelway.providers.base import Context, Facts
from reelway_replica.adapter import Replica

FACTS = Facts(in_flight_max=4, submits_per_minute=120, poll_first_s=0.2, poll_most_s=0.6)


def build(context: Context) -> Replica:
    """Make the provider."""
    return Replica(context.http, account="replica_blind", can_tell=False)
