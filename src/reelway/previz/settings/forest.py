"""A path through a wood: trunks and crowns, haze between them."""

import math
from dataclasses import replace
from typing import ClassVar

import numpy as np

from reelway.previz import particles
from reelway.previz.air import Air
from reelway.previz.geometry import vector
from reelway.previz.look import Look
from reelway.previz.settings.base import Effort
from reelway.previz.settings.framing import cells
from reelway.previz.settings.land import Land
from reelway.previz.subjects.company import Room
from reelway.previz.words import SettingWords
from reelway.previz.world import GROUND, Primitives

TRUNKS = 13  # cells of the way
TALL = 21.0
SHAFT, SHAFTS, BEADS = 2.6, 14, 44  # metres between beams of light, how many, and of how many discs each
CELL = 3.1
NEAR = 8  # cells whose trunks show their roots


class Forest(Land):
    """The way is clear; tall trunks stand beside it, firs behind them."""

    words: ClassVar[SettingWords] = SettingWords(
        names="""forest wood woodland jungle rainforest rain-forest grove pine redwood bamboo trees thicket
            campfire campsite cabin treehouse
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
        steps=64, far=130.0, shadow_steps=6, ao_reach=0.7, mirror_steps=0, relax=1.0, shadow_far=16.0, hill_steps=110
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
        self.firs = self.materials.tree(needles)
        self.leaves = self.materials.tree(leaves)
        self.bark = add((0.060, 0.044, 0.033), specular=0.06, gloss=0.2)
        self.bush = add((0.26, 0.28, 0.29) if self.snowed else (0.038, 0.066, 0.018), specular=0.06, gloss=0.3)
        self.table = np.random.default_rng(self.seed + 8).random((97, 6))
        self.motes = self.rng.random((420, 5))

    def furnish(self, prims: Primitives, t: float) -> None:
        prims.new_group()
        prims.terrain(self.soil, 0, scale=self.scale, height=self.tall)
        # Firs or round crowns, by the seed: both at once would cost more than they show in the haze.
        leafy = self.seed % 3 > 0 and not self.snowed
        prims.new_group()
        prims.trees(
            self.leaves if leafy else self.firs,
            6.5 if leafy else 1.8,
            cell=10.5 if leafy else 11.0,
            tall=7.8 if leafy else 10.5,
            shift=(0.0, 0.0),
            height=self.tall,
            scale=self.scale,
            seed=self.seed % 79 + 4,
            clear=4.5,
            leafy=leafy,
        )
        # Undergrowth: the same crowns, sunk until they lie on the ground.
        prims.new_group()
        prims.trees(
            self.bush, -1.45, cell=5.2, tall=2.4, shift=(0.0, 0.0), height=self.tall, scale=self.scale,
            seed=self.seed % 71 + 9, clear=5.0, leafy=True,
        )  # fmt: skip
        self._trunks(prims, t)

    def _trunks(self, prims: Primitives, t: float) -> None:
        """Trunks beside the way, endless: each cell of it draws its own."""
        for number, cell in enumerate(cells(self.camera(t), CELL, 3, TRUNKS - 3)):
            for side in (-1, 1):
                self._trunk(prims, cell, side, near=number < NEAR)

    def _trunk(self, prims: Primitives, cell: int, side: int, *, near: bool) -> None:
        a, b, c, d, e, f = self.table[(cell * 2 + (side > 0)) % len(self.table)]
        z = (cell + 0.2 + 0.6 * a) * CELL
        x = side * (4.1 + 13.0 * b**1.4)
        foot = vector((x, self.ground(x, z), z))
        girth = 0.18 + 0.30 * c * c
        lean = vector(((d - 0.5) * 2.2, TALL, (e - 0.5) * 2.2))
        prims.new_group()
        prims.capsule(self.bark, foot - (0, 0.3, 0), foot + lean, girth, girth * 0.5, 0.2)
        if not near or abs(x) > 11.0:
            return
        for k in range(3):  # roots
            turn = 2.1 * k + 6.0 * d
            out = vector((math.sin(turn), 0.0, math.cos(turn)))
            prims.capsule(
                self.bark,
                foot + out * girth * 0.5 + (0, 0.45, 0),
                foot + out * girth * (3.0 + f) - (0, 0.10, 0),
                girth * 0.55,
                girth * 0.18,
                0.30,
            )
        for k in range(2):  # what is left of the lowest boughs, and one that hangs over the way
            turn = 6.0 * (e + 0.37 * k)
            up = 2.6 + 2.3 * k + 1.2 * f
            out = vector((math.sin(turn), 0.35, math.cos(turn))) * (0.7 + 1.6 * a)
            at = foot + lean * (up / TALL)
            prims.capsule(self.bark, at, at + out, girth * 0.26, 0.02, 0.12)

    def air(self, t: float) -> Air:
        air = super().air(t)
        thick = 0.016 if self.falls == "fog" else 0.007
        return replace(air, fog=thick, fog_falloff=0.05, clouds=0.5, rim=0.5)

    def sprinkle(self, canvas: particles.Canvas, t: float) -> None:
        particles.motes(canvas, self.motes, t, self.lit(t).sun_colour, strength=0.25 + 0.5 * (1 - self.dark))
        if self.falls == "fog":
            particles.mist(canvas, self.motes[:160], t, self.lit(t).fog_colour)
            if self.dark < 1.0:
                self._shafts(canvas, t)

    def _shafts(self, canvas: particles.Canvas, t: float) -> None:
        """Light that comes through gaps of the crowns: beams of discs, steeper than the sun so that they are seen."""
        beams = np.array(cells(self.camera(t), SHAFT, 0, SHAFTS))
        rows = self.table[(beams * 5) % len(self.table)]
        feet = np.stack([(rows[:, 0] - 0.5) * 22.0, np.zeros(SHAFTS), beams * SHAFT + 2.0], 1)
        feet[:, 1] = [self.ground(x, z) for x, _, z in feet]
        up = np.linspace(0.0, 1.0, BEADS)
        towards = np.array([1.1 * self.sun_side, 1.0, 0.25]) * 11.0
        points = (feet[:, None] + up[None, :, None] * towards).reshape(-1, 3)
        radii = (0.16 + 0.34 * rows[:, 1])[:, None] * (0.7 + 0.6 * up)
        strength = (0.35 + 0.65 * rows[:, 2])[:, None] * np.minimum(up * 2.5, 1.0) * np.minimum((1 - up) * 6, 1.0)
        strength *= 0.08 * (0.8 + 0.2 * np.sin(t * 0.6 + rows[:, 3] * 20))[:, None]
        colour = self.lit(t).sun_colour
        canvas.discs(points, radii.ravel(), colour, strength.ravel(), near=1.5, add=1.0, soft=1.0)
