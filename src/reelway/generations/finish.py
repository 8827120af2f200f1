"""Bring a finished clip home: bytes to our storage, probed, pictured; before anybody says it succeeded."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from math import floor
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog

from reelway.catalogue.load import Catalogue
from reelway.domain.files import CONTACT_SHEET, POSTER, THUMBNAIL, pass_suffix
from reelway.domain.generation import ClipSpec, Generation, Output, OutputType, PassFile
from reelway.domain.passes import files_of
from reelway.errors import OutboundError, ProviderError, ProviderFault, ReelwayError, StorageError
from reelway.kit.clock import Clock
from reelway.kit.outbound import Outbound
from reelway.media import gif
from reelway.media.poster import stills
from reelway.media.probe import ClipFacts, UnreadableClip, probe
from reelway.media.worker import run_long_media, run_media
from reelway.providers.base import Done
from reelway.storage.base import MissingFile, Storage, StoredFile, media_type_of
from reelway.storage.disk import write
from reelway.storage.scratch import Scratch

T = TypeVar("T")

_log = structlog.get_logger(__name__)

_SHORTFALL: Final = 0.95  # a clip shorter or smaller than this share of what was asked is priced as what it is
_NOT_THERE: Final = frozenset({401, 403, 404, 410})  # a new URL may help, the same one hardly
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
        self._scratch = Scratch(work_dir / "scratch")
        self._result_bytes_max = result_bytes_max

    async def store(self, g: Generation, done: Done, *, retry_until_s: float) -> Finished:
        """Probe, store, picture, and store what lies beside it.

        Tries again while our disk or bucket refuses, until monotonic `retry_until_s`. Raises ProviderError when the
        provider's bytes cannot be had, NotAClip when they are no clip.
        """
        insist = _Insistence(g.id, self._clock, retry_until_s)
        key = file_key(g.token, ".mp4")
        stored = await insist(lambda: self._storage.open(key))  # whole: a restart between storing and the row
        async with self._at_hand(key, done, insist, is_stored=stored is not None) as path:
            try:
                facts = await run_media(probe, path)
            except UnreadableClip as error:
                raise NotAClip(f"the provider's file is not a clip: {error.message}") from error
            if stored is None:
                stored = await insist(lambda: self._storage.put_file(key, path, media_type="video/mp4"))
            if g.spec.output_type is OutputType.GIF:
                stored = await self._animate(g, path, insist)
            await self._picture(g, path, insist)
        passes = await self._beside(g, done, insist)
        return Finished(
            output=_output(facts, stored, passes),
            meta=dict(done.meta) | _difference(g.spec, facts),
            charge_microusd=self._charge(g, facts),
        )

    @asynccontextmanager
    async def _at_hand(
        self, key: str, done: Done, insist: "_Insistence", *, is_stored: bool
    ) -> AsyncGenerator[Path, None]:
        """The clip on this machine: where it is stored, where the engine left it, or a copy that goes with the block.

        Stored from there once it is probed: a provider's bytes are fetched once, however often the storage refuses.
        """
        here = self._storage.local_path(key) if is_stored else done.path
        if here is not None:
            if not here.exists():
                raise ProviderError(ProviderFault.NOT_FOUND, "the engine's file is gone")
            yield here
            return
        with self._scratch.path(".mp4") as copy:
            try:
                await insist(lambda: write(self._storage.read(key) if is_stored else self._download(done), copy))
            except OutboundError as error:
                fault = ProviderFault.NOT_FOUND if error.status in _NOT_THERE else ProviderFault.UNAVAILABLE
                raise ProviderError(fault, f"cannot download the clip: {error.message}") from error
            yield copy

    def _download(self, done: Done) -> AsyncIterator[bytes]:
        if done.url is None:
            raise ProviderError(ProviderFault.UNREADABLE, "the provider said done without a file")
        return (done.via or self._outbound).download(
            done.url, headers=dict(done.headers), size_bytes_max=self._result_bytes_max, timeout_s=900
        )

    async def _animate(self, g: Generation, path: Path, insist: "_Insistence") -> StoredFile:
        with self._scratch.path(".gif") as made:
            await run_long_media(gif.gif, path, made)
            return await insist(lambda: self._storage.put_file(file_key(g.token, ".gif"), made, media_type="image/gif"))

    async def _picture(self, g: Generation, path: Path, insist: "_Insistence") -> None:
        """Poster, thumbnail and contact sheet; a clip without them is still a clip."""
        try:
            made = await run_media(stills, path)
        except (UnreadableClip, ValueError) as error:
            _log.warning("no_pictures", generation=g.id, error=str(error))
            return
        pictures = {POSTER: made.poster, THUMBNAIL: made.thumbnail, CONTACT_SHEET: made.contact_sheet}
        await insist(lambda: self._storage.put_all({file_key(g.token, s): p for s, p in pictures.items()}))

    async def _beside(self, g: Generation, done: Done, insist: "_Insistence") -> list[PassFile]:
        """What was asked for beside the clip, all of it."""
        return [await self._keep(g, name, done.passes.get(name), insist) for name in files_of(g.spec.passes)]

    async def _keep(self, g: Generation, name: str, path: Path | None, insist: "_Insistence") -> PassFile:
        key = file_key(g.token, pass_suffix(name))
        stored = await insist(lambda: self._storage.open(key))  # whole, as with the clip
        if stored is None:
            if path is None or not _is_file(path):
                raise ProviderError(ProviderFault.NOT_FOUND, f"the engine's {name} is not there")
            stored = await insist(lambda: self._storage.put_file(key, path, media_type=media_type_of(key)))
        return PassFile(name=name, media_type=stored.media_type, size_bytes=stored.size_bytes)

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


class _Insistence:
    """Tries what the storage refuses again, for so long."""

    def __init__(self, generation: str, clock: Clock, until_s: float) -> None:
        self._generation = generation
        self._clock = clock
        self._until_s = until_s

    async def __call__(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Raises StorageError when the time is over, and MissingFile at once."""
        while True:
            try:
                return await attempt()
            except MissingFile:
                raise
            except StorageError as error:
                if self._clock.monotonic_s() > self._until_s:
                    raise
                _log.error("storage_refuses", generation=self._generation, error=error.message)
                await asyncio.sleep(_STORE_RETRY_S)


def _is_file(path: Path) -> bool:
    """On the event loop: a look at a local folder takes microseconds, a thread hop takes more."""
    return path.is_file()


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


def _output(facts: ClipFacts, stored: StoredFile, passes: list[PassFile]) -> Output:
    media_type = stored.media_type
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
        passes=tuple(passes),
    )
