"""What the API may use; `reelway.app` puts it together."""

from dataclasses import dataclass, field

from reelway.accounts.limits import RateLimit
from reelway.catalogue.load import Catalogue
from reelway.db.base import Database
from reelway.dispatch.base import Dispatch
from reelway.events.live import Live
from reelway.generations.cancel import Canceller
from reelway.generations.create import Creator
from reelway.generations.queries import Queries
from reelway.kit.clock import Clock
from reelway.kit.metrics import Metrics
from reelway.kit.tracing import Tracing
from reelway.providers.registry import Providers
from reelway.routing.budgets import Budgets
from reelway.routing.health import Health
from reelway.routing.router import Router
from reelway.settings import Settings
from reelway.storage.base import Storage
from reelway.webhooks.announce import Announcer


@dataclass(slots=True, kw_only=True)
class Services:
    """One per process."""

    settings: Settings
    clock: Clock
    db: Database
    storage: Storage
    catalogue: Catalogue
    router: Router
    health: Health
    budgets: Budgets
    creator: Creator
    canceller: Canceller
    queries: Queries
    dispatch: Dispatch
    live: Live
    providers: Providers
    announcer: Announcer
    rate_limit: RateLimit
    operator_secret: bytes
    metrics: Metrics
    tracing: Tracing
    keys_used: dict[str, int] = field(default_factory=dict)  # key id -> last used; flushed in the background
    stopping: bool = False  # set at SIGTERM: streams end, readyz says no
