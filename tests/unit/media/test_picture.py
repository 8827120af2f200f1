"""The gate for pictures: what passes is upright RGB, what does not is told why."""

import contextlib
import io
import resource
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from reelway.errors import InvalidRequest
from reelway.media.picture import open_picture


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A one-bit PNG of a few kilobytes that says it is this large, and is."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + width // 8)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp"), ("GIF", "image/gif")],
)
def test_the_four_formats_pass(kind: str, media_type: str) -> None:
    picture = open_picture(encoded(Image.new("RGB", (40, 30), (200, 30, 30)), kind))
    assert (picture.width, picture.height, picture.media_type) == (40, 30, media_type)
    assert picture.image.mode == "RGB"
    assert picture.image.getpixel((20, 15)) == pytest.approx((200, 30, 30), abs=8)


def test_it_can_be_had_again_as_png_and_jpeg() -> None:
    picture = open_picture(encoded(Image.new("RGB", (40, 30), (200, 30, 30)), "WEBP", lossless=True))
    assert open_picture(picture.png()).image.getpixel((0, 0)) == (200, 30, 30)
    assert open_picture(picture.jpeg()).media_type == "image/jpeg"


def test_a_photograph_is_turned_upright_and_forgets_where_it_was_taken() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to see it upright
    exif[0x9286] = "home address"
    picture = open_picture(encoded(Image.new("RGB", (40, 30)), "JPEG", exif=exif))
    assert (picture.width, picture.height) == (30, 40)
    assert not Image.open(io.BytesIO(picture.jpeg())).getexif()
    assert b"home address" not in picture.png()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_becomes_white(mode: str) -> None:
    picture = open_picture(encoded(Image.new(mode, (20, 20))))
    assert picture.image.getpixel((5, 5)) == (255, 255, 255)


def test_a_transparent_palette_colour_becomes_white() -> None:
    image = Image.new("P", (20, 20), 0)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.putpixel((10, 10), 1)
    picture = open_picture(encoded(image, "GIF", transparency=0))
    assert picture.image.getpixel((5, 5)) == (255, 255, 255)
    assert picture.image.getpixel((10, 10)) == (255, 0, 0)


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK"])
def test_other_colour_models_become_rgb(mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    picture = open_picture(encoded(Image.new("RGB", (20, 20), "white").convert(mode), kind))
    assert picture.image.getpixel((5, 5)) == pytest.approx((255, 255, 255), abs=3)


def test_sixteen_bit_greys_are_scaled_not_clipped() -> None:
    half = Image.fromarray(np.full((20, 20), 0x8000, np.uint16))
    assert open_picture(encoded(half)).image.getpixel((5, 5)) == pytest.approx((127, 127, 127), abs=1)


def test_of_an_animation_the_first_frame_counts() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_picture(data).image.getpixel((5, 5)) == (255, 0, 0)


@pytest.mark.parametrize(("width", "height"), [(9000, 100), (8192, 8192), (12000, 12000), (30000, 30000)])
def test_a_decompression_bomb_is_refused_by_its_header(width: int, height: int) -> None:
    data = bomb(width, height)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InvalidRequest, match=f"{width}x{height} pixels; 8192 a side and 40000000 in all") as caught:
        open_picture(data, param="init_image")
    assert caught.value.param == "init_image"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 30_000


def test_the_largest_allowed_passes_without_a_warning() -> None:
    assert open_picture(bomb(8192, 4880)).width == 8192


def test_a_dot_is_too_small() -> None:
    with pytest.raises(InvalidRequest, match="8x40 pixels; 16 a side is the least"):
        open_picture(encoded(Image.new("RGB", (8, 40))))


def test_too_many_bytes_are_refused_unread() -> None:
    with pytest.raises(InvalidRequest, match=r"20 MiB\) is the most"):
        open_picture(bytes(20 * 1024 * 1024 + 1))


PNG = encoded(Image.effect_noise((64, 64), 60))
NOT_PICTURES = {
    "an empty file": b"",
    "an SVG drawing": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>',
    "a web page": b"<!DOCTYPE html><html>404</html>",
    "a PDF": b"%PDF-1.7\n",
    "a PostScript file": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "a TIFF": encoded(Image.new("RGB", (20, 20)), "TIFF"),
    "a BMP": encoded(Image.new("RGB", (20, 20)), "BMP"),
    "an AVIF": encoded(Image.new("RGB", (20, 20)), "AVIF"),
    "a video": b"\0\0\0\x20ftypisom" + bytes(40),
    "a damaged PNG": PNG[: len(PNG) // 2],
    "a damaged JPEG": encoded(Image.effect_noise((64, 64), 60), "JPEG")[:-900],
    "a damaged GIF": b"GIF89a" + bytes(3),
    "an unknown format": b"\x00\x01\x02" * 100,
}


@pytest.mark.parametrize(("what", "data"), NOT_PICTURES.items(), ids=NOT_PICTURES.keys())
def test_what_is_no_picture_is_named(what: str, data: bytes) -> None:
    with pytest.raises(InvalidRequest, match=f"not a readable picture: {what}; send PNG, JPEG, WebP or GIF"):
        open_picture(data)


def test_flipped_bytes_anywhere_give_a_picture_or_a_clear_no() -> None:
    for kind in ("PNG", "JPEG", "WEBP", "GIF"):
        whole = encoded(Image.effect_noise((32, 32), 60).convert("RGB"), kind)
        for place in range(0, len(whole), 17):
            damaged = bytearray(whole)
            damaged[place] ^= 0xFF
            with contextlib.suppress(InvalidRequest):
                open_picture(bytes(damaged))
