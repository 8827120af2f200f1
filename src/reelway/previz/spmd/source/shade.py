"""The light and the patterns of the surface a ray met."""
# mypy: ignore-errors

import math

from reelway.previz.spmd.layout import (
    ALBEDO,
    AMBIENT_HIGH,
    AMBIENT_LOW,
    EMISSION,
    GLOSS,
    KEY,
    LEAFY,
    MATERIAL_WIDTH,
    MIRROR,
    PARAMS,
    PATTERN,
    PRIM_PARAMS,
    RELIEF,
    RIM,
    SPECULAR,
    SUN,
    TEXTURE_AREA,
    TEXTURE_SIZE,
    TREES,
)
from reelway.previz.spmd.source.maths import (
    F32,
    I32,
    U32,
    clamp,
    fbm2,
    ffloor,
    fmax,
    fmin,
    fsin,
    hashf,
    kernel,
    mix,
    noise2,
    smoothstep,
)


@kernel
def picture(PX, PY, PZ, T, M, AR, AG, AB, prims, p, mats, tex, SC, JC):
    """The colours of a relief, where it is what a lane hit: its first material's, and those of the ones after it.

    For each of them there is a texture that says how much of it is at a place; the most wins, and where two have
    nearly as much, they are mixed over the width of a pixel.
    """
    lanes = T.size
    own = 0
    for lane in range(lanes):
        own += I32(M[lane] == p)
    first = int(prims[p, 3]) * MATERIAL_WIDTH
    count = int(mats[first + PARAMS])
    if own == 0 or count < 2:
        return
    inv_side = prims[p, PRIM_PARAMS]
    inv_tall = prims[p, PRIM_PARAMS + 1]
    layer = I32(prims[p, PRIM_PARAMS + 5]) + I32(1)
    r00 = prims[p, 7]
    r01 = prims[p, 8]
    r02 = prims[p, 9]
    r10 = prims[p, 10]
    r11 = prims[p, 11]
    r12 = prims[p, 12]
    for lane in range(lanes):
        wx = PX[lane] - prims[p, 4]
        wy = PY[lane] - prims[p, 5]
        wz = PZ[lane] - prims[p, 6]
        u = clamp((r00 * wx + r01 * wy + r02 * wz) * inv_side + 0.5, 0.0, 1.0) * 126.99
        v = clamp(0.5 - (r10 * wx + r11 * wy + r12 * wz) * inv_tall, 0.0, 1.0) * 126.99
        fu = ffloor(u)
        fv = ffloor(v)
        SC[0, lane] = u - fu
        SC[1, lane] = v - fv
        JC[0, lane] = (layer * I32(TEXTURE_AREA) + I32(fv) * I32(TEXTURE_SIZE) + I32(fu)) * I32(4)
        SC[2, lane] = 0.0
    for k in range(count):
        for lane in range(lanes):
            at = U32(JC[0, lane] + I32(k * 4 * TEXTURE_AREA))
            a = SC[0, lane]
            b = SC[1, lane]
            t00 = tex[at]
            t10 = tex[at + U32(1)]
            t01 = tex[at + U32(2)]
            t11 = tex[at + U32(3)]
            SC[3 + k, lane] = t00 + (t10 - t00) * a + (t01 - t00) * b + (t00 - t10 - t01 + t11) * a * b
        for lane in range(lanes):
            SC[2, lane] = fmax(SC[2, lane], SC[3 + k, lane])
    for lane in range(lanes):
        texels = T[lane] * 0.0012 * inv_side * 128.0
        near = clamp(0.12 * texels, 0.05, 0.3)
        r = F32(0)
        g = F32(0)
        b = F32(0)
        total = F32(0)
        for k in range(count):
            m = first + k * MATERIAL_WIDTH + ALBEDO
            w = fmax(SC[3 + k, lane] - SC[2, lane] + near, 0.0)
            r += mats[m] * w
            g += mats[m + 1] * w
            b += mats[m + 2] * w
            total += w
        on = M[lane] == p
        AR[lane] = r / total if on else AR[lane]
        AG[lane] = g / total if on else AG[lane]
        AB[lane] = b / total if on else AB[lane]


@kernel
def trunks(PX, PY, PZ, NY, T, M, AR, AG, AB, prims, mats):
    """What is upright and near the middle of a tree is its trunk; leaves, but not needles, are lighter and darker."""
    for lane in range(T.size):
        p = U32(M[lane])
        m = I32(prims[p, 3]) * I32(MATERIAL_WIDTH)
        on = mats[U32(m + I32(PATTERN))] == 11.0
        grows = on & ((prims[p, 0] == TREES) | (prims[p, 0] == LEAFY))
        cell = prims[p, PRIM_PARAMS] if grows else F32(1)
        seed = I32(prims[p, PRIM_PARAMS + 6])
        # As in `shapes`: where the tree of this cell stands, and how tall it is.
        ix = ffloor(PX[lane] / cell)
        iz = ffloor(PZ[lane] / cell)
        jx = I32(ix)
        jz = I32(iz)
        r1 = hashf(jx + seed, jz)
        r2 = hashf(jx + seed + I32(17), jz + I32(5))
        r3 = hashf(jx + I32(31), jz + seed)
        lx = PX[lane] - (ix + 0.5 + (r1 - 0.5) * 0.5) * cell
        lz = PZ[lane] - (iz + 0.5 + (r2 - 0.5) * 0.5) * cell
        wide = 0.036 * prims[p, PRIM_PARAMS + 1] * (0.62 + 0.75 * r3)
        trunk = grows & (lx * lx + lz * lz < wide * wide) & (abs(NY[lane]) < 0.12)
        fine = noise2(PX[lane] * 3.3 + PY[lane] * 1.9, PZ[lane] * 3.3 - PY[lane] * 2.6)
        k = 1.0 + 0.9 * (fine - 0.5) * smoothstep(90.0, 20.0, T[lane])
        k = k if on & (prims[p, 0] != TREES) else F32(1)
        AR[lane] = mats[U32(m + I32(PARAMS))] if trunk else AR[lane] * k
        AG[lane] = mats[U32(m + I32(PARAMS + 1))] if trunk else AG[lane] * k
        AB[lane] = mats[U32(m + I32(PARAMS + 2))] if trunk else AB[lane] * k


@kernel
def shade(
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
    scr1,
    scr2,
    scr3,
    scr4,
    scr5,
    scr6,
    tex,
    SC,
    JC,
    tm,
):
    lanes = R.size
    AR = scr1
    AG = scr2
    AB = scr3
    ER = scr4
    EG = scr5
    EB = scr6
    for lane in range(lanes):
        m = I32(prims[U32(M[lane]), 3]) * I32(MATERIAL_WIDTH)
        AR[lane] = mats[U32(m + I32(ALBEDO))]
        AG[lane] = mats[U32(m + I32(ALBEDO + 1))]
        AB[lane] = mats[U32(m + I32(ALBEDO + 2))]
        ER[lane] = mats[U32(m + I32(EMISSION))]
        EG[lane] = mats[U32(m + I32(EMISSION + 1))]
        EB[lane] = mats[U32(m + I32(EMISSION + 2))]
        RF[lane] = mats[U32(m + I32(MIRROR))]
    if pats & 1024:  # pictures: 10 how many colours
        for p in range(prims.shape[0]):
            if prims[p, 0] == RELIEF:
                picture(PX, PY, PZ, T, M, AR, AG, AB, prims, p, mats, tex, SC, JC)
    if pats & 2048:  # trees: 10-12 bark
        trunks(PX, PY, PZ, NY, T, M, AR, AG, AB, prims, mats)
    # From here on M says where a lane's material begins.
    for lane in range(lanes):
        M[lane] = I32(prims[U32(M[lane]), 3]) * I32(MATERIAL_WIDTH)
    if pats & 2:  # windows
        for lane in range(lanes):
            m = M[lane]
            on = (mats[U32(m + I32(PATTERN))] == 1.0) & (abs(NY[lane]) < 0.5)
            u = PZ[lane] if abs(NX[lane]) > 0.5 else PX[lane]
            cw = mats[U32(m + I32(PARAMS))]
            ch = mats[U32(m + I32(PARAMS + 1))]
            cw = cw if on else 1.0
            ch = ch if on else 1.0
            bx = I32(ffloor(PX[lane] * 0.05))
            bz = I32(ffloor(PZ[lane] * 0.05))
            u = u / cw
            v = PY[lane] / ch
            fu = ffloor(u)
            fv = ffloor(v)
            h = hashf(I32(fu) + bx * I32(7), I32(fv) + bz * I32(13))
            h2 = hashf(I32(fu) + I32(77), I32(fv) + I32(5) + bx)
            hb = hashf(bx + I32(3), bz + I32(11))
            hr = hashf(I32(fv) * I32(3) + bx, bz)
            a = u - fu
            b = v - fv
            fw = fmin(T[lane] * 0.0011 / cw, 0.5)
            win = (
                smoothstep(0.10 - fw, 0.10 + fw + 0.02, a)
                * smoothstep(0.10 - fw, 0.10 + fw + 0.02, 1.0 - a)
                * smoothstep(0.22 - fw, 0.22 + fw + 0.02, b)
                * smoothstep(0.14 - fw, 0.14 + fw + 0.02, 1.0 - b)
            )
            p = mats[U32(m + I32(PARAMS + 2))] * (0.35 + 1.3 * hb)
            lit = (1.0 if h < p else 0.0) + (0.8 if hr < p * 0.25 else 0.0)
            avg = p
            far = smoothstep(250.0, 900.0, T[lane])
            lit = mix(lit, avg, far * 0.7)
            win = mix(win, 0.5, far)
            e = lit * win * mats[U32(m + I32(PARAMS + 3))] * (0.35 + 0.9 * h2)
            tint = hashf(I32(fu) * I32(5), bz + I32(fv))
            k = 1.0 if on else 0.0
            c1r = mats[U32(m + I32(PARAMS + 4))]
            c1g = mats[U32(m + I32(PARAMS + 5))]
            c1b = mats[U32(m + I32(PARAMS + 6))]
            ER[lane] += k * e * mix(c1r, 1.0, tint * 0.35)
            EG[lane] += k * e * mix(c1g, 0.86, tint * 0.35)
            EB[lane] += k * e * mix(c1b, 0.7, tint * 0.5)
            dk = 1.0 - k * win * 0.72
            AR[lane] *= dk * (0.7 + 0.6 * hb)
            AG[lane] *= dk * (0.7 + 0.6 * hb)
            AB[lane] *= dk * (0.75 + 0.55 * hb)
            RF[lane] = mix(RF[lane], 0.30, k * win)
    if pats & 4:  # road, along z: 10 half width, 11 wet, 12-14 verge
        for lane in range(lanes):
            m = M[lane]
            on = 1.0 if (mats[U32(m + I32(PATTERN))] == 2.0) else 0.0
            x = PX[lane]
            z = PZ[lane]
            n = fbm2(x * 3.0, z * 3.0)
            n2 = fbm2(x * 0.22 + 3.0, z * 0.05)
            hw = mats[U32(m + I32(PARAMS))]
            fw = 0.02 + T[lane] * 0.0012
            zz = z / 12.0
            dz = zz - ffloor(zz)
            dash = 1.0 if dz < 0.45 else 0.0
            c = smoothstep(0.09 + fw, 0.09, abs(x)) * dash * mix(1.0, 0.4, smoothstep(30.0, 120.0, T[lane]))
            e = smoothstep(0.09 + fw, 0.09, abs(abs(x) - hw + 0.7))
            mk = fmax(c, e * 0.9) * (0.55 + 0.45 * n)
            side = smoothstep(hw, hw + 0.6, abs(x))
            a = 0.55 + 0.9 * n
            tr = 1.0 - 0.18 * smoothstep(0.9, 0.0, abs(abs(x) - 1.9))
            ar = mix(AR[lane] * a * tr, 0.8, mk)
            ag = mix(AG[lane] * a * tr, 0.78, mk)
            ab = mix(AB[lane] * a * tr, 0.7, mk)
            ar = mix(ar, mats[U32(m + I32(PARAMS + 2))] * (0.5 + n), side)
            ag = mix(ag, mats[U32(m + I32(PARAMS + 3))] * (0.5 + n), side)
            ab = mix(ab, mats[U32(m + I32(PARAMS + 4))] * (0.5 + n), side)
            AR[lane] = mix(AR[lane], ar, on)
            AG[lane] = mix(AG[lane], ag, on)
            AB[lane] = mix(AB[lane], ab, on)
            wet = mats[U32(m + I32(PARAMS + 1))] * smoothstep(0.38, 0.62, n2 + n * 0.15) * (1.0 - side)
            RF[lane] = mix(RF[lane], mats[U32(m + I32(MIRROR))] + wet * 0.6, on)
            k = on * 0.018 * (1.0 - wet) * smoothstep(40.0, 4.0, T[lane])
            NX[lane] += (n - 0.47) * k
            NZ[lane] += (fbm2(x * 3.0 + 9.0, z * 3.0) - 0.47) * k
    if pats & 8:  # brick: 10 brick width, 11 brick height
        for lane in range(lanes):
            m = M[lane]
            on = 1.0 if ((mats[U32(m + I32(PATTERN))] == 3.0) & (abs(NY[lane]) < 0.6)) else 0.0
            u = PZ[lane] if abs(NX[lane]) > 0.5 else PX[lane]
            v = PY[lane]
            bw = mats[U32(m + I32(PARAMS))]
            bh = mats[U32(m + I32(PARAMS + 1))]
            bw = bw if on > 0.5 else 1.0
            bh = bh if on > 0.5 else 1.0
            vv = v / bh
            fv = ffloor(vv)
            uu = u / bw + 0.5 * (fv - 2.0 * ffloor(fv * 0.5))
            fu = ffloor(uu)
            a = uu - fu
            b = vv - fv
            fw = T[lane] * 0.001 / bw
            mo = (
                smoothstep(0.04, 0.08 + fw, a)
                * smoothstep(0.04, 0.08 + fw, 1.0 - a)
                * smoothstep(0.08, 0.14 + fw, b)
                * smoothstep(0.08, 0.14 + fw, 1.0 - b)
            )
            h = hashf(I32(fu), I32(fv))
            gr = fbm2(u * 0.6, v * 0.35)
            k = (0.55 + 0.6 * h) * (0.45 + 1.1 * gr)
            dr = smoothstep(0.55, 0.75, fbm2(u * 3.0, v * 0.25 + 4.0))
            k *= 1.0 - 0.35 * dr
            AR[lane] = mix(AR[lane], mix(0.10, AR[lane] * k, mo), on)
            AG[lane] = mix(AG[lane], mix(0.10, AG[lane] * k, mo), on)
            AB[lane] = mix(AB[lane], mix(0.10, AB[lane] * k * (0.9 + 0.2 * h), mo), on)
            RF[lane] = mix(RF[lane], RF[lane] * mo * (0.4 + gr), on)
            NY[lane] += on * (1.0 - mo) * 0.35 * (0.5 - b) * smoothstep(40.0, 5.0, T[lane])
    # terrain: 10-12 second colour (steep), 13 ripple, 14 scale, 15 snow line (y), 16 rows, 17 their number
    if pats & 16:
        for lane in range(lanes):
            m = M[lane]
            on = 1.0 if (mats[U32(m + I32(PATTERN))] == 4.0) else 0.0
            sc = mats[U32(m + I32(PARAMS + 4))]
            x = PX[lane] * sc
            z = PZ[lane] * sc
            n = fbm2(x * 0.35, z * 0.35)
            n2 = fbm2(x * 3.1, z * 3.1 + PY[lane] * 2.0)
            st = smoothstep(0.86, 0.66, NY[lane] + 0.18 * (n2 - 0.47))
            k = 0.60 + 0.55 * n + 0.35 * n2
            r = mix(AR[lane], mats[U32(m + I32(PARAMS))], st) * k
            g = mix(AG[lane], mats[U32(m + I32(PARAMS + 1))], st) * k
            b = mix(AB[lane], mats[U32(m + I32(PARAMS + 2))], st) * k
            sn = smoothstep(
                mats[U32(m + I32(PARAMS + 5))],
                mats[U32(m + I32(PARAMS + 5))] + 18.0,
                PY[lane] + 22.0 * (n - 0.47),
            ) * smoothstep(0.5, 0.75, NY[lane])
            r = mix(r, 0.86, sn)
            g = mix(g, 0.88, sn)
            b = mix(b, 0.93, sn)
            row = mats[U32(m + I32(PARAMS + 6))] * smoothstep(150.0, 25.0, T[lane])
            ridge = 0.5 + 0.5 * fsin(PX[lane] * mats[U32(m + I32(PARAMS + 7))] + 1.4 * n)
            rowed = 1.0 - row * (1.0 - ridge) * (1.0 - st)
            AR[lane] = mix(AR[lane], r * rowed, on)
            AG[lane] = mix(AG[lane], g * rowed, on)
            AB[lane] = mix(AB[lane], b * rowed, on)
            nr = smoothstep(60.0, 6.0, T[lane])
            rp = mats[U32(m + I32(PARAMS + 3))]
            w = fsin(z * 5.0 + x * 1.2 + 4.0 * n + 3.0 * noise2(x * 0.8, z * 0.8)) * 0.5 * rp * nr * (1.0 - st)
            bx = (fbm2(x * 3.1 + 0.15, z * 3.1 + PY[lane] * 2.0) - n2) * 1.6
            bz = (fbm2(x * 3.1, z * 3.1 + 0.15 + PY[lane] * 2.0) - n2) * 1.6
            f2 = smoothstep(260.0, 20.0, T[lane])
            NX[lane] += on * (w * 0.25 - bx * f2)
            NZ[lane] += on * (w - bz * f2)
    if pats & 32:  # water: 10 wave amp, 11 wave scale, 12 speed
        for lane in range(lanes):
            m = M[lane]
            on = 1.0 if (mats[U32(m + I32(PATTERN))] == 5.0) else 0.0
            s = mats[U32(m + I32(PARAMS + 1))]
            x = PX[lane] * s
            z = PZ[lane] * s
            q = tm * mats[U32(m + I32(PARAMS + 2))]
            # Waves smaller than a pixel must not glitter: each octave fades where it can no longer be seen.
            f = T[lane] * s
            a = mats[U32(m + I32(PARAMS))] * (0.06 + 0.94 / (1.0 + f * f * 0.0010))
            a2 = 0.5 / (1.0 + f * f * 0.006)
            a3 = 0.3 / (1.0 + f * f * 0.04)
            gx = (
                noise2(x + q, z * 1.7)
                - noise2(x + q + 0.35, z * 1.7)
                + a2 * (noise2(x * 2.7 - q, z * 4.0 + q) - noise2(x * 2.7 - q + 0.35, z * 4.0 + q))
                + a3 * (noise2(x * 7.0, z * 9.0 + 2.0 * q) - noise2(x * 7.0 + 0.35, z * 9.0 + 2.0 * q))
            )
            gz = (
                noise2(x + q, z * 1.7)
                - noise2(x + q, z * 1.7 + 0.35)
                + a2 * (noise2(x * 2.7 - q, z * 4.0 + q) - noise2(x * 2.7 - q, z * 4.0 + q + 0.35))
                + a3 * (noise2(x * 7.0, z * 9.0 + 2.0 * q) - noise2(x * 7.0, z * 9.0 + 2.0 * q + 0.35))
            )
            NX[lane] += on * gx * a
            NZ[lane] += on * gz * a
            fo = smoothstep(0.62, 0.75, fbm2(x * 0.9 + q * 0.3, z * 1.4 - q * 0.2)) * mats[U32(m + I32(PARAMS + 3))]
            AR[lane] = mix(AR[lane], 0.75, on * fo)
            AG[lane] = mix(AG[lane], 0.80, on * fo)
            AB[lane] = mix(AB[lane], 0.82, on * fo)
    if pats & 64:  # wet ground with puddles + rain ripples: 10 puddle amount, 11 ripple
        for lane in range(lanes):
            m = M[lane]
            on = 1.0 if (mats[U32(m + I32(PATTERN))] == 6.0) else 0.0
            x = PX[lane]
            z = PZ[lane]
            n = fbm2(x * 0.55 + 3.0, z * 0.55)
            n2 = fbm2(x * 4.0, z * 4.0)
            pud = smoothstep(
                0.66 - mats[U32(m + I32(PARAMS))],
                0.74 - mats[U32(m + I32(PARAMS))],
                n + 0.10 * n2,
            )
            k = (0.5 + 0.9 * n2) * (1.0 - 0.5 * pud)
            AR[lane] = mix(AR[lane], AR[lane] * k, on)
            AG[lane] = mix(AG[lane], AG[lane] * k, on)
            AB[lane] = mix(AB[lane], AB[lane] * k, on)
            cx = ffloor(x * 2.2)
            cz = ffloor(z * 2.2)
            h = hashf(I32(cx), I32(cz))
            ph = tm * 1.7 + h * 7.0
            ph = ph - ffloor(ph)
            du = x * 2.2 - cx - 0.5
            dv = z * 2.2 - cz - 0.5
            rr = math.sqrt(du * du + dv * dv) + 1e-4
            rip = (
                fsin((rr - ph * 0.55) * 42.0)
                * smoothstep(0.07, 0.0, abs(rr - ph * 0.5))
                * (1.0 - ph)
                * mats[U32(m + I32(PARAMS + 1))]
                * smoothstep(22.0, 4.0, T[lane])
            )
            RF[lane] = mix(RF[lane], 0.10 + 0.62 * pud + 0.10 * n2, on)
            ro = 0.085 * (1.0 - 0.86 * pud) * smoothstep(60.0, 3.0, T[lane])
            NX[lane] += on * ((n2 - 0.47) * ro * 2.0 + rip * du / rr * 0.35)
            NZ[lane] += on * ((fbm2(x * 4.0 + 5.0, z * 4.0) - 0.47) * ro * 2.0 + rip * dv / rr * 0.35)
    if pats & 128:  # planks: 10 width, 11 length, 12 how much they differ; along z on floors, up on walls
        for lane in range(lanes):
            m = M[lane]
            on = 1.0 if (mats[U32(m + I32(PATTERN))] == 7.0) else 0.0
            level = abs(NY[lane]) > 0.6
            across = PX[lane] if (level | (abs(NZ[lane]) > 0.5)) else PZ[lane]
            along = PZ[lane] if level else PY[lane]
            bw = mats[U32(m + I32(PARAMS))]
            bl = mats[U32(m + I32(PARAMS + 1))]
            bw = bw if on > 0.5 else 1.0
            bl = bl if on > 0.5 else 1.0
            uu = across / bw
            fu = ffloor(uu)
            vv = along / bl + hashf(I32(fu), I32(7))
            fv = ffloor(vv)
            a = uu - fu
            b = vv - fv
            fw = T[lane] * 0.0012 / bw
            fl = T[lane] * 0.0012 / bl
            gap = (
                smoothstep(0.0, 0.02 + fw, a)
                * smoothstep(0.0, 0.02 + fw, 1.0 - a)
                * smoothstep(0.0, 0.004 + fl, b)
                * smoothstep(0.0, 0.004 + fl, 1.0 - b)
            )
            gap = mix(gap, 1.0, smoothstep(10.0, 45.0, T[lane]) * 0.8)
            h = hashf(I32(fu) + I32(3), I32(fv))
            grain = fbm2(across * 23.0 + h * 40.0, along * 1.7)
            var = mats[U32(m + I32(PARAMS + 2))]
            k = (1.0 + var * (h - 0.5) * 1.3 + var * (grain - 0.47) * 1.1) * (0.35 + 0.65 * gap)
            AR[lane] = mix(AR[lane], AR[lane] * k, on)
            AG[lane] = mix(AG[lane], AG[lane] * k, on)
            AB[lane] = mix(AB[lane], AB[lane] * k, on)
            RF[lane] = mix(RF[lane], RF[lane] * gap * (0.6 + 0.6 * grain), on)
    if pats & 256:  # planet: 10-12 land, 13 cloud share, 14 bands, 15-17 centre, 18 radius, 19 spin
        for lane in range(lanes):
            m = M[lane]
            on = 1.0 if (mats[U32(m + I32(PATTERN))] == 8.0) else 0.0
            rad = mats[U32(m + I32(PARAMS + 8))]
            inv = 1.0 / (rad if on > 0.5 else 1.0)
            x = (PX[lane] - mats[U32(m + I32(PARAMS + 5))]) * inv
            y = (PY[lane] - mats[U32(m + I32(PARAMS + 6))]) * inv
            z = (PZ[lane] - mats[U32(m + I32(PARAMS + 7))]) * inv
            q = tm * mats[U32(m + I32(PARAMS + 9))]
            u = x * 2.3 + y * 0.9 + q
            v = y * 2.6 - z * 1.1 + x * 0.4
            bands = mats[U32(m + I32(PARAMS + 4))]
            warp = fbm2(u * 1.6 + 11.0, v * 1.6)
            land = smoothstep(0.47, 0.53, fbm2(u * 1.3 + 3.0 * warp, v * 1.3 + 5.0))
            belt = 0.5 + 0.5 * fsin(y * 21.0 + 5.0 * warp + 2.5 * fbm2(u * 0.8, y * 9.0))
            land = mix(land, belt, bands)
            fine = 0.75 + 0.5 * fbm2(u * 9.0, v * 9.0)
            r = mix(AR[lane], mats[U32(m + I32(PARAMS))] * fine, land)
            g = mix(AG[lane], mats[U32(m + I32(PARAMS + 1))] * fine, land)
            b = mix(AB[lane], mats[U32(m + I32(PARAMS + 2))] * fine, land)
            cl = smoothstep(0.50, 0.68, fbm2(u * 2.2 + 4.0 * warp + q, v * 3.4 + 20.0)) * mats[U32(m + I32(PARAMS + 3))]
            AR[lane] = mix(AR[lane], mix(r, 0.80, cl), on)
            AG[lane] = mix(AG[lane], mix(g, 0.82, cl), on)
            AB[lane] = mix(AB[lane], mix(b, 0.85, cl), on)
    if pats & 512:  # seabed: 10 ripple, 11 light of the waves above, 12 its scale
        for lane in range(lanes):
            m = M[lane]
            on = 1.0 if (mats[U32(m + I32(PATTERN))] == 9.0) else 0.0
            x = PX[lane]
            z = PZ[lane]
            n = fbm2(x * 0.7, z * 0.7)
            n2 = fbm2(x * 4.0, z * 4.0 + PY[lane] * 3.0)
            k = 0.62 + 0.45 * n + 0.35 * n2
            s = mats[U32(m + I32(PARAMS + 2))]
            q = tm * 0.55
            wx = x * s + PY[lane] * s * 0.35
            wz = z * s + PY[lane] * s * 0.2
            c1 = noise2(wx + q + 0.9 * noise2(wx * 0.8, wz * 0.8 + q), wz)
            c2 = noise2(wx * 1.6 - q, wz * 1.6 + q * 0.7 + 0.8 * noise2(wx * 0.9 + q, wz))
            net = fmax(1.0 - 3.2 * abs(c1 - 0.5), 0.0) * 0.6 + fmax(1.0 - 3.4 * abs(c2 - 0.5), 0.0) * 0.4
            net = net * net * net
            lit = net * fmax(NY[lane], 0.0) * mats[U32(m + I32(PARAMS + 1))] * smoothstep(45.0, 6.0, T[lane])
            ER[lane] += on * lit * env[KEY] * AR[lane]
            EG[lane] += on * lit * env[KEY + 1] * AG[lane]
            EB[lane] += on * lit * env[KEY + 2] * AB[lane]
            AR[lane] = mix(AR[lane], AR[lane] * k, on)
            AG[lane] = mix(AG[lane], AG[lane] * k, on)
            AB[lane] = mix(AB[lane], AB[lane] * k, on)
            w = fsin(z * 6.0 + x * 1.5 + 5.0 * n) * mats[U32(m + I32(PARAMS))] * smoothstep(30.0, 4.0, T[lane])
            NX[lane] += on * (w * 0.3 + (n2 - 0.47) * 0.5)
            NZ[lane] += on * w
    for lane in range(lanes):
        nx = NX[lane]
        ny = NY[lane]
        nz = NZ[lane]
        n = 1.0 / math.sqrt(nx * nx + ny * ny + nz * nz + 1e-9)
        NX[lane] = nx * n
        NY[lane] = ny * n
        NZ[lane] = nz * n
    # direct sun + hemisphere ambient
    for lane in range(lanes):
        m = M[lane]
        nx = NX[lane]
        ny = NY[lane]
        nz = NZ[lane]
        ndl = fmax(nx * env[SUN] + ny * env[SUN + 1] + nz * env[SUN + 2], 0.0) * SH[lane]
        hx = env[SUN] - DX[lane]
        hy = env[SUN + 1] - DY[lane]
        hz = env[SUN + 2] - DZ[lane]
        hn = 1.0 / math.sqrt(hx * hx + hy * hy + hz * hz + 1e-9)
        s = fmax((nx * hx + ny * hy + nz * hz) * hn, 0.0)
        g = mats[U32(m + I32(GLOSS))]
        s2 = s * s
        s8 = s2 * s2 * s2 * s2
        s32 = s8 * s8 * s8 * s8
        s128 = s32 * s32 * s32 * s32
        sp = (
            mix(
                mix(s8 * 0.2, s32, clamp(g * 2.0, 0.0, 1.0)),
                s128 * 4.0,
                clamp(g * 2.0 - 1.0, 0.0, 1.0),
            )
            * mats[U32(m + I32(SPECULAR))]
            * ndl
        )
        up = 0.5 + 0.5 * ny
        ao = AO[lane]
        ar = mix(env[AMBIENT_LOW], env[AMBIENT_HIGH], up) * ao
        ag = mix(env[AMBIENT_LOW + 1], env[AMBIENT_HIGH + 1], up) * ao
        ab = mix(env[AMBIENT_LOW + 2], env[AMBIENT_HIGH + 2], up) * ao
        bl = fmax(-nx * env[SUN] - nz * env[SUN + 2] + 0.1, 0.0) * 0.12 * ao
        fr = 1.0 + nx * DX[lane] + ny * DY[lane] + nz * DZ[lane]
        fr = clamp(fr, 0.0, 1.0)
        f5 = fr * fr
        f5 = f5 * f5 * fr
        RR[lane] = clamp(
            RF[lane] * (0.25 + 0.75 * f5) + f5 * 0.55 * mats[U32(m + I32(SPECULAR))] * g + RF[lane] * 0.18,
            0.0,
            1.0,
        )
        rim = fr * fr * env[RIM] * mats[U32(m + I32(SPECULAR))] * ao
        R[lane] = AR[lane] * (env[KEY] * ndl + ar + bl * env[KEY]) + env[KEY] * sp + ER[lane] + rim * env[AMBIENT_HIGH]
        Gc[lane] = (
            AG[lane] * (env[KEY + 1] * ndl + ag + bl * env[KEY + 1])
            + env[KEY + 1] * sp
            + EG[lane]
            + rim * env[AMBIENT_HIGH + 1]
        )
        Bc[lane] = (
            AB[lane] * (env[KEY + 2] * ndl + ab + bl * env[KEY + 2])
            + env[KEY + 2] * sp
            + EB[lane]
            + rim * env[AMBIENT_HIGH + 2]
        )
    for lane in range(lanes):
        scr4[lane] = mats[U32(M[lane] + I32(SPECULAR))]
    for q in range(light_count):
        lx = lights[q, 0]
        ly = lights[q, 1]
        lz = lights[q, 2]
        cr = lights[q, 3]
        cg = lights[q, 4]
        cb = lights[q, 5]
        ir = 1.0 / (lights[q, 6] * lights[q, 6])
        dx0 = lights[q, 8]
        dy0 = lights[q, 9]
        dz0 = lights[q, 10]
        cut = lights[q, 11]
        for lane in range(lanes):
            vx = lx - PX[lane]
            vy = ly - PY[lane]
            vz = lz - PZ[lane]
            d2 = vx * vx + vy * vy + vz * vz
            inv = 1.0 / math.sqrt(d2 + 1e-6)
            vx *= inv
            vy *= inv
            vz *= inv
            nd = NX[lane] * vx + NY[lane] * vy + NZ[lane] * vz
            ndl = fmax(nd * 0.85 + 0.15, 0.0)
            at = 1.0 / (1.0 + d2 * ir * 8.0 + d2 * d2 * ir * ir * 4.0)
            sc = -(vx * dx0 + vy * dy0 + vz * dz0)
            at *= smoothstep(cut - 0.1, cut + 0.12, sc)
            hx = vx - DX[lane]
            hy = vy - DY[lane]
            hz = vz - DZ[lane]
            hn = 1.0 / math.sqrt(hx * hx + hy * hy + hz * hz + 1e-9)
            s = fmax((NX[lane] * hx + NY[lane] * hy + NZ[lane] * hz) * hn, 0.0)
            s = s * s
            s = s * s
            s = s * s
            s = s * s
            s = s * s
            k = at * (0.4 + 0.6 * AO[lane])
            sp = s * scr4[lane] * 2.0 * fmax(nd, 0.0)
            R[lane] += cr * k * (AR[lane] * ndl + sp)
            Gc[lane] += cg * k * (AG[lane] * ndl + sp)
            Bc[lane] += cb * k * (AB[lane] * ndl + sp)
