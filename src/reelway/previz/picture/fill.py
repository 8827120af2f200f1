"""What is behind: holes in a picture filled from what is around them."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from reelway.previz.picture.kernels import patch_match, vote
from reelway.previz.picture.maps import Map, Picture, grown, shrunken, stored

Mask = npt.NDArray[np.bool_]
Links = npt.NDArray[np.int32]
Costs = npt.NDArray[np.float64]

LONGEST = 640  # patches are looked for at this size; what they hold is copied at the picture's own
REACH = 3  # patches are 7 x 7
LEVELS = 3


def smooth(picture: Picture, hole: Mask) -> Picture:
    """Filled softly: averages of what is known, from ever further away."""
    values = picture.astype(np.float32)
    filled = _pulled(values * ~hole[..., None], (~hole).astype(np.float32))
    return np.where(hole[..., None], stored(filled), picture)


def _pulled(values: Map, weight: Map) -> Map:
    """`values` (times `weight`) divided by it; where it is nothing, the same of half the size."""
    height, width = weight.shape
    here = values / np.maximum(weight, 1e-6)[..., None]
    if min(height, width) <= 2 or weight.min() > 0.999:
        return np.where(weight[..., None] > 0, here, here[weight > 0].mean(0) if (weight > 0).any() else 128.0)
    even_values = np.pad(values, ((0, height % 2), (0, width % 2), (0, 0)))
    even_weight = np.pad(weight, ((0, height % 2), (0, width % 2)))
    quads = even_values.reshape((height + 1) // 2, 2, (width + 1) // 2, 2, 3).sum((1, 3))
    counts = even_weight.reshape((height + 1) // 2, 2, (width + 1) // 2, 2).sum((1, 3))
    share = np.minimum(counts, 1.0)
    coarse = _pulled(quads / np.maximum(counts, 1e-6)[..., None] * share[..., None], share)
    channels = [Image.fromarray(np.ascontiguousarray(coarse[..., c], np.float32)) for c in range(3)]
    wide = np.stack([np.asarray(c.resize((width, height), Image.Resampling.BICUBIC)) for c in channels], -1)
    return np.asarray(here * weight[..., None] + wide * (1 - weight[..., None]) if weight.max() <= 1 else here)


def textured(picture: Picture, hole: Mask, band: int, seed: int = 1) -> Picture:
    """Filled with patches of the picture itself, so that grass stays grass; deeper than `band` pixels softly.

    A hole is only ever seen at its rim, by as much as what hides it moves.
    """
    if not hole.any() or hole.all():
        return picture
    height, width = hole.shape
    scale = min(1.0, LONGEST / max(height, width))
    wanted = hole & ~shrunken(hole, band)
    start = smooth(picture, hole)
    links, costs = _search(start, hole, wanted, scale, seed)
    if links is None:
        return start
    out = start.astype(np.float32)
    full_links, full_costs = _spread(links, costs, hole, height, width)
    wanted &= full_links[..., 0] >= 0
    vote(picture.astype(np.float32), wanted, full_links, full_costs, 2, out)
    return stored(out)


def _search(start: Picture, hole: Mask, wanted: Mask, scale: float, seed: int) -> tuple[Links | None, Costs]:
    """Where the like of each wanted pixel is, at `scale`; from coarse to fine."""
    height, width = hole.shape
    links: Links | None = None
    costs: Costs = np.zeros((1, 1))
    rng = np.random.default_rng(seed)
    guess: Map | None = None
    for level in reversed(range(LEVELS)):
        size = (max(round(width * scale / 2**level), 16), max(round(height * scale / 2**level), 16))
        image = np.asarray(Image.fromarray(start).resize(size, Image.Resampling.BOX), np.float32)
        closed = np.asarray(Image.fromarray(hole).resize(size, Image.Resampling.NEAREST), np.bool_)
        closed = grown(closed, 1)
        band = np.asarray(Image.fromarray(wanted).resize(size, Image.Resampling.NEAREST), np.bool_)
        band = grown(band, 2) & closed
        source = ~grown(closed, REACH)
        source[:REACH], source[-REACH:], source[:, :REACH], source[:, -REACH:] = False, False, False, False
        places = np.argwhere(source).astype(np.int32)
        if len(places) < 64 or not band.any():
            return None, costs
        if guess is not None:
            wide = np.asarray(Image.fromarray(stored(guess)).resize(size, Image.Resampling.BICUBIC), np.float32)
            image = np.where(closed[..., None], wide, image)
        image = np.ascontiguousarray(image)
        links = _first_links(links, band, source, places, rng)
        for _ in range(2 + level):
            costs = patch_match(image, ~closed, band, source, links, REACH, 3, seed)
            vote(image.copy(), band, links, costs, REACH, image)
        guess = image
    return links, costs


def _first_links(
    coarse: Links | None,
    band: Mask,
    source: Mask,
    places: Links,
    rng: np.random.Generator,
) -> Links:
    """Twice those of the coarser level where that is a source, else anywhere."""
    height, width = band.shape
    links = places[rng.integers(0, len(places), (height, width))]
    if coarse is not None:
        rows = np.minimum(np.arange(height) * coarse.shape[0] // height, coarse.shape[0] - 1)
        columns = np.minimum(np.arange(width) * coarse.shape[1] // width, coarse.shape[1] - 1)
        wide = coarse[rows[:, None], columns[None, :]]
        y = wide[..., 0] * height // coarse.shape[0] + (np.arange(height) % 2)[:, None]
        x = wide[..., 1] * width // coarse.shape[1] + (np.arange(width) % 2)[None, :]
        y, x = np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)
        usable = source[y, x] & (wide[..., 0] >= 0)
        links = np.where(usable[..., None], np.stack([y, x], -1), links)
    return np.ascontiguousarray(links, np.int32)


def _spread(links: Links, costs: Costs, hole: Mask, height: int, width: int) -> tuple[Links, Costs]:
    """Links at the picture's own size: a pixel copies from as far off as the pixel of the smaller picture did."""
    small_height, small_width = links.shape[:2]
    y, x = np.arange(height), np.arange(width)
    rows = np.minimum(y * small_height // height, small_height - 1)
    columns = np.minimum(x * small_width // width, small_width - 1)
    off_y = (links[..., 0] - np.arange(small_height)[:, None])[rows[:, None], columns[None, :]]
    off_x = (links[..., 1] - np.arange(small_width)[None, :])[rows[:, None], columns[None, :]]
    far_y = y[:, None] + np.round(off_y * (height / small_height)).astype(np.int32)
    far_x = x[None, :] + np.round(off_x * (width / small_width)).astype(np.int32)
    inside = (far_y >= 0) & (far_y < height) & (far_x >= 0) & (far_x < width)
    usable = inside & ~hole[np.clip(far_y, 0, height - 1), np.clip(far_x, 0, width - 1)]
    full = np.where(usable[..., None], np.stack([far_y, far_x], -1), -1).astype(np.int32)
    full_costs = np.where(usable, costs[rows[:, None], columns[None, :]], 1e18)
    return np.ascontiguousarray(full), np.ascontiguousarray(full_costs)
