"""Errors in ModelsLab's shape."""

import pytest

from reelway.api.dialects.modelslab import problem
from reelway.errors import (
    Conflict,
    Gone,
    InsufficientCredits,
    InvalidRequest,
    ModelNotFound,
    NotFound,
    Overloaded,
    RateLimited,
    ReelwayError,
    StorageError,
    Unauthenticated,
)

ERRORS = [
    InvalidRequest("x", param="prompt"),
    InvalidRequest("x", code="invalid_json"),
    Unauthenticated("x"),
    Unauthenticated("x", missing=True),
    InsufficientCredits("x"),
    ModelNotFound("x", ()),
    ModelNotFound("x", ("y", "z")),
    NotFound("x"),
    Conflict("x"),
    Gone("x", successor="y"),
    RateLimited("x", retry_after_s=3),
    Overloaded("x"),
    StorageError("x"),
    ReelwayError("x"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_every_error_has_a_status_a_string_message_and_a_code(error: ReelwayError) -> None:
    """JavaScript clients show "[object Object]" for a message that is no string."""
    body = problem(error)
    assert body["status"] == "error"
    assert isinstance(body["message"], str)
    assert body["code"] == error.code


def test_the_documented_words_are_used() -> None:
    assert problem(Unauthenticated("", missing=True))["message"] == "API key required"
    assert problem(Unauthenticated(""))["message"] == "Invalid API key"
    assert problem(ModelNotFound("sora-3", ("sora-2",)))["message"] == "Model not found: sora-3"
    assert problem(InvalidRequest("x", code="invalid_json"))["message"] == "Invalid API Request"
    busy = problem(Overloaded("the queue is full"))
    assert busy["message"] == "Service temporarily unavailable. Please try again later."
    assert busy["tip"] == "the queue is full"


def test_what_a_program_needs_is_beside_the_message() -> None:
    assert problem(RateLimited("x", retry_after_s=30))["retry_after"] == 30
    assert problem(Gone("x", successor="veo-3.1"))["successor"] == "veo-3.1"
    assert problem(ModelNotFound("x", ("y", "z")))["nearest"] == ["y", "z"]
    assert problem(InvalidRequest("x", param="fps"))["param"] == "fps"
