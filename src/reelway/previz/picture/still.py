"""Image-to-video: one picture, a guessed depth, a camera that moves a little."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelway.previz import filters
from reelway.previz.geometry import ease
from reelway.previz.look import Look, styled
from reelway.previz.picture.depth import nearness
from reelway.previz.picture.kernels import warp
from reelway.previz.picture.load import fill_crop, open_picture
from reelway.previz.picture.moves import MOVES
from reelway.previz.shot import Shot

Picture = npt.NDArray[np.uint8]

MOVE = "push"  # when the prompt names none
NEUTRAL = Look(grain=0.0, shutter=0.0)


class Still:
    """A picture that can be seen at any moment of its clip."""

    def __init__(self, path: Path, shot: Shot, *, width: int, height: int, duration_s: float) -> None:
        image = open_picture(path)
        _, middle = nearness(fill_crop(image, *_thumb(image.width, image.height)))
        # Only the side that is cut follows the subject; a face near the top stays in a wide cut.
        picture = fill_crop(image, width, height, middle)
        self._near, _ = nearness(picture)
        self._picture = picture
        self._move = MOVES[shot.move or MOVE]
        self._pace = min(max(shot.pace, 0.5), 1.3) ** 0.5
        self._duration_s = max(duration_s, 0.04)
        self.look = styled(NEUTRAL, shot.style)

    def at(self, t: float) -> Picture:
        """The frame at `t` seconds."""
        s = 0.5 + (t / self._duration_s - 0.5) * self._pace
        shift = self._move(0.6 * ease(s) + 0.4 * min(max(s, 0.0), 1.0))
        width = self._picture.shape[1]
        moved = np.empty_like(self._picture)
        warp(
            self._picture,
            self._near,
            moved,
            shift.zoom,
            shift.right * width,
            shift.down * width,
            shift.roll,
            shift.dolly,
        )
        return moved if self.look == NEUTRAL else graded(moved, self.look)


def graded(picture: Picture, look: Look) -> Picture:
    """`picture` under `look`."""
    out = np.empty_like(picture)
    filters.regrade(picture, out, look.row())
    return out


def _thumb(width: int, height: int) -> tuple[int, int]:
    scale = 320 / max(width, height)
    return max(round(width * scale), 16), max(round(height * scale), 16)
