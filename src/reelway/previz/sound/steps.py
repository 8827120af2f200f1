"""Feet on the ground, at the moments at which the picture's feet come down."""

from collections.abc import Sequence

import numpy as np

from reelway.previz.sound.noise import RATE, Rng, Wave, hit, sprinkle

# What the ground sounds like: (Hz, dB) of the heel, and how long it rings.
GROUNDS = {
    "stone": ([(80, -4), (160, 0), (700, -12), (2600, -6), (6000, -18)], 0.09),
    "earth": ([(50, 0), (110, -2), (400, -16), (2000, -26), (6000, -40)], 0.12),
    "sand": ([(60, -10), (300, -4), (1800, 0), (5000, -4), (10000, -14)], 0.16),
    "snow": ([(80, -12), (500, -6), (2500, 0), (6000, -2), (11000, -12)], 0.18),
    "grass": ([(60, -4), (250, -6), (1500, -4), (4500, 0), (9000, -10)], 0.14),
    "wood": ([(70, -2), (190, 0), (420, -6), (1500, -20), (5000, -34)], 0.10),
    "wet": ([(80, -6), (200, -2), (900, -6), (3500, 0), (8000, -6)], 0.12),
}


def steps(count: int, rng: Rng, moments_s: Sequence[float], ground: str) -> Wave:
    """A foot at each of `moments_s`; left and right in turn."""
    out = np.zeros((2, count), np.float32)
    points, seconds = GROUNDS[ground]
    for number, moment in enumerate(moments_s):
        at = int(moment * RATE)
        if not 0 <= at < count:
            continue
        foot = hit(rng, seconds * (0.9 + 0.2 * rng.random()), points)
        toe = hit(rng, seconds * 0.6, points) * 0.35
        pan = 0.5 + (0.06 if number % 2 else -0.06)
        kept = min(foot.size, count - at)  # a step at the end is cut off and does not come round
        sprinkle(out, at, foot[:kept], 0.85 + 0.3 * rng.random(), pan)
        later = at + int(0.07 * RATE)
        if later < count:
            sprinkle(out, later, toe[: count - later], 1.0, pan)
    return out


def moments(per_s: float, duration_s: float, start: float = 0.0) -> list[float]:
    """When `per_s` steps a second fall, the first at `start` steps."""
    return [k / per_s for k in np.arange(start, duration_s * per_s)] if per_s > 0 else []


__all__ = ["GROUNDS", "moments", "steps"]
