"""Signing: verified by other people's libraries."""

import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from reelway.webhooks.signing import secret_of, sign

OPERATOR = b"operator-secret-of-at-least-32-characters"
BODY = '{"type":"video.completed","prompt":"ein rötlicher Drachen"}'.encode()


def _headers(signature: str, now_s: int) -> dict[str, str]:
    return {"webhook-id": "evt_1", "webhook-timestamp": str(now_s), "webhook-signature": signature}


def test_the_reference_library_takes_our_signature() -> None:
    now_s = int(time.time())
    secret = secret_of(OPERATOR, "whe_1", 1)
    headers = _headers(sign([secret], "evt_1", now_s, BODY), now_s)
    assert Webhook(secret).verify(BODY, headers)["type"] == "video.completed"


@pytest.mark.parametrize("place", [0, len(BODY) // 3, len(BODY) - 1])
def test_one_flipped_bit_is_refused(place: int) -> None:
    now_s = int(time.time())
    secret = secret_of(OPERATOR, "whe_1", 1)
    headers = _headers(sign([secret], "evt_1", now_s, BODY), now_s)
    forged = bytearray(BODY)
    forged[place] ^= 1
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(bytes(forged), headers)


def test_two_secrets_make_two_signatures_and_either_verifies() -> None:
    now_s = int(time.time())
    secrets = [secret_of(OPERATOR, "whe_1", 2), secret_of(OPERATOR, "whe_1", 1)]
    signature = sign(secrets, "evt_1", now_s, BODY)
    assert len(signature.split(" ")) == 2
    for secret in secrets:
        Webhook(secret).verify(BODY, _headers(signature, now_s))


def test_secrets_differ_by_endpoint_version_and_operator() -> None:
    made = {
        secret_of(OPERATOR, "whe_1", 1),
        secret_of(OPERATOR, "whe_1", 2),
        secret_of(OPERATOR, "whe_2", 1),
        secret_of(OPERATOR + b"x", "whe_1", 1),
    }
    assert len(made) == 4
    assert all(secret.startswith("whsec_") for secret in made)


def test_it_signs_as_kling_documents_its_vector() -> None:
    """A vector that is not ours: providers.md, read 2026-11-20."""
    body = (
        b'{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}'
    )
    secret = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="
    signed = sign([secret], "9876543210", 1781080794, body)
    assert signed == "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4="
