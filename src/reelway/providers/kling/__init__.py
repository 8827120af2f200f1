"""Kling (Kuaishou), its API of 2026 and the legacy one: https://kling.ai/document-api, a copy of 2026-09-20.

Sources, and what nobody has tried: docs/providers/kling.md. `account.py` is the provider; the rest are its parts.
"""

from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from reelway.kit.clock import SystemClock
from reelway.kit.signatures import standard_key
from reelway.providers.base import BaseUrl, Context, Facts, ProviderSettings
from reelway.providers.kling.account import Kling, LegacyKling
from reelway.providers.kling.answers import classify
from reelway.providers.kling.token import signed
from reelway.providers.wire import Origin, origin

# The smallest resource packs have five slots; a slot is held from the order to the end. Looking is free.
FACTS = Facts(in_flight_max=5, poll_first_s=5.0, poll_most_s=15.0)


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "kling"`."""

    base_url: BaseUrl = Field(
        "https://api-singapore.klingai.com", description="https://api-beijing.klingai.com in China"
    )
    api: Literal["new", "legacy"] = Field(
        "new", description="new, or legacy for accounts that have only a pair of keys"
    )
    access_key: str | None = Field(None, description='with api = "legacy", in place of a key')
    secret_key: SecretStr | None = Field(None, description="belongs to access_key")
    webhook_secret: SecretStr | None = Field(
        None, description="the Webhook Secret of Kling's console; without it callbacks are not used"
    )

    @field_validator("webhook_secret")
    @classmethod
    def _is_a_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        try:
            _ = secret and standard_key(secret.get_secret_value())
        except ValueError:
            raise ValueError("that is no Webhook Secret; they look like whsec_…") from None
        return secret

    @model_validator(mode="after")
    def _can_sign_in(self) -> "Settings":
        pair = self.access_key is not None and self.secret_key is not None
        if self.api == "new" and (self.key is None or self.access_key or self.secret_key):
            raise ValueError("the new API takes a key, and no pair; give key_env, key_file or key")
        if (self.access_key is None) != (self.secret_key is None):
            raise ValueError("access_key and secret_key belong together")
        if pair == (self.key is not None):
            raise ValueError("give a key, or access_key and secret_key, not both")
        return self


def build(context: Context) -> Kling:
    """Make the provider; no I/O here."""
    settings: Settings = context.settings

    def server() -> Origin:
        headers = {"Authorization": f"Bearer {_token(settings)}"}
        return origin(context, settings.base_url, headers=headers, classify=classify, timeout_s=settings.timeout_s)

    secret = settings.webhook_secret
    webhook_key = None if secret is None else standard_key(secret.get_secret_value())
    kind = Kling if settings.api == "new" else LegacyKling
    return kind(server, context.inputs, webhook_key)


def _token(settings: Settings) -> str:
    if settings.access_key is None or settings.secret_key is None:
        assert settings.key is not None
        return settings.key.get_secret_value()
    return signed(settings.access_key, settings.secret_key.get_secret_value(), SystemClock().now_ms() // 1000)
