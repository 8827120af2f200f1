"""Runway's API, version 2024-11-06, as runwayml 5.24.0 and docs.dev.runwayml.com tell it.

Facts and sources: docs/providers/runway.md.
"""

import json
import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from replicas.replica import KEY, Job, Replica, Trouble

_DOCS = "https://docs.dev.runwayml.com/api"
_KINDS = ("text_to_video", "image_to_video", "video_to_video")
_WIDE = ("1280:720", "720:1280")
_RATIOS = {
    ("gen4.5", "text_to_video"): _WIDE,
    ("gen4.5", "image_to_video"): (*_WIDE, "1104:832", "960:960", "832:1104", "1584:672"),
    ("gen4_turbo", "image_to_video"): (*_WIDE, "1104:832", "960:960", "832:1104", "1584:672"),
}
_CREDITS_PER_S = {"gen4.5": 12, "gen4_turbo": 5, "aleph2": 28}
_GONE = ("gen3a_turbo", "gen4_aleph")
_DATA_URI_CHARS_MAX = 5 * 1024 * 1024


@dataclass(frozen=True)
class _Invalid(Exception):
    field: str
    message: str


class Runway(Replica):
    """The API, and a third host: the storage that uploads go to."""

    def __init__(self, *, key: str | None = KEY) -> None:
        super().__init__(key=key)
        self.uploads: dict[str, bytes] = {}
        self.uploads_refused = False
        self.keys_at_storage: list[str] = []  # what was told to a host that has no use for it
        self.credits = 1000
        self._storage_url = ""
        self._tokens: set[str] = set()  # of output URLs that have not expired

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/uploads", self._start_upload),
            web.get("/v1/tasks/{id}", self._retrieve),
            web.delete("/v1/tasks/{id}", self._delete),
            web.get("/v1/organization", self._organization),
            web.get("/outputs/{id}", self._output),
            *(web.post(f"/v1/{kind}", self._create) for kind in _KINDS),
        ]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Runway"]:
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/ephemeral", self._store)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self._storage_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            async with super().serving():
                yield self
        finally:
            await runner.cleanup()

    def creates(self, request: web.Request) -> bool:
        return request.method == "POST" and request.path.removeprefix("/v1/") in _KINDS

    def refusal(self, trouble: Trouble) -> web.Response:
        match trouble:
            case Trouble.REJECTED:
                return self._invalid(_Invalid("promptText", "Too big: expected string to have <=1000 characters"))
            case Trouble.CREDENTIALS:
                return _error(401, f"The API key {self.key} is invalid or has been disabled.")
            case Trouble.FUNDS:
                return _error(400, "You do not have enough credits to run this task.")
            case Trouble.THROTTLED:
                made = _error(429, "You have reached the daily limit of tasks for this model.")
                made.headers["Retry-After"] = "7"
                return made
            case Trouble.MODEL_GONE:
                return _error(403, "Model variant gen4_aleph is not available.")
        raise AssertionError(f"Runway moderates tasks, not requests: {trouble}")

    def fail(self, failure: str, code: str | None) -> None:
        """Every task has ended so."""
        for job in self.jobs.values():
            job.state = "FAILED"
            job.about |= {"failure": failure, "failureCode": code}

    def expire(self) -> None:
        """The URLs given so far are a day old."""
        self._tokens.clear()

    def _turned_away(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            return _error(401, "The API key is invalid or has been disabled.")
        if request.headers.get("X-Runway-Version") != "2024-11-06":
            return _error(400, "The X-Runway-Version header is missing or names no known version.")
        return None

    async def _create(self, request: web.Request) -> web.Response:
        if turned_away := self._turned_away(request):
            return turned_away
        kind = request.path.removeprefix("/v1/")
        try:
            asked = json.loads(await request.read())
            if asked.get("model") in _GONE:
                return _error(403, f"Model variant {asked['model']} is not available.")
            self._check(kind, asked)
        except ValueError:
            return _error(400, "The body is not JSON.")
        except _Invalid as error:
            return self._invalid(error)
        job = Job(id=str(uuid.uuid4()), asked=asked, about={"kind": kind, "createdAt": _now()})
        self.jobs[job.id] = job
        return web.json_response({"id": job.id, "estimatedCost": {"credits": _credits(asked)}})

    def _check(self, kind: str, asked: dict[str, Any]) -> None:
        model, prompt = asked.get("model"), asked.get("promptText")
        if model is None:
            raise _Invalid("model", "Invalid discriminator value")
        if prompt is not None and not 1 <= len(prompt.encode("utf-16-le")) // 2 <= 1000:
            raise _Invalid("promptText", "Too big: expected string to have <=1000 characters")
        if kind == "text_to_video" and prompt is None:
            raise _Invalid("promptText", "Required")
        ratios = _RATIOS.get((model, kind))
        if ratios is not None and asked.get("ratio") not in ratios:
            raise _Invalid("ratio", f"`ratio` must be one of: {', '.join(ratios)}.")
        if model in ("gen4.5", "gen4_turbo") and not isinstance(asked.get("duration"), int):
            raise _Invalid("duration", "Required")
        if model in ("gen4.5", "gen4_turbo") and not 2 <= asked["duration"] <= 10:
            raise _Invalid("duration", "Expected an integer from 2 to 10")
        if (model, kind) in (
            ("gen4_turbo", "text_to_video"),
            ("aleph2", "text_to_video"),
            ("aleph2", "image_to_video"),
        ):
            raise _Invalid("model", "Invalid discriminator value")
        if kind == "image_to_video":
            frames = asked.get("promptImage")
            uris = [frames] if isinstance(frames, str) else [frame["uri"] for frame in frames or []]
            self._check_inputs("promptImage", uris, "data:image/")
        if kind == "video_to_video":
            name = "promptVideo" if "promptVideo" in asked else "videoUri"
            self._check_inputs(name, [asked[name]] if name in asked else [], "data:video/")

    def _check_inputs(self, field: str, uris: list[str], start: str) -> None:
        if not uris:
            raise _Invalid(field, "Required")
        for uri in uris:
            if uri.startswith("runway://"):
                if uri not in self.uploads:
                    raise _Invalid(field, "The upload does not exist or has expired.")
            elif uri.startswith("data:"):
                if not uri.startswith(start):
                    raise _Invalid(field, "Unsupported asset type.")
                if len(uri) >= _DATA_URI_CHARS_MAX:
                    raise _Invalid(field, "Data URIs must be smaller than 5MB.")
            elif not uri.startswith("https://"):
                raise _Invalid(field, "Only HTTPS URLs are allowed.")

    def _invalid(self, error: _Invalid) -> web.Response:
        issue = {"code": "custom", "path": [error.field], "message": error.message}
        made = {"error": "Validation of body failed", "issues": [issue], "docUrl": _DOCS}
        return web.json_response(made, status=400)

    async def _start_upload(self, request: web.Request) -> web.Response:
        if turned_away := self._turned_away(request):
            return turned_away
        asked = json.loads(await request.read())
        if asked.get("type") != "ephemeral" or "." not in asked.get("filename", ""):
            return self._invalid(_Invalid("filename", "Invalid"))
        uri = f"runway://{secrets.token_urlsafe(12)}"
        fields = {"key": uri, "policy": "cG9saWN5", "x-amz-signature": secrets.token_hex(16)}
        return web.json_response({"uploadUrl": f"{self._storage_url}/ephemeral", "fields": fields, "runwayUri": uri})

    async def _store(self, request: web.Request) -> web.Response:
        """S3's POST: its own form, and a file as the last part."""
        self.keys_at_storage += [value for value in request.headers.values() if str(self.key) in value]
        form = await request.post()
        file = form.get("file")
        if self.uploads_refused or list(form)[-1] != "file" or not isinstance(file, FileField):
            return web.Response(text="<Error><Code>AccessDenied</Code></Error>", status=403)
        self.uploads[str(form["key"])] = file.file.read()
        return web.Response(status=204)

    def _state(self, job: Job) -> str:
        if job.state is not None:
            return job.state
        if job.looks >= self.looks:
            return "SUCCEEDED"
        return "PENDING" if job.looks <= 1 else "RUNNING"

    async def _retrieve(self, request: web.Request) -> web.Response:
        if turned_away := self._turned_away(request):
            return turned_away
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            return _error(404, "A task with that ID was not found.")
        job.looks += 1
        state, cost = self._state(job), {"credits": _credits(job.asked)}
        shown: dict[str, Any] = {"id": job.id, "createdAt": job.about["createdAt"], "status": state}
        match state:
            case "PENDING" | "THROTTLED":
                shown["estimatedCost"] = cost
            case "RUNNING":
                shown |= {"estimatedCost": cost, "progress": min(0.1 * job.looks, 0.95)}
            case "SUCCEEDED":
                shown |= {"cost": cost, "output": [self._output_url(job)]}
            case "FAILED":
                failure = job.about.get("failure", "An unexpected error occurred.")
                shown |= {"cost": {"credits": 0}, "failure": failure}
                if job.about.get("failureCode"):
                    shown["failureCode"] = job.about["failureCode"]
            case "CANCELLED":
                shown["cost"] = {"credits": 0}
        return web.json_response(shown)

    def _output_url(self, job: Job) -> str:
        token = secrets.token_hex(8)
        self._tokens.add(token)
        base = self.files_url if self.elsewhere else self.url
        return f"{base}/outputs/{job.id}.mp4?_jwt={token}"

    async def _output(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("_jwt") not in self._tokens:
            return web.Response(text="token expired", status=401)
        return await self.send_clip(request)

    async def _delete(self, request: web.Request) -> web.Response:
        if turned_away := self._turned_away(request):
            return turned_away
        if self.jobs.pop(request.match_info["id"], None) is None:
            return _error(404, "A task with that ID was not found.")
        return web.Response(status=204)

    async def _organization(self, request: web.Request) -> web.Response:
        if turned_away := self._turned_away(request):
            return turned_away
        limits = {"gen4.5": {"maxConcurrentGenerations": 2, "maxDailyGenerations": 50}}
        usage = {"gen4.5": {"dailyGenerations": len(self.jobs)}}
        tier = {"maxMonthlyCreditSpend": 10_000, "models": limits}
        return web.json_response({"creditBalance": self.credits, "tier": tier, "usage": {"models": usage}})


def _error(status: int, error: str) -> web.Response:
    return web.json_response({"error": error, "docUrl": _DOCS}, status=status)


def _credits(asked: dict[str, Any]) -> int:
    seconds = asked.get("duration")
    return _CREDITS_PER_S.get(asked["model"], 10) * (seconds if isinstance(seconds, int) else 5)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
