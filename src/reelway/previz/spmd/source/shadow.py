"""What stands between a surface and the sun."""
# mypy: ignore-errors

import math

import numpy as np

from reelway.previz.spmd.layout import (
    PLANE,
    SHADOW_FAR,
    SHADOW_HARDNESS,
    SHADOW_STEPS,
    SUN,
    TERRAIN,
)
from reelway.previz.spmd.source.cull import cull, strewn, touching
from reelway.previz.spmd.source.march import clear, way_ahead
from reelway.previz.spmd.source.maths import (
    F32,
    I32,
    I64,
    clamp,
    distance,
    fmax,
    fmin,
    kernel,
)


@kernel
def darken(
    SH, ON, ACT, QX, QY, QZ, T, T0, TL, EX, EY, EZ, D, G, S, SX, SY, SZ, DY, prims, bounds, listed, n, field, heights,
    tops, tex, SC, JC, env, q,
):  # fmt: skip
    """Take what the listed solids hold off from SH (1: in the sun); `field` is the height field they are (-1: none)."""
    lanes = T.size
    far = q[SHADOW_FAR]
    hard = q[SHADOW_HARDNESS]
    na = 0
    for lane in range(lanes):
        T[lane] = T0[lane]
        S[lane] = 0.0
        a = ON[lane] & I32(SH[lane] > 0.02)
        ACT[lane] = a
        na += a
    if na == 0:
        return
    box = np.empty(6, F32)
    for step in range(int(q[SHADOW_STEPS])):
        for lane in range(lanes):
            t = T[lane]
            EX[lane] = QX[lane] + env[SUN] * t
            EY[lane] = QY[lane] + env[SUN + 1] * t
            EZ[lane] = QZ[lane] + env[SUN + 2] * t
        if field >= 0:
            # Clear of the penumbra too, which widens with the way.
            for lane in range(lanes):
                G[lane] = EY[lane] - T[lane] / hard
            clear(EX, G, EZ, DY, S, prims, field, tops, SC, JC)
        elif step % 4 == 0:
            way_ahead(box, EX, EY, EZ, SX, SY, SZ, T, TL, TL, ACT)
            n = touching(listed, bounds, listed, n, box, far / hard)
            if n == 0:
                return
        distance(EX, EY, EZ, D, G, prims, listed, n, heights, tex, SC, JC)
        na = 0
        for lane in range(lanes):
            d = D[lane]
            t = T[lane]
            a = ACT[lane]
            s = SH[lane]
            s = fmin(s, clamp(hard * d / t, 0.0, 1.0)) if a > 0 else s
            SH[lane] = s
            t = t + fmax(clamp(d, 0.02 + 0.012 * t, far * 0.2), S[lane]) * F32(a)
            T[lane] = t
            a = a & I32(s > 0.02) & I32(t < far)
            ACT[lane] = a
            na += a
        if na == 0:
            break


@kernel
def shadow(
    PX, PY, PZ, NX, NY, NZ, T, HIT, SH, ON, QX, QY, QZ, T2, EX, EY, EZ, D, G, S, DY, prims, bounds,
    prim_count, listed, box, heights, tops, tex, SC, JC, env, q,
):  # fmt: skip
    """How much of the sun each surface sees: 1 all, 0 none; the surfaces are inside `box`."""
    lanes = T.size
    one = np.empty(1, I32)
    ACT = np.empty(lanes, I32)
    T0 = np.empty(lanes, F32)
    TL = np.empty(lanes, F32)
    SX = np.empty(lanes, F32)
    SY = np.empty(lanes, F32)
    SZ = np.empty(lanes, F32)
    for lane in range(lanes):
        e = 0.012 + 0.0015 * T[lane]
        QX[lane] = PX[lane] + NX[lane] * e
        QY[lane] = PY[lane] + NY[lane] * e
        QZ[lane] = PZ[lane] + NZ[lane] * e
        T0[lane] = 0.02 + 0.001 * T[lane]
        TL[lane] = q[SHADOW_FAR]
        SX[lane] = env[SUN]
        SY[lane] = env[SUN + 1]
        SZ[lane] = env[SUN + 2]
        DY[lane] = env[SUN + 1] - 1.0 / q[SHADOW_HARDNESS]
        ON[lane] = I32(NX[lane] * env[SUN] + NY[lane] * env[SUN + 1] + NZ[lane] * env[SUN + 2] > 0.0) & I32(
            HIT[lane] > 0.5
        )
    x = (box[0] + box[3]) * 0.5
    y = (box[1] + box[4]) * 0.5
    z = (box[2] + box[5]) * 0.5
    dx = box[3] - box[0]
    dy = box[4] - box[1]
    dz = box[5] - box[2]
    r = 0.5 * math.sqrt(dx * dx + dy * dy + dz * dz)
    n = cull(
        listed, bounds, prim_count, x, y, z, r + 0.3, env[SUN], env[SUN + 1], env[SUN + 2], F32(1), F32(0),
        q[SHADOW_FAR] + r,
    )  # fmt: skip
    count = 0
    for slot in range(n):
        p = listed[slot]
        op = prims[p, 0]
        if op == TERRAIN or strewn(op):
            one[0] = p
            darken(
                SH, ON, ACT, QX, QY, QZ, T2, T0, TL, EX, EY, EZ, D, G, S, SX, SY, SZ, DY, prims, bounds, one, I64(1),
                I64(p), heights, tops, tex, SC, JC, env, q,
            )  # fmt: skip
        elif op != PLANE:  # a level plane lies below the sun
            listed[count] = p
            count += 1
    if count > 0:
        darken(
            SH, ON, ACT, QX, QY, QZ, T2, T0, TL, EX, EY, EZ, D, G, S, SX, SY, SZ, DY, prims, bounds, listed, I64(count),
            I64(-1), heights, tops, tex, SC, JC, env, q,
        )  # fmt: skip
    for lane in range(lanes):
        s = SH[lane]
        SH[lane] = s * s * (3.0 - 2.0 * s)
