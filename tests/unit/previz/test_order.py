"""What may be asked for."""

import pytest

from reelway.previz import Order


def plain(**changes: object) -> Order:
    fields: dict[str, object] = {"prompt": "a city", "width": 640, "height": 360, "fps": 24, "frames": 48, "seed": 3}
    return Order.from_json(fields | changes)


def test_an_order_survives_the_trip_through_json() -> None:
    order = plain(negative_prompt="rain", image="x.png")
    assert Order.from_json(order.to_json()) == order


def test_duration_is_frames_over_fps() -> None:
    assert plain().duration_s == 2.0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"width": 641}, "width 641"),
        ({"height": 62}, "height 62"),
        ({"width": 3842}, "width 3842"),
        ({"fps": 0}, "fps 0"),
        ({"fps": 61}, "fps 61"),
        ({"frames": 0}, "frames 0"),
        ({"image": "a.png", "video": "b.mp4"}, "not from both"),
        ({"seed": "one"}, "seed"),
        ({"frames": True}, "frames"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_an_order_that_cannot_be_made_is_refused_by_name(changes: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        plain(**changes)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(ValueError, match="'fps' is missing"):
        Order.from_json({"prompt": "", "width": 64, "height": 64})
