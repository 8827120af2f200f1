"""Walking the rays to the first surface."""
# mypy: ignore-errors

import math

import numpy as np

from reelway.previz.spmd.layout import (
    BALL_RADIUS,
    BOX,
    HEIGHT_SIZE,
    PLANE,
    PRIM_PARAMS,
    SIDES,
    TERRAIN,
    TOP_SHIFT,
    TOP_SIZE,
)
from reelway.previz.spmd.source.cull import strewn, touching
from reelway.previz.spmd.source.maths import F32, I32, I64, U32, distance, ffloor, fmax, fmin, kernel


@kernel
def clear(PX, PY, PZ, DY, S, prims, p, tops, SC, JC):
    """How far each ray may go on above a height field, and what is strewn over it, for sure; 0 where it is too low."""
    lanes = S.size
    if prims[p, 0] == TERRAIN:
        scale = prims[p, PRIM_PARAMS]
        height = prims[p, PRIM_PARAMS + 1]
        over = F32(0)
        wide = F32(0)
    else:
        scale = prims[p, PRIM_PARAMS + 5]
        height = prims[p, PRIM_PARAMS + 4]
        over = prims[p, PRIM_PARAMS + 1] * 1.4
        wide = prims[p, PRIM_PARAMS + 1] * 0.5
    x0 = prims[p, PRIM_PARAMS + 2] - prims[p, 4]
    z0 = prims[p, PRIM_PARAMS + 3] - prims[p, 6]
    y0 = prims[p, 5] + over
    steep = height * scale
    for lane in range(lanes):
        u = I32(ffloor((PX[lane] + x0) * scale)) & I32(HEIGHT_SIZE - 1)
        v = I32(ffloor((PZ[lane] + z0) * scale)) & I32(HEIGHT_SIZE - 1)
        JC[0, lane] = ((v >> I32(TOP_SHIFT)) * I32(TOP_SIZE) + (u >> I32(TOP_SHIFT))) * I32(2)
    for lane in range(lanes):
        at = U32(JC[0, lane])
        SC[0, lane] = tops[at]
        SC[1, lane] = tops[at + U32(1)]
    for lane in range(lanes):
        dy = DY[lane]
        slope = SC[1, lane] * steep
        above = PY[lane] - y0 - SC[0, lane] * height - slope * wide
        falls = slope * math.sqrt(fmax(1.0 - dy * dy, 0.0)) - dy
        s = above / fmax(falls, 1e-5)
        S[lane] = s if above > 0.0 else 0.0


@kernel
def soar(OX, OY, OZ, DX, DY, DZ, T, TM, PX, PY, PZ, S, prims, p, tops, SC, JC):
    """Take the rays as far as they are clear of a height field."""
    lanes = T.size
    for _ in range(24):
        for lane in range(lanes):
            t = T[lane]
            PX[lane] = OX[lane] + DX[lane] * t
            PY[lane] = OY[lane] + DY[lane] * t
            PZ[lane] = OZ[lane] + DZ[lane] * t
        clear(PX, PY, PZ, DY, S, prims, p, tops, SC, JC)
        na = 0
        for lane in range(lanes):
            t = T[lane]
            s = S[lane]
            T[lane] = fmin(t + s, TM[lane])
            na += I32((s > 0.02 + 0.03 * t) & (t + s < TM[lane]))
        if na == 0:
            break


@kernel
def meet_hill(OX, OY, OZ, DX, DY, DZ, T, TM, ACT, PX, PY, PZ, D, G, S, prims, one, heights, tops, tex, SC, JC, hsteps):
    """Where the rays meet a height field; that bounds them in TM. Growing steps, then bisection."""
    lanes = T.size
    TP = np.empty(lanes, F32)
    TT = np.empty(lanes, F32)
    T1 = np.empty(lanes, F32)
    D1 = np.empty(lanes, F32)
    D2 = np.empty(lanes, F32)
    CA = np.empty(lanes, F32)
    CB = np.empty(lanes, F32)
    for lane in range(lanes):
        TT[lane] = T[lane]
    soar(OX, OY, OZ, DX, DY, DZ, TT, TM, PX, PY, PZ, D, prims, one[0], tops, SC, JC)
    na = 0
    for lane in range(lanes):
        TP[lane] = TT[lane]
        T1[lane] = TT[lane]
        D1[lane] = 1e9
        D2[lane] = 1e9
        CB[lane] = -1.0
        a = I32(TT[lane] < TM[lane])
        ACT[lane] = a * I32(2)
        na += a
    if na == 0:
        return
    for _ in range(hsteps):
        for lane in range(lanes):
            t = TT[lane]
            PX[lane] = OX[lane] + DX[lane] * t
            PY[lane] = OY[lane] + DY[lane] * t
            PZ[lane] = OZ[lane] + DZ[lane] * t
        clear(PX, PY, PZ, DY, S, prims, one[0], tops, SC, JC)
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
            TT[lane] = t + fmax(fmax(d * 0.55, S[lane]), 0.02 + 0.022 * t) * mv
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
    na = 0
    for lane in range(lanes):
        grazes = (ACT[lane] == 2) & (D1[lane] < 0.04 * TT[lane])
        a = I32(1) if grazes else ACT[lane]
        ACT[lane] = a
        na += I32(a == 1)
    if na == 0:
        return
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


@kernel
def way_ahead(box, PX, PY, PZ, DX, DY, DZ, T, TM, TL, ACT):
    """The box (3 + 3) that holds what is left of the way of all rays that still walk, from where they are."""
    x0 = F32(1e9)
    y0 = F32(1e9)
    z0 = F32(1e9)
    x1 = F32(-1e9)
    y1 = F32(-1e9)
    z1 = F32(-1e9)
    for lane in range(T.size):
        on = ACT[lane] > 0
        left = fmin(TM[lane], TL[lane]) - T[lane]
        x = PX[lane]
        y = PY[lane]
        z = PZ[lane]
        ex = x + DX[lane] * left
        ey = y + DY[lane] * left
        ez = z + DZ[lane] * left
        x0 = fmin(x0, fmin(x, ex) if on else F32(1e9))
        y0 = fmin(y0, fmin(y, ey) if on else F32(1e9))
        z0 = fmin(z0, fmin(z, ez) if on else F32(1e9))
        x1 = fmax(x1, fmax(x, ex) if on else F32(-1e9))
        y1 = fmax(y1, fmax(y, ey) if on else F32(-1e9))
        z1 = fmax(z1, fmax(z, ez) if on else F32(-1e9))
    box[0] = x0
    box[1] = y0
    box[2] = z0
    box[3] = x1
    box[4] = y1
    box[5] = z1


@kernel
def walk(
    OX, OY, OZ, DX, DY, DZ, T, TM, TL, ACT, PX, PY, PZ, D, G, S, prims, bounds, listed, n, field, heights, tops, tex,
    SC, JC, steps, few, eps, relax, mstep,
):  # fmt: skip
    """Walk the active rays until all have met something or ended, or only `few` still walk.

    Returns how many still walk. What no ray can meet any more is taken off the list.
    """
    lanes = T.size
    box = np.empty(6, F32)
    na = lanes
    for step in range(steps):
        for lane in range(lanes):
            t = T[lane]
            PX[lane] = OX[lane] + DX[lane] * t
            PY[lane] = OY[lane] + DY[lane] * t
            PZ[lane] = OZ[lane] + DZ[lane] * t
        if field >= 0:
            clear(PX, PY, PZ, DY, S, prims, field, tops, SC, JC)
        elif step % 4 == 0 and n > 3:
            way_ahead(box, PX, PY, PZ, DX, DY, DZ, T, TM, TL, ACT)
            n = touching(listed, bounds, listed, n, box, 0.001)
            if n == 0:
                return 0
        distance(PX, PY, PZ, D, G, prims, listed, n, heights, tex, SC, JC)
        na = 0
        for lane in range(lanes):
            t = T[lane]
            d = D[lane]
            a = ACT[lane]
            t = t + (d * 0.7 if d < 0.0 else fmax(fmax(d * relax, S[lane]), mstep * t)) * F32(a)
            tm = TM[lane]
            t = fmin(t, tm)
            T[lane] = t
            met = (a > 0) & (abs(d) < eps * t)
            TM[lane] = t if met else tm
            a = a & I32(t < fmin(TM[lane], TL[lane]))
            ACT[lane] = a
            na += a
        if na <= few:
            break
    return na


@kernel
def meet(
    OX, OY, OZ, DX, DY, DZ, T, TM, TL, ACT, PX, PY, PZ, D, G, S, prims, bounds, listed, n, field, heights, tops, tex,
    SC, JC, steps, eps, relax, mstep,
):  # fmt: skip
    """Where the rays, walked from T to TL, meet any of the listed solids; that bounds them in TM.

    `field` is the height field they are strewn over (-1: none). The last rays to walk are those that pass close by
    something: they go on side by side, so that they cost no more than they are.
    """
    lanes = T.size
    na = 0
    for lane in range(lanes):
        S[lane] = 0.0
        D[lane] = 1e8
        a = I32(T[lane] < fmin(TM[lane], TL[lane]))
        ACT[lane] = a
        na += a
    if na == 0:
        return
    na = walk(
        OX, OY, OZ, DX, DY, DZ, T, TM, TL, ACT, PX, PY, PZ, D, G, S, prims, bounds, listed, n, field, heights, tops,
        tex, SC, JC, steps, lanes // 3, eps, relax, mstep,
    )  # fmt: skip
    if na == 0:
        return
    AT = np.empty(lanes, I32)
    OX_ = np.empty(lanes, F32)
    OY_ = np.empty(lanes, F32)
    OZ_ = np.empty(lanes, F32)
    DX_ = np.empty(lanes, F32)
    DY_ = np.empty(lanes, F32)
    DZ_ = np.empty(lanes, F32)
    T_ = np.empty(lanes, F32)
    TM_ = np.empty(lanes, F32)
    TL_ = np.empty(lanes, F32)
    count = 0
    for lane in range(lanes):
        if ACT[lane] > 0:
            AT[count] = lane
            count += 1
    size = min((count + 15) // 16 * 16, lanes)
    for slot in range(size):
        lane = AT[min(slot, count - 1)]
        OX_[slot] = OX[lane]
        OY_[slot] = OY[lane]
        OZ_[slot] = OZ[lane]
        DX_[slot] = DX[lane]
        DY_[slot] = DY[lane]
        DZ_[slot] = DZ[lane]
        T_[slot] = T[lane]
        TM_[slot] = TM[lane]
        TL_[slot] = TL[lane]
        ACT[slot] = I32(1)
        S[slot] = 0.0
    walk(
        OX_[:size], OY_[:size], OZ_[:size], DX_[:size], DY_[:size], DZ_[:size], T_[:size], TM_[:size], TL_[:size],
        ACT[:size], PX[:size], PY[:size], PZ[:size], D[:size], G[:size], S[:size], prims, bounds, listed, n, field,
        heights, tops, tex, SC, JC, steps * 2, 0, eps, relax, mstep,
    )  # fmt: skip
    # Who ran out of steps close to a surface has met it.
    for slot in range(count):
        t = T_[slot]
        close = (ACT[slot] > 0) & (abs(D[slot]) < 0.004 * t)
        TM[AT[slot]] = t if close else TM_[slot]


@kernel
def span(OX, OY, OZ, DX, DY, DZ, T, TL, near, box):
    """Where the rays go into a box (3 + 3; not before `near`) and come out of it."""
    for lane in range(T.size):
        dx = DX[lane]
        dy = DY[lane]
        dz = DZ[lane]
        ix = 1.0 / (dx if abs(dx) > 1e-6 else 1e-6)
        iy = 1.0 / (dy if abs(dy) > 1e-6 else 1e-6)
        iz = 1.0 / (dz if abs(dz) > 1e-6 else 1e-6)
        ax = (box[0] - OX[lane]) * ix
        ay = (box[1] - OY[lane]) * iy
        az = (box[2] - OZ[lane]) * iz
        bx = (box[3] - OX[lane]) * ix
        by = (box[4] - OY[lane]) * iy
        bz = (box[5] - OZ[lane]) * iz
        T[lane] = fmax(fmax(fmin(ax, bx), fmin(ay, by)), fmax(fmin(az, bz), near))
        TL[lane] = fmin(fmin(fmax(ax, bx), fmax(ay, by)), fmax(az, bz))


@kernel
def march(
    OX, OY, OZ, DX, DY, DZ, T, TM, TL, ACT, PX, PY, PZ, D, G, S, prims, bounds, listed, n, some, heights, tops, tex, SC,
    JC, steps, near, tmax, eps, relax, mstep, hsteps,
):  # fmt: skip
    """T: how far along each ray, from `near` on, the first of the listed primitives is; `tmax` where none is.

    Each kind is walked in the way that is quickest for it, and bounds the rays for the next.
    """
    lanes = T.size
    one = np.empty(1, I32)
    box = np.empty(6, F32)
    whole = np.empty(6, F32)
    for lane in range(lanes):
        TM[lane] = tmax
    for side in range(3):
        whole[side] = 1e9
        whole[3 + side] = -1e9
    ended = I64(0)
    endless = I64(0)
    # Planes and endless boxes are solved; height fields have their own walk.
    for q in range(n):
        p = listed[q]
        op = prims[p, 0]
        for side in range(6):
            box[side] = bounds[p, SIDES + side]
        if op == PLANE:
            level = prims[p, 5]
            for lane in range(lanes):
                dy = DY[lane]
                dy = dy if abs(dy) > 1e-6 else 1e-6
                t = (level - OY[lane]) / dy
                tm = TM[lane]
                TM[lane] = fmin(tm, t) if t > 0.0 else tm
        elif op == TERRAIN:
            one[0] = p
            for lane in range(lanes):
                T[lane] = near
            meet_hill(
                OX, OY, OZ, DX, DY, DZ, T, TM, ACT, PX, PY, PZ, D, G, S, prims, one, heights, tops, tex, SC, JC, hsteps
            )
        elif bounds[p, BALL_RADIUS] > 0.0:
            some[ended] = p
            ended += 1
            for side in range(3):
                whole[side] = fmin(whole[side], box[side])
                whole[3 + side] = fmax(whole[3 + side], box[3 + side])
        elif op == BOX:
            span(OX, OY, OZ, DX, DY, DZ, T, TL, near, box)
            for lane in range(lanes):
                t = T[lane]
                tm = TM[lane]
                TM[lane] = fmin(tm, t) if t < TL[lane] else tm
        else:
            endless += 1
            some[some.size - endless] = p  # at the far end of the list
    # What has no end takes the smallest steps, and is walked alone.
    for q in range(endless):
        p = some[some.size - 1 - q]
        field = I64(-1)
        one[0] = p
        for side in range(6):
            box[side] = bounds[p, SIDES + side]
        span(OX, OY, OZ, DX, DY, DZ, T, TL, near, box)
        if strewn(prims[p, 0]):
            field = I64(p)
            soar(OX, OY, OZ, DX, DY, DZ, T, TM, PX, PY, PZ, D, prims, p, tops, SC, JC)
        meet(
            OX, OY, OZ, DX, DY, DZ, T, TM, TL, ACT, PX, PY, PZ, D, G, S, prims, bounds, one, I64(1), field, heights,
            tops, tex, SC, JC, steps, eps, relax, mstep,
        )  # fmt: skip
    # What has an end is walked together, inside the box that holds it all.
    if ended > 0:
        span(OX, OY, OZ, DX, DY, DZ, T, TL, near, whole)
        meet(
            OX, OY, OZ, DX, DY, DZ, T, TM, TL, ACT, PX, PY, PZ, D, G, S, prims, bounds, some, ended, I64(-1), heights,
            tops, tex, SC, JC, steps, eps, relax, mstep,
        )  # fmt: skip
    for lane in range(lanes):
        T[lane] = TM[lane]
