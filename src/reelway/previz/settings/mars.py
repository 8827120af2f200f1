"""A rippled plain between mesas: Mars, or any desert of Earth by a paler sand."""

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np

from reelway.previz import particles
from reelway.previz.air import Air, Colour, at_hour, in_weather
from reelway.previz.geometry import Floats, Pose, ease, vector
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort, Setting, drift
from reelway.previz.subjects import Stage
from reelway.previz.subjects.company import Company
from reelway.previz.textures import fractal, height_at
from reelway.previz.words import SettingWords
from reelway.previz.world import GROUND, Primitives

WORLD = 1400.0  # metres until the ground repeats
TALL = 150.0
SCALE = 1024 / WORLD


class Mars(Setting):
    """The hero walks off to the right; the camera slides after it, low over the sand."""

    words: ClassVar[SettingWords] = SettingWords(
        names="mars martian red-planet planet alien exoplanet 火星 марс المريخ मंगल",
        kinds={
            "desert": """desert dune sandstorm sand-storm sahara canyon mesa wasteland barren oasis cave cavern
                wuste dune desierto
                deserto 沙漠 砂漠 пустын صحراء रेगिस्तान""",
            "moon": """moon lunar mond lune luna lua
                月球 月面 القمر""",
        },
        moods={"dust": "desert"},
    )
    time: ClassVar[str] = "day"
    weather: ClassVar[str | None] = "dust"
    subject: ClassVar[str | None] = "astronaut"
    move: ClassVar[str] = "push"
    signature: ClassVar[frozenset[str]] = frozenset({"push", "track"})
    speed_max: ClassVar[float] = 2.4
    tint: ClassVar[Colour] = (1.15, 0.80, 0.58)
    effort = Effort(
        steps=70,
        far=1900.0,
        shadow_steps=16,
        ao_reach=0.7,
        mirror_steps=20,
        epsilon=0.0011,
        relax=0.85,
        shadow_far=70.0,
        shadow_hardness=11.0,
    )
    look = Look(
        exposure=1.05,
        bloom=0.7,
        saturation=1.0,
        contrast=1.12,
        shadows=(0.008, 0.0, 0.004),
        highlights=(0.01, 0.0, -0.01),
        vignette=0.36,
    )

    @property
    def pale(self) -> bool:
        """Whether it is a desert of Earth."""
        return self.shot.variant == "desert"

    @property
    def moon(self) -> bool:
        """Whether it is the Moon, which has no weather."""
        return self.shot.variant == "moon"

    def _company(self) -> Company | None:
        return None if self.pale and not self.shot.cast else super()._company()

    def build(self) -> None:
        add = self.materials.add
        pale, moon = self.pale, self.moon
        if pale and self.shot.weather is None:
            self.falls = None  # only Mars is always dusty
        sand: Colour = (0.33, 0.215, 0.115) if pale else (0.20, 0.20, 0.205) if moon else (0.34, 0.145, 0.07)
        steep: Colour = (0.28, 0.18, 0.10) if pale else (0.12, 0.12, 0.125) if moon else (0.20, 0.085, 0.05)
        stone: Colour = (0.26, 0.19, 0.13) if pale else (0.14, 0.14, 0.145) if moon else (0.23, 0.10, 0.06)
        ripple = 0.15 if moon else 0.75
        snow_from = -200.0 if self.falls == "snow" and not moon else 9000.0
        self.sand = add(sand, specular=0.04, gloss=0.2, pattern=GROUND, params=(*steep, ripple, 0.8, snow_from))
        rough = tuple(c * 0.75 for c in stone)
        self.stone = add(stone, specular=0.06, gloss=0.2, pattern=GROUND, params=(*rough, 0.0, 1.6, snow_from))
        self.grains = self.rng.random((700, 5))
        self.turn = float(self.rng.uniform(0.18, 0.38))

    def heights(self) -> Floats:
        seed = self.seed
        hills = fractal(seed + 3, octaves=9, ridge=0.35, gain=0.46)
        crests = fractal(seed + 9, octaves=6, ridge=0.8)
        blocks = fractal(seed + 21, ridge=0.2, first=8)
        fine = fractal(seed + 5, octaves=9, first=16, gain=0.55)
        far = hills * 0.55 + 0.45 * crests**2
        # Level round the origin, where the walk is; mesas beyond.
        axis = (np.arange(1024, dtype=np.float32) / 1024 * WORLD + WORLD / 2) % WORLD - WORLD / 2
        distance = np.hypot(axis[None, :], (axis[:, None] - 60) * 0.7)
        beyond = np.clip((distance - 70) / 420, 0, 1) ** 1.25
        plain = 0.28 + 0.034 * (fine - 0.5)
        mesa = np.clip((blocks - 0.45) * 3.2, 0, 1)
        mountains = 0.27 + far * 0.42 + 0.42 * mesa * (0.7 + 0.3 * hills)
        heights: Floats = (plain * (1 - beyond) + mountains * beyond).astype(np.float32)
        self._heights = heights
        return heights

    def ground(self, x: float, z: float) -> float:
        return TALL * height_at(self._heights, x * SCALE, z * SCALE)

    def gone(self, t: float) -> float:
        return drift(super().gone(1.0), t, 26.0) if self.hero else 0.0

    def stage(self, gone: float, t: float) -> Stage:
        x, z = -1.2 + math.sin(self.turn) * gone, 10 + math.cos(self.turn) * gone
        at = np.array([x, self.ground(x, z), z])
        return Stage(at=at, heading=self.turn, gone=gone, t=t)

    def path(self, t: float, k: float) -> Pose:
        e = ease(k) * 0.6 + 0.4 * k
        stage = self.hero_stage(t)
        z = 10.0 - 3.9 * max(self.hero.length if self.hero else 1.9, 0.7) ** 0.78
        fast = max(stage.gone - 0.85 * t, 0.0) if self.hero else 0.0
        x, z = 2.6 - 1.1 * e, min(z, 6.6) + 2.6 * e + 0.9 * fast
        eye = vector((x, self.ground(x, z) + 1.15, z))
        if self.hero is None:
            return Pose(eye=eye, target=eye + vector((-26.0 - 6.0 * e, 3.0, 46.0)), fov=48)
        return Pose(eye=eye, target=stage.at + vector((1.1 - 0.9 * e, self.hero.eyes, 0)), fov=44)

    def furnish(self, prims: Primitives, t: float) -> None:
        prims.new_group()
        prims.terrain(self.sand, 0, scale=SCALE, height=TALL)
        prims.new_group()
        prims.rocks(self.stone, -0.04, cell=5.2, size=0.62, height=TALL, scale=SCALE, seed=self.seed % 89 + 2)

    def lit(self, t: float) -> Air:
        if self.moon:
            return self._airless()
        if not self.pale:
            return super().lit(t)
        # A desert of Earth has Earth's sky.
        air = replace(self.air(t), fog=0.0008)
        return in_weather(at_hour(air, self.hour, tint=(1.04, 1.0, 0.92)), self.shot.weather)

    def air(self, t: float) -> Air:
        return Air(
            zenith=(0.20, 0.105, 0.065),
            horizon=(0.62, 0.34, 0.18),
            below=(0.5, 0.28, 0.16),
            sun=(-0.55, 0.26, 0.80),
            sun_colour=(1.0, 0.80, 0.60),
            glow=0.42,
            disc=16,
            disc_size=0.99982,
            clouds=0.34,
            cloud_colour=(0.50, 0.29, 0.17),
            cloud_shift=t * 0.15,
            ambient_low=(0.10, 0.045, 0.025),
            ambient_high=(0.17, 0.115, 0.09),
            key=(2.5, 1.75, 1.10),
            fog=0.0015,
            fog_falloff=0.008,
            fog_colour=(0.46, 0.25, 0.135),
        )

    def _airless(self) -> Air:
        """The Moon: a black sky full of stars over lit ground, whatever the hour; at night the Earth lights it."""
        low = self.hour.dark > 0.1
        height, lit = (0.32, 1.0) if not low else (0.42, 0.24) if self.dark == 1.0 else (0.15, 0.9)
        return Air(
            zenith=(0.002, 0.002, 0.004),
            horizon=(0.006, 0.007, 0.012),
            below=(0.02, 0.02, 0.02),
            sun=(-0.55, height, 0.80),
            sun_colour=(1.0, 0.97, 0.92),
            glow=0.10,
            disc=22,
            disc_size=0.99985,
            clouds=0.0,
            cloud_colour=(0, 0, 0),
            stars=1.3,
            ambient_low=(0.02, 0.02, 0.021),
            ambient_high=(0.035, 0.037, 0.045),
            key=(3.0 * lit, 2.9 * lit, 2.75 * lit) if self.dark < 1.0 else (0.55, 0.66, 0.86),
            fog=0.0,
            fog_falloff=0.01,
            fog_colour=(0, 0, 0),
        )

    def weather_on(self, canvas: particles.Canvas, t: float) -> None:
        if not self.moon:
            super().weather_on(canvas, t)

    def sprinkle(self, canvas: particles.Canvas, t: float) -> None:
        if self.falls == "dust":
            strength = 1.0 - 0.85 * self.dark
            colour = tuple(c * strength for c in (0.95, 0.62, 0.40))
            particles.dust(canvas, self.grains, t, colour)
