"""What a lens does to what is nearer or further than its focus: every point becomes a disc.

The discs are gathered at half the size, from planes with a margin, so that each of a disc's points is one run along a
row. How wide a disc is has a sign: less than nothing is nearer than the focus. Lengths are pixels of that half size.
"""
# mypy: ignore-errors

import math

import numpy as np

from reelway.previz.spmd.layout import CELL_HEIGHT, CELL_WIDTH, DISC_MAX
from reelway.previz.spmd.source.maths import F32, U64, clamp, fmax, fmin, kernel, smoothstep


@kernel
def halved(light, depth, planes, focus, wide):
    """`planes`: red, green, blue, the disc's radius, and one over its area, with margins. A wider disc counts more."""
    height = depth.shape[0]
    width = depth.shape[1]
    rows = planes.shape[1] - 2 * DISC_MAX
    columns = planes.shape[2] - 2 * DISC_MAX
    for j in range(-DISC_MAX, rows + DISC_MAX):
        j0 = min(max(2 * j, 0), height - 2)
        for i in range(-DISC_MAX, columns + DISC_MAX):
            i0 = min(max(2 * i, 0), width - 2)
            r = F32(0)
            g = F32(0)
            b = F32(0)
            disc = F32(0)
            total = F32(0)
            for k in range(4):
                y = j0 + (k >> 1)
                x = i0 + (k & 1)
                s = clamp(wide * (focus - 1.0 / depth[y, x]), -F32(DISC_MAX) + 1.0, F32(DISC_MAX) - 1.0)
                w = abs(s) + 0.02
                r += light[y, x, 0] * w
                g += light[y, x, 1] * w
                b += light[y, x, 2] * w
                disc += s * w
                total += w
            w = 1.0 / total
            disc *= w
            planes[0, j + DISC_MAX, i + DISC_MAX] = r * w
            planes[1, j + DISC_MAX, i + DISC_MAX] = g * w
            planes[2, j + DISC_MAX, i + DISC_MAX] = b * w
            planes[3, j + DISC_MAX, i + DISC_MAX] = disc
            planes[4, j + DISC_MAX, i + DISC_MAX] = 1.0 / fmax(disc * disc, 0.3)


@kernel
def widest(planes, cells):
    """The widest disc in each cell of the picture."""
    rows = planes.shape[1] - 2 * DISC_MAX
    columns = planes.shape[2] - 2 * DISC_MAX
    for m in range(cells.shape[0]):
        for n in range(cells.shape[1]):
            most = F32(0)
            for j in range(m * CELL_HEIGHT, min((m + 1) * CELL_HEIGHT, rows)):
                for i in range(n * CELL_WIDTH, min((n + 1) * CELL_WIDTH, columns)):
                    most = fmax(most, abs(planes[3, j + DISC_MAX, i + DISC_MAX]))
            cells[m, n] = most


@kernel
def gathered(planes, cells, soft):
    """`soft`: red, green and blue of all discs that lie over a place, and the share of it that nearer ones cover."""
    rows = soft.shape[0]
    columns = soft.shape[1]
    R = np.empty(CELL_WIDTH, F32)
    G = np.empty(CELL_WIDTH, F32)
    B = np.empty(CELL_WIDTH, F32)
    W = np.empty(CELL_WIDTH, F32)
    C = np.empty(CELL_WIDTH, F32)
    for m in range(cells.shape[0]):
        for n in range(cells.shape[1]):
            most = F32(0)
            for a in range(max(m - 1, 0), min(m + 2, cells.shape[0])):
                for b in range(max(n - 1, 0), min(n + 2, cells.shape[1])):
                    most = fmax(most, cells[a, b])
            reach = math.ceil(most)
            first = n * CELL_WIDTH
            size = min(CELL_WIDTH, columns - first)
            for j in range(m * CELL_HEIGHT, min((m + 1) * CELL_HEIGHT, rows)):
                for i in range(CELL_WIDTH):
                    R[i] = 0.0
                    G[i] = 0.0
                    B[i] = 0.0
                    W[i] = 0.0
                    C[i] = 0.0
                for down in range(-reach, reach + 1):
                    for across in range(-reach, reach + 1):
                        far = math.sqrt(F32(down * down + across * across))
                        if far < most + 0.5:
                            row = j + down + DISC_MAX
                            # Numbers without a sign are looked up as they are, one after the other.
                            start = U64(first + across + DISC_MAX)
                            here = U64(first + DISC_MAX)
                            for i in range(size):
                                at = start + U64(i)
                                s = planes[3, row, at]
                                own = planes[3, j + DISC_MAX, here + U64(i)]
                                # What is behind does not come over what is in front of it and sharper.
                                disc = abs(s) if s < own else fmin(abs(s), abs(own))
                                w = clamp(disc - far + 0.5, 0.0, 1.0) * planes[4, row, at]
                                R[i] += planes[0, row, at] * w
                                G[i] += planes[1, row, at] * w
                                B[i] += planes[2, row, at] * w
                                W[i] += w
                                C[i] += w * clamp(fmin(own - s - 0.5, -s), 0.0, 1.0)
                for i in range(size):
                    w = 1.0 / W[i]
                    soft[j, first + i, 0] = R[i] * w
                    soft[j, first + i, 1] = G[i] * w
                    soft[j, first + i, 2] = B[i] * w
                    soft[j, first + i, 3] = fmin(C[i] * 0.4, 1.0)


@kernel
def defocus(light, depth, out, planes, cells, soft, focus, wide):
    """`light` as a lens sees it that is sharp at 1 / `focus` metres; `wide` is the radius of a disc a dioptre."""
    halved(light, depth, planes, focus, wide)
    widest(planes, cells)
    gathered(planes, cells, soft)
    height = depth.shape[0]
    width = depth.shape[1]
    rows = soft.shape[0]
    columns = soft.shape[1]
    for j in range(height):
        # The nearest of the half size, and the one beyond it that lies nearer than the others.
        j0 = min(j >> 1, rows - 1)
        j1 = min(max(j0 + 2 * (j & 1) - 1, 0), rows - 1)
        for i in range(width):
            i0 = min(i >> 1, columns - 1)
            i1 = min(max(i0 + 2 * (i & 1) - 1, 0), columns - 1)
            own = abs(wide * (focus - 1.0 / depth[j, i]))
            r = F32(0)
            g = F32(0)
            b = F32(0)
            cover = F32(0)
            total = F32(0)
            for k in range(4):
                y = j1 if k & 2 else j0
                x = i1 if k & 1 else i0
                even = (0.25 if k & 2 else 0.75) * (0.25 if k & 1 else 0.75)
                # A sharp thing beside this place gives it nothing.
                w = even * (fmin(abs(planes[3, y + DISC_MAX, x + DISC_MAX]), own) + 0.02)
                r += soft[y, x, 0] * w
                g += soft[y, x, 1] * w
                b += soft[y, x, 2] * w
                cover += soft[y, x, 3] * even
                total += w
            share = fmax(smoothstep(0.2, 0.9, own), cover)
            k = share / total
            out[j, i, 0] = light[j, i, 0] * (1.0 - share) + r * k
            out[j, i, 1] = light[j, i, 1] * (1.0 - share) + g * k
            out[j, i, 2] = light[j, i, 2] * (1.0 - share) + b * k
