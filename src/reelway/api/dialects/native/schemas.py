"""The shapes of the native additions on the wire; requests are checked by them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from reelway.accounts.keys import Scope
from reelway.domain.models import Substitution
from reelway.domain.money import Purse
from reelway.domain.passes import Pass
from reelway.webhooks.deliveries import DeliveryState
from reelway.webhooks.endpoints import DESCRIPTION_CHARS_MAX, URL_CHARS_MAX

INSTANT_MAX = 10**11  # unix seconds, far past any date


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CreateKey(_Request):
    """A key that may do at most what the one that makes it may."""

    name: str = Field("", max_length=200, description="For people")
    purse: Purse | None = Field(None, description="Default: as the key that makes it")
    scopes: list[Scope] | None = Field(None, max_length=20, description="Default: as the key that makes it")


class UpdateAccount(_Request):
    """Only what is sent is changed."""

    substitution: Substitution | None = Field(
        None, description="What may stand in for a model; null: as the server's setting says"
    )


class CreateEndpoint(_Request):
    """Where events are to be sent."""

    url: str = Field(max_length=URL_CHARS_MAX)
    event_types: list[str] | None = Field(None, max_length=20, description="Default: all")
    description: str = Field("", max_length=DESCRIPTION_CHARS_MAX)


class UpdateEndpoint(_Request):
    """Only what is sent changes."""

    url: str | None = Field(None, max_length=URL_CHARS_MAX)
    event_types: list[str] | None = Field(None, max_length=20)
    description: str | None = Field(None, max_length=DESCRIPTION_CHARS_MAX)
    enabled: bool | None = Field(None, strict=True)


class Rotate(_Request):
    """How long the old secret still signs."""

    overlap_s: int = Field(24 * 3600, strict=True, ge=0, le=7 * 24 * 3600, description="0 after a leak")


class Replay(_Request):
    """From when on."""

    since: int = Field(strict=True, ge=0, le=INSTANT_MAX, description="Unix seconds")


class QuoteSpec(BaseModel):
    """The clip, with nothing left open."""

    mode: str
    size: str
    seconds: str
    frames: int
    fps: int
    audio: bool
    output_type: str
    passes: list[Pass]


class Quote(BaseModel):
    """What a create with this body would cost right now, by the same code as the hold."""

    object: Literal["quote"]
    model: str
    price_usd: str = Field(description="What would be held; 0.00 for a free preview")
    price_microusd: int
    list_price_usd: str = Field(description="The named model's own price, whoever serves")
    list_price_microusd: int
    purse: Purse
    available_usd: str
    available_microusd: int
    affordable: bool
    served_by: str
    preview: bool
    spec: QuoteSpec


class PurseBalance(BaseModel):
    """`available` is what a new hold may take."""

    balance_usd: str
    balance_microusd: int
    held_usd: str
    held_microusd: int
    available_usd: str
    available_microusd: int


class TransferLine(BaseModel):
    """One line of the statement; never edited."""

    id: str
    object: Literal["transfer"]
    kind: Literal["grant", "hold", "settle", "release"]
    purse: Purse
    amount_usd: str
    amount_microusd: int
    video_id: str | None
    note: str
    created_at: int


class TransferList(BaseModel):
    """Newest first."""

    object: Literal["list"]
    data: list[TransferLine]
    first_id: str | None
    last_id: str | None
    has_more: bool


class WorkspaceInfo(BaseModel):
    """The customer."""

    id: str
    name: str
    created_at: int
    substitution: Substitution = Field(description="What may stand in for a model where a request does not say")


class KeyInfo(BaseModel):
    """The key that asked."""

    id: str
    purse: Purse
    scopes: list[Scope]


class AccountInfo(BaseModel):
    """The workspace, its money and its key."""

    object: Literal["account"]
    workspace: WorkspaceInfo
    key: KeyInfo
    purses: dict[Purse, PurseBalance]
    in_flight: int = Field(description="Unfinished videos of the workspace")
    open_holds: list[TransferLine] = Field(description="The newest 100")
    recent_transfers: list[TransferLine] = Field(description="The newest 10; the rest at /v1/account/transfers")


class Key(BaseModel):
    """Never the key itself."""

    id: str
    object: Literal["key"]
    name: str
    hint: str = Field(description="Its first characters")
    purse: Purse
    scopes: list[Scope]
    created_at: int
    last_used_at: int | None
    revoked_at: int | None


class NewKey(Key):
    """Shown this once."""

    key: str


class KeyList(BaseModel):
    """Oldest first, revoked ones too."""

    object: Literal["list"]
    data: list[Key]


class Deleted(BaseModel):
    """It is gone."""

    id: str
    object: str
    deleted: bool


class WebhookEndpoint(BaseModel):
    """Without its secret."""

    id: str
    object: Literal["webhook_endpoint"]
    url: str
    event_types: list[str]
    description: str
    enabled: bool
    disabled_reason: str | None
    disabled_at: int | None
    failing_since: int | None
    previous_secret_until: int | None
    created_at: int


class WebhookEndpointWithSecret(WebhookEndpoint):
    """With the secret that verifies its signatures."""

    secret: str = Field(description="`whsec_…`, for any Standard Webhooks verifier")


class WebhookEndpointList(BaseModel):
    """Oldest first."""

    object: Literal["list"]
    data: list[WebhookEndpoint]


class WebhookReplay(BaseModel):
    """What is sent again."""

    object: Literal["webhook_replay"]
    deliveries: int
    delivery_ids: list[str]
    next_since: int | None = Field(description="There are more: call again from this instant")


class WebhookDelivery(BaseModel):
    """One message to one receiver."""

    id: str
    object: Literal["webhook_delivery"]
    video_id: str
    endpoint_id: str | None = Field(description="Null: the request's own webhook field")
    url: str
    event_id: str = Field(description="The `webhook-id` header: the same over attempts, resends and replays")
    event_type: str
    state: DeliveryState
    attempts: int
    next_at: int | None
    created_at: int
    ended_at: int | None


class DeliveryAttemptLine(BaseModel):
    """One request."""

    number: int
    at: int
    took_ms: int
    status: int | None
    error: str | None
    response: str | None = Field(description="Its first KiB")


class WebhookDeliveryDetail(WebhookDelivery):
    """With everything."""

    body: str
    attempt_log: list[DeliveryAttemptLine]


class WebhookDeliveryList(BaseModel):
    """Newest first."""

    object: Literal["list"]
    data: list[WebhookDelivery]
    first_id: str | None
    last_id: str | None
    has_more: bool


class StreamEvent(BaseModel):
    """The `data` of a server-sent event, `progress` and `early_picture` excepted."""

    type: str
    number: int
    video_id: str
    at: float
    data: dict[str, Any]
