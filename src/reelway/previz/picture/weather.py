"""What falls or drifts in a picture that has none of it: rain, snow, dust, fog."""

import numpy as np

from reelway.previz import particles
from reelway.previz.geometry import Pose, camera_row, ease
from reelway.previz.picture.maps import Map, Picture, stored

SETTLE_S = 0.6
FLAKES = 900
FALLS = frozenset({"rain", "snow", "dust", "fog", "storm"})
EYE_M = 1.5


def metres(near: Map) -> Map:
    """How far off things are, were it a street."""
    return np.asarray(2.4 / (near + 0.035), np.float32)


class Weather:
    """One kind of weather for one clip; `near` is at the size of its frames."""

    def __init__(self, falls: str, near: Map, picture: Picture, *, seed: int, settle: bool = True) -> None:
        height, width = near.shape
        self.falls = falls
        self._settle = settle  # begins at nothing, so that a clip starts on its picture
        self._depth = np.ascontiguousarray(metres(near), np.float32)
        self._table = np.random.default_rng(seed).random((FLAKES, 5))
        pose = Pose(eye=np.array([0.0, EYE_M, 0.0]), target=np.array([0.0, EYE_M, 10.0]), fov=42.0)
        self._camera = camera_row(pose, width / height).astype(np.float64)
        bright = float(picture.mean()) / 255
        mean = picture.reshape(-1, 3).mean(0) / 255
        self._drop = tuple(0.26 + 0.26 * bright + 0.10 * float(c) for c in mean)
        self._dust = tuple(0.25 * bright + 0.75 * float(c) for c in picture.reshape(-1, 3).max(0) / 255 * mean)

    def over(self, picture: Picture, t: float) -> Picture:
        """`picture` with the weather of second `t` in it."""
        image = picture.astype(np.float32) / np.float32(255)
        canvas = particles.Canvas(image=image, depth=self._depth, camera=self._camera)
        match self.falls:
            case "rain" | "storm":
                particles.rain(canvas, self._table, t, self._drop)
            case "snow":
                particles.snow(canvas, self._table, t)
            case "dust":
                particles.dust(canvas, self._table[:420], t, self._dust)
            case _:
                pass
        begins = np.float32(ease(t / SETTLE_S) if self._settle else 1.0)
        if begins < 1:
            image = picture / np.float32(255) * (1 - begins) + image * begins
        return stored(image * np.float32(255))


def veiled(picture: Picture, near: Map | float, thick: float, colour: np.ndarray) -> Picture:
    """`picture` in fog: the further, the more of `colour`."""
    away = metres(np.asarray(near, np.float32))
    share = np.clip(1 - np.exp(-away * thick), 0, 0.92)
    share = share[..., None] if share.ndim == 2 else share
    mixed = picture + (colour.astype(np.float32) - picture) * share
    return stored(mixed)


def fog_colour(picture: Picture) -> np.ndarray:
    """The brighter third of the picture, greyer."""
    pixels = picture[::8, ::8].reshape(-1, 3).astype(np.float32)
    light = pixels[pixels.sum(1) >= np.percentile(pixels.sum(1), 66)].mean(0)
    return np.asarray(0.45 * light + 0.55 * light.mean(), np.float32)


__all__ = ["FALLS", "Weather", "fog_colour", "veiled"]
