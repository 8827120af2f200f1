"""The response headers that say what neither dialect's body can."""

from typing import Final

from starlette.requests import Request

from reelway.domain.generation import Generation
from reelway.domain.money import usd

SERVED_BY: Final = "reelway-served-by"
PREVIEW: Final = "reelway-preview"
PRICE: Final = "reelway-price-usd"
BALANCE: Final = "reelway-balance-usd"
REQUEST_ID: Final = "x-request-id"
POLL_AFTER: Final = "openai-poll-after-ms"


def generation_headers(g: Generation, *, preview: bool) -> dict[str, str]:
    """Who serves it, whether that is a preview, and for how much."""
    price = g.price_microusd if g.charged_microusd is None else g.charged_microusd
    return {SERVED_BY: g.provider, PREVIEW: "true" if preview else "false", PRICE: usd(price)}


def allowance_headers(request: Request) -> dict[str, str]:
    """X-RateLimit-*; empty when the key has no limit, or nobody signed in."""
    allowance = getattr(request.state, "allowance", None)
    if allowance is None or not allowance.limit:
        return {}
    return {
        "x-ratelimit-limit": str(allowance.limit),
        "x-ratelimit-remaining": str(allowance.remaining),
        "x-ratelimit-reset": str(allowance.reset_s),
    }
