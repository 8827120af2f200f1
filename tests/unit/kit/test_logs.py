"""No secret reaches a log line."""

from reelway.kit.ids import new_token
from reelway.kit.logs import hide_secrets


def test_keys_and_secrets_are_hidden_wherever_they_are() -> None:
    key, secret = "rw_live_" + new_token(), "whsec_" + new_token()
    line = hide_secrets(None, "info", {"event": f"sent {key}", "url": f"http://h/?key={key}&a=1", "s": secret})
    text = str(line)
    assert key not in text
    assert secret not in text
    assert "a=1" in text
