"""What happens to a picture after the ray marcher: motion blur, bloom, grade, smooth edges."""
# mypy: ignore-errors

import math

import numpy as np

from reelway.previz.spmd.source.maths import exact, kernel, pasted


@kernel
def motion_blur(src, dst, depth, groups, now, before, hero0, hero1, shutter, taps, longest):
    """Smear each pixel along the way the camera moved since `before`; the hero's groups stay sharp."""
    height, width, _ = src.shape
    for j in range(height):
        for i in range(width):
            t = depth[j, i]
            u = (2 * (i + 0.5) - width) / height
            v = -(2 * (j + 0.5) - height) / height
            f = now[12]
            dx = u * now[3] + v * now[6] + f * now[9]
            dy = u * now[4] + v * now[7] + f * now[10]
            dz = u * now[5] + v * now[8] + f * now[11]
            n = t / math.sqrt(dx * dx + dy * dy + dz * dz)
            x = now[0] + dx * n - before[0]
            y = now[1] + dy * n - before[1]
            z = now[2] + dz * n - before[2]
            away = x * before[9] + y * before[10] + z * before[11]
            mx = 0.0
            my = 0.0
            group = groups[j, i]
            is_hero = group >= hero0 and group <= hero1
            if away > 0.05 and not is_hero:
                pu = (x * before[3] + y * before[4] + z * before[5]) * before[12] / away
                pv = (x * before[6] + y * before[7] + z * before[8]) * before[12] / away
                mx = (pu - u) * height * 0.5 * shutter
                my = -(pv - v) * height * 0.5 * shutter
            length = math.sqrt(mx * mx + my * my)
            if length < 0.7:
                for c in range(3):
                    dst[j, i, c] = src[j, i, c]
                continue
            if length > longest:
                mx *= longest / length
                my *= longest / length
            r = 0.0
            g = 0.0
            b = 0.0
            weight = 0.0
            # The taps start at a random phase per pixel, else long smears show as combs.
            h = (i * 1619 + j * 31337) & 0xFFFF
            h = ((h ^ (h >> 7)) * 60493) & 0xFFFF
            phase = h / 65536.0
            for k in range(taps):
                s = (k + phase) / taps - 0.5
                a = min(max(int(i + mx * s + 0.5), 0), width - 1)
                o = min(max(int(j + my * s + 0.5), 0), height - 1)
                other = groups[o, a]
                if other >= hero0 and other <= hero1:
                    continue
                r += src[o, a, 0]
                g += src[o, a, 1]
                b += src[o, a, 2]
                weight += 1.0
            if weight == 0.0:
                r = src[j, i, 0]
                g = src[j, i, 1]
                b = src[j, i, 2]
                weight = 1.0
            dst[j, i, 0] = r / weight
            dst[j, i, 1] = g / weight
            dst[j, i, 2] = b / weight


@exact  # fast arithmetic may assume that NaN does not occur
def tame(img, most):
    """Clamp light to 0..most in place; what is not a number becomes black (else bloom would spread it)."""
    height, width, _ = img.shape
    for j in range(height):
        for i in range(width):
            for c in range(3):
                x = img[j, i, c]
                img[j, i, c] = min(x, most) if x > 0.0 else 0.0


@kernel
def halve(src, out):
    """Half the size, each pixel the mean of four."""
    height, width, _ = out.shape
    for j in range(height):
        j0 = min(2 * j, src.shape[0] - 1)
        j1 = min(2 * j + 1, src.shape[0] - 1)
        for i in range(width):
            i0 = min(2 * i, src.shape[1] - 1)
            i1 = min(2 * i + 1, src.shape[1] - 1)
            for c in range(3):
                out[j, i, c] = 0.25 * (src[j0, i0, c] + src[j0, i1, c] + src[j1, i0, c] + src[j1, i1, c])


@kernel
def soften(src, half, out, weights):
    """Blur with the symmetric kernel `weights` (its middle first), edges held; `half` is room to work in."""
    height, width, _ = src.shape
    reach = weights.size - 1
    for j in range(height):
        for i in range(width):
            for c in range(3):
                s = src[j, i, c] * weights[0]
                for k in range(1, reach + 1):
                    s += (src[j, max(i - k, 0), c] + src[j, min(i + k, width - 1), c]) * weights[k]
                half[j, i, c] = s
    for j in range(height):
        for i in range(width):
            for c in range(3):
                s = half[j, i, c] * weights[0]
                for k in range(1, reach + 1):
                    s += (half[max(j - k, 0), i, c] + half[min(j + k, height - 1), i, c]) * weights[k]
                out[j, i, c] = s


@kernel
def lay_over(coarse, fine, out, keep, add):
    """`coarse`, stretched to the size of `fine`, times `keep`, plus `fine` times `add`."""
    height, width, _ = fine.shape
    rows = coarse.shape[0]
    columns = coarse.shape[1]
    for j in range(height):
        y = min(max((j + 0.5) * rows / height - 0.5, 0.0), rows - 1.0)
        j0 = int(y)
        j1 = min(j0 + 1, rows - 1)
        q = y - j0
        for i in range(width):
            x = min(max((i + 0.5) * columns / width - 0.5, 0.0), columns - 1.0)
            i0 = int(x)
            i1 = min(i0 + 1, columns - 1)
            p = x - i0
            for c in range(3):
                top = coarse[j0, i0, c] * (1 - p) + coarse[j0, i1, c] * p
                low = coarse[j1, i0, c] * (1 - p) + coarse[j1, i1, c] * p
                out[j, i, c] = (top * (1 - q) + low * q) * keep + fine[j, i, c] * add


@kernel
def develop(img, bloom, out, look):
    """Light to 8-bit picture: bloom, exposure, vignette, filmic curve, saturation, tints, contrast.

    `look`: 0 exposure, 1 bloom, 2 saturation, 3 contrast, 4 lift, 5-7 shadow tint, 8-10 highlight tint,
    11 vignette.
    """
    height, width, _ = img.shape
    for j in range(height):
        vy = (j + 0.5) / height * 2 - 1
        for i in range(width):
            vx = (i + 0.5) / width * 2 - 1
            gain = look[0] * (1 - look[11] * (vx * vx * 0.6 + vy * vy * 0.45))
            r = (
                img[j, i, 0] + (bloom[j, i, 0] - img[j, i, 0]) * look[1] * 0.12 + bloom[j, i, 0] * look[1] * 0.25
            ) * gain
            g = (
                img[j, i, 1] + (bloom[j, i, 1] - img[j, i, 1]) * look[1] * 0.12 + bloom[j, i, 1] * look[1] * 0.25
            ) * gain
            b = (
                img[j, i, 2] + (bloom[j, i, 2] - img[j, i, 2]) * look[1] * 0.12 + bloom[j, i, 2] * look[1] * 0.25
            ) * gain
            r = max(r, 0.0)
            g = max(g, 0.0)
            b = max(b, 0.0)
            r = min((r * (2.51 * r + 0.03)) / (r * (2.43 * r + 0.59) + 0.14), 1.0) ** 0.4545
            g = min((g * (2.51 * g + 0.03)) / (g * (2.43 * g + 0.59) + 0.14), 1.0) ** 0.4545
            b = min((b * (2.51 * b + 0.03)) / (b * (2.43 * b + 0.59) + 0.14), 1.0) ** 0.4545
            r, g, b = _grade(r, g, b, look)
            out[j, i, 0] = _byte(r)
            out[j, i, 1] = _byte(g)
            out[j, i, 2] = _byte(b)


@kernel
def regrade(src, out, look):
    """`develop` for a picture that is one already: no filmic curve, no bloom."""
    height, width, _ = src.shape
    for j in range(height):
        vy = (j + 0.5) / height * 2 - 1
        for i in range(width):
            vx = (i + 0.5) / width * 2 - 1
            gain = look[0] * (1 - look[11] * (vx * vx * 0.6 + vy * vy * 0.45)) / 255.0
            r, g, b = _grade(src[j, i, 0] * gain, src[j, i, 1] * gain, src[j, i, 2] * gain, look)
            out[j, i, 0] = _byte(r)
            out[j, i, 1] = _byte(g)
            out[j, i, 2] = _byte(b)


@pasted
def _grade(r, g, b, look):
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    r = y + (r - y) * look[2]
    g = y + (g - y) * look[2]
    b = y + (b - y) * look[2]
    w = min(max(y, 0.0), 1.0)
    w = w * w * (3 - 2 * w)
    r += look[5] * (1 - w) + look[8] * w
    g += look[6] * (1 - w) + look[9] * w
    b += look[7] * (1 - w) + look[10] * w
    r = (r - 0.5) * look[3] + 0.5 + look[4]
    g = (g - 0.5) * look[3] + 0.5 + look[4]
    b = (b - 0.5) * look[3] + 0.5 + look[4]
    return r, g, b


@pasted
def _byte(x):
    return np.uint8(min(max(x * 255 + 0.5, 0), 255))


@kernel
def smooth_edges(src, dst):
    """Anti-aliasing along the picture's own edges (after FXAA)."""
    height, width, _ = src.shape
    for j in range(height):
        for i in range(width):
            for c in range(3):
                dst[j, i, c] = src[j, i, c]
            if j == 0 or i == 0 or j == height - 1 or i == width - 1:
                continue
            nw = src[j - 1, i - 1, 1] * 1.96 + src[j - 1, i - 1, 0]
            ne = src[j - 1, i + 1, 1] * 1.96 + src[j - 1, i + 1, 0]
            sw = src[j + 1, i - 1, 1] * 1.96 + src[j + 1, i - 1, 0]
            se = src[j + 1, i + 1, 1] * 1.96 + src[j + 1, i + 1, 0]
            m = src[j, i, 1] * 1.96 + src[j, i, 0]
            least = min(m, min(min(nw, ne), min(sw, se)))
            most = max(m, max(max(nw, ne), max(sw, se)))
            if most - least < 24.0:
                continue
            dx = -((nw + ne) - (sw + se))
            dy = (nw + sw) - (ne + se)
            calm = max((nw + ne + sw + se) * 0.25 * 0.125, 1.0)
            scale = 1 / (min(abs(dx), abs(dy)) + calm)
            dx = min(max(dx * scale, -6.0), 6.0)
            dy = min(max(dy * scale, -6.0), 6.0)
            for c in range(3):
                total = 0.0
                for k in range(2):
                    s = (1 / 3 - 0.5) if k == 0 else (2 / 3 - 0.5)
                    x = min(max(i + dx * s, 0.0), width - 1.001)
                    y = min(max(j + dy * s, 0.0), height - 1.001)
                    a = int(x)
                    b = int(y)
                    u = x - a
                    v = y - b
                    top = src[b, a, c] * (1 - u) + src[b, a + 1, c] * u
                    low = src[b + 1, a, c] * (1 - u) + src[b + 1, a + 1, c] * u
                    total += top * (1 - v) + low * v
                dst[j, i, c] = np.uint8(total * 0.5 + 0.5)


@kernel
def sharpen(src, dst, amount):
    """Unsharp mask of one pixel, held inside the range of its four neighbours' contrast so that it never rings."""
    height, width, _ = src.shape
    for j in range(height):
        j0 = max(j - 1, 0)
        j1 = min(j + 1, height - 1)
        for i in range(width):
            i0 = max(i - 1, 0)
            i1 = min(i + 1, width - 1)
            for c in range(3):
                m = float(src[j, i, c])
                a = float(src[j0, i, c])
                b = float(src[j1, i, c])
                p = float(src[j, i0, c])
                q = float(src[j, i1, c])
                x = m + (m - 0.25 * (a + b + p + q)) * amount
                least = min(m, min(min(a, b), min(p, q)))
                most = max(m, max(max(a, b), max(p, q)))
                slack = 0.25 * (most - least)
                x = min(max(x, least - slack), most + slack)
                dst[j, i, c] = np.uint8(min(max(x + 0.5, 0), 255))


@kernel
def add_grain(luma, width, strength, seed):
    """Film grain on the brightness plane, new for each `seed`, in place; rows hold `width` pixels and padding."""
    height = luma.shape[0]
    for j in range(height):
        for i in range(width):
            n = (i * 1619 + j * 31337 + seed * 6971) & 0x7FFFFFFF
            n = ((n ^ (n >> 13)) * 60493) & 0x7FFFFFFF
            n = ((n ^ (n >> 15)) * 19990303) & 0x7FFFFFFF
            x = luma[j, i] + ((n & 1023) / 1023.0 - 0.5) * strength
            luma[j, i] = np.uint8(min(max(x + 0.5, 16), 235))
