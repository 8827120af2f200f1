"""The control video of a request: `control` as an object, or vLLM-Omni's own two fields of a form."""

from collections.abc import Mapping
from typing import Any

from reelway.api.dialects.openai.fields import wrong_type
from reelway.api.forms import Upload
from reelway.domain.generation import Control, InputFile, Role
from reelway.domain.models import parse_control
from reelway.errors import InvalidRequest


def control(values: Mapping[str, Any]) -> tuple[Control, InputFile] | None:
    """What it shows, and the file; raises InvalidRequest."""
    given = values.get("control")
    fields = {"video": "control_reference", "type": "control_type"}
    if given is not None:
        if any(values.get(name) is not None for name in fields.values()):
            raise InvalidRequest("give control, or control_reference and control_type, not both", param="control")
        if not isinstance(given, dict):
            raise wrong_type("control", "an object", given)
        if unknown := given.keys() - fields.keys():
            name = f"control.{min(unknown)}"[:80]
            raise InvalidRequest(f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")
        values = {f"control.{name}": value for name, value in given.items()}
        fields = {name: f"control.{name}" for name in fields}
    elif all(values.get(name) is None for name in fields.values()):
        return None
    for name in fields.values():
        if values.get(name) is None:
            raise InvalidRequest(
                f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter"
            )
    kind = values[fields["type"]]
    if not isinstance(kind, str):
        raise wrong_type(fields["type"], "a string", kind)
    return parse_control(kind, fields["type"]), _file(fields["video"], values[fields["video"]])


def _file(param: str, given: Any) -> InputFile:
    """A file, a URL, a data URL, or one of the caller's videos by `{"id"}` or its id alone."""
    if isinstance(given, Upload):
        return InputFile(role=Role.CONTROL_VIDEO, param=param, data=given.data)
    if isinstance(given, dict):
        if given.keys() != {"id"} or not isinstance(given["id"], str):
            raise InvalidRequest(f"{param} must be a file, a URL, or an object with the id of a video", param=param)
        return InputFile(role=Role.CONTROL_VIDEO, param=param, video_id=given["id"])
    if isinstance(given, str) and given.startswith("video_"):
        return InputFile(role=Role.CONTROL_VIDEO, param=param, video_id=given)
    if not isinstance(given, str) or not given.lower().startswith(("http://", "https://", "data:")):
        raise wrong_type(param, "a file", given)
    return InputFile(role=Role.CONTROL_VIDEO, param=param, url=given)
