"""What neither dialect can say: quotes, cancel, live events, account, keys, webhooks."""

from reelway.api.dialects.native.routes import router

__all__ = ["router"]
