"""Input files: fetched once by us through the guarded client, decoded, re-encoded, stored."""

import base64
import binascii
import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

import structlog

from reelway.domain.generation import Asset, ClipSpec, Control, InputFile, Role
from reelway.errors import InvalidRequest, OutboundError, StorageError
from reelway.kit.ids import new_token
from reelway.kit.outbound import Outbound
from reelway.media.control import inverse_depth
from reelway.media.picture import open_picture
from reelway.media.probe import ClipFacts, UnreadableClip, check_source_video
from reelway.media.worker import run_media
from reelway.providers.base import one_chunk
from reelway.storage.base import MissingFile, Storage
from reelway.storage.disk import write
from reelway.storage.scratch import Scratch

_log = structlog.get_logger(__name__)

_DATA_URI: Final = re.compile(r"data:([a-z0-9.+/-]*)((?:;[a-z0-9=._+-]+)*),", re.IGNORECASE)
_PICTURES: Final = frozenset({Role.FIRST_FRAME, Role.LAST_FRAME})
_SHORT_BY_S: Final = 0.1  # that a control video may be, whose last frame then stays


class InputStore:
    """Takes what callers name, gives what providers need."""

    def __init__(
        self,
        storage: Storage,
        outbound: Outbound,
        work_dir: Path,
        *,
        picture_bytes_max: int,
        clip_bytes_max: int,
        timeout_s: float,
    ) -> None:
        self._storage = storage
        self._outbound = outbound
        self._scratch = Scratch(work_dir / "scratch")
        self._picture_bytes_max = picture_bytes_max
        self._clip_bytes_max = clip_bytes_max
        self._timeout_s = timeout_s

    async def take(self, inputs: Sequence[InputFile], spec: ClipSpec) -> tuple[Asset, ...]:
        """All of them or none, for that clip; raises InvalidRequest naming the field and what is wrong with the file.

        Files of our own are named by their keys in storage: see `ours`.
        """
        taken: list[Asset] = []
        try:
            for file in inputs:
                taken.append(await self._take(file, spec))
        except BaseException:
            await self.drop(taken)
            raise
        return tuple(taken)

    async def drop(self, assets: Sequence[Asset]) -> None:
        """Nobody needs them any more; one that the storage keeps all the same does no harm."""
        for asset in assets:
            try:
                await self._storage.delete(asset.key)
            except StorageError as error:
                _log.warning("input_not_deleted", key=asset.key, error=error.message)

    def at_hand(self, asset: Asset) -> AbstractAsyncContextManager[Path]:
        """A file on this machine until the block ends, for engines that want one; raises StorageError."""
        return self._scratch.at_hand(self._storage, asset.key)

    async def read(self, asset: Asset) -> bytes:
        """The bytes; raises MissingFile when they are gone, StorageError."""
        return b"".join([chunk async for chunk in self._storage.read(asset.key)])

    async def _take(self, file: InputFile, spec: ClipSpec) -> Asset:
        is_picture = file.role in _PICTURES
        most = self._picture_bytes_max if is_picture else self._clip_bytes_max
        data = await self._bytes(file, most)
        if len(data) > most and file.stored is None:
            raise InvalidRequest(f"{file.param} has {len(data)} bytes; at most {most} are taken", param=file.param)
        try:
            return await (self._keep_picture(file, data) if is_picture else self._keep_clip(file, data, spec))
        except InvalidRequest as error:
            raise InvalidRequest(f"{file.param}: {error.message}", param=file.param, code=error.code) from error

    async def _bytes(self, file: InputFile, most: int) -> bytes:
        if file.data is not None:
            return file.data
        if file.stored is not None:
            return await self._stored(file.stored, file.param)
        url = file.url or ""
        if url[:5].lower() == "data:":
            return _decode_data_uri(url, file.param)
        if not url.lower().startswith(("http://", "https://")):
            raise InvalidRequest(f"{file.param} {url[:60]!r} is not an http, https or data URL", param=file.param)
        try:
            fetched = await self._outbound.fetch(url, size_bytes_max=most, timeout_s=self._timeout_s)
        except OutboundError as error:
            kind = "image" if file.role in _PICTURES else "video"
            raise InvalidRequest(
                f"Unable to fetch {kind} from provided URL: {error.message}", param=file.param
            ) from error
        return fetched.body

    async def _stored(self, key: str, param: str) -> bytes:
        try:
            return b"".join([chunk async for chunk in self._storage.read(key)])
        except MissingFile:
            message = f"{param}: there is no such file here, or its video was deleted"
            raise InvalidRequest(message, param=param) from None

    async def _keep_picture(self, file: InputFile, data: bytes) -> Asset:
        picture = await run_media(open_picture, data)
        png = await run_media(picture.png)
        return await self._keep(file, png, "png", "image/png", picture.width, picture.height)

    async def _keep_clip(self, file: InputFile, data: bytes, spec: ClipSpec) -> Asset:
        with self._scratch.path() as path:
            await write(one_chunk(data), path)
            facts = await run_media(check_source_video, path, size_bytes_max=len(data))
            if file.role is Role.CONTROL_VIDEO:
                _check_length(facts, spec)
                if spec.control is Control.DEPTH:
                    shown = await run_media(_depth_as_models_know_it, path, float(spec.duration_s))
                    data = data if shown is None else shown
        return await self._keep(file, data, "mp4", "video/mp4", facts.width, facts.height)

    async def _keep(self, file: InputFile, data: bytes, suffix: str, media_type: str, width: int, height: int) -> Asset:
        key = f"inputs/{new_token(16)}.{suffix}"
        await self._storage.put(key, one_chunk(data), media_type=media_type)
        return Asset(role=file.role, key=key, media_type=media_type, width=width, height=height, size_bytes=len(data))


def _check_length(facts: ClipFacts, spec: ClipSpec) -> None:
    if facts.duration_s + _SHORT_BY_S < spec.duration_s:
        message = f"a control video of {facts.duration_s:.1f} s for a clip of {float(spec.duration_s):g} s"
        raise InvalidRequest(f"{message}; order a clip of its length, or send a longer one")


def _depth_as_models_know_it(path: Path, length_s: float) -> bytes | None:
    """Of the built-in engine's 16 bits; None for what is of 8 already."""
    import numpy as np

    from reelway.previz.passes.depth import to_metres

    try:
        return inverse_depth(path, to_metres(np.arange(1 << 16, dtype=np.uint16)), length_s=length_s)
    except UnreadableClip as error:
        raise InvalidRequest(f"not a readable video: {error.message}") from error


def decode_base64(text: str, param: str) -> bytes:
    """Tolerates line breaks, spaces for plus and missing padding; raises InvalidRequest for what is not base64."""
    compact = "".join(text.split())
    try:
        return base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidRequest(f"{param} is neither a URL nor base64", param=param) from None


def _decode_data_uri(url: str, param: str) -> bytes:
    head = _DATA_URI.match(url)
    if head is None:
        raise InvalidRequest(f"{param} is a broken data URL; write data:image/png;base64,…", param=param)
    rest = url[head.end() :]
    return decode_base64(rest, param) if ";base64" in head[2].lower() else unquote_to_bytes(rest)
