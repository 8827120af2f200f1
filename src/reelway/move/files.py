"""The files: from one storage to another, and the proof that they came."""

import asyncio
from dataclasses import dataclass
from typing import Final

from reelway.db.base import Database
from reelway.db.script import Script, from_json, sql
from reelway.domain.files import pass_suffix
from reelway.generations.finish import file_key
from reelway.move.rows import Tell
from reelway.storage.base import Storage, media_type_of

_AT_A_TIME: Final = 8
_PAGE: Final = 100


@dataclass(slots=True)
class Copied:
    """What went over, and what was there already."""

    files: int = 0
    size_bytes: int = 0
    skipped: int = 0


async def copy_files(source: Storage, target: Storage, tell: Tell) -> Copied:
    """Every file, streamed; one that is there with the same size is there, because files never change."""
    copied = Copied()
    total = 0
    async for _ in source.list():
        total += 1
    left = source.list()
    one_asks = asyncio.Lock()

    async def carry() -> None:
        while True:
            async with one_asks:
                facts = await anext(left, None)
            if facts is None:
                return
            there = await target.open(facts.key)
            if there is not None and there.size_bytes == facts.size_bytes:
                copied.skipped += 1
            else:
                await target.put(facts.key, source.read(facts.key), media_type=media_type_of(facts.key))
                copied.files += 1
                copied.size_bytes += facts.size_bytes
            tell("files", copied.files + copied.skipped, total)

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_AT_A_TIME):
                tasks.create_task(carry())
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return copied


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A file that is not where it should be, or not whole."""

    generation_id: str
    detail: str
    before: bool  # so it was already before the move


async def check_files(rows: Database, source: Storage, target: Storage, tell: Tell) -> list[Wrong]:
    """Look for the clip of every succeeded generation that was not deleted, and for its passes."""
    wrong: list[Wrong] = []
    number, looked = 0, 0
    [total] = await rows.scan(_count())
    while page := await rows.scan(_succeeded(number)):
        number = page[-1][0]
        files = [(id, key, size) for _, id, sizes in page for key, size in sizes.items()]
        for one in await asyncio.gather(*(_look(*file, source, target) for file in files)):
            if one is not None:
                wrong.append(one)
        looked += len(page)
        tell("clips looked at", looked, total)
    return wrong


async def _look(id: str, key: str, size_bytes: int, source: Storage, target: Storage) -> Wrong | None:
    there = await target.open(key)
    if there is not None and there.size_bytes == size_bytes:
        return None
    detail = f"{key} is missing" if there is None else f"{key} has {there.size_bytes} bytes, and not {size_bytes}"
    here = await source.open(key)
    return Wrong(generation_id=id, detail=detail, before=here is None or here.size_bytes != size_bytes)


_WITH_CLIP: Final = "FROM generations WHERE state = 'succeeded' AND deleted_at IS NULL"


def _count() -> Script[list[int]]:
    rows = yield sql(f"SELECT COUNT(*) {_WITH_CLIP}")
    return [rows[0][0]]


def _succeeded(after: int) -> Script[list[tuple[int, str, dict[str, int]]]]:
    """Number, id, and the sizes of its clip and passes by their keys."""
    rows = yield sql(
        f"SELECT number, id, token, output {_WITH_CLIP} AND number > $1 ORDER BY number LIMIT {_PAGE}", after
    )
    found = []
    for number, id, token, output in rows:
        facts = from_json(output)
        clip = ".gif" if facts["media_type"] == "image/gif" else ".mp4"
        passes = {pass_suffix(file["name"]): file["size_bytes"] for file in facts.get("passes", ())}
        sizes = {clip: facts["size_bytes"]} | passes
        found.append((number, id, {file_key(token, suffix): size for suffix, size in sizes.items()}))
    return found
