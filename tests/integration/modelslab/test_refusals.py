"""What is refused, with which words; and what v6 never refuses. One server answers all of it."""

from typing import Any

import pytest

from integration.modelslab.wire import REFUSED, V6, V7, Client

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("model", ["nope", "", None, 5, ["x"], "cogvideox", "kling-v3-i2v"])
async def test_v6_never_refuses_a_model(shared: Client, model: Any) -> None:
    answer = await shared.v6({"model_id": model})
    assert answer.status_code == 200
    assert answer.json()["meta"]["model_id"] == "wan2.2"


async def test_v6_serves_a_model_it_knows(shared: Client) -> None:
    assert (await shared.v6({"model_id": "ltx-2.3"})).json()["meta"]["model_id"] == "ltx-2.3"


@pytest.mark.parametrize(
    ("left_out", "message"),
    [("model_id", "model_id is required"), ("prompt", "prompt is required")],
)
async def test_what_v7_needs_is_named_in_the_documented_words(shared: Client, left_out: str, message: str) -> None:
    for nothing in (None, "", "  "):
        answer = await shared.text({left_out: nothing})
        assert (answer.status_code, answer.json()["message"]) == (400, message)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"duration": 7}, "7 s"),
        ({"duration": "9s"}, "9 s"),
        ({"duration": 4.5}, "4.5 s"),
        ({"duration": 0}, "0 s"),
        ({"duration": -4}, "duration -4"),
        ({"duration": "NaN"}, "duration is 'NaN'"),
        ({"duration": "Infinity"}, "duration is"),
        ({"duration": "1e3"}, "duration is"),
        ({"duration": 1e300}, "duration 1e+300"),
        ({"duration": 10**30}, "duration"),
        ({"duration": True}, "duration is True"),
        ({"duration": [4]}, "duration is a list"),
        ({"duration": {"s": 4}}, "duration is an object"),
        ({"num_frames": 1}, "1 is not possible"),
        ({"num_frames": 24.5}, "num_frames is 24.5"),
        ({"num_frames": "many"}, "num_frames is 'many'"),
        ({"num_frames": -1}, "num_frames -1"),
        ({"fps": 0}, "fps"),
        ({"fps": 1000}, "fps"),
        ({"width": 512, "height": 512}, "512x512 is not one of them"),
        ({"width": 1280}, "width without height"),
        ({"height": 720}, "height without width"),
        ({"width": "wide", "height": 720}, "width is 'wide'"),
        ({"resolution": "512x512"}, "512x512 is not one of them"),
        ({"resolution": "768P"}, "768p is not one of them"),
        ({"resolution": "huge"}, "resolution 'huge' must be a number"),
        ({"resolution": []}, "resolution is a list"),
        ({"aspect_ratio": "1:1"}, "none of them is 1:1"),
        ({"aspect_ratio": "wide"}, "aspect_ratio 'wide'"),
        ({"aspect_ratio": "0:0"}, "aspect_ratio"),
        ({"aspect_ratio": 1.7}, "aspect_ratio is 1.7"),
        ({"size": "big"}, "size 'big'"),
        ({"portrait": "sideways"}, "portrait is 'sideways'"),
        ({"seed": -1}, "seed -1"),
        ({"seed": 4294967296}, "seed 4294967296"),
        ({"seed": "x"}, "seed is 'x'"),
        ({"output_type": "webm"}, "output_type 'webm'"),
        ({"prompt": 5}, "prompt is 5"),
        ({"prompt": "x" * 32_001}, "32001 characters"),
        ({"negative_prompt": ["x"]}, "negative_prompt is a list"),
        ({"model_id": 5}, "model_id is 5"),
        ({"init_audio": "http://x/a.mp3"}, "init_audio"),
        ({"webhook": "ftp://x"}, "webhook"),
        ({"webhook": 5}, "webhook is 5"),
        ({"webhook": "http://x/\u0000"}, "webhook"),
        ({"track_id": {"a": 1}}, "track_id"),
        ({"track_id": True}, "track_id"),
        ({"track_id": "x" * 2000}, "track_id"),
    ],
)
async def test_v7_refuses_what_it_cannot_make_and_says_why(shared: Client, body: dict[str, Any], told: str) -> None:
    answer = await shared.text({"model_id": "sora-2", "duration": None, "width": None, "height": None, **body})
    assert answer.status_code == 400, answer.text
    assert answer.json()["status"] == "error"
    assert told in answer.json()["message"]


async def test_v7_refuses_the_wrong_mode_for_a_model(shared: Client) -> None:
    body = REFUSED | {"model_id": "kling-v3-t2v", "init_image": "http://127.0.0.1:1/x.png"}
    answer = await shared.post(f"{V7}/image-to-video", body)
    assert answer.status_code == 400
    assert "not image-to-video" in answer.json()["message"]


@pytest.mark.parametrize(
    "path", [f"{V7}/lip-sync", f"{V7}/motion-control", f"{V6}/watermark_remover", f"{V6}/video2video"]
)
async def test_paths_that_nobody_here_serves_say_what_is_served(shared: Client, path: str) -> None:
    answer = await shared.post(path, {"model_id": "lipsync-2"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "not_served"
    assert "text-to-video" in answer.json()["message"]


async def test_a_path_that_does_not_exist_answers_in_the_same_shape(shared: Client) -> None:
    answer = await shared.post("/api/v3/delete_image")
    assert answer.status_code == 404
    assert answer.json()["status"] == "error"
    assert isinstance(answer.json()["message"], str)
