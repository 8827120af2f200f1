"""What of a scene matters here."""
# mypy: ignore-errors
# ruff: noqa: SIM108

import math

from reelway.previz.spmd.layout import BALL_RADIUS, LEAFY, LIGHT_WIDTH, ROCKS, SIDES, TREES
from reelway.previz.spmd.source.maths import F32, fmax, fmin, inline, kernel


@inline
def strewn(opcode):
    """Whether a primitive is strewn over a height field."""
    return (opcode == TREES) | (opcode == ROCKS) | (opcode == LEAFY)


@kernel
def cull(listed, bounds, prim_count, cx, cy, cz, r0, dx, dy, dz, ca, sa, far):
    n = 0
    for p in range(prim_count):
        r = bounds[p, BALL_RADIUS]
        if r <= 0.0:
            listed[n] = p
            n += 1
        else:
            r += r0
            vx = bounds[p, 0] - cx
            vy = bounds[p, 1] - cy
            vz = bounds[p, 2] - cz
            b = vx * dx + vy * dy + vz * dz
            dd = vx * vx + vy * vy + vz * vz
            # Distance from the axis against the width of the cone there.
            pe = math.sqrt(fmax(dd - b * b, 0.0))
            if ca <= 0.05:  # a cone this wide is a ball
                ok = dd < (r + far) * (r + far)
            else:
                ok = (b > -r) and (pe * ca - b * sa < r * 1.02) and (b - r < far)
            if ok:
                listed[n] = p
                n += 1
    return n


@kernel
def touching(listed, bounds, of, count, box, margin):
    """List those of `of` that may be within `margin` of a box (3 + 3)."""
    n = 0
    for q in range(count):
        p = of[q]
        over = True
        for side in range(3):
            over = over and bounds[p, SIDES + side] - margin < box[3 + side]
            over = over and bounds[p, SIDES + 3 + side] + margin > box[side]
        if over:
            listed[n] = p
            n += 1
    return n


@kernel
def around(box, PX, PY, PZ, HIT):
    """The box (3 + 3) that holds all points of lanes that hit something."""
    x0 = F32(1e9)
    y0 = F32(1e9)
    z0 = F32(1e9)
    x1 = F32(-1e9)
    y1 = F32(-1e9)
    z1 = F32(-1e9)
    for lane in range(PX.size):
        on = HIT[lane] > 0.5
        x = PX[lane]
        y = PY[lane]
        z = PZ[lane]
        x0 = fmin(x0, x if on else F32(1e9))
        y0 = fmin(y0, y if on else F32(1e9))
        z0 = fmin(z0, z if on else F32(1e9))
        x1 = fmax(x1, x if on else F32(-1e9))
        y1 = fmax(y1, y if on else F32(-1e9))
        z1 = fmax(z1, z if on else F32(-1e9))
    box[0] = x0
    box[1] = y0
    box[2] = z0
    box[3] = x1
    box[4] = y1
    box[5] = z1


@kernel
def reaching(some, lights, light_count, box):
    """Copy the lights that are seen on what is in a box (3 + 3); says how many."""
    count = 0
    for q in range(light_count):
        d2 = F32(0)
        for side in range(3):
            off = fmax(fmax(box[side] - lights[q, side], lights[q, side] - box[3 + side]), F32(0))
            d2 += off * off
        far = d2 / (lights[q, 6] * lights[q, 6])
        bright = fmax(fmax(lights[q, 3], lights[q, 4]), lights[q, 5])
        if bright > 0.002 * (1.0 + 8.0 * far + 4.0 * far * far):
            for column in range(LIGHT_WIDTH):
                some[count, column] = lights[q, column]
            count += 1
    return count
