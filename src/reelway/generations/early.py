"""The early picture: a first look at a clip that is still being made. No job fails for want of one."""

import asyncio
from typing import Final

import structlog

from reelway.domain.files import EARLY_PICTURE
from reelway.domain.generation import Generation
from reelway.errors import InvalidRequest, StorageError
from reelway.generations.finish import file_key
from reelway.media.picture import open_picture
from reelway.media.worker import run_media
from reelway.storage.base import Storage

_log = structlog.get_logger(__name__)

_SIDE_PX_MAX: Final = 640
_PATIENCE_S: Final = 5.0  # the storage's; whoever follows the job does nothing else meanwhile


class EarlyPictures:
    """Kept while the generation runs; the poster takes their place."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    async def keep(self, g: Generation, picture: bytes) -> bool:
        """Store what the provider gave, as a JPEG of ours; False when it is no picture, or the storage refuses."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                jpeg = await run_media(_jpeg, picture)
                await self._storage.put_all({_key(g): jpeg})
        except (InvalidRequest, StorageError, TimeoutError) as error:
            _log.warning("no_early_picture", generation=g.id, error=str(error) or "the storage is too slow")
            return False
        return True

    async def drop(self, g: Generation) -> None:
        """Nobody needs it any more; one that the storage keeps all the same does no harm."""
        try:
            await self._storage.delete(_key(g))
        except StorageError as error:
            _log.warning("early_picture_not_deleted", generation=g.id, error=error.message)


def _jpeg(picture: bytes) -> bytes:
    opened = open_picture(picture)
    opened.image.thumbnail((_SIDE_PX_MAX, _SIDE_PX_MAX))
    return opened.jpeg(quality=85)


def _key(g: Generation) -> str:
    return file_key(g.token, EARLY_PICTURE)
