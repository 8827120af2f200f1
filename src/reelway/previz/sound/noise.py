"""What sounds are made of: shaped noise, slow swells, short hits. All of it repeats without a seam after its length."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float32]  # one channel, or (2, n): left and right
Rng = np.random.Generator

RATE = 48_000
FALL = 18.0  # dB an octave outside of what is said
Points = Sequence[tuple[float, float]]


def shaped(rng: Rng, count: int, points: Points) -> Wave:
    """Noise whose loudness over frequency follows `points` (Hz, dB), and falls off outside; of mean square 1."""
    size = count // 2 + 1
    hertz = np.fft.rfftfreq(count, 1 / RATE)
    (first, low), (last, high) = points[0], points[-1]
    ends = [(first / 16, low - 4 * FALL), *points, (last * 16, high - 4 * FALL)]
    places = [np.log(max(hz, 1e-3)) for hz, _ in ends]
    decibels = np.interp(np.log(np.maximum(hertz, 1.0)), places, [db for _, db in ends])
    spectrum = (rng.standard_normal(size) + 1j * rng.standard_normal(size)) * 10 ** (decibels / 20)
    spectrum[hertz < 12] = 0  # nothing that only moves a loudspeaker
    return level(np.fft.irfft(spectrum, count))


def band(rng: Rng, count: int, low: float, high: float, slope: float = 36.0) -> Wave:
    """Noise between two frequencies, `slope` dB an octave quieter outside."""
    return shaped(rng, count, [(low / 4, -2 * slope), (low, 0.0), (high, 0.0), (high * 4, -2 * slope)])


def wide(rng: Rng, count: int, points: Points, *, spread: float = 0.7) -> Wave:
    """`shaped` for two ears: `spread` 0 is the same in both, 1 has nothing in common."""
    middle, left, right = (shaped(rng, count, points) for _ in range(3))
    a, b = np.sqrt(1 - spread), np.sqrt(spread)
    return np.stack([a * middle + b * left, a * middle + b * right]).astype(np.float32)


def swell(rng: Rng, count: int, per_s: float, low: float = 0.0, high: float = 1.0) -> Wave:
    """A slow random curve from `low` to `high` that turns about `per_s` times a second."""
    turns = max(round(per_s * count / RATE), 1)
    size = np.arange(1, 3 * turns + 1)
    parts = rng.standard_normal(size.size) * np.exp(-0.5 * (size / turns) ** 2)
    phases = rng.random(size.size) * 2 * np.pi
    x = np.arange(0, count, 64) / count * 2 * np.pi
    curve = sum(p * np.sin(k * x + f) for p, k, f in zip(parts, size, phases, strict=True))
    assert isinstance(curve, np.ndarray)
    curve = (curve - curve.min()) / max(float(np.ptp(curve)), 1e-9)
    fine = np.interp(np.arange(count), np.arange(0, count, 64), curve, period=count)
    return np.asarray(low + (high - low) * fine, np.float32)


def level(values: npt.NDArray[np.floating]) -> Wave:
    """The same with a mean square of 1."""
    return (values / max(float(np.sqrt(np.mean(np.square(values)))), 1e-9)).astype(np.float32)


def whole(hertz: float, count: int) -> float:
    """The frequency nearest to `hertz` of which a whole number of periods fits."""
    return max(round(hertz * count / RATE), 1) * RATE / count


def tone(hertz: float, count: int, phase: float = 0.0) -> Wave:
    """A sine."""
    return np.asarray(np.sin(2 * np.pi * whole(hertz, count) * np.arange(count) / RATE + phase), np.float32)


def sprinkle(out: Wave, at: int, hit: Wave, gain: float, pan: float) -> None:
    """Add `hit` to the two channels of `out` from sample `at` on, round the end; `pan` is 0 left to 1 right."""
    count = out.shape[1]
    places = (at + np.arange(min(hit.size, count))) % count
    kept = hit[: places.size] * gain
    out[0, places] += kept * np.cos(pan * np.pi / 2)
    out[1, places] += kept * np.sin(pan * np.pi / 2)


def chirp(rng: Rng, seconds: float, start: float, end: float, *, decay: float = 6.0) -> Wave:
    """A short whistle that glides from `start` to `end` Hz."""
    count = max(int(seconds * RATE), 8)
    s = np.arange(count) / count
    hertz = start * (end / start) ** s
    phase = 2 * np.pi * np.cumsum(hertz) / RATE + rng.random() * 6.28
    envelope = np.minimum(s * 14, 1) * np.exp(-decay * s) * np.minimum((1 - s) * 8, 1)
    return np.asarray(np.sin(phase) * envelope, np.float32)


def hit(rng: Rng, seconds: float, points: Points, *, decay: float = 7.0) -> Wave:
    """A short burst of noise that dies away."""
    count = max(int(seconds * RATE), 256)
    s = np.arange(count) / count
    return (shaped(rng, count, points) * np.minimum(s * 60, 1) * np.exp(-decay * s)).astype(np.float32)
