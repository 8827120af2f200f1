"""Maps over a picture: one number a pixel, 0 to 1. Made smaller, made softer, made to follow the picture's edges."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from reelway.previz.picture.kernels import box_blur

Map = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]

BRIGHT = np.array([0.2126, 0.7152, 0.0722], np.float32)


def resized(values: Map, width: int, height: int) -> Map:
    """`values` at another size, bilinear."""
    if values.shape == (height, width):
        return values
    image = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), np.float32)


def shrunk(picture: Picture, longest: int) -> Picture:
    """`picture` with its longer side `longest` at the most."""
    height, width, _ = picture.shape
    scale = min(1.0, longest / max(height, width))
    size = (max(round(width * scale), 8), max(round(height * scale), 8))
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX), np.uint8)


def brightness(picture: Picture) -> Map:
    """0 black, 1 white."""
    return np.asarray(picture.astype(np.float32) @ BRIGHT / 255.0, np.float32)


def soft(values: Map, reach: float) -> Map:
    """Three boxes are nearly a Gauss."""
    whole = min(max(round(reach), 0), min(values.shape) // 2)
    if whole == 0:
        return values
    for _ in range(3):
        values = box_blur(np.ascontiguousarray(values, np.float32), whole)
    return values


def grown(mask: npt.NDArray[np.bool_], reach: int) -> npt.NDArray[np.bool_]:
    """`mask` and what is at most `reach` pixels from it."""
    if reach <= 0:
        return mask
    return np.asarray(box_blur(mask.astype(np.float32), reach) > 1e-4)


def shrunken(mask: npt.NDArray[np.bool_], reach: int) -> npt.NDArray[np.bool_]:
    """`mask` without what is within `reach` pixels of its edge; the rim of the picture is no edge."""
    return ~grown(~mask, reach)


def guided(picture: Picture, values: Map, reach: int, epsilon: float) -> Map:
    """`values` smoothed, but not across the edges of `picture` (He, Sun, Tang: "Guided Image Filtering", in colour)."""
    guide = picture.astype(np.float32) / 255.0

    def mean(x: Map) -> Map:
        return np.asarray(box_blur(np.ascontiguousarray(x, np.float32), reach), np.float32)

    means = [mean(guide[..., c]) for c in range(3)]
    level = mean(values)
    height, width = values.shape
    spread = np.empty((height, width, 3, 3), np.float32)
    lean = np.empty((height, width, 3), np.float32)
    for a in range(3):
        lean[..., a] = mean(guide[..., a] * values) - means[a] * level
        for b in range(a, 3):
            spread[..., a, b] = spread[..., b, a] = mean(guide[..., a] * guide[..., b]) - means[a] * means[b]
    spread += np.eye(3, dtype=np.float32) * epsilon
    slope = np.linalg.solve(spread, lean[..., None])[..., 0]
    rest = level - sum(slope[..., c] * means[c] for c in range(3))
    out = mean(rest.astype(np.float32))
    for c in range(3):
        out = out + mean(slope[..., c]) * guide[..., c]
    return np.asarray(np.clip(out, 0, 1), np.float32)


def ramp(values: npt.NDArray[np.floating], low: float, high: float) -> Map:
    """0 below `low`, 1 above `high`, smooth between."""
    x = np.clip((values - low) / (high - low), 0, 1)
    return np.asarray(x * x * (3 - 2 * x), np.float32)


def stored(values: npt.NDArray[np.floating]) -> Picture:
    """0 to 255, rounded."""
    return np.ascontiguousarray(np.clip(values + 0.5, 0, 255).astype(np.uint8))


def part_of(alpha: Picture) -> Map:
    """0 to 255 as 0 to 1."""
    return np.asarray(alpha, np.float32) / np.float32(255)
