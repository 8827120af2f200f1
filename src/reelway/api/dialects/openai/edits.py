"""POST /v1/videos/{id}/remix and /v1/videos/edits: a new video from one that is finished, or from an upload."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from reelway.api.auth import find_key, sign_in
from reelway.api.dialects.openai.accept import Acceptor
from reelway.api.dialects.openai.content import check_finished
from reelway.api.dialects.openai.fields import wrong_type
from reelway.api.dialects.openai.form import read_fields
from reelway.api.dialects.openai.submission import canonical, own_names, understand
from reelway.api.forms import Upload
from reelway.api.services import Services
from reelway.domain.generation import Generation, InputFile, OutputType, Role
from reelway.errors import InvalidRequest
from reelway.generations.finish import file_key

FROM: Final = "remixed_from_video_id"
UPLOAD_MODEL: Final = "previz"  # the API's edit names no model, and its own default cannot edit here


class Edits:
    """Video to video, by the models that can."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._acceptor = Acceptor(services)

    async def remix(self, request: Request) -> Response:
        """The clip of a finished video, changed by words; model, size and length are the source's unless said."""
        caller = await sign_in(self._services, request, find_key(request))
        g = await self._services.queries.get(caller, request.path_params["id"])
        sent = await read_fields(request, self._services.settings.body_bytes_max)
        with own_names():
            values = _like(g, _asked(sent.values))
            asked = understand(values, self._services.catalogue, await self._clip(g))
            return await self._acceptor.accept(request, caller, asked, values, sent.request_hash, echo={FROM: g.id})

    async def edit(self, request: Request) -> Response:
        """The same, with the source in `video`: a file, or `{"id": "video_…"}`."""
        caller = await sign_in(self._services, request, find_key(request))
        sent = await read_fields(request, self._services.settings.body_bytes_max)
        given = sent.values.pop("video", None)
        with own_names():
            values, echo = _asked(sent.values), dict[str, Any]()
            if isinstance(given, Upload):
                values = {"model": UPLOAD_MODEL} | values
                source = InputFile(role=Role.SOURCE_VIDEO, param="video", data=given.data)
            else:
                g = await self._services.queries.get(caller, _id_in(given))
                values, echo, source = _like(g, values), {FROM: g.id}, await self._clip(g)
            asked = understand(values, self._services.catalogue, source)
            return await self._acceptor.accept(request, caller, asked, values, sent.request_hash, echo=echo)

    async def _clip(self, g: Generation) -> InputFile:
        check_finished(g)
        most = self._services.settings.clip_bytes_max
        if g.spec.output_type is not OutputType.MP4:
            raise InvalidRequest(f"{g.id} is a {g.spec.output_type}; only clips can be edited", param="video")
        if g.output is not None and g.output.size_bytes > most:
            raise InvalidRequest(f"{g.id} has {g.output.size_bytes} bytes; at most {most} are taken", param="video")
        data = b"".join([chunk async for chunk in self._services.storage.read(file_key(g.token, ".mp4"))])
        return InputFile(role=Role.SOURCE_VIDEO, param="video", data=data)


def _asked(sent: dict[str, Any]) -> dict[str, Any]:
    values = canonical(sent)
    for name in ("input_reference", "end_image", "control", "control_reference", "control_type"):
        if name in values:
            raise InvalidRequest(f"an edit starts from its video; leave {name} out", param=name)
    return values


def _like(g: Generation, asked: dict[str, Any]) -> dict[str, Any]:
    """What is taken over from the source where nothing else is said."""
    values = {"model": g.model} | asked
    if not asked.keys() & {"size", "width", "height", "aspect_ratio", "resolution", "portrait"}:
        values["size"] = g.spec.size
    if not asked.keys() & {"seconds", "num_frames", "fps"}:
        values |= {"num_frames": g.spec.frames, "fps": g.spec.fps}
    return values


def _id_in(given: Any) -> str:
    if given is None:
        raise InvalidRequest("Missing required parameter: 'video'.", param="video", code="missing_required_parameter")
    if not isinstance(given, dict):
        raise wrong_type("video", "a file", given)
    id = given.get("id")
    if not isinstance(id, str):
        raise wrong_type("video.id", "a string", id)
    return id
