"""The URL that a provider is given to call when something happened: one for each generation and provider."""

import hmac
from hashlib import sha256
from typing import Final

from reelway.domain.generation import GenerationId

PATH: Final = "/callbacks"
_TOKEN_CHARS: Final = 40


class CallbackUrls:
    """Made only where the server has a public URL: a provider cannot reach any other."""

    def __init__(self, operator_secret: bytes, public_url: str | None) -> None:
        self._secret = operator_secret
        self._base = None if public_url is None else public_url.rstrip("/") + PATH

    def url(self, provider: str, generation_id: GenerationId) -> str | None:
        """Nobody can guess it: its last part is derived from the operator's secret."""
        if self._base is None:
            return None
        return f"{self._base}/{provider}/{generation_id}/{_token(self._secret, provider, generation_id)}"


def signs(operator_secret: bytes, provider: str, generation_id: GenerationId, token: str) -> bool:
    """Whether a URL with this token was made by us."""
    return hmac.compare_digest(_token(operator_secret, provider, generation_id).encode(), token.encode())


def _token(operator_secret: bytes, provider: str, generation_id: GenerationId) -> str:
    about = f"callback\0{provider}\0{generation_id}".encode()
    return hmac.new(operator_secret, about, sha256).hexdigest()[:_TOKEN_CHARS]
