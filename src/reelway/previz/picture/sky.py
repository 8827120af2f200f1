"""The sky of a picture, if it has one: the smooth part that reaches down from the top edge."""

import numpy as np

from reelway.previz.picture.maps import Map, Picture, brightness, guided, ramp, resized, shrunk, soft

SMALL = 240
SHARE_MIN = 0.06
BACKDROP = 0.30  # share of columns that are smooth to the bottom: then it is a wall or a studio, and no sky
RAGGED = 0.035  # mean step of the border from column to column, as a share of the height: more is no skyline
CALMER_BLUE = 0.9  # the same for one that is plainly blue, clouds and all
CALMER = 0.62  # a sky has at the most this share of the detail of what is below it


def find_sky(picture: Picture, subject: Map | None) -> tuple[Map, float] | None:
    """Its alpha at the picture's size, and how far down it reaches as a share of the height.

    The border is where the brightness first jumps, column by column; the size of the jump is the one that parts the
    picture into the two most even halves (after Shen and Wang, 2013).
    """
    small = shrunk(picture, SMALL)
    height, width, _ = small.shape
    grey = soft(brightness(small), 1)
    detail = np.hypot(*np.gradient(grey)).astype(np.float32)
    hidden = resized(subject, width, height) > 0.3 if subject is not None else np.zeros((height, width), np.bool_)
    border = _border(small, np.where(hidden, 0, detail), hidden)
    if border is None:
        return None
    rows = np.arange(height)[:, None]
    mask = (rows < border[None, :]) & ~hidden
    mask = _with_clouds(small, mask) & ~hidden
    share = float(mask.mean())
    if share < SHARE_MIN or float((border > 0.92 * height).mean()) > BACKDROP:
        return None
    border = mask.sum(0)
    if float(np.abs(np.diff(border)).mean()) > RAGGED * height:
        return None
    below = ~mask & ~hidden
    if not below.any():
        return None
    above, under = small[mask].astype(np.float32).mean(0), small[below].astype(np.float32).mean(0)
    calmer = CALMER_BLUE if above[2] - above[0] > 40 and above.mean() > 110 else CALMER
    if not _may_be_sky(above, under) or float(detail[mask].mean()) > calmer * float(detail[below].mean()):
        return None
    open_columns = ~hidden.any(0) if (~hidden.any(0)).mean() > 0.2 else np.ones(width, np.bool_)
    reaches = float(np.percentile(border[open_columns], 85)) / height
    full_height, full_width, _ = picture.shape
    alpha = guided(picture, resized(mask.astype(np.float32), full_width, full_height), max(full_width // 60, 4), 1e-4)
    if subject is not None:
        alpha = alpha * (1 - subject)
    level = np.linspace(0, 1, full_height, dtype=np.float32)[:, None]
    return ramp(alpha, 0.15, 0.85) * (level < reaches + 0.06), reaches


def _with_clouds(small: Picture, mask: np.ndarray) -> np.ndarray:
    """Columns that ended at the edge of a cloud go on where what follows is like the sky beside it."""
    height, width = mask.shape
    part = soft(mask.astype(np.float32), width / 40)
    pixels = small.astype(np.float32)
    beside = (
        np.stack([soft(pixels[..., c] * mask, width / 40) for c in range(3)], -1) / np.maximum(part, 1e-3)[..., None]
    )
    gap = np.abs(pixels - beside).max(2)
    # Only by day: what is little brighter than a dark sky is a mast.
    day = beside.mean(2) > 90
    pale = (pixels.max(2) - pixels.min(2) < 40) & (pixels.min(2) > beside.min(2) - 6)
    above = np.arange(height)[:, None] < np.percentile(mask.sum(0), 80)
    return np.asarray(mask | (above & (part > 0.25) & day & ((gap < 16) | pale)))


def _may_be_sky(above: np.ndarray, under: np.ndarray) -> bool:
    """By their mean colours: brighter than the ground, or bluer, or a dark and colourless night."""
    bluer = above[2] - above[0] > 12 and above[2] > above[1] * 1.06 and above[2] > under[2] * 0.8
    night = above.mean() < 40 and under.mean() > above.mean() and float(np.ptp(above)) < 16
    return bool(above.mean() > under.mean() + 8 or bluer or night)


def _border(small: Picture, detail: Map, hidden: np.ndarray) -> np.ndarray | None:
    """For each column the first row that is no sky."""
    height, width = detail.shape
    values = small.astype(np.float32).reshape(-1, 3) / 255.0
    rows = np.arange(height)[:, None]
    best, found = 0.0, None
    for jump in np.geomspace(0.008, 0.16, 24):
        hit = detail > jump
        border = np.where(hit.any(0), hit.argmax(0), height)
        sky = ((rows < border[None, :]) & ~hidden).ravel()
        ground = ~sky & ~hidden.ravel()
        if sky.sum() < 0.04 * sky.size or ground.sum() < 0.04 * sky.size:
            continue
        spread_sky, spread_ground = np.cov(values[sky].T), np.cov(values[ground].T)
        score = 1 / (
            2 * np.linalg.det(spread_sky)
            + np.linalg.det(spread_ground)
            + 2 * np.linalg.eigvalsh(spread_sky)[-1]
            + np.linalg.eigvalsh(spread_ground)[-1]
            + 1e-9
        )
        if score > best:
            best, found = score, border
    return None if found is None else _evened(found, width)


def _evened(border: np.ndarray, width: int) -> np.ndarray:
    """Single columns that fell through between two branches follow their neighbours."""
    reach = max(width // 60, 1)
    padded = np.pad(border, reach, mode="edge")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1))
