"""A first look at a clip: kept as a small JPEG of ours, and never a reason to fail."""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from builders import a_generation
from reelway.errors import StorageError
from reelway.generations.early import EarlyPictures
from reelway.storage.local import LocalStorage


def picture(kind: str = "PNG", size: tuple[int, int] = (1280, 720)) -> bytes:
    out = BytesIO()
    Image.new("RGB", size, (200, 40, 30)).save(out, kind)
    return out.getvalue()


class Broken(LocalStorage):
    async def put_all(self, files: Mapping[str, bytes]) -> None:
        raise StorageError("the disk is full")

    async def delete(self, key: str) -> None:
        raise StorageError("the disk is full")


async def test_whatever_picture_it_is_a_small_jpeg_is_kept_until_it_is_dropped(tmp_path: Path) -> None:
    storage, g = LocalStorage(tmp_path), a_generation(early_picture=True)
    early, key = EarlyPictures(storage), f"videos/{g.token}-early.jpg"
    assert g.early_picture_url == f"http://127.0.0.1:8080/files/{g.token}-early.jpg"
    for kind in ("PNG", "JPEG", "WEBP"):
        assert await early.keep(g, picture(kind))
        with Image.open(tmp_path / key) as kept:
            assert (kept.format, kept.size) == ("JPEG", (640, 360))
    await early.drop(g)
    await early.drop(g)
    assert await storage.open(key) is None


@pytest.mark.parametrize("data", [b"", b"<svg/>", b"\xff\xd8\xff" + b"x" * 100])
async def test_what_is_no_picture_is_not_kept(tmp_path: Path, data: bytes) -> None:
    storage = LocalStorage(tmp_path)
    assert not await EarlyPictures(storage).keep(a_generation(), data)
    assert [facts async for facts in storage.list()] == []


async def test_a_storage_that_refuses_harms_nobody(tmp_path: Path) -> None:
    early = EarlyPictures(Broken(tmp_path))
    assert not await early.keep(a_generation(), picture())
    await early.drop(a_generation())
