"""POST /v1/videos, in every encoding a client may choose."""

import asyncio
import base64
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from harness import TINY, Running, make_key, serving
from integration.openai.watching import ended
from reelway.domain.money import Purse

KEYS_OF_OPENAI = {
    "id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at", "prompt", "size",
    "seconds", "remixed_from_video_id", "error",
}  # fmt: skip
REFUSED = TINY | {"prompt": "refuse: not rendered"}


def png(width: int = 128, height: int = 72) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), (200, 40, 30)).save(out, "PNG")
    return out.getvalue()


async def test_every_documented_key_is_there_from_the_first_answer_to_the_last(sandbox: httpx2.AsyncClient) -> None:
    created = await sandbox.post("/v1/videos", json=REFUSED)
    assert created.status_code == 200
    assert created.headers["openai-poll-after-ms"] == "1000"
    assert created.headers["reelway-served-by"] == "sandbox"
    video = created.json()
    assert video.keys() >= KEYS_OF_OPENAI
    assert (video["status"], video["progress"], video["error"]) == ("queued", 0, None)
    assert (video["size"], video["seconds"], video["object"]) == ("128x72", "1", "video")
    last = await ended(sandbox, video["id"])
    assert last.keys() == video.keys()
    assert last["status"] == "failed"
    assert last["error"]["message"]
    assert (last["url"], last["progress"]) == (None, 0)


async def test_a_form_and_json_ask_for_the_same(sandbox: httpx2.AsyncClient) -> None:
    fields = {k: str(v) for k, v in (REFUSED | {"seed": 7, "fps": 12, "generate_audio": "false"}).items()}
    by_json = (await sandbox.post("/v1/videos", json=fields)).json()
    by_form = (await sandbox.post("/v1/videos", files={k: (None, v) for k, v in fields.items()})).json()
    by_url = (await sandbox.post("/v1/videos", data=fields)).json()
    for name in ("model", "size", "seconds", "seed", "fps", "frames", "prompt"):
        assert by_json[name] == by_form[name] == by_url[name], name


@pytest.mark.parametrize("seconds", [1, "1", 1.0, "1.0"])
async def test_seconds_may_be_a_number_or_text(sandbox: httpx2.AsyncClient, seconds: Any) -> None:
    assert (await sandbox.post("/v1/videos", json=REFUSED | {"seconds": seconds})).json()["seconds"] == "1"


async def test_the_defaults_are_those_of_the_videos_api(sandbox: httpx2.AsyncClient) -> None:
    video = (await sandbox.post("/v1/videos", json={"prompt": "refuse: x"})).json()
    assert (video["model"], video["size"], video["seconds"]) == ("sora-2", "720x1280", "4")
    assert (video["preview"], video["price_usd"]) == (True, "0.40")
    assert "sora-2" in video["preview_notice"]


async def test_a_length_in_frames_need_not_be_whole_seconds(sandbox: httpx2.AsyncClient) -> None:
    frames = {"model": "previz", "prompt": "refuse: x", "size": "128x72", "num_frames": 30, "fps": 12}
    assert (await sandbox.post("/v1/videos", json=frames)).json()["seconds"] == "2.5"


@pytest.mark.parametrize(
    ("changes", "param", "code"),
    [
        ({"prompt": None}, "prompt", "missing_required_parameter"),
        ({"prompt": ""}, "prompt", "missing_required_parameter"),
        ({"prompt": "  "}, "prompt", "prompt_required"),
        ({"prompt": 7}, "prompt", "invalid_type"),
        ({"prompt": "x" * 32_001}, "prompt", "string_above_max_length"),
        ({"seconds": "three"}, "seconds", "invalid_value"),
        ({"seconds": True}, "seconds", "invalid_type"),
        ({"seconds": 999}, "seconds", "invalid_request"),
        ({"seconds": 1e300}, "seconds", "invalid_value"),
        ({"seconds": "1/3"}, "seconds", "invalid_value"),
        ({"size": "large"}, "size", "invalid_value"),
        ({"size": "1x1"}, "width", "invalid_request"),
        ({"size": ["128x72"]}, "size", "invalid_type"),
        ({"seed": -1}, "seed", "invalid_request"),
        ({"seed": 1e300}, "seed", "invalid_value"),
        ({"seed": 1.5}, "seed", "invalid_type"),
        ({"fps": 0}, "fps", "invalid_request"),
        ({"num_frames": 24}, "num_frames", "invalid_value"),
        ({"model": "nope"}, None, "model_not_found"),
        ({"model": {"a": 1}}, "model", "invalid_type"),
        ({"second": 1}, "second", "unknown_parameter"),
        ({"webhook_url": "ftp://x"}, "webhook_url", "invalid_request"),
        ({"track_id": [1]}, "track_id", "invalid_type"),
        ({"output_type": "avi"}, "output_type", "invalid_request"),
        (
            {"generate_audio": True, "model": "wan2.2", "size": "832x480", "seconds": "5"},
            "generate_audio",
            "invalid_request",
        ),
        ({"input_reference": "cat.png"}, "input_reference", "invalid_type"),
        ({"input_reference": {"image_url": "https://x/", "file_id": "f"}}, "input_reference", "invalid_request"),
        ({"input_reference": {"file_id": "file_1"}}, "input_reference", "unsupported_value"),
        ({"input_reference": {"image_url": 7}}, "input_reference.image_url", "invalid_type"),
        ({"input_reference": "data:image/png;base64,AAAA"}, "input_reference", None),
        ({"input_reference": "http://[broken"}, "input_reference", None),
        ({"end_image": "data:image/png;base64,AAAA"}, "end_image", "invalid_request"),
        ({"end_image": 7}, "end_image", "invalid_type"),
        ({"substitution": "some"}, "substitution", "invalid_request"),
        ({"policy": "nicest"}, "policy", "invalid_request"),
        ({"model": "auto:nicest"}, "policy", "invalid_request"),
        ({"input_reference": "http://10.0.0.1/x.png"}, "input_reference", None),
    ],
)
async def test_what_cannot_be_made_is_refused_by_name_and_nothing_is_held(
    sandbox: httpx2.AsyncClient, changes: dict[str, Any], param: str | None, code: str | None
) -> None:
    answer = await sandbox.post("/v1/videos", json=TINY | changes)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["param"] == param
    assert error["type"] == "invalid_request_error"
    if code is not None:
        assert error["code"] == code
    account = (await sandbox.get("/v1/account")).json()
    assert account["open_holds"] == []
    assert (await sandbox.get("/v1/videos")).json()["data"] == []


async def test_a_bare_string_gets_the_documented_words(sandbox: httpx2.AsyncClient) -> None:
    answer = await sandbox.post("/v1/videos", json=TINY | {"input_reference": "cat.png"})
    assert answer.json()["error"] == {
        "message": "Invalid type for 'input_reference': expected a file, but got a string instead.",
        "type": "invalid_request_error",
        "param": "input_reference",
        "code": "invalid_type",
    }


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'"x"', "text/plain"),
        (b"\xff\xfe", "application/json"),
        (b'{"prompt": "\\ud800"}', "application/json"),
        (b"nonsense", "multipart/form-data"),
        (b"nonsense", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n", "multipart/form-data; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1', "multipart/form-data; boundary=x; charset=zz"),
        (b"prompt=%ff&prompt=b", "application/x-www-form-urlencoded"),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_400(sandbox: httpx2.AsyncClient, body: bytes, content_type: str) -> None:
    answer = await sandbox.post("/v1/videos", content=body, headers={"content-type": content_type})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["message"]


async def test_a_body_over_the_cap_is_a_413(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "data", body_bytes_max=1024) as server,
        httpx2.AsyncClient(base_url=server.url, headers=server.headers()) as client,
    ):
        answer = await client.post("/v1/videos", json=TINY | {"negative_prompt": "x" * 2000})
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


async def test_a_first_frame_comes_as_a_file_a_data_url_or_an_object(sandbox: httpx2.AsyncClient) -> None:
    url = "data:image/png;base64," + base64.b64encode(png()).decode()
    ways = [
        await sandbox.post("/v1/videos", json=REFUSED | {"input_reference": url}),
        await sandbox.post("/v1/videos", json=REFUSED | {"input_reference": {"image_url": url}}),
        await sandbox.post("/v1/videos", data=REFUSED, files={"input_reference": ("a.png", png(), "image/png")}),
        await sandbox.post("/v1/videos", files={k: (None, v) for k, v in REFUSED.items()} | {
            "input_reference[image_url]": (None, url)}),
    ]  # fmt: skip
    for answer in ways:
        assert answer.status_code == 200, answer.text


async def test_an_end_frame_comes_beside_a_first_one(sandbox: httpx2.AsyncClient) -> None:
    url = "data:image/png;base64," + base64.b64encode(png()).decode()
    words = {"prompt": "refuse: x"}
    two_frames = {"input_reference": url, "end_image": url}
    taken = await sandbox.post("/v1/videos", json=words | two_frames | {"model": "kling-v3-i2v"})
    assert taken.status_code == 200, taken.text
    files = {name: ("a.png", png(), "image/png") for name in two_frames}
    taken = await sandbox.post("/v1/videos", data=words | {"model": "kling-v3-i2v"}, files=files)
    assert taken.status_code == 200, taken.text
    refused = await sandbox.post("/v1/videos", json=words | two_frames | {"model": "sora-2"})
    assert refused.status_code == 400
    assert "not a start and an end frame" in refused.json()["error"]["message"]


async def test_the_same_key_and_request_is_answered_word_for_word_and_paid_once(sandbox: httpx2.AsyncClient) -> None:
    headers = {"idempotency-key": "order-1"}
    body = {"prompt": "refuse: x", "model": "sora-2"}
    first, again = await asyncio.gather(*(sandbox.post("/v1/videos", json=body, headers=headers) for _ in range(2)))
    assert first.content == again.content
    assert sorted("idempotent-replayed" in r.headers for r in (first, again)) == [False, True]
    other = await sandbox.post("/v1/videos", json=body | {"seconds": 8}, headers=headers)
    assert other.status_code == 409
    assert len((await sandbox.get("/v1/videos")).json()["data"]) == 1


async def test_two_equal_forms_are_the_same_request_whatever_their_boundary(sandbox: httpx2.AsyncClient) -> None:
    def send() -> Any:
        files = {"input_reference": ("a.png", png(), "image/png")}
        return sandbox.post("/v1/videos", data=REFUSED, files=files, headers={"idempotency-key": "form-1"})

    first, again = await send(), await send()
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    files = {"input_reference": ("a.png", png(64, 64), "image/png")}
    other = await sandbox.post("/v1/videos", data=REFUSED, files=files, headers={"idempotency-key": "form-1"})
    assert other.status_code == 409


async def test_a_retired_model_without_a_route_names_its_successor(tmp_path: Path) -> None:
    async with (
        serving(tmp_path / "data", previz_off=("*",)) as server,
        httpx2.AsyncClient(base_url=server.url, headers=server.headers()) as client,
    ):
        answer = await client.post("/v1/videos", json={"prompt": "x", "model": "sora-2"})
        assert answer.status_code == 410
        assert answer.json()["error"]["successor"] == "veo-3.1"
        assert "sora-2" not in [m["id"] for m in (await client.get("/v1/models")).json()["data"]]
        assert (await client.get("/v1/models/sora-2")).json()["served_by"] is None


async def test_more_than_there_is_cannot_be_held(running: Running) -> None:
    key = await make_key(running.reelway, "poor", Purse.TEST, {Purse.TEST: 100_000})
    async with httpx2.AsyncClient(base_url=running.url, headers=running.headers(key)) as client:
        answer = await client.post("/v1/videos", json={"prompt": "x", "model": "sora-2"})
        assert answer.status_code == 402
        assert answer.json()["error"]["code"] == "insufficient_credits"
        assert (await client.get("/v1/videos")).json()["data"] == []
