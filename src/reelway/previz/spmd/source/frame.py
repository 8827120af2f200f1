"""One picture, tile by tile: march, shade, shadow, mirror, fog."""
# mypy: ignore-errors
# ruff: noqa: SIM108

import math

import numpy as np

from reelway.previz.spmd.layout import (
    AO_REACH,
    EPSILON,
    EYE,
    FAR,
    FOCAL,
    FORWARD,
    HILL_STEPS,
    JITTER,
    KEY,
    LANES,
    MATERIAL_WIDTH,
    MIN_STEP,
    MIRROR_STEPS,
    PATTERN,
    PLANE,
    PRIM_PARAMS,
    RELAX,
    RIGHT,
    SHADOW_FAR,
    SHADOW_HARDNESS,
    SHADOW_STEPS,
    STEPS,
    SUN,
    TERRAIN,
    TILE_HEIGHT,
    TILE_SHIFT,
    TILE_WIDTH,
    UP,
)
from reelway.previz.spmd.source.march import march
from reelway.previz.spmd.source.maths import (
    F32,
    I32,
    I64,
    U32,
    clamp,
    distance,
    distance_id,
    fmax,
    fmin,
    kernel,
    mix,
    smoothstep,
)
from reelway.previz.spmd.source.shade import shade
from reelway.previz.spmd.source.sky import fog, sky


@kernel
def cull(listed, bounds, prim_count, cx, cy, cz, r0, dx, dy, dz, ca, sa, far):
    n = 0
    for p in range(prim_count):
        r = bounds[p, 3]
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
def mirror(
    PX, PY, PZ, NX, NY, NZ, DX, DY, DZ, T, RR, HIT, R, Gc, Bc, prims, bounds, prim_count, mats, env, lights,
    light_count, heights, clouds, tex, SC, JC, listed, tm, q,
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
            EY[count] = DY[lane] - dn * NY[lane]
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
        T2[lane] = 0.03
        AO[lane] = 1.0
        SH[lane] = 0.6
        ACT[lane] = 1
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
    near = march(
        OX, OY, OZ, EX, EY, EZ, T2, TM, ACT, QX, QY, QZ, D, G, prims, listed, near, heights, tex, SC, JC,
        int(q[MIRROR_STEPS]), far, q[EPSILON] * 3.0, q[RELAX], q[MIN_STEP] * 2.0, int(q[HILL_STEPS]) // 2,
    )  # fmt: skip
    for p in range(prim_count):
        if prims[p, 0] == PLANE or prims[p, 0] == TERRAIN:
            listed[near] = p
            near += 1
    for lane in range(size):
        t = T2[lane]
        QX[lane] = OX[lane] + EX[lane] * t
        QY[lane] = OY[lane] + EY[lane] * t
        QZ[lane] = OZ[lane] + EZ[lane] * t
    distance_id(QX, QY, QZ, D, G, M, BEST, prims, listed, near, heights, tex, SC, JC)
    # A cheap normal from forward differences. A ray that ran out of steps in mid air has met nothing.
    for lane in range(size):
        ACT[lane] = I32(D[lane] < 0.25 + 0.06 * T2[lane])
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
    shade(
        QX, QY, QZ, MX, MY, MZ, EX, EY, EZ, T2, M, SH, AO, RF2, RR2, R2, G2, B2, prims, mats, env, lights,
        light_count, pats, s1, s2, s3, s4, s5, s6, tm,
    )  # fmt: skip
    sky(EX, EY, EZ, s1, s2, s3, env, clouds)
    fog(OX, OY, OZ, EX, EY, EZ, T2, R2, G2, B2, s1, s2, s3, env, lights, light_count)
    # Back to their pixels, then to the pixels between.
    FR = np.empty(LANES, F32)
    FG = np.empty(LANES, F32)
    FB = np.empty(LANES, F32)
    GOT = np.empty(LANES, I32)
    for lane in range(LANES):
        GOT[lane] = 0
    for lane in range(count):
        h = 1.0 if (T2[lane] < far * 0.9) & (ACT[lane] == 1) else 0.0
        at = AT[lane]
        FR[at] = mix(s1[lane], R2[lane], h)
        FG[at] = mix(s2[lane], G2[lane], h)
        FB[at] = mix(s3[lane], B2[lane], h)
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


@kernel
def render(
    out,
    depth,
    gid,
    cam,
    prims,
    bounds,
    prim_count,
    mats,
    env,
    lights,
    light_count,
    heights,
    clouds,
    tex,
    tm,
    ty0,
    ty1,
    q,
):
    """Light, depth and group of every pixel of tile rows `ty0` to `ty1`; `q` is the effort, `tm` the time."""
    H = out.shape[0]
    W = out.shape[1]
    OX = np.empty(LANES, F32)
    OY = np.empty(LANES, F32)
    OZ = np.empty(LANES, F32)
    DX = np.empty(LANES, F32)
    DY = np.empty(LANES, F32)
    DZ = np.empty(LANES, F32)
    T = np.empty(LANES, F32)
    ACT = np.empty(LANES, I32)
    PX = np.empty(LANES, F32)
    PY = np.empty(LANES, F32)
    PZ = np.empty(LANES, F32)
    D = np.empty(LANES, F32)
    G = np.empty(LANES, F32)
    M = np.empty(LANES, I32)
    BEST = np.empty(LANES, F32)
    NX = np.empty(LANES, F32)
    NY = np.empty(LANES, F32)
    NZ = np.empty(LANES, F32)
    SH = np.empty(LANES, F32)
    AO = np.empty(LANES, F32)
    RF = np.empty(LANES, F32)
    RR = np.empty(LANES, F32)
    R = np.empty(LANES, F32)
    Gc = np.empty(LANES, F32)
    Bc = np.empty(LANES, F32)
    SR = np.empty(LANES, F32)
    SG = np.empty(LANES, F32)
    SB = np.empty(LANES, F32)
    s1 = np.empty(LANES, F32)
    s2 = np.empty(LANES, F32)
    s3 = np.empty(LANES, F32)
    s4 = np.empty(LANES, F32)
    s5 = np.empty(LANES, F32)
    s6 = np.empty(LANES, F32)
    QX = np.empty(LANES, F32)
    QY = np.empty(LANES, F32)
    QZ = np.empty(LANES, F32)
    T2 = np.empty(LANES, F32)
    EX = np.empty(LANES, F32)
    EY = np.empty(LANES, F32)
    EZ = np.empty(LANES, F32)
    HIT = np.empty(LANES, F32)
    GI = np.empty(LANES, F32)
    TM = np.empty(LANES, F32)
    SC = np.empty((9, LANES), F32)
    JC = np.empty((3, LANES), I32)
    listed = np.empty(prim_count, I32)
    everything = np.empty(prim_count, I32)
    for p in range(prim_count):
        everything[p] = p
    steps = int(q[STEPS])
    tmax = q[FAR]
    ssteps = int(q[SHADOW_STEPS])
    rsteps = int(q[MIRROR_STEPS])
    eps = q[EPSILON]
    relax = q[RELAX]
    ntx = (W + TILE_WIDTH - 1) // TILE_WIDTH
    for tyi in range(ty0, ty1):
        for txi in range(ntx):
            for lane in range(LANES):
                i = txi * TILE_WIDTH + (lane & (TILE_WIDTH - 1))
                j = tyi * TILE_HEIGHT + (lane >> TILE_SHIFT)
                u = (2.0 * (F32(i) + 0.5 + cam[JITTER]) - F32(W)) / F32(H)
                v = -(2.0 * (F32(j) + 0.5 + cam[JITTER + 1]) - F32(H)) / F32(H)
                f = cam[FOCAL]
                dx = u * cam[RIGHT] + v * cam[UP] + f * cam[FORWARD]
                dy = u * cam[RIGHT + 1] + v * cam[UP + 1] + f * cam[FORWARD + 1]
                dz = u * cam[RIGHT + 2] + v * cam[UP + 2] + f * cam[FORWARD + 2]
                n = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
                DX[lane] = dx * n
                DY[lane] = dy * n
                DZ[lane] = dz * n
                OX[lane] = cam[EYE]
                OY[lane] = cam[EYE + 1]
                OZ[lane] = cam[EYE + 2]
                T[lane] = 0.05
                ACT[lane] = 1
            # tile cone cull
            c = (TILE_HEIGHT // 2) * TILE_WIDTH + TILE_WIDTH // 2
            cx = DX[c]
            cy = DY[c]
            cz = DZ[c]
            m0 = fmin(
                cx * DX[0] + cy * DY[0] + cz * DZ[0],
                cx * DX[LANES - 1] + cy * DY[LANES - 1] + cz * DZ[LANES - 1],
            )
            m1 = fmin(
                cx * DX[TILE_WIDTH - 1] + cy * DY[TILE_WIDTH - 1] + cz * DZ[TILE_WIDTH - 1],
                cx * DX[LANES - TILE_WIDTH] + cy * DY[LANES - TILE_WIDTH] + cz * DZ[LANES - TILE_WIDTH],
            )
            ca = fmin(m0, m1)
            sa = math.sqrt(fmax(1.0 - ca * ca, 0.0))
            n = cull(
                listed,
                bounds,
                prim_count,
                cam[EYE],
                cam[EYE + 1],
                cam[EYE + 2],
                F32(0),
                cx,
                cy,
                cz,
                ca,
                sa,
                tmax,
            )
            n0 = march(
                OX,
                OY,
                OZ,
                DX,
                DY,
                DZ,
                T,
                TM,
                ACT,
                PX,
                PY,
                PZ,
                D,
                G,
                prims,
                listed,
                n,
                heights,
                tex,
                SC,
                JC,
                steps,
                tmax,
                eps,
                relax,
                q[MIN_STEP],
                int(q[HILL_STEPS]),
            )
            n = n0
            for p in range(prim_count):
                if prims[p, 0] == PLANE or prims[p, 0] == TERRAIN:
                    listed[n] = p
                    n += 1
            nh = 0
            for lane in range(LANES):
                t = T[lane]
                h = (
                    1
                    if (t < tmax * 0.985) & ((ACT[lane] == 0) | (abs(D[lane]) < 0.004 * t) | (TM[lane] < tmax * 0.9))
                    else 0
                )
                t = TM[lane] if ((ACT[lane] == 1) & (TM[lane] < tmax * 0.9) & (abs(D[lane]) >= 0.004 * t)) else t
                T[lane] = t if h == 1 else tmax
                HIT[lane] = F32(h)
                nh += h
                PX[lane] = OX[lane] + DX[lane] * t
                PY[lane] = OY[lane] + DY[lane] * t
                PZ[lane] = OZ[lane] + DZ[lane] * t
            sky(DX, DY, DZ, SR, SG, SB, env, clouds)
            if nh > 0:
                distance_id(PX, PY, PZ, D, G, M, BEST, prims, listed, n, heights, tex, SC, JC)
                for lane in range(LANES):
                    NX[lane] = 0.0
                    NY[lane] = 0.0
                    NZ[lane] = 0.0
                    e = 0.0007 * T[lane] + 0.002
                    # Far hills are seen by the slope of a whole texel: within one they are terraced.
                    hill = prims[M[lane], 0] == TERRAIN
                    texel = 0.6 / prims[M[lane], PRIM_PARAMS] if hill else e
                    wide = mix(fmin(texel, 0.12), fmax(texel, 0.004 * T[lane]), smoothstep(15.0, 60.0, T[lane]))
                    T2[lane] = fmax(e, wide) if hill else e
                for k in range(4):
                    kx = 1.0 if k == 0 or k == 3 else -1.0
                    ky = 1.0 if k == 1 or k == 3 else -1.0
                    kz = 1.0 if k == 2 or k == 3 else -1.0
                    for lane in range(LANES):
                        e = T2[lane]
                        QX[lane] = PX[lane] + kx * e
                        QY[lane] = PY[lane] + ky * e
                        QZ[lane] = PZ[lane] + kz * e
                    distance(QX, QY, QZ, D, G, prims, listed, n, heights, tex, SC, JC)
                    for lane in range(LANES):
                        NX[lane] += kx * D[lane]
                        NY[lane] += ky * D[lane]
                        NZ[lane] += kz * D[lane]
                for lane in range(LANES):
                    GI[lane] = prims[M[lane], 1] if HIT[lane] > 0.5 else F32(-1)
                pats = I64(0)
                for lane in range(LANES):
                    nx = NX[lane]
                    ny = NY[lane]
                    nz = NZ[lane]
                    nn = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz + 1e-20)
                    NX[lane] = nx * nn
                    NY[lane] = ny * nn
                    NZ[lane] = nz * nn
                    SH[lane] = 1.0
                    AO[lane] = 1.0
                for lane in range(LANES):
                    pats |= 1 << int(mats[I32(prims[U32(M[lane]), 3]) * I32(MATERIAL_WIDTH) + PATTERN])
                hx0 = 1e9
                hy0 = 1e9
                hz0 = 1e9
                hx1 = -1e9
                hy1 = -1e9
                hz1 = -1e9
                for lane in range(LANES):
                    if HIT[lane] > 0.5:
                        hx0 = fmin(hx0, PX[lane])
                        hx1 = fmax(hx1, PX[lane])
                        hy0 = fmin(hy0, PY[lane])
                        hy1 = fmax(hy1, PY[lane])
                        hz0 = fmin(hz0, PZ[lane])
                        hz1 = fmax(hz1, PZ[lane])
                hcx = (hx0 + hx1) * 0.5
                hcy = (hy0 + hy1) * 0.5
                hcz = (hz0 + hz1) * 0.5
                hr = 0.5 * math.sqrt((hx1 - hx0) * (hx1 - hx0) + (hy1 - hy0) * (hy1 - hy0) + (hz1 - hz0) * (hz1 - hz0))
                # AO: 3 taps
                if q[AO_REACH] > 0.0:
                    na_ = cull(
                        everything,
                        bounds,
                        prim_count,
                        hcx,
                        hcy,
                        hcz,
                        hr,
                        F32(0),
                        F32(1),
                        F32(0),
                        F32(0),
                        F32(1),
                        2.2 * q[AO_REACH],
                    )
                    for k in range(3):
                        h = (0.12 + 0.5 * F32(k) * F32(k)) * q[AO_REACH]
                        for lane in range(LANES):
                            QX[lane] = PX[lane] + NX[lane] * h
                            QY[lane] = PY[lane] + NY[lane] * h
                            QZ[lane] = PZ[lane] + NZ[lane] * h
                        distance(
                            QX,
                            QY,
                            QZ,
                            D,
                            G,
                            prims,
                            everything,
                            na_,
                            heights,
                            tex,
                            SC,
                            JC,
                        )
                        for lane in range(LANES):
                            AO[lane] *= clamp(0.25 + 0.75 * D[lane] / h, 0.0, 1.0) * 0.5 + 0.5
                if ssteps > 0 and (env[KEY] + env[KEY + 1] + env[KEY + 2]) > 0.02:
                    for lane in range(LANES):
                        e = 0.012 + 0.0015 * T[lane]
                        QX[lane] = PX[lane] + NX[lane] * e
                        QY[lane] = PY[lane] + NY[lane] * e
                        QZ[lane] = PZ[lane] + NZ[lane] * e
                        T2[lane] = 0.02 + 0.001 * T[lane]
                        ACT[lane] = I32(
                            NX[lane] * env[SUN] + NY[lane] * env[SUN + 1] + NZ[lane] * env[SUN + 2] > 0.0
                        ) & I32(HIT[lane] > 0.5)
                    na_ = cull(
                        everything,
                        bounds,
                        prim_count,
                        hcx,
                        hcy,
                        hcz,
                        hr * 1.0 + 0.3,
                        env[SUN],
                        env[SUN + 1],
                        env[SUN + 2],
                        F32(1),
                        F32(0),
                        q[SHADOW_FAR] + hr,
                    )
                    for _ in range(ssteps):
                        for lane in range(LANES):
                            t = T2[lane]
                            EX[lane] = QX[lane] + env[SUN] * t
                            EY[lane] = QY[lane] + env[SUN + 1] * t
                            EZ[lane] = QZ[lane] + env[SUN + 2] * t
                        distance(
                            EX,
                            EY,
                            EZ,
                            D,
                            G,
                            prims,
                            everything,
                            na_,
                            heights,
                            tex,
                            SC,
                            JC,
                        )
                        na = 0
                        for lane in range(LANES):
                            d = D[lane]
                            t = T2[lane]
                            a = ACT[lane]
                            s = SH[lane]
                            s = fmin(s, clamp(q[SHADOW_HARDNESS] * d / t, 0.0, 1.0)) if a > 0 else s
                            SH[lane] = s
                            t = t + clamp(d, 0.02 + 0.012 * t, q[SHADOW_FAR] * 0.2) * F32(a)
                            T2[lane] = t
                            a = a & I32(s > 0.02) & I32(t < q[SHADOW_FAR])
                            ACT[lane] = a
                            na += a
                        if na == 0:
                            break
                    for lane in range(LANES):
                        s = SH[lane]
                        SH[lane] = s * s * (3.0 - 2.0 * s)
                shade(
                    PX,
                    PY,
                    PZ,
                    NX,
                    NY,
                    NZ,
                    DX,
                    DY,
                    DZ,
                    T,
                    M,
                    SH,
                    AO,
                    RF,
                    RR,
                    R,
                    Gc,
                    Bc,
                    prims,
                    mats,
                    env,
                    lights,
                    light_count,
                    pats,
                    s1,
                    s2,
                    s3,
                    s4,
                    s5,
                    s6,
                    tm,
                )
                if rsteps > 0:
                    mirror(
                        PX, PY, PZ, NX, NY, NZ, DX, DY, DZ, T, RR, HIT, R, Gc, Bc, prims, bounds, prim_count,
                        mats, env, lights, light_count, heights, clouds, tex, SC, JC, everything, tm, q,
                    )  # fmt: skip
                for lane in range(LANES):
                    h = HIT[lane]
                    R[lane] = mix(SR[lane], R[lane], h)
                    Gc[lane] = mix(SG[lane], Gc[lane], h)
                    Bc[lane] = mix(SB[lane], Bc[lane], h)
            else:
                for lane in range(LANES):
                    R[lane] = SR[lane]
                    Gc[lane] = SG[lane]
                    Bc[lane] = SB[lane]
                    GI[lane] = F32(-1)
            for lane in range(LANES):
                T2[lane] = fmin(T[lane], tmax)
            fog(
                OX,
                OY,
                OZ,
                DX,
                DY,
                DZ,
                T2,
                R,
                Gc,
                Bc,
                SR,
                SG,
                SB,
                env,
                lights,
                light_count,
            )
            for lane in range(LANES):
                i = txi * TILE_WIDTH + (lane & (TILE_WIDTH - 1))
                j = tyi * TILE_HEIGHT + (lane >> TILE_SHIFT)
                if i < W and j < H:
                    out[j, i, 0] = R[lane]
                    out[j, i, 1] = Gc[lane]
                    out[j, i, 2] = Bc[lane]
                    depth[j, i] = T2[lane]
                    gid[j, i] = GI[lane]
