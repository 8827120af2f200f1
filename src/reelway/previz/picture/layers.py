"""A picture taken apart: what stands in front, what is behind it, the sky behind that, and how near all of it is."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelway.previz.picture.depth import guess_depth
from reelway.previz.picture.fill import smooth, textured
from reelway.previz.picture.maps import Map, Picture, grown, part_of, ramp, resized, shrunk, soft, stored
from reelway.previz.picture.sky import find_sky
from reelway.previz.picture.subject import Seen, Subject, cut_out

COARSE = 4  # fields are this much smaller than the picture
SEEN = 640  # the longer side that a picture is understood at
REVEAL = 0.055  # how far in from a subject's outline its background is made, as a share of the width


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """Pictures of one size, and maps `COARSE` times smaller."""

    picture: Picture
    plate: Picture
    sky: Picture | None
    sky_alpha: npt.NDArray[np.uint8]
    front: Picture | None
    front_alpha: npt.NDArray[np.uint8]
    ground_near: Map
    front_near: Map
    level: float  # how near the subject is; where there is none, what the camera turns round
    horizon: float | None
    subject: Subject | None

    @property
    def coarse(self) -> tuple[int, int]:
        """Height and width of the fields."""
        return self.ground_near.shape[0], self.ground_near.shape[1]


def taken_apart(picture: Picture, seen: Seen | None, *, seed: int = 1) -> Layers:
    """The layers of `picture`, in which `seen` stands out. At rest they make that picture again."""
    height, width, _ = picture.shape
    small = shrunk(picture, SEEN)
    subject = cut_out(small, seen) if seen else None
    found = find_sky(small, subject.alpha if subject else None)
    horizon = found[1] if found else None
    depth = guess_depth(small.shape[0], small.shape[1], subject, horizon)
    fields = (-(-height // COARSE), -(-width // COARSE))

    plate, alpha = picture, None
    if subject is not None:
        alpha = _fringed(resized(subject.alpha, width, height), max(width // 420, 1))
        plate = _faded(textured(picture, alpha > 0.02, round(REVEAL * width), seed), picture, alpha)
    sky, sky_alpha = None, np.zeros((2, 2), np.uint8)
    behind = plate
    if found is not None:
        above = resized(_behind(found[0], subject), width, height)
        sky = _over(smooth(plate, above < 0.97), plate, ramp(above, 0.30, 0.80))
        plate = _without(plate, sky, above)
        behind = _over(plate, sky, above)
        sky_alpha = stored(above * 255)
    front, front_alpha = None, np.zeros((2, 2), np.uint8)
    if alpha is not None:
        front, front_alpha = _above(picture, behind, alpha), stored(alpha * 255)
    return Layers(
        picture=picture,
        plate=np.ascontiguousarray(plate),
        sky=sky,
        sky_alpha=sky_alpha,
        front=front,
        front_alpha=front_alpha,
        ground_near=resized(depth.ground, fields[1], fields[0]),
        front_near=resized(depth.subject, fields[1], fields[0]),
        level=depth.level,
        horizon=horizon,
        subject=subject,
    )


def _fringed(alpha: Map, reach: int) -> Map:
    """A soft rim of what is around goes with the subject, whose outline is a pixel or two off here and there."""
    rim = soft(grown(alpha > 0.5, reach).astype(np.float32), reach)
    return ramp(np.maximum(alpha, ramp(rim, 0.02, 0.98)), 0.05, 1.0)


def _faded(filled: Picture, picture: Picture, alpha: Map) -> Picture:
    """What was filled in, going over into the picture where hardly anything hides it."""
    return _over(filled, picture, ramp(1 - alpha, 0.45, 1.0))


def _behind(sky: Map, subject: Subject | None) -> Map:
    """The sky goes on behind the subject as it is around it."""
    if subject is None:
        return sky
    levels = np.repeat(stored(sky * 255)[..., None], 3, 2)
    return part_of(smooth(levels, subject.alpha > 0.02)[..., 0])


def _over(lower: Picture, upper: Picture, alpha: Map) -> Picture:
    mixed = lower + (upper.astype(np.float32) - lower) * alpha[..., None]
    return stored(mixed)


def _above(picture: Picture, behind: Picture, alpha: Map) -> Picture:
    """What must lie over `behind` for the two to make `picture`."""
    part = np.maximum(alpha, 0.04)[..., None]
    lower = behind.astype(np.float32)
    wanted = lower + (picture.astype(np.float32) - lower) / part
    return stored(np.where(alpha[..., None] > 0.04, wanted, picture))


def _without(picture: Picture, over: Picture, alpha: Map) -> Picture:
    """What must lie under `over` for the two to make `picture`."""
    part = np.maximum(1 - alpha, 0.08)[..., None]
    upper = over.astype(np.float32)
    wanted = upper + (picture.astype(np.float32) - upper) / part
    return stored(np.where(alpha[..., None] < 0.92, wanted, picture))
