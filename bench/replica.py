"""A provider that speaks OpenAI's video API: `python -m bench.replica --clip FILE --large FILE`.

A job is done at the third look. Its clip is --clip, or --large when its prompt says "large". GET /seen tells how many
jobs were made. Keys are not looked at.
"""

import argparse
import asyncio
import json
import signal
import socket
from collections import Counter
from pathlib import Path

import uvloop
from aiohttp import web

LOOKS = 3


class Replica:
    """What was asked for, in memory."""

    def __init__(self, clip: bytes, large: Path) -> None:
        self._clip = clip
        self._large = large
        self._made = 0
        self._looks: Counter[str] = Counter()

    async def create(self, request: web.Request) -> web.Response:
        """POST /v1/videos, whether form or JSON."""
        sent = await request.read()
        self._made += 1
        kind = "large" if b"large" in sent else "small"
        return web.json_response(self._video(f"video_{kind}{self._made:026d}", "queued", 0))

    async def retrieve(self, request: web.Request) -> web.Response:
        """GET /v1/videos/{id}."""
        id = request.match_info["id"]
        self._looks[id] += 1
        done = self._looks[id] >= LOOKS
        return web.json_response(self._video(id, "completed" if done else "in_progress", 100 if done else 50))

    async def content(self, request: web.Request) -> web.StreamResponse:
        """GET /v1/videos/{id}/content."""
        if "large" in request.match_info["id"]:
            return web.FileResponse(self._large, headers={"Content-Type": "video/mp4"})
        return web.Response(body=self._clip, content_type="video/mp4")

    async def seen(self, request: web.Request) -> web.Response:
        """GET /seen."""
        return web.json_response({"made": self._made})

    def _video(self, id: str, status: str, progress: int) -> dict[str, object]:
        about = {"id": id, "object": "video", "model": "sora-2", "status": status, "progress": progress}
        return about | {"created_at": 1_700_000_000, "seconds": "1", "size": "64x64"}


async def _serve(replica: Replica) -> None:
    app = web.Application()
    app.router.add_post("/v1/videos", replica.create)
    app.router.add_get("/v1/videos/{id}", replica.retrieve)
    app.router.add_get("/v1/videos/{id}/content", replica.content)
    app.router.add_get("/seen", replica.seen)
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    await web.SockSite(runner, listener).start()
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    await over.wait()
    await runner.cleanup()


def main() -> None:
    """Until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, required=True)
    parser.add_argument("--large", type=Path, required=True)
    asked = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(Replica(asked.clip.read_bytes(), asked.large)))


if __name__ == "__main__":
    main()
