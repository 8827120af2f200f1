"""How near each pixel of a picture probably is, from the picture alone.

There is no network here: the guess is the ground rising towards the viewer, the top being far, and a
soft bump where the picture differs most from its border. The map is blurred until it has no edges, so a wrong guess
bends the picture a little and never tears it. A matting or depth network would replace `nearness`.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image

from reelway.previz.picture.kernels import box_blur

Map = npt.NDArray[np.float32]

SMALL = 160  # the longer side that the guess is made at
SUBJECT_MIN = 0.10  # below this confidence there is no subject


def saliency(picture: npt.NDArray[np.uint8]) -> tuple[Map, float]:
    """How much each pixel stands out (0 to 1), and how sure it is (0 to 1) that this is one subject."""
    rgb = picture.astype(np.float32) / 255.0
    height, width, _ = rgb.shape
    rim = max(min(height, width) // 12, 1)
    border = np.concatenate([rgb[:rim].reshape(-1, 3), rgb[:, :rim].reshape(-1, 3), rgb[:, -rim:].reshape(-1, 3)])
    mean = border.mean(0)
    spread = np.cov(border.T) + np.eye(3) * 2e-3
    away = rgb - mean
    contrast = np.sqrt(np.einsum("hwi,ij,hwj->hw", away, np.linalg.inv(spread), away))
    y, x = np.mgrid[0:height, 0:width]
    middle = np.exp(-(((x / width - 0.5) / 0.30) ** 2) - ((y / height - 0.55) / 0.34) ** 2)
    raw = _soft((np.clip(contrast / 6.0, 0, 1) * middle).astype(np.float32), max(width // 40, 1))
    peak = float(raw.max())
    if peak < 0.05:
        return np.zeros_like(raw), 0.0
    map_ = raw / peak
    share = float((map_ > 0.5).mean())
    compact = max(0.0, 1.0 - abs(share - 0.12) / 0.30)  # a subject is some of the picture, not all of it
    return map_.astype(np.float32), peak * compact


def nearness(picture: npt.NDArray[np.uint8]) -> tuple[Map, tuple[float, float]]:
    """Nearness (0 far, 1 near) at the picture's size, and the middle of what stands out, as shares of its sides."""
    height, width, _ = picture.shape
    scale = SMALL / max(height, width)
    size = (max(int(width * scale), 8), max(int(height * scale), 8))
    small = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX), np.uint8)
    stands_out, sure = saliency(small)
    rows = np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
    horizon = 0.45
    ground = np.where(
        rows > horizon, 0.18 + 0.72 * (np.maximum(rows - horizon, 0) / (1 - horizon)) ** 1.1, 0.18 * rows / horizon
    )
    near = np.broadcast_to(ground, (size[1], size[0])).astype(np.float32)
    middle = (0.5, 0.5)
    if sure >= SUBJECT_MIN:
        # The subject stands on the ground at its foot: as near as the ground is there, at the least half near.
        weight = np.clip(stands_out * 1.4 - 0.2, 0, 1)
        foot = float(np.nonzero((stands_out > 0.5).any(1))[0].max()) / size[1]
        level = max(0.55, float(np.interp(foot, rows[:, 0], ground[:, 0])))
        near = near * (1 - weight) + level * weight
        total = float(stands_out.sum())
        middle = (
            float((stands_out.sum(0) * np.arange(size[0])).sum() / total / size[0]),
            float((stands_out.sum(1) * np.arange(size[1])).sum() / total / size[1]),
        )
    smooth = _soft(near.astype(np.float32), max(SMALL // 20, 2))
    full = Image.fromarray(smooth).resize((width, height), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(full, np.float32), 0, 1), middle


def _soft(values: Map, reach: int) -> Map:
    """Three boxes are nearly a Gauss."""
    for _ in range(3):
        values = box_blur(np.ascontiguousarray(values, np.float32), min(reach, min(values.shape) // 2))
    return values
