"""What a clip's first bytes and boxes say, before any decoder sees it."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

_BOXES_MAX: Final = 10_000
_MP4_FIRST_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})


def container_of(head: bytes) -> str | None:
    """The demuxer for a file that begins with `head` (12 bytes do): mov, matroska, ogg, or None."""
    if head[4:8] in _MP4_FIRST_BOXES:
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    if head.startswith(b"OggS"):
        return "ogg"
    return None


def boxes(source: BinaryIO, size_bytes: int) -> Iterator[tuple[bytes, int]]:
    """Top-level boxes of an MP4 as (name, end offset); an end past `size_bytes` means a cut file."""
    start = 0
    for _ in range(_BOXES_MAX):
        source.seek(start)
        head = source.read(16)
        if len(head) < 8:
            return
        length, name = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:  # a 64-bit length follows
            length = int.from_bytes(head[8:16], "big")
        elif length == 0:  # to the end of the file
            length = size_bytes - start
        if length < 8:
            return
        start += length
        yield name, start


def file_url(path: Path) -> str:
    """`path` so that FFmpeg takes it for a file, whatever its name ("concat:a|b" is a protocol to it)."""
    return f"file:{path.absolute()}"
