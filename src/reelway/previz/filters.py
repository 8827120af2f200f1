"""What happens to a picture after the ray marcher: motion blur, bloom, grade, smooth edges."""

import numpy as np
import numpy.typing as npt

from reelway.previz.geometry import Floats
from reelway.previz.spmd.layout import CELL_HEIGHT, CELL_WIDTH, DISC_MAX
from reelway.previz.spmd.native import function

Light = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]


def motion_blur(
    light: Light,
    depth: Light,
    groups: Light,
    now: Floats,
    before: Floats,
    hero: tuple[int, int],
    *,
    shutter: float,
    taps: int,
    longest: float,
) -> Light:
    """`light`, smeared along the way the camera moved since `before`; the hero's groups stay sharp."""
    out = np.empty_like(light)
    function("motion_blur")(light, out, depth, groups, now, before, hero[0], hero[1], shutter, taps, longest)
    return out


def defocus(light: Light, depth: Light, *, focus: float, wide: float) -> Light:
    """`light` as a lens sees it that is sharp at `focus` metres; a disc has `wide` pixels of radius a dioptre."""
    height, width = depth.shape
    rows, columns = height // 2, width // 2
    planes = np.empty((5, rows + 2 * DISC_MAX, columns + 2 * DISC_MAX), np.float32)
    cells = np.empty((-(-rows // CELL_HEIGHT), -(-columns // CELL_WIDTH)), np.float32)
    soft, out = np.empty((rows, columns, 4), np.float32), np.empty_like(light)
    function("defocus")(light, depth, out, planes, cells, soft, 1 / focus, wide / 2)
    return out


def tame(light: Light, most: float) -> None:
    """Clamp light to 0..most in place; what is not a number becomes black (else bloom would spread it)."""
    function("tame")(light, most)


def halve(light: Light) -> Light:
    """Half the size, each pixel the mean of four."""
    height, width, _ = light.shape
    out = np.empty((max(height // 2, 1), max(width // 2, 1), 3), np.float32)
    function("halve")(light, out)
    return out


def soften(light: Light, weights: Light) -> Light:
    """Blur with the symmetric kernel `weights` (its middle first), edges held."""
    half, out = np.empty_like(light), np.empty_like(light)
    function("soften")(light, half, out, weights)
    return out


def lay_over(coarse: Light, fine: Light, keep: float, add: float) -> Light:
    """`coarse`, stretched to the size of `fine`, times `keep`, plus `fine` times `add`."""
    out = np.empty_like(fine)
    function("lay_over")(coarse, fine, out, keep, add)
    return out


def develop(light: Light, bloom: Light, look: Floats) -> Picture:
    """Light to 8-bit picture: bloom, exposure, vignette, filmic curve, saturation, tints, contrast."""
    out = np.empty(light.shape, np.uint8)
    function("develop")(light, bloom, out, look)
    return out


def regrade(picture: Picture, out: Picture, look: Floats) -> None:
    """`develop` for a picture that is one already: no filmic curve, no bloom."""
    function("regrade")(np.ascontiguousarray(picture), out, look)


def smooth_edges(picture: Picture) -> Picture:
    """Anti-aliasing along the picture's own edges (after FXAA)."""
    out = np.empty_like(picture)
    function("smooth_edges")(picture, out)
    return out


def sharpen(picture: Picture, out: Picture, amount: float) -> None:
    """Unsharp mask of one pixel, held inside the range of its four neighbours' contrast so that it never rings."""
    function("sharpen")(picture, out, amount)


def add_grain(luma: Picture, strength: float, seed: int) -> None:
    """Film grain on the brightness plane, new for each `seed`, in place; its rows may lie apart."""
    height, width = luma.shape
    rows = np.lib.stride_tricks.as_strided(luma, (height, luma.strides[0]), (luma.strides[0], 1))
    function("add_grain")(rows, width, strength, seed)
