"""Bring a finished clip home: bytes to our storage, probed, pictured; before anybody says it succeeded."""

import asyncio
from dataclasses import dataclass, replace
from math import floor
from pathlib import Path
from typing import Any, Final

import structlog

from reelway.catalogue.load import Catalogue
from reelway.domain.generation import ClipSpec, Generation, Output, OutputType
from reelway.errors import ProviderError, ProviderFault, ReelwayError, StorageError
from reelway.kit.clock import Clock
from reelway.kit.outbound import Outbound, OutboundError
from reelway.media import gif
from reelway.media.poster import stills
from reelway.media.probe import ClipFacts, UnreadableClip, probe
from reelway.media.worker import run_media
from reelway.providers.base import Done, one_chunk
from reelway.storage.base import Storage, StoredFile, media_type_of

_log = structlog.get_logger(__name__)

_SHORTFALL: Final = 0.95  # a clip shorter or smaller than this share of what was asked is priced as what it is
_STORE_RETRY_S: Final = 2.0


class NotAClip(ReelwayError):
    """The provider's file cannot be played."""

    code = "unreadable_clip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What is in storage, and what it is worth."""

    output: Output
    meta: dict[str, Any]
    charge_microusd: int


def file_key(token: str, suffix: str) -> str:
    """Where a generation's file lives in storage; `suffix` as in Generation.file_url."""
    return f"videos/{token}{suffix}"


class Finisher:
    """The step from the provider's file to ours."""

    def __init__(
        self,
        *,
        storage: Storage,
        outbound: Outbound,
        catalogue: Catalogue,
        clock: Clock,
        work_dir: Path,
        result_bytes_max: int,
    ) -> None:
        self._storage = storage
        self._outbound = outbound
        self._catalogue = catalogue
        self._clock = clock
        self._work_dir = work_dir
        self._result_bytes_max = result_bytes_max

    async def store(self, g: Generation, done: Done, *, retry_until_s: float) -> Finished:
        """Store, probe, picture; tries again while our disk refuses, until monotonic `retry_until_s`.

        Raises ProviderError when the provider's bytes cannot be had, NotAClip when they are no clip.
        """
        while True:
            try:
                return await self._store(g, done)
            except StorageError as error:
                if self._clock.monotonic_s() > retry_until_s:
                    raise
                _log.error("storage_refuses", generation=g.id, error=error.message)
                await asyncio.sleep(_STORE_RETRY_S)

    async def _store(self, g: Generation, done: Done) -> Finished:
        key = file_key(g.token, ".mp4")
        stored = await self._storage.open(key)  # whole, if it is there: a restart between storing and the row
        if stored is None:
            stored = await self._fetch(key, done)
        path = await self._local(key)
        try:
            facts = await run_media(probe, path)
        except UnreadableClip as error:
            await self._storage.delete(key)
            raise NotAClip(f"the provider's file is not a clip: {error.message}") from error
        media_type = "video/mp4"
        if g.spec.output_type is OutputType.GIF:
            stored = await self._animate(g, path)
            media_type = "image/gif"
        await self._picture(g, path)
        return Finished(
            output=_output(facts, stored, media_type),
            meta=dict(done.meta) | _difference(g.spec, facts),
            charge_microusd=self._charge(g, facts),
        )

    async def _fetch(self, key: str, done: Done) -> StoredFile:
        if done.path is not None:
            if not done.path.exists():
                raise ProviderError(ProviderFault.NOT_FOUND, "the engine's file is gone")
            return await self._storage.put_file(key, done.path, media_type="video/mp4")
        if done.url is None:
            raise ProviderError(ProviderFault.UNREADABLE, "the provider said done without a file")
        chunks = self._outbound.download(
            done.url, headers=dict(done.headers), size_bytes_max=self._result_bytes_max, timeout_s=900
        )
        try:
            return await self._storage.put(key, chunks, media_type="video/mp4")
        except OutboundError as error:
            raise ProviderError(ProviderFault.UNAVAILABLE, f"cannot download the clip: {error.message}") from error

    async def _local(self, key: str) -> Path:
        local = self._storage.local_path(key)
        if local is not None:
            return local
        copy = self._work_dir / key.replace("/", "-")
        with copy.open("wb") as file:
            async for chunk in self._storage.read(key):
                file.write(chunk)
        return copy

    async def _animate(self, g: Generation, path: Path) -> StoredFile:
        scratch = self._work_dir / f"{g.token}.gif"
        try:
            await run_media(gif.gif, path, scratch)
            return await self._storage.put_file(file_key(g.token, ".gif"), scratch, media_type="image/gif")
        finally:
            scratch.unlink(missing_ok=True)

    async def _picture(self, g: Generation, path: Path) -> None:
        """Poster, thumbnail and contact sheet; a clip without them is still a clip."""
        try:
            made = await run_media(stills, path)
        except (UnreadableClip, ValueError) as error:
            _log.warning("no_pictures", generation=g.id, error=str(error))
            return
        for suffix, picture in ((".jpg", made.poster), (".webp", made.thumbnail), ("-sheet.jpg", made.contact_sheet)):
            key = file_key(g.token, suffix)
            await self._storage.put(key, one_chunk(picture), media_type=media_type_of(key))

    def _charge(self, g: Generation, facts: ClipFacts) -> int:
        """The frozen price, or less when less was made; never more."""
        if not g.price_microusd or not _difference(g.spec, facts):
            return g.price_microusd
        card = self._catalogue.get(g.model)
        if card is None:
            return g.price_microusd
        fps = max(round(facts.fps), 1)
        made = replace(g.spec, width=facts.width, height=facts.height, fps=fps, frames=floor(facts.duration_s * fps))
        return min(g.price_microusd, card.price_microusd(made))


def _difference(spec: ClipSpec, facts: ClipFacts) -> dict[str, Any]:
    """What was made less than was asked; empty when it is as asked."""
    short = facts.duration_s < float(spec.duration_s) * _SHORTFALL
    small = facts.width * facts.height < spec.width * spec.height * _SHORTFALL
    if not (short or small):
        return {}
    return {
        "asked": {"size": spec.size, "duration_s": float(spec.duration_s)},
        "made": {"size": f"{facts.width}x{facts.height}", "duration_s": round(facts.duration_s, 3)},
    }


def _output(facts: ClipFacts, stored: StoredFile, media_type: str) -> Output:
    return Output(
        width=facts.width,
        height=facts.height,
        fps=round(float(facts.fps), 3),
        frames=facts.frames,
        duration_s=round(facts.duration_s, 3),
        codec="gif" if media_type == "image/gif" else facts.codec,
        size_bytes=stored.size_bytes,
        media_type=media_type,
        etag=stored.etag,
        has_audio=facts.has_audio and media_type != "image/gif",
    )
