"""Signatures of others, by a vendor's own example and by the unmodified package of the standard."""

from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from reelway.kit.signatures import fresh, same, signed_by, standard_key, standard_webhook, standard_webhook_by

# The example of Kling's page on webhooks, read 2026-11-22.
SECRET = "whsec_dGVzdHNlY3JldHRlc3RzZWNyZXR0ZXN0c2VjcmV0MTI="
BODY = b'{"id":"1234567890","status":"succeeded","message":"","create_time":1781080778802,"update_time":1781080794151}'
HEADERS = {
    "webhook-id": "9876543210",
    "webhook-timestamp": "1781080794",
    "webhook-signature": "v1,UsKlJP00XoQyOn410NM9xv34sP+Gl0jnOO9Lcpr7NJ4=",
}
NOW_MS = 1_781_080_794_000


def good(headers: dict[str, str] = HEADERS, body: bytes = BODY, now_ms: int = NOW_MS, secret: str = SECRET) -> bool:
    return standard_webhook(standard_key(secret), headers, body, now_ms)


def test_a_vendors_example_is_good() -> None:
    assert good()
    assert good(HEADERS | {"webhook-signature": f"v1a,abc v1,AAAA {HEADERS['webhook-signature']}"}), "one is enough"


def test_what_the_standards_own_package_signs_is_good() -> None:
    at = datetime.fromtimestamp(NOW_MS // 1000, tz=UTC)
    signature = Webhook(SECRET).sign(msg_id="msg_1", timestamp=at, data=BODY.decode())
    assert good({"webhook-id": "msg_1", "webhook-timestamp": str(NOW_MS // 1000), "webhook-signature": signature})


def test_any_change_is_noticed() -> None:
    assert not good(body=BODY + b"\n")
    assert not good(secret="whsec_b3RoZXJzZWNyZXQ=")
    for name, value in HEADERS.items():
        assert not good(HEADERS | {name: value[:-2]})
        assert not good({key: text for key, text in HEADERS.items() if key != name})
    assert not good(HEADERS | {"webhook-signature": HEADERS["webhook-signature"].removeprefix("v1,")})


@pytest.mark.parametrize("seconds", [-301, 301, -86_400, 86_400])
def test_five_minutes_are_fresh_and_a_second_more_is_not(seconds: int) -> None:
    assert not good(now_ms=NOW_MS + seconds * 1000)
    assert good(now_ms=NOW_MS + (300 if seconds > 0 else -300) * 1000)


@pytest.mark.parametrize("said", ["", "now", "-1", "1781080794.0", " 1781080794", "٣", "9" * 13, "0x10"])
def test_a_time_that_is_no_number_is_not_fresh(said: str) -> None:
    assert not fresh(said, NOW_MS)


def test_a_secret_may_lack_its_prefix_or_its_padding_and_not_its_key() -> None:
    assert standard_key("dGVzdA") == standard_key("whsec_dGVzdA==") == b"test"
    for wrong in ("", "whsec_", "whsec_A"):
        with pytest.raises(ValueError, match=r"secret|base64|padd"):
            standard_key(wrong)


def test_same_takes_any_text() -> None:
    assert same("é", "é")
    assert not same("abc", "é")


# The key of RFC 8037, appendix A.2, and what RFC 8032, section 7.1, signs with it: nothing.
JWK = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
OF_NOTHING = bytes.fromhex(
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
    "655141438e7a100b"
)


def test_one_of_the_published_keys_is_enough() -> None:
    others = [{"kty": "RSA", "n": "AQAB"}, {**JWK, "x": "AAAA"}, {"crv": "Ed25519"}, "a key"]
    assert signed_by({"keys": [*others, JWK]}, OF_NOTHING, b"")
    assert not signed_by({"keys": others}, OF_NOTHING, b"")
    assert not signed_by({"keys": [JWK]}, OF_NOTHING, b"something")
    assert not signed_by({"keys": [JWK]}, OF_NOTHING[:-1], b"")


@pytest.mark.parametrize("jwks", [None, [], {}, {"keys": None}, {"keys": {"x": JWK}}])
def test_what_is_no_set_of_keys_signs_nothing(jwks: object) -> None:
    assert not signed_by(jwks, OF_NOTHING, b"")
    assert not standard_webhook_by(jwks, HEADERS, BODY, NOW_MS)
