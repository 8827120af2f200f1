"""No body whatsoever makes a 500."""

import json

import pytest

from integration.modelslab.wire import REFUSED, V6, V7, Client

pytestmark = pytest.mark.asyncio(loop_scope="module")
TEXT_TO_VIDEO = f"{V7}/text-to-video"


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "application/x-www-form-urlencoded", "x", ""])
async def test_json_is_json_whatever_the_content_type_says(shared: Client, media_type: str) -> None:
    body = b"\xef\xbb\xbf " + json.dumps(REFUSED | {"key": shared.server.test_key}).encode()
    answer = await shared.http.post(TEXT_TO_VIDEO, content=body, headers={"content-type": media_type})
    assert answer.status_code == 200, answer.text


async def test_a_form_is_read_like_json(shared: Client) -> None:
    form = {name: str(value) for name, value in REFUSED.items()} | {"key": shared.server.test_key}
    answer = await shared.http.post(TEXT_TO_VIDEO, data=form)
    assert answer.status_code == 200, answer.text
    assert answer.json()["meta"]["width"] == 128


async def test_a_chunked_body_is_read(shared: Client) -> None:
    """The CLI repeats a request with chunks."""

    async def chunks():  # type: ignore[no-untyped-def]
        for byte in json.dumps(REFUSED | {"key": shared.server.test_key}).encode():
            yield bytes([byte])

    answer = await shared.http.post(TEXT_TO_VIDEO, content=chunks())
    assert answer.status_code == 200, answer.text


HOSTILE = [
    b"{",
    b"[]",
    b"null",
    b"5",
    b'"text"',
    b"\xff\xfe",
    b'{"prompt": "\\ud800"}',
    b'{"prompt": NaN}',
    b'{"duration": Infinity}',
    b'{"duration": 1e999}',
    b"[" * 100_000,
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b'{"prompt": "\\u0000", "model_id": "\\u0000"}',
    b'{"model_id": "previz", "prompt": "refuse: \\u0000", "seed": 123456789012345678901234567890}',
    b'{"model_id": "previz", "prompt": "refuse: a", "unknown": 123456789012345678901234567890}',
    b'{"model_id": "previz", "prompt": "refuse: a", "track_id": 18446744073709551616}',
    b'{"model_id": "previz", "prompt": "refuse: a", "prompt": "refuse: b"}',
    b'{"key": 5}',
    b'{"key": ["x"]}',
    b'{"key": null}',
    b'{"": 1, " ": 2}',
    b'{"model_id": "' + b"a" * 1_000_000 + b'", "prompt": "x"}',
    b'{"model_id": "previz", "prompt": "refuse: x", "aspect_ratio": "99999:1"}',
    b'{"model_id": "previz", "prompt": "refuse: x", "width": 99999999999, "height": 2}',
    b'{"model_id": "previz", "prompt": "refuse: x", "duration": "9999999999999999999999"}',
    b'{"model_id": "previz", "prompt": "refuse: x", "duration": 0.1000000000000000055}',
    b'{"model_id": "previz", "prompt": "refuse: x", "webhook": "http://[::1"}',
    b'{"model_id": "previz", "prompt": "refuse: x", "webhook": "http://x:99999/"}',
    '{"model_id": "previz", "prompt": "refuse: x", "duration": "\u0665"}'.encode(),
    '{"model_id": "previz", "prompt": "refuse: x", "init_image": "ü"}'.encode(),
    b"{" + b",".join(b'"f%d": "x"' % i for i in range(5000)) + b', "model_id": "previz", "prompt": "refuse: x"}',
]


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
async def test_no_json_makes_a_500(shared: Client, body: bytes) -> None:
    headers = {"authorization": f"Bearer {shared.server.test_key}"}
    for path in (
        TEXT_TO_VIDEO,
        f"{V7}/image-to-video",
        f"{V6}/text2video",
        f"{V6}/fetch/1",
        "/api/v6/assets_generated",
    ):
        answer = await shared.http.post(path, content=body, headers=headers)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            assert isinstance(answer.json()["message"], str)


PART = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("multipart/form-data", b"--b"),
        ("multipart/form-data; boundary=b", b"nothing"),
        ("multipart/form-data; boundary=b", b"--b\r\nX: y\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data; boundary=b", PART % (b"prompt", b"\xff\xfe") + b"--b--\r\n"),
        ("multipart/form-data; boundary=b", PART % (b"a", b"x") * 500 + b"--b--\r\n"),
        ("multipart/form-data; boundary=b; charset=undefined", PART % (b"prompt", b"x") + b"--b--\r\n"),
        (
            "multipart/form-data; boundary=b; charset=raw_unicode_escape",
            PART % (b"prompt", b"\\ud800") + PART % (b"model_id", b"\\udfff") + b"--b--\r\n",
        ),
        ("multipart/form-data; boundary=" + "b" * 500, b"--b"),
        ("application/x-www-form-urlencoded", b"a=%ff%00&model_id=%ed%a0%80&prompt=%00"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=1" for _ in range(1000))),
    ],
)
async def test_no_form_makes_a_500(shared: Client, media_type: str, body: bytes) -> None:
    headers = {"authorization": f"Bearer {shared.server.test_key}", "content-type": media_type}
    answer = await shared.http.post(TEXT_TO_VIDEO, content=body, headers=headers)
    assert answer.status_code in (400, 413), answer.text
    assert isinstance(answer.json()["message"], str)


async def test_an_unreadable_body_gets_the_documented_words_and_a_tip(shared: Client) -> None:
    answer = await shared.http.post(TEXT_TO_VIDEO, content=b"{", headers={"key": shared.server.test_key})
    assert answer.json()["message"] == "Invalid API Request"
    assert "Content-Type: application/json" in answer.json()["tip"]


@pytest.mark.parametrize(("name", "value"), [("idempotency-key", b"\xff\xe9"), ("host", b"["), ("host", b"")])
async def test_no_header_makes_a_500(shared: Client, name: str, value: bytes) -> None:
    answer = await shared.text(headers={name.encode(): value})
    assert answer.status_code in (200, 400), answer.text
