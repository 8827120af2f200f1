"""The gate for untrusted pictures: four formats, checked before decoding, upright RGB behind it."""

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from reelway.errors import InvalidRequest

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS: Final = ("PNG", "JPEG", "WEBP", "GIF")
SIZE_BYTES_MAX: Final = 20 * 1024 * 1024
SIDE_PX_MAX: Final = 8192
SIDE_PX_MIN: Final = 16
PIXELS_MAX: Final = 40_000_000
_WAY_OUT: Final = "send PNG, JPEG, WebP or GIF"
_OPAQUE_MODES: Final = frozenset({"1", "L", "RGB", "CMYK", "YCbCr"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A decoded picture: upright, opaque RGB, its first frame; `media_type` is what was sent."""

    width: int
    height: int
    media_type: str
    image: "Image" = field(repr=False)

    def png(self) -> bytes:
        """The pixels, lossless, without anything else that the file carried (EXIF, position, text)."""
        return self._encoded("PNG", compress_level=1)

    def jpeg(self, quality: int = 92) -> bytes:
        """The pixels as JPEG, without metadata."""
        return self._encoded("JPEG", quality=quality)

    def _encoded(self, kind: str, **options: int) -> bytes:
        buffer = io.BytesIO()
        self.image.save(buffer, kind, **options)
        return buffer.getvalue()


def open_picture(data: bytes, *, param: str | None = None) -> Picture:
    """Decode `data`; raises InvalidRequest (naming `param`) for whatever is no picture within the limits.

    Of an animation the first frame counts. What shows through transparency becomes white.
    """
    if len(data) > SIZE_BYTES_MAX:
        raise InvalidRequest(
            f"a picture of {len(data)} bytes; {SIZE_BYTES_MAX} ({SIZE_BYTES_MAX >> 20} MiB) is the most",
            param=param,
        )
    # Late, like every import of Pillow here: see the package.
    from PIL import Image, ImageOps

    # Pillow's own limit warns with a text that names no cap of ours; the gate below is tighter.
    Image.MAX_IMAGE_PIXELS = None
    try:
        # Only these decoders run, however the bytes begin; opening reads the header, not the pixels.
        image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
        media_type = Image.MIME[image.format or ""]
        _check_dimensions(*image.size, param=param)
        image.load()
        image = _opaque(ImageOps.exif_transpose(image))
    except InvalidRequest:
        raise
    except Exception as error:  # a decoder fed with hostile bytes may raise anything
        raise InvalidRequest(f"not a readable picture: {_what(data)}; {_WAY_OUT}", param=param) from error
    return Picture(width=image.width, height=image.height, media_type=media_type, image=image)


def _check_dimensions(width: int, height: int, *, param: str | None) -> None:
    if max(width, height) > SIDE_PX_MAX or width * height > PIXELS_MAX:
        raise InvalidRequest(
            f"a picture of {width}x{height} pixels; {SIDE_PX_MAX} a side and {PIXELS_MAX} in all is the most",
            param=param,
        )
    if min(width, height) < SIDE_PX_MIN:
        raise InvalidRequest(f"a picture of {width}x{height} pixels; {SIDE_PX_MIN} a side is the least", param=param)


def _opaque(image: "Image") -> "Image":
    from PIL import Image

    if image.mode.startswith("I"):
        # 16 bits a sample (scans, depth maps): scaled, because a plain conversion clips them to white.
        return image.convert("I").point(lambda value: value / 257).convert("L").convert("RGB")
    if image.mode in _OPAQUE_MODES and "transparency" not in image.info:
        return image.convert("RGB")
    with_alpha = image.convert("RGBA")
    white = Image.new("RGB", image.size, "white")
    white.paste(with_alpha, mask=with_alpha.getchannel("A"))
    return white


def _what(data: bytes) -> str:
    """What `data` seems to be, for people who sent the wrong file."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    lowered = head.lower()
    if not data:
        return "an empty file"
    if lowered.startswith(b"<svg") or (lowered.startswith((b"<?xml", b"<!--", b"<!doctype")) and b"<svg" in lowered):
        return "an SVG drawing"
    if lowered.startswith((b"<!doctype", b"<html")):
        return "a web page"
    if head[4:8] == b"ftyp":
        return {b"avif": "an AVIF", b"heic": "a HEIC", b"mif1": "a HEIC"}.get(head[8:12], "a video")
    for start, name in _KNOWN_STARTS.items():
        if head.startswith(start):
            return name
    return "an unknown format"


_KNOWN_STARTS: Final = {
    b"\x89PNG": "a damaged PNG",
    b"\xff\xd8\xff": "a damaged JPEG",
    b"RIFF": "a damaged WebP",
    b"GIF8": "a damaged GIF",
    b"%PDF": "a PDF",
    b"%!PS": "a PostScript file",
    b"BM": "a BMP",
    b"II*\0": "a TIFF",
    b"MM\0*": "a TIFF",
    b"\x1aE\xdf\xa3": "a video",
}


def fill(data: bytes, width: int, height: int) -> bytes:
    """A picture of ours as PNG of exactly that size: scaled until it fills it, and cropped in the middle."""
    from PIL import Image, ImageOps

    picture = open_picture(data)
    if (picture.width, picture.height) == (width, height):
        return data
    image = ImageOps.fit(picture.image, (width, height), Image.Resampling.LANCZOS)
    return Picture(width=width, height=height, media_type="image/png", image=image).png()
