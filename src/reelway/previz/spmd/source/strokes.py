"""Drawing particles: soft discs and streaks, hidden by what is nearer."""
# mypy: ignore-errors

import math

from reelway.previz.spmd.source.maths import kernel


@kernel
def splat(img, depth, xs, ys, zs, radii, colours, alphas, add, soft):
    """Soft discs; `add` 1 adds light, 0 covers; they fade within `soft` metres before a surface."""
    height, width, _ = img.shape
    for p in range(xs.size):
        r = radii[p]
        x0 = max(int(xs[p] - r), 0)
        x1 = min(int(xs[p] + r) + 2, width)
        y0 = max(int(ys[p] - r), 0)
        y1 = min(int(ys[p] + r) + 2, height)
        for j in range(y0, y1):
            for i in range(x0, x1):
                dx = (i + 0.5 - xs[p]) / r
                dy = (j + 0.5 - ys[p]) / r
                q = 1 - (dx * dx + dy * dy)
                if q <= 0:
                    continue
                gap = (depth[j, i] - zs[p]) / soft
                if gap <= 0:
                    continue
                w = q * q * alphas[p] * min(gap, 1.0)
                keep = 1 - w * (1 - add)
                for c in range(3):
                    img[j, i, c] = img[j, i, c] * keep + colours[p, c] * w


@kernel
def streak(img, depth, x0, y0, x1, y1, zs, widths, colour):
    """Thin bright lines that fade at both ends."""
    height, width, _ = img.shape
    for p in range(x0.size):
        dx = x1[p] - x0[p]
        dy = y1[p] - y0[p]
        n = min(int(math.sqrt(dx * dx + dy * dy)) + 1, 4096)
        for k in range(n):
            s = (k + 0.5) / n
            fx = x0[p] + dx * s - 0.5
            fy = y0[p] + dy * s - 0.5
            i = math.floor(fx)
            j = math.floor(fy)
            a = fx - i
            b = fy - j
            strength = math.sin(3.14159 * s) * widths[p]
            for jj in range(2):
                for ii in range(2):
                    q = i + ii
                    r = j + jj
                    if q < 0 or r < 0 or q >= width or r >= height or depth[r, q] < zs[p]:
                        continue
                    e = strength * (a if ii else 1 - a) * (b if jj else 1 - b)
                    for c in range(3):
                        img[r, q, c] += colour[c] * e
