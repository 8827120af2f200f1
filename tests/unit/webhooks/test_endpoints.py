"""Endpoints: what may be one; their rows are in tests/integration/test_webhooks.py."""

from typing import Any

import pytest

from reelway.db.script import run_script
from reelway.domain.generation import WorkspaceId
from reelway.errors import InvalidRequest
from reelway.webhooks.endpoints import EVENT_TYPES, create_endpoint


def refusal(url: str, event_types: Any = None, description: str = "") -> InvalidRequest:
    """Refused before any SQL."""

    def never(statement: object) -> list[Any]:
        raise AssertionError(f"asked the database: {statement}")

    with pytest.raises(InvalidRequest) as caught:
        run_script(create_endpoint(WorkspaceId("wsp_1"), url, event_types, description, 0), never)
    return caught.value


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com/hook",
        "ftp://example.com/hook",
        "javascript:alert(1)",
        "https://",
        "https:///hook",
        "http://[::1",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://example.com:25/",
        "https://example.com/a b",
        "https://example.com/\r\nX-Evil: 1",
        "https://user:pass@example.com/",
        "https://example.com/" + "a" * 3000,
    ],
)
def test_what_is_no_plain_http_url_is_refused_by_name(url: str) -> None:
    assert refusal(url).param == "url"


@pytest.mark.parametrize("types", [[], ["video.exploded"], ["video.completed", "*"]])
def test_an_unknown_event_type_is_refused_with_the_known_ones(types: list[str]) -> None:
    error = refusal("https://example.com/hook", types)
    assert error.param == "event_types"
    assert all(name in error.message for name in EVENT_TYPES)


def test_a_description_has_an_end() -> None:
    assert refusal("https://example.com/hook", None, "x" * 501).param == "description"
