"""The same thing written in all the ways that ModelsLab's clients write it."""

from typing import Any

import pytest

from integration.modelslab.wire import Client

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("body", "effective"),
    [
        ({"duration": 5}, {"num_frames": 120}),
        ({"duration": 5.0}, {"num_frames": 120}),
        ({"duration": "5"}, {"num_frames": 120}),
        ({"duration": "5s"}, {"num_frames": 120}),
        ({"duration": " 5 S "}, {"num_frames": 120}),
        ({"duration": None}, {"num_frames": 120}),
        ({"num_frames": "24.0", "duration": None}, {"num_frames": 24, "fps": 24}),
        ({"num_frames": 30, "fps": "15", "duration": None}, {"num_frames": 30, "fps": 15}),
        ({"num_frames": 48, "duration": 1}, {"num_frames": 24}),
        ({"resolution": "480p"}, {"width": 854, "height": 480}),
        ({"resolution": "768P"}, {"width": 1366, "height": 768}),
        ({"resolution": 720}, {"width": 1280, "height": 720}),
        ({"resolution": "720"}, {"width": 1280, "height": 720}),
        ({"resolution": "720.0"}, {"width": 1280, "height": 720}),
        ({"resolution": "1920x1080"}, {"width": 1920, "height": 1080}),
        ({"resolution": "512x512"}, {"width": 512, "height": 512}),
        ({"resolution": "9:16"}, {"width": 720, "height": 1280}),
        ({"resolution": "9:16", "aspect_ratio": "16:9"}, {"width": 1280, "height": 720}),
        ({"aspect_ratio": "9:16"}, {"width": 720, "height": 1280}),
        ({"aspect_ratio": "16:9", "resolution": "1080p"}, {"width": 1920, "height": 1080}),
        ({"aspect_ratio": "1280x720"}, {"width": 1280, "height": 720}),
        ({"aspect_ratio": "1280:720"}, {"width": 1280, "height": 720}),
        ({"aspect_ratio": "1920:1080"}, {"width": 1920, "height": 1080}),
        ({"aspect_ratio": "1:1"}, {"width": 1024, "height": 1024}),
        ({"portrait": True}, {"width": 720, "height": 1280}),
        ({"portrait": "yes"}, {"width": 720, "height": 1280}),
        ({"portrait": "no"}, {"width": 1280, "height": 720}),
        ({"portrait": 1}, {"width": 720, "height": 1280}),
        ({"size": "128x72"}, {"width": 128, "height": 72}),
        ({"width": "128", "height": 72.0}, {"width": 128, "height": 72}),
        ({"width": 128, "height": 72, "resolution": "1080p"}, {"width": 128, "height": 72}),
        ({"seed": "7"}, {"seed": 7}),
        ({"seed": 4294967295}, {"seed": 4294967295}),
        ({"output_type": "GIF"}, {"output_type": "gif"}),
        ({"output_type": ""}, {"output_type": "mp4"}),
        ({" seed ": 9}, {"seed": 9}),
        ({"track_id ": "t1"}, {"track_id": "t1"}),
        ({"track_id": 5}, {"track_id": 5}),
        ({"track_id": 1.5}, {"track_id": 1.5}),
        ({"negative_prompt": None}, {"negative_prompt": ""}),
        ({"webhook": ""}, {"webhook": None}),
        ({"shift_sample": 3, "unknown": {"deep": [1]}}, {"shift_sample": 3}),
        ({"guidance_scale": "lots"}, {"guidance_scale": "lots"}),
        ({"temp": False}, {"temp": "no"}),
    ],
)
async def test_v7_understands(shared: Client, body: dict[str, Any], effective: dict[str, Any]) -> None:
    answer = await shared.text({"width": None, "height": None, "duration": None, **body})
    assert answer.status_code == 200, answer.text
    meta = answer.json()["meta"]
    assert {name: meta.get(name) for name in effective} == effective
    assert [type(meta[name]) for name in effective] == [type(value) for value in effective.values()]


@pytest.mark.parametrize(
    ("body", "effective"),
    [
        ({}, {"model_id": "wan2.2", "width": 832, "height": 480, "fps": 16, "num_frames": 80}),
        ({"num_frames": 10_000}, {"num_frames": 161}),
        ({"num_frames": 0}, {"num_frames": 8}),
        ({"num_frames": 92, "fps": 18}, {"num_frames": 92, "fps": 18}),
        ({"fps": 10_000}, {"fps": 30}),
        ({"width": 512, "height": 512, "num_frames": 30, "fps": 8}, {"width": 512, "height": 512, "num_frames": 30}),
        ({"width": 640, "height": 470}, {"width": 640, "height": 480}),
        ({"width": 1}, {"width": 512, "height": 512}),
        ({"resolution": "512x512"}, {"width": 512, "height": 512}),
        ({"resolution": 480, "portrait": "yes"}, {"width": 480, "height": 832}),
        ({"resolution": 5}, {"height": 480}),
        ({"resolution": 9999}, {"height": 720}),
        ({"seed": 2**34 + 5}, {"seed": 5}),
        ({"duration": "15"}, {"num_frames": 128}),
        ({"upscale_guidance_scale": 12, "sample_shift": 99}, {"sample_shift": 99}),
        ({"generate_audio": True}, {"generate_audio": "yes"}),
        ({"output_type": "gif"}, {"output_type": "gif"}),
        ({"model_id": "previz", "resolution": 1}, {"height": 64}),
    ],
)
async def test_v6_pulls_numbers_into_range(shared: Client, body: dict[str, Any], effective: dict[str, Any]) -> None:
    answer = await shared.v6(body)
    assert answer.status_code == 200, answer.text
    meta = answer.json()["meta"]
    assert {name: meta.get(name) for name in effective} == effective


@pytest.mark.parametrize("seed", [-1, "-1", -1.0])
async def test_v6_takes_minus_one_for_a_random_seed(shared: Client, seed: Any) -> None:
    seeds = {(await shared.v6({"seed": seed})).json()["meta"]["seed"] for _ in range(2)}
    assert len(seeds) == 2


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"num_frames": "NaN"}, "num_frames"),
        ({"fps": -5}, "fps -5"),
        ({"width": "wide"}, "width"),
        ({"resolution": "huge"}, "resolution"),
        ({"num_frames": 10**40}, "num_frames"),
        ({"prompt": None}, "prompt is required"),
    ],
)
async def test_v6_still_names_what_makes_no_sense(shared: Client, body: dict[str, Any], told: str) -> None:
    answer = await shared.v6(body)
    assert answer.status_code == 400
    assert told in answer.json()["message"]
