"""The numba kernels of pictures: maps (blur, regions), holes filled from what is around, layers seen from a camera."""
# numba compiles these, and its decorators have no types:
# mypy: ignore-errors

import math

import numba
import numpy as np

kernel = numba.njit(nogil=True, fastmath=True, cache=True, error_model="numpy")


@kernel
def box_blur(src, reach):
    """Mean over a square of side 2 * reach + 1, by running sums; edges held."""
    height, width = src.shape
    half = np.empty_like(src)
    out = np.empty_like(src)
    size = 2 * reach + 1
    for j in range(height):
        total = 0.0
        for k in range(-reach, reach + 1):
            total += src[j, min(max(k, 0), width - 1)]
        for i in range(width):
            half[j, i] = total / size
            total += src[j, min(i + reach + 1, width - 1)] - src[j, max(i - reach, 0)]
    totals = np.zeros(width)
    for k in range(-reach, reach + 1):
        row = min(max(k, 0), height - 1)
        for i in range(width):
            totals[i] += half[row, i]
    for j in range(height):
        up = min(j + reach + 1, height - 1)
        down = max(j - reach, 0)
        for i in range(width):
            out[j, i] = totals[i] / size
            totals[i] += half[up, i] - half[down, i]
    return out


@numba.njit(nogil=True, cache=True)
def regions(mask):
    """Numbers from 1 for the connected parts of `mask`, 0 outside; and how many there are."""
    height, width = mask.shape
    names = np.zeros((height, width), np.int32)
    stack = np.empty(height * width, np.int32)
    count = 0
    for start in range(height * width):
        if names[start // width, start % width] or not mask[start // width, start % width]:
            continue
        count += 1
        names[start // width, start % width] = count
        stack[0] = start
        top = 1
        while top:
            top -= 1
            j, i = divmod(stack[top], width)
            for b in range(max(j - 1, 0), min(j + 2, height)):
                for a in range(max(i - 1, 0), min(i + 2, width)):
                    if mask[b, a] and not names[b, a]:
                        names[b, a] = count
                        stack[top] = b * width + a
                        top += 1
    return names, count


@numba.njit(nogil=True, cache=True)
def _patch_cost(image, known, j, i, b, a, reach, worst):
    """How unlike two patches are, over the pixels of the first that lie in the picture; more than `worst` is worst."""
    height, width, _ = image.shape
    total = 0.0
    count = 0
    for y in range(-reach, reach + 1):
        if j + y < 0 or j + y >= height:
            continue
        for x in range(-reach, reach + 1):
            if i + x < 0 or i + x >= width:
                continue
            # What was there counts more than what was guessed.
            weight = 1.0 if known[j + y, i + x] else 0.35
            for c in range(3):
                gap = image[j + y, i + x, c] - image[b + y, a + x, c]
                total += weight * gap * gap
            count += 1
        if total > worst * count and y >= 0:
            return 1e18
    return total / max(count, 1)


@numba.njit(nogil=True, cache=True)
def _hashed(a, b, c):
    n = (a * 1619 + b * 31337 + c * 6971) & 0x7FFFFFFF
    n = ((n ^ (n >> 13)) * 60493) & 0x7FFFFFFF
    return ((n ^ (n >> 15)) * 19990303) & 0x7FFFFFFF


@numba.njit(nogil=True, cache=True)
def patch_match(image, known, wanted, source, links, reach, sweeps, seed):
    """For each `wanted` pixel the place of a patch like its own (`links`, in place) among those that `source` allows.

    `source` marks middles of patches without a hole. After Barnes et al., "PatchMatch" (2009).
    """
    height, width, _ = image.shape
    costs = np.full((height, width), 1e18)
    for j in range(height):
        for i in range(width):
            if wanted[j, i]:
                costs[j, i] = _patch_cost(image, known, j, i, links[j, i, 0], links[j, i, 1], reach, 1e18)
    for sweep in range(sweeps):
        way = 1 if sweep % 2 == 0 else -1
        for row in range(height):
            j = row if way == 1 else height - 1 - row
            for column in range(width):
                i = column if way == 1 else width - 1 - column
                if not wanted[j, i]:
                    continue
                best = costs[j, i]
                for side in range(2):
                    y = j - way if side else j
                    x = i if side else i - way
                    if y < 0 or x < 0 or y >= height or x >= width or not wanted[y, x]:
                        continue
                    b = links[y, x, 0] + j - y
                    a = links[y, x, 1] + i - x
                    if b < 0 or a < 0 or b >= height or a >= width or not source[b, a]:
                        continue
                    cost = _patch_cost(image, known, j, i, b, a, reach, best)
                    if cost < best:
                        best = cost
                        links[j, i, 0] = b
                        links[j, i, 1] = a
                radius = max(height, width) // 2
                draw = 0
                while radius >= 1:
                    h = _hashed(j * width + i, sweep * 64 + draw, seed)
                    b = links[j, i, 0] + (h % (2 * radius + 1)) - radius
                    a = links[j, i, 1] + ((h >> 12) % (2 * radius + 1)) - radius
                    if b >= 0 and a >= 0 and b < height and a < width and source[b, a]:
                        cost = _patch_cost(image, known, j, i, b, a, reach, best)
                        if cost < best:
                            best = cost
                            links[j, i, 0] = b
                            links[j, i, 1] = a
                    radius //= 2
                    draw += 1
                costs[j, i] = best
    return costs


@numba.njit(nogil=True, cache=True)
def vote(image, wanted, links, costs, reach, out):
    """Each `wanted` pixel becomes the mean of what the patches around it would have there; the likest count most."""
    height, width, _ = image.shape
    for j in range(height):
        for i in range(width):
            if not wanted[j, i]:
                continue
            r = 0.0
            g = 0.0
            b = 0.0
            total = 0.0
            for y in range(-reach, reach + 1):
                for x in range(-reach, reach + 1):
                    q = j + y
                    p = i + x
                    if q < 0 or p < 0 or q >= height or p >= width or not wanted[q, p]:
                        continue
                    v = links[q, p, 0] - y
                    u = links[q, p, 1] - x
                    if v < 0 or u < 0 or v >= height or u >= width:
                        continue
                    weight = 1.0 / (costs[q, p] + 20.0)
                    weight *= weight
                    r += image[v, u, 0] * weight
                    g += image[v, u, 1] * weight
                    b += image[v, u, 2] * weight
                    total += weight
            if total > 0:
                out[j, i, 0] = r / total
                out[j, i, 1] = g / total
                out[j, i, 2] = b / total


@numba.njit(nogil=True, fastmath=True, inline="always")
def _weights(p):
    """Catmull-Rom, so that a moved picture is as sharp as a still one."""
    half = np.float32(0.5)
    one = np.float32(1.0)
    return (
        p * (-half + p * (one - half * p)),
        one + p * p * (np.float32(-2.5) + np.float32(1.5) * p),
        p * (half + p * (np.float32(2.0) - np.float32(1.5) * p)),
        p * p * (-half + half * p),
    )


@numba.njit(nogil=True, fastmath=True, inline="always")
def _sharp(image, u, v):
    """The colour at a point between pixels."""
    height, width, _ = image.shape
    a = np.float32(min(max(u, 0.0), width - 1.001))
    b = np.float32(min(max(v, 0.0), height - 1.001))
    i1 = int(a)
    j1 = int(b)
    i0 = max(i1 - 1, 0)
    i2 = min(i1 + 1, width - 1)
    i3 = min(i1 + 2, width - 1)
    wx0, wx1, wx2, wx3 = _weights(a - np.float32(i1))
    wy = _weights(b - np.float32(j1))
    r = np.float32(0.0)
    g = np.float32(0.0)
    s = np.float32(0.0)
    for y in range(4):
        j = min(max(j1 + y - 1, 0), height - 1)
        w = wy[y]
        row = image[j]
        r += (row[i0, 0] * wx0 + row[i1, 0] * wx1 + row[i2, 0] * wx2 + row[i3, 0] * wx3) * w
        g += (row[i0, 1] * wx0 + row[i1, 1] * wx1 + row[i2, 1] * wx2 + row[i3, 1] * wx3) * w
        s += (row[i0, 2] * wx0 + row[i1, 2] * wx1 + row[i2, 2] * wx2 + row[i3, 2] * wx3) * w
    return r, g, s


@numba.njit(nogil=True, fastmath=True, inline="always")
def _soft(map_, u, v):
    height, width = map_.shape
    a = min(max(u, 0.0), width - 1.001)
    b = min(max(v, 0.0), height - 1.001)
    i = int(a)
    j = int(b)
    p = a - i
    q = b - j
    top = map_[j, i] * (1 - p) + map_[j, i + 1] * p
    low = map_[j + 1, i] * (1 - p) + map_[j + 1, i + 1] * p
    return top * (1 - q) + low * q


@numba.njit(nogil=True, fastmath=True, inline="always")
def _field(fields, layer, u, v):
    height, width = fields.shape[1:]
    a = min(max(u, 0.0), width - 1.001)
    b = min(max(v, 0.0), height - 1.001)
    i = int(a)
    j = int(b)
    p = a - i
    q = b - j
    top = fields[layer, j, i] * (1 - p) + fields[layer, j, i + 1] * p
    low = fields[layer, j + 1, i] * (1 - p) + fields[layer, j + 1, i + 1] * p
    return top * (1 - q) + low * q


@numba.njit(nogil=True, fastmath=True, inline="always")
def _mirrored(u, size):
    """`u` folded back into 0..size-1, as between two mirrors."""
    span = 2.0 * (size - 1)
    w = abs(u) % span
    return span - w if w > size - 1 else w


# What `fields` holds, all coarse and smooth.
NEAR, PLATE_X, PLATE_Y, GAIN, SUBJECT_NEAR, SUBJECT_X, SUBJECT_Y = range(7)
FIELDS = 7
# What `camera` holds: see `picture.moves.Shift`; lengths in pixels.
ZOOM, TURN_X, TURN_Y, TRUCK_X, TRUCK_Y, ROLL, DOLLY, MIDDLE_X, MIDDLE_Y, SKY_X, SKY_Y = range(11)


@numba.njit(nogil=True, fastmath=True, inline="always")
def _placed(x, y, near, camera):
    """Where in the picture a ray through (x, y) of the frame ends, if what is there is so near."""
    scale = 1.0 / (1.0 + camera[DOLLY] * near)
    u = x * scale - camera[TURN_X] - camera[TRUCK_X] * near + camera[MIDDLE_X]
    v = y * scale - camera[TURN_Y] - camera[TRUCK_Y] * near + camera[MIDDLE_Y]
    return u, v


@kernel
def compose(plate, sky, sky_alpha, subject, subject_alpha, fields, coarse, camera, has_sky, has_subject, stirs, out):
    """The layers as the moved camera sees them, back to front: plate, sky, subject.

    `fields` (how near, how displaced, how bright) are `coarse` times smaller than the pictures, and so smooth that the
    way back from a target pixel to its source is found in a few steps and nothing tears.
    """
    rows, columns, _ = out.shape
    height, width, _ = plate.shape
    deep = camera[DOLLY] != 0.0 or camera[TRUCK_X] != 0.0 or camera[TRUCK_Y] != 0.0
    c = math.cos(camera[ROLL]) / camera[ZOOM]
    s = math.sin(camera[ROLL]) / camera[ZOOM]
    cx = camera[MIDDLE_X]
    cy = camera[MIDDLE_Y]
    per = 1.0 / coarse
    for j in range(rows):
        d = 0.0
        e = 0.0
        for i in range(columns):
            dx = i + 0.5 - columns * 0.5
            dy = j + 0.5 - rows * 0.5
            x = c * dx - s * dy
            y = s * dx + c * dy
            u = x - camera[TURN_X] + cx
            v = y - camera[TURN_Y] + cy
            far_u = u
            far_v = v
            if deep:
                # The neighbour is nearly as near: from there one step is enough.
                for _step in range(4 if i == 0 else 1):
                    u, v = _placed(x, y, d, camera)
                    d = _field(fields, NEAR, u * per - 0.5, v * per - 0.5)
                u, v = _placed(x, y, d, camera)
            a = u * per - 0.5
            b = v * per - 0.5
            gain = _field(fields, GAIN, a, b) if stirs else 1.0
            if stirs:
                u += _field(fields, PLATE_X, a, b)
                v += _field(fields, PLATE_Y, a, b)
            red, green, blue = _sharp(plate, u - 0.5, v - 0.5)
            if has_sky:
                # Its edge moves with what stands before it; the sky itself is infinitely far.
                k = _soft(sky_alpha, u - 0.5, v - 0.5) * (1.0 / 255.0)
                if k > 0.004:
                    high = min(max(1.0 - v / height, 0.0), 1.0)
                    drift = 0.35 + 0.65 * high
                    p = _mirrored(far_u + camera[SKY_X] * drift - 0.5, width)
                    q = _mirrored(far_v + camera[SKY_Y] * drift - 0.5, height)
                    r1, g1, b1 = _sharp(sky, p, q)
                    red += (r1 - red) * k
                    green += (g1 - green) * k
                    blue += (b1 - blue) * k
            red *= gain
            green *= gain
            blue *= gain
            if has_subject:
                su = far_u
                sv = far_v
                if deep:
                    for _step in range(4 if i == 0 else 1):
                        su, sv = _placed(x, y, e, camera)
                        e = _field(fields, SUBJECT_NEAR, su * per - 0.5, sv * per - 0.5)
                    su, sv = _placed(x, y, e, camera)
                a = su * per - 0.5
                b = sv * per - 0.5
                if stirs:
                    su += _field(fields, SUBJECT_X, a, b)
                    sv += _field(fields, SUBJECT_Y, a, b)
                su -= 0.5
                sv -= 0.5
                k = _soft(subject_alpha, su, sv) * (1.0 / 255.0)
                if k > 0.004:
                    gain = _field(fields, GAIN, a, b) if stirs else 1.0
                    r1, g1, b1 = _sharp(subject, su, sv)
                    red += (r1 * gain - red) * k
                    green += (g1 * gain - green) * k
                    blue += (b1 * gain - blue) * k
            out[j, i, 0] = np.uint8(min(max(red + 0.5, 0.0), 255.0))
            out[j, i, 1] = np.uint8(min(max(green + 0.5, 0.0), 255.0))
            out[j, i, 2] = np.uint8(min(max(blue + 0.5, 0.0), 255.0))
