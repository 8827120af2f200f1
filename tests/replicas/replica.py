"""What every replica of a provider shares: it writes down what it is sent, and gets into the trouble it is told to.

A replica is a small server that behaves as the provider's own documents say. Two hosts: the API, and one for files,
so that a key that leaks from the one to the other is seen.
"""

import asyncio
import io
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

import av
import numpy as np
from aiohttp import StreamReader, web

KEY = "sk-replica-0123456789abcdef"


class Trouble(StrEnum):
    """What becomes of the next create. The first six look different at every provider; a replica writes them."""

    REFUSED = "refused"  # content policy
    REJECTED = "rejected"  # malformed
    CREDENTIALS = "credentials"
    FUNDS = "funds"
    THROTTLED = "throttled"  # with a time to wait of 7 seconds
    MODEL_GONE = "model_gone"
    UNAVAILABLE = "unavailable"  # 503: no job
    BROKEN = "broken"  # 500: nobody knows
    LOST_ANSWER = "lost_answer"  # the job is made, the connection breaks
    NOT_JSON = "not_json"  # a page of some proxy
    REDIRECT = "redirect"  # to the host of files
    HANGS = "hangs"


VENDORS_OWN = frozenset(list(Trouble)[:6])


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(kw_only=True)
class Job:
    """What the provider knows of one clip."""

    id: str
    asked: dict[str, Any]
    looks: int = 0
    state: str | None = None  # forced by a test
    stopped: bool = False
    about: dict[str, Any] = field(default_factory=dict)


class Replica(ABC):
    """Subclasses add their routes in `routes` and answer `refusal` for the troubles that look different everywhere."""

    def __init__(self, *, key: str | None = KEY) -> None:
        self.key = key
        self.jobs: dict[str, Job] = {}
        self.seen: list[Seen] = []
        self.seen_at_files: list[Seen] = []
        self.trouble: Trouble | None = None
        self.looks = 2  # of a client, until a job is done
        self.clip = a_clip()
        self.elsewhere = False  # clips are at the host of files, as they are with a bucket
        self.cut_downloads = 0  # how many break off in the middle
        self.orders = 0  # how often a clip was ordered, whatever became of it
        self.callback_urls: dict[str, str] = {}  # by id of the job, where it was asked to be told
        self.url = ""
        self.files_url = ""

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """What the provider answers to."""

    @abstractmethod
    def creates(self, request: web.Request) -> bool:
        """Whether this request orders a clip."""

    @abstractmethod
    def refusal(self, trouble: Trouble) -> web.Response:
        """The provider's own answer for a trouble in VENDORS_OWN."""

    def callback(self, job_id: str) -> tuple[dict[str, str], bytes]:
        """The headers that are signed or the signature, and the body, of a call about that job as it is now."""
        raise AssertionError(f"{type(self).__name__} calls nobody")

    def force(self, state: str) -> None:
        """Every job is in that state of the provider's from now on."""
        for job in self.jobs.values():
            job.state, job.looks = state, 0

    def restart(self) -> None:
        """What is only in memory is gone."""
        self.jobs.clear()

    async def send_clip(self, request: web.Request) -> web.StreamResponse:
        """The file, or its first half and silence."""
        if not self.cut_downloads:
            return web.Response(body=self.clip, content_type="video/mp4")
        self.cut_downloads -= 1
        response = web.StreamResponse(headers={"Content-Length": str(len(self.clip)), "Content-Type": "video/mp4"})
        await response.prepare(request)
        await response.write(self.clip[: len(self.clip) // 2])
        _cut(request)
        return response

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Replica"]:
        """On free ports of 127.0.0.1 until the block ends."""
        api = web.Application(middlewares=[self._watch], client_max_size=64 << 20)
        api.add_routes(self.routes())
        files = web.Application()
        files.router.add_route("*", "/{path:.*}", self._file)
        runners = [web.AppRunner(app, shutdown_timeout=0.1) for app in (api, files)]
        urls = []
        try:
            for runner in runners:
                await runner.setup()
                await web.TCPSite(runner, "127.0.0.1", 0).start()
                urls.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
            self.url, self.files_url = urls
            yield self
        finally:
            for runner in runners:
                await runner.cleanup()

    @web.middleware
    async def _watch(self, request: web.Request, handler: Any) -> web.StreamResponse:
        body = await request.read()
        again = StreamReader(request.protocol, 1 << 26, loop=asyncio.get_running_loop())
        again.feed_data(body)
        again.feed_eof()
        request._payload = again  # a form is read from here, not from what `read` keeps
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append(Seen(method=request.method, path=request.path_qs, headers=headers, body=body))
        if not self.creates(request):
            return await handler(request)
        self.orders += 1
        if self.trouble is None:
            return await handler(request)
        trouble, self.trouble = self.trouble, None
        if trouble in VENDORS_OWN:
            return self.refusal(trouble)
        match trouble:
            case Trouble.UNAVAILABLE:
                return web.json_response({"error": "unavailable"}, status=503)
            case Trouble.BROKEN:
                return web.Response(text="Internal Server Error", status=500)
            case Trouble.NOT_JSON:
                return web.Response(text="<html>It works!</html>", content_type="text/html")
            case Trouble.REDIRECT:
                return web.Response(status=307, headers={"Location": f"{self.files_url}{request.path}"})
            case Trouble.LOST_ANSWER:
                await handler(request)
                _cut(request)
            case Trouble.HANGS:
                await asyncio.sleep(3600)
        return web.Response()

    async def _file(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen_at_files.append(Seen(method=request.method, path=request.path_qs, headers=headers, body=b""))
        return await self.send_clip(request)


def _cut(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.abort()


@cache
def a_clip(*, frames: int = 24, width: int = 128, height: int = 72, fps: int = 24) -> bytes:
    """A second of real MP4."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(frames):
            picture = np.full((height, width, 3), number * 10 % 256, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()
