"""What a ray sees when it meets nothing, and the air it passes through."""
# mypy: ignore-errors

import math

from reelway.previz.spmd.layout import (
    BELOW,
    CLOUD,
    CLOUD_COLOUR,
    CLOUD_SCALE,
    CLOUD_SHIFT,
    DISC,
    DISC_SIZE,
    FOG_COLOUR,
    FOG_DENSITY,
    FOG_FALLOFF,
    GLOW,
    HALO,
    HORIZON,
    STARS,
    SUN,
    SUN_COLOUR,
    ZENITH,
)
from reelway.previz.spmd.source.maths import (
    I32,
    fatan,
    fexpn,
    ffloor,
    fmax,
    fmin,
    hashf,
    htex,
    kernel,
    mix,
    smoothstep,
)


@kernel
def sky(DX, DY, DZ, R, Gc, Bc, env, clouds):
    lanes = R.size
    for lane in range(lanes):
        y = DY[lane]
        yy = fmax(y, 0.0)
        g = 1.0 - fexpn(-yy * 5.5)
        r = mix(env[HORIZON], env[ZENITH], g)
        gg = mix(env[HORIZON + 1], env[ZENITH + 1], g)
        b = mix(env[HORIZON + 2], env[ZENITH + 2], g)
        lo = smoothstep(0.0, -0.12, y)
        r = mix(r, env[BELOW], lo)
        gg = mix(gg, env[BELOW + 1], lo)
        b = mix(b, env[BELOW + 2], lo)
        s = fmax(DX[lane] * env[SUN] + y * env[SUN + 1] + DZ[lane] * env[SUN + 2], 0.0)
        s2 = s * s
        s4 = s2 * s2
        s8 = s4 * s4
        s16 = s8 * s8
        s64 = s16 * s16
        s64 = s64 * s64
        s256 = s64 * s64
        s256 = s256 * s256
        gl = env[GLOW] * (0.22 * s4 + 0.30 * s16 + 0.5 * s64) * (1.0 - 0.6 * lo)
        r += env[SUN_COLOUR] * gl
        gg += env[SUN_COLOUR + 1] * gl
        b += env[SUN_COLOUR + 2] * gl
        R[lane] = r
        Gc[lane] = gg
        Bc[lane] = b
    if env[STARS] > 0.0:
        for lane in range(lanes):
            y = DY[lane]
            inv = 1.0 / (0.3 + abs(y))
            u = (DX[lane] + 0.31 * DZ[lane]) * 150.0 if env[STARS] >= 2.0 else DX[lane] * inv * 170.0
            v = (y + 0.17 * DZ[lane]) * 150.0 if env[STARS] >= 2.0 else DZ[lane] * inv * 170.0
            fu = ffloor(u)
            fv = ffloor(v)
            h = hashf(I32(fu), I32(fv))
            h2 = hashf(I32(fu) + I32(91), I32(fv))
            du = u - fu - 0.5
            dv = v - fv - 0.5
            st = (
                fmax(1.0 - (du * du + dv * dv) * 14.0, 0.0)
                * (1.0 if h > 0.965 else 0.0)
                * (0.3 + h2)
                * env[STARS]
                * (1.0 if env[STARS] >= 2.0 else smoothstep(0.0, 0.2, y))
            )
            R[lane] += st * 0.9
            Gc[lane] += st * 0.95
            Bc[lane] += st
    if env[CLOUD] > 0.0:
        for lane in range(lanes):
            y = DY[lane]
            inv = env[CLOUD_SCALE] / (0.08 + fmax(y, 0.0))
            space = env[STARS] >= 2.0
            u = (DX[lane] + 0.3 * y) * 260.0 if space else DX[lane] * inv * 200.0
            u += env[CLOUD_SHIFT]
            v = (y - 0.4 * DX[lane] + 0.2 * DZ[lane]) * 260.0 if space else DZ[lane] * inv * 200.0
            c = htex(clouds, u, v) * 0.65 + htex(clouds, u * 2.7 + 100.0, v * 2.7) * 0.35
            c = smoothstep(1.0 - env[CLOUD], 1.25 - env[CLOUD] * 0.65, c)
            c *= 1.0 if space else smoothstep(-0.03, 0.17, y)
            s = fmax(DX[lane] * env[SUN] + y * env[SUN + 1] + DZ[lane] * env[SUN + 2], 0.0)
            s = s * s
            s = s * s
            rim = s * s * env[GLOW] * 1.1 * (1.0 - c * 0.75)
            R[lane] = mix(R[lane], env[CLOUD_COLOUR] + env[SUN_COLOUR] * rim, c * 0.85)
            Gc[lane] = mix(Gc[lane], env[CLOUD_COLOUR + 1] + env[SUN_COLOUR + 1] * rim, c * 0.85)
            Bc[lane] = mix(Bc[lane], env[CLOUD_COLOUR + 2] + env[SUN_COLOUR + 2] * rim, c * 0.85)
    if env[DISC] > 0.0:
        for lane in range(lanes):
            s = DX[lane] * env[SUN] + DY[lane] * env[SUN + 1] + DZ[lane] * env[SUN + 2]
            dsc = (
                smoothstep(
                    env[DISC_SIZE],
                    env[DISC_SIZE] + 0.00012 + (1.0 - env[DISC_SIZE]) * 0.25,
                    s,
                )
                * env[DISC]
                * smoothstep(-0.02, 0.02, DY[lane])
            )
            R[lane] += env[SUN_COLOUR] * dsc
            Gc[lane] += env[SUN_COLOUR + 1] * dsc
            Bc[lane] += env[SUN_COLOUR + 2] * dsc


@kernel
def fog(OX, OY, OZ, DX, DY, DZ, T, R, Gc, Bc, env, lights, light_count):
    lanes = R.size
    for lane in range(lanes):
        t = T[lane]
        dy = DY[lane]
        k = env[FOG_FALLOFF]
        b = dy * k
        b = b if abs(b) > 1e-5 else 1e-5
        bt = b * t
        e0 = fexpn(-fmax(OY[lane], 0.0) * k)
        it = (1.0 - fexpn(-fmax(bt, -8.0))) / b if bt > 0.0 else t * (1.0 + 0.5 * fmin(-bt, 4.0))
        f = 1.0 - fexpn(-env[FOG_DENSITY] * e0 * it)
        f = fmin(f, 0.985)
        s = fmax(DX[lane] * env[SUN] + DZ[lane] * env[SUN + 2] + dy * env[SUN + 1], 0.0)
        s = s * s
        s = s * s
        s = s * s
        gl = s * env[GLOW] * 0.45
        fr = env[FOG_COLOUR] + env[SUN_COLOUR] * gl
        fg = env[FOG_COLOUR + 1] + env[SUN_COLOUR + 1] * gl
        fb = env[FOG_COLOUR + 2] + env[SUN_COLOUR + 2] * gl
        R[lane] = mix(R[lane], fr, f)
        Gc[lane] = mix(Gc[lane], fg, f)
        Bc[lane] = mix(Bc[lane], fb, f)
    for q in range(light_count):
        lx = lights[q, 0]
        ly = lights[q, 1]
        lz = lights[q, 2]
        v = lights[q, 7] * env[HALO]
        cr = lights[q, 3] * v
        cg = lights[q, 4] * v
        cb = lights[q, 5] * v
        if v <= 0.0:
            continue
        for lane in range(lanes):
            qx = OX[lane] - lx
            qy = OY[lane] - ly
            qz = OZ[lane] - lz
            b = qx * DX[lane] + qy * DY[lane] + qz * DZ[lane]
            c = qx * qx + qy * qy + qz * qz
            s = math.sqrt(fmax(c - b * b, 0.01))
            i = (fatan((T[lane] + b) / s) - fatan(b / s)) / s
            R[lane] += cr * i
            Gc[lane] += cg * i
            Bc[lane] += cb * i
