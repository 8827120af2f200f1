"""Signatures on calls made to us: over the raw body, compared in constant time, five minutes old at most."""

import hmac
from base64 import b64decode, b64encode, urlsafe_b64decode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

FRESH_S: Final = 300
_DIGITS_MAX: Final = 12


def fresh(unix_s: str, now_ms: int) -> bool:
    """Whether a text of seconds since 1970 is within five minutes of now, either way."""
    if not unix_s.isascii() or not unix_s.isdigit() or len(unix_s) > _DIGITS_MAX:
        return False
    return abs(int(unix_s) * 1000 - now_ms) <= FRESH_S * 1000


def same(expected: str, given: str) -> bool:
    """Whether they are equal, in a time that tells nothing."""
    return hmac.compare_digest(expected.encode(), given.encode())


def standard_key(secret: str) -> bytes:
    """The key in a secret like `whsec_…`; raises ValueError."""
    key = b64decode(secret.removeprefix("whsec_") + "==")
    if not key:
        raise ValueError("the secret of the webhooks is empty")
    return key


def standard_webhook(key: bytes, headers: Mapping[str, str], body: bytes, now_ms: int) -> bool:
    """Standard Webhooks (https://www.standardwebhooks.com): base64 over id, time and body; one of several is enough."""
    id_, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not id_ or not fresh(sent_at, now_ms):
        return False
    signed = hmac.new(key, f"{id_}.{sent_at}.".encode() + body, sha256).digest()
    expected = f"v1,{b64encode(signed).decode()}"
    return any([same(expected, given) for given in headers.get("webhook-signature", "").split()])


def standard_webhook_by(jwks: Any, headers: Mapping[str, str], body: bytes, now_ms: int) -> bool:
    """The same with v1a: signed by one of the keys that the caller publishes."""
    id_, sent_at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not id_ or not fresh(sent_at, now_ms):
        return False
    signed = f"{id_}.{sent_at}.".encode() + body
    for given in headers.get("webhook-signature", "").split():
        try:
            signature = b64decode(given.removeprefix("v1a,"), validate=True)
        except ValueError:
            continue
        if given.startswith("v1a,") and signed_by(jwks, signature, signed):
            return True
    return False


def signed_by(jwks: Any, signature: bytes, signed: bytes) -> bool:
    """Whether one of the Ed25519 keys of a JSON Web Key Set made that signature."""
    from cryptography.exceptions import InvalidSignature  # late: it takes a while
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    for key in keys if isinstance(keys, list) else ():
        if isinstance(key, dict) and key.get("crv") == "Ed25519":
            try:
                Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(f"{key.get('x')}==")).verify(signature, signed)
            except (InvalidSignature, ValueError):
                continue
            return True
    return False
