"""What a client does with an OpenAI video API, from the first request to the last byte: `python -m bench.journey`.

JSON in: {"port", "headers", "body", "jobs", "at_once"}; each job is created, asked about every tenth of a second until
it is completed, and downloaded. Jobs a second and the median seconds of one out.
"""

import asyncio
import json
import sys
import time
from statistics import median
from typing import Any

import aiohttp
import uvloop

_LOOK_S = 0.1
_JOB_S = 120.0


async def drive(port: int, headers: dict[str, str], body: str, jobs: int, at_once: int) -> dict[str, float]:
    """Raises RuntimeError for an answer that is not 200, or a job that does not end well."""
    url = f"http://127.0.0.1:{port}/v1/videos"
    places, took = asyncio.Semaphore(at_once), list[float]()

    async def ask(http: aiohttp.ClientSession, method: str, url: str, **more: Any) -> bytes:
        async with http.request(method, url, headers=headers, **more) as answer:
            content = await answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{method} {url}: {answer.status} {content[:300]!r}")
            return content

    async def job(http: aiohttp.ClientSession) -> None:
        async with places, asyncio.timeout(_JOB_S):
            started = time.perf_counter()
            video = json.loads(await ask(http, "POST", url, data=body))
            id = video["id"]
            while video["status"] != "completed":
                if video["status"] not in ("queued", "in_progress"):
                    raise RuntimeError(f"{id} is {video['status']}: {video}")
                await asyncio.sleep(_LOOK_S)
                video = json.loads(await ask(http, "GET", f"{url}/{id}"))
            await ask(http, "GET", f"{url}/{id}/content")
            took.append(time.perf_counter() - started)

    async with aiohttp.ClientSession() as http:
        started = time.perf_counter()
        await asyncio.gather(*(job(http) for _ in range(jobs)))
        return {"per_s": jobs / (time.perf_counter() - started), "job_s": median(took)}


def main() -> None:
    """JSON in, JSON out."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(drive(**json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
