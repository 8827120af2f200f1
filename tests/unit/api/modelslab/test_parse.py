"""From fields to a request: what no server is needed for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelway.api.dialects.modelslab.echo import echo_of
from reelway.api.dialects.modelslab.fields import Fields
from reelway.api.dialects.modelslab.parse import parse_request, parse_track_id, parse_webhook
from reelway.api.dialects.modelslab.routes import KINDS
from reelway.catalogue.load import load
from reelway.db.script import to_json
from reelway.domain.generation import Role
from reelway.errors import ReelwayError

CATALOGUE = load()
NAMES = [
    "key",
    "model_id",
    "prompt",
    "negative_prompt",
    "duration",
    "num_frames",
    "fps",
    "width",
    "height",
    "size",
    "resolution",
    "aspect_ratio",
    "portrait",
    "seed",
    "generate_audio",
    "output_type",
    "init_image",
    "init_video",
    "init_audio",
    "webhook",
    "track_id",
]
# What orjson reads: integers past 64 bits have become floats by then.
INTEGERS = st.integers(-(2**63), 2**64 - 1)
SCALARS = st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = (
    SCALARS
    | st.sampled_from(["previz", "sora-2", "16:9", "720p", "5s", "yes", "1280x720", "gif", "0:0", "99999x1"])
    | st.lists(SCALARS, max_size=3)
    | st.dictionaries(st.text(), SCALARS, max_size=2)
)


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(NAMES) | st.text(), VALUES, max_size=12))
def test_whatever_comes_is_a_request_that_a_card_can_judge_or_a_refusal(kind: Any, body: dict[str, Any]) -> None:
    fields = Fields(body)
    to_json(echo_of(fields))
    refusal: ReelwayError | None = None
    try:
        parse_webhook(fields)
        parse_track_id(fields)
        request = parse_request(fields, kind, CATALOGUE)
        card = CATALOGUE.find(request.model)
        assert card.price_microusd(card.resolve(request, (), seed=0)) >= 0
    except ReelwayError as error:
        refusal = error
    assert refusal is None or refusal.http_status < 500


@pytest.mark.parametrize("kind", [k for k in KINDS if k.lenient], ids=lambda k: k.name)
@given(
    st.dictionaries(
        st.sampled_from(["num_frames", "fps", "width", "height", "resolution", "duration", "seed"]),
        st.integers(0, 10**12) | st.integers(0, 10**12).map(str),
    )
)
def test_v6_refuses_no_number_that_is_one(kind: Any, numbers: dict[str, Any]) -> None:
    fields = Fields({"prompt": "x", "init_image": "http://x/y.png", **numbers})
    request = parse_request(fields, kind, CATALOGUE)
    card = CATALOGUE.find(request.model)
    spec = card.resolve(request, (), seed=0)
    assert (spec.width, spec.height) in card.sizes
    assert 1 <= spec.fps <= card.fps_max


def test_the_first_picture_is_the_first_frame_and_the_second_the_last() -> None:
    kind = next(k for k in KINDS if k.name == "modelslab_image_to_video")
    fields = Fields({"model_id": "x", "init_image": ["http://a/1", "http://a/2"]})
    request = parse_request(fields, kind, CATALOGUE)
    assert [(i.role, i.url) for i in request.inputs] == [
        (Role.FIRST_FRAME, "http://a/1"),
        (Role.LAST_FRAME, "http://a/2"),
    ]


def test_the_echo_never_holds_the_key_or_a_whole_picture() -> None:
    echo = echo_of(Fields({"key": "rw_live_secret", "init_image": "A" * 100_000, "a": True, "b": None, "c": {"d": 1}}))
    assert echo["a"] == "yes"
    assert echo["b"] is None
    assert "c" not in echo
    assert "rw_live_secret" not in to_json(echo)
    assert len(to_json(echo)) < 300


def test_the_echo_is_bounded_however_many_fields_there_are() -> None:
    many = {f"f{i}": "x" * 10_000 for i in range(10_000)}
    assert len(to_json(echo_of(Fields(many)))) < 20_000
