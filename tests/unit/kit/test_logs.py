"""No secret reaches a log line."""

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from reelway.kit import logs
from reelway.kit.ids import new_token
from reelway.kit.logs import hide_secrets


def shown(**line: object) -> str:
    return str(hide_secrets(None, "info", {"event": "sent", **line}))


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[Any]]]:
    """Logging as in a server, and after the test as it was; what was written."""
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    logs.configure(level="debug", format="json")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logs.hide()
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_keys_and_secrets_are_hidden_wherever_they_are() -> None:
    key, secret, token = "rw_live_" + new_token(), "whsec_" + new_token(), new_token()
    text = shown(error=f"sent {key}", url=f"http://h/?key={key}&a=1", s=secret, file=f"videos/{token}.mp4")
    for hidden in (key, secret, token):
        assert hidden not in text
    assert "a=1" in text
    assert "videos/" in text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Authorization: Bearer abc.def-123456", "Bearer [secret]"),
        ("postgresql://reel:hunter2pass@db:5432/reel", "postgresql://reel:[secret]@db:5432/reel"),
        ("postgresql://reel:with/slash@and@db/reel", "postgresql://reel:[secret]@db/reel"),
        ("https://b.example/clip.mp4?X-Amz-Signature=hunter2pass&X-Amz-Date=2", "Signature=[secret]&X-Amz-Date=2"),
        ("https://b.example/clip.mp4?se=1&sig=hunter2pass%3D", "?se=1&sig=[secret]"),
        ("https://h.example/hook?token=hunter2pass#x", "?token=[secret]#x"),
    ],
)
def test_passwords_and_signatures_in_urls_are_hidden_and_the_rest_is_kept(text: str, left: str) -> None:
    assert left in shown(url=text)
    assert "hunter2pass" not in shown(url=text)


def test_nothing_is_hidden_without_a_reason() -> None:
    line = {"event": "generation_ended", "generation": "video_01m82", "url": "http://127.0.0.1:8080/v1", "took_s": 1.5}
    assert hide_secrets(None, "info", dict(line)) == line


def test_secrets_are_found_in_nested_values_errors_and_under_telling_names() -> None:
    key = "rw_test_" + new_token()
    text = shown(several=[key, {"deep": (key,)}], error=ValueError(key), password="hunter2", raw=key.encode())
    assert key not in text
    assert "hunter2" not in text


def test_a_prompt_is_hidden_whoever_quotes_it(lines: Callable[[], list[Any]]) -> None:
    prompt = "a 'red' kite\nover the sea"
    logs.hide(prompt, "")
    log = structlog.get_logger("test")
    log.warning("poll_failed", error=f"refused: {prompt}")
    try:
        raise KeyError(prompt)
    except KeyError:
        log.exception("bug")
    refused, bug = lines()
    assert refused["error"] == "refused: [unsaid]"
    assert "[unsaid]" in bug["exception"]
    assert "kite" not in bug["exception"]


def test_keys_of_providers_are_hidden_from_every_task_and_library(lines: Callable[[], list[Any]]) -> None:
    key, document = "opaque/0123456789", '{\n  "private_key": "0123456789+/"\n}'
    logs.hide_always(key, document, "")
    structlog.get_logger("test").warning("poll_failed", error=f"no such key: {key}", about={"deep": [key]})
    logging.getLogger("other").error("sent %s", document.splitlines()[1])
    logs.hide_always()
    structlog.get_logger("test").warning("poll_failed", error=f"no such key: {key}")
    first, second, third = lines()
    assert first["error"] == "no such key: [secret]"
    assert key not in str(first)
    assert "0123456789+/" not in str(second)
    assert third["error"].endswith(key)


def test_other_libraries_write_the_same_lines(lines: Callable[[], list[Any]]) -> None:
    structlog.contextvars.bind_contextvars(generation="video_1")
    logging.getLogger("somebody.else").warning("odd request with %s", "rw_live_" + "a" * 20)
    structlog.get_logger("ours").info("said")
    theirs, ours = lines()
    assert theirs["event"] == "odd request with [secret]"
    assert theirs["logger"] == "somebody.else"
    assert theirs.keys() - {"logger"} == ours.keys() == {"event", "generation", "level", "timestamp", "worker"}
    assert theirs["worker"] == ours["worker"]


def test_half_a_character_of_a_callers_does_not_end_the_line(lines: Callable[[], list[Any]]) -> None:
    structlog.get_logger("ours").error("bug", path="/v1/\ud800", at=Path("x"))
    assert [line["path"] for line in lines()] == ["/v1/\ud800"]
