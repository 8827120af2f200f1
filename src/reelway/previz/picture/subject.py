"""The subject of a picture, cut out; or nothing, when there is none that the network is sure of."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reelway.previz.picture.kernels import regions
from reelway.previz.picture.maps import Map, Picture, guided, ramp, resized, soft
from reelway.previz.picture.matting import stands_out

Mask = npt.NDArray[np.bool_]
Box = tuple[float, float, float, float]  # left, top, right, bottom

SHARE_MIN, SHARE_MAX = 0.004, 0.80  # of the picture: less is a speck, more is the picture itself
PART_MIN = 0.08  # a part smaller than this share of the largest is a slip of the network
SURE_MIN = 0.55
EVEN = 14.0  # a rim that is nowhere further from one smooth colour is a backdrop
BACKDROP = 38.0  # what is further from it than this, shadows included, is not of it
CUT = 0.94  # a foot below this is cut off by the picture's edge
HEADROOM = 0.06  # of the frame's height, over a subject that a crop would cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Which pixels of a picture stand out, and how sharply the network told them from the rest (0 to 1)."""

    mask: Mask
    sure: float

    def within(self, box: Box) -> "Seen | None":
        """The same in a part of the picture, given in shares of its sides."""
        height, width = self.mask.shape
        left, top, right, bottom = (
            round(share * side) for share, side in zip(box, (width, height, width, height), strict=True)
        )
        mask = self.mask[top:bottom, left:right]
        return Seen(mask=mask, sure=self.sure) if SHARE_MIN <= mask.mean() <= SHARE_MAX else None

    def anchor(self, shape: float) -> tuple[float, float]:
        """Where the middle of a crop of `shape` (its height, as a share of the picture's) should be."""
        box = _box(self.mask)
        middle = (box[1] + box[3]) / 2
        if box[3] - box[1] > shape:  # it does not fit: keep its head
            middle = box[1] + shape * (0.5 - HEADROOM)
        return (box[0] + box[2]) / 2, middle


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A subject cut out; its place in shares of the picture's sides."""

    alpha: Map
    sure: float
    left: float
    right: float
    top: float
    foot: float

    @property
    def focus(self) -> tuple[float, float]:
        """What a camera that comes nearer looks at: of one cut off below the face, else the upper part."""
        down = 0.22 if self.foot > CUT else 0.40
        return (self.left + self.right) / 2, self.top + down * (self.foot - self.top)


def find_subject(picture: Picture) -> Seen | None:
    """Looks at the whole picture, which may be small."""
    height, width, _ = picture.shape
    raw = resized(stands_out(picture), width, height)
    mask = _completed(_parts(raw), picture)
    if not SHARE_MIN <= float(mask.mean()) <= SHARE_MAX:
        return None
    # Sure where the map is nearly 0 or 1: a soft wide rim is a guess.
    sure = float(np.abs(2 * raw[raw > 0.15] - 1).mean())
    if sure < SURE_MIN:
        return None
    return Seen(mask=mask | _holes(mask), sure=float(np.clip((sure - SURE_MIN) / 0.30, 0, 1)))


def cut_out(picture: Picture, seen: Seen) -> Subject:
    """What was seen, with an outline that follows the picture's own edges."""
    height, width, _ = picture.shape
    whole = resized(seen.mask.astype(np.float32), width, height)
    alpha = guided(picture, whole, max(width // 100, 3), 2e-4)
    # A guided filter finds like colours anywhere: nothing far from the mask is taken.
    close = ramp(soft(whole, max(width // 60, 4)), 0.01, 0.10)
    box = _box(whole > 0.5)
    return Subject(
        alpha=np.asarray(ramp(alpha, 0.12, 0.88) * close, np.float32),
        sure=seen.sure,
        left=box[0],
        right=box[2],
        top=box[1],
        foot=box[3],
    )


def _box(mask: Mask) -> Box:
    height, width = mask.shape
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    return (
        float(columns[0]) / width,
        float(rows[0]) / height,
        float(columns[-1] + 1) / width,
        float(rows[-1] + 1) / height,
    )


def _parts(raw: Map) -> Mask:
    """The large parts that the network is sure of, out to where it stops being so."""
    names, count = regions(raw > 0.35)
    if count == 0:
        return np.zeros(raw.shape, np.bool_)
    sizes = np.bincount(names.ravel(), minlength=count + 1)
    peaks = np.zeros(count + 1)
    np.maximum.at(peaks, names.ravel(), raw.ravel())
    largest = int(sizes[1:].argmax()) + 1
    rows = np.nonzero((names == largest).any(1))[0]
    # What hangs above the largest part is a cloud or a lamp, and does not stand where that one stands.
    stands = rows[0] + 0.2 * (rows[-1] - rows[0])
    kept = [
        n
        for n in range(1, count + 1)
        if sizes[n] >= PART_MIN * sizes[largest] and peaks[n] > 0.8 and np.nonzero((names == n).any(1))[0][-1] >= stands
    ]
    return np.isin(names, kept) & (raw > 0.45)


def _completed(mask: Mask, picture: Picture) -> Mask:
    """Before an even backdrop all that touches the subject and is no backdrop is the subject, cap and handle too."""
    if not mask.any():
        return mask
    height, width, _ = picture.shape
    rim = max(min(height, width) // 24, 2)
    edge = np.ones(mask.shape, np.bool_)
    edge[rim:-rim, rim:-rim] = False
    edge &= ~mask
    pixels = picture.astype(np.float32)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / max(height, width)
    terms = np.stack([np.ones_like(x), x, y], -1)
    if edge.sum() < 64:
        return mask
    fit = np.linalg.lstsq(terms[edge], pixels[edge], rcond=None)[0]
    away = np.abs(pixels - terms @ fit).max(2)
    if float(np.percentile(away[edge], 95)) > EVEN:
        return mask
    names, _ = regions((away > BACKDROP) | mask)
    touching = np.unique(names[mask])
    return np.isin(names, touching[touching > 0])


def _holes(mask: Mask) -> Mask:
    """Gaps inside that are too small to look through."""
    names, count = regions(~mask)
    sizes = np.bincount(names.ravel(), minlength=count + 1)
    rim = np.unique(np.concatenate([names[0], names[-1], names[:, 0], names[:, -1]]))
    small = [n for n in range(1, count + 1) if n not in rim and sizes[n] < 0.02 * mask.sum()]
    return np.isin(names, small)
