"""Files go over once, and a clip that is missing or cut is found."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from builders import a_generation
from reelway.accounts.workspaces import ensure_workspace
from reelway.db.migrate import SQLITE, migrate
from reelway.db.script import Script, sql, to_json
from reelway.db.sqlite import SqliteDatabase
from reelway.errors import StorageError
from reelway.generations import store
from reelway.move.files import Wrong, check_files, copy_files
from reelway.storage.base import StoredFile
from reelway.storage.local import LocalStorage

Told = list[tuple[str, int, int]]


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def keep(storage: LocalStorage, token: str, data: bytes, suffix: str = ".mp4") -> None:
    media_type = "image/gif" if suffix == ".gif" else "video/mp4"
    await storage.put(f"videos/{token}{suffix}", chunks(data), media_type=media_type)


@pytest.fixture
def old(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "old")


@pytest.fixture
def new(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "new")


async def test_every_file_goes_over_and_none_twice(old: LocalStorage, new: LocalStorage) -> None:
    told: Told = []
    for number in range(20):
        await keep(old, f"token{number}", bytes([number]) * number)
    await keep(new, "token7", b"x" * 7)  # the same size: it is there
    await keep(new, "token8", b"cut")
    copied = await copy_files(old, new, lambda *said: told.append(said))
    assert (copied.files, copied.skipped) == (19, 1)
    assert copied.size_bytes == sum(range(20)) - 7
    assert told[-1] == ("files", 20, 20)
    sizes = {facts.key: facts.size_bytes async for facts in new.list()}
    assert sizes == {f"videos/token{number}.mp4": number for number in range(20)}
    again = await copy_files(old, new, lambda *said: None)
    assert (again.files, again.skipped) == (0, 20)


async def test_a_place_that_fails_ends_the_copying_with_its_own_words(old: LocalStorage, tmp_path: Path) -> None:
    class Full(LocalStorage):
        async def put(self, key: str, chunks: AsyncIterator[bytes], *, media_type: str) -> StoredFile:
            raise StorageError("the disk is full")

    await keep(old, "token", b"clip")
    with pytest.raises(StorageError, match="the disk is full"):
        await copy_files(old, Full(tmp_path / "full"), lambda *said: None)


@pytest.fixture
async def rows(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    db = SqliteDatabase(tmp_path / "t.db")
    await db.write(migrate(SQLITE, 0))
    yield db
    await db.aclose()


async def test_clips_that_are_missing_or_cut_are_found_and_so_is_since_when(
    rows: SqliteDatabase, old: LocalStorage, new: LocalStorage
) -> None:
    def succeeded(token: str, media_type: str, deleted_at: int | None = None) -> Script[str]:
        workspace = yield from ensure_workspace("w", {}, 0)
        made = a_generation()
        g = replace(made, token=token, workspace_id=workspace.id, id=made.id[:-8] + token.rjust(8, "0"))
        yield from store.insert(g)
        output = {"size_bytes": 4, "media_type": media_type}
        yield sql(
            "UPDATE generations SET state = 'succeeded', output = $1, deleted_at = $2 WHERE id = $3",
            to_json(output),
            deleted_at,
            g.id,
        )
        return g.id

    ids = {token: await rows.write(succeeded(token, "video/mp4")) for token in ("whole", "gone", "cut", "lost")}
    ids["moving"] = await rows.write(succeeded("moving", "image/gif"))
    await rows.write(succeeded("deleted", "video/mp4", deleted_at=1))
    for token in ("whole", "gone", "cut"):
        await keep(old, token, b"clip")
    await keep(old, "moving", b"clip", ".gif")
    await keep(new, "moving", b"clip", ".gif")
    await keep(new, "whole", b"clip")
    await keep(new, "cut", b"cl")
    assert await check_files(rows, old, new, lambda *said: None) == [
        Wrong(generation_id=ids["gone"], detail="videos/gone.mp4 is missing", before=False),
        Wrong(generation_id=ids["cut"], detail="videos/cut.mp4 has 2 bytes, and not 4", before=False),
        Wrong(generation_id=ids["lost"], detail="videos/lost.mp4 is missing", before=True),
    ]
