"""The replica against the unmodified `replicate` package, so that it cannot merely agree with our adapter."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from replicate import Client
from replicate.exceptions import ReplicateError
from replicate.webhook import InvalidSignatureError, Webhooks

from replicas.replica import KEY, Trouble
from replicas.replicate import ReplicateApi

SEEDANCE = "bytedance/seedance-2.0"


@asynccontextmanager
async def talking(replica: ReplicateApi, key: str = KEY) -> AsyncIterator[Client]:
    async with replica.serving():
        client = Client(api_token=key, base_url=replica.url)
        try:
            yield client
        finally:
            await client._async_client.aclose()


async def test_the_life_of_a_prediction() -> None:
    replica = ReplicateApi()
    replica.looks = 3
    async with talking(replica) as client:
        made = await client.models.predictions.async_create(SEEDANCE, input={"prompt": "a kite", "duration": 5})
        assert (made.status, made.model) == ("starting", SEEDANCE)
        seen = []
        while made.status not in ("succeeded", "failed", "canceled"):
            await made.async_reload()
            seen.append((made.status, made.progress.percentage if made.progress else None))
        assert seen[:3] == [("starting", None), ("processing", 0.2), ("processing", 0.4)]
        assert made.output.endswith(".mp4")
        assert [one.id for one in (await client.predictions.async_list()).results] == [made.id]


async def test_a_picture_is_uploaded_and_named() -> None:
    replica = ReplicateApi()
    async with talking(replica) as client:
        sent = {"prompt": "a kite", "image": io.BytesIO(b"abc")}
        made = await client.models.predictions.async_create(SEEDANCE, input=sent)
        assert replica.uploads[made.input["image"]] == b"abc"


async def test_cancel_tells_whether_it_had_started() -> None:
    replica = ReplicateApi()
    replica.looks = 9
    async with talking(replica) as client:
        early = await client.models.predictions.async_create(SEEDANCE, input={"prompt": "a kite"})
        stopped = await client.predictions.async_cancel(early.id)
        assert (stopped.status, stopped.started_at) == ("canceled", None)
        late = await client.models.predictions.async_create(SEEDANCE, input={"prompt": "a kite"})
        await client.predictions.async_get(late.id)
        stopped = await client.predictions.async_cancel(late.id)
        assert stopped.status == "canceled"
        assert stopped.started_at


async def test_after_an_hour_nothing_is_left() -> None:
    replica = ReplicateApi()
    replica.looks = 0
    async with talking(replica) as client:
        made = await client.models.predictions.async_create(SEEDANCE, input={"prompt": "a kite"})
        replica.removed = True
        made = await client.predictions.async_get(made.id)
        assert (made.status, made.output, made.input) == ("succeeded", None, {})


async def test_a_webhook_is_one_that_the_package_takes_for_replicates_own() -> None:
    replica = ReplicateApi()
    replica.looks = 0
    async with talking(replica) as client:
        with pytest.raises(ReplicateError, match="HTTPS"):
            await client.models.predictions.async_create(
                SEEDANCE, input={"prompt": "a kite"}, webhook="http://a.example"
            )
        url = "https://reelway.example/c"
        made = await client.models.predictions.async_create(SEEDANCE, input={"prompt": "a kite"}, webhook=url)
        assert replica.callback_urls == {made.id: url}
        secret = await client.webhooks.default.async_secret()
        headers, body = replica.callback(made.id)
        Webhooks.validate(headers=headers, body=body.decode(), secret=secret, tolerance=300)
        with pytest.raises(InvalidSignatureError):
            Webhooks.validate(headers=headers, body=body.decode() + " ", secret=secret, tolerance=300)


async def test_a_model_is_there_or_not() -> None:
    async with talking(ReplicateApi()) as client:
        assert (await client.models.async_get(SEEDANCE)).name == "seedance-2.0"
        with pytest.raises(ReplicateError) as caught:
            await client.models.async_get("nobody/has-this")
        assert caught.value.status == 404


@pytest.mark.parametrize(
    ("trouble", "status", "title"),
    [
        (Trouble.REJECTED, 422, "Input validation failed"),
        (Trouble.CREDENTIALS, 401, "Unauthenticated"),
        (Trouble.FUNDS, 402, "Insufficient credit"),
        (Trouble.THROTTLED, 429, None),
        (Trouble.MODEL_GONE, 404, "Not found"),
        (Trouble.UNAVAILABLE, 503, None),
    ],
)
async def test_troubles(trouble: Trouble, status: int, title: str | None) -> None:
    replica = ReplicateApi()
    async with talking(replica) as client:
        replica.trouble = trouble
        with pytest.raises(ReplicateError) as caught:
            await client.models.predictions.async_create(SEEDANCE, input={"prompt": "a kite"})
        assert (caught.value.status, caught.value.title) == (status, title)


@pytest.mark.parametrize("sent", [{"prompt": "a kite", "duration": "5"}, {"prompt": "a kite", "size": "720p"}, {}])
async def test_a_wrong_input_is_named(sent: dict[str, str]) -> None:
    async with talking(ReplicateApi()) as client:
        with pytest.raises(ReplicateError, match=r"input\.(duration|size|prompt)"):
            await client.models.predictions.async_create(SEEDANCE, input=sent)


async def test_a_wrong_key_is_refused() -> None:
    async with talking(ReplicateApi(), key="wrong") as client:
        with pytest.raises(ReplicateError, match="authentication token"):
            await client.models.predictions.async_create(SEEDANCE, input={"prompt": "a kite"})
