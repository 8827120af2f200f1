"""Input files: fetched once by us through the guarded client, decoded, re-encoded, stored."""

import base64
import binascii
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

import structlog

from reelway.domain.generation import Asset, ClipSpec, Control, InputFile, Role
from reelway.errors import InvalidRequest, OutboundError, ProviderError, ProviderFault, StorageError
from reelway.kit.ids import new_token
from reelway.kit.outbound import Outbound
from reelway.media.control import inverse_depth, is_deep
from reelway.media.picture import open_picture
from reelway.media.probe import ClipFacts, UnreadableClip, check_source_video
from reelway.media.worker import run_long_media, run_media
from reelway.providers.base import one_chunk
from reelway.storage.base import MissingFile, Storage, media_type_of, suffix_for
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
            # The depth first: see make_ready.
            for key in (_deep_key(asset), asset.key) if asset.role is Role.CONTROL_VIDEO else (asset.key,):
                try:
                    await self._storage.delete(key)
                except StorageError as error:
                    _log.warning("input_not_deleted", key=key, error=error.message)

    async def make_ready(self, spec: ClipSpec) -> None:
        """Of depth in 16 bits, make the 8 bits that models know: once, whoever needs it and however often.

        Before anything is sent, so that a crash in these seconds is no lost answer. Raises REJECTED for what cannot be
        decoded, StorageError.
        """
        asset = spec.asset(Role.CONTROL_VIDEO)
        if asset is None or await self._storage.open(asset.key) is not None:
            return
        deep = _deep_key(asset)
        try:
            with self._scratch.path() as path:
                await write(self._storage.read(deep), path)
                shown = await run_long_media(_as_models_know_it, path, float(spec.duration_s))
        except MissingFile as error:
            raise ProviderError(ProviderFault.REJECTED, "the control video is gone from storage") from error
        except UnreadableClip as error:
            raise ProviderError(ProviderFault.REJECTED, f"the control video: {error.message}") from error
        await self._storage.put(asset.key, one_chunk(shown), media_type=asset.media_type)
        if await self._storage.open(deep) is None:  # it was dropped meanwhile: the job is over
            await self._storage.delete(asset.key)

    def at_hand(self, asset: Asset) -> AbstractAsyncContextManager[Path]:
        """A file on this machine until the block ends, for engines that want one; raises StorageError."""
        return self._scratch.at_hand(self._storage, asset.key)

    async def read(self, asset: Asset) -> bytes:
        """The bytes; raises MissingFile when they are gone, StorageError."""
        return b"".join([chunk async for chunk in self._storage.read(asset.key)])

    async def _take(self, file: InputFile, spec: ClipSpec) -> Asset:
        chunks = one_chunk(await self._sent(file)) if file.stored is None else self._storage.read(file.stored)
        try:
            if file.role in _PICTURES:
                return await self._keep_picture(file, chunks)
            return await self._keep_clip(file, chunks, spec)
        except MissingFile:
            message = f"{file.param}: there is no such file here, or its video was deleted"
            raise InvalidRequest(message, param=file.param) from None
        except InvalidRequest as error:
            raise InvalidRequest(f"{file.param}: {error.message}", param=file.param, code=error.code) from error

    async def _sent(self, file: InputFile) -> bytes:
        most = self._picture_bytes_max if file.role in _PICTURES else self._clip_bytes_max
        data = await self._bytes(file, most)
        if len(data) > most:
            raise InvalidRequest(f"{file.param} has {len(data)} bytes; at most {most} are taken", param=file.param)
        return data

    async def _bytes(self, file: InputFile, most: int) -> bytes:
        if file.data is not None:
            return file.data
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

    async def _keep_picture(self, file: InputFile, chunks: AsyncIterator[bytes]) -> Asset:
        picture = await run_media(open_picture, b"".join([chunk async for chunk in chunks]))
        png = await run_media(picture.png)
        asset = _asset(file.role, "image/png", picture.width, picture.height, len(png))
        await self._storage.put(asset.key, one_chunk(png), media_type=asset.media_type)
        return asset

    async def _keep_clip(self, file: InputFile, chunks: AsyncIterator[bytes], spec: ClipSpec) -> Asset:
        """Its head and its first picture say whether it will do; what takes longer is done by `make_ready`."""
        with self._scratch.path() as path:
            await write(chunks, path)
            size_bytes = path.stat().st_size
            facts = await run_media(check_source_video, path, size_bytes_max=size_bytes)
            asset = _asset(file.role, "video/mp4", facts.width, facts.height, size_bytes)
            key = asset.key
            if file.role is Role.CONTROL_VIDEO:
                _check_length(facts, spec)
                if spec.control is Control.DEPTH and await run_media(is_deep, path):
                    key = _deep_key(asset)
            await self._storage.put_file(key, path, media_type=media_type_of(key))
        return asset


def _asset(role: Role, media_type: str, width: int, height: int, size_bytes: int) -> Asset:
    key = f"inputs/{new_token(16)}{suffix_for(media_type)}"
    return Asset(role=role, key=key, media_type=media_type, width=width, height=height, size_bytes=size_bytes)


def _deep_key(asset: Asset) -> str:
    """Where 16 bits of depth lie until the video at `asset.key` is made of them."""
    return asset.key.removesuffix(".mp4") + "-depth.mkv"


def _check_length(facts: ClipFacts, spec: ClipSpec) -> None:
    if facts.duration_s + _SHORT_BY_S < spec.duration_s:
        message = f"a control video of {facts.duration_s:.1f} s for a clip of {float(spec.duration_s):g} s"
        raise InvalidRequest(f"{message}; order a clip of its length, or send a longer one")


def _as_models_know_it(path: Path, length_s: float) -> bytes:
    """Of depth in the built-in engine's 16 bits."""
    import numpy as np

    from reelway.previz.passes.depth import to_metres

    return inverse_depth(path, to_metres(np.arange(1 << 16, dtype=np.uint16)), length_s=length_s)


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
