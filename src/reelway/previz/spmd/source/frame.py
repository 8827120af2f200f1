"""One picture, tile by tile: march, shade, shadow, mirror, fog."""
# mypy: ignore-errors

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
    LIGHT_WIDTH,
    MATERIAL_WIDTH,
    MIN_STEP,
    MIRROR_STEPS,
    PATTERN,
    PRIM_PARAMS,
    RELAX,
    RELIEF,
    RIGHT,
    SHADOW_STEPS,
    STEPS,
    TERRAIN,
    TILE_HEIGHT,
    TILE_SHIFT,
    TILE_WIDTH,
    UP,
)
from reelway.previz.spmd.source.cull import around, cull, reaching, touching
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
)
from reelway.previz.spmd.source.mirror import mirror
from reelway.previz.spmd.source.shade import shade
from reelway.previz.spmd.source.shadow import shadow
from reelway.previz.spmd.source.sky import fog, sky


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
    tops,
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
    some = np.empty(prim_count, I32)
    lamps = np.empty((lights.shape[0], LIGHT_WIDTH), F32)
    everything = np.empty(prim_count, I32)
    for p in range(prim_count):
        everything[p] = p
    one = np.empty(1, I32)
    box = np.empty(6, F32)
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
            march(
                OX, OY, OZ, DX, DY, DZ, T, TM, s2, ACT, PX, PY, PZ, D, G, s1, prims, bounds, listed, n, some, heights,
                tops, tex, SC, JC, steps, 0.05, tmax, eps, relax, q[MIN_STEP], int(q[HILL_STEPS]),
            )  # fmt: skip
            nh = 0
            for lane in range(LANES):
                t = T[lane]
                h = 1 if t < tmax * 0.985 else 0
                T[lane] = t if h == 1 else tmax
                HIT[lane] = F32(h)
                nh += h
                PX[lane] = OX[lane] + DX[lane] * t
                PY[lane] = OY[lane] + DY[lane] * t
                PZ[lane] = OZ[lane] + DZ[lane] * t
            if nh < LANES:
                sky(DX, DY, DZ, SR, SG, SB, env, clouds)
            if nh > 0:
                around(box, PX, PY, PZ, HIT)
                far_off = F32(0)
                for lane in range(LANES):
                    far_off = fmax(far_off, T[lane] * HIT[lane])
                n = touching(listed, bounds, everything, prim_count, box, 0.05 + 0.01 * far_off)
                distance_id(PX, PY, PZ, D, G, M, BEST, prims, listed, n, heights, tex, SC, JC)
                for lane in range(LANES):
                    NX[lane] = 0.0
                    NY[lane] = 0.0
                    NZ[lane] = 0.0
                    e = 0.0007 * T[lane] + 0.002
                    # Hills are seen by the slope of a whole texel: between them they are flat, and have edges.
                    hill = prims[M[lane], 0] == TERRAIN
                    texel = fmax(0.6 / prims[M[lane], PRIM_PARAMS], 0.004 * T[lane]) if hill else e
                    # A picture made round has texels too, which are not to be seen from near.
                    own = prims[M[lane], 0] == RELIEF
                    e = fmax(e, 0.007 / prims[M[lane], PRIM_PARAMS]) if own else e
                    T2[lane] = fmax(e, texel)
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
                    # The slope of hills is taken so widely that it must not feel what stands on them.
                    for slot in range(n):
                        p = listed[slot]
                        if prims[p, 0] == TERRAIN:
                            one[0] = p
                            distance(QX, QY, QZ, BEST, G, prims, one, I64(1), heights, tex, SC, JC)
                            for lane in range(LANES):
                                D[lane] = BEST[lane] if M[lane] == p else D[lane]
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
                # AO: 3 taps
                if q[AO_REACH] > 0.0:
                    na_ = touching(some, bounds, everything, prim_count, box, 2.2 * q[AO_REACH])
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
                            some,
                            na_,
                            heights,
                            tex,
                            SC,
                            JC,
                        )
                        for lane in range(LANES):
                            AO[lane] *= clamp(0.25 + 0.75 * D[lane] / h, 0.0, 1.0) * 0.5 + 0.5
                if ssteps > 0 and (env[KEY] + env[KEY + 1] + env[KEY + 2]) > 0.02:
                    shadow(
                        PX, PY, PZ, NX, NY, NZ, T, HIT, SH, ACT, QX, QY, QZ, T2, EX, EY, EZ, D, G, s1, s2, prims,
                        bounds, prim_count, listed, box, heights, tops, tex, SC, JC, env, q,
                    )  # fmt: skip
                lit = reaching(lamps, lights, light_count, box)
                shade(
                    PX, PY, PZ, NX, NY, NZ, DX, DY, DZ, T, M, SH, AO, RF, RR, R, Gc, Bc, prims, mats, env, lamps, lit,
                    pats, s1, s2, s3, s4, s5, s6, tex, SC, JC, tm,
                )  # fmt: skip
                if rsteps > 0:
                    mirror(
                        PX, PY, PZ, NX, NY, NZ, DX, DY, DZ, T, RR, HIT, R, Gc, Bc, prims, bounds, prim_count,
                        mats, env, lights, light_count, heights, tops, clouds, tex, SC, JC, everything,
                        listed, some, lamps, tm, q,
                    )  # fmt: skip
                if nh < LANES:
                    for lane in range(LANES):
                        h = HIT[lane] > 0.5
                        R[lane] = R[lane] if h else SR[lane]
                        Gc[lane] = Gc[lane] if h else SG[lane]
                        Bc[lane] = Bc[lane] if h else SB[lane]
            else:
                for lane in range(LANES):
                    R[lane] = SR[lane]
                    Gc[lane] = SG[lane]
                    Bc[lane] = SB[lane]
                    GI[lane] = F32(-1)
            for lane in range(LANES):
                T2[lane] = fmin(T[lane], tmax)
            fog(OX, OY, OZ, DX, DY, DZ, T2, R, Gc, Bc, env, lights, light_count)
            for lane in range(LANES):
                i = txi * TILE_WIDTH + (lane & (TILE_WIDTH - 1))
                j = tyi * TILE_HEIGHT + (lane >> TILE_SHIFT)
                if i < W and j < H:
                    out[j, i, 0] = R[lane]
                    out[j, i, 1] = Gc[lane]
                    out[j, i, 2] = Bc[lane]
                    depth[j, i] = T2[lane]
                    gid[j, i] = GI[lane]
