"""What is sent to Gemini Omni, and its odd answers."""

import base64
import io
import time
from dataclasses import replace
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from builders import a_spec
from reelway.domain.generation import Asset, Mode, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.outbound import Reply
from reelway.providers.base import Callback, Done, Failed, NotStopped, Order, Serves, Stopped, Waiting
from reelway.providers.gemini_omni import _classify
from replicas.case import adapter, stored
from replicas.gemini_omni import GeminiOmni
from replicas.replica import KEY

SPEC = a_spec(width=1280, height=720, fps=24, frames=96, seed=7)


def order(**changes: Any) -> Order:
    return Order(key="gen:1", spec=replace(SPEC, **changes), upstream_model="gemini-omni-1.1-flash")


def table(replica: GeminiOmni, **more: Any) -> dict[str, Any]:
    return {"base_url": f"{replica.url}/v1beta", "key": KEY} | more


def asset(role: Role, data: bytes = b"") -> Asset:
    return Asset(role=role, key="in", media_type="image/png", width=640, height=480, size_bytes=len(data))


async def sent(what: Order, files: dict[str, bytes] | None = None, **more: Any) -> dict[str, Any]:
    async with GeminiOmni().serving() as replica, adapter("gemini_omni", table(replica, **more), files=files) as made:
        await made.submit(what)
        body: dict[str, Any] = orjson.loads(replica.seen[0].body)
        return body


async def test_words_become_an_interaction_with_a_file_to_fetch() -> None:
    assert await sent(order(negative_prompt="blur")) == {
        "model": "gemini-omni-1.1-flash",
        "input": [{"type": "text", "text": "a red kite"}],
        "response_format": {
            "type": "video",
            "delivery": "uri",
            "aspect_ratio": "16:9",
            "resolution": "720p",
            "duration": "4s",
        },
        "generation_config": {"video_config": {"task": "text_to_video"}},
    }


async def test_the_background_needs_the_interaction_stored() -> None:
    body = await sent(order(), background=True)
    assert (body["background"], body["store"]) == (True, True)


@pytest.mark.parametrize(
    ("width", "height", "ratio", "resolution"),
    [
        (640, 360, "16:9", "360p"),
        (720, 1280, "9:16", "720p"),
        (1920, 1080, "16:9", "1080p"),
        (2160, 3840, "9:16", "4k"),
    ],
)
async def test_sizes_are_a_ratio_and_a_resolution(width: int, height: int, ratio: str, resolution: str) -> None:
    made = (await sent(order(width=width, height=height)))["response_format"]
    assert (made["aspect_ratio"], made["resolution"]) == (ratio, resolution)


async def test_a_first_frame_goes_along_in_the_clips_size() -> None:
    file = io.BytesIO()
    Image.new("RGB", (640, 480), (30, 90, 200)).save(file, "PNG")
    first = asset(Role.FIRST_FRAME, file.getvalue())
    body = await sent(order(mode=Mode.IMAGE_TO_VIDEO, assets=(first,)), {"in": file.getvalue()})
    assert body["generation_config"]["video_config"]["task"] == "image_to_video"
    picture, words = body["input"]
    assert Image.open(io.BytesIO(base64.b64decode(picture["data"]))).size == (1280, 720)
    assert (picture["type"], picture["mime_type"], words["type"]) == ("image", "image/png", "text")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 1280, "height": 1280}, "only 16:9, 9:16 are made there; 1280x1280"),
        ({"width": 1024, "height": 576}, "only 360p, 720p, 1080p, 4k are made there; 1024x576"),
        ({"frames": 97}, r"whole seconds are made there; 4\.04167 s"),
        ({"assets": (asset(Role.LAST_FRAME),)}, "first frame and no other"),
        ({"assets": (asset(Role.SOURCE_VIDEO),)}, "first frame and no other"),
        ({"assets": (asset(Role.FIRST_FRAME),)}, "gone from storage"),
    ],
)
async def test_what_it_cannot_make_is_refused_before_anything_is_sent(changes: dict[str, Any], message: str) -> None:
    async with GeminiOmni().serving() as replica, adapter("gemini_omni", table(replica)) as made:
        with pytest.raises(ProviderError, match=message) as caught:
            await made.submit(order(**changes))
        assert caught.value.fault is ProviderFault.REJECTED
        assert replica.seen == []


async def test_what_was_made_is_told_and_the_clip_is_fetched_from_our_address() -> None:
    async with GeminiOmni().serving() as replica, adapter("gemini_omni", table(replica)) as made:
        replica.looks = 1
        done = await made.poll(stored(await made.submit(order(negative_prompt="blur"))))
        assert isinstance(done, Done)
        effective = {"model": "gemini-omni-1.1-flash", "video_tokens": 4 * 5792}
        assert done.meta == {"effective": effective, "left_out": ["negative_prompt"]}
        (job,) = replica.jobs.values()
        assert done.url == f"{replica.url}/v1beta/files/{job.about['file']}:download?alt=media"
        assert done.cost_microusd is None
        assert done.headers == (("x-goog-api-key", KEY),)


async def test_a_clip_within_its_order_is_not_asked_for_again() -> None:
    """A look at an interaction may fail for ever although its clip is there."""
    async with GeminiOmni().serving() as replica, adapter("gemini_omni", table(replica)) as made:
        replica.lost, replica.looks = True, 1
        assert isinstance(await made.poll(stored(await made.submit(order()))), Done)


async def test_a_403_means_that_it_is_still_at_work() -> None:
    async with GeminiOmni().serving() as replica, adapter("gemini_omni", table(replica, background=True)) as made:
        replica.hidden_looks = 1
        handle = await made.submit(order())
        assert await made.poll(handle) == Waiting(started=True)
        assert isinstance(await made.poll(handle), Done)


async def test_a_job_that_google_has_lost_is_looked_for_again_and_then_given_up() -> None:
    """Two of five were, elsewhere: 400 from then on. It is not our request that is malformed."""
    async with GeminiOmni().serving() as replica, adapter("gemini_omni", table(replica, background=True)) as made:
        replica.lost = True
        handle = await made.submit(order())
        with pytest.raises(ProviderError, match="invalid argument") as caught:
            await made.poll(handle)
        assert (caught.value.fault, caught.value.retryable) == (ProviderFault.UNREADABLE, True)


async def test_a_model_that_answers_with_words_has_declined() -> None:
    async with GeminiOmni().serving() as replica, adapter("gemini_omni", table(replica)) as made:
        replica.says = "I cannot make a clip of that."
        progress = await made.poll(await made.submit(order()))
        assert progress == Failed(fault=ProviderFault.REFUSED, message=replica.says)


@pytest.mark.parametrize(
    ("code", "message", "fault"),
    [
        ("PROHIBITED_CONTENT", "The output was blocked.", ProviderFault.REFUSED),
        ("internal", "The output violates our usage guidelines.", ProviderFault.REFUSED),
        ("internal", "An internal error has occurred.", ProviderFault.UNAVAILABLE),
    ],
)
@pytest.mark.parametrize("background", [False, True])
async def test_a_job_that_fails_late_says_why(background: bool, code: str, message: str, fault: ProviderFault) -> None:
    async with (
        GeminiOmni().serving() as replica,
        adapter("gemini_omni", table(replica, background=background)) as made,
    ):
        replica.errors = [{"code": code, "message": message}]
        handle = await made.submit(order())
        replica.force("failed")
        assert await made.poll(stored(handle)) == Failed(fault=fault, message=f"{message} ({code})")


async def test_a_cancel_that_google_refuses_stops_nothing() -> None:
    async with GeminiOmni().serving() as replica, adapter("gemini_omni", table(replica, background=True)) as made:
        replica.looks = 9
        handle = await made.submit(order())
        replica.no_cancel = True
        assert isinstance(await made.cancel(handle), NotStopped)
        replica.no_cancel = False
        assert await made.cancel(handle) == Stopped()
        assert isinstance(await made.cancel(handle), NotStopped)


async def test_a_clip_that_google_no_longer_keeps_is_not_found() -> None:
    """Answered 403, after 48 hours."""
    async with GeminiOmni().serving() as replica, adapter("gemini_omni", table(replica)) as made:
        handle = await made.submit(order())
        replica.restart()
        with pytest.raises(ProviderError, match="may not exist") as caught:
            await made.poll(handle)
        assert caught.value.fault is ProviderFault.NOT_FOUND


# -- calls from Google -----------------------------------------------------------------------

CALLBACK = "https://reelway.example/callbacks/gemini_omni/video_1/0123456789abcdef"


def arrives(replica: GeminiOmni, *, later_s: int = 0) -> Callback:
    headers, body = replica.callback("v1_0")
    lower = {name.lower(): value for name, value in headers.items()}
    return Callback(url=CALLBACK, headers=lower, body=body, now_ms=int((time.time() + later_s) * 1000))


def keys_fetched(replica: GeminiOmni) -> int:
    return len([seen for seen in replica.seen if seen.path == "/.well-known/jwks.json"])


async def test_only_the_background_calls_and_only_over_https() -> None:
    """Google takes `webhook_config` with `background` alone, and delivers to nothing but HTTPS."""
    asked = replace(order(), callback_url=CALLBACK)
    assert (await sent(asked, background=True))["webhook_config"] == {"uris": [CALLBACK]}
    assert "webhook_config" not in await sent(asked)
    plain = replace(asked, callback_url="http://reelway.example/callbacks")
    assert "webhook_config" not in await sent(plain, background=True)


async def test_googles_keys_are_asked_for_once_and_never_with_ours() -> None:
    async with GeminiOmni().serving() as replica, adapter("gemini_omni", table(replica)) as made:
        assert [await made.genuine(arrives(replica)) for _ in range(3)] == [True] * 3
        assert keys_fetched(replica) == 1
        assert "x-goog-api-key" not in replica.seen[0].headers


async def test_a_new_key_of_googles_is_found() -> None:
    async with GeminiOmni().serving() as replica, adapter("gemini_omni", table(replica)) as made:
        assert await made.genuine(arrives(replica))
        replica.signing_keys.append(Ed25519PrivateKey.generate())
        assert not await made.genuine(arrives(replica)), "its keys were asked for a moment ago"
        assert keys_fetched(replica) == 1
        assert await made.genuine(arrives(replica, later_s=61))
        assert keys_fetched(replica) == 2


@pytest.mark.parametrize("sort", ["v1,", "", "a.b.c"])
async def test_another_sort_of_signature_is_not_googles(sort: str) -> None:
    """A token, as Google's page has it, or the shared secret of a static webhook, says nothing of this call."""
    async with GeminiOmni().serving() as replica, adapter("gemini_omni", table(replica)) as made:
        good = arrives(replica)
        signature = sort + good.headers["webhook-signature"].removeprefix("v1a,")
        assert not await made.genuine(replace(good, headers=good.headers | {"webhook-signature": signature}))
        two = f"v1a,{base64.b64encode(bytes(64)).decode()} {good.headers['webhook-signature']}"
        assert await made.genuine(replace(good, headers=good.headers | {"webhook-signature": two}))


async def test_keys_that_cannot_be_had_are_no_forgery() -> None:
    """Google calls again for a day; a refusal would have to be final."""
    async with GeminiOmni().serving() as replica, adapter("gemini_omni", table(replica)) as made:
        call = arrives(replica)
        replica.signing_keys.clear()
        assert not await made.genuine(call)
    async with adapter("gemini_omni", table(replica)) as made:
        with pytest.raises(ProviderError) as caught:
            await made.genuine(call)
        assert caught.value.fault is ProviderFault.UNAVAILABLE


async def test_a_probe_asks_for_the_model_alone() -> None:
    async with GeminiOmni().serving() as replica, adapter("gemini_omni", table(replica)) as made:
        assert await made.probe("gemini-omni-1.1-flash") == Serves()
        assert [seen.path for seen in replica.seen] == ["/v1beta/models/gemini-omni-1.1-flash"]


def said(http_status: int, message: str, **more: Any) -> ProviderError | None:
    error = {"message": message} | more
    return _classify(Reply(status=http_status, headers={"retry-after": "5"}, body=orjson.dumps({"error": error})))


def test_an_empty_account_is_not_a_quota() -> None:
    quota = said(429, "You exceeded your current quota, please check your plan and billing details.")
    assert quota is not None
    assert (quota.fault, quota.retry_after_s) == (ProviderFault.THROTTLED, 5.0)
    for empty in (
        said(429, "Quota exceeded for metric: free_tier_requests, limit: 0"),
        said(429, "Your prepayment credits are depleted."),
        said(403, "This API requires billing to be enabled."),
        said(400, "Please enable billing on the project.", status="FAILED_PRECONDITION"),
    ):
        assert empty is not None
        assert empty.fault is ProviderFault.FUNDS
