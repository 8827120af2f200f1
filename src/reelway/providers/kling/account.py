"""One account at Kling, by either API."""

import base64
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from reelway.domain.generation import Asset, ClipSpec, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.signatures import standard_webhook
from reelway.providers.base import (
    Absent,
    Callback,
    CancelOutcome,
    CannotTell,
    Failed,
    FindOutcome,
    Found,
    Handle,
    Inputs,
    NotStopped,
    Order,
    ProbeOutcome,
    Progress,
    Provider,
    Serves,
    Waiting,
    read_field,
    read_id,
)
from reelway.providers.kling.answers import Job, bills, dicts
from reelway.providers.kling.orders import external_id, model_of, settings_of
from reelway.providers.wire import Origin, brief, read_frame

_LEGACY_MODES: Final = {"720p": "std", "1080p": "pro", "4k": "4k"}


class Kling(Provider):
    """By the new API."""

    def __init__(self, server: Callable[[], Origin], inputs: Inputs, webhook_key: bytes | None) -> None:
        self._server = server  # made for each request: the token of a pair of keys is short-lived
        self._inputs = inputs
        self._webhook_key = webhook_key

    async def submit(self, order: Order) -> Handle:
        """The order's key goes along as external id, which one account may use once."""
        path, body = await self._request(order)
        try:
            made = await self._ask("POST", path, dict, json=body)
        except ProviderError as error:
            if error.fault is not ProviderFault.REJECTED:
                raise
            # What the second use of an external id is answered with is not documented: we may have the job already.
            found = await self.find(order)
            if not isinstance(found, Found):
                raise
            return found.handle
        return self._handle(order, made)

    async def poll(self, handle: Handle) -> Progress:
        """Ask for the job by Kling's id."""
        job = await self._look(handle)
        match job.status:
            case "submitted":
                return Waiting(started=False)
            case "processing":
                return Waiting(started=True)
            case "succeeded" | "succeed":
                return self._done(job, handle)
            case "failed":
                return Failed(fault=job.fault, message=brief(job.message or "Kling gives no reason"))
            case other:
                raise ProviderError(ProviderFault.UNREADABLE, f"unknown state {brief(other)!r}")

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """Not offered."""
        return NotStopped("Kling cannot stop a job that it has taken")

    async def find(self, order: Order) -> FindOutcome:
        """GET /tasks?external_task_ids: those that are known, and no others."""
        name = external_id(order)
        tasks = await self._tasks(f"external_task_ids={quote(name, safe='')}")
        task = next((t for t in tasks if t.get("external_id") == name), None)
        return Absent() if task is None else Found(self._handle(order, task))

    async def discard(self, handle: Handle) -> None:
        """Kling keeps results for 30 days and deletes them by itself."""

    async def aclose(self) -> None:
        """Nothing runs here."""

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """Looking is free and needs a good key; whether a model is there is only told to an order."""
        await self._tasks("external_task_ids=probe")
        return Serves()

    async def genuine(self, callback: Callback) -> bool:
        """Standard Webhooks, by the secret of Kling's console: https://kling.ai/document-api/api/get-started/callbacks."""
        key = self._webhook_key
        return key is not None and standard_webhook(key, callback.headers, callback.body, callback.now_ms)

    async def _request(self, order: Order) -> tuple[str, dict[str, Any]]:
        model, settings = model_of(order.upstream_model), settings_of(order)
        frames = await self._frames(order.spec)
        options = {"external_task_id": external_id(order)} | self._callback(order)
        body: dict[str, Any] = {"settings": settings, "options": options}
        if frames or model.omni:
            prompt = [{"type": "prompt", "text": order.spec.prompt}] if order.spec.prompt.strip() else []
            body["contents"] = [*prompt, *({"type": role, "url": picture} for role, picture in frames.items())]
        else:
            body["prompt"] = order.spec.prompt
        product = "omni-video" if model.omni else "image-to-video" if frames else "text-to-video"
        return f"/{product}/{quote(order.upstream_model, safe='')}", body

    def _callback(self, order: Order) -> dict[str, str]:
        """Only asked for where its signature can be checked."""
        wanted = order.callback_url if self._webhook_key is not None else None
        return {} if wanted is None else {"callback_url": wanted}

    async def _frames(self, spec: ClipSpec) -> dict[Role, str]:
        """Base64 without the start of a data URL, cropped to the clip's size: the picture decides its shape."""
        return {asset.role: await self._picture(asset, spec) for asset in spec.assets}

    async def _picture(self, asset: Asset, spec: ClipSpec) -> str:
        return base64.b64encode(await read_frame(self._inputs, asset, spec)).decode()

    def _handle(self, order: Order, task: dict[str, Any]) -> Handle:
        left_out = ["negative_prompt"] if order.spec.negative_prompt else []
        return {"id": read_id(task, "id"), "settings": settings_of(order), "left_out": left_out}

    async def _look(self, handle: Handle) -> Job:
        tasks = await self._tasks(f"task_ids={quote(handle['id'], safe='')}")
        task = next((t for t in tasks if t.get("id") == handle["id"]), None)
        if task is None:
            raise ProviderError(ProviderFault.NOT_FOUND, "Kling does not know this job")
        video = next((v for v in dicts(task.get("outputs")) if v.get("type") == "video"), {})
        return Job(
            status=read_field(task, "status", str),
            message=str(task.get("message") or ""),
            url=video.get("url"),
            duration=video.get("duration"),
            billing=bills(task),
        )

    async def _tasks(self, which: str) -> list[dict[str, Any]]:
        """Those that Kling knows; an answer without any may have null in their place."""
        answer = await self._server().ask("GET", f"/tasks?{which}")
        if isinstance(answer, dict) and answer.get("code") == 0 and answer.get("data") is None:
            return []
        return dicts(read_field(answer, "data", list))

    async def _ask(self, method: str, path: str, kind: type[Any], *, json: Any = None) -> Any:
        """`data` of a good answer."""
        return read_field(await self._server().ask(method, path, json=json), "data", kind)

    def _done(self, job: Job, handle: Handle) -> Progress:
        if not isinstance(job.url, str) or not job.url:
            raise ProviderError(ProviderFault.UNREADABLE, "Kling says that the job succeeded and names no video")
        effective = dict(handle["settings"]) | ({"duration": job.duration} if isinstance(job.duration, str) else {})
        meta = {"effective": effective, "left_out": handle["left_out"], "billing": job.billing}
        return self._server().done(job.url, cost_microusd=job.cost_microusd, meta={k: v for k, v in meta.items() if v})


class LegacyKling(Kling):
    """By the API whose model is a field: only text2video and image2video, and with negative prompts."""

    async def find(self, order: Order) -> FindOutcome:
        """The path of a job takes the external id too. Only a clear word that it is unknown frees the order."""
        name = external_id(order)
        try:
            task = await self._ask("GET", _path(order.spec, name), dict)
        except ProviderError as error:
            if error.fault is ProviderFault.MODEL_GONE:  # 1203: no such resource
                return Absent()
            if error.fault is ProviderFault.REJECTED:
                return CannotTell()
            raise
        info = task.get("task_info")
        same = isinstance(info, dict) and info.get("external_task_id") == name
        return Found(self._handle(order, task)) if same else CannotTell()

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """The list of jobs is free; of the models that only the new API has nobody needs to be asked."""
        _legacy_name(upstream_model)
        await self._server().ask("GET", "/v1/videos/text2video?pageNum=1&pageSize=1")
        return Serves()

    async def _request(self, order: Order) -> tuple[str, dict[str, Any]]:
        spec, settings = order.spec, settings_of(order)
        body: dict[str, Any] = {
            "model_name": _legacy_name(order.upstream_model),
            "mode": _LEGACY_MODES[settings["resolution"]],
            "duration": str(settings["duration"]),
            "external_task_id": external_id(order),
        }
        if settings.get("audio") == "native":
            body["sound"] = "on"
        words = {"prompt": spec.prompt, "negative_prompt": spec.negative_prompt}
        body |= {name: text for name, text in words.items() if text} | self._callback(order)
        frames = await self._frames(spec)
        if frames:
            names = {Role.FIRST_FRAME: "image", Role.LAST_FRAME: "image_tail"}
            body |= {names[role]: picture for role, picture in frames.items()}
        else:
            body["aspect_ratio"] = settings["aspect_ratio"]
        return _path(spec), body

    def _handle(self, order: Order, task: dict[str, Any]) -> Handle:
        id_, settings = read_id(task, "task_id"), settings_of(order)
        settings.pop("multi_shot", None)  # off there unless asked
        return {"id": id_, "path": _path(order.spec, id_), "settings": settings, "left_out": []}

    async def _look(self, handle: Handle) -> Job:
        try:
            task = await self._ask("GET", handle["path"], dict)
        except ProviderError as error:
            if error.fault in (ProviderFault.MODEL_GONE, ProviderFault.REJECTED):  # there is only the id to refuse
                raise ProviderError(ProviderFault.NOT_FOUND, error.message) from error
            raise
        result = task.get("task_result")
        video = next(iter(dicts(result.get("videos") if isinstance(result, dict) else None)), {})
        units = task.get("final_unit_deduction")
        return Job(
            status=read_field(task, "task_status", str),
            message=str(task.get("task_status_msg") or ""),
            url=video.get("url"),
            duration=video.get("duration"),
            billing=[{"charge_type": "unit", "amount": str(units)}] if units else [],
        )


def _legacy_name(upstream_model: str) -> str:
    name = model_of(upstream_model).legacy
    if name is None:
        raise ProviderError(ProviderFault.MODEL_GONE, f"the legacy API of Kling has no {upstream_model}")
    return name


def _path(spec: ClipSpec, id_: str | None = None) -> str:
    kind = "image2video" if spec.assets else "text2video"
    return f"/v1/videos/{kind}" + ("" if id_ is None else f"/{quote(id_, safe='')}")
