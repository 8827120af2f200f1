"""The replica against the unmodified `fal-client` package, so that it cannot merely agree with our adapter."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import fal_client
import pytest
from fal_client import client as sdk

from replicas.fal import FalQueue
from replicas.replica import KEY, Trouble

SEEDANCE = "bytedance/seedance-2.0/mini/text-to-video"


@pytest.fixture(autouse=True)
def _queue_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package takes the queue's host from the environment, once, and always over TLS."""
    monkeypatch.setattr(sdk, "QUEUE_URL_FORMAT", sdk.QUEUE_URL_FORMAT)


@asynccontextmanager
async def talking(replica: FalQueue, key: str = KEY) -> AsyncIterator[fal_client.AsyncClient]:
    async with replica.serving():
        sdk.QUEUE_URL_FORMAT = f"{replica.url}/"
        client = fal_client.AsyncClient(key=key, default_timeout=10)
        try:
            yield client
        finally:
            await (await client._client).aclose()


async def test_the_life_of_a_request() -> None:
    replica = FalQueue()
    async with talking(replica) as client:
        handle = await client.submit(SEEDANCE, {"prompt": "a kite", "duration": "5"})
        seen = [await handle.status(with_logs=True) for _ in range(3)]
        assert [type(status) for status in seen] == [fal_client.Queued, fal_client.InProgress, fal_client.Completed]
        made = await handle.get()
        assert made["video"]["content_type"] == "video/mp4"
        # The package puts a job's address together as the server does.
        again = await client.get_handle(SEEDANCE, handle.request_id)
        assert (again.status_url, again.response_url, again.cancel_url) == (
            handle.status_url,
            handle.response_url,
            handle.cancel_url,
        )


async def test_a_webhook_is_asked_for_by_the_packages_own_word() -> None:
    replica = FalQueue()
    async with talking(replica) as client:
        url = "https://reelway.example/c?a=b&c=d"
        handle = await client.submit(SEEDANCE, {"prompt": "a kite"}, webhook_url=url)
        assert replica.callback_urls == {handle.request_id: url}


async def test_subscribe_ends() -> None:
    async with talking(FalQueue()) as client:
        made = await client.subscribe("minimax/h3/text-to-video", {"prompt": "a kite", "duration": 5}, interval=0.01)
        assert made["seed"] == 4711


async def test_durations_are_text_or_numbers_and_not_both() -> None:
    async with talking(FalQueue()) as client:
        for endpoint, duration in ((SEEDANCE, 5), ("minimax/h3/text-to-video", "5")):
            with pytest.raises(fal_client.FalClientHTTPError, match="duration"):
                await client.submit(endpoint, {"prompt": "a kite", "duration": duration})


async def test_a_job_that_failed_is_completed_and_its_result_an_error() -> None:
    replica = FalQueue()
    async with talking(replica) as client:
        handle = await client.submit(SEEDANCE, {"prompt": "a kite"})
        replica.force("COMPLETED")
        replica.error = {"error": "Runner disconnected", "error_type": "runner_disconnected"}
        replica.result = (500, {"detail": "Runner disconnected"}, {"x-fal-error-type": "runner_disconnected"})
        status = await handle.status()
        assert isinstance(status, fal_client.Completed)
        assert (status.error, status.error_type) == ("Runner disconnected", "runner_disconnected")
        with pytest.raises(fal_client.FalClientHTTPError) as caught:
            await handle.get()
        assert (caught.value.status_code, caught.value.error_type) == (500, "runner_disconnected")


async def test_cancel_takes_out_what_waits_and_only_tells_what_runs() -> None:
    replica = FalQueue()
    replica.looks = 10
    async with talking(replica) as client:
        waiting = await client.submit(SEEDANCE, {"prompt": "a kite"})
        await waiting.cancel()
        with pytest.raises(fal_client.FalClientHTTPError) as caught:
            await waiting.status()
        assert caught.value.status_code == 404
        running = await client.submit(SEEDANCE, {"prompt": "a kite"})
        await running.status()
        await running.cancel()
        assert isinstance(await running.status(), fal_client.InProgress)
        replica.force("COMPLETED")
        with pytest.raises(fal_client.FalClientHTTPError) as caught:
            await running.cancel()
        assert caught.value.status_code == 400


async def test_the_package_submits_again_after_a_lost_answer_and_doubles_the_job() -> None:
    """Which is what our adapter never does."""
    replica = FalQueue()
    async with talking(replica) as client:
        replica.trouble = Trouble.LOST_ANSWER
        await client.submit(SEEDANCE, {"prompt": "a kite"})
        assert len(replica.jobs) == 2


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (Trouble.REFUSED, 422),
        (Trouble.REJECTED, 422),
        (Trouble.CREDENTIALS, 401),
        (Trouble.FUNDS, 403),
        (Trouble.MODEL_GONE, 404),
        (Trouble.UNAVAILABLE, 503),
    ],
)
async def test_troubles(trouble: Trouble, status: int) -> None:
    replica = FalQueue()
    async with talking(replica) as client:
        replica.trouble = trouble
        with pytest.raises(fal_client.FalClientHTTPError) as caught:
            await client.submit(SEEDANCE, {"prompt": "a kite"})
        assert caught.value.status_code == status
        if trouble is Trouble.REFUSED:
            assert caught.value.message[0]["type"] == "content_policy_violation"


async def test_a_throttled_request_is_sent_again() -> None:
    replica = FalQueue()
    async with talking(replica) as client:
        replica.trouble = Trouble.THROTTLED
        await client.submit(SEEDANCE, {"prompt": "a kite"})
        assert len(replica.jobs) == 1


async def test_a_wrong_key_is_refused() -> None:
    async with talking(FalQueue(), key="wrong") as client:
        with pytest.raises(fal_client.FalClientHTTPError, match="Authentication"):
            await client.submit(SEEDANCE, {"prompt": "a kite"})
