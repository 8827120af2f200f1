"""Random requests against a running server: whatever comes, never a 500, and money stays where it was."""

import random
from typing import Any

import pytest

from integration.modelslab.wire import V6, V7, Client

pytestmark = pytest.mark.asyncio(loop_scope="module")

PATHS = (
    f"{V7}/text-to-video",
    f"{V7}/image-to-video",
    f"{V7}/video-to-video",
    f"{V6}/text2video",
    f"{V6}/img2video_ultra",
    f"{V6}/fetch/1",
    "/api/v6/assets_generated",
    "/api/wallet_balance",
)
NAMES = (
    *("model_id", "prompt", "negative_prompt", "duration", "num_frames", "fps", "width", "height", "resolution"),
    *("aspect_ratio", "portrait", "seed", "output_type", "init_image", "init_video", "webhook", "track_id", "size"),
    *("page", "per_page", "type", "key", "generate_audio", "track_id ", "\u0000"),
)
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 5, 24, 128, 2**31, 2**63, 1e30, 0.5, -0.0, "", " ", "5", "5s", "-1", "NaN", "yes"),
    *("previz", "sora-2", "wan2.2", "refuse: x", "720p", "16:9", "0:0", "1x99999", "mp4", "gif", "video", "\u0000"),
    *("http://[", "http://169.254.169.254/", "data:,", "data:image/png;base64,AAAA", "QUJD", "\U0001f4a9" * 300),
    *([], {}, [None], ["a", 5], {"a": {"b": [1]}}, ["data:,"] * 3),
)


@pytest.mark.parametrize("seed", range(4))
async def test_no_random_request_makes_a_500(shared: Client, seed: int) -> None:
    rng = random.Random(seed)
    headers = {"authorization": f"Bearer {shared.server.test_key}"}
    for _ in range(250):
        path = rng.choice(PATHS)
        body = {name: rng.choice(VALUES) for name in rng.sample(NAMES, rng.randint(0, 6))}
        if rng.random() < 0.7:
            body |= {"prompt": "refuse: x", "model_id": "previz"}
        answer = await shared.http.post(path, json=body, headers=headers)
        assert answer.status_code < 500, (path, body, answer.text)
        assert answer.json()["status"] in ("processing", "success", "failed", "error")
