"""What every step of a generation's life works with."""

import random
from dataclasses import dataclass

from reelway.db.base import Database
from reelway.dispatch.base import Dispatch
from reelway.events.live import Live
from reelway.generations.ending import Ending
from reelway.kit.clock import Clock
from reelway.kit.metrics import Metrics
from reelway.kit.tracing import Tracing
from reelway.providers.registry import Providers
from reelway.routing.health import Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The operator's limits; seconds."""

    job_age_max_s: float
    unknown_age_max_s: float
    submit_attempts_max: int
    retry_first_s: float
    retry_most_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The same for every step; what only one of them needs, it is given besides."""

    db: Database
    providers: Providers
    health: Health
    dispatch: Dispatch
    live: Live
    ending: Ending
    clock: Clock
    rng: random.Random
    policy: Policy
    metrics: Metrics
    tracing: Tracing
