"""What a provider must do: submit, poll, cancel, find. Read this, then copy sandbox.py.

An adapter translates and nothing else: it keeps no state that matters, opens no database, never sleeps, never
retries, never prices. `generations` does those for every provider.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Protocol, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from reelway.domain.generation import Asset, ClipSpec
from reelway.domain.money import parse_usd
from reelway.errors import InvalidRequest, ProviderError, ProviderFault
from reelway.kit.outbound import Outbound

Handle: TypeAlias = dict[str, Any]
"""JSON that finds the job again after a restart; ours to store, the adapter's to understand."""


class Inputs(Protocol):
    """The input files of a job, in whichever way the provider's transport takes them."""

    def at_hand(self, asset: Asset) -> AbstractAsyncContextManager[Path]:
        """A file on this machine until the block ends; raises StorageError, MissingFile when it is gone."""
        ...

    async def read(self, asset: Asset) -> bytes:
        """The bytes; raises likewise."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One attempt to have a clip made."""

    # Give it to the provider as idempotency key or external id. Another for each attempt, but for one that is made
    # again because the provider said it never had it: that may still be on its way, and both shall be one order.
    key: str
    spec: ClipSpec
    upstream_model: str
    callback_url: str | None = None  # where the provider may call to say that something happened; see Callback


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """In the provider's queue (`started` False) or being made; `fraction_done` only when the provider says."""

    started: bool
    fraction_done: float | None = None
    look_again_s: float | None = None  # when the provider says when
    picture: bytes | None = None  # a small first look at the clip; kept once, so it may come with every look


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Finished. Exactly one of `url` (the provider's; may need `headers`, may expire) and `path` (ours to move)."""

    url: str | None = None
    path: Path | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    via: Outbound | None = None  # the client that may reach it; None: the one for strangers' URLs
    cost_microusd: int | None = None  # the provider's own figure
    meta: Mapping[str, Any] = field(default_factory=dict)  # effective parameters, what was understood
    passes: Mapping[str, Path] = field(default_factory=dict)  # by the names in domain/passes.py: files of ours to move


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Finished without a clip."""

    fault: ProviderFault
    message: str


Progress: TypeAlias = Waiting | Done | Failed


@dataclass(frozen=True, slots=True)
class Stopped:
    """The provider stopped the job."""

    refunded: bool = True


@dataclass(frozen=True, slots=True)
class NotStopped:
    """It goes on: too late, or this provider cannot stop."""

    message: str


CancelOutcome: TypeAlias = Stopped | NotStopped


@dataclass(frozen=True, slots=True)
class Found:
    """The provider has the job of that key."""

    handle: Handle


@dataclass(frozen=True, slots=True)
class Absent:
    """The attempt may be repeated: the provider has no such job, or it is our own engine and a second costs nothing."""


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The provider has no way to ask: the money stays held until policy ends it."""


FindOutcome: TypeAlias = Found | Absent | CannotTell


@dataclass(frozen=True, slots=True)
class Serves:
    """The account is good and the model is there; `note` is what else the provider said, like a balance."""

    note: str = ""


ProbeOutcome: TypeAlias = Serves | CannotTell


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """What a provider sent to `Order.callback_url`, as it came: a signature is over the raw body.

    It only says that it is time to look; what is true is asked for. So nothing in it needs to be understood.
    """

    url: str  # as it was given to the provider; some sign it too
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    now_ms: int


class Provider(Protocol):
    """One upstream. Every method raises ProviderError for what went wrong on the way.

    Inherit from it: the last two have a body that is right for a provider without such a thing.
    """

    async def submit(self, order: Order) -> Handle:
        """Start a clip. An error that is neither a refusal nor `no_job` means: outcome unknown."""
        ...

    async def poll(self, handle: Handle) -> Progress:
        """How far it is. A state we do not know is UNREADABLE, never Waiting."""
        ...

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """Stop it if the provider can, and say what really happened."""
        ...

    async def find(self, order: Order) -> FindOutcome:
        """After a lost answer: does the provider have this order?"""
        ...

    async def discard(self, handle: Handle) -> None:
        """The clip is in our storage, or will never be wanted: drop what the provider keeps locally."""
        ...

    async def aclose(self) -> None:
        """Stop what belongs to us."""
        ...

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """Ask for nothing that costs: is the key good, and is the model there?

        Raises CREDENTIALS, FUNDS or MODEL_GONE when it is proven not to be so.
        """
        return CannotTell()

    async def genuine(self, callback: Callback) -> bool:
        """Whether the provider's signature on it is good and fresh. One that signs nothing: its URL is the secret."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rest needs to know about a provider without asking it."""

    in_flight_max: int  # jobs at a time, over all workers
    poll_first_s: float  # wait before the first look, then it grows
    poll_most_s: float
    per_worker: bool = False  # it runs inside the worker: `in_flight_max` is each worker's own
    submits_per_minute: int | None = None  # over all workers; None: as fast as it takes them
    previews: bool = False  # makes previews, never the named model's picture
    weight: float = 1.0  # share of the work among the providers of one kind; 0: only when no other can
    budget_microusd_per_day: int | None = None  # most that its clips may cost in a day of UTC; None: no limit
    budget_microusd_per_month: int | None = None  # likewise in a month of UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an adapter may use."""

    http: Outbound
    trusting: Callable[[str], Outbound]  # the client for a base URL that the operator named; see wire.origin
    inputs: Inputs
    work_dir: Path  # a folder of its own for half-made files
    cache_dir: Path  # kept over restarts and versions
    settings: Any  # the module's own `Settings`; for a module that takes no table, a mapping
    find_provider: Callable[[str], Provider]  # for a provider that hands on to another
    warn: Callable[[str], None] = print


class Module(Protocol):
    """What a provider's module exports. One that needs a table also has `Settings`, a ProviderSettings."""

    FACTS: Facts

    def build(self, context: Context) -> Provider:
        """Make the provider; no I/O here."""
        ...


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("write an address like https://host/v1, without user, query or fragment")
    _ = parts.port  # raises ValueError for one that is no number
    return text.rstrip("/")


BaseUrl = Annotated[str, AfterValidator(_base_url)]


def _amount(value: object) -> object:
    """Text, as the settings file should have it, or a number of TOML; its amount is checked here."""
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise ValueError('write an amount in USD like "12.50"')
    try:
        amount = parse_usd(text)
    except InvalidRequest as error:
        raise ValueError(error.message) from None
    if amount < 0:
        raise ValueError(f"{text} is less than nothing; write 0 or more")
    return text


Usd = Annotated[str, BeforeValidator(_amount)]


class ProviderSettings(BaseModel):
    """What every table [providers.NAME] may say; a module's `Settings` inherits from it and adds its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    key: SecretStr | None = Field(None, description="the key itself; key_env or key_file keep it out of this file")
    timeout_s: float = Field(60.0, gt=0, description="seconds it has to answer a request")
    in_flight_max: int | None = Field(None, ge=1, description="jobs at a time, over all workers")
    submits_per_minute: int | None = Field(None, ge=1, description="new jobs a minute, over all workers")
    poll_first_s: float | None = Field(None, gt=0, description="seconds before the first look at a job")
    poll_most_s: float | None = Field(None, gt=0, description="most seconds between two looks")
    routes_of: str | None = Field(
        None, description="another provider whose routes it serves too, like openai for a second account there"
    )
    weight: float = Field(
        1.0, ge=0, allow_inf_nan=False, description="share of the work among its kind; 0: only when no other can"
    )
    budget_usd_per_day: Usd | None = Field(None, description="most USD that its clips may cost in a day of UTC")
    budget_usd_per_month: Usd | None = Field(None, description="most USD that its clips may cost in a month of UTC")

    def facts(self) -> dict[str, Any]:
        """The fields of Facts that the operator has set."""
        names = ("in_flight_max", "submits_per_minute", "poll_first_s", "poll_most_s", "weight")
        plain = {name: value for name in names if (value := getattr(self, name)) is not None}
        budgets = {"day": self.budget_usd_per_day, "month": self.budget_usd_per_month}
        return plain | {f"budget_microusd_per_{per}": parse_usd(text) for per, text in budgets.items() if text}


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A provider of this server: what the operator calls it, and the module that speaks its language."""

    name: str
    kind: str  # its adapter's; several may be of one
    module: Module
    settings: ProviderSettings | None
    facts: Facts

    def serves(self, route_provider: str) -> bool:
        """Whether a route that names this provider leads here: its own name, its kind, or whose routes it serves."""
        routes_of = None if self.settings is None else self.settings.routes_of
        return route_provider in (self.name, self.kind, routes_of)


def raise_for_status(status: int, headers: Mapping[str, str]) -> None:
    """Turn the usual HTTP refusals into ProviderError; providers with odd codes check those first."""
    if status < 400:
        return
    message = f"the provider answered HTTP {status}"
    if status in (401, 403):
        raise ProviderError(ProviderFault.CREDENTIALS, message)
    if status == 402:
        raise ProviderError(ProviderFault.FUNDS, message)
    if status == 404:
        raise ProviderError(ProviderFault.NOT_FOUND, message)
    if status == 410:
        raise ProviderError(ProviderFault.MODEL_GONE, message)
    if status == 429:
        raise ProviderError(ProviderFault.THROTTLED, message, retry_after_s=_retry_after_s(headers))
    if status < 500:
        raise ProviderError(ProviderFault.REJECTED, message)
    raise ProviderError(ProviderFault.UNAVAILABLE, message, retry_after_s=_retry_after_s(headers), no_job=status == 503)


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    text = headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None


def read_field(payload: Any, name: str, kind: type[Any]) -> Any:
    """`payload[name]` if it is a `kind`, else ProviderError(UNREADABLE) naming the field."""
    value = payload.get(name) if isinstance(payload, dict) else None
    if not isinstance(value, kind):
        raise ProviderError(ProviderFault.UNREADABLE, f"field {name!r} is {value!r}, expected {kind.__name__}")
    return value


def read_id(payload: Any, name: str = "id") -> str:
    """The id of a job that was just made; one that is empty is UNREADABLE too, as nothing is found again by it."""
    id_: str = read_field(payload, name, str)
    if not id_:
        raise ProviderError(ProviderFault.UNREADABLE, f"field {name!r} is empty")
    return id_


async def one_chunk(data: bytes) -> AsyncIterator[bytes]:
    """Bytes as a stream of one."""
    yield data
