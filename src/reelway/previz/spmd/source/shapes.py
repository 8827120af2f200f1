"""The primitive shapes: one function each, pasted by the generator into the lane loops of `distance`.

`x, y, z` are local to the primitive; the parameters after them are the primitive's numbers in order; a keyword
`inv_name` is 1/name, worked out once per primitive. The last line sets `d`, the signed distance. A line of the form
`name = heights_at(u, v)` or `name = texture_at(slot, layer, u, v)` splits the loop in three, because a table read
inside a vector loop stops the vectoriser: what is above it runs again below it (the compiler drops what is unused).
`name, steep = texture_at(...)` also says how fast it changes, squared; only the first look-up of a shape may.
"""
# mypy: ignore-errors
# ruff: noqa: F841  (each function ends by naming its result `d`; the generator reads it)

import math

from reelway.previz.spmd.source.maths import (
    I32,
    clamp,
    fabs,
    fexpn,
    ffloor,
    fmax,
    fmin,
    hashf,
    heights_at,
    noise2,
    shape,
    smaxf,
    texture_at,
)


@shape(0, rotated=True)
def ellipsoid(x, y, z, rx, ry, rz, *, inv_rx, inv_ry, inv_rz):
    ux = x * inv_rx
    uy = y * inv_ry
    uz = z * inv_rz
    vx = ux * inv_rx
    vy = uy * inv_ry
    vz = uz * inv_rz
    k0 = math.sqrt(ux * ux + uy * uy + uz * uz)
    k1 = math.sqrt(vx * vx + vy * vy + vz * vz)
    ball = math.sqrt(x * x + y * y + z * z) - fmax(rx, fmax(ry, rz))
    # Beside a flat one the first says far too little, and would shade what is there.
    d = fmax(k0 * (k0 - 1.0) / fmax(k1, 1e-6), ball)


@shape(1, rotated=True)
def box(x, y, z, hx, hy, hz, corner):
    qx = abs(x) - hx + corner
    qy = abs(y) - hy + corner
    qz = abs(z) - hz + corner
    ax = fmax(qx, 0.0)
    ay = fmax(qy, 0.0)
    az = fmax(qz, 0.0)
    d = math.sqrt(ax * ax + ay * ay + az * az) + fmin(fmax(qx, fmax(qy, qz)), 0.0) - corner


@shape(2)
def capsule(x, y, z, bx, by, bz, r1, r2, inv_length2):
    h = clamp((x * bx + y * by + z * bz) * inv_length2, 0.0, 1.0)
    qx = x - bx * h
    qy = y - by * h
    qz = z - bz * h
    d = math.sqrt(qx * qx + qy * qy + qz * qz) - (r1 + (r2 - r1) * h)


@shape(3, rotated=True)
def cylinder(x, y, z, radius, half, corner):
    qx = math.sqrt(x * x + z * z) - radius + corner
    qy = abs(y) - half + corner
    ax = fmax(qx, 0.0)
    ay = fmax(qy, 0.0)
    d = math.sqrt(ax * ax + ay * ay) + fmin(fmax(qx, qy), 0.0) - corner


@shape(4, rotated=True)
def cone(x, y, z, r0, r1, half, corner, slant, inv_height, flat):
    """`flat` squeezes it along x (a coat is no drum); `slant` is the cosine of the side."""
    h = clamp(y * inv_height + 0.5, 0.0, 1.0)
    qx = (math.sqrt(x * x * flat + z * z) - (r0 + (r1 - r0) * h)) * slant
    qy = abs(y) - half
    ax = fmax(qx, 0.0)
    ay = fmax(qy, 0.0)
    d = math.sqrt(ax * ax + ay * ay) + fmin(fmax(qx, qy), 0.0) - corner


@shape(5, rotated=True)
def torus(x, y, z, radius, thickness, squash):
    """`squash` 0 is round; more makes it a flat band."""
    qx = math.sqrt(x * x + z * z) - radius
    qy = y * (1.0 + squash)
    d = (math.sqrt(qx * qx + qy * qy) - thickness) / (1.0 + 0.5 * squash)


@shape(6)
def plane(x, y, z):
    d = y + 0.0 * x


@shape(7)
def terrain(x, y, z, scale, height, shift_x, shift_z, relax):
    """A repeating height map: `scale` texels per metre."""
    u = (x + shift_x) * scale
    v = (z + shift_z) * scale
    ground = heights_at(u, v)
    d = (y - height * ground) * relax


@shape(8)
def city(x, y, z, cell, half, height, unused, centre_x, centre_z, seed, falloff, *, inv_cell):
    """Endless blocks of towers, taller round a centre; every fifth row is an avenue."""
    ix = ffloor(x * inv_cell)
    iz = ffloor(z * inv_cell)
    cx = (ix + 0.5) * cell
    cz = (iz + 0.5) * cell
    jx = I32(ix)
    jz = I32(iz)
    r1 = hashf(jx + I32(seed), jz)
    r2 = hashf(jx + I32(seed) + I32(17), jz + I32(5))
    r3 = hashf(jx + I32(31), jz + I32(seed))
    dc = math.sqrt((cx - centre_x) * (cx - centre_x) + (cz - centre_z) * (cz - centre_z))
    up = fexpn(-dc * falloff)
    tall = height * (0.16 + 0.5 * r1 * r1 + (0.7 * r2 * r2 * r2 + 1.1 * r1 * r3) * up * 1.7)
    w = half * (0.72 + 0.28 * r3)
    w2 = half * (0.70 + 0.28 * r2)
    avenue = fabs(ffloor(ix * 0.2) * 5.0 - ix)
    street = fabs(ffloor(iz * 0.2) * 5.0 - iz)
    tall = -6.0 if (avenue < 0.5) | (street < 0.5) else tall
    lx = abs(x - cx)
    lz = abs(z - cz)
    qx = lx - w
    qy = y - tall * 0.72
    qz = lz - w2
    ax = fmax(qx, 0.0)
    ay = fmax(qy, 0.0)
    az = fmax(qz, 0.0)
    body = math.sqrt(ax * ax + ay * ay + az * az) + fmin(fmax(qx, fmax(qy, qz)), 0.0)
    s = 0.72 - 0.25 * r1
    qx = lx - w * s
    qy = y - tall
    qz = lz - w2 * s
    ax = fmax(qx, 0.0)
    ay = fmax(qy, 0.0)
    az = fmax(qz, 0.0)
    body = fmin(body, math.sqrt(ax * ax + ay * ay + az * az) + fmin(fmax(qx, fmax(qy, qz)), 0.0))
    antenna = math.sqrt(lx * lx + lz * lz) - 0.35
    body = fmin(body, fmax(antenna, y - tall * (1.0 + 0.25 * r2)))
    gap = cell * 0.5 - half
    near = fmin(body, fmax(cell * 0.5 - fmax(lx, lz) + gap, gap * 0.6))
    # High above, no tower is near: none is taller than this, and that falls off more slowly than 2 in 1.
    ox = x - centre_x
    oz = z - centre_z
    off = fmax(math.sqrt(ox * ox + oz * oz) - cell, 0.0)
    roof = height * (0.83 + 3.83 * fexpn(-off * falloff))
    d = fmax(near, (y - roof) * 0.45)


@shape(9)
def trees(
    x,
    y,
    z,
    cell,
    height,
    shift_x,
    shift_z,
    ground_height,
    scale,
    seed,
    clear,
    *,
    inv_cell,
):
    """Firs on a height map; none nearer than `clear` to x = 0, or none below -`clear` and above the tree line."""
    ix = ffloor(x * inv_cell)
    iz = ffloor(z * inv_cell)
    jx = I32(ix)
    jz = I32(iz)
    r1 = hashf(jx + I32(seed), jz)
    r2 = hashf(jx + I32(seed) + I32(17), jz + I32(5))
    cx = (ix + 0.5 + (r1 - 0.5) * 0.5) * cell
    cz = (iz + 0.5 + (r2 - 0.5) * 0.5) * cell
    u = (cx + shift_x) * scale
    v = (cz + shift_z) * scale
    ground = heights_at(u, v)
    r3 = hashf(jx + I32(31), jz + I32(seed))
    gy = ground_height * ground
    hh = height * (0.6 + 0.8 * r3)
    rq = r1 * 7.0 - ffloor(r1 * 7.0)
    lx = x - cx
    lz = z - cz
    rr = math.sqrt(lx * lx + lz * lz)
    yy = (y - gy) / hh
    tier = yy * 5.0 - ffloor(yy * 5.0)
    # Each tier swells at once but not abruptly: over a jump the rays would swing to and fro, and see through.
    radius = hh * 0.21 * (1.05 - yy) * (0.72 + 0.45 * fmin(1.0 - tier, tier * 6.0))
    near = fmax((rr - radius) * 0.62, fmax(0.12 * hh - (y - gy), (y - gy) - hh))
    near = fmin(near, fmax(rr - 0.028 * hh, (y - gy) - hh * 0.5))
    stands = (abs(cx) > clear) & (ground > -clear) & ((clear > 0.0) | (ground < 0.17))
    near = near if stands else cell * 0.6
    near = near if rq < 0.8 else cell * 0.6
    edge = cell * 0.5 - fmax(abs(x - (ix + 0.5) * cell), abs(z - (iz + 0.5) * cell))
    near = fmin(near, fmax(edge, 0.0) + cell * 0.16)
    d = fmax(near, (y - gy - height * 1.5) * 0.6)


@shape(10)
def rocks(
    x,
    y,
    z,
    cell,
    size,
    shift_x,
    shift_z,
    ground_height,
    scale,
    seed,
    clear,
    *,
    inv_cell,
):
    """Boulders half sunk in a height map; `clear` as for `trees`."""
    ix = ffloor(x * inv_cell)
    iz = ffloor(z * inv_cell)
    jx = I32(ix)
    jz = I32(iz)
    r1 = hashf(jx + I32(seed), jz)
    r2 = hashf(jx + I32(seed) + I32(17), jz + I32(5))
    cx = (ix + 0.5 + (r1 - 0.5) * 0.6) * cell
    cz = (iz + 0.5 + (r2 - 0.5) * 0.6) * cell
    u = (cx + shift_x) * scale
    v = (cz + shift_z) * scale
    ground = heights_at(u, v)
    r3 = hashf(jx + I32(31), jz + I32(seed))
    gy = ground_height * ground
    r6 = r3 * r3 * r3
    radius = size * (0.12 + 0.5 * r3 * r3 + 0.5 * r6 * r6)
    lx = (x - cx) * (0.75 + 0.5 * r2)
    lz = (z - cz) * (0.75 + 0.5 * r1)
    ly = (y - gy) * 1.45
    w = 1.0 / radius
    n3 = noise2(lx * w * 1.7 + r1 * 50.0, lz * w * 1.7 + ly * w * 2.3 + r2 * 50.0)
    n4 = noise2(lx * w * 4.1 + ly * w * 3.0 + r2 * 50.0, lz * w * 4.3 + r1 * 50.0)
    near = (math.sqrt(lx * lx + ly * ly + lz * lz) - radius * (0.74 + 0.36 * n3 + 0.13 * n4)) * 0.55
    near = near if (abs(cx) > clear) & (ground > -clear) else cell * 0.6
    edge = cell * 0.5 - fmax(abs(x - (ix + 0.5) * cell), abs(z - (iz + 0.5) * cell))
    near = fmin(near, fmax(edge, 0.0) + cell * 0.1)
    d = fmax(near, (y - gy - size * 1.4) * 0.6)


@shape(11, rotated=True)
def box_row(x, y, z, hx, hy, hz, corner, period, *, inv_period):
    """A box repeated for ever along z: posts, rails."""
    zz = z - period * ffloor(z * inv_period + 0.5)
    qx = abs(x) - hx + corner
    qy = abs(y) - hy + corner
    qz = abs(zz) - hz + corner
    ax = fmax(qx, 0.0)
    ay = fmax(qy, 0.0)
    az = fmax(qz, 0.0)
    d = math.sqrt(ax * ax + ay * ay + az * az) + fmin(fmax(qx, fmax(qy, qz)), 0.0) - corner


@shape(12, rotated=True)
def profile(x, y, z, inv_w, inv_h, inv_d, scale, blend, layer):
    """A solid from three silhouettes (side, front, top): a car body, a hull."""
    u = clamp(x * inv_w + 0.5, 0.0, 1.0)
    v = clamp(0.5 - y * inv_h, 0.0, 1.0)
    w = clamp(z * inv_d + 0.5, 0.0, 1.0)
    side = texture_at(0, layer, u, v)
    front = texture_at(1, layer, w, v)
    top = texture_at(2, layer, u, w)
    ox = fmax(abs(x) * inv_w - 0.5, 0.0) / inv_w
    oy = fmax(abs(y) * inv_h - 0.5, 0.0) / inv_h
    oz = fmax(abs(z) * inv_d - 0.5, 0.0) / inv_d
    inside = smaxf(smaxf(side * scale, front * scale, blend), top * scale, blend)
    d = inside * 0.75 + math.sqrt(ox * ox + oy * oy + oz * oz)


@shape(13)
def leafy(
    x,
    y,
    z,
    cell,
    height,
    shift_x,
    shift_z,
    ground_height,
    scale,
    seed,
    clear,
    *,
    inv_cell,
):
    """As `trees`, with round crowns."""
    ix = ffloor(x * inv_cell)
    iz = ffloor(z * inv_cell)
    jx = I32(ix)
    jz = I32(iz)
    r1 = hashf(jx + I32(seed), jz)
    r2 = hashf(jx + I32(seed) + I32(17), jz + I32(5))
    cx = (ix + 0.5 + (r1 - 0.5) * 0.5) * cell
    cz = (iz + 0.5 + (r2 - 0.5) * 0.5) * cell
    u = (cx + shift_x) * scale
    v = (cz + shift_z) * scale
    ground = heights_at(u, v)
    r3 = hashf(jx + I32(31), jz + I32(seed))
    gy = ground_height * ground
    hh = height * (0.65 + 0.7 * r3)
    rq = r1 * 7.0 - ffloor(r1 * 7.0)
    lx = x - cx
    lz = z - cz
    ly = y - gy - hh * 0.66
    w = 3.4 / hh
    n1 = noise2(lx * w * 2.1 + ly * w * 1.3 + r1 * 50.0, lz * w * 2.1 - ly * w * 1.1 + r2 * 50.0)
    n2 = noise2(lx * w * 6.3 - ly * w * 4.1 + r2 * 50.0, lz * w * 6.3 + ly * w * 3.7 + r1 * 50.0)
    crown = (math.sqrt(lx * lx + ly * ly * 0.75 + lz * lz) - hh * 0.31 * (0.62 + 0.42 * n1 + 0.20 * n2)) * 0.55
    rr = math.sqrt(lx * lx + lz * lz)
    trunk = fmax(rr - 0.030 * hh, (y - gy) - hh * 0.6)
    near = fmin(crown, trunk)
    stands = (abs(cx) > clear) & (ground > -clear) & ((clear > 0.0) | (ground < 0.17))
    near = near if stands else cell * 0.6
    near = near if rq < 0.8 else cell * 0.6
    edge = cell * 0.5 - fmax(abs(x - (ix + 0.5) * cell), abs(z - (iz + 0.5) * cell))
    near = fmin(near, fmax(edge, 0.0) + cell * 0.16)
    d = fmax(near, (y - gy - height * 1.6) * 0.6)


@shape(14, rotated=True)
def relief(x, y, z, inv_side, inv_tall, inv_deep, size, half, layer):
    """A picture made round, `half` its thickness at most (see `subjects/inflate.py`); lengths in sides of the picture.

    Inside its outline the texture is what the squared half thickness is, in units of 2 `half`; outside it is minus the
    way to the outline. Through the picture a length is `1 / inv_deep`, which is no less.
    """
    u = clamp(x * inv_side + 0.5, 0.0, 1.0)
    v = clamp(0.5 - y * inv_tall, 0.0, 1.0)
    ox = fmax(abs(x) * inv_side - 0.5, 0.0)
    oy = fmax(abs(y) * inv_tall - 0.5, 0.0)
    off = ox * ox + oy * oy
    zz = z * z * inv_deep * inv_deep
    level, steep = texture_at(0, layer, u, v)
    # With the slope one knows the ball that fills the solid here: exact where it is a ball, a rod or a slab.
    slope = steep * half * half
    within = math.sqrt(zz + slope) - math.sqrt(2.0 * half * fmax(level, 0.0) + slope)
    # Just outside it changes as slowly as just inside, lest the outline be drawn towards the texels.
    rim = math.sqrt(slope)
    out = fmax(-level, 0.0)
    out = fmin(out * half / fmax(rim, 1e-4), out + 0.0117)
    beside = math.sqrt(zz + (rim + out) * (rim + out)) - rim
    near = within if level > 0.0 else beside
    # Far off, something that is thicker than what is here may be nearer.
    near = near / (1.0 + 3.0 * fmax(near, 0.0))
    near = fmax(near, math.sqrt(zz) - half)
    near = near if level > 0.0 else fmax(near, out)
    d = (math.sqrt(near * near + off) if off > 0.0 else near) * size
