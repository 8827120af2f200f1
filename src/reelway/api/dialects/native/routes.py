"""Which path goes to which handler."""

from fastapi import APIRouter

from reelway.api.dialects.native import reference as docs
from reelway.api.dialects.native.account import Account
from reelway.api.dialects.native.deliveries import Deliveries
from reelway.api.dialects.native.endpoints import Endpoints
from reelway.api.dialects.native.keys import Keys
from reelway.api.dialects.native.live import Events
from reelway.api.dialects.native.quotes import Quotes
from reelway.api.services import Services
from reelway.api.surface.describe import Endpoint


def router(services: Services) -> APIRouter:
    """Everything of ours under `/v1`."""
    quotes, events = Quotes(services), Events(services)
    account, keys = Account(services), Keys(services)
    endpoints, deliveries = Endpoints(services), Deliveries(services)
    made = APIRouter()
    made.routes.extend(
        [
            Endpoint("POST", "/v1/quotes", quotes.quote, docs.QUOTE),
            Endpoint("POST", "/v1/videos/{id}/cancel", quotes.cancel, docs.CANCEL),
            Endpoint("GET", "/v1/videos/{id}/events", events.stream, docs.EVENTS),
            Endpoint("GET", "/v1/account", account.show, docs.ACCOUNT),
            Endpoint("PATCH", "/v1/account", account.update, docs.UPDATE_ACCOUNT),
            Endpoint("GET", "/v1/account/transfers", account.transfers, docs.TRANSFERS),
            Endpoint("GET", "/v1/keys", keys.page, docs.KEYS),
            Endpoint("POST", "/v1/keys", keys.create, docs.CREATE_KEY),
            Endpoint("DELETE", "/v1/keys/{id}", keys.revoke, docs.REVOKE_KEY),
            Endpoint("GET", "/v1/webhook_endpoints", endpoints.page, docs.ENDPOINTS),
            Endpoint("POST", "/v1/webhook_endpoints", endpoints.create, docs.CREATE_ENDPOINT),
            Endpoint("GET", "/v1/webhook_endpoints/{id}", endpoints.retrieve, docs.ENDPOINT),
            Endpoint("PATCH", "/v1/webhook_endpoints/{id}", endpoints.update, docs.UPDATE_ENDPOINT),
            Endpoint("DELETE", "/v1/webhook_endpoints/{id}", endpoints.delete, docs.DELETE_ENDPOINT),
            Endpoint("POST", "/v1/webhook_endpoints/{id}/rotate", endpoints.rotate, docs.ROTATE),
            Endpoint("POST", "/v1/webhook_endpoints/{id}/replay", endpoints.replay, docs.REPLAY),
            Endpoint("GET", "/v1/webhook_deliveries", deliveries.page, docs.DELIVERIES),
            Endpoint("GET", "/v1/webhook_deliveries/{id}", deliveries.retrieve, docs.DELIVERY),
            Endpoint("POST", "/v1/webhook_deliveries/{id}/resend", deliveries.resend, docs.RESEND),
        ]
    )
    return made
