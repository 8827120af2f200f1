"""Signatures after Standard Webhooks; the secrets are derived from the operator's, never stored.

Spec: https://www.standardwebhooks.com, as the package standardwebhooks 1.1 implements it (read 2026-11-22).
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks.webhooks import Webhook


def secret_of(operator_secret: bytes, endpoint_id: str, version: int) -> str:
    """`whsec_…`, as the owner pastes it into a verifier; the same every time for the same version."""
    key = hmac.digest(operator_secret, f"{endpoint_id}:{version}".encode(), hashlib.sha256)
    return "whsec_" + base64.b64encode(key).decode()


def sign(secrets: Sequence[str], msg_id: str, timestamp_s: int, body: bytes) -> str:
    """The `webhook-signature` header: one `v1,…` for each secret, so that either of two verifies."""
    moment = datetime.fromtimestamp(timestamp_s, UTC)
    return " ".join(Webhook(secret).sign(msg_id, moment, body.decode()) for secret in secrets)
