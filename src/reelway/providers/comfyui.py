"""ComfyUI, self-hosted: one workflow of the operator's for each model, a few of its inputs filled in by each order.

Facts and their sources are in docs/providers/comfyui.md. A caller's words go into the declared places and nowhere
else: never into the graph itself, a file's name or a path.
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from difflib import get_close_matches
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias
from urllib.parse import quote, urlencode
from uuid import NAMESPACE_URL, uuid5

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from reelway.domain.generation import Asset, ClipSpec, Mode, Role
from reelway.errors import ProviderError, ProviderFault
from reelway.kit.multipart import Upload
from reelway.kit.outbound import KIB, Reply
from reelway.providers.base import (
    Absent,
    BaseUrl,
    CancelOutcome,
    Context,
    Facts,
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
    ProviderSettings,
    Serves,
    Stopped,
    Waiting,
    read_field,
    read_id,
)
from reelway.providers.wire import (
    Origin,
    brief,
    json_or_none,
    origin,
    read_control,
    read_frame,
    read_input,
    read_json,
    rejected,
)

# It works on one job at a time: one more waits there, so that the GPU never waits for us.
FACTS = Facts(in_flight_max=2, poll_first_s=1.0, poll_most_s=5.0)

Graph: TypeAlias = dict[str, Any]
"""A workflow in API format: {node id: {class_type, inputs}}."""

_FILES: Final = frozenset(str(role) for role in Role)
_WORDS: Final = frozenset({"prompt", "negative_prompt"})
_NUMBERS: Final = frozenset({"seed", "width", "height", "frames", "fps"})
_BINDINGS: Final = _WORDS | _NUMBERS | _FILES
_CLIPS: Final = (".mp4", ".webm", ".mov")
_SUFFIX: Final = {"image/png": "png", "video/mp4": "mp4"}
_FOLDER: Final = "reelway"  # below ComfyUI's folder of inputs
_ANSWER_BYTES_MAX: Final = 16 * 1024 * KIB  # the queue and the history quote whole graphs
_LACKING: Final = frozenset({"missing_node_type", "value_not_in_list"})  # a node or a file that it has not


def _read_graph(path: Any) -> Graph:
    if not isinstance(path, str):
        raise ValueError("name the file of a workflow")
    try:
        graph = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"{path} is not JSON: {error}") from error
    if isinstance(graph, dict) and isinstance(graph.get("nodes"), list):
        raise ValueError(f"{path} is what the editor saves; in ComfyUI use File, Export (API)")
    if not isinstance(graph, dict) or not graph:
        raise ValueError(f"{path} is no workflow in API format")
    for id_, node in graph.items():
        if not isinstance(node, dict) or not isinstance(node.get("inputs"), dict) or "class_type" not in node:
            raise ValueError(f"{path}: node {id_} has no class_type or no inputs")
    return graph


def _listed(places: Any) -> Any:
    if not isinstance(places, str | list) or not places:
        raise ValueError("write NODE.INPUT, or a list of them")
    return (places,) if isinstance(places, str) else places


class Workflow(BaseModel):
    """A table models.NAME: the workflow that makes what a route calls `upstream_model`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    workflow: Annotated[Graph, BeforeValidator(_read_graph)] = Field(repr=False)
    bindings: dict[str, Annotated[tuple[str, ...], BeforeValidator(_listed)]]
    frames_step: int = Field(4, ge=1)

    @model_validator(mode="after")
    def _fit(self) -> "Workflow":
        if "prompt" not in self.bindings:
            raise ValueError('no place for the prompt; add prompt = "NODE.INPUT" to its bindings')
        for name, places in self.bindings.items():
            if name not in _BINDINGS:
                raise ValueError(f"no binding {name!r}; {_hint(name, _BINDINGS)}")
            for place in places:
                self._check_place(name, place)
        return self

    def _check_place(self, name: str, place: str) -> None:
        id_, dot, input_ = place.partition(".")
        if not dot:
            raise ValueError(f"binding {name}: {place!r} is no place; write NODE.INPUT, as in 6.text")
        if id_ not in self.workflow:
            raise ValueError(f"binding {name}: the workflow has no node {id_!r}; {_hint(id_, self.workflow)}")
        node = self.workflow[id_]
        where = f"binding {name}: node {id_} ({node['class_type']})"
        if input_ not in node["inputs"]:
            raise ValueError(f"{where} has no input {input_!r}; {_hint(input_, node['inputs'])}")
        value = node["inputs"][input_]
        if isinstance(value, list):
            raise ValueError(f"{where}: input {input_!r} comes from node {value[0] if value else '?'}; bind it there")
        if name in _NUMBERS:
            fits, kind = isinstance(value, int | float) and not isinstance(value, bool), "a number"
        else:
            fits, kind = isinstance(value, str), "text"
        if not fits:
            raise ValueError(f"{where}: input {input_!r} is {brief(value)!r}, and {name} is {kind}")

    def choices(self) -> list[tuple[str, str, dict[str, str]]]:
        """Of every node its id, its class, and the texts in it that no order fills in."""
        bound = {place for places in self.bindings.values() for place in places}
        return [
            (
                id_,
                str(node["class_type"]),
                {k: v for k, v in node["inputs"].items() if isinstance(v, str) and f"{id_}.{k}" not in bound},
            )
            for id_, node in self.workflow.items()
        ]

    def filled(self, values: Mapping[str, str | int]) -> Graph:
        """The graph with those values in the places bound for them."""
        graph = deepcopy(self.workflow)
        for name, value in values.items():
            for place in self.bindings[name]:
                id_, _, input_ = place.partition(".")
                graph[id_]["inputs"][input_] = value
        return graph


class Settings(ProviderSettings):
    """A table [providers.NAME] with `provider = "comfyui"`."""

    base_url: BaseUrl = Field("http://127.0.0.1:8188", description="where the server is")
    models: dict[str, Workflow] = Field(
        min_length=1,
        description="a table for each upstream_model: workflow, a file in API format; bindings, a table of"
        " NAME = NODE.INPUT; frames_step, frames are a multiple of it plus 1",
    )


def build(context: Context) -> "ComfyUI":
    """Make the provider; no I/O here."""
    settings: Settings = context.settings
    # It knows no keys; a proxy in front of it may.
    headers = {} if settings.key is None else {"Authorization": f"Bearer {settings.key.get_secret_value()}"}
    server = origin(context, settings.base_url, headers=headers, classify=_classify, timeout_s=settings.timeout_s)
    return ComfyUI(server, context.inputs, settings.models)


class ComfyUI(Provider):
    """One server."""

    def __init__(self, server: Origin, inputs: Inputs, models: Mapping[str, Workflow]) -> None:
        self._server = server
        self._inputs = inputs
        self._models = models

    async def submit(self, order: Order) -> Handle:
        """POST /prompt under an id of ours, after the files it needs."""
        workflow, id_ = self._workflow(order), _id_of(order)
        values: dict[str, str | int] = {"prompt": order.spec.prompt, **_numbers(workflow, order.spec)}
        if order.spec.negative_prompt and "negative_prompt" in workflow.bindings:
            values["negative_prompt"] = order.spec.negative_prompt  # else the workflow's own stays
        for asset in order.spec.assets:
            values[asset.role] = await self._upload(id_, asset, order.spec, _frames(workflow, order.spec))
        # A client id, so that our previews do not go to everybody who has the editor open.
        asked = {"prompt": workflow.filled(values), "prompt_id": id_, "client_id": id_}
        reply = await self._server.send("POST", "/prompt", json=asked)
        if reply.status == 404:
            raise rejected("no ComfyUI answers at base_url: /prompt is not there")
        self._server.check(reply)
        # An older server gives it another id.
        return self._handle(order, read_id(read_json(reply), "prompt_id"))

    async def poll(self, handle: Handle) -> Progress:
        """GET /queue, then /history: a job goes from the one to the other, never back."""
        place = await self._place_in_queue(handle["id"])
        if place is not None:
            return Waiting(started=place == "running")
        record = await self._record(handle["id"])
        if record is None:
            message = "ComfyUI does not know the job; it forgets everything when it is restarted"
            raise ProviderError(ProviderFault.NOT_FOUND, message)
        status = read_field(record, "status", dict)
        match read_field(status, "status_str", str):
            case "success":
                return self._done(record, handle)
            case "error":
                return _failed(status)
            case other:
                raise ProviderError(ProviderFault.UNREADABLE, f"unknown state {brief(other)!r}")

    async def cancel(self, handle: Handle) -> CancelOutcome:
        """Out of the queue, or interrupted: only while it runs, for an older server stops whatever runs."""
        id_ = handle["id"]
        # Twice: an id sent again after a lost answer may stand there twice, and each mention takes one out.
        self._server.check(await self._server.send("POST", "/queue", json={"delete": [id_, id_]}))
        if await self._place_in_queue(id_) == "running":
            self._server.check(await self._server.send("POST", "/interrupt", json={"prompt_id": id_}))
            return Stopped()
        record = await self._record(id_)
        if record is None or _event(record.get("status"), "execution_interrupted") is not None:
            return Stopped()
        return NotStopped("it had ended already")

    async def find(self, order: Order) -> FindOutcome:
        """By our id. What an older server calls otherwise is found by its client, while it is in the queue."""
        id_ = _id_of(order)
        for items in (await self._queue()).values():
            for item in items:
                if id_ in (item[1], _client_of(item)):
                    return Found(self._handle(order, item[1]))
        return Absent() if await self._record(id_) is None else Found(self._handle(order, id_))

    async def discard(self, handle: Handle) -> None:
        """Forget the words of the job. Its files stay on that machine: there is no way to delete them from here."""
        try:
            await self._server.send("POST", "/history", json={"delete": [handle["id"]]})
        except ProviderError:
            return

    async def aclose(self) -> None:
        """Nothing runs here."""

    async def probe(self, upstream_model: str) -> ProbeOutcome:
        """GET /object_info/{class} for every node of the model's workflows: is it there, and are the files it names?"""
        names = {upstream_model, *(f"{upstream_model}/{mode}" for mode in Mode)}
        workflows = [workflow for name, workflow in self._models.items() if name in names]
        if not workflows:
            raise self._no_workflow(upstream_model)
        known: dict[str, dict[str, list[Any]]] = {}
        for workflow in workflows:
            for id_, class_type, texts in workflow.choices():
                if class_type not in known:
                    known[class_type] = await self._choices_of(id_, class_type)
                for name, text in texts.items():
                    if text not in known[class_type].get(name, [text]):
                        message = f"node {id_} ({class_type}): the server has no {name} {brief(text)!r}"
                        raise ProviderError(ProviderFault.MODEL_GONE, message)
        return Serves()

    async def _choices_of(self, id_: str, class_type: str) -> dict[str, list[Any]]:
        """Of every input that takes one of a list, the list."""
        path = f"/object_info/{quote(class_type, safe='')}"
        about = await self._server.ask("GET", path, answer_bytes_max=_ANSWER_BYTES_MAX)
        if about == {}:
            raise ProviderError(ProviderFault.MODEL_GONE, f"node {id_}: the server has no node {class_type}")
        inputs = read_field(read_field(about, class_type, dict), "input", dict)
        found = {}
        for group in ("required", "optional"):
            kinds = inputs.get(group)
            for name, kind in kinds.items() if isinstance(kinds, dict) else ():
                match kind:
                    case [list(choices), *_] | ["COMBO", {"options": list(choices)}]:
                        found[name] = choices
        return found

    def _no_workflow(self, name: str) -> ProviderError:
        message = f"no workflow for {name!r}; there are {', '.join(self._models)}"
        return ProviderError(ProviderFault.MODEL_GONE, message)

    def _workflow(self, order: Order) -> Workflow:
        """The one for the model and its mode, or for the model; raises for an order that does not fit it."""
        name = order.upstream_model
        workflow = self._models.get(f"{name}/{order.spec.mode}") or self._models.get(name)
        if workflow is None:
            raise self._no_workflow(name)
        given = {str(asset.role) for asset in order.spec.assets}
        bound = _FILES & workflow.bindings.keys()
        for role in sorted(given ^ bound):
            verb = "takes no" if role in given else "needs a"
            raise rejected(f"the workflow of {name!r} {verb} {role.replace('_', ' ')}")
        return workflow

    def _handle(self, order: Order, id_: str) -> Handle:
        workflow = self._workflow(order)
        asked = _NUMBERS | {"negative_prompt"} if order.spec.negative_prompt else _NUMBERS
        left_out = sorted(asked - workflow.bindings.keys())
        return {"id": id_, "effective": _numbers(workflow, order.spec), "left_out": left_out}

    async def _upload(self, id_: str, asset: Asset, spec: ClipSpec, frames: int) -> str:
        """Send a file; returns what a node that loads it calls it. Sent again, it takes the place of the first."""
        if asset.role is Role.CONTROL_VIDEO:  # nodes take it frame by frame, whatever its rate
            data = await read_control(self._inputs, asset, spec, frames)
        elif asset.media_type.startswith("image/"):
            data = await read_frame(self._inputs, asset, spec)
        else:
            data = await read_input(self._inputs, asset)
        name = f"{id_}-{asset.role}.{_SUFFIX.get(asset.media_type, 'bin')}"
        image = Upload(name=name, media_type=asset.media_type, data=data)
        form: dict[str, str | Upload] = {"image": image, "type": "input", "subfolder": _FOLDER, "overwrite": "true"}
        saved = await self._server.ask("POST", "/upload/image", form=form)
        folder = read_field(saved, "subfolder", str)
        return "/".join(filter(None, (folder, read_field(saved, "name", str))))

    async def _queue(self) -> dict[str, list[list[Any]]]:
        """Items [number, id, graph, extra, outputs] under running and pending."""
        queue = await self._server.ask("GET", "/queue", answer_bytes_max=_ANSWER_BYTES_MAX)
        places = {place: read_field(queue, f"queue_{place}", list) for place in ("running", "pending")}
        for item in (item for items in places.values() for item in items):
            if not isinstance(item, list) or len(item) < 2:
                raise ProviderError(ProviderFault.UNREADABLE, f"an item of the queue is {brief(item)!r}")
        return places

    async def _place_in_queue(self, id_: str) -> str | None:
        queue = await self._queue()
        return next((place for place, items in queue.items() if any(item[1] == id_ for item in items)), None)

    async def _record(self, id_: str) -> dict[str, Any] | None:
        path = f"/history/{quote(id_, safe='')}"
        history = await self._server.ask("GET", path, answer_bytes_max=_ANSWER_BYTES_MAX)
        if history == {}:
            return None
        record: dict[str, Any] = read_field(history, id_, dict)
        return record

    def _done(self, record: dict[str, Any], handle: Handle) -> Progress:
        clip = _clip(read_field(record, "outputs", dict))
        if clip is None:
            message = f"the workflow ended without a {', '.join(_CLIPS)} among its outputs"
            return Failed(fault=ProviderFault.REJECTED, message=message)
        effective = dict(handle["effective"])
        began, ended = (_event(record["status"], f"execution_{name}") or {} for name in ("start", "success"))
        if isinstance(began.get("timestamp"), int) and isinstance(ended.get("timestamp"), int):
            effective["inference_time_s"] = (ended["timestamp"] - began["timestamp"]) / 1000
        meta = {"effective": effective, "left_out": handle["left_out"]}
        return self._server.done(f"/view?{urlencode(clip)}", meta={k: v for k, v in meta.items() if v})


def _hint(word: str, known: Any) -> str:
    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}"


def _id_of(order: Order) -> str:
    """The same for the same order. ComfyUI takes UUIDs alone, and only spelled like this."""
    return str(uuid5(NAMESPACE_URL, f"reelway:{order.key}"))


def _numbers(workflow: Workflow, spec: ClipSpec) -> dict[str, int]:
    """What is bound of the clip's numbers."""
    size = {"width": spec.width, "height": spec.height}
    numbers = {"seed": spec.seed, **size, "frames": _frames(workflow, spec), "fps": spec.fps}
    return {name: value for name, value in numbers.items() if name in workflow.bindings}


def _frames(workflow: Workflow, spec: ClipSpec) -> int:
    """A video model rounds a count that it cannot make down, without a word: the next one above."""
    return ceil((spec.frames - 1) / workflow.frames_step) * workflow.frames_step + 1


def _client_of(item: list[Any]) -> Any:
    return item[3].get("client_id") if len(item) > 3 and isinstance(item[3], dict) else None


def _clip(outputs: dict[str, Any]) -> dict[str, str] | None:
    """The first saved clip, else the first preview of one. SaveVideo lists its file under images, others elsewhere."""
    found = []
    for node in outputs.values():
        for files in node.values() if isinstance(node, dict) else ():
            for file in files if isinstance(files, list) else ():
                if isinstance(file, dict) and str(file.get("filename", "")).lower().endswith(_CLIPS):
                    found.append({k: str(file.get(k, "")) for k in ("filename", "subfolder", "type")})
    return min(found, key=lambda clip: clip["type"] != "output", default=None)


def _event(status: Any, name: str) -> dict[str, Any] | None:
    """What a record's status says of that event; None when it did not happen."""
    messages = status.get("messages") if isinstance(status, dict) else None
    for message in messages if isinstance(messages, list) else ():
        match message:
            case [str(said), dict(about)] if said == name:
                return about
    return None


def _failed(status: dict[str, Any]) -> Failed:
    if _event(status, "execution_interrupted") is not None:
        return Failed(fault=ProviderFault.UNAVAILABLE, message="the job was interrupted at ComfyUI")
    error = _event(status, "execution_error") or {}
    said = brief(error.get("exception_message") or error.get("exception_type") or "ComfyUI gives no reason")
    where = f"node {error['node_id']} ({error.get('node_type')}): " if "node_id" in error else ""
    return Failed(fault=ProviderFault.UNAVAILABLE, message=brief(where + said))


def _classify(reply: Reply) -> ProviderError | None:
    """A graph that it refuses: the words are for the operator, who drew it."""
    if reply.status != 400:
        return None
    body = json_or_none(reply)
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None
    told = list(_node_errors(body.get("node_errors")))
    types = {error.get("type"), *(type_ for type_, _ in told)}
    fault = ProviderFault.MODEL_GONE if types & _LACKING else ProviderFault.REJECTED
    said = "; ".join(words for _, words in told) or f"{error.get('message')} {error.get('details')}"
    return ProviderError(fault, brief(said))


def _node_errors(nodes: Any) -> Any:
    """Type and words of each error of each node."""
    for id_, about in nodes.items() if isinstance(nodes, dict) else ():
        for error in about.get("errors", ()) if isinstance(about, dict) else ():
            if isinstance(error, dict):
                details = str(error.get("details")).partition(" not in ")[0]  # what it has instead is nobody's business
                yield error.get("type"), f"node {id_} ({about.get('class_type')}): {error.get('message')}: {details}"
