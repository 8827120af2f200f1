"""Inputs that we have already: a generation of the caller's, or an address of our own files."""

from dataclasses import replace
from typing import Final

from reelway.accounts.keys import Caller
from reelway.db.base import Database
from reelway.domain.files import pass_suffix
from reelway.domain.generation import Control, Generation, InputFile
from reelway.domain.passes import FILES, Pass
from reelway.domain.states import State
from reelway.errors import InvalidRequest, NotFound
from reelway.generations import store
from reelway.generations.finish import file_key

# What of a generation shows that kind of control.
_PASS_OF: Final = {Control.DEPTH: Pass.DEPTH}


async def ours(
    db: Database, caller: Caller, inputs: tuple[InputFile, ...], control: Control | None, base_url: str
) -> tuple[InputFile, ...]:
    """Those of them that are ours by their keys in storage, the others as they are; raises NotFound, InvalidRequest."""
    return tuple([await _ours(db, caller, file, control, f"{base_url}/files/") for file in inputs])


async def _ours(db: Database, caller: Caller, file: InputFile, control: Control | None, files_url: str) -> InputFile:
    if file.video_id is not None:
        wanted = None if control is None else _PASS_OF.get(control)
        if wanted is None:
            message = f"a video has no pass that shows {control}, only {', '.join(_PASS_OF)}; send a file or a URL"
            raise InvalidRequest(message, param=file.param)
        g = await _generation(db, caller, file.video_id)
        return replace(file, video_id=None, stored=_pass_key(g, wanted, file.param))
    if file.url is not None and file.url.startswith(files_url):
        name = file.url.removeprefix(files_url).partition("?")[0].partition("#")[0]
        return replace(file, url=None, stored=file_key(name, ""))
    return file


async def _generation(db: Database, caller: Caller, name: str) -> Generation:
    number = int(name) if name.isascii() and name.isdigit() and len(name) < 16 else None
    if number is None:
        found = await db.read(store.of_workspace(caller.workspace_id, name))
    else:
        found = await db.read(store.of_workspace_by_number(caller.workspace_id, number))
    if found is None:
        raise NotFound(f"no video {name[:80]!r}")
    return found


def _pass_key(g: Generation, wanted: Pass, param: str) -> str:
    """Where that pass of it is stored."""
    if g.state is not State.SUCCEEDED or g.output is None:
        raise InvalidRequest(f"{g.id} is {g.state}; wait until it has succeeded", param=param, code="video_not_ready")
    if not any(one.name == FILES[wanted][0] for one in g.output.passes):
        message = f'{g.id} has no {wanted} pass; make it again with the model previz and passes ["{wanted}"]'
        raise InvalidRequest(message, param=param)
    return file_key(g.token, pass_suffix(FILES[wanted][0]))
