"""Retrieve, list, delete and download."""

import httpx2
import pytest

from harness import TINY
from integration.openai.watching import ended

REFUSED = TINY | {"prompt": "refuse: not rendered"}


async def made(client: httpx2.AsyncClient, count: int = 1) -> list[str]:
    return [(await client.post("/v1/videos", json=REFUSED)).json()["id"] for _ in range(count)]


async def test_somebody_elses_video_is_told_from_an_absent_one_by_nothing(
    sandbox: httpx2.AsyncClient, stranger: httpx2.AsyncClient
) -> None:
    [id] = await made(sandbox)
    absent = id[:-4] + "zzzz"
    for method, path in (
        ("GET", "/v1/videos/{}"),
        ("DELETE", "/v1/videos/{}"),
        ("GET", "/v1/videos/{}/content"),
        ("POST", "/v1/videos/{}/cancel"),
        ("GET", "/v1/videos/{}/events"),
    ):
        theirs, nobodys = [await stranger.request(method, path.format(i)) for i in (id, absent)]
        assert theirs.status_code == nobodys.status_code == 404
        assert theirs.text.replace(id, "") == nobodys.text.replace(absent, "")
    theirs, nobodys = [await stranger.get(f"/v1/videos?after={i}") for i in (id, absent)]
    assert theirs.status_code == nobodys.status_code == 400
    assert theirs.text.replace(id, "") == nobodys.text.replace(absent, "")


async def test_pages_hold_every_video_once_in_either_order(sandbox: httpx2.AsyncClient) -> None:
    ids = await made(sandbox, 5)
    for order, expected in (("asc", ids), ("desc", ids[::-1])):
        seen: list[str] = []
        query = {"limit": "2", "order": order}
        while True:
            page = (await sandbox.get("/v1/videos", params=query)).json()
            seen += [v["id"] for v in page["data"]]
            assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], page["data"][-1]["id"])
            if not page["has_more"]:
                break
            query["after"] = page["last_id"]
        assert seen == expected


async def test_who_deletes_page_by_page_can_go_on_after_a_deleted_one(sandbox: httpx2.AsyncClient) -> None:
    ids = await made(sandbox, 3)
    for id in ids:
        await ended(sandbox, id)
    assert (await sandbox.delete(f"/v1/videos/{ids[2]}")).status_code == 200
    page = (await sandbox.get("/v1/videos", params={"after": ids[2]})).json()
    assert [v["id"] for v in page["data"]] == [ids[1], ids[0]]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=-1", "order=up", "after=video_nope"])
async def test_a_page_that_cannot_be_is_a_400(sandbox: httpx2.AsyncClient, query: str) -> None:
    answer = await sandbox.get(f"/v1/videos?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == query.partition("=")[0]


async def test_an_empty_list_has_no_first_and_no_last(sandbox: httpx2.AsyncClient) -> None:
    expected = {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}
    assert (await sandbox.get("/v1/videos")).json() == expected


async def test_only_what_has_ended_can_be_deleted_and_then_it_is_gone(sandbox: httpx2.AsyncClient) -> None:
    slow = (await sandbox.post("/v1/videos", json=TINY | {"prompt": "slow 50"})).json()["id"]
    assert (await sandbox.delete(f"/v1/videos/{slow}")).status_code == 409
    [id] = await made(sandbox)
    await ended(sandbox, id)
    gone = await sandbox.delete(f"/v1/videos/{id}")
    assert gone.json() == {"id": id, "object": "video.deleted", "deleted": True}
    assert (await sandbox.get(f"/v1/videos/{id}")).status_code == 404
    assert (await sandbox.delete(f"/v1/videos/{id}")).status_code == 404
    assert id not in [v["id"] for v in (await sandbox.get("/v1/videos")).json()["data"]]


async def test_a_finished_video_has_three_files_and_parts_of_them(live: httpx2.AsyncClient) -> None:
    created = (await live.post("/v1/videos", json=TINY | {"track_id": 7})).json()
    early = await live.get(f"/v1/videos/{created['id']}/content")
    assert early.status_code == 400
    assert early.json()["error"]["code"] == "video_not_ready"
    video = await ended(live, created["id"])
    assert (video["status"], video["progress"], video["track_id"]) == ("completed", 100, 7)
    assert (video["size"], video["seconds"], video["charged_usd"]) == ("128x72", "1", "0.00")
    path = f"/v1/videos/{video['id']}/content"
    types = {"video": "video/mp4", "thumbnail": "image/webp", "spritesheet": "image/jpeg"}
    for variant, media_type in types.items():
        whole = await live.get(path, params={"variant": variant})
        assert whole.status_code == 200
        assert whole.headers["content-type"] == media_type
        head = await live.head(path, params={"variant": variant})
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(whole.content))
    clip = (await live.get(path)).content
    part = await live.get(path, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, clip[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(clip)}"
    assert (await live.get(path, headers={"range": f"bytes={len(clip)}-"})).status_code == 416
    again = await live.get(path, headers={"if-none-match": part.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert (await live.get(video["url"])).content == clip
    assert (await live.get(path, params={"variant": "poster"})).status_code == 400
    async with httpx2.AsyncClient(base_url=str(live.base_url)) as nobody:
        assert (await nobody.get(path)).status_code == 401
    await live.delete(f"/v1/videos/{video['id']}")
    assert (await live.get(path)).status_code == 404
    assert (await live.get(video["url"])).status_code == 404


async def test_the_content_of_a_failed_video_says_why_there_is_none(sandbox: httpx2.AsyncClient) -> None:
    [id] = await made(sandbox)
    video = await ended(sandbox, id)
    answer = await sandbox.get(f"/v1/videos/{id}/content")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == video["error"]["code"]


async def test_a_model_says_what_it_makes_and_costs_and_who_serves_it(
    live: httpx2.AsyncClient, sandbox: httpx2.AsyncClient
) -> None:
    listed = (await live.get("/v1/models")).json()["data"]
    assert {"id", "object", "created", "owned_by"} <= listed[0].keys()
    model = (await live.get("/v1/models/SORA-2-2025-12-08")).json()
    assert model in listed
    assert (model["id"], model["owned_by"], model["price"]["usd_per_s"]) == ("sora-2", "OpenAI", "0.10")
    assert (model["served_by"], model["preview"], model["free"]) == ("previz", True, True)
    assert (model["life"], model["successor"]) == ("retired", "veo-3.1")
    in_sandbox = (await sandbox.get("/v1/models/sora-2")).json()
    assert (in_sandbox["served_by"], in_sandbox["free"]) == ("sandbox", False)
    absent = await live.get("/v1/models/sora-9")
    assert absent.status_code == 404
    assert absent.json()["error"]["code"] == "model_not_found"
