"""The replica against the requests that Kling's own pages show; there is no client of Kling's to ask."""

import base64
import hashlib
import hmac
import io
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from PIL import Image

from replicas.kling import ACCESS_KEY, SECRET_KEY, Kling
from replicas.replica import KEY, Trouble

PROMPT = (
    "A girl sat on the train, looking out the window with a melancholic expression, her head swaying with the train."
)
TEXT = {
    "prompt": PROMPT,
    "settings": {"resolution": "4k", "aspect_ratio": "16:9", "duration": 15, "audio": "off", "multi_shot": True},
    "options": {
        "callback_url": "https://xxx/callback",
        "external_task_id": "",
        "watermark_info": {"enabled": False},
    },
}
FRAME = {
    "type": "first_frame",
    "url": "https://p2-kling.klingai.com/kcdn/cdn-kcdn112452/kling-tob-release_note/image_25.png",
}
PICTURE = {
    "contents": [{"type": "prompt", "text": PROMPT}, FRAME],
    "settings": {"resolution": "4k", "duration": 10, "audio": "off", "multi_shot": False},
    "options": {"callback_url": "https://xxx/callback", "external_task_id": "", "watermark_info": {"enabled": False}},
}


class Talk:
    """A client of one replica."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def __call__(self, method: str, path: str, body: Any = None, *, token: str = KEY) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self._session.request(method, path, json=body, headers=headers) as answer:
            return answer.status, await answer.json()


@asynccontextmanager
async def talking(replica: Kling) -> AsyncIterator[Talk]:
    async with replica.serving(), aiohttp.ClientSession(replica.url) as session:
        yield Talk(session)


def signed(secret: str = SECRET_KEY, *, issuer: str = ACCESS_KEY, since: int = -5, until: int = 86_400) -> str:
    """As the page on authentication shows it, but good for a day: parameters are made long before their test runs."""
    claims = {"iss": issuer, "exp": int(time.time()) + until, "nbf": int(time.time()) + since}
    parts = [
        base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in ({"alg": "HS256", "typ": "JWT"}, claims)
    ]
    made = hmac.new(secret.encode(), b".".join(parts), hashlib.sha256).digest()
    return b".".join([*parts, base64.urlsafe_b64encode(made).rstrip(b"=")]).decode()


async def test_the_life_of_a_task() -> None:
    replica = Kling()
    async with talking(replica) as talk:
        status, made = await talk("POST", "/text-to-video/kling-3.0", TEXT)
        assert (status, made["code"], made["data"]["status"]) == (200, 0, "submitted")
        id = made["data"]["id"]
        states = []
        while "succeeded" not in states:
            _, seen = await talk("GET", f"/tasks?task_ids={id}")
            states.append(seen["data"][0]["status"])
        assert states == ["processing", "succeeded"]
        (video,) = seen["data"][0]["outputs"]
        assert (video["type"], video["duration"]) == ("video", "15.04")
        assert seen["data"][0]["billing"][0]["charge_type"] == "cash"
        _, listed = await talk("POST", "/tasks", {"limit": 500})
        assert [task["id"] for task in listed["data"]["result"]] == [id]


async def test_a_batch_has_those_that_are_known() -> None:
    async with talking(Kling()) as talk:
        ids = []
        for name in ("a", "b"):
            options = {"external_task_id": name}
            ids.append(
                (await talk("POST", "/image-to-video/kling-3.0", PICTURE | {"options": options}))[1]["data"]["id"]
            )
        _, seen = await talk("GET", f"/tasks?task_ids={','.join(ids)},0")
        assert [task["id"] for task in seen["data"]] == ids
        _, seen = await talk("GET", "/tasks?external_task_ids=b,c")
        assert [task["external_id"] for task in seen["data"]] == ["b"]
        assert (await talk("GET", "/tasks?task_ids=1&external_task_ids=b"))[1]["code"] == 1201


@pytest.mark.parametrize("path", ["/omni-video/kling-o1", "/omni-video/kling-3.0-omni"])
async def test_omni_wants_a_ratio_without_a_frame(path: str) -> None:
    async with talking(Kling()) as talk:
        settings = {"resolution": "1080p", "duration": 5, "audio": "off"}
        assert (await talk("POST", path, {"contents": PICTURE["contents"], "settings": settings}))[0] == 200
        only_prompt = {"contents": PICTURE["contents"][:1], "settings": settings}
        assert (await talk("POST", path, only_prompt))[1]["code"] == 1201
        with_ratio = only_prompt | {"settings": settings | {"aspect_ratio": "9:16"}}
        assert (await talk("POST", path, with_ratio))[0] == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/text-to-video/kling-3.0", TEXT | {"settings": {"duration": "5"}}),
        ("/text-to-video/kling-3.0", TEXT | {"settings": {"seed": 1}}),
        ("/text-to-video/kling-3.0-turbo", TEXT | {"settings": {"audio": "native"}}),
        ("/text-to-video/kling-2.6", TEXT | {"settings": {"audio": "native", "resolution": "720p"}}),
        ("/image-to-video/kling-3.0", PICTURE | {"contents": PICTURE["contents"][:1]}),
        (
            "/image-to-video/kling-3.0",
            PICTURE | {"contents": [{"type": "first_frame", "url": "data:image/png;base64,AA=="}]},
        ),
        (
            "/image-to-video/kling-3.0-turbo",
            PICTURE | {"contents": [FRAME, FRAME | {"type": "last_frame"}], "settings": {}},
        ),
        ("/image-to-video/kling-2.6", PICTURE | {"contents": [FRAME, FRAME | {"type": "last_frame"}], "settings": {}}),
    ],
)
async def test_what_the_pages_rule_out_is_refused(path: str, body: Any) -> None:
    async with talking(Kling()) as talk:
        status, refused = await talk("POST", path, body)
        assert (status, refused["code"]) == (400, 1201)
        assert "data" not in refused


async def test_the_legacy_api_speaks_otherwise() -> None:
    async with talking(Kling()) as talk:
        asked = {"model_name": "kling-v3", "prompt": PROMPT, "mode": "pro", "duration": "5", "external_task_id": "x"}
        _, made = await talk("POST", "/v1/videos/text2video", asked)
        id = made["data"]["task_id"]
        await talk("GET", f"/v1/videos/text2video/{id}")
        _, seen = await talk("GET", "/v1/videos/image2video/x")
        assert (seen["data"]["task_status"], seen["data"]["task_info"]) == ("succeed", {"external_task_id": "x"})
        assert seen["data"]["task_result"]["videos"][0]["url"]
        assert (await talk("GET", "/v1/videos/text2video/0"))[0] == 404
        assert (await talk("POST", "/v1/videos/text2video", asked | {"duration": 5}))[1]["code"] == 1201


async def test_a_picture_is_plain_base64() -> None:
    file = io.BytesIO()
    Image.new("RGB", (640, 360), (30, 90, 200)).save(file, "PNG")
    plain = base64.b64encode(file.getvalue()).decode()
    async with talking(Kling()) as talk:
        asked = {"model_name": "kling-v3", "image": plain}
        assert (await talk("POST", "/v1/videos/image2video", asked))[0] == 200
        assert (await talk("POST", "/v1/videos/image2video", asked | {"image": "data:," + plain}))[0] == 400


@pytest.mark.parametrize(
    ("token", "code"),
    [
        (signed(), 0),
        (signed("SK-another"), 1002),
        (signed(issuer="AK-another"), 1002),
        (signed(since=86_400), 1003),
        (signed(until=-60), 1004),
        ("", 1001),
        (KEY, 0),
        ("sk-wrong", 1002),
    ],
)
async def test_the_legacy_api_takes_the_key_and_a_signed_pair(token: str, code: int) -> None:
    async with talking(Kling()) as talk:
        status, answer = await talk("GET", "/v1/videos/text2video", token=token)
        assert (status, answer["code"]) == (401 if code else 200, code)
        _, answer = await talk("POST", "/tasks", {}, token=token)
        assert answer["code"] == (0 if token == KEY else 1001 if not token else 1002)


async def test_an_external_id_is_taken_once_and_a_slot_until_the_end() -> None:
    replica = Kling()
    async with talking(replica) as talk:
        named = TEXT | {"options": {"external_task_id": "x"}}
        assert (await talk("POST", "/text-to-video/kling-3.0", named))[0] == 200
        assert (await talk("POST", "/text-to-video/kling-3.0", named))[1]["code"] == 1201
        replica.slots = 1
        assert (await talk("POST", "/text-to-video/kling-3.0", TEXT))[1]["code"] == 1303
        replica.force("failed")
        assert (await talk("POST", "/text-to-video/kling-3.0", TEXT))[0] == 200


@pytest.mark.parametrize(
    ("trouble", "status", "code"),
    [
        (Trouble.REFUSED, 400, 1301),
        (Trouble.REJECTED, 400, 1201),
        (Trouble.CREDENTIALS, 401, 1002),
        (Trouble.FUNDS, 429, 1102),
        (Trouble.THROTTLED, 429, 1303),
        (Trouble.MODEL_GONE, 404, 1203),
    ],
)
async def test_troubles(trouble: Trouble, status: int, code: int) -> None:
    replica = Kling()
    async with talking(replica) as talk:
        replica.trouble = trouble
        found, answer = await talk("POST", "/text-to-video/kling-3.0", TEXT)
        assert (found, answer["code"]) == (status, code)
        assert (await talk("POST", "/text-to-video/kling-3.0", TEXT))[0] == 200
