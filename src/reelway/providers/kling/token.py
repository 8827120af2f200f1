"""A pair of keys as a token that is good for half an hour."""

import base64
import hashlib
import hmac
from typing import Final

import orjson

_TOKEN_S: Final = 1800
_CLOCK_SKEW_S: Final = 5


def signed(access_key: str, secret_key: str, now_s: int) -> str:
    """A JSON Web Token (RFC 7519) as Kling's page on authentication shows it."""
    claims = {"iss": access_key, "exp": now_s + _TOKEN_S, "nbf": now_s - _CLOCK_SKEW_S}
    said = b".".join(_unpadded(orjson.dumps(part)) for part in ({"alg": "HS256", "typ": "JWT"}, claims))
    signature = hmac.new(secret_key.encode(), said, hashlib.sha256).digest()
    return (said + b"." + _unpadded(signature)).decode()


def _unpadded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
