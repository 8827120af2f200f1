"""What the document says about the native endpoints."""

from typing import Final

from reelway.api.dialects.native import schemas
from reelway.api.dialects.openai.reference import TINY, VIDEO_ID, limit
from reelway.api.dialects.openai.schemas import CreateVideo, Video
from reelway.api.surface.describe import Answer, Body, Operation, parameter

_AFTER: Final = parameter("after", "query", "The id that the page before ended with")
_KEY_ID: Final = parameter("id", "path", "`key_…`")
_ENDPOINT_ID: Final = parameter("id", "path", "`whe_…`")
_DELIVERY_ID: Final = parameter("id", "path", "`dlv_…`")

QUOTE: Final = Operation(
    id="create_quote",
    tag="account",
    summary="What a video would cost",
    description="The body of `POST /v1/videos`. Nothing is made, held or fetched.",
    body=Body(
        model=CreateVideo,
        examples={"preview": TINY, "sora": {"model": "sora-2-pro", "prompt": "a lighthouse at dusk", "seconds": "8"}},
    ),
    answers={200: Answer(description="The price", model=schemas.Quote)},
    errors=(400, 410, 413),
)
CANCEL: Final = Operation(
    id="cancel_video",
    tag="videos",
    summary="Cancel a video",
    description="409 when it has ended otherwise, or its provider cannot stop it. The hold goes back.",
    parameters=(VIDEO_ID,),
    answers={
        200: Answer(description="It is cancelled", model=Video),
        202: Answer(description="It is on its way there", model=Video),
    },
    errors=(404, 409),
)
EVENTS: Final = Operation(
    id="stream_video_events",
    tag="videos",
    summary="Watch a video live",
    description="Server-sent events: each has the event's type as name, its number as id and JSON data; `progress`"
    " events carry `{progress, source}` and no id, `early_picture` events `{url}` and none. A comment every 15 s keeps"
    " the line open. The stream ends after the final event. Players and EventSource may give the key as `?key=`.",
    parameters=(
        VIDEO_ID,
        parameter("after", "query", "Only events after this number", {"type": "integer", "minimum": 0}),
        parameter("Last-Event-ID", "header", "As browsers send it; goes before `after`", {"type": "integer"}),
    ),
    answers={
        200: Answer(description="The stream", media_types=("text/event-stream",)),
        204: Answer(description="It has ended and all was told: do not come back"),
    },
)
ACCOUNT: Final = Operation(
    id="retrieve_account",
    tag="account",
    summary="Balances, holds and this key",
    answers={200: Answer(description="The account", model=schemas.AccountInfo)},
    errors=(),
)
UPDATE_ACCOUNT: Final = Operation(
    id="update_account",
    tag="account",
    summary="Say what may stand in for a model",
    description="For all keys of the workspace; a request's own `substitution` goes first. Needs the scope `keys`.",
    body=Body(model=schemas.UpdateAccount, examples={"strict": {"substitution": "forbid"}}),
    answers={200: Answer(description="The account", model=schemas.AccountInfo)},
    errors=(400, 413),
)
TRANSFERS: Final = Operation(
    id="list_transfers",
    tag="account",
    summary="Every movement of money",
    parameters=(_AFTER, limit(100, 20)),
    answers={200: Answer(description="A page, newest first", model=schemas.TransferList)},
    errors=(400,),
)
KEYS: Final = Operation(
    id="list_keys",
    tag="account",
    summary="List keys",
    answers={200: Answer(description="All", model=schemas.KeyList)},
    errors=(),
)
CREATE_KEY: Final = Operation(
    id="create_key",
    tag="account",
    summary="Make a key",
    description="Shown this once. A test key can make test keys only; scopes are at most those of the caller.",
    body=Body(model=schemas.CreateKey, required=False, examples={"reader": {"name": "a reader", "scopes": ["read"]}}),
    answers={201: Answer(description="The key", model=schemas.NewKey)},
    errors=(400, 413),
)
REVOKE_KEY: Final = Operation(
    id="revoke_key",
    tag="account",
    summary="Revoke a key",
    parameters=(_KEY_ID,),
    answers={200: Answer(description="Bad from the next request on", model=schemas.Deleted)},
    errors=(404,),
)
ENDPOINTS: Final = Operation(
    id="list_webhook_endpoints",
    tag="webhooks",
    summary="List webhook endpoints",
    answers={200: Answer(description="All", model=schemas.WebhookEndpointList)},
    errors=(),
)
CREATE_ENDPOINT: Final = Operation(
    id="create_webhook_endpoint",
    tag="webhooks",
    summary="Register a webhook endpoint",
    description="Deliveries follow Standard Webhooks; the secret is in the answer.",
    body=Body(
        model=schemas.CreateEndpoint,
        examples={
            "all": {"url": "https://example.com/hook"},
            "some": {"url": "https://example.com/hook", "event_types": ["video.completed"], "description": "gallery"},
        },
    ),
    answers={201: Answer(description="Registered", model=schemas.WebhookEndpointWithSecret)},
    errors=(400, 409, 413),
)
ENDPOINT: Final = Operation(
    id="retrieve_webhook_endpoint",
    tag="webhooks",
    summary="One webhook endpoint",
    parameters=(_ENDPOINT_ID,),
    answers={200: Answer(description="The endpoint", model=schemas.WebhookEndpoint)},
    errors=(404,),
)
UPDATE_ENDPOINT: Final = Operation(
    id="update_webhook_endpoint",
    tag="webhooks",
    summary="Change a webhook endpoint",
    parameters=(_ENDPOINT_ID,),
    body=Body(model=schemas.UpdateEndpoint, examples={"enable": {"enabled": True}}),
    answers={200: Answer(description="As it is now", model=schemas.WebhookEndpoint)},
    errors=(400, 404, 413),
)
DELETE_ENDPOINT: Final = Operation(
    id="delete_webhook_endpoint",
    tag="webhooks",
    summary="Delete a webhook endpoint",
    parameters=(_ENDPOINT_ID,),
    answers={200: Answer(description="Nothing is sent to it any more", model=schemas.Deleted)},
    errors=(404,),
)
ROTATE: Final = Operation(
    id="rotate_webhook_secret",
    tag="webhooks",
    summary="A new secret",
    description="Both secrets sign until `previous_secret_until`.",
    parameters=(_ENDPOINT_ID,),
    body=Body(model=schemas.Rotate, required=False, examples={"leaked": {"overlap_s": 0}}),
    answers={200: Answer(description="With the new secret", model=schemas.WebhookEndpointWithSecret)},
    errors=(400, 404, 413),
)
REPLAY: Final = Operation(
    id="replay_webhooks",
    tag="webhooks",
    summary="Send again what ended since then",
    parameters=(_ENDPOINT_ID,),
    body=Body(model=schemas.Replay, examples={"since": {"since": 1795392000}}),
    answers={202: Answer(description="On their way", model=schemas.WebhookReplay)},
    errors=(400, 404, 409, 413),
)
DELIVERIES: Final = Operation(
    id="list_webhook_deliveries",
    tag="webhooks",
    summary="The delivery log",
    parameters=(
        parameter("video_id", "query", "Only of this video"),
        parameter("endpoint_id", "query", "Only to this endpoint"),
        parameter(
            "state", "query", "Only in this state", {"type": "string", "enum": ["pending", "delivered", "failed"]}
        ),
        _AFTER,
        limit(100, 20),
    ),
    answers={200: Answer(description="A page, newest first", model=schemas.WebhookDeliveryList)},
    errors=(400,),
)
DELIVERY: Final = Operation(
    id="retrieve_webhook_delivery",
    tag="webhooks",
    summary="One delivery with its attempts",
    parameters=(_DELIVERY_ID,),
    answers={200: Answer(description="The delivery", model=schemas.WebhookDeliveryDetail)},
    errors=(404,),
)
RESEND: Final = Operation(
    id="resend_webhook_delivery",
    tag="webhooks",
    summary="Send one again",
    parameters=(_DELIVERY_ID,),
    answers={202: Answer(description="The new delivery", model=schemas.WebhookDelivery)},
    errors=(404, 409),
)
