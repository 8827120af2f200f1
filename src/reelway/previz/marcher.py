"""One frame of a setting, from solids to an 8-bit picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelway.previz import filters
from reelway.previz.geometry import Floats, camera_row
from reelway.previz.particles import Canvas
from reelway.previz.settings import Setting
from reelway.previz.spmd import layout
from reelway.previz.spmd.native import function
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Marched:
    """Light, distance in metres and group number of every pixel, and the camera they were seen by."""

    light: npt.NDArray[np.float32]
    depth: npt.NDArray[np.float32]
    groups: npt.NDArray[np.float32]
    camera: Floats
    hero: tuple[int, int]
    cast: Sequence[tuple[str, int, int]]
    focus: float | None = None  # metres
    aperture: float = 0.0


def march(setting: Setting, t: float, width: int, height: int, stopped: Callable[[], bool]) -> Marched:
    """One instant, through the ray marcher. Raises Stopped."""
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
        function("render")(
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
            setting.top_rows,
            setting.cloud_rows,
            setting.texture_rows,
            t,
            first,
            min(first + BAND, tiles),
            setting.effort.row(),
        )
    filters.tame(light, LIGHT_MAX)
    return Marched(
        light=light,
        depth=depth,
        groups=groups,
        camera=camera,
        hero=frame.hero,
        cast=frame.primitives.cast,
        focus=frame.pose.focus,
        aperture=frame.pose.aperture,
    )


def picture(
    setting: Setting, t: float, width: int, height: int, frame_s: float, stopped: Callable[[], bool]
) -> Picture:
    """The finished frame at `t`; `frame_s` is how long one frame lasts (for motion blur). Raises Stopped."""
    return develop(setting, march(setting, t, width, height, stopped), t, frame_s)


def develop(setting: Setting, marched: Marched, t: float, frame_s: float) -> Picture:
    """What was marched, as a picture: motion blur, particles, the blur of the lens, glow, grade."""
    light, depth, groups, camera, hero = marched.light, marched.depth, marched.groups, marched.camera, marched.hero
    height, width = depth.shape
    look = setting.graded
    eye = camera.astype(np.float64)
    if look.shutter > 0:
        before = camera_row(setting.camera(t - frame_s), width / height).astype(np.float64)
        light = filters.motion_blur(
            light, depth, groups, eye, before, hero, shutter=look.shutter, taps=BLUR_TAPS, longest=width * 0.06
        )
    setting.weather_on(Canvas(image=light, depth=depth, camera=eye), t)
    if marched.focus is not None:
        wide = marched.aperture * float(camera[layout.FOCAL]) * height / 4
        light = filters.defocus(light, depth, focus=marched.focus, wide=wide)
    return filters.smooth_edges(filters.develop(light, bloom(light), look.row()))


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
        total = filters.lay_over(total, levels.pop(), 0.75, 0.5)
    return filters.lay_over(total, light, 0.55, 0.0)
