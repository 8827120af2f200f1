"""The sounds that can go under a shot: each is a small function of a length and a random generator.

A bed gives two channels of mean square about 1; how loud it is in a mix is said by the score.
"""

from collections.abc import Callable
from typing import cast

import numpy as np

from reelway.previz.sound.noise import (
    RATE,
    Rng,
    Wave,
    band,
    chirp,
    hit,
    level,
    shaped,
    sprinkle,
    swell,
    tone,
    whole,
    wide,
)

Bed = Callable[[int, Rng], Wave]


def _many(rng: Rng, count: int, per_s: float) -> list[tuple[int, float, float]]:
    """Random moments: sample, loudness 0 to 1, place 0 to 1."""
    number = rng.poisson(per_s * count / RATE)
    return [(int(rng.integers(count)), float(rng.random()), float(rng.random())) for _ in range(number)]


def rain(count: int, rng: Rng) -> Wave:
    """A broad hiss, and single drops."""
    out = wide(rng, count, [(60, -22), (300, -8), (1200, 0), (6000, -2), (12000, -7), (20000, -18)], spread=0.9)
    out *= swell(rng, count, 0.4, 0.85, 1.1)
    drops = [hit(rng, 0.02, [(900, -14), (2500, 0), (7000, -6)], decay=9) for _ in range(8)]
    for at, loud, pan in _many(rng, count, 90):
        sprinkle(out, at, drops[at % 8], 0.3 + 1.2 * loud**4, pan)
    return out


def thunder(count: int, rng: Rng) -> Wave:
    """One far roll."""
    s = np.arange(count) / count
    rumble = wide(rng, count, [(18, -8), (45, 0), (120, -8), (400, -30)], spread=0.5)
    start = 0.15 + 0.25 * rng.random()
    envelope = np.clip((s - start) / 0.05, 0, 1) * np.exp(-np.maximum(s - start, 0) * 4.5) * np.clip((1 - s) * 8, 0, 1)
    return (rumble * envelope * swell(rng, count, 3.0, 0.4, 1.0) * 2.2).astype(np.float32)


def wind(count: int, rng: Rng) -> Wave:
    """Three bands that swell each in its own time."""
    out = wide(rng, count, [(30, -8), (120, 0), (350, -6), (900, -24)], spread=0.5) * swell(rng, count, 0.30, 0.35, 1)
    for low, high, gain in ((280, 520, 0.55), (620, 900, 0.30)):
        whistle = np.stack([band(rng, count, low, high) for _ in range(2)])
        out += whistle * (swell(rng, count, 0.5) ** 2 * gain)
    return cast(Wave, out.astype(np.float32))


def sea(count: int, rng: Rng) -> Wave:
    """Waves that run up and draw back, about one in six seconds."""
    waves = max(round(count / RATE / 6.0), 1)
    s = np.arange(count) / count * waves
    out = wide(rng, count, [(30, -6), (90, 0), (300, -8), (1500, -26)], spread=0.4) * 0.35
    for lag, gain, pan in ((0.0, 1.0, 0.35), (0.43, 0.6, 0.7)):
        phase = (s + lag + rng.random() * 0.2) % 1.0
        run = np.where(phase < 0.30, (phase / 0.30) ** 2, np.exp(-(phase - 0.30) * 4.2))
        run = run * np.clip((1 - phase) * 12, 0, 1) + 0.02
        low = shaped(rng, count, [(60, -4), (250, 0), (1500, -12)]) * run
        # The foam hisses a little after the wave has broken.
        foam = shaped(rng, count, [(800, -14), (3000, 0), (9000, -6)]) * np.roll(run, int(0.06 * count / waves)) ** 1.5
        both = (low + 0.55 * foam) * gain
        out += np.stack([both * np.cos(pan * np.pi / 2), both * np.sin(pan * np.pi / 2)])
    return cast(Wave, out.astype(np.float32))


def river(count: int, rng: Rng) -> Wave:
    """A soft rush, and bubbles that chirp."""
    out = wide(rng, count, [(120, -18), (500, -2), (1500, 0), (4000, -10), (12000, -26)], spread=0.8)
    out *= 0.5 * swell(rng, count, 0.8, 0.7, 1.0)
    for at, loud, pan in _many(rng, count, 26):
        start = 320 + 900 * loud * (0.4 + rng.random())
        sprinkle(out, at, chirp(rng, 0.03 + 0.07 * rng.random(), start, start * 1.5), 0.25 + 1.1 * loud, pan)
    return out


def underwater(count: int, rng: Rng) -> Wave:
    """A dark pressure, and bubbles that rise."""
    out = wide(rng, count, [(20, -4), (60, 0), (200, -8), (500, -28), (2000, -60)], spread=0.35)
    out *= swell(rng, count, 0.25, 0.6, 1.0)
    for at, loud, pan in _many(rng, count, 1.4):
        for k in range(int(3 + 6 * loud)):
            pitch = 260 + 380 * rng.random()
            sprinkle(out, at + k * int(0.06 * RATE), chirp(rng, 0.05, pitch, pitch * 1.7), 0.35 * loud + 0.1, pan)
    return out


def city(count: int, rng: Rng) -> Wave:
    """Traffic far below: a rumble, and cars that pass."""
    out = wide(rng, count, [(25, -6), (60, 0), (180, -6), (700, -18), (3000, -34), (12000, -50)], spread=0.5)
    for _ in range(max(round(count / RATE / 3), 1)):
        middle, pan = rng.random(), rng.random()
        s = (np.arange(count) / count - middle + 0.5) % 1.0 - 0.5
        passing = np.exp(-((s * count / RATE / (0.7 + rng.random())) ** 2))
        tyre = (
            shaped(rng, count, [(150, -8), (500, 0), (1600, -8), (5000, -26)]) * passing * (0.35 + 0.4 * rng.random())
        )
        across = np.clip(pan + s * 4 * (1 if rng.random() < 0.5 else -1), 0, 1)
        out += np.stack([tyre * np.cos(across * np.pi / 2), tyre * np.sin(across * np.pi / 2)])
    return cast(Wave, out.astype(np.float32))


def room(count: int, rng: Rng) -> Wave:
    """Nearly nothing: air, and a hum from the wall."""
    out = wide(rng, count, [(30, -4), (80, 0), (250, -8), (1000, -20), (6000, -40)], spread=0.6)
    hum = 0.10 * tone(100, count) + 0.05 * tone(200, count, 1.0)
    return cast(Wave, (out + hum).astype(np.float32))


def space(count: int, rng: Rng) -> Wave:
    """Deep tones that beat slowly against each other."""
    out = np.zeros((2, count), np.float32)
    for hertz, gain in ((41.2, 1.0), (41.6, 0.9), (61.7, 0.6), (82.6, 0.45), (123.6, 0.2), (164.9, 0.12)):
        for ear in range(2):
            out[ear] += gain * tone(hertz + 0.2 * ear, count, rng.random() * 6.28) * swell(rng, count, 0.2, 0.4, 1.0)
    air = wide(rng, count, [(60, -10), (200, 0), (700, -14), (3000, -36)], spread=0.9)
    return level(out + 0.25 * air * swell(rng, count, 0.3, 0.2, 1.0))


def birds(count: int, rng: Rng) -> Wave:
    """Leaves, and three birds that each have their song."""
    out = wide(rng, count, [(200, -18), (1500, -4), (4000, 0), (9000, -8)], spread=0.9)
    out *= 0.16 * swell(rng, count, 0.4, 0.5, 1.0)
    for _ in range(3):
        pitch, pan, gain = 2300 + 2600 * rng.random(), rng.random(), 0.5 + 0.8 * rng.random()
        bend, notes, pace = 0.75 + 0.7 * rng.random(), int(rng.integers(2, 6)), 0.09 + 0.09 * rng.random()
        for at, loud, _ in _many(rng, count, 0.32):
            for k in range(notes):
                note = chirp(rng, pace * 0.8, pitch * (1 + 0.08 * (k % 2)), pitch * bend, decay=2.5)
                sprinkle(out, at + int(k * pace * RATE), note, gain * (0.4 + 0.6 * loud), pan)
    return out


def crickets(count: int, rng: Rng) -> Wave:
    """A warm night: several trills, each at its own pitch."""
    out = wide(rng, count, [(100, -14), (400, 0), (1500, -16)], spread=0.8) * 0.14
    n = np.arange(count) / RATE
    for _ in range(4):
        pace, pan = whole(2.0 + rng.random(), count), rng.random()
        pulses = np.clip(np.sin(2 * np.pi * whole(34 + 8 * rng.random(), count) * n), 0, 1)
        phrase = np.clip(np.sin(2 * np.pi * pace * n + rng.random() * 6) * 3, 0, 1)
        trill = tone(4100 + 700 * rng.random(), count) * pulses * phrase * (0.4 + 0.5 * rng.random())
        out += np.stack([trill * np.cos(pan * np.pi / 2), trill * np.sin(pan * np.pi / 2)])
    return cast(Wave, out.astype(np.float32))


def fire(count: int, rng: Rng) -> Wave:
    """A low roar, and wood that cracks."""
    out = wide(rng, count, [(40, -6), (120, 0), (400, -10), (2000, -26)], spread=0.4) * swell(rng, count, 2.0, 0.4, 0.8)
    cracks = [hit(rng, 0.012 + 0.02 * rng.random(), [(500, -10), (2200, 0), (8000, -4)], decay=9) for _ in range(8)]
    for at, loud, pan in _many(rng, count, 16):
        sprinkle(out, at, cracks[at % 8], 0.2 + 3.0 * loud**5, 0.25 + 0.5 * pan)
    return out


def crowd(count: int, rng: Rng) -> Wave:
    """Many voices, no word."""
    out = wide(rng, count, [(100, -12), (300, -2), (700, 0), (1800, -10), (5000, -30)], spread=0.8) * 0.5
    for _ in range(14):
        low = 240 + 500 * rng.random()
        talk = band(rng, count, low, low * 1.7) * np.clip(swell(rng, count, 4.5, -0.6, 1.0), 0, 1) ** 1.5
        pan = rng.random()
        out += np.stack([talk * np.cos(pan * np.pi / 2), talk * np.sin(pan * np.pi / 2)]) * 0.42
    return cast(Wave, out.astype(np.float32))


def _motor(count: int, rng: Rng, hertz: float, harmonics: int, fall: float, rough: float) -> Wave:
    """Firing strokes: a tone with its harmonics, never quite even, and the noise that goes with them."""
    n = np.arange(count) / RATE
    base = whole(hertz, count)
    wander = (swell(rng, count, 0.6) - 0.5) * 1.6
    phase = 2 * np.pi * base * n + wander
    strokes = sum(
        np.sin(k * phase + rng.random() * 6.28) * k**-fall * (1.25 if k % 2 == 0 else 0.8)
        for k in range(1, harmonics + 1)
    )
    assert isinstance(strokes, np.ndarray)
    pulse = 0.6 + 0.4 * np.cos(phase)
    hiss = wide(rng, count, [(80, -8), (300, 0), (1200, -6), (6000, -24)], spread=0.6)
    both = level(strokes)[None, :] * np.ones((2, 1), np.float32) + hiss * pulse * rough
    return level(both)


def engine(count: int, rng: Rng) -> Wave:
    """A car under way, with its tyres."""
    tyres = wide(rng, count, [(60, -10), (300, 0), (900, -3), (3500, -20), (12000, -40)], spread=0.6)
    return level(_motor(count, rng, 74.0, 14, 1.05, 0.25) + 0.35 * tyres * swell(rng, count, 0.3, 0.8, 1.0))


def motorbike(count: int, rng: Rng) -> Wave:
    """Rougher and higher."""
    return _motor(count, rng, 92.0, 22, 0.75, 0.35)


def boat(count: int, rng: Rng) -> Wave:
    """A slow diesel."""
    return _motor(count, rng, 27.0, 16, 0.7, 0.35)


def propeller(count: int, rng: Rng) -> Wave:
    """A plane in the air."""
    air = wide(rng, count, [(50, -4), (250, 0), (1200, -10), (6000, -26)], spread=0.7)
    return level(_motor(count, rng, 84.0, 18, 0.9, 0.2) + 0.8 * air)


def thrusters(count: int, rng: Rng) -> Wave:
    """A ship that could not be heard where it flies."""
    roar = wide(rng, count, [(20, -2), (50, 0), (140, -6), (600, -18), (4000, -44)], spread=0.4)
    return level(roar * swell(rng, count, 0.5, 0.7, 1.0) + 0.4 * np.stack([tone(55, count), tone(55.5, count)]))


def servos(count: int, rng: Rng) -> Wave:
    """A machine that moves its limbs."""
    out = wide(rng, count, [(60, -6), (120, 0), (500, -18), (3000, -40)], spread=0.4) * 0.3
    for at, loud, pan in _many(rng, count, 2.2):
        pitch = 380 + 500 * loud
        sprinkle(out, at, chirp(rng, 0.16 + 0.2 * loud, pitch, pitch * 1.35, decay=1.5), 0.8, 0.3 + 0.4 * pan)
    return out


BEDS: dict[str, Bed] = {
    "birds": birds,
    "boat": boat,
    "city": city,
    "crickets": crickets,
    "crowd": crowd,
    "engine": engine,
    "fire": fire,
    "motorbike": motorbike,
    "propeller": propeller,
    "rain": rain,
    "river": river,
    "room": room,
    "sea": sea,
    "servos": servos,
    "space": space,
    "thrusters": thrusters,
    "thunder": thunder,
    "underwater": underwater,
    "wind": wind,
}
