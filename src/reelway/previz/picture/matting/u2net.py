"""U2-Net (the small one, 1.1 million weights) in numpy: where in a picture the thing is that one looks at.

The convolutions are matrix products, so this needs no runtime for networks. The weights are stored in the order in
which they are used; batch normalisation is already folded into them.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

Map = npt.NDArray[np.float32]
Weights = tuple[Map, Map]

SIDE = 320  # the network was trained at this size
MEAN = np.array([0.485, 0.456, 0.406], np.float32)
SPREAD = np.array([0.229, 0.224, 0.225], np.float32)
CHUNK = 1 << 19  # numbers in the matrix of one product: fits the cache of a core


@cache
def _stored() -> tuple[Weights, ...]:
    data = files("reelway.previz.picture.matting").joinpath("u2netp.npz").read_bytes()
    with np.load(BytesIO(data)) as kept:
        count = len(kept.files) // 2
        return tuple((kept[f"w{n}"].astype(np.float32), kept[f"b{n}"].astype(np.float32)) for n in range(count))


def stands_out(picture: npt.NDArray[np.uint8]) -> Map:
    """How much each pixel belongs to what stands out, 0 to 1, at `SIDE` x `SIDE`."""
    small = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    values = np.asarray(small, np.float32)
    values = (values / max(float(values.max()), 1.0) - MEAN) / SPREAD
    return _Pass(iter(_stored())).whole(np.ascontiguousarray(values.transpose(2, 0, 1)))


class _Pass:
    """One picture on its way through the layers."""

    def __init__(self, weights: Iterator[Weights]) -> None:
        self._weights = weights

    def whole(self, x: Map) -> Map:
        down = [self.block(x, 7)]
        for depth in (6, 5, 4):
            down.append(self.block(_pool(down[-1]), depth))
        down.append(self.flat_block(_pool(down[-1])))
        deepest = self.flat_block(_pool(down[-1]))
        up = [deepest, self.flat_block(_joined(deepest, down[4]))]
        for level, depth in ((3, 4), (2, 5), (1, 6), (0, 7)):
            up.append(self.block(_joined(up[-1], down[level]), depth))
        sides = [self.conv(each) for each in reversed(up)]
        fused = self.conv(np.concatenate([_stretched(side, SIDE, SIDE) for side in sides]))[0]
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(fused, -30, 30))), np.float32)

    def block(self, x: Map, depth: int) -> Map:
        """A small U-Net of its own."""
        first = self.live(x)
        levels = [self.live(first)]
        for _ in range(depth - 2):
            levels.append(self.live(_pool(levels[-1])))
        out = self.live(levels[-1], 2)
        out = self.live(np.concatenate([out, levels[-1]]))
        for level in reversed(levels[:-1]):
            out = self.live(_joined(out, level))
        return np.asarray(out + first)

    def flat_block(self, x: Map) -> Map:
        """The same without getting smaller: wider and wider steps instead."""
        first = self.live(x)
        one = self.live(first)
        two = self.live(one, 2)
        three = self.live(two, 4)
        out = self.live(three, 8)
        for level, step in ((three, 4), (two, 2), (one, 1)):
            out = self.live(np.concatenate([out, level]), step)
        return np.asarray(out + first)

    def live(self, x: Map, step: int = 1) -> Map:
        return np.maximum(self.conv(x, step), 0)

    def conv(self, x: Map, step: int = 1) -> Map:
        """The next convolution; `step` is between the pixels that it looks at."""
        weights, bias = next(self._weights)
        made, channels, reach, _ = weights.shape
        _, height, width = x.shape
        flat = np.ascontiguousarray(weights.transpose(0, 2, 3, 1)).reshape(made, -1)
        out = np.empty((made, height, width), np.float32)
        if reach == 1:
            np.matmul(flat, x.reshape(channels, -1), out=out.reshape(made, -1))
            return out + bias[:, None, None]
        padded = np.pad(x, ((0, 0), (step, step), (step, step)))
        rows = max(CHUNK // (9 * channels * width), 1)
        for top in range(0, height, rows):
            count = min(rows, height - top)
            seen = np.empty((9, channels, count, width), np.float32)
            for place in range(9):
                y, z = divmod(place, 3)
                seen[place] = padded[:, top + y * step : top + y * step + count, z * step : z * step + width]
            out[:, top : top + count] = (flat @ seen.reshape(9 * channels, -1)).reshape(made, count, width)
        out += bias[:, None, None]
        return out


def _pool(x: Map) -> Map:
    """Half the size, the largest of each four; an odd edge is kept."""
    _, height, width = x.shape
    even = np.pad(x, ((0, 0), (0, height % 2), (0, width % 2)), constant_values=-np.inf)
    return np.asarray(even.reshape(x.shape[0], (height + 1) // 2, 2, (width + 1) // 2, 2).max((2, 4)))


def _joined(coarse: Map, fine: Map) -> Map:
    return np.concatenate([_stretched(coarse, *fine.shape[1:]), fine])


def _stretched(x: Map, height: int, width: int) -> Map:
    """Bilinear, pixel centres kept in place."""
    if x.shape[1:] == (height, width):
        return x
    return np.asarray(_mix(_mix(x, height, 1), width, 2))


def _mix(x: Map, size: int, axis: int) -> Map:
    have = x.shape[axis]
    at = np.clip((np.arange(size) + 0.5) * have / size - 0.5, 0, have - 1)
    low = at.astype(np.intp)
    share = (at - low).astype(np.float32)
    share = share[:, None] if axis == 1 else share
    return np.asarray(x.take(low, axis) * (1 - share) + x.take(np.minimum(low + 1, have - 1), axis) * share)
