"""What the contract suite needs to know of a provider: one entry for each way it is configured.

The entries of a provider are in `replicas/cases/<its module>.py`, as `CASES`.
"""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from reelway.domain.generation import Asset
from reelway.errors import ProviderFault
from reelway.kit.addresses import Network
from reelway.kit.outbound import Outbound
from reelway.providers import registry
from reelway.providers.base import Context, FindOutcome, Handle, Order, Provider
from reelway.providers.configured import configure
from reelway.storage.base import MissingFile
from replicas.replica import VENDORS_OWN, Replica, Trouble

Probes = Literal["nothing", "account", "model"]
Means = Literal["waiting", "started", "done"] | ProviderFault


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way to configure a provider, against the replica that answers it."""

    name: str
    provider: str
    serve: Callable[[], Replica]
    table: Callable[[Replica], dict[str, Any]]  # [providers.NAME], without `provider`
    order: Order  # one that it takes, without files
    states: Mapping[str, Means]  # every state that the documents name, as the wire spells it
    stops: bool  # whether a running job can be stopped
    lost: type[FindOutcome]  # what `find` says of a job whose answer was lost
    troubles: frozenset[Trouble] = VENDORS_OWN  # those of VENDORS_OWN that it can get into
    key_header: str | None = "authorization"  # where our key goes; None: it has none
    secrets: tuple[str, ...] = field(default=())  # what no message may say
    calls_back: bool = False  # it calls `Order.callback_url`; the replica then has `callback_urls` and `callback`
    signed: bool = False  # and signs the call, with a time
    probes: Probes = "nothing"  # what `probe` can prove for free


def cases_of(provider: str) -> tuple[Case, ...]:
    """The entries of a provider; none when its file is missing."""
    name = f"replicas.cases.{provider}"  # here, or in a folder of the same name beside a package of its own
    return () if find_spec(name) is None else tuple(import_module(name).CASES)


class Inputs:
    """Input files in memory."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)

    async def read(self, asset: Asset) -> bytes:
        if asset.key not in self.files:
            raise MissingFile(asset.key)
        return self.files[asset.key]

    def at_hand(self, asset: Asset) -> AbstractAsyncContextManager[Path]:
        raise AssertionError("a hosted provider takes bytes")


@asynccontextmanager
async def adapter(
    provider: str,
    table: Mapping[str, Any],
    *,
    files: Mapping[str, bytes] | None = None,
    allow_private: tuple[Network, ...] = (),
) -> AsyncIterator[Provider]:
    """The provider as a server makes it. Nothing private may be dialled but what the table names."""
    one = configure({"tested": {"provider": provider} | dict(table)}, {})["tested"]
    outbound = Outbound(user_agent="reelway-test", allow_private=allow_private)
    made = one.module.build(
        Context(
            http=outbound,
            trusting=outbound.trusting,
            inputs=Inputs(files or {}),
            work_dir=Path("."),
            cache_dir=Path("."),
            settings=one.settings,
            find_provider=lambda name: registry.find(name),  # type: ignore[arg-type, return-value]
        )
    )
    try:
        yield made
    finally:
        await made.aclose()
        await outbound.aclose()


def stored(handle: Handle) -> Handle:
    """As it comes back from the row."""
    back: Handle = json.loads(json.dumps(handle))
    return back
