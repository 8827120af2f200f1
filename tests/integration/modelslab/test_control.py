"""A control video by ModelsLab's flat fields; what is taken goes to a test key's preview, and nothing is rendered."""

from typing import Any

import pytest

from integration.modelslab.wire import V6, V7, Client
from reelway.api.dialects.modelslab.samples import CLIP_DATA_URI, PICTURE_DATA_URI

TEXT, IMAGE = f"{V7}/text-to-video", f"{V7}/image-to-video"
# The sample clip is a second long, and the shortest of this model two; in frames it may be as short.
LED = {"model_id": "wan2.1-vace-14b", "prompt": "refuse: x", "num_frames": 16, "control_type": "depth"}

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("value", [CLIP_DATA_URI, CLIP_DATA_URI.partition(",")[2], f" {CLIP_DATA_URI}\n"])
async def test_a_control_video_comes_as_a_data_uri_or_base64(shared: Client, value: str) -> None:
    answer = await shared.post(TEXT, LED | {"control_video": value})
    assert answer.status_code == 200, answer.text
    assert answer.json()["meta"]["control_type"] == "depth"
    assert len(str(answer.json()["meta"]["control_video"])) < 500


async def test_a_first_frame_may_stand_beside_it(shared: Client) -> None:
    answer = await shared.post(IMAGE, LED | {"control_video": CLIP_DATA_URI, "init_image": PICTURE_DATA_URI})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", [f"{V6}/text2video", f"{V6}/text2video_ultra"])
async def test_v6_takes_it_too(shared: Client, path: str) -> None:
    answer = await shared.post(path, LED | {"control_video": CLIP_DATA_URI})
    assert answer.status_code == 200, answer.text
    other = await shared.post(path, LED | {"control_video": CLIP_DATA_URI, "model_id": "unheard-of"})
    assert (other.status_code, other.json()["message"]) == (
        400,
        "wan2.2 takes no control video; nor does any other model that is served here",
    )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"control_video": CLIP_DATA_URI, "control_type": None}, "control_video needs a control_type: depth, pose,"),
        ({"control_video": CLIP_DATA_URI, "control_type": "deep"}, "control_type 'deep' is not known; there are depth"),
        ({"control_video": CLIP_DATA_URI, "control_type": "seg"}, "takes control videos of depth or pose or scribble"),
        ({"control_video": CLIP_DATA_URI, "model_id": "previz"}, "previz takes no control video"),
        (
            {"control_video": CLIP_DATA_URI, "num_frames": 40},
            "control_video: a control video of 1.0 s for a clip of 2.5 s",
        ),
        ({"control_video": {"id": "x"}}, "control_video must be a URL, a data URI, base64 or an uploaded file"),
        ({"control_video": PICTURE_DATA_URI}, "control_video: not a readable video"),
        ({"control_video": "video_none"}, "no video 'video_none'"),
        ({"control_video": 999_999}, "no video '999999'"),
        ({"control_video": "999999"}, "no video '999999'"),
    ],
)
async def test_what_cannot_lead_is_refused_before_money_moves(shared: Client, body: dict[str, Any], says: str) -> None:
    answer = await shared.post(TEXT, LED | body)
    assert answer.status_code == (404 if says.startswith("no video") else 400)
    assert says in answer.json()["message"]
    assert "id" not in answer.json()


async def test_a_video_of_ones_own_is_named_by_its_number(shared: Client) -> None:
    """The one that is named was made without the pass, which is said of it alone."""
    tiny = {"model_id": "previz", "prompt": "a red kite", "width": 128, "height": 72, "num_frames": 4, "fps": 8}
    made = (await shared.post(TEXT, tiny)).json()["id"]
    assert (await shared.ended(made))["status"] == "success"
    for name in (made, str(made)):
        answer = await shared.post(TEXT, LED | {"control_video": name})
        assert answer.status_code == 400
        assert "has no depth pass; make it again with the model previz" in answer.json()["message"]
