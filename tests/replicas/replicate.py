"""api.replicate.com as replicate 1.0.7 and its pages know it. Facts and sources: docs/providers/replicate.md."""

import json
import secrets
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField
from standardwebhooks.webhooks import Webhook

from replicas.replica import KEY, Job, Replica, Trouble

_SEEDANCE = {"duration": range(4, 16), "resolution": ("480p", "720p"), "seed": None, "generate_audio": None}
_SEEDANCE |= {"aspect_ratio": ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "9:21", "adaptive")}
_SEEDANCE |= {"prompt": None, "image": None, "last_frame_image": None}
_MODELS: dict[str, dict[str, Any]] = {
    "bytedance/seedance-2.0": _SEEDANCE | {"resolution": ("480p", "720p", "1080p")},
    "bytedance/seedance-2.0-fast": _SEEDANCE,
    "bytedance/seedance-2.0-mini": _SEEDANCE,
    "kwaivgi/kling-v3-video": {
        "prompt": None,
        "negative_prompt": None,
        "duration": range(3, 16),
        "mode": ("standard", "pro", "4k"),
        "aspect_ratio": ("16:9", "9:16", "1:1"),
        "generate_audio": None,
        "start_image": None,
        "end_image": None,
    },
}
_EVENTS = ("start", "output", "logs", "completed")
_ENDS = ("succeeded", "failed", "canceled", "aborted")


class ReplicateApi(Replica):
    """One account."""

    def __init__(self, *, key: str | None = KEY) -> None:
        super().__init__(key=key)
        self.error: str | None = None  # of every prediction that failed
        self.removed = False  # an hour has gone by
        self.output_is_a_list = False
        self.uploads: dict[str, bytes] = {}
        self.refuses_files: int | None = None
        self.slow_to_stop = False
        self.webhook_secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # the one of Replicate's page; it may be changed
        self.secret_asked = 0

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/models/{owner}/{name}/predictions", self._create),
            web.get("/v1/models/{owner}/{name}", self._model),
            web.get("/v1/webhooks/default/secret", self._secret),
            web.get("/v1/predictions", self._list),
            web.get("/v1/predictions/{id}", self._get),
            web.post("/v1/predictions/{id}/cancel", self._cancel),
            web.post("/v1/files", self._upload),
            web.get("/delivery/{name}", self.send_clip),
        ]

    def creates(self, request: web.Request) -> bool:
        return request.method == "POST" and request.path.endswith("/predictions")

    def refusal(self, trouble: Trouble) -> web.Response:
        match trouble:
            case Trouble.REJECTED:
                return _problem(422, "Input validation failed", "- input.duration: Must be less than or equal to 15\n")
            case Trouble.CREDENTIALS:
                return _problem(401, "Unauthenticated", f"You did not pass a valid authentication token: {self.key}")
            case Trouble.FUNDS:
                return _problem(402, "Insufficient credit", "You have insufficient credit to run this model.")
            case Trouble.THROTTLED:
                text = "Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per "
                return web.json_response({"detail": f"{text}minute. Your rate limit resets in ~7s."}, status=429)
            case Trouble.MODEL_GONE:
                return _problem(404, "Not found", "The requested resource could not be found.")
        raise AssertionError(trouble)

    def _stranger(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == f"Bearer {self.key}":
            return None
        return _problem(401, "Unauthenticated", "You did not pass a valid authentication token")

    async def _create(self, request: web.Request) -> web.Response:
        if refused := self._stranger(request):
            return refused
        name = f"{request.match_info['owner']}/{request.match_info['name']}"
        if name not in _MODELS:
            return _problem(404, "Not found", "The requested resource could not be found.")
        body = await request.json()
        asked, webhook = body.get("input"), body.get("webhook")
        if not isinstance(asked, dict):
            return _problem(422, "Input validation failed", "- input is required\n")
        if wrong := _wrong(asked, _MODELS[name]):
            return _problem(422, "Input validation failed", f"- input.{wrong}\n")
        if webhook is not None and not webhook.startswith("https://"):
            return _problem(422, "Input validation failed", "- webhook: must be an HTTPS URL\n")
        job = Job(id=secrets.token_hex(13), asked=asked, about={"model": name})
        self.jobs[job.id] = job
        if webhook is not None and "completed" in body.get("webhook_events_filter", _EVENTS):
            self.callback_urls[job.id] = webhook
        return web.json_response(self._shown(job), status=201)

    def callback(self, job_id: str) -> tuple[dict[str, str], bytes]:
        """As Standard Webhooks' own package signs it; the body is the prediction."""
        body = json.dumps(self._shown(self.jobs[job_id]))
        id_, sent_at = f"msg_{secrets.token_hex(12)}", datetime.now(tz=UTC)
        signature = Webhook(self.webhook_secret).sign(msg_id=id_, timestamp=sent_at, data=body)
        headers = {
            "webhook-id": id_,
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": signature,
        }
        return headers, body.encode()

    async def _secret(self, request: web.Request) -> web.Response:
        if refused := self._stranger(request):
            return refused
        self.secret_asked += 1
        return web.json_response({"key": self.webhook_secret})

    async def _model(self, request: web.Request) -> web.Response:
        if refused := self._stranger(request):
            return refused
        owner, name = request.match_info["owner"], request.match_info["name"]
        if f"{owner}/{name}" not in _MODELS:
            return _problem(404, "Not found", "The requested resource could not be found.")
        about = {"url": f"https://replicate.com/{owner}/{name}", "owner": owner, "name": name, "run_count": 4711}
        return web.json_response(about | {"description": None, "visibility": "public", "latest_version": None})

    def _state(self, job: Job) -> str:
        if job.state is not None:
            return job.state
        if job.looks >= self.looks:
            return "succeeded"
        return "starting" if job.looks == 0 else "processing"

    def _shown(self, job: Job) -> dict[str, Any]:
        state = self._state(job)
        bars = [f" {n * 20}%|{'#' * n:<5}| {n}/5 [00:01<00:04]" for n in range(1, min(job.looks, 5) + 1)]
        host = f"{self.files_url}/delivery" if self.elsewhere else f"{self.url}/delivery"
        output: Any = f"{host}/{job.id}.mp4" if state == "succeeded" else None
        started = state not in ("starting", "aborted") and not job.stopped
        shown = {
            "id": job.id,
            "model": job.about["model"],
            "version": "hidden",
            "status": state,
            "input": job.asked,
            "output": [output] if output and self.output_is_a_list else output,
            "error": self.error if state == "failed" else None,
            "logs": "\n".join(bars) if started else "",
            "metrics": {"predict_time": 12.5} if state == "succeeded" else {},
            "created_at": "2026-11-22T12:00:00Z",
            "started_at": "2026-11-22T12:00:05Z" if started else None,
            "completed_at": "2026-11-22T12:01:00Z" if state in _ENDS else None,
            "urls": {n: f"{self.url}/v1/predictions/{job.id}{s}" for n, s in (("get", ""), ("cancel", "/cancel"))},
            "source": "api",
            "data_removed": self.removed,
        }
        return shown | {"input": {}, "output": None, "logs": ""} if self.removed else shown

    async def _get(self, request: web.Request) -> web.Response:
        if refused := self._stranger(request):
            return refused
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            return _problem(404, "Not found", "The requested resource could not be found.")
        shown = self._shown(job)
        job.looks += 1
        return web.json_response(shown)

    async def _list(self, request: web.Request) -> web.Response:
        if refused := self._stranger(request):
            return refused
        shown = [self._shown(job) for job in reversed(self.jobs.values())]
        return web.json_response({"next": None, "previous": None, "results": shown})

    async def _cancel(self, request: web.Request) -> web.Response:
        if refused := self._stranger(request):
            return refused
        job = self.jobs.get(request.match_info["id"])
        if job is None:
            return _problem(404, "Not found", "The requested resource could not be found.")
        state = self._state(job)
        if state not in _ENDS and not self.slow_to_stop:
            job.stopped, job.state = state == "starting", "canceled"  # stopped: it never started
        return web.json_response(self._shown(job))

    async def _upload(self, request: web.Request) -> web.Response:
        if refused := self._stranger(request):
            return refused
        if self.refuses_files is not None:
            return _problem(self.refuses_files, "Error", "Something went wrong")
        content = (await request.post())["content"]
        assert isinstance(content, FileField)
        id_, data = secrets.token_hex(13), content.file.read()
        url = f"{self.url}/v1/files/{id_}"
        self.uploads[url] = data
        file = {"id": id_, "name": content.filename, "content_type": content.content_type, "size": len(data)}
        times = {"created_at": "2026-11-22T12:00:00Z", "expires_at": "2026-11-22T13:00:00Z"}
        more = {"etag": id_, "checksums": {"sha256": "0"}, "metadata": {}, "urls": {"get": url}}
        return web.json_response(file | times | more, status=201)


def _problem(status: int, title: str, detail: str) -> web.Response:
    """RFC 7807."""
    problem = {"title": title, "detail": detail, "status": status}
    return web.json_response(problem, status=status, content_type="application/problem+json")


def _wrong(asked: dict[str, Any], model: dict[str, Any]) -> str | None:
    """The first input that the model's schema does not allow. Unknown ones are an error here, to see them."""
    if unknown := asked.keys() - model.keys():
        return f"{sorted(unknown)[0]}: Additional property is not allowed"
    if not isinstance(asked.get("prompt"), str):
        return "prompt: prompt is required"
    for name, allowed in model.items():
        if name in asked and allowed is not None and asked[name] not in allowed:
            return f"{name}: must be one of {', '.join(map(str, allowed))}"
    return None
