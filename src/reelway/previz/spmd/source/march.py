"""Walking the rays to the first surface."""
# mypy: ignore-errors

import numpy as np

from reelway.previz.spmd.layout import PLANE, TERRAIN
from reelway.previz.spmd.source.maths import F32, I32, I64, distance, fmax, fmin, kernel


@kernel
def march(
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
    mstep,
    hsteps,
):
    lanes = T.size
    # Planes are solved and only bound the ray; all else is sphere traced (a negative distance steps back).
    act0 = np.empty(lanes, I32)
    one = np.empty(1, I32)
    TP = np.empty(lanes, F32)
    TT = np.empty(lanes, F32)
    T1 = np.empty(lanes, F32)
    D1 = np.empty(lanes, F32)
    D2 = np.empty(lanes, F32)
    CA = np.empty(lanes, F32)
    CB = np.empty(lanes, F32)
    for lane in range(lanes):
        TM[lane] = tmax
        act0[lane] = ACT[lane]
    for q in range(n):
        p = listed[q]
        if prims[p, 0] == PLANE:
            y0 = prims[p, 5]
            for lane in range(lanes):
                dy = DY[lane]
                dy = dy if abs(dy) > 1e-6 else 1e-6
                t = (y0 - OY[lane]) / dy
                tm = TM[lane]
                TM[lane] = fmin(tm, t) if t > 0.0 else tm
    # heightfields: growing steps + bisection, then they bound the ray too
    for q in range(n):
        if prims[listed[q], 0] == TERRAIN:
            one[0] = listed[q]
            na = 0
            for lane in range(lanes):
                TT[lane] = T[lane]
                TP[lane] = T[lane]
                T1[lane] = T[lane]
                D1[lane] = 1e9
                D2[lane] = 1e9
                CB[lane] = -1.0
                ACT[lane] = I32(2)
            for _ in range(hsteps):
                for lane in range(lanes):
                    t = TT[lane]
                    PX[lane] = OX[lane] + DX[lane] * t
                    PY[lane] = OY[lane] + DY[lane] * t
                    PZ[lane] = OZ[lane] + DZ[lane] * t
                distance(PX, PY, PZ, D, G, prims, one, I64(1), heights, tex, SC, JC)
                na = 0
                for lane in range(lanes):
                    t = TT[lane]
                    d = D[lane]
                    a = ACT[lane]
                    ins = I32(d < 0.0)
                    a = I32(1) if ((a == 2) & (ins == 1)) else a
                    tm = TM[lane]
                    a = I32(0) if ((a == 2) & (t >= tm)) else a
                    # Between the last two steps it came near a crest and away again: perhaps it went through.
                    before = D1[lane]
                    dips = (a == 2) & (before < D2[lane]) & (before < d) & (before < 0.02 * t) & (CB[lane] < 0.0)
                    CA[lane] = T1[lane] if dips else CA[lane]
                    CB[lane] = t if dips else CB[lane]
                    mv = F32(I32(a == 2))
                    T1[lane] = TP[lane]
                    D2[lane] = before
                    D1[lane] = d
                    TP[lane] = TP[lane] + (t - TP[lane]) * mv
                    TT[lane] = t + fmax(d * 0.55, 0.02 + 0.022 * t) * mv
                    ACT[lane] = a
                    na += I32(a == 2)
                if na == 0:
                    break
            dipped = 0
            for lane in range(lanes):
                dipped += I32(CB[lane] > 0.0)
            if dipped > 0:
                for k in range(7):
                    share = F32(k + 1) * 0.125
                    for lane in range(lanes):
                        t = CA[lane] + (CB[lane] - CA[lane]) * share
                        PX[lane] = OX[lane] + DX[lane] * t
                        PY[lane] = OY[lane] + DY[lane] * t
                        PZ[lane] = OZ[lane] + DZ[lane] * t
                    distance(PX, PY, PZ, D, G, prims, one, I64(1), heights, tex, SC, JC)
                    for lane in range(lanes):
                        met = (CB[lane] > 0.0) & (D[lane] < 0.0)
                        t = CA[lane] + (CB[lane] - CA[lane]) * share
                        back = (CB[lane] - CA[lane]) * 0.125
                        TT[lane] = t if met else TT[lane]
                        TP[lane] = t - back if met else TP[lane]
                        ACT[lane] = I32(1) if met else ACT[lane]
                        CB[lane] = -1.0 if met else CB[lane]
            # A ray along the ground runs out of steps before it meets it: take it as met, or the plain has holes.
            for lane in range(lanes):
                grazes = (ACT[lane] == 2) & (D1[lane] < 0.04 * TT[lane])
                ACT[lane] = I32(1) if grazes else ACT[lane]
            for _ in range(6):
                for lane in range(lanes):
                    t = 0.5 * (TT[lane] + TP[lane])
                    PX[lane] = OX[lane] + DX[lane] * t
                    PY[lane] = OY[lane] + DY[lane] * t
                    PZ[lane] = OZ[lane] + DZ[lane] * t
                distance(PX, PY, PZ, D, G, prims, one, I64(1), heights, tex, SC, JC)
                for lane in range(lanes):
                    t = 0.5 * (TT[lane] + TP[lane])
                    i = D[lane] < 0.0
                    b = TT[lane]
                    a = TP[lane]
                    TT[lane] = t if i else b
                    TP[lane] = a if i else t
            for lane in range(lanes):
                tm = TM[lane]
                TM[lane] = fmin(tm, TT[lane]) if ACT[lane] == 1 else tm
    for lane in range(lanes):
        ACT[lane] = act0[lane]
    n2 = I64(0)
    for q in range(n):
        if prims[listed[q], 0] != PLANE and prims[listed[q], 0] != TERRAIN:
            SL = listed[q]
            listed[n2] = SL
            n2 += 1
    for _ in range(steps):
        for lane in range(lanes):
            t = T[lane]
            PX[lane] = OX[lane] + DX[lane] * t
            PY[lane] = OY[lane] + DY[lane] * t
            PZ[lane] = OZ[lane] + DZ[lane] * t
        if n2 > 0:
            distance(PX, PY, PZ, D, G, prims, listed, n2, heights, tex, SC, JC)
        else:
            for lane in range(lanes):
                D[lane] = 1e8
        na = 0
        for lane in range(lanes):
            t = T[lane]
            d = D[lane]
            a = ACT[lane]
            t = t + (d * 0.7 if d < 0.0 else fmax(d * relax, mstep * t)) * F32(a)
            tm = TM[lane]
            t = fmin(t, tm)
            T[lane] = t
            a = a & I32(abs(d) >= eps * t) & I32(t < tm)
            ACT[lane] = a
            na += a
        if na == 0:
            break
    return n2
