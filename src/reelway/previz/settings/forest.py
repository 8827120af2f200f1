"""A path through a wood: trunks and crowns, haze between them."""

from dataclasses import replace
from typing import ClassVar

import numpy as np

from reelway.previz import particles
from reelway.previz.air import Air
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort
from reelway.previz.settings.land import Land
from reelway.previz.subjects.company import Room
from reelway.previz.words import SettingWords
from reelway.previz.world import GROUND, Primitives

TRUNKS = 64
CELL = 3.1


class Forest(Land):
    """The way is clear; tall trunks stand beside it, firs behind them."""

    words: ClassVar[SettingWords] = SettingWords(
        names="""forest wood woodland jungle rainforest rain-forest grove pine redwood bamboo trees thicket
            wald foret bosque selva floresta foresta bosco 森林 林 竹林 лес غابة जंगल""",
    )
    time: ClassVar[str] = "dawn"
    weather: ClassVar[str | None] = "fog"
    move: ClassVar[str] = "push"
    signature: ClassVar[frozenset[str]] = frozenset({"push", "track"})
    speed_max: ClassVar[float] = 9.0
    room: ClassVar[Room] = Room(width=5.4, height=8.0)
    world: ClassVar[float] = 400.0
    tall: ClassVar[float] = 22.0
    ridge: ClassVar[float] = 0.0
    plain: ClassVar[float] = 7.0
    rise: ClassVar[float] = 120.0
    bend: ClassVar[float] = 0.0
    leafy: ClassVar[bool] = True
    effort = Effort(
        steps=64, far=150.0, shadow_steps=8, ao_reach=0.7, mirror_steps=0, relax=0.92, shadow_far=16.0, hill_steps=110
    )
    look = Look(
        exposure=1.12,
        bloom=1.0,
        saturation=1.04,
        contrast=1.12,
        shadows=(-0.002, 0.006, 0.010),
        highlights=(0.012, 0.006, -0.008),
        vignette=0.40,
    )
    angles = (2.85, 2.45)

    def build(self) -> None:
        super().build()
        add = self.materials.add
        snow_from = -400.0 if self.snowed else 4000.0
        earth = (0.075, 0.062, 0.04, 0.15, 1.2, snow_from)
        self.soil = add((0.072, 0.078, 0.030), specular=0.05, gloss=0.2, pattern=GROUND, params=earth)
        needles = (0.22, 0.24, 0.25) if self.snowed else (0.030, 0.058, 0.022)
        leaves = (0.30, 0.32, 0.33) if self.snowed else (0.050, 0.085, 0.022)
        self.firs = add(needles, specular=0.05, gloss=0.2)
        self.leaves = add(leaves, specular=0.05, gloss=0.2)
        self.bark = add((0.060, 0.044, 0.033), specular=0.06, gloss=0.2)
        self.fern = add(needles if self.snowed else (0.055, 0.105, 0.025), specular=0.08, gloss=0.3)
        self.table = np.random.default_rng(self.seed + 8).random((97, 6))
        self.motes = self.rng.random((420, 5))

    def furnish(self, prims: Primitives, t: float) -> None:
        prims.new_group()
        prims.terrain(self.soil, 0, scale=self.scale, height=self.tall)
        # Firs or round crowns, by the seed: both at once would cost more than they show in the haze.
        leafy = self.seed % 2 == 0 and not self.snowed
        prims.new_group()
        prims.trees(
            self.leaves if leafy else self.firs,
            0,
            cell=14.0,
            tall=9.5 if leafy else 10.5,
            shift=(0.0, 0.0),
            height=self.tall,
            scale=self.scale,
            seed=self.seed % 79 + 4,
            clear=14.0,
            leafy=leafy,
        )
        self._trunks(prims, t)

    def _trunks(self, prims: Primitives, t: float) -> None:
        """Two uneven rows beside the way, endless: each cell of it draws its own."""
        first = int((self.gone(t) if self.hero else 0.0) // CELL) - 4
        for cell in range(first, first + TRUNKS // 2):
            for side in (-1, 1):
                a, b, c, d, e, f = self.table[(cell * 2 + (side > 0)) % len(self.table)]
                z = (cell + 0.2 + 0.6 * a) * CELL
                x = side * (3.9 + 11.0 * b * b)
                y = self.ground(x, z)
                girth = 0.20 + 0.26 * c
                prims.new_group()
                top = (x + (d - 0.5) * 1.6, y + 17.0, z + (e - 0.5) * 1.6)
                prims.capsule(self.bark, (x, y - 0.3, z), top, girth, girth * 0.55, 0.2)
                prims.cone(self.bark, (x, y + 0.12, z), girth * 2.0, girth * 0.9, 0.30, 0.05, smooth=0.25)
                if f > 0.35:
                    prims.new_group()
                    near = (x - side * (0.7 + a), self.ground(x - side * 0.9, z + 1.4) + 0.10, z + 1.4)
                    for k in range(5):
                        lean = np.array([np.sin(k * 1.257 + d * 6), 0.85, np.cos(k * 1.257 + d * 6)]) * (0.4 + 0.3 * f)
                        prims.capsule(self.fern, near, np.asarray(near) + lean * (1, 1, 1), 0.05, 0.012, 0.05)

    def air(self, t: float) -> Air:
        air = super().air(t)
        thick = 0.016 if self.falls == "fog" else 0.007
        return replace(air, fog=thick, fog_falloff=0.05, clouds=0.5, rim=0.5)

    def sprinkle(self, canvas: particles.Canvas, t: float) -> None:
        particles.motes(canvas, self.motes, t, self.lit(t).sun_colour, strength=0.25 + 0.5 * (1 - self.dark))
        if self.falls == "fog":
            particles.mist(canvas, self.motes[:160], t, self.lit(t).fog_colour)
