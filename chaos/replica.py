"""A provider that misbehaves as it is told and keeps an honest record: `python -m chaos.replica CONFIG`.

POST /jobs, GET /jobs/{id}, GET /jobs?external_id=, DELETE /jobs/{id}, GET /files/{id}.mp4; the key names the account.
PUT /faults sets the shares of what goes wrong, so that the suite can heal it. Every job that was ever made, started
and ended is in the journal, and so is every order, whatever became of it.
"""

import asyncio
import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from chaos.journal import Journal
from chaos.listen import listen

LATE_S: Final = 4.0  # later than the adapter waits
_HANG_S: Final = 30.0
_CAN_TELL: Final = "replica"


@dataclass(slots=True)
class Job:
    """One clip to be made."""

    id: str
    account: str
    external_id: str
    cost_microusd: int
    fails: bool
    state: str = "queued"

    def shown(self) -> dict[str, Any]:
        """As JSON on the wire."""
        shown: dict[str, Any] = {"id": self.id, "external_id": self.external_id, "state": self.state}
        if self.state == "done":
            shown |= {"file": f"/files/{self.id}.mp4", "cost_microusd": self.cost_microusd}
        return shown


class Replica:
    """All accounts of one server."""

    def __init__(self, journal: Journal, clip: bytes, seed: int) -> None:
        self._journal = journal
        self._clip = clip
        self._rng = random.Random(seed)
        self._faults: dict[str, float] = {}
        self._jobs: dict[str, Job] = {}
        self._by_external_id: dict[tuple[str, str], Job] = {}

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application()
        app.router.add_put("/faults", self.set_faults)
        app.router.add_post("/jobs", self.order)
        app.router.add_get("/jobs", self.find)
        app.router.add_get("/jobs/{id}", self.show)
        app.router.add_delete("/jobs/{id}", self.cancel)
        app.router.add_get("/files/{id}.mp4", self.file)
        return app

    async def set_faults(self, request: web.Request) -> web.Response:
        """Shares by name; what is not named does not go wrong."""
        self._faults = await request.json()
        return web.json_response({})

    async def order(self, request: web.Request) -> web.StreamResponse:
        """Make a job, or misbehave."""
        account, body = _account(request), await request.json()
        fault = self._draw("order_hangs", "order_late", "order_lost", "order_garbled", "throttled", "unavailable")
        self._journal.write("order", account=account, external_id=body["external_id"], fault=fault)
        match fault:
            case "order_hangs":
                return await _hang(request)
            case "throttled":
                return web.json_response({"error": "slow down"}, status=429, headers={"Retry-After": "1"})
            case "unavailable":
                return web.json_response({"error": "no capacity"}, status=503)
        job = self._made(account, body["external_id"])
        match fault:
            case "order_late":
                await asyncio.sleep(LATE_S)
            case "order_lost":
                return _cut(request)
            case "order_garbled":
                return web.Response(text="<html>it works</html>", content_type="text/html")
        return web.json_response(job.shown(), status=201)

    async def find(self, request: web.Request) -> web.StreamResponse:
        """By external id, for the account that can be asked."""
        account = _account(request)
        if account != _CAN_TELL:
            return web.json_response({"error": "this account cannot list jobs"}, status=405)
        if self._draw("find_hangs"):
            return await _hang(request)
        job = self._by_external_id.get((account, request.query["external_id"]))
        return web.json_response({"jobs": [job.shown()] if job else []})

    async def show(self, request: web.Request) -> web.StreamResponse:
        """How far it is."""
        match self._draw("look_hangs", "look_fails", "look_garbled"):
            case "look_hangs":
                return await _hang(request)
            case "look_fails":
                return web.json_response({"error": "database is down"}, status=500)
            case "look_garbled":
                return web.json_response({"id": request.match_info["id"], "state": "zzz"})
        job = self._jobs.get(request.match_info["id"])
        return web.json_response(job.shown()) if job else web.json_response({}, status=404)

    async def cancel(self, request: web.Request) -> web.StreamResponse:
        """Stop it for nothing, unless it has ended; again is fine. The answer may get lost."""
        job = self._jobs.get(request.match_info["id"])
        if job is None:
            return web.json_response({}, status=404)
        if job.state in ("queued", "started"):
            self._ended(job, "cancelled")
        if self._draw("cancel_lost"):
            return _cut(request)
        return web.json_response(job.shown(), status=200 if job.state == "cancelled" else 409)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """The clip, or half of it."""
        job = self._jobs.get(request.match_info["id"])
        if job is None or job.state != "done":
            return web.json_response({}, status=404)
        if not self._draw("file_cut"):
            return web.Response(body=self._clip, content_type="video/mp4")
        response = web.StreamResponse(headers={"Content-Length": str(len(self._clip)), "Content-Type": "video/mp4"})
        await response.prepare(request)
        await response.write(self._clip[: len(self._clip) // 2])
        return _cut(request, response)

    def _made(self, account: str, external_id: str) -> Job:
        known = self._by_external_id.get((account, external_id))
        if known is not None and account == _CAN_TELL:
            return known
        cost_microusd = self._rng.randrange(300, 700)
        job = Job(f"job{len(self._jobs) + 1}", account, external_id, cost_microusd, self._draw("job_fails") is not None)
        self._jobs[job.id] = self._by_external_id[account, external_id] = job
        self._journal.write(
            "made", job=job.id, account=account, external_id=external_id, cost_microusd=job.cost_microusd
        )
        takes_s = self._rng.uniform(0.3, 1.0)
        loop = asyncio.get_running_loop()
        loop.call_later(takes_s / 4, self._started, job)
        loop.call_later(takes_s, self._finished, job)
        return job

    def _started(self, job: Job) -> None:
        if job.state == "queued":
            job.state = "started"
            self._journal.write("started", job=job.id)

    def _finished(self, job: Job) -> None:
        if job.state == "started":
            self._ended(job, "failed" if job.fails else "done")

    def _ended(self, job: Job, state: str) -> None:
        job.state = state
        charged = job.cost_microusd if state == "done" else 0
        self._journal.write("ended", job=job.id, state=state, charged_microusd=charged)

    def _draw(self, *names: str) -> str | None:
        """One of them, by its share; mostly none."""
        point = self._rng.random()
        for name in names:
            point -= self._faults.get(name, 0.0)
            if point < 0:
                return name
        return None


def _account(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


async def _hang(request: web.Request) -> web.StreamResponse:
    """Never answer: the client gives up first."""
    await asyncio.sleep(_HANG_S)
    return _cut(request)


def _cut(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return response or web.Response()


def main(port: int, journal: str, clip: str, seed: int) -> None:
    """Until SIGTERM."""
    replica = Replica(Journal(Path(journal)), Path(clip).read_bytes(), seed)
    asyncio.run(listen(replica.app(), port))


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
