"""How loud a sound is to an ear, and making it so (after ITU-R BS.1770, without its gates)."""

import numpy as np

from reelway.previz.sound.noise import RATE, Wave

PEAK_DB = -7.0  # what nothing goes over; an encoder may add a little to it


def loudness(sound: Wave) -> float:
    """LUFS, nearly: the standard's weighting, over the whole length."""
    count = sound.shape[1]
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    power = np.abs(np.fft.rfft(sound, axis=1)) ** 2
    power[:, 1:-1] *= 2
    total = float((power * _weighting(hertz)).sum()) / count**2
    return -0.691 + 10 * float(np.log10(max(total, 1e-12)))


def _weighting(hertz: np.ndarray) -> np.ndarray:
    """Gain in power: a head lifts the high by 4 dB, and nobody hears the very low."""
    ratio = hertz / 1500.0
    shelf = (1 + 10 ** (4.0 / 10) * ratio**4) / (1 + ratio**4)
    low = (hertz / 38.0) ** 4
    return np.asarray(shelf * low / (1 + low))


def settled(sound: Wave, target: float) -> Wave:
    """`sound` as loud as `target`, and never over the peak."""
    out = sound * np.float32(10 ** ((target - loudness(sound)) / 20))
    most = 10 ** (PEAK_DB / 20)
    knee = most * 0.6
    over = np.abs(out) > knee
    bent = knee + (most - knee) * np.tanh((np.abs(out) - knee) / (most - knee))
    return np.where(over, np.sign(out) * bent, out).astype(np.float32)
