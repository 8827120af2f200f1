"""One frame of a setting, from solids to an 8-bit picture."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from reelway.previz import filters
from reelway.previz.geometry import camera_row
from reelway.previz.particles import Canvas
from reelway.previz.settings import Setting
from reelway.previz.spmd import kernels, layout
from reelway.previz.world import light_rows

Picture = npt.NDArray[np.uint8]

LIGHT_MAX = 40.0  # brighter than any lamp; what is above is an error of the arithmetic
BLOOM_LEVELS = 5
BLUR_TAPS = 9
BAND = 4  # tile rows between two looks at the stop flag
_GAUSS = np.exp(-0.5 * (np.arange(6) / 1.6) ** 2)
GAUSS = (_GAUSS / (_GAUSS[0] + 2 * _GAUSS[1:].sum())).astype(np.float32)


class Stopped(Exception):
    """The render was cancelled; nothing is wrong."""


def march(
    setting: Setting, t: float, width: int, height: int, stopped: Callable[[], bool]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32], Any]:
    """Light, depth in metres and group number of every pixel, and the camera they were seen by."""
    frame = setting.frame(t)
    rows, bounds = frame.primitives.arrays()
    camera = camera_row(frame.pose, width / height)
    lights = light_rows(frame.lights)
    light = np.empty((height, width, 3), np.float32)
    depth = np.empty((height, width), np.float32)
    groups = np.empty((height, width), np.float32)
    tiles = -(-height // layout.TILE_HEIGHT)
    for first in range(0, tiles, BAND):
        if stopped():
            raise Stopped
        kernels.render(
            light,
            depth,
            groups,
            camera,
            rows,
            bounds,
            len(rows),
            setting.material_rows,
            frame.air.row(),
            lights,
            len(frame.lights),
            setting.height_rows,
            setting.cloud_rows,
            setting.texture_rows,
            np.float32(t),
            first,
            min(first + BAND, tiles),
            setting.effort.row(),
        )
    filters.tame(light, np.float32(LIGHT_MAX))
    return light, depth, groups, (camera, frame.hero)


def picture(
    setting: Setting, t: float, width: int, height: int, frame_s: float, stopped: Callable[[], bool]
) -> Picture:
    """The finished frame at `t`; `frame_s` is how long one frame lasts (for motion blur). Raises Stopped."""
    light, depth, groups, (camera, hero) = march(setting, t, width, height, stopped)
    look = setting.graded
    eye = camera.astype(np.float64)
    if look.shutter > 0:
        before = camera_row(setting.camera(t - frame_s), width / height).astype(np.float64)
        blurred = np.empty_like(light)
        filters.motion_blur(
            light,
            blurred,
            depth,
            groups,
            eye,
            before,
            np.float32(hero[0]),
            np.float32(hero[1]),
            look.shutter,
            BLUR_TAPS,
            width * 0.06,
        )
        light = blurred
    setting.weather_on(Canvas(image=light, depth=depth, camera=eye), t)
    rough = np.empty((height, width, 3), np.uint8)
    filters.develop(light, bloom(light), rough, look.row())
    smooth = np.empty_like(rough)
    filters.smooth_edges(rough, smooth)
    return smooth


def bloom(light: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The glow round what is bright, at the size of `light`."""
    level = filters.halve(np.minimum(light, np.float32(12.0)))
    levels = []
    for _ in range(BLOOM_LEVELS):
        level = filters.soften(level, GAUSS)
        levels.append(level)
        level = filters.halve(level)
    total = levels.pop()
    while levels:
        total = filters.lay_over(total, levels.pop(), np.float32(0.75), np.float32(0.5))
    glow: npt.NDArray[np.float32] = filters.lay_over(total, light, np.float32(0.55), np.float32(0.0))
    return glow
