"""Fetching: one id space behind both paths, and a foreign id that is like no id at all."""

import asyncio
from typing import Any

import pytest

from integration.modelslab.wire import REFUSED, TINY, V6, V7, Client

UNKNOWN = {"status": "failed", "id": "", "message": "Request not found", "output": ""}


async def test_a_clip_is_made_fetched_on_both_paths_and_downloaded_without_a_key(client: Client) -> None:
    live = client.server.live_key
    made = (await client.post(f"{V7}/text-to-video", TINY | {"track_id": 5}, key=live)).json()
    assert made["served_by"] == "previz"
    ended = await client.ended(made["id"], key=live)
    assert ended["status"] == "success"
    assert ended["id"] == made["id"]
    assert ended["output"] == ended["proxy_links"] == made["future_links"]
    assert "future_links" not in ended
    assert ended["generationTime"] > 0
    assert ended["track_id"] == 5
    assert ended["meta"] == made["meta"]
    assert (await client.post(f"{V6}/fetch/{made['id']}", key=live)).json() == ended
    clip = await client.http.get(ended["output"][0])
    assert clip.status_code == 200
    assert clip.headers["content-type"] == "video/mp4"
    assert clip.content[4:8] == b"ftyp"


async def test_what_is_under_way_says_processing_with_an_empty_output_and_an_estimate(client: Client) -> None:
    made = (await client.text({"prompt": "slow 9999 x"})).json()
    body = (await client.post(f"{V7}/fetch/{made['id']}")).json()
    assert body["status"] == "processing"
    assert body["id"] == made["id"]
    assert body["output"] == ""
    assert body["message"] == "try again later."
    assert body["eta"] >= 1
    assert body["preview"] is True


async def test_a_refused_generation_is_failed_with_its_reason_and_its_id(client: Client) -> None:
    made = (await client.text({"prompt": "refuse: too violent"})).json()
    body = await client.ended(made["id"])
    assert body["status"] == "failed"
    assert body["id"] == made["id"]
    assert body["message"] == "too violent"
    assert body["code"] == "provider_refused"
    assert body["output"] == ""


async def test_a_cancelled_generation_is_failed(client: Client) -> None:
    made = (await client.text({"prompt": "slow 9999 x"})).json()
    services = client.server.reelway.services
    caller = await _caller(client)
    g = await services.queries.get_by_number(caller, made["id"])
    assert g is not None
    await services.canceller.cancel(caller, g)
    body = await client.ended(made["id"])
    assert (body["status"], body["id"], body["code"]) == ("failed", made["id"], "cancelled")


async def test_somebody_elses_id_is_answered_exactly_like_no_id(client: Client) -> None:
    made = (await client.text()).json()
    other = client.server.other_key
    foreign = await client.post(f"{V7}/fetch/{made['id']}", key=other)
    unknown = await client.post(f"{V7}/fetch/999999", key=other)
    assert foreign.status_code == unknown.status_code == 200
    assert foreign.content == unknown.content
    assert set(foreign.headers) == set(unknown.headers)
    assert foreign.json() | UNKNOWN == foreign.json()


@pytest.mark.parametrize(
    "id", ["0", "-1", "abc", "1.5", "9" * 400, "%00", "%F0%9F%92%A9", "٣", "video_nope", " ", "9007199254740993"]
)
async def test_what_is_no_id_is_a_failed_request_too(client: Client, id: str) -> None:
    answer = await client.post(f"{V6}/fetch/{id}")
    assert answer.status_code == 200
    assert answer.json() | UNKNOWN == answer.json()


@pytest.mark.parametrize("path", [f"{V7}/fetch/", f"{V7}/fetch", f"{V6}/fetch/", f"{V6}/fetch"])
async def test_an_empty_id_is_a_failed_request(client: Client, path: str) -> None:
    """The CLI polls it for ever after a create that answered without an id."""
    answer = await client.post(path)
    assert answer.status_code == 200
    assert answer.json()["status"] == "failed"


async def test_fetch_works_by_get_with_an_empty_body_and_by_the_opaque_id(client: Client) -> None:
    made = (await client.text()).json()
    headers = {"key": client.server.test_key}
    by_number = await client.http.get(f"{V7}/fetch/{made['id']}", headers=headers)
    assert by_number.json()["id"] == made["id"]
    no_body = await client.http.post(f"{V7}/fetch/{made['id']}", headers=headers)
    assert no_body.json()["id"] == made["id"]
    g = await client.server.reelway.services.queries.get_by_number(await _caller(client), made["id"])
    assert g is not None
    assert (await client.http.get(f"{V7}/fetch/{g.id}", headers=headers)).json()["id"] == made["id"]


async def test_a_bad_key_is_a_401_on_fetch_too(client: Client) -> None:
    assert (await client.post(f"{V7}/fetch/1", key="nope")).status_code == 401


async def test_the_webhook_gets_modelslabs_body_with_the_track_id_as_it_was_typed(client: Client) -> None:
    got: list[Any] = []
    server = await asyncio.start_server(lambda r, w: _receive(r, w, got), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        hook = f"http://127.0.0.1:{port}/hook"
        made = (await client.text({"webhook": hook, "track_id": 12})).json()
        assert made["meta"]["webhook"] == hook
        for _ in range(200):
            if got:
                break
            await asyncio.sleep(0.05)
    assert b'"track_id":12' in got[0]
    assert b'"status":"failed"' in got[0]
    assert f'"id":{made["id"]}'.encode() in got[0]


async def test_what_the_openai_wire_created_can_be_fetched_here(client: Client) -> None:
    headers = {"authorization": f"Bearer {client.server.test_key}"}
    body = {"model": "previz", "prompt": "refuse: x", "size": "128x72", "seconds": "1"}
    made = await client.http.post("/v1/videos", json=body, headers=headers)
    assert made.status_code == 200, made.text
    g = await client.server.reelway.services.queries.get(await _caller(client), made.json()["id"])
    assert (await client.ended(g.number))["id"] == g.number


async def test_progress_and_who_says_so_are_in_a_processing_answer(client: Client) -> None:
    live = client.server.live_key
    body = REFUSED | {"prompt": "a red kite over the sea", "duration": 5}
    made = (await client.post(f"{V7}/text-to-video", body, key=live)).json()
    answer: dict[str, Any] = {"status": "processing"}
    while answer["status"] == "processing" and "progress" not in answer:
        answer = (await client.post(f"{V7}/fetch/{made['id']}", key=live)).json()
        await asyncio.sleep(0.02)
    assert answer["status"] == "processing"
    assert 0 <= answer["progress"] <= 100
    assert answer["progress_source"] == "previz"
    assert answer["eta"] >= 1


async def _caller(client: Client) -> Any:
    from reelway.accounts.keys import authenticate

    return await client.server.reelway.db.read(authenticate(client.server.test_key))


async def _receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, got: list[Any]) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    got.append(await reader.readexactly(length))
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    await writer.drain()
    writer.close()
