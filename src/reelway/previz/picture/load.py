"""Opening a caller's picture, without trusting it."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

Picture = npt.NDArray[np.uint8]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
PIXELS_MAX = 40_000_000
SIDE_MAX = 8192
SIDE_MIN = 2


class Unreadable(Exception):
    """The file is not a picture or a clip that can be used; the message says why."""


def open_picture(path: Path) -> Image.Image:
    """The picture upright and in RGB; raises Unreadable. Transparent parts become white."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size  # from the header: nothing is unpacked yet
            if width * height > PIXELS_MAX or max(width, height) > SIDE_MAX:
                raise Unreadable(f"the picture is {width}x{height}; the most is {SIDE_MAX} a side, 40 megapixels")
            if min(width, height) < SIDE_MIN:
                raise Unreadable(f"the picture is {width}x{height}: too small")
            image.load()
            upright = ImageOps.exif_transpose(image)
            if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
                clear = upright.convert("RGBA")
                upright = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
            return upright.convert("RGB")
    except Unreadable:
        raise
    except FileNotFoundError:
        raise Unreadable("the picture is not there") from None
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise Unreadable(f"the picture cannot be read: {error}") from error


def fill_crop(image: Image.Image, width: int, height: int, centre: tuple[float, float] = (0.5, 0.5)) -> Picture:
    """`image` scaled to cover `width` x `height` and cut there, keeping `centre` (0 to 1) in the middle if it can."""
    fitted = ImageOps.fit(
        image, (width, height), Image.Resampling.LANCZOS, centering=_anchor(image, width, height, centre)
    )
    return np.array(fitted, np.uint8)


def _anchor(image: Image.Image, width: int, height: int, centre: tuple[float, float]) -> tuple[float, float]:
    """Where the cut must lie (0 left or top, 1 right or bottom) for `centre` to come out in the middle."""

    def place(whole: float, kept: float, middle: float) -> float:
        spare = whole - kept
        return 0.5 if spare < 1 else min(max((middle * whole - kept / 2) / spare, 0.0), 1.0)

    scale = max(width / image.width, height / image.height)
    return (
        place(image.width * scale, width, centre[0]),
        place(image.height * scale, height, centre[1]),
    )
