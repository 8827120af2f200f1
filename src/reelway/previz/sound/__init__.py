"""The sound of a clip: a quiet ambience that goes with its shot, made from noise and a seed."""

from collections.abc import Sequence

import numpy as np

from reelway.previz.sound.beds import BEDS
from reelway.previz.sound.loudness import loudness, settled
from reelway.previz.sound.noise import RATE, Wave
from reelway.previz.sound.score import Score, score
from reelway.previz.sound.steps import steps

__all__ = ["BEDS", "RATE", "Score", "Wave", "ambience", "loudness", "score"]

STEP_DB = -2.0  # of a step's peak, beside a bed's mean


def ambience(played: Score, *, duration_s: float, seed: int, footfalls_s: Sequence[float] = ()) -> Wave:
    """Two channels of `RATE`, exactly `duration_s` long; the same for the same seed."""
    count = max(round(duration_s * RATE), 1)
    # Too short for a swell or a wave: made longer, and cut.
    length = max(count, 2 * RATE)
    out = np.zeros((2, length), np.float32)
    for place, (bed, decibels) in enumerate(sorted(played.beds.items())):
        rng = np.random.default_rng([seed & 0x7FFFFFFF, place, *bed.encode()])
        made = BEDS[bed](length, rng)
        out += made * np.float32(10 ** (decibels / 20) / max(float(np.sqrt(np.mean(np.square(made)))), 1e-9))
    if footfalls_s and not played.muffled:
        rng = np.random.default_rng([seed & 0x7FFFFFFF, 77])
        out += steps(length, rng, footfalls_s, played.ground) * np.float32(10 ** ((STEP_DB + played.steps) / 20) * 1.6)
    return np.ascontiguousarray(settled(out, played.loudness)[:, :count])
