"""The OpenAI dialect: the Videos API and the model list, for programs written with the `openai` SDKs."""

from reelway.api.dialects.openai.routes import router

__all__ = ["router"]
