"""ComfyUI's server.py and execution.py, as they answer while one GPU works through the queue.

Facts and sources: docs/providers/comfyui.md.
"""

import json
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

from aiohttp import web
from aiohttp.web_request import FileField

from replicas.replica import Job, Replica, Trouble

Ids = Literal["uuid", "any", "its own"]
_MODELS: Final = {
    "unet_name": ["wan2.1_vace_14B_fp16.safetensors", "wan2.2_ti2v_5B_fp16.safetensors"],
    "clip_name": ["umt5_xxl_fp8_e4m3fn_scaled.safetensors"],
    "vae_name": ["wan2.2_vae.safetensors", "wan_2.1_vae.safetensors"],
}
# class_type: its required inputs, and what it gives out. A list is a choice, capitals are what a link carries.
_NODES: Final[dict[str, tuple[dict[str, Any], tuple[str, ...]]]] = {
    "UNETLoader": ({"unet_name": _MODELS["unet_name"], "weight_dtype": ["default", "fp8_e4m3fn"]}, ("MODEL",)),
    "CLIPLoader": ({"clip_name": _MODELS["clip_name"], "type": ["wan", "ltxv"]}, ("CLIP",)),
    "VAELoader": ({"vae_name": _MODELS["vae_name"]}, ("VAE",)),
    "CLIPTextEncode": ({"text": str, "clip": "CLIP"}, ("CONDITIONING",)),
    "ModelSamplingSD3": ({"model": "MODEL", "shift": float}, ("MODEL",)),
    "LoadImage": ({"image": "an upload"}, ("IMAGE", "MASK")),
    "LoadVideo": ({"file": "an upload"}, ("VIDEO",)),
    "GetVideoComponents": ({"video": "VIDEO"}, ("IMAGE", "AUDIO", "FLOAT")),
    "WanVaceToVideo": (
        {
            "positive": "CONDITIONING",
            "negative": "CONDITIONING",
            "vae": "VAE",
            "width": int,
            "height": int,
            "length": int,
            "batch_size": int,
            "strength": float,
        },
        ("CONDITIONING", "CONDITIONING", "LATENT", "INT"),
    ),
    "TrimVideoLatent": ({"samples": "LATENT", "trim_amount": "INT"}, ("LATENT",)),
    "Wan22ImageToVideoLatent": (
        {"vae": "VAE", "width": int, "height": int, "length": int, "batch_size": int},
        ("LATENT",),
    ),
    "KSampler": (
        {
            "model": "MODEL",
            "positive": "CONDITIONING",
            "negative": "CONDITIONING",
            "latent_image": "LATENT",
            "seed": int,
            "steps": int,
            "cfg": float,
            "sampler_name": ["euler", "uni_pc"],
            "scheduler": ["simple", "normal"],
            "denoise": float,
        },
        ("LATENT",),
    ),
    "VAEDecode": ({"samples": "LATENT", "vae": "VAE"}, ("IMAGE",)),
    "CreateVideo": ({"images": "IMAGE", "fps": float}, ("VIDEO",)),
    "SaveVideo": (
        {"video": "VIDEO", "filename_prefix": str, "format": ["auto", "mp4", "webm"], "codec": ["auto", "h264"]},
        (),
    ),
    "PreviewImage": ({"images": "IMAGE"}, ()),
}
_OPTIONAL: Final[dict[str, dict[str, Any]]] = {
    "Wan22ImageToVideoLatent": {"start_image": "IMAGE"},
    "WanVaceToVideo": {"control_video": "IMAGE", "control_masks": "MASK", "reference_image": "IMAGE"},
}
_SAVING: Final = frozenset({"SaveVideo", "PreviewImage"})
_LEAST: Final = {"width": 32, "height": 32, "length": 1, "batch_size": 1, "steps": 1, "fps": 1, "seed": 0}


class ComfyUI(Replica):
    """One server with one GPU. A key is asked for by a proxy in front of it: ComfyUI knows none."""

    def __init__(self, *, key: str | None = None, ids: Ids = "uuid", interrupts_by_id: bool = True) -> None:
        super().__init__(key=key)
        self.ids = ids  # what it makes of a caller's prompt_id: takes UUIDs alone, anything, or mints its own
        self.interrupts_by_id = interrupts_by_id  # an older one does not read the body of /interrupt
        self.inputs: dict[str, bytes] = {}  # its folder of inputs; as the one of outputs it outlives a restart
        self.saved: set[tuple[str, str, str]] = set()  # type, subfolder and name
        self.queued: list[str] = []  # every prompt that was taken, the same id twice if so
        self.outputs: dict[str, Any] | None = None  # of every job, if not what SaveVideo says

    def routes(self) -> list[web.RouteDef]:
        routes = {
            ("POST", "/prompt"): self._prompt,
            ("GET", "/queue"): self._queue,
            ("POST", "/queue"): self._change_queue,
            ("GET", "/history"): self._history,
            ("GET", "/history/{id}"): self._history,
            ("POST", "/history"): self._change_history,
            ("POST", "/interrupt"): self._interrupt,
            ("POST", "/upload/image"): self._upload,
            ("GET", "/view"): self._view,
            ("GET", "/object_info/{class}"): self._object_info,
            ("GET", "/system_stats"): self._system_stats,
        }
        return [
            web.route(method, prefix + path, self._behind_the_proxy(handler))
            for (method, path), handler in routes.items()
            for prefix in ("", "/api")
        ]

    def creates(self, request: web.Request) -> bool:
        return request.method == "POST" and request.path.removeprefix("/api") == "/prompt"

    def refusal(self, trouble: Trouble) -> web.Response:
        match trouble:
            case Trouble.REJECTED:
                error = _error_of("value_smaller_than_min", "Value 0 smaller than min of 32", "width")
                return _invalid({"6": _about(error, "Wan22ImageToVideoLatent")})
            case Trouble.MODEL_GONE:
                error = _error_of(
                    "value_not_in_list", "Value not in list", "unet_name: 'wan3.safetensors' not in ['theirs']"
                )
                return _invalid({"1": _about(error, "UNETLoader")})
            case Trouble.CREDENTIALS:
                return web.Response(status=401, text=f"<html>not authorised: {self.key}</html>")
        raise AssertionError(trouble)

    def _behind_the_proxy(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if self.key is not None and request.headers.get("Authorization") != f"Bearer {self.key}":
                return web.Response(status=401, text="<html>401 Authorization Required</html>")
            return await handler(request)

        return guarded

    # -- taking a prompt -----------------------------------------------------------------------

    async def _prompt(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if "prompt" not in body:
            return _refused("no_prompt", "No prompt provided", "No prompt provided")
        id_ = body.get("prompt_id") if self.ids != "its own" else None
        if id_ is None:
            id_ = str(uuid.uuid4())
        elif self.ids == "uuid" and not _is_canonical(id_):
            return _refused("invalid_prompt_id", "prompt_id must be a valid UUID", "in canonical lowercase form")
        id_, graph = str(id_), body["prompt"]
        for node_id, node in graph.items():
            if node.get("class_type") not in _NODES:
                title = node.get("_meta", {}).get("title", node.get("class_type"))
                message = f"Node '{title}' not found. The custom node may not be installed."
                return _refused("missing_node_type", message, f"Node ID '#{node_id}'")
        saving = [node_id for node_id, node in graph.items() if node["class_type"] in _SAVING]
        if not saving:
            return _refused("prompt_no_outputs", "Prompt has no outputs", "")
        errors: dict[str, Any] = {}
        good = [node_id for node_id in saving if self._validate(graph, node_id, errors)]
        if not good:
            return _invalid(errors)
        extra = dict(body.get("extra_data", {})) | {"create_time": int(time.time() * 1000)}
        if "client_id" in body:
            extra["client_id"] = body["client_id"]
        number = len(self.queued)
        self.queued.append(id_)
        item = [number, id_, graph, extra, good]
        self.jobs[id_] = Job(id=id_, asked=graph, about={"item": item})
        return web.json_response({"prompt_id": id_, "number": number, "node_errors": errors})

    def _validate(self, graph: dict[str, Any], node_id: str, errors: dict[str, Any]) -> bool:
        """Whether a node and all that it hangs on may run; says what is wrong with each in `errors`."""
        node = graph[node_id]
        wrong, below = [], True
        needed, optional = _NODES[node["class_type"]][0], _OPTIONAL.get(node["class_type"], {})
        for name, kind in (needed | optional).items():
            if name not in node["inputs"]:
                if name in optional:
                    continue
                wrong.append(_error_of("required_input_missing", "Required input is missing", name))
                continue
            value = node["inputs"][name]
            if isinstance(value, list):
                given = _NODES[graph[value[0]]["class_type"]][1][value[1]]
                if kind != given:
                    details = f"{name}, received_type({given}) mismatch input_type({kind})"
                    wrong.append(
                        _error_of("return_type_mismatch", "Return type mismatch between linked nodes", details)
                    )
                below = self._validate(graph, value[0], errors) and below
            else:
                wrong += self._wrong_with(name, kind, value)
        if wrong:
            errors[node_id] = _about(wrong[0], node["class_type"])
        return below and not wrong

    def _wrong_with(self, name: str, kind: Any, value: Any) -> list[dict[str, Any]]:
        if kind == "an upload":
            found = value in self.inputs
            details = f"{name} - Invalid image file: {value}"
            return (
                [] if found else [_error_of("custom_validation_failed", "Custom validation failed for node", details)]
            )
        if isinstance(kind, list):
            details = f"{name}: {value!r} not in {kind}"
            return [] if value in kind else [_error_of("value_not_in_list", "Value not in list", details)]
        try:
            value = kind(value)
        except (TypeError, ValueError):
            return [_error_of("invalid_input_type", "Failed to convert an input value", f"{name}, {value}")]
        if kind is not str and value < _LEAST.get(name, value):
            message = f"Value {value} smaller than min of {_LEAST[name]}"
            return [_error_of("value_smaller_than_min", message, name)]
        return []

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        post = await request.post()
        image = post.get("image")
        if not isinstance(image, FileField) or not image.filename:
            return web.Response(status=400)
        subfolder, name = str(post.get("subfolder", "")), image.filename
        if ".." in f"{subfolder}/{name}":
            return web.Response(status=400)
        data, path = image.file.read(), "/".join(filter(None, (subfolder, name)))
        stem, dot, suffix = path.rpartition(".")
        copies = 0
        while post.get("overwrite") not in ("true", "1") and self.inputs.get(path, data) != data:
            copies += 1
            path = f"{stem} ({copies}){dot}{suffix}"
        self.inputs[path] = data
        return web.json_response({"name": path.rpartition("/")[2], "subfolder": subfolder, "type": "input"})

    # -- working ---------------------------------------------------------------------------------

    def _state(self, job: Job) -> str:
        if job.state is not None:
            return job.state
        if job.stopped:
            return "interrupted"
        ahead = next(j for j in self.jobs.values() if j is job or self._state(j) in ("pending", "running"))
        if ahead is not job or job.looks == 0:
            return "pending"
        return "running" if job.looks < self.looks else "success"

    def _look(self) -> dict[str, list[Job]]:
        """Who is where; the one whose turn it is comes a step further."""
        places: dict[str, list[Job]] = {"pending": [], "running": []}
        for job in self.jobs.values():
            places.setdefault(self._state(job), []).append(job)
        for job in (places["running"] or places["pending"])[:1]:
            job.looks += 1
        return places

    async def _queue(self, request: web.Request) -> web.StreamResponse:
        places = self._look()
        shown = {f"queue_{place}": [job.about["item"] for job in places[place]] for place in ("running", "pending")}
        return web.json_response(shown)

    async def _change_queue(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        for id_ in body.get("delete", []):
            if id_ in self.jobs and self._state(self.jobs[id_]) == "pending":
                del self.jobs[id_]
        if body.get("clear"):
            self.jobs = {id_: job for id_, job in self.jobs.items() if self._state(job) != "pending"}
        return web.Response()

    async def _interrupt(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read() or b"{}")
        wanted = body.get("prompt_id") if self.interrupts_by_id else None
        for job in self.jobs.values():
            if self._state(job) == "running" and wanted in (None, job.id):
                job.stopped, job.state = True, None
        return web.Response()

    # -- telling what came of it -----------------------------------------------------------------

    async def _history(self, request: web.Request) -> web.StreamResponse:
        wanted = request.match_info.get("id")
        ended = {
            job.id: self._record(job, state)
            for job in self.jobs.values()
            if wanted in (None, job.id) and (state := self._state(job)) not in ("pending", "running")
        }
        if not ended:
            self._look()
        return web.json_response(ended)

    def _record(self, job: Job, state: str) -> dict[str, Any]:
        now, about = int(time.time() * 1000), {"prompt_id": job.id, "node_id": "8", "node_type": "KSampler"}
        messages: list[Any] = [["execution_start", {"prompt_id": job.id, "timestamp": now - 12_500}]]
        match state:
            case "success":
                messages.append(["execution_success", {"prompt_id": job.id, "timestamp": now}])
            case "interrupted":
                state = "error"
                messages.append(["execution_interrupted", about | {"executed": [], "timestamp": now}])
            case "error":
                said = job.about.get("said", "CUDA out of memory")
                error = {"exception_message": f"{said}\n", "exception_type": "torch.OutOfMemoryError"}
                where = {"traceback": ['  File "/opt/ComfyUI/execution.py", line 1\n'], "current_inputs": {}}
                messages.append(["execution_error", about | error | where | {"timestamp": now}])
        done = state == "success"
        return {
            "prompt": job.about["item"],
            "outputs": self._outputs_of(job) if done else {},
            "status": {"status_str": state, "completed": done, "messages": messages},
            "meta": {},
        }

    def _outputs_of(self, job: Job) -> dict[str, Any]:
        """What every node that saves says, the files of which lie in the folder of outputs from now on."""
        outputs = self.outputs
        if outputs is None:
            subfolder, _, name = "reelway/clip".rpartition("/")
            file = {"filename": f"{name}_{self.queued.index(job.id):05}_.mp4", "subfolder": subfolder, "type": "output"}
            outputs = {node_id: {"images": [file], "animated": [True]} for node_id in job.about["item"][4]}
        for said in outputs.values():
            for files in said.values():
                for file in files if isinstance(files, list) else []:
                    if isinstance(file, dict) and "filename" in file:
                        self.saved.add((file["type"], file["subfolder"], file["filename"]))
        return outputs

    async def _change_history(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        for id_ in body.get("delete", []):
            self.jobs.pop(id_, None)
        return web.Response()

    async def _view(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        name = query.get("filename", "")
        if not name or name.startswith("/") or ".." in name:
            return web.Response(status=400)
        if (query.get("type", "output"), query.get("subfolder", ""), name) not in self.saved:
            return web.Response(status=404)
        if self.elsewhere:  # a proxy that keeps outputs in a bucket
            raise web.HTTPFound(f"{self.files_url}/{name}")
        return await self.send_clip(request)

    async def _object_info(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["class"]
        if name not in _NODES:
            return web.json_response({})
        inputs = {
            group: {input_: self._kind(name, kind) for input_, kind in kinds.items()}
            for group, kinds in (("required", _NODES[name][0]), ("optional", _OPTIONAL.get(name, {})))
        }
        return web.json_response({name: {"input": inputs, "output": list(_NODES[name][1]), "name": name}})

    def _kind(self, class_type: str, kind: Any) -> list[Any]:
        """As an input is described: newer nodes say COMBO, older ones give the list itself."""
        if kind == "an upload":
            return [sorted(self.inputs), {"image_upload": True}]
        if isinstance(kind, list):
            return ["COMBO", {"options": kind}] if class_type == "SaveVideo" else [kind]
        return [{str: "STRING", int: "INT", float: "FLOAT"}.get(kind, kind), {}]

    async def _system_stats(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"system": {"comfyui_version": "0.37.0"}, "devices": []})


def _is_canonical(id_: Any) -> bool:
    try:
        return isinstance(id_, str) and str(uuid.UUID(id_)) == id_
    except ValueError:
        return False


def _error_of(type_: str, message: str, details: str) -> dict[str, Any]:
    name = details.partition(":")[0].partition(",")[0].partition(" ")[0]
    return {"type": type_, "message": message, "details": details, "extra_info": {"input_name": name}}


def _about(error: dict[str, Any], class_type: str) -> dict[str, Any]:
    return {"errors": [error], "dependent_outputs": ["11"], "class_type": class_type}


def _refused(type_: str, message: str, details: str, node_errors: dict[str, Any] | None = None) -> web.Response:
    error = {"type": type_, "message": message, "details": details, "extra_info": {}}
    return web.json_response({"error": error, "node_errors": node_errors or {}}, status=400)


def _invalid(node_errors: dict[str, Any]) -> web.Response:
    told = [error for about in node_errors.values() for error in about["errors"]]
    details = "\n".join(f"{error['message']}: {error['details']}" for error in told)
    return _refused("prompt_outputs_failed_validation", "Prompt outputs failed validation", details, node_errors)
