"""The files of a generation: what follows its token in their names, in storage as in their URLs."""

from collections.abc import Iterable
from typing import Final

from reelway.domain.passes import Pass, files_of

POSTER: Final = ".jpg"
THUMBNAIL: Final = ".webp"
CONTACT_SHEET: Final = "-sheet.jpg"
EARLY_PICTURE: Final = "-early.jpg"


def pass_suffix(name: str) -> str:
    """`depth.mkv` -> `-depth.mkv`."""
    return f"-{name}"


def suffixes_of(passes: Iterable[Pass]) -> tuple[str, ...]:
    """Of every file that a generation with these passes may have."""
    own = (".mp4", ".gif", POSTER, THUMBNAIL, CONTACT_SHEET, EARLY_PICTURE)
    return *own, *(pass_suffix(name) for name in files_of(passes))


SUFFIXES: Final = suffixes_of(Pass)
