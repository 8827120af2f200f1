"""One bounce of reflection."""
# mypy: ignore-errors

import math

import numpy as np

from reelway.previz.spmd.layout import (
    EPSILON,
    FAR,
    HILL_STEPS,
    LANES,
    MATERIAL_WIDTH,
    MIN_STEP,
    MIRROR_STEPS,
    PATTERN,
    RELAX,
    TILE_SHIFT,
    TILE_WIDTH,
)
from reelway.previz.spmd.source.cull import around, cull, reaching, touching
from reelway.previz.spmd.source.march import march
from reelway.previz.spmd.source.maths import (
    F32,
    I32,
    I64,
    U32,
    distance,
    distance_id,
    fmax,
    fmin,
    kernel,
    mix,
)
from reelway.previz.spmd.source.shade import shade
from reelway.previz.spmd.source.sky import fog, sky


@kernel
def mirror(
    PX, PY, PZ, NX, NY, NZ, DX, DY, DZ, T, RR, HIT, R, Gc, Bc, prims, bounds, prim_count, mats, env, lights,
    light_count, heights, tops, clouds, tex, SC, JC, everything, listed, some, lamps, tm, q,
):  # fmt: skip
    """Mix one bounce of reflection into the colours of a tile.

    Only every second pixel of those that mirror sends a ray, in a checkerboard; the rays are packed side by side, so
    that half the rays cost half the time, and the pixels between take the mean of their neighbours.
    """
    far = q[FAR] * 0.5
    AT = np.empty(LANES, I32)
    OX = np.empty(LANES, F32)
    OY = np.empty(LANES, F32)
    OZ = np.empty(LANES, F32)
    EX = np.empty(LANES, F32)
    EY = np.empty(LANES, F32)
    EZ = np.empty(LANES, F32)
    count = I64(0)
    for lane in range(LANES):
        k = RR[lane] * HIT[lane]
        HIT2 = k > 0.045
        even = ((lane ^ (lane >> TILE_SHIFT)) & 1) == 0
        if HIT2 and even:
            dn = 2.0 * (DX[lane] * NX[lane] + DY[lane] * NY[lane] + DZ[lane] * NZ[lane])
            e = 0.02 + 0.002 * T[lane]
            EX[count] = DX[lane] - dn * NX[lane]
            # What lies level mirrors nothing below it: a ripple that would is met by the next, and mirrors again.
            ey = DY[lane] - dn * NY[lane]
            EY[count] = abs(ey) if NY[lane] > 0.9 else ey
            EZ[count] = DZ[lane] - dn * NZ[lane]
            OX[count] = PX[lane] + NX[lane] * e
            OY[count] = PY[lane] + NY[lane] * e
            OZ[count] = PZ[lane] + NZ[lane] * e
            AT[count] = lane
            count += 1
    if count == 0:
        return
    # Whole vectors only: the last ray is repeated.
    size = min((count + 15) // 16 * 16, LANES)
    for lane in range(count, size):
        EX[lane] = EX[count - 1]
        EY[lane] = EY[count - 1]
        EZ[lane] = EZ[count - 1]
        OX[lane] = OX[count - 1]
        OY[lane] = OY[count - 1]
        OZ[lane] = OZ[count - 1]
    EX = EX[:size]
    EY = EY[:size]
    EZ = EZ[:size]
    OX = OX[:size]
    OY = OY[:size]
    OZ = OZ[:size]
    QX = np.empty(size, F32)
    QY = np.empty(size, F32)
    QZ = np.empty(size, F32)
    MX = np.empty(size, F32)
    MY = np.empty(size, F32)
    MZ = np.empty(size, F32)
    T2 = np.empty(size, F32)
    TM = np.empty(size, F32)
    D = np.empty(size, F32)
    G = np.empty(size, F32)
    BEST = np.empty(size, F32)
    SH = np.empty(size, F32)
    AO = np.empty(size, F32)
    RF2 = np.empty(size, F32)
    RR2 = np.empty(size, F32)
    R2 = np.empty(size, F32)
    G2 = np.empty(size, F32)
    B2 = np.empty(size, F32)
    s1 = np.empty(size, F32)
    s2 = np.empty(size, F32)
    s3 = np.empty(size, F32)
    s4 = np.empty(size, F32)
    s5 = np.empty(size, F32)
    s6 = np.empty(size, F32)
    ACT = np.empty(size, I32)
    M = np.empty(size, I32)
    # Cull by the cone and the sphere that hold all rays.
    mx = 0.0
    my = 0.0
    mz = 0.0
    hx0 = 1e9
    hy0 = 1e9
    hz0 = 1e9
    hx1 = -1e9
    hy1 = -1e9
    hz1 = -1e9
    for lane in range(size):
        mx += EX[lane]
        my += EY[lane]
        mz += EZ[lane]
        hx0 = fmin(hx0, OX[lane])
        hx1 = fmax(hx1, OX[lane])
        hy0 = fmin(hy0, OY[lane])
        hy1 = fmax(hy1, OY[lane])
        hz0 = fmin(hz0, OZ[lane])
        hz1 = fmax(hz1, OZ[lane])
        AO[lane] = 1.0
        SH[lane] = 0.6
    mn = 1.0 / math.sqrt(mx * mx + my * my + mz * mz + 1e-9)
    mx *= mn
    my *= mn
    mz *= mn
    mca = 1.0
    for lane in range(size):
        mca = fmin(mca, mx * EX[lane] + my * EY[lane] + mz * EZ[lane])
    wide = (hx1 - hx0) * (hx1 - hx0) + (hy1 - hy0) * (hy1 - hy0) + (hz1 - hz0) * (hz1 - hz0)
    radius = 0.5 * math.sqrt(wide) + 0.02
    cx = (hx0 + hx1) * 0.5
    cy = (hy0 + hy1) * 0.5
    cz = (hz0 + hz1) * 0.5
    msa = math.sqrt(fmax(1.0 - mca * mca, 0.0))
    near = cull(listed, bounds, prim_count, cx, cy, cz, radius, mx, my, mz, mca, msa, far)
    march(
        OX, OY, OZ, EX, EY, EZ, T2, TM, s2, ACT, QX, QY, QZ, D, G, s1, prims, bounds, listed, near, some, heights, tops,
        tex, SC, JC, int(q[MIRROR_STEPS]), 0.03, far, q[EPSILON] * 3.0, q[RELAX], q[MIN_STEP] * 2.0,
        int(q[HILL_STEPS]) // 2,
    )  # fmt: skip
    far_off = F32(0)
    for lane in range(size):
        t = T2[lane]
        QX[lane] = OX[lane] + EX[lane] * t
        QY[lane] = OY[lane] + EY[lane] * t
        QZ[lane] = OZ[lane] + EZ[lane] * t
        hit = t < far * 0.9
        s1[lane] = 1.0 if hit else 0.0
        far_off = fmax(far_off, t if hit else F32(0))
    box = np.empty(6, F32)
    around(box, QX, QY, QZ, s1)
    near = touching(listed, bounds, everything, prim_count, box, 0.1 + 0.01 * far_off)
    distance_id(QX, QY, QZ, D, G, M, BEST, prims, listed, near, heights, tex, SC, JC)
    misses = 0
    # A cheap normal from forward differences. A ray that ran out of steps in mid air has met nothing.
    for lane in range(size):
        met = I32((D[lane] < 0.25 + 0.06 * T2[lane]) & (T2[lane] < far * 0.9))
        ACT[lane] = met
        misses += 1 - met
        s1[lane] = D[lane]
        s2[lane] = QX[lane] + 0.05
        s3[lane] = QY[lane] + 0.05
        s4[lane] = QZ[lane] + 0.05
    distance(s2, QY, QZ, D, G, prims, listed, near, heights, tex, SC, JC)
    for lane in range(size):
        MX[lane] = D[lane] - s1[lane]
    distance(QX, s3, QZ, D, G, prims, listed, near, heights, tex, SC, JC)
    for lane in range(size):
        MY[lane] = D[lane] - s1[lane]
    distance(QX, QY, s4, D, G, prims, listed, near, heights, tex, SC, JC)
    pats = I64(0)
    for lane in range(size):
        nx = MX[lane]
        ny = MY[lane]
        nz = D[lane] - s1[lane]
        nn = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz + 1e-20)
        MX[lane] = nx * nn
        MY[lane] = ny * nn
        MZ[lane] = nz * nn
    for lane in range(size):
        pats |= 1 << int(mats[I32(prims[U32(M[lane]), 3]) * I32(MATERIAL_WIDTH) + PATTERN])
    lit = reaching(lamps, lights, light_count, box)
    shade(
        QX, QY, QZ, MX, MY, MZ, EX, EY, EZ, T2, M, SH, AO, RF2, RR2, R2, G2, B2, prims, mats, env, lamps, lit, pats,
        s1, s2, s3, s4, s5, s6, tex, SC, JC, tm,
    )  # fmt: skip
    # Water that is seen in water has the sky in it, or there would be holes in the waves.
    for lane in range(size):
        water = mats[U32(M[lane] + I32(PATTERN))] == 5.0
        s4[lane] = abs(EY[lane]) if water else EY[lane]
        s5[lane] = RR2[lane] if water else F32(0)
        misses += I32(water)
    if misses > 0:
        sky(EX, s4, EZ, s1, s2, s3, env, clouds)
        for lane in range(size):
            R2[lane] = mix(R2[lane], s1[lane], s5[lane])
            G2[lane] = mix(G2[lane], s2[lane], s5[lane])
            B2[lane] = mix(B2[lane], s3[lane], s5[lane])
    fog(OX, OY, OZ, EX, EY, EZ, T2, R2, G2, B2, env, lights, light_count)
    # Back to their pixels, then to the pixels between.
    FR = np.empty(LANES, F32)
    FG = np.empty(LANES, F32)
    FB = np.empty(LANES, F32)
    GOT = np.empty(LANES, I32)
    for lane in range(LANES):
        GOT[lane] = 0
    for lane in range(count):
        h = F32(ACT[lane])
        at = AT[lane]
        FR[at] = R2[lane] if h > 0.5 else s1[lane]
        FG[at] = G2[lane] if h > 0.5 else s2[lane]
        FB[at] = B2[lane] if h > 0.5 else s3[lane]
        GOT[at] = 1
    for lane in range(LANES):
        k = RR[lane] * HIT[lane]
        if k > 0.045:
            r = 0.0
            g = 0.0
            b = 0.0
            n = 0.0
            # A pixel with a ray is mixed with its diagonal neighbours, one without takes its direct ones: both are
            # then equally soft, and the checkerboard does not show.
            own = GOT[lane]
            if own == 1:
                r = FR[lane] * 4.0
                g = FG[lane] * 4.0
                b = FB[lane] * 4.0
                n = 4.0
            column = lane & (TILE_WIDTH - 1)
            for side in range(4):
                step_x = 1 - 2 * (side & 1)
                step_y = 1 - (side & 2)
                if own == 0:
                    step_x = step_x if side < 2 else 0
                    step_y = 0 if side < 2 else 1 - 2 * (side & 1)
                at = lane + step_x + step_y * TILE_WIDTH
                inside = column + step_x >= 0 and column + step_x < TILE_WIDTH and at >= 0 and at < LANES
                if inside and GOT[at] == 1:
                    r += FR[at]
                    g += FG[at]
                    b += FB[at]
                    n += 1.0
            if n > 0.0:
                R[lane] = mix(R[lane], r / n, k)
                Gc[lane] = mix(Gc[lane], g / n, k)
                Bc[lane] = mix(Bc[lane], b / n, k)
