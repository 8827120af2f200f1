"""Small functions that every kernel uses: pasted into their callers, so they cost no call."""
# mypy: ignore-errors

import math

import numpy as np

F32 = np.float32
I32 = np.int32
I64 = np.int64
U32 = np.uint32
U64 = np.uint64


def kernel(function):
    """Stand-in: the generator writes the compiled one."""
    return function


def inline(function):
    """Stand-in: the generator writes the compiled one."""
    return function


def exact(function):
    """Stand-in: as `kernel`, without arithmetic that takes liberties."""
    return function


def pasted(function):
    """Stand-in: as `inline`, for numbers of any width."""
    return function


def shape(number, *, rotated=False):
    """Marks a primitive; `rotated` ones carry a 3x3 rotation."""
    return lambda function: function


def heights_at(u, v):
    """Stand-in: a look-up in the height map, even between its texels."""


def texture_at(slot, layer, u, v):
    """Stand-in: a look-up in silhouette `layer + slot`."""


def distance(PX, PY, PZ, D, G, prims, listed, count, heights, tex, SC, JC):
    """Stand-in: the generator pastes every shape into it."""


def distance_id(PX, PY, PZ, D, G, M, BEST, prims, listed, count, heights, tex, SC, JC):
    """Stand-in: as `distance`, and says in M which primitive is the nearest."""


@inline
def fmax(a, b):
    return a if a > b else b


@inline
def fmin(a, b):
    return a if a < b else b


@inline
def fabs(a):
    return abs(a)


@inline
def clamp(x, a, b):
    return fmin(fmax(x, a), b)


@inline
def mix(a, b, t):
    return a + (b - a) * t


@inline
def smoothstep(a, b, x):
    t = clamp((x - a) / (b - a), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


@inline
def ffloor(x):
    return F32(math.floor(x))


@inline
def smaxf(a, b, k):
    h = fmax(k - abs(a - b), 0.0) / k
    return fmax(a, b) + h * h * k * 0.25


@inline
def fexpn(x):
    # exp for x<=0 (fog, falloff)
    y = fmax(1.0 + x * 0.001953125, 0.0)
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    return y


@inline
def fsin(x):
    t = x * 0.15915494
    t = t - ffloor(t + 0.5)
    u = 8.0 * t - 16.0 * t * abs(t)
    return 0.225 * (u * abs(u) - u) + u


@inline
def fatan(x):
    a = abs(x)
    b = fmin(a, 1.0 / fmax(a, 1e-9))
    c = b * (0.97239411 - 0.19194795 * b * b)
    r = 1.57079633 - c if a > 1.0 else c
    return r if x >= 0.0 else -r


@inline
def hashi(x, y):
    n = x * I32(1619) + y * I32(31337)
    n = n ^ (n >> I32(13))
    n = n * I32(60493)
    n = n ^ (n >> I32(15))
    n = n * I32(19990303)
    n = n ^ (n >> I32(14))
    return n


@inline
def hashf(x, y):
    return F32(hashi(x, y) & I32(0xFFFFFF)) * 5.9604645e-08


@inline
def noise2(x, y):
    fx = ffloor(x)
    fy = ffloor(y)
    ix = I32(fx)
    iy = I32(fy)
    u = x - fx
    v = y - fy
    u = u * u * (3.0 - 2.0 * u)
    v = v * v * (3.0 - 2.0 * v)
    a = hashf(ix, iy)
    b = hashf(ix + I32(1), iy)
    c = hashf(ix, iy + I32(1))
    d = hashf(ix + I32(1), iy + I32(1))
    return a + (b - a) * u + (c - a) * v + (a - b - c + d) * u * v


@inline
def fbm2(x, y):
    return (
        0.5 * noise2(x, y)
        + 0.25 * noise2(x * 2.03 + 7.1, y * 2.03 + 3.3)
        + 0.125 * noise2(x * 4.1 + 1.7, y * 4.1 + 9.2)
        + 0.0625 * noise2(x * 8.2 + 5.1, y * 8.2 + 2.8)
    )


@inline
def htex(heights, u, v):
    fu = ffloor(u)
    fv = ffloor(v)
    a = u - fu
    b = v - fv
    iu = I32(fu) & I32(1023)
    iv = I32(fv) & I32(1023)
    ju = (iu + I32(1)) & I32(1023)
    jv = (iv + I32(1)) & I32(1023)
    a = a * a * (3.0 - 2.0 * a)
    b = b * b * (3.0 - 2.0 * b)
    p = heights[U32(iv * I32(1024) + iu)]
    q = heights[U32(iv * I32(1024) + ju)]
    r = heights[U32(jv * I32(1024) + iu)]
    s = heights[U32(jv * I32(1024) + ju)]
    return p + (q - p) * a + (r - p) * b + (p - q - r + s) * a * b
