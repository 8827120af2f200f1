"""The requests that the measures send, in both dialects."""

import json

from bench.load import KEY_MARK

PROMPT = (
    "slow aerial shot over a futuristic city at dusk, rain on glass towers, neon signs reflected in wet streets, light"
    " traffic far below, camera drifting forward and slightly down, anamorphic lens, shallow haze, cinematic colour,"
    " gentle film grain, no people in the foreground, the sun just under the horizon"
)


def openai_body(prompt: str = PROMPT) -> str:
    """POST /v1/videos."""
    return json.dumps({"model": "instant", "prompt": prompt, "seconds": "1", "size": "64x64"})


def openai_headers(key: str, *, unique: bool = True) -> dict[str, str]:
    """With an Idempotency-Key of its own for each request."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    return headers | ({"Idempotency-Key": f"bench-{KEY_MARK}"} if unique else {})


def modelslab_body(key: str, prompt: str = PROMPT) -> str:
    """POST /api/v7/video-fusion/text-to-video: the key is in the body."""
    return json.dumps({"key": key, "model_id": "instant", "prompt": prompt, "duration": 1, "output_type": "mp4"})


def modelslab_headers(*, unique: bool = True) -> dict[str, str]:
    """As above."""
    return {"Content-Type": "application/json"} | ({"Idempotency-Key": f"bench-{KEY_MARK}"} if unique else {})
